//! Forgeries about tokens, many in one step, and keys that come and go while a check runs.

use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::resource::MadeFor;
use super::{Credential, Halt, Kept, Stage};
use crate::check::Mode;
use crate::check::step::KeyChange;
use crate::clock;
use crate::drive::probe::error::FillError;
use crate::drive::probe::minting::given;
use crate::drive::probe::values;
use crate::observe::{Evidence, ForgeryId, ForgeryIds};
use crate::scheme::jose::{Jws, SigningKey};
use crate::scheme::jwt::{forged_text, under_key};
use crate::scheme::{ForgeryContext, Proof};

/// How long a target may take to follow an address after it has answered.
const STRAGGLERS: Duration = Duration::from_millis(250);

/// A forgery that was not made.
pub(super) struct UnmadeForgery {
    why: String,
    /// Whether it makes no sense about this credential at all.
    inapplicable: bool,
}

impl Stage<'_> {
    /// Each forgery that can be made from a credential.
    pub(super) fn each_forged(&mut self, ids: ForgeryIds, proof: &Proof, made_for: &MadeFor<'_>) -> Vec<Credential> {
        let scheme = self.prober.subject().scheme;
        let carrier = self.prober.subject().carrier.clone();
        let mut made = Vec::new();
        for id in ids.iter() {
            let (count, random) = made_for.next();
            let occasion = made_for.occasion(count, &random);
            let (rng, kit) = (&mut self.rng, &self.kit);
            let mut context =
                ForgeryContext { scheme, carrier: &carrier, proof, rng, kit, occasion: occasion.as_ref() };
            if let Some(why) = scheme.inapplicable(id, &context) {
                self.left_out.push(UnmadeForgery { why, inapplicable: true });
                continue;
            }
            match scheme.forge(id, &mut context) {
                Ok(carried) => {
                    let description = scheme.forgery(id).map(|forgery| forgery.description.into());
                    made.push(Credential { forgery: Some(id), description, carried, ..Credential::default() });
                }
                Err(unforgeable) => {
                    let missing = self.kit.lacks(scheme.needs(id)).map(str::to_owned);
                    self.left_out.push(UnmadeForgery { inapplicable: false, why: missing.unwrap_or(unforgeable.0) });
                }
            }
        }
        made
    }

    /// A forgery of the token in a slot, for an endpoint that takes tokens in forms.
    pub(super) fn slot_forged(&self, slot: &str, id: ForgeryId) -> Result<String, FillError> {
        let kept = self.slots.get(slot).ok_or(FillError::NoToken)?;
        let proof = Proof::Token(kept.token.value.clone());
        forged_text(id, &proof, &mut StdRng::seed_from_u64(1), &self.kit)
            .map_err(|unforgeable| FillError::Unforgeable(unforgeable.0))
    }

    /// Whether the token in a slot is a JWT, as forgeries about it suppose.
    pub(super) fn must_be_a_jwt(&self, slot: &str) -> Result<(), Halt> {
        let token = self.slots.get(slot).map(|kept| kept.token.value.expose()).unwrap_or_default();
        match Jws::read(token) {
            Some(_) => Ok(()),
            None => Err(Halt::Inapplicable("the tokens are opaque: there is nothing to tamper with".to_owned())),
        }
    }

    /// Says what became of forgeries that were not made, and what listeners saw.
    pub(super) async fn conclude(&mut self, began: std::time::Instant, fetched: usize, evidence: &mut Evidence) {
        let seen = !evidence.observations.is_empty();
        if let Some(first) = self.left_out.first() {
            if seen {
                let forms = if self.left_out.len() == 1 { "form" } else { "forms" };
                evidence.facts.push(("left out", format!("{} {forms}", self.left_out.len())));
            } else if self.left_out.iter().all(|left| left.inapplicable) {
                evidence.not_applicable = Some(first.why.clone());
            } else {
                let missing = self.left_out.iter().find(|left| !left.inapplicable);
                evidence.untestable = missing.map(|left| left.why.clone());
            }
        }
        if let Some(listener) = &self.prober.equipment.listener {
            let took = clock::now() - began;
            if self.check.mode == Mode::OutOfBand {
                tokio::time::sleep(STRAGGLERS).await;
                evidence.callbacks = listener.seen_below(&format!("/{}", self.nonce()));
                evidence.key_fetches = Some((listener.key_fetches() - fetched, took));
            }
        }
    }

    /// What marks the requests that this check's tokens ask for.
    pub(super) fn nonce(&self) -> &str {
        &self.random[..16]
    }

    // --- keys that come and go ---------------------------------------------------------------------------------

    pub(super) async fn keys(&mut self, change: KeyChange, evidence: &mut Evidence) -> Result<(), Halt> {
        let listener = self.prober.equipment.listener.clone();
        let listener = listener.ok_or_else(|| Halt::Untestable("authbench publishes no keys".to_owned()))?;
        match change {
            KeyChange::Withdraw => {
                if let Some(kid) = self.published.take() {
                    listener.withdraw(&kid);
                }
                self.withdrawn = true;
            }
            KeyChange::Publish(slot) => {
                if listener.key_fetches() == 0 {
                    let at = listener.keys_url();
                    let why = format!(
                        "the target has not read {at}, where `serve_jwks` publishes keys: give it that address for its keys"
                    );
                    return Err(Halt::Untestable(why));
                }
                let subject = self.prober.subject();
                let good = subject.main_resource().and_then(|resource| subject.good_for(resource));
                let proof = self.proof(good.ok_or_else(|| Halt::Obstacle("no good credential".to_owned()))?).await?;
                let alg = Jws::read(proof.secret()).and_then(|good| good.alg());
                let alg = alg.ok_or_else(|| Halt::Untestable("the credential is no JWT".to_owned()))?;
                let kid = format!("authbench-{}", self.nonce());
                let key = SigningKey::generated(alg, &kid);
                let mut context = ForgeryContext {
                    scheme: subject.scheme,
                    carrier: &subject.carrier,
                    proof: &proof,
                    rng: &mut self.rng,
                    kit: &self.kit,
                    occasion: None,
                };
                let token = under_key(&mut context, &key).map_err(|unforgeable| Halt::Untestable(unforgeable.0))?;
                values::note_text(&token, evidence);
                listener.publish(key.public_jwk().unwrap_or_default());
                self.published = Some(kid);
                self.slots.insert(slot, Kept::of(given(token), None));
            }
        }
        Ok(())
    }
}
