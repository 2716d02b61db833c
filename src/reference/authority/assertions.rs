//! What the server keeps about client assertions: the keys of clients, and the assertions that they have used up.

use std::collections::HashMap;

use jsonwebtoken::Algorithm;

use crate::clock;
use crate::reference::jose::keys::KeyPair;
use crate::reference::used::OneTimeUses;
use crate::seed::IDENTITIES;

/// The algorithm that clients are registered with.
pub(super) const ALGORITHM: Algorithm = Algorithm::ES256;
/// The same for those that authenticate with their secret.
pub(super) const SECRET_ALGORITHM: Algorithm = Algorithm::HS256;
/// Assertions that are remembered.
const MOST: usize = 1 << 16;

/// Keys of clients, and the assertions that they have used up.
pub(super) struct AssertionStore {
    pub(super) keys: HashMap<&'static str, KeyPair>,
    /// By client and jti, with their ends.
    used: OneTimeUses,
}

impl AssertionStore {
    /// The keys of the seed.
    pub(super) fn seeded() -> Self {
        let known = IDENTITIES.iter().filter_map(|identity| Some((identity.name, identity.client_key?)));
        let keys = known.map(|(name, key)| (name, KeyPair::of(key, ALGORITHM))).collect();
        Self { keys, used: OneTimeUses::new(MOST) }
    }

    /// Takes a jti; false where it was taken before.
    pub(super) fn take(&self, client: &str, jti: &str, ends: f64) -> bool {
        self.used.take(&format!("{client}\n{jti}"), ends.ceil() as i64, clock::unix_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jti_is_taken_once_by_each_client() {
        let kept = AssertionStore::seeded();
        let ends = clock::unix_seconds() as f64 + 60.0;
        assert!(kept.take("service", "a", ends) && kept.take("reader", "a", ends));
        assert!(!kept.take("service", "a", ends));
    }

    #[test]
    fn what_has_ended_is_swept_away() {
        let kept = AssertionStore::seeded();
        let now = clock::unix_seconds() as f64;
        for at in 0..MOST {
            assert!(kept.take("service", &at.to_string(), now - 1.0));
        }
        assert!(kept.used.len() < MOST / 2, "{}", kept.used.len());
        assert!(kept.take("service", "last", now + 60.0) && !kept.take("service", "last", now + 60.0));
    }

    #[test]
    fn clients_that_cannot_log_in_have_no_key() {
        let names: Vec<&str> = AssertionStore::seeded().keys.into_keys().collect();
        assert!(names.contains(&"service") && !names.contains(&"retired") && !names.contains(&"lapsed"));
    }
}
