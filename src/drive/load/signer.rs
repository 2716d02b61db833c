//! Requests that are made one by one: what answers a challenge, or signs each request, cannot be sent again.

use std::sync::{PoisonError, RwLock};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::drive::login::accompany;
use crate::drive::wire::WireAnswer;
use crate::observe::{ForgeryId, Request, parse_challenges};
use crate::scheme::dpop::wants_nonce;
use crate::scheme::jwt::Kit;
use crate::scheme::{Carrier, ForgeryContext, Occasion, Proof, Scheme, Turn};

/// Makes the requests of a lane whose scheme makes a credential for each.
pub struct Signer {
    /// The scheme.
    pub scheme: &'static dyn Scheme,
    /// Where the credential goes.
    pub carrier: Carrier,
    /// The credential; a renewed one takes its place.
    pub proof: RwLock<Proof>,
    /// What is forged about it; nothing for the valid lane.
    pub forgery: Option<ForgeryId>,
    /// What forgeries are made with.
    pub kit: Kit,
    /// Seed of what is random about them.
    pub seed: u64,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.scheme.name(), self.forgery)
    }
}

impl Signer {
    /// Takes a renewed credential in place of the one that is about to end.
    pub fn renew(&self, proof: Proof) {
        *self.proof.write().unwrap_or_else(PoisonError::into_inner) = proof;
    }

    /// A request with its credential, as an answer to the last challenge of its line; as it is where a challenge is missing.
    pub(super) fn signed(&self, bare: &Request, turn: &Turn) -> Request {
        let mut request = bare.clone();
        if turn.challenge.is_none() && self.scheme.answers_challenges() {
            return request;
        }
        let proof = &*self.proof.read().unwrap_or_else(PoisonError::into_inner);
        let (count, random) = turn.next();
        let occasion = Occasion { request: bare, challenge: turn.challenge.as_ref(), count, random: &random };
        let carried = match self.forgery {
            None => self.scheme.prove(&self.carrier, proof, &occasion),
            Some(id) => {
                let mut rng = StdRng::seed_from_u64(self.seed ^ u64::from(count));
                self.scheme.forge(
                    id,
                    &mut ForgeryContext {
                        scheme: self.scheme,
                        carrier: &self.carrier,
                        proof,
                        rng: &mut rng,
                        kit: &self.kit,
                        occasion: Some(&occasion),
                    },
                )
            }
        };
        // what cannot be made is sent without a credential: it is refused, and the lane shows that
        carried.unwrap_or_default().iter().for_each(|one| one.apply(&mut request));
        accompany(&turn.companions, &mut request);
        request
    }

    /// Takes note of a nonce of the target, for what has to carry one (RFC 9449 §8.2).
    fn learn(&self, nonce: &[u8]) -> bool {
        match &*self.proof.read().unwrap_or_else(PoisonError::into_inner) {
            Proof::Bound(bound) => bound.key.nonce().learn(nonce),
            _ => false,
        }
    }

    /// What an answer asks the next request for; none where the credential itself was refused.
    pub(super) fn asked(&self, answer: &WireAnswer<'_>, turn: &Turn) -> Option<Turn> {
        let nonce = answer.nonce.is_some_and(|nonce| self.learn(nonce));
        if answer.status != 401 {
            return None;
        }
        let line = String::from_utf8_lossy(answer.challenge?);
        let challenges = parse_challenges([&*line]).ok()?;
        if nonce && wants_nonce(&challenges) {
            return Some(Turn::of(None));
        }
        let challenge = self.scheme.challenge(&challenges)?;
        let stale = challenge.param("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        let cookie = answer.cookie.map(String::from_utf8_lossy);
        (turn.challenge.is_none() || stale).then(|| Turn::of(Some(challenge)).with_cookies(cookie.as_deref()))
    }
}
