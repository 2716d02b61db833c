//! What a running service answers to a missing, an invalid and an insufficient credential, and the profile that takes it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::check::profile::{Effective, PROFILES};
use crate::check::step::Class;
use crate::drive::wire::{Destination, Limits, send_once};
use crate::observe::Request;
use crate::openapi::{Draft, KeyPlace, Method};
use crate::secret::Secret;
use crate::target::address::authority;
use crate::target::hosts::AllowedHosts;
use crate::target::trust::Trust;

/// Routes that are asked for with a good credential, at most.
const ROUTES: usize = 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A credential that no service has issued.
const INVALID: &str = "authbench-init-probe-0000000000000000";
/// Profiles in the order in which they are preferred.
const PREFERRED: [&str; 5] = ["api-key-403", "strict-rfc", "fastapi-current", "fastapi-legacy", "gateway-lenient"];

/// A service that runs.
pub(super) struct Service {
    destination: Destination,
    host: String,
}

/// Why a service cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoService {
    #[error("expected an address that starts with http:// or https://, such as http://127.0.0.1:8000")]
    Address,
    #[error("{0}")]
    Destination(#[from] crate::drive::wire::BadDestination),
    #[error("{0}")]
    Trust(#[from] crate::target::trust::BadTrust),
    #[error("no answer from {0}")]
    Silent(String),
}

/// What was seen: the status of each class.
#[derive(Debug, Default)]
pub(super) struct Seen {
    missing: Option<(String, u16)>,
    invalid: Option<(String, u16)>,
    insufficient: Option<(String, u16)>,
}

impl Service {
    /// The service at an address.
    pub(super) fn at(address: &str) -> Result<Self, NoService> {
        let url = Url::parse(address).map_err(|_| NoService::Address)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(NoService::Address);
        }
        let trust = Trust::of(None)?;
        let destination = Destination::of(&url, Some(trust.for_target()), &AllowedHosts::default())?;
        Ok(Self { destination, host: authority(&url) })
    }

    async fn status(&self, path: &str, carried: &Carried<'_>) -> Result<u16, NoService> {
        let mut request = Request::new("GET", path).header("Host", &self.host);
        carried.put(&mut request);
        let request = request.header("Connection", "close");
        let exchange = send_once(&self.destination, &Limits::default().within(PATIENCE), &request).await;
        exchange.status().ok_or_else(|| NoService::Silent(self.host.clone()))
    }

    /// Asks for the routes of a draft: without a credential, with an invalid one, and with those of the environment.
    pub(super) async fn look(
        &self,
        method: &Method,
        draft: &Draft,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Seen, NoService> {
        let mut seen = Seen::default();
        let Some(first) = draft.reads.first() else { return Ok(seen) };
        seen.missing = Some((first.clone(), self.status(first, &Carried { method, parts: Vec::new() }).await?));
        let invalid: Vec<Secret> = draft.variables.iter().map(|_| Secret::new(INVALID)).collect();
        let invalid = Carried { method, parts: invalid };
        if invalid.can_be_carried() {
            seen.invalid = Some((first.clone(), self.status(first, &invalid).await?));
        }
        let good: Option<Vec<Secret>> = draft.variables.iter().map(|name| Some(Secret::new(variable(name)?))).collect();
        let good = good.map(|parts| Carried { method, parts }).filter(Carried::can_be_carried);
        if let Some(good) = good {
            seen.insufficient = self.denied(&draft.reads, &good).await?;
        }
        Ok(seen)
    }

    /// A route that refuses a credential which opens another one.
    async fn denied(&self, reads: &[String], good: &Carried<'_>) -> Result<Option<(String, u16)>, NoService> {
        let (mut opened, mut denied) = (false, None);
        for path in reads.iter().take(ROUTES) {
            match self.status(path, good).await? {
                200..=299 => opened = true,
                status @ (401 | 403) => {
                    denied.get_or_insert((path.clone(), status));
                }
                _ => {}
            }
        }
        Ok(denied.filter(|_| opened))
    }
}

/// A credential and how it is carried.
struct Carried<'a> {
    method: &'a Method,
    /// The key, the token, or name and password; empty for none.
    parts: Vec<Secret>,
}

impl Carried<'_> {
    /// Whether a request alone can carry it: what has to be obtained, signed or answered to a challenge cannot.
    fn can_be_carried(&self) -> bool {
        let has_to_be_made = matches!(
            self.method,
            Method::Digest
                | Method::SigV4 { .. }
                | Method::MessageSignature { .. }
                | Method::Hmac
                | Method::DPoP
                | Method::Uncovered(_)
        );
        !has_to_be_made && self.parts.iter().all(|part| part.expose().bytes().all(|byte| (0x20..0x7f).contains(&byte)))
    }

    fn put(&self, request: &mut Request) {
        let Some(first) = self.parts.first() else { return };
        match (self.method, self.parts.get(1)) {
            (Method::Key(KeyPlace::Header, name), _) => request.push(name, first.expose(), true),
            (Method::Key(KeyPlace::Query, name), _) => request.push_query(name, first.expose()),
            (Method::Key(KeyPlace::Cookie, name), _) => {
                request.push("Cookie", format!("{name}={}", first.expose()), true);
            }
            (Method::Basic, Some(password)) => {
                let pair = STANDARD.encode(format!("{}:{}", first.expose(), password.expose()));
                request.push("Authorization", format!("Basic {pair}"), true);
            }
            _ => request.push("Authorization", format!("Bearer {}", first.expose()), true),
        }
    }
}

impl Seen {
    /// What was seen, for a reader.
    pub(super) fn told(&self) -> String {
        let classes = [("missing", &self.missing), ("invalid", &self.invalid), ("insufficient", &self.insufficient)];
        let mut by_path = BTreeMap::<&str, Vec<String>>::new();
        for (word, seen) in classes {
            if let Some((path, status)) = seen {
                by_path.entry(path).or_default().push(format!("{status} for {word}"));
            }
        }
        let told = by_path.into_iter().map(|(path, classes)| format!("GET {path}: {}", classes.join(", ")));
        told.collect::<Vec<_>>().join("; ")
    }

    /// Whether the route is open, or refuses in a way that a scenario has to declare.
    pub(super) fn is_open(&self) -> bool {
        self.missing.as_ref().is_some_and(|(_, status)| !(400..500).contains(status))
    }

    /// The first profile that takes every status that was seen.
    pub(super) fn profile(&self, method: &Method) -> Option<&'static str> {
        let scheme = match method {
            Method::Key(..) => "api-key",
            Method::Basic => "basic",
            Method::Digest => "digest",
            Method::SigV4 { .. } | Method::Hmac => "hmac-signature",
            Method::MessageSignature { .. } => "http-message-signatures",
            _ => "bearer",
        };
        let classes = [
            (Class::Missing, &self.missing),
            (Class::Invalid, &self.invalid),
            (Class::Insufficient, &self.insufficient),
        ];
        let takes = |name: &&str| {
            let effective = Effective::of([*name], scheme);
            let seen = classes.iter().filter_map(|(class, seen)| Some((*class, seen.as_ref()?.1)));
            let mut taken = seen.map(|(class, status)| effective.statuses(class).contains(&status));
            taken.all(|taken| taken)
        };
        let own = matches!(method, Method::SigV4 { .. }).then_some("aws-sigv4");
        let preferred = own.into_iter().chain(PREFERRED);
        let known = preferred.filter(|name| PROFILES.iter().any(|profile| profile.name == *name));
        known.filter(|_| self.missing.is_some() && !self.is_open()).find(takes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_takes_every_status_that_was_seen() {
        let key = Method::Key(KeyPlace::Header, "X-API-Key".to_owned());
        let bearer = Method::Bearer { about: String::new() };
        let at = |status| Some(("/orders".to_owned(), status));
        for (method, missing, invalid, insufficient, expected) in [
            (&key, 401, 403, None, Some("api-key-403")),
            (&key, 401, 401, Some(403), Some("strict-rfc")),
            (&key, 403, 403, None, Some("api-key-403")),
            (&bearer, 401, 401, Some(403), Some("api-key-403")),
            (&bearer, 403, 401, None, Some("fastapi-legacy")),
            (&bearer, 401, 403, None, Some("gateway-lenient")),
            (&bearer, 200, 401, None, None),
            (&bearer, 404, 404, None, None),
        ] {
            let seen = Seen { missing: at(missing), invalid: at(invalid), insufficient: insufficient.and_then(at) };
            assert_eq!(seen.profile(method), expected, "{seen:?}");
        }
    }
}
