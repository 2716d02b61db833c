//! What may be used once, or in order: remembered for as long as it could be used again, and in bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

/// How often what is over is removed while the memory fills once.
const SWEEPS: usize = 8;

/// The start of a hash of an identifier: as good as the text, and of one size.
type Mark = [u8; 16];

/// Uses of things that have an identifier and name a time. Where there is no room for more, those of the older half of the times
/// are forgotten, and what is no younger is refused from then on.
#[derive(Debug)]
pub(crate) struct OneTimeUses<V = ()> {
    /// Things that are remembered.
    most: usize,
    memory: Mutex<Memory<V>>,
}

#[derive(Debug)]
struct Memory<V> {
    /// With their times, and what is known of each.
    known: HashMap<Mark, (i64, V)>,
    since_sweep: usize,
    /// What names this time or an earlier one is refused.
    forgotten: i64,
}

impl<V> OneTimeUses<V> {
    /// An empty memory with room for so many.
    pub(crate) fn new(most: usize) -> Self {
        let memory = Memory { known: HashMap::new(), since_sweep: 0, forgotten: i64::MIN };
        Self { most, memory: Mutex::new(memory) }
    }

    fn memory(&self) -> MutexGuard<'_, Memory<V>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether things of a time are refused because they may have been forgotten.
    pub(crate) fn has_forgotten(&self, time: i64) -> bool {
        time <= self.memory().forgotten
    }

    /// Takes a thing that names a time: of a new one `first` is kept, and of a known one `again` decides. What names a time before
    /// `over` is refused for its time alone, and need not be remembered. False where it may not be used.
    pub(crate) fn take_or(&self, id: &str, time: i64, over: i64, first: V, again: impl FnOnce(&mut V) -> bool) -> bool {
        let hash = Sha256::digest(id);
        let (mark, _) = hash.split_first_chunk().expect("a SHA-256 value has 32 bytes");
        let mut memory = self.memory();
        if time <= memory.forgotten {
            return false;
        }
        if let Some((_, known)) = memory.known.get_mut(mark) {
            return again(known);
        }
        memory.since_sweep += 1;
        if memory.since_sweep > self.most / SWEEPS || memory.known.len() >= self.most {
            memory.known.retain(|_, (time, _)| *time >= over);
            memory.since_sweep = 0;
        }
        if memory.known.len() >= self.most {
            let mut times: Vec<i64> = memory.known.values().map(|(time, _)| *time).collect();
            let (_, middle, _) = times.select_nth_unstable(self.most / 2);
            let middle = *middle;
            memory.known.retain(|_, (time, _)| *time > middle);
            memory.forgotten = middle;
        }
        let is_taken = time > memory.forgotten;
        if is_taken {
            memory.known.insert(*mark, (time, first));
        }
        is_taken
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.memory().known.len()
    }
}

impl OneTimeUses {
    /// Takes a thing that may be used once; false where it was used, or may have been.
    pub(crate) fn take(&self, id: &str, time: i64, over: i64) -> bool {
        self.take_or(id, time, over, (), |()| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_taken_once_whatever_its_time() {
        let uses = OneTimeUses::new(100);
        assert!(uses.take("one", 1000, 700));
        assert!(!uses.take("one", 1000, 701) && !uses.take("one", 1002, 702));
        assert!(uses.take("two", 0, 700) && uses.take("three", -1, 700) && uses.take("four", i64::MAX, 700));
    }

    #[test]
    fn what_is_known_decides_whether_it_is_used_again() {
        let uses = OneTimeUses::new(100);
        let grows = |count: u32| {
            uses.take_or("nonce", 1, 0, count, |highest| std::mem::replace(highest, count.max(*highest)) < count)
        };
        assert_eq!([1, 2, 2, 1, 5, 4].map(grows), [true, true, false, false, true, false]);
    }

    #[test]
    fn memory_is_bounded_and_nothing_that_was_forgotten_is_accepted() {
        let uses = OneTimeUses::new(100);
        let id = |number: i64| number.to_string();
        for number in 0..1000 {
            uses.take(&id(number), 10_000 + number / 50, 9_720);
            assert!(uses.len() <= 100, "{}", uses.len());
        }
        for number in 0..1000 {
            assert!(!uses.take(&id(number), 10_000 + number / 50, 9_720), "{number}");
        }
        assert!(uses.has_forgotten(10_000) && !uses.has_forgotten(10_021));
        assert!(uses.take("new", 10_021, 9_721));
        // what is over makes room by itself
        for number in 0..100 {
            assert!(uses.take(&format!("later {number}"), 20_000, 19_700), "{number}");
        }
        assert!(uses.len() <= 100);
    }
}
