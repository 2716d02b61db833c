//! Tokens that authbench signs itself with the issuer's key.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::preparing::When;
use super::{Prober, unobtainable};
use crate::drive::control::{ControlError, Token};
use crate::drive::login::HeldCredential;
use crate::observe::{Asked, ControlRun, Description, Evidence, Exchange, ForgeryId, Place};
use crate::plan::subject::{Identity, Login};
use crate::scheme::Proof;
use crate::scheme::jose::Jws;
use crate::scheme::jose::published::verifies;
use crate::scheme::jwt::{Kit, forged_text, mint};
use crate::secret::Secret;

/// A fresh copy of the good token, signed by authbench.
const TWIN: ForgeryId = ForgeryId::new("twin");
/// Life of a token that authbench mints; RFC 6750 §5.3 recommends an hour or less.
const MINTED: i64 = 3600;

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
        let ends = if identity.state == crate::plan::subject::CredentialState::Expired { -MINTED } else { MINTED };
        let random: String = {
            use rand::RngExt as _;
            let mut rng = rand::rng();
            (0..22).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
        };
        let kit: &Kit = &self.subject().kit;
        let token = mint(kit, &claims, ends, &random).map_err(|unforgeable| ControlError::Unusable(unforgeable.0))?;
        Ok(given(token))
    }

    /// A fresh copy of an identity's token, signed by authbench, opens a resource: what shows that refused forgeries were
    /// refused for the forgery.
    pub(super) async fn twin_control(
        &self,
        identity: usize,
        resource: usize,
        closing: bool,
        evidence: &mut Evidence,
    ) -> ControlRun {
        let subject = self.subject();
        let who = &subject.identities[identity];
        let name = subject.resources[resource].name();
        let description = Description::new(format!("{name} with a token that authbench signed for {}", who.name));
        let held = match self.held(who).await {
            Ok(held) => held,
            Err(error) => return unobtainable(description, closing, &error),
        };
        let mut rng = StdRng::seed_from_u64(u64::from(rand::random::<u32>()));
        let token = match forged_text(TWIN, &held.proof, &mut rng, &subject.kit) {
            Ok(token) => HeldCredential { proof: Proof::Token(Secret::new(token)), ..held },
            Err(why) => return unobtainable(description, closing, &ControlError::Unusable(why.0)),
        };
        if let Err(failed) = self.prepare(resource, When::Before, evidence).await {
            return failed.control(&description, closing);
        }
        let request = self.good_request(&token, resource, evidence).await;
        let exchange = self.send_to(resource, &request).await;
        if let Err(failed) = self.prepare(resource, When::After, evidence).await {
            return failed.control(&description, closing);
        }
        let asked = Asked { entitled: true, ..Asked::default() };
        let outcome = self.read(resource, &exchange, &asked).await.outcome;
        ControlRun { credential: None, description, closing, exchange, outcome, was_accepted: false }
    }
}

/// Says whether a fetched key set verifies the token that was obtained before it: an access token of the token endpoint, or the
/// ID token of a login.
pub(super) fn note_signature(exchange: &Exchange, evidence: &mut Evidence) {
    let token = evidence.observations.iter().rev().find_map(|seen| {
        let member = match seen.place {
            Place::Token => "access_token",
            Place::Login => "id_token",
            _ => return None,
        };
        seen.exchange.response()?.json_text(member)
    });
    let set = exchange.response().and_then(|response| response.json());
    let (Some(token), Some(set)) = (token.and_then(|token| Jws::read(&token)), set) else { return };
    let Some(alg) = token.alg() else { return };
    let input = token.signing_input();
    let holds = |jwk: &serde_json::Value| verifies(jwk, alg, input.as_bytes(), &token.signature);
    let verified = set["keys"].as_array().is_some_and(|keys| keys.iter().any(holds));
    evidence.key_set_verifies = Some(verified);
}

/// A token whose life nobody told.
pub(super) fn given(token: String) -> Token {
    Token::endless(Secret::new(token))
}
