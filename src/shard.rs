//! One part of a run that is split over several machines.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most shards of a run.
pub const MOST: u32 = 4096;

/// One of several equal parts of a run. It is written `2/16`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shard {
    /// Which one, from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
}

impl Default for Shard {
    /// The only part of a run that is not split.
    fn default() -> Self {
        Self { index: 1, count: 1 }
    }
}

impl Shard {
    /// A part, counted from 1; none where it is out of range.
    pub fn new(index: u32, count: u32) -> Option<Self> {
        ((1..=count).contains(&index) && count <= MOST).then_some(Self { index, count })
    }

    /// Its place from 0.
    pub fn offset(self) -> u64 {
        u64::from(self.index - 1)
    }

    /// Whether the run is split at all.
    pub fn splits(self) -> bool {
        self.count > 1
    }

    /// Whether it is the last one: it runs what must come after the others.
    pub fn is_last(self) -> bool {
        self.index == self.count
    }

    /// This part of a number of equal things, such as connections; the first parts have one more where it does not divide.
    pub fn part_of(self, total: usize) -> usize {
        let (count, offset) = (self.count as usize, self.index as usize - 1);
        total / count + usize::from(offset < total % count)
    }

    /// This part of a list: every `count`-th element. Where there are fewer elements than shards, shards share them.
    pub fn members<T>(self, all: Vec<T>) -> Vec<T> {
        let (count, offset, total) = (self.count as usize, self.index as usize - 1, all.len());
        if total == 0 {
            return all;
        }
        let first = if total < count { offset % total } else { offset };
        let step = if total < count { total } else { count };
        all.into_iter().skip(first).step_by(step).collect()
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A text that names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a shard such as 2/16, from 1/n to n/n with n up to {MOST}")]
pub struct NotAShard;

impl FromStr for Shard {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<Self, NotAShard> {
        let read = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        read.and_then(|(index, count)| Self::new(index, count)).ok_or(NotAShard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_counted_from_one() {
        assert_eq!("2/16".parse::<Shard>().unwrap(), Shard { index: 2, count: 16 });
        for wrong in ["0/4", "5/4", "1", "1/0", "a/b", "1/5000", "-1/4", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn parts_are_disjoint_and_whole() {
        for (total, count) in [(10, 3), (16, 16), (1000, 7)] {
            let shards = || (1..=count).map(|index| Shard::new(index, count).unwrap());
            assert_eq!(shards().map(|shard| shard.part_of(total)).sum::<usize>(), total);
            let mut united: Vec<usize> = shards().flat_map(|shard| shard.members((0..total).collect())).collect();
            united.sort_unstable();
            assert_eq!(united, (0..total).collect::<Vec<_>>(), "{total} {count}");
        }
    }

    #[test]
    fn shards_share_what_there_is_too_little_of() {
        let got: Vec<_> = (1..=4).map(|index| Shard::new(index, 4).unwrap().members(vec!['a', 'b'])).collect();
        assert_eq!(got, [['a'], ['b'], ['a'], ['b']]);
    }
}
