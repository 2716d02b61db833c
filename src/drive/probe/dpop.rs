//! Proofs of possession beside tokens (RFC 9449): the nonces that servers ask for, and proofs for the token endpoint.

use url::Url;

use super::Prober;
use super::form::FilledForm;
use crate::check::step::Endpoint;
use crate::drive::control::{ControlError, without_query};
use crate::observe::{Exchange, parse_challenges};
use crate::scheme::Turn;
use crate::scheme::dpop::{NONCE_FIELD, NONCE_WANTED, endpoint_proofs, wants_nonce as any_wants_nonce};

/// Resources that are asked for a nonce before the first check.
const ASKED: usize = 4;

/// Whether a resource refused a request because it wants a nonce in the proof, and named one (RFC 9449 §9).
pub(super) fn wants_nonce(exchange: &Exchange) -> bool {
    let Some(response) = exchange.response().filter(|response| response.status == 401) else { return false };
    let lines: Vec<_> = response.header_values("www-authenticate").collect();
    let challenges = parse_challenges(lines.iter().map(AsRef::as_ref)).unwrap_or_default();
    any_wants_nonce(&challenges) && response.header(NONCE_FIELD).is_some()
}

impl Prober {
    /// Takes note of a nonce that an answer of a resource names, also of one that grants (RFC 9449 §8.2).
    pub(super) fn note_nonce(&self, exchange: &Exchange) {
        let Some(bindings) = self.equipment.control.bindings() else { return };
        if let Some(nonce) = exchange.response().and_then(|response| response.header(NONCE_FIELD)) {
            bindings.of_resources().learn(nonce.as_bytes());
        }
    }

    /// Asks resources with a good credential, once a run, until one of them names a nonce: the first check would be refused
    /// for the lack of it.
    pub(super) async fn learn_nonce(&self) {
        let Some(bindings) = self.equipment.control.bindings() else { return };
        self.nonce_asked
            .get_or_init(async || {
                let subject = self.subject();
                let reads = subject.protected().filter(|at| !subject.resources[*at].writes).take(ASKED);
                for resource in reads.collect::<Vec<_>>() {
                    let Some(identity) = subject.good_for(resource) else { continue };
                    let Ok(held) = self.held(&subject.identities[identity]).await else { continue };
                    let bare = self.bare_request(resource);
                    let mut request = bare.clone();
                    for carried in super::proven(subject, &held.proof, &bare, &Turn::of(None)) {
                        carried.apply(&mut request);
                    }
                    held.connect(&mut request);
                    self.send_to(resource, &request).await;
                    if bindings.of_resources().current().is_some() {
                        return;
                    }
                }
            })
            .await;
    }

    /// The proofs of a form, in fields of their own: one that is good, or what the step names. None for other endpoints than
    /// that of tokens (RFC 9449 §6.2), and where tokens are not bound to keys.
    pub(super) fn proofs_of(&self, url: &Url, filled: &FilledForm<'_>) -> Result<Vec<String>, ControlError> {
        let bindings = self.equipment.control.bindings().filter(|_| filled.form.endpoint == Endpoint::Token);
        let Some(bindings) = bindings else { return Ok(Vec::new()) };
        let (address, nonce) = (without_query(url), bindings.of_server().current());
        match filled.form.proof {
            None => Ok(vec![bindings.shared().endpoint_proof(&address, nonce.as_deref())]),
            Some(id) => endpoint_proofs(id.as_str(), &bindings.shared(), &address, nonce.as_deref())
                .map_err(|why| ControlError::Unusable(why.0)),
        }
    }

    /// Whether a form is to be sent once more, with a nonce that the authorization server has just named (RFC 9449 §8).
    pub(super) fn asks_again(&self, filled: &FilledForm<'_>, exchange: &Exchange) -> bool {
        let bindings = self.equipment.control.bindings().filter(|_| filled.form.endpoint == Endpoint::Token);
        let (Some(bindings), Some(response)) = (bindings, exchange.response()) else { return false };
        let is_new = response.header(NONCE_FIELD).is_some_and(|nonce| bindings.of_server().learn(nonce.as_bytes()));
        is_new && response.status == 400 && response.json_text("error").as_deref() == Some(NONCE_WANTED)
    }
}
