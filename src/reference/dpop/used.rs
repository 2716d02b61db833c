//! Proofs that were used, remembered for as long as they would be accepted and no longer (RFC 9449 §11.1).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::{AHEAD, OLDEST};
use crate::clock;

/// Proofs that are remembered. Where more are in use, the older half is forgotten, and what is no younger is refused.
const MOST: usize = 1 << 18;
/// Proofs between two looks for those that have ended.
const SWEEP: usize = 1 << 15;

/// Identifiers of proofs, hashed, with the times of their proofs.
#[derive(Debug, Default)]
pub(super) struct UsedProofs(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    made: HashMap<[u8; 16], i64>,
    since_sweep: usize,
    /// Proofs that were made up to this time are refused.
    forgotten: i64,
}

impl UsedProofs {
    /// Takes a proof; false where it was taken before, or may have been.
    pub(super) fn take(&self, id: &str, made: i64) -> bool {
        let hash = Sha256::digest(id);
        let (short, _) = hash.split_first_chunk().expect("a SHA-256 value has 32 bytes");
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.since_sweep += 1;
        if seen.since_sweep > SWEEP {
            let ended = clock::unix_seconds() - OLDEST - AHEAD;
            seen.made.retain(|_, made| *made >= ended);
            seen.since_sweep = 0;
        }
        if seen.made.len() >= MOST {
            let mut times: Vec<i64> = seen.made.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            seen.made.retain(|_, made| *made > middle);
            seen.forgotten = seen.forgotten.max(middle);
        }
        made > seen.forgotten && seen.made.insert(*short, made).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_taken_once_and_memory_is_bounded() {
        let (replays, now) = (UsedProofs::default(), clock::unix_seconds());
        assert!(replays.take("first", now));
        assert!(!replays.take("first", now) && replays.take("second", now));
        for number in 0..=MOST {
            replays.take(&number.to_string(), now + 1);
        }
        assert!(replays.0.lock().expect("is free").made.len() <= MOST);
        assert!(!replays.take("first", now), "what was forgotten is refused");
    }
}
