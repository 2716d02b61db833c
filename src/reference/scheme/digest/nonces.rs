//! Nonces of the server, and the counts that were used with each (RFC 7616 §3.3, §3.4).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::reference::random::random_text;

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

/// Issues nonces that need no memory until they are used.
#[derive(Debug)]
pub(super) struct Nonces {
    key: String,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// The highest count of each nonce, with the time of its issue.
    counts: HashMap<String, (i64, u32)>,
    /// Nonces that were issued up to this time are stale.
    forgotten: i64,
}

impl Nonces {
    pub(super) fn new() -> Self {
        Self { key: random_text(32), used: Mutex::default() }
    }

    /// A nonce: the time, something random, and a hash that only this server can make.
    pub(super) fn issue(&self) -> String {
        let start = format!("{:x}.{}", clock::timestamp().as_millisecond(), random_text(12));
        format!("{start}.{}", self.mark(&start))
    }

    fn mark(&self, start: &str) -> String {
        let hash = Sha256::digest(format!("{}:{start}", self.key));
        hash[..12].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What a nonce is worth.
    pub(super) fn standing(&self, nonce: &str) -> NonceStanding {
        let issued = nonce.rsplit_once('.').filter(|(start, mark)| self.mark(start) == *mark).and_then(|(start, _)| {
            let (time, _) = start.split_once('.')?;
            i64::from_str_radix(time, 16).ok()
        });
        let Some(issued) = issued else { return NonceStanding::Foreign };
        let age = clock::timestamp().as_millisecond() - issued;
        let forgotten = self.used.lock().unwrap_or_else(PoisonError::into_inner).forgotten;
        if age > LIFE.as_millis() as i64 || issued <= forgotten { NonceStanding::Stale } else { NonceStanding::Good }
    }

    /// Takes a count of a nonce; false where it, or a higher one, was used.
    pub(super) fn take(&self, nonce: &str, count: u32) -> bool {
        let issued = nonce.split_once('.').and_then(|(time, _)| i64::from_str_radix(time, 16).ok()).unwrap_or_default();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, highest)) = used.counts.get_mut(nonce) {
            let fresh = count > *highest;
            *highest = count.max(*highest);
            return fresh;
        }
        if used.counts.len() >= MOST {
            let mut times: Vec<i64> = used.counts.values().map(|(issued, _)| *issued).collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            used.counts.retain(|_, (issued, _)| *issued > middle);
            used.forgotten = used.forgotten.max(middle);
        }
        used.counts.insert(nonce.to_owned(), (issued, count));
        true
    }
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
    fn memory_is_bounded_and_what_is_forgotten_is_stale() {
        let nonces = Nonces::new();
        let first = nonces.issue();
        assert!(nonces.take(&first, 1));
        for number in 0..MOST {
            nonces.take(&format!("{:x}.{number}.x", i64::MAX - 1), 1);
        }
        assert!(nonces.used.lock().expect("is free").counts.len() <= MOST);
        assert_eq!(nonces.standing(&first), NonceStanding::Stale);
    }
}
