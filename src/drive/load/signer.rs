//! Requests that are made one by one: what answers a challenge, or signs each request, cannot be sent again.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::drive::login::accompany;
use crate::drive::wire::WireAnswer;
use crate::observe::{ForgeryId, Request, parse_challenges};
use crate::scheme::jwt::Kit;
use crate::scheme::{Carrier, ForgeryContext, Occasion, Proof, Scheme, Turn};

/// Makes the requests of a lane whose scheme makes a credential for each.
#[derive(Clone)]
pub struct Signer {
    /// The scheme.
    pub scheme: &'static dyn Scheme,
    /// Where the credential goes.
    pub carrier: Carrier,
    /// The credential.
    pub proof: Proof,
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
    /// A request with its credential, as an answer to the last challenge of its line; as it is where there was none.
    pub(super) fn signed(&self, bare: &Request, turn: &Turn) -> Request {
        let mut request = bare.clone();
        if turn.challenge.is_none() {
            return request;
        }
        let (count, random) = turn.next();
        let occasion = Occasion { request: bare, challenge: turn.challenge.as_ref(), count, random: &random };
        let carried = match self.forgery {
            None => self.scheme.prove(&self.carrier, &self.proof, &occasion),
            Some(id) => {
                let mut rng = StdRng::seed_from_u64(self.seed ^ u64::from(count));
                self.scheme.forge(
                    id,
                    &mut ForgeryContext {
                        scheme: self.scheme,
                        carrier: &self.carrier,
                        proof: &self.proof,
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

    /// What an answer asks the next request for; none where the credential itself was refused.
    pub(super) fn asked(&self, answer: &WireAnswer<'_>, turn: &Turn) -> Option<Turn> {
        if answer.status != 401 {
            return None;
        }
        let line = String::from_utf8_lossy(answer.challenge?);
        let challenge = self.scheme.challenge(&parse_challenges([&*line]).ok()?)?;
        let stale = challenge.param("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        let cookie = answer.cookie.map(String::from_utf8_lossy);
        (turn.challenge.is_none() || stale).then(|| Turn::of(Some(challenge)).with_cookies(cookie.as_deref()))
    }
}
