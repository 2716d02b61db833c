//! The seconds of a phase of all shards, on one time axis, in little memory: of each second only the counts that occur.

use std::collections::BTreeMap;

use super::bootstrap::Blocks;
use crate::observe::{Interval, Latency, NoDistribution, Outcomes, encode, histogram};
use crate::shard::Shard;

/// Seconds of all shards.
#[derive(Debug, Default)]
pub(super) struct MergedSeconds {
    /// Start of the first shard's measuring, in seconds since 1970; the axis counts from it.
    origin: Option<f64>,
    seconds: BTreeMap<i64, Second>,
    blocks: Blocks,
}

/// One second of all shards.
#[derive(Debug, Default)]
struct Second {
    outcomes: Outcomes,
    unexpected: u64,
    /// Values of the distribution, in nanoseconds, in order, with their counts.
    counts: Vec<(u64, u64)>,
}

impl MergedSeconds {
    /// Adds the seconds of a shard that began measuring at a time; a shard that is late by less than half a second adds to the
    /// same seconds as the others.
    ///
    /// # Errors
    /// Where a distribution cannot be read.
    pub(super) fn add(
        &mut self,
        shard: Shard,
        began: Option<f64>,
        intervals: &[Interval],
    ) -> Result<(), NoDistribution> {
        let origin = *self.origin.get_or_insert(began.unwrap_or_default());
        let offset = began.map_or(0, |began| (began - origin).round() as i64);
        let length = intervals.iter().map(|interval| interval.start_s + interval.length_s).fold(0.0, f64::max);
        for interval in intervals {
            let second = self.seconds.entry(interval.start_s.floor() as i64 + offset).or_default();
            second.outcomes.add(&interval.outcomes);
            second.unexpected += interval.unexpected;
            let distribution = interval.decoded()?;
            let own: Vec<(u64, u64)> =
                distribution.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect();
            self.blocks.add(shard, interval.start_s / length.max(1.0), &own);
            add(&mut second.counts, &own);
        }
        Ok(())
    }

    pub(super) fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// The seconds of all shards, from the first one on.
    pub(super) fn merged(self) -> impl Iterator<Item = Interval> {
        let first = self.seconds.keys().next().copied().unwrap_or_default().min(0);
        self.seconds.into_iter().map(move |(at, second)| {
            let mut times = histogram();
            for (value, count) in &second.counts {
                times.saturating_record_n(*value, *count);
            }
            Interval {
                start_s: (at - first) as f64,
                length_s: 1.0,
                outcomes: second.outcomes,
                unexpected: second.unexpected,
                response_time_us: Latency::of(&times),
                histogram: encode(&times),
            }
        })
    }
}

/// Adds counts in order to counts in order.
fn add(to: &mut Vec<(u64, u64)>, other: &[(u64, u64)]) {
    let mut sum = Vec::with_capacity(to.len().max(other.len()));
    let (mut one, mut two) = (to.iter().copied().peekable(), other.iter().copied().peekable());
    loop {
        match (one.peek(), two.peek()) {
            (Some(a), Some(b)) if a.0 == b.0 => {
                sum.push((a.0, a.1 + b.1));
                one.next();
                two.next();
            }
            (Some(a), Some(b)) if a.0 < b.0 => {
                sum.push(*a);
                one.next();
            }
            (Some(_) | None, Some(b)) => {
                sum.push(*b);
                two.next();
            }
            (Some(a), None) => {
                sum.push(*a);
                one.next();
            }
            (None, None) => break,
        }
    }
    *to = sum;
}
