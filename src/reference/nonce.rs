//! Nonces that need no memory until they are used: the time of their issue, something random, and a mark that only the server that
//! issued them can make.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::random::random_text;
use crate::clock;

/// Issues such nonces, and knows them again.
#[derive(Debug)]
pub(crate) struct StampedNonces {
    key: String,
}

impl StampedNonces {
    /// Those of one server.
    pub(crate) fn new() -> Self {
        Self { key: random_text(32) }
    }

    /// A new one.
    pub(crate) fn issue(&self) -> String {
        let start = format!("{:x}.{}", clock::timestamp().as_millisecond(), random_text(12));
        format!("{start}.{}", self.mark(&start))
    }

    fn mark(&self, start: &str) -> String {
        let hash = Sha256::digest(format!("{}:{start}", self.key));
        hash[..12].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// When a nonce was issued here, in milliseconds since 1970; none where it was issued elsewhere.
    pub(crate) fn issued_at(&self, nonce: &str) -> Option<i64> {
        let (start, mark) = nonce.rsplit_once('.')?;
        let is_own = bool::from(self.mark(start).as_bytes().ct_eq(mark.as_bytes()));
        is_own.then(|| i64::from_str_radix(start.split_once('.')?.0, 16).ok())?
    }

    /// How long ago a nonce was issued here, in milliseconds; none where it was issued elsewhere.
    pub(crate) fn age(&self, nonce: &str) -> Option<i64> {
        Some(clock::timestamp().as_millisecond().saturating_sub(self.issued_at(nonce)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_nonces_are_known() {
        let nonces = StampedNonces::new();
        let nonce = nonces.issue();
        assert!(nonces.age(&nonce).is_some_and(|age| age < 3_600_000));
        assert_ne!(nonces.issue(), nonce);
        for foreign in ["", "x", "1.2.3", &format!("{nonce}0"), &StampedNonces::new().issue()] {
            assert_eq!(nonces.issued_at(foreign), None, "{foreign}");
        }
    }
}
