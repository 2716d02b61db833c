//! Lies about tokens, many in one step, and keys that come and go while a check runs.

use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::stage::{Halt, Kept, Stage};
use super::{Prober, unobtainable, values};
use crate::check::Mode;
use crate::check::step::KeyChange;
use crate::clock;
use crate::drive::control::{ControlError, Token};
use crate::observe::{ControlRun, Evidence, Exchange, Place};
use crate::plan::subject::{Identity, Login};
use crate::scheme::jose::key::verifies;
use crate::scheme::jose::{Jws, SigningKey};
use crate::scheme::jwt::{Kit, forged_text, mint, under_key};
use crate::scheme::{Carried, Draft, Proof};
use crate::secret::Secret;

/// Life of a token that authbench mints; RFC 6750 §5.3 recommends an hour or less.
const MINTED: i64 = 3600;
/// How long a target may take to follow an address after it has answered.
const STRAGGLERS: Duration = Duration::from_millis(250);

/// A lie that was not told.
pub(super) struct LeftOut {
    why: String,
    /// Whether it makes no sense about this credential at all.
    inapplicable: bool,
}

impl Stage<'_> {
    /// Each lie that can be told, with what it says.
    pub(super) fn each_forged(&mut self, names: &[&'static str], proof: &Proof) -> Vec<(Option<String>, Vec<Carried>)> {
        let scheme = self.prober.subject().scheme;
        let carrier = self.prober.subject().carrier.clone();
        let mut told = Vec::new();
        for name in names {
            let mut draft = Draft { carrier: &carrier, proof, rng: &mut self.rng, kit: &self.kit };
            match scheme.forge(name, &mut draft) {
                Ok(carried) => {
                    let says = scheme.forgery(name).map_or(*name, |lie| lie.says);
                    told.push((Some(says.to_owned()), carried));
                }
                Err(unforgeable) => {
                    let inapplicable = scheme.inapplicable(name, &draft);
                    let missing = self.kit.lacks(scheme.needs(name)).map(str::to_owned);
                    self.left_out.push(LeftOut {
                        inapplicable: inapplicable.is_some(),
                        why: inapplicable.or(missing).unwrap_or(unforgeable.0),
                    });
                }
            }
        }
        told
    }

    /// A lie about the token in a slot, for an endpoint that takes tokens in forms.
    pub(super) fn slot_forged(&self, slot: &str, name: &str) -> Result<String, String> {
        let kept = self.slots.get(slot).ok_or("no token was obtained")?;
        let proof = Proof::Token(kept.token.value.clone());
        let mut rng = StdRng::seed_from_u64(1);
        let carrier = &self.prober.subject().carrier;
        let mut draft = Draft { carrier, proof: &proof, rng: &mut rng, kit: &self.kit };
        forged_text(name, &mut draft).map_err(|unforgeable| unforgeable.0)
    }

    /// Whether the token in a slot is a JWT, as lies about it suppose.
    pub(super) fn must_be_a_jwt(&self, slot: &str) -> Result<(), Halt> {
        let token = self.slots.get(slot).map(|kept| kept.token.value.expose()).unwrap_or_default();
        match Jws::read(token) {
            Some(_) => Ok(()),
            None => Err(Halt::Inapplicable("the tokens are opaque: there is nothing to tamper with".to_owned())),
        }
    }

    /// Says what became of lies that were not told, and what listeners saw.
    pub(super) async fn conclude(&mut self, began: std::time::Instant, fetched: usize, evidence: &mut Evidence) {
        let told = !evidence.observations.is_empty();
        if let Some(first) = self.left_out.first() {
            if told {
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
                let subject = self.prober.subject();
                let good = subject.main_resource().and_then(|resource| subject.good_for(resource));
                let proof = self.proof(good.ok_or_else(|| Halt::Obstacle("no good credential".to_owned()))?).await?;
                let alg = Jws::read(proof.secret()).and_then(|good| good.alg());
                let alg = alg.ok_or_else(|| Halt::Untestable("the credential is no JWT".to_owned()))?;
                let kid = format!("authbench-{}", self.nonce());
                let key = SigningKey::generated(alg, &kid);
                let mut draft = Draft { carrier: &subject.carrier, proof: &proof, rng: &mut self.rng, kit: &self.kit };
                let token = under_key(&mut draft, &key).map_err(|unforgeable| Halt::Untestable(unforgeable.0))?;
                values::note_text(&token, evidence);
                listener.publish(key.public_jwk().unwrap_or_default());
                self.published = Some(kid);
                self.slots.insert(slot, Kept { token: given(token), client: None });
            }
        }
        Ok(())
    }
}

impl Prober {
    /// A token for an identity that has claims only, with another scope where one is asked for.
    ///
    /// # Errors
    /// When there is no key to sign it with.
    pub(super) fn minted(&self, identity: &Identity, scope: Option<&str>) -> Result<Token, ControlError> {
        let Login::Minted { claims } = &identity.login else {
            return Err(ControlError::Unusable("the credential is not minted".to_owned()));
        };
        let mut claims = claims.clone();
        if let Some(scope) = scope {
            claims.retain(|(name, _)| name != "scope");
            claims.push(("scope".to_owned(), scope.into()));
        }
        let ends = if identity.state == crate::plan::subject::State::Expired { -MINTED } else { MINTED };
        let random: String = {
            use rand::RngExt as _;
            let mut rng = rand::rng();
            (0..22).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
        };
        let kit: &Kit = &self.subject().kit;
        let token = mint(kit, &claims, ends, &random).map_err(|unforgeable| ControlError::Unusable(unforgeable.0))?;
        Ok(given(token))
    }

    /// A fresh copy of an identity's token, signed by authbench, opens a resource: what shows that refused lies were
    /// refused for the lie.
    pub(super) async fn twin_control(
        &self,
        identity: usize,
        resource: usize,
        closing: bool,
        evidence: &mut Evidence,
    ) -> ControlRun {
        let subject = self.subject();
        let who = &subject.identities[identity];
        let label =
            format!("{} with a token that authbench signed for {}", subject.resources[resource].name(), who.name);
        let proof = match self.proof(who).await {
            Ok(proof) => proof,
            Err(error) => return unobtainable(label, closing, &error),
        };
        let mut rng = StdRng::seed_from_u64(u64::from(rand::random::<u32>()));
        let mut draft = Draft { carrier: &subject.carrier, proof: &proof, rng: &mut rng, kit: &subject.kit };
        let token = match forged_text("twin", &mut draft) {
            Ok(token) => Proof::Token(Secret::new(token)),
            Err(why) => return unobtainable(label, closing, &ControlError::Unusable(why.0)),
        };
        let request = self.good_request(&token, resource, evidence);
        let exchange = self.send_to(resource, &request).await;
        let outcome = self.outcome(resource, &exchange).await;
        ControlRun { label, closing, exchange, outcome }
    }
}

/// Says whether a fetched key set verifies the token that was obtained before it.
pub(super) fn note_signature(exchange: &Exchange, evidence: &mut Evidence) {
    let tokens = evidence.observations.iter().filter(|seen| seen.place == Place::Token);
    let token = tokens.filter_map(|seen| seen.exchange.response()?.json_text("access_token")).last();
    let set = exchange.response().and_then(|response| response.json());
    let (Some(token), Some(set)) = (token.and_then(|token| Jws::read(&token)), set) else { return };
    let Some(alg) = token.alg() else { return };
    let input = token.signing_input();
    let holds = |jwk: &serde_json::Value| verifies(jwk, alg, input.as_bytes(), &token.signature);
    let verified = set["keys"].as_array().is_some_and(|keys| keys.iter().any(holds));
    evidence.facts.push(("signature", if verified { "verified" } else { "no key verifies it" }.to_owned()));
}

/// A token whose life nobody told.
fn given(token: String) -> Token {
    Token { value: Secret::new(token), obtained: clock::now(), lifetime: None, took: Duration::ZERO, scope: None }
}
