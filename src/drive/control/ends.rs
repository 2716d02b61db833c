//! When tokens end: as the server said when each of them came first.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Token;
use crate::clock;

/// Ends that are kept before those that are over are dropped.
const MANY_ENDS: usize = 1024;

/// When a token ends, at the earliest and at the latest.
type Life = (Instant, Instant);

/// The ends of tokens, by a hash of theirs: no token is kept.
#[derive(Default)]
pub(super) struct Ends {
    known: Mutex<HashMap<u64, Life>>,
    hasher: RandomState,
}

impl Ends {
    /// A token with the end that it had when it came first: a server that hands out one that lives already may say of it what
    /// it says of a new one.
    pub(super) fn as_it_came_first(&self, token: Token) -> Token {
        let Some(end) = token.life() else { return token };
        let hash = self.hasher.hash_one(token.value.expose());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MANY_ENDS {
            let now = clock::now();
            known.retain(|_, (_, latest)| *latest > now);
        }
        token.ending_by(*known.entry(hash).or_insert(end))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Secret;

    fn token(text: &str, lifetime: Option<u64>) -> Token {
        Token::living(Secret::new(text), clock::now(), Duration::ZERO, lifetime.map(Duration::from_secs))
    }

    #[test]
    fn a_token_that_comes_again_ends_when_it_did() {
        let ends = Ends::default();
        let first = ends.as_it_came_first(token("a", Some(60)));
        assert_eq!(ends.as_it_came_first(token("a", Some(3600))).life(), first.life());
        assert_ne!(ends.as_it_came_first(token("b", Some(3600))).life(), first.life());
        assert_eq!(ends.as_it_came_first(token("c", None)).life(), None);
    }

    #[test]
    fn ends_that_are_over_are_dropped() {
        let ends = Ends::default();
        for number in 0..=MANY_ENDS {
            ends.as_it_came_first(token(&number.to_string(), Some(0)));
        }
        assert_eq!(ends.known.lock().expect("nobody failed").len(), 1);
    }
}
