//! Nonces of a server that need no memory (RFC 9449 §8): the time, something random, and a mark that only this server makes.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::reference::random::random_text;

/// How long a nonce is accepted.
const LIFE: Duration = Duration::from_secs(300);

/// The nonces of one server.
pub(super) struct ProofNonces {
    key: String,
}

impl ProofNonces {
    pub(super) fn new() -> Self {
        Self { key: random_text(32) }
    }

    pub(super) fn issue(&self) -> String {
        let start = format!("{:x}.{}", clock::timestamp().as_millisecond(), random_text(12));
        format!("{start}.{}", self.mark(&start))
    }

    fn mark(&self, start: &str) -> String {
        let hash = Sha256::digest(format!("{}:{start}", self.key));
        hash[..12].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it was issued here, and lives.
    pub(super) fn is_good(&self, nonce: &str) -> bool {
        let made = nonce.rsplit_once('.').filter(|(start, mark)| self.mark(start) == *mark);
        let issued = made.and_then(|(start, _)| i64::from_str_radix(start.split_once('.')?.0, 16).ok());
        issued.is_some_and(|issued| {
            let age = clock::timestamp().as_millisecond() - issued;
            (0..=LIFE.as_millis().cast_signed() as i64).contains(&age)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_nonces_are_good() {
        let nonces = ProofNonces::new();
        let nonce = nonces.issue();
        assert!(nonces.is_good(&nonce));
        for foreign in ["", "x", "1.2.3", &format!("{nonce}0"), &ProofNonces::new().issue()] {
            assert!(!nonces.is_good(foreign), "{foreign}");
        }
    }
}
