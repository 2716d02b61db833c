//! Nonces that were used, for as long as their signatures could be accepted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::WINDOW;

/// Nonces that are remembered. Where more are used within the window, the older ones are forgotten, and what is as old is
/// refused from then on.
const MOST: usize = 1 << 18;

/// The start of a hash of what was used: as good as the text, and of one size.
type Mark = [u8; 16];

/// What was used.
#[derive(Debug)]
pub(crate) struct Replays {
    most: usize,
    used: Mutex<UsedNonces>,
}

#[derive(Debug, Default)]
struct UsedNonces {
    /// With the time that each was signed with.
    times: HashMap<Mark, i64>,
    /// What was signed up to this time is refused.
    forgotten: i64,
}

impl Default for Replays {
    fn default() -> Self {
        Self { most: MOST, used: Mutex::default() }
    }
}

impl Replays {
    /// Takes a nonce of a key; false where it was used, or may have been.
    pub(crate) fn take(&self, (key_id, nonce): (&str, &str), time: i64, now: i64) -> bool {
        let mut mark = Mark::default();
        mark.copy_from_slice(&Sha256::digest(format!("{key_id}\n{nonce}"))[..16]);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if time <= used.forgotten {
            return false;
        }
        if used.times.len() >= self.most {
            used.times.retain(|_, time| now - *time <= WINDOW);
        }
        if used.times.len() >= self.most {
            let mut times: Vec<i64> = used.times.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(self.most / 2);
            let middle = *middle;
            used.times.retain(|_, time| *time > middle);
            used.forgotten = middle;
        }
        time > used.forgotten && used.times.insert(mark, time).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_taken_once_for_each_key() {
        let replays = Replays::default();
        assert!(replays.take(("a", "one"), 1000, 1000));
        assert!(!replays.take(("a", "one"), 1000, 1001));
        assert!(!replays.take(("a", "one"), 1002, 1002), "whatever its time");
        assert!(replays.take(("b", "one"), 1000, 1000));
    }

    #[test]
    fn memory_is_bounded_and_nothing_that_was_forgotten_is_accepted() {
        let replays = Replays { most: 100, ..Replays::default() };
        for number in 0..1000 {
            replays.take(("a", &number.to_string()), 10_000 + number / 50, 10_020);
            let used = replays.used.lock().expect("is free");
            assert!(used.times.len() <= 100, "{}", used.times.len());
        }
        for number in 0..1000 {
            assert!(!replays.take(("a", &number.to_string()), 10_000 + number / 50, 10_020), "{number}");
        }
        assert!(replays.take(("a", "new"), 10_021, 10_021));
        // what has left the window makes room by itself
        for number in 0..99 {
            assert!(replays.take(("c", &number.to_string()), 20_000, 20_000), "{number}");
        }
    }
}
