//! Requests in clear text to the host of a target that is asked over TLS.

use url::Url;

use super::{Halt, Stage, in_time};
use crate::clock;
use crate::drive::probe::allowance;
use crate::drive::wire::{BadDestination, Destination, send_once};
use crate::observe::{
    Asked, ConnectionOf, Description, Evidence, Observation, Outcome, Place, Reading, Request, Silence,
};
use crate::target::address::{host_field, is_local};

/// The ports of HTTP and of HTTPS (RFC 9110 §4.2).
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

impl Stage<'_> {
    /// Asks for a resource in clear text: first without a credential, and with the good one where HTTP is spoken there and
    /// whoever reads it on the way may read it.
    pub(super) async fn plain_http(
        &self,
        step: usize,
        (identity, resource): (usize, usize),
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let prober = self.prober;
        let base = &prober.equipment.base;
        if base.scheme() != "https" {
            return Err(Halt::Inapplicable("the target speaks no TLS".to_owned()));
        }
        let url = in_clear_text(base).ok_or_else(|| Halt::Obstacle("the target has no address".to_owned()))?;
        let destination = match Destination::of(&url, None, &prober.equipment.hosts) {
            Err(why @ BadDestination::Forbidden(_)) => return Err(Halt::Untestable(why.to_string())),
            destination => destination.map_err(|why| Halt::Obstacle(why.to_string()))?,
        };
        let subject = prober.subject();
        let may_be_read = subject.owned || is_local(base);
        let carries = !subject.scheme.proves_in_handshake();
        for with_credential in [false, true] {
            in_time()?;
            let mut request = match with_credential {
                false => prober.bare_request(resource),
                true => {
                    let held = self.held(identity).await?;
                    prober.good_request(&held, resource, evidence).await
                }
            };
            request.connection = ConnectionOf::default();
            named(&mut request, &url);
            let turn = prober.turn_to_send().await;
            allowance::apart(prober.equipment.rate_limit.wait()).await;
            let exchange = send_once(&destination, &prober.limits(), &request).await;
            drop(turn);
            let asked = Asked { anonymous: !with_credential, entitled: with_credential, ..Asked::default() };
            let Reading { outcome, why, clean } = match &exchange.answer {
                Ok(_) => prober.read(resource, &exchange, &asked).await,
                // nobody speaks HTTP there
                Err(Silence::Closed | Silence::Malformed(_) | Silence::Unreachable(_)) => {
                    Reading { outcome: Outcome::Refused, why: None, clean: true }
                }
                Err(_) => Reading { outcome: Outcome::Silent, why: None, clean: true },
            };
            let status = exchange.status();
            let who = if with_credential { "the good credential" } else { "no credential" };
            evidence.observe(Observation {
                step,
                credential: with_credential.then(|| subject.identities[identity].name.clone()),
                forgery: None,
                description: Description::new(format!("{who} in clear text to {}", host_field(&url))),
                place: Place::Resource(resource),
                exchange,
                outcome,
                why,
                clean,
                at: clock::unix_seconds(),
                reproduced: false,
            });
            match status {
                // what sends everybody to HTTPS, or speaks of HTTPS, serves nobody
                None => break,
                Some(300..=399) if !with_credential && outcome != Outcome::Granted => break,
                Some(_) if with_credential || !carries || outcome == Outcome::Granted => break,
                Some(400) if !may_be_read => break,
                Some(_) if !may_be_read => {
                    let why = "the target speaks HTTP in clear text, and a credential would cross the network there; set `owned: true`, and use credentials that may be read";
                    return Err(Halt::Untestable(why.to_owned()));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// The address of the same host in clear text: on the port of HTTP beside that of HTTPS, on the same port otherwise.
fn in_clear_text(base: &Url) -> Option<Url> {
    let port = base.port_or_known_default()?;
    let mut url: Url = format!("http://{}/", base.host_str()?).parse().ok()?;
    url.set_port(Some(if port == HTTPS { HTTP } else { port })).ok()?;
    url.set_path(base.path());
    Some(url)
}

/// Names the host that is asked, as the address has it.
fn named(request: &mut Request, url: &Url) {
    for header in request.headers.iter_mut().filter(|header| header.name.eq_ignore_ascii_case("host")) {
        header.value = host_field(url).into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_is_looked_for_beside_tls() {
        for (base, expected) in [
            ("https://api.test/v1", "http://api.test/v1"),
            ("https://api.test:8443/", "http://api.test:8443/"),
            ("https://[::1]:9/", "http://[::1]:9/"),
        ] {
            let url = in_clear_text(&base.parse().expect("is an address")).expect("has a host");
            assert_eq!(url.as_str(), expected);
        }
    }
}
