//! Schemes that make a credential for each request: what they make it for.

use std::sync::atomic::{AtomicU32, Ordering};

use rand::RngExt as _;
use rand::distr::Alphanumeric;

use crate::observe::{Challenge, Request};

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
    count: AtomicU32,
}

impl Turn {
    /// A challenge that no request has answered.
    pub fn of(challenge: Option<Challenge>) -> Self {
        Self { challenge, count: AtomicU32::new(0) }
    }

    /// The number of the next request, and randomness for it.
    pub fn next(&self) -> (u32, String) {
        let mut rng = rand::rng();
        let random = (0..RANDOM).map(|_| char::from(rng.sample(Alphanumeric))).collect();
        (self.count.fetch_add(1, Ordering::Relaxed).saturating_add(1), random)
    }
}
