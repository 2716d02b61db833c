//! What the server keeps about client assertions: the keys of clients, and the assertions that they have used up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jsonwebtoken::Algorithm;

use crate::clock;
use crate::reference::jose::keys::KeyPair;
use crate::seed::IDENTITIES;

/// The algorithm that clients are registered with.
pub(super) const ALGORITHM: Algorithm = Algorithm::ES256;
/// The same for those that authenticate with their secret.
pub(super) const SECRET_ALGORITHM: Algorithm = Algorithm::HS256;
/// How many are kept before those that have ended are swept away.
const SWEEP_AT: usize = 4096;

/// Keys of clients, and the assertions that they have used up.
pub(super) struct AssertionStore {
    pub(super) keys: HashMap<&'static str, KeyPair>,
    /// Client and jti, with the end of the assertion in seconds since the epoch.
    used: Mutex<HashMap<(String, String), f64>>,
}

impl AssertionStore {
    /// The keys of the seed.
    pub(super) fn seeded() -> Self {
        let known = IDENTITIES.iter().filter_map(|identity| Some((identity.name, identity.client_key?)));
        let keys = known.map(|(name, key)| (name, KeyPair::of(key, ALGORITHM))).collect();
        Self { keys, used: Mutex::default() }
    }

    /// Takes a jti; false where it was taken before.
    pub(super) fn take(&self, client: &str, jti: &str, ends: f64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= SWEEP_AT {
            let now = clock::unix_seconds() as f64;
            used.retain(|_, ends| *ends >= now);
        }
        used.insert((client.to_owned(), jti.to_owned()), ends).is_none()
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
        for at in 0..SWEEP_AT {
            assert!(kept.take("service", &at.to_string(), now - 1.0));
        }
        assert!(kept.take("service", "last", now + 60.0));
        assert_eq!(kept.used.lock().expect("whole").len(), 1);
    }

    #[test]
    fn clients_that_cannot_log_in_have_no_key() {
        let names: Vec<&str> = AssertionStore::seeded().keys.into_keys().collect();
        assert!(names.contains(&"service") && !names.contains(&"retired") && !names.contains(&"lapsed"));
    }
}
