//! Proofs of possession beside tokens (RFC 9449): the nonces that servers ask for, and proofs for the token endpoint.

use url::Url;

use super::Prober;
use super::form::FilledForm;
use crate::check::step::FormStep;
use crate::drive::control::{ControlError, without_query};
use crate::observe::{Exchange, Observation, Outcome, parse_challenges};
use crate::scheme::dpop::{
    NONCE_FIELD, NONCE_WANTED, PROOF_FIELD, endpoint_proofs, names_nonce, wants_nonce as any_wants_nonce,
};
use crate::scheme::{Carried, CarrierPlace, Turn};

/// Why a refusal says nothing.
pub(super) const ASKED_EACH_TIME: &str =
    "the target asked for another nonce each time, so nothing else that is wrong was refused (RFC 9449 §8, §9)";

/// Resources that are asked for a nonce before the first check.
const ASKED: usize = 4;

/// Whether a resource refused a request because it wants a nonce in the proof, and named one (RFC 9449 §9).
pub(super) fn wants_nonce(exchange: &Exchange) -> bool {
    let Some(response) = exchange.response().filter(|response| response.status == 401) else { return false };
    let lines: Vec<_> = response.header_values("www-authenticate").collect();
    let challenges = parse_challenges(lines.iter().map(AsRef::as_ref)).unwrap_or_default();
    any_wants_nonce(&challenges) && response.header(NONCE_FIELD).is_some()
}

/// Whether it is a proof that is carried.
pub(super) fn is_proof(carried: &Carried) -> bool {
    matches!(&carried.place, CarrierPlace::Header(name) if name == PROOF_FIELD)
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
        let bindings = self.equipment.control.bindings().filter(|_| filled.form.endpoint.issues_tokens());
        let Some(bindings) = bindings else { return Ok(Vec::new()) };
        let (address, nonce) = (without_query(url), bindings.of_server().current());
        match filled.form.proof {
            None => Ok(vec![bindings.shared().endpoint_proof(&address, nonce.as_deref())]),
            Some(id) => endpoint_proofs(id.as_str(), &bindings.shared(), &address, nonce.as_deref())
                .map_err(|why| ControlError::Unusable(why.0)),
        }
    }

    /// Takes note of a nonce of the authorization server. Says whether the server asks for a nonce (RFC 9449 §8) although the form
    /// names the last one: sent again, the form names the new one.
    pub(super) fn asks_again(&self, form: &FormStep, exchange: &Exchange) -> bool {
        let bindings = self.equipment.control.bindings().filter(|_| form.endpoint.issues_tokens());
        let (Some(bindings), Some(response)) = (bindings, exchange.response()) else { return false };
        if let Some(nonce) = response.header(NONCE_FIELD) {
            bindings.of_server().learn(nonce.as_bytes());
        }
        let wanted = response.status == 400 && response.json_text("error").as_deref() == Some(NONCE_WANTED);
        wanted && names_nonce(form.proof)
    }
}

/// A server that asked for another nonce each time has refused nothing but the nonces: what else is wrong with the requests, it
/// did not say.
pub(super) fn open_where_nonces_were_asked_for(seen: &mut [Observation]) {
    for one in seen.iter_mut().filter(|one| one.outcome == Outcome::Refused && wants_nonce(&one.exchange)) {
        (one.outcome, one.clean, one.why) = (Outcome::Unclear, false, Some(ASKED_EACH_TIME.to_owned()));
    }
}
