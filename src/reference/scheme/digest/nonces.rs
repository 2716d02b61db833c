//! Nonces of the server, and the counts that were used with each (RFC 7616 §3.3, §3.4).

use std::time::Duration;

use crate::clock;
use crate::reference::nonce::StampedNonces;
use crate::reference::used::OneTimeUses;

/// How long a nonce is accepted.
const LIFE: Duration = Duration::from_secs(300);
/// Nonces whose counts are remembered. Where more are in use, the older ones become stale.
const MOST: usize = 20_000;

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceStanding {
    /// It was issued here and lives.
    Good,
    /// It was issued here and has ended, or its count was used.
    Stale,
    /// It was not issued here.
    Foreign,
}

/// Nonces, and the highest count of each.
#[derive(Debug)]
pub(super) struct Nonces {
    stamped: StampedNonces,
    counts: OneTimeUses<u32>,
}

impl Nonces {
    pub(super) fn new() -> Self {
        Self { stamped: StampedNonces::new(), counts: OneTimeUses::new(MOST) }
    }

    /// A new nonce.
    pub(super) fn issue(&self) -> String {
        self.stamped.issue()
    }

    /// What a nonce is worth.
    pub(super) fn standing(&self, nonce: &str) -> NonceStanding {
        let Some(issued) = self.stamped.issued_at(nonce) else { return NonceStanding::Foreign };
        match issued < oldest() || self.counts.has_forgotten(issued) {
            true => NonceStanding::Stale,
            false => NonceStanding::Good,
        }
    }

    /// Takes a count of a nonce; false where it, or a higher one, was used.
    pub(super) fn take(&self, nonce: &str, count: u32) -> bool {
        let issued = self.stamped.issued_at(nonce).unwrap_or_default();
        self.counts.take_or(nonce, issued, oldest(), count, |highest| {
            let fresh = count > *highest;
            *highest = count.max(*highest);
            fresh
        })
    }
}

/// When the oldest nonce was issued that is accepted now.
fn oldest() -> i64 {
    clock::timestamp().as_millisecond() - LIFE.as_millis() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_taken_once_and_a_foreign_nonce_is_known() {
        let nonces = Nonces::new();
        let nonce = nonces.issue();
        assert_eq!(nonces.standing(&nonce), NonceStanding::Good);
        assert_eq!([1, 2, 2, 1, 5, 4].map(|count| nonces.take(&nonce, count)), [true, true, false, false, true, false]);
        for foreign in ["", "x", "1.2.3", &format!("{nonce}0"), &Nonces::new().issue()] {
            assert_eq!(nonces.standing(foreign), NonceStanding::Foreign, "{foreign}");
        }
    }

    #[test]
    fn what_is_forgotten_is_stale() {
        let nonces = Nonces { counts: OneTimeUses::new(2), ..Nonces::new() };
        let first = nonces.issue();
        assert!(nonces.take(&first, 1));
        let issued = nonces.stamped.issued_at(&first).expect("is its own");
        for number in 1..=2 {
            nonces.counts.take_or(&number.to_string(), issued + number, 0, 1, |_| false);
        }
        assert_eq!(nonces.standing(&first), NonceStanding::Stale);
        assert!(!nonces.take(&first, 2));
    }
}
