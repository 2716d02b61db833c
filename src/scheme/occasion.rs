//! Schemes that make a credential for each request: what they make it for.

use std::sync::atomic::{AtomicU32, Ordering};

use rand::RngExt as _;
use rand::distr::Alphanumeric;

use super::{CarrierPlace, Companion};
use crate::observe::{Challenge, Request};
use crate::secret::Secret;

/// Letters and digits of a client's own randomness.
const RANDOM: usize = 32;

/// How long what a scheme makes for a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// As long as the credential is held: the bytes of a request are made once.
    WhileHeld,
    /// Never: each request has its own.
    Once,
}

/// A request, what the target asked for before, and which request it is since then.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The request as it will be sent, without the credential.
    pub request: &'a Request,
    /// What the target asked for; none where it asked for nothing.
    pub challenge: Option<&'a Challenge>,
    /// Number of this request among those that answer the challenge, from 1.
    pub count: u32,
    /// Randomness of the client for this request.
    pub random: &'a str,
}

/// One challenge, and the requests that answer it in turn.
#[derive(Debug)]
pub struct Turn {
    /// The challenge.
    pub challenge: Option<Challenge>,
    /// Cookies that came with it: some servers keep their nonce in a session.
    pub companions: Vec<Companion>,
    count: AtomicU32,
}

impl Turn {
    /// A challenge that no request has answered.
    pub fn of(challenge: Option<Challenge>) -> Self {
        Self { challenge, companions: Vec::new(), count: AtomicU32::new(0) }
    }

    /// The same, with the cookies that the answer sets (RFC 6265 §5.2), which go along with the responses.
    #[must_use]
    pub fn with_cookies<'a>(mut self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let pairs = lines.into_iter().filter_map(|line| line.split(';').next()?.split_once('='));
        let lawful = pairs.filter(|(name, value)| !format!("{name}{value}").chars().any(char::is_control));
        self.companions.extend(lawful.map(|(name, value)| Companion {
            place: CarrierPlace::Cookie(name.trim().to_owned()),
            value: Secret::new(value.trim()),
            path: None,
            writes_only: false,
            with_reads: false,
        }));
        self
    }

    /// The number of the next request, and randomness for it.
    pub fn next(&self) -> (u32, String) {
        let mut rng = rand::rng();
        let random = (0..RANDOM).map(|_| char::from(rng.sample(Alphanumeric))).collect();
        (self.count.fetch_add(1, Ordering::Relaxed).saturating_add(1), random)
    }
}
