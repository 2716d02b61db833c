//! When each request is due. A closed model has no pacer.

use std::time::Duration;

use super::points::Points;
use crate::shard::Shard;

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArrivalProcess {
    /// At equal distances; requests a second.
    Constant(f64),
    /// From one rate to another over the measured time; requests a second.
    Ramp(f64, f64),
    /// From one rate to another in this many steps of equal length and height; requests a second.
    Staircase(f64, f64, u32),
    /// At random distances with this mean rate, as independent clients do.
    Poisson(f64),
}

impl ArrivalProcess {
    /// Mean rate over the measured time, in requests a second.
    pub fn mean_rate(self) -> f64 {
        match self {
            ArrivalProcess::Constant(rate) | ArrivalProcess::Poisson(rate) => rate,
            ArrivalProcess::Ramp(from, to) | ArrivalProcess::Staircase(from, to, _) => f64::midpoint(from, to),
        }
    }

    /// Rate that the schedule asks for at a point of the measured time.
    pub fn rate_at(self, at: Duration, length: Duration) -> f64 {
        let segments = segments(self, Duration::ZERO, length);
        let at = at.as_secs_f64();
        let current = segments.iter().rfind(|segment| segment.at <= at).unwrap_or(&segments[0]);
        let share = if current.length > 0.0 { ((at - current.at) / current.length).clamp(0.0, 1.0) } else { 0.0 };
        current.from + (current.to - current.from) * share
    }
}

/// A part of a schedule in which the rate changes evenly.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// First index in it; the indices of a schedule are real numbers, so that parts meet without a gap.
    index: f64,
    /// Its begin, in seconds.
    at: f64,
    /// Its length, in seconds.
    length: f64,
    from: f64,
    to: f64,
}

impl Segment {
    fn count(&self) -> f64 {
        f64::midpoint(self.from, self.to) * self.length
    }

    /// When an index of it is due, in seconds from the start of the schedule.
    fn due(&self, index: f64) -> f64 {
        let index = index - self.index;
        // the integral of the rate up to t is the index: (to - from) / 2L t² + from t = index
        let slope = (self.to - self.from) / self.length;
        let within = if slope.abs() < 1e-9 {
            index / self.from
        } else {
            ((self.from * self.from + 2.0 * slope * index).max(0.0).sqrt() - self.from) / slope
        };
        self.at + within
    }
}

/// The warm-up runs at the first rate; the shape begins with the measured time.
fn segments(arrivals: ArrivalProcess, warmup: Duration, length: Duration) -> Vec<Segment> {
    let (warmup, length) = (warmup.as_secs_f64(), length.as_secs_f64());
    let parts: Vec<(f64, f64, f64)> = match arrivals {
        ArrivalProcess::Constant(rate) | ArrivalProcess::Poisson(rate) => vec![(warmup + length, rate, rate)],
        ArrivalProcess::Ramp(from, to) => vec![(warmup, from, from), (length, from, to)],
        ArrivalProcess::Staircase(from, to, steps) => {
            let steps = steps.max(1);
            let rate = |step: u32| from + (to - from) * f64::from(step) / f64::from((steps - 1).max(1));
            let stairs = (0..steps).map(|step| (length / f64::from(steps), rate(step), rate(step)));
            std::iter::once((warmup, from, from)).chain(stairs).collect()
        }
    };
    let (mut index, mut at) = (0.0, 0.0);
    let segments = parts.into_iter().filter(|(length, ..)| *length > 0.0).map(|(length, from, to)| {
        let segment = Segment { index, at, length, from, to };
        index += segment.count();
        at += length;
        segment
    });
    let segments: Vec<_> = segments.collect();
    if segments.is_empty() { vec![Segment { index, at, length: 0.0, from: 1.0, to: 1.0 }] } else { segments }
}

/// Which arrivals one worker takes: arrivals are numbered over all workers of all shards, and each worker takes every n-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stride {
    first: u64,
    step: u64,
}

impl Stride {
    /// The numbers of one of several workers of a shard. Those of a shard do not depend on how many workers share them.
    pub fn of(shard: Shard, worker: usize, workers: usize) -> Self {
        let shards = u64::from(shard.count);
        Self { first: shards * worker as u64 + shard.offset(), step: shards * workers.max(1) as u64 }
    }

    /// The number of this worker's arrival `n`.
    pub fn number(self, n: u64) -> u64 {
        n * self.step + self.first
    }

    /// The first number of this worker at or above another.
    pub(super) fn at_or_above(self, number: u64) -> u64 {
        self.number(number.saturating_sub(self.first).div_ceil(self.step))
    }

    pub(super) fn step(self) -> u64 {
        self.step
    }
}

/// An arrival of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// When it is due, from the start of the phase.
    pub due: Duration,
    /// Its number in the schedule of all workers of all shards.
    pub number: u64,
}

/// One worker's part of a schedule: absolute, so that nothing drifts and a stall postpones nothing.
#[derive(Debug)]
pub struct Pacer {
    segments: Vec<Segment>,
    current: usize,
    end: f64,
    stride: Stride,
    next: u64,
    random: Option<Points>,
}

impl Pacer {
    /// A worker's part of a phase with this warm-up and this measured time.
    pub fn new(arrivals: ArrivalProcess, (warmup, duration): (Duration, Duration), stride: Stride, seed: u64) -> Self {
        let random = match arrivals {
            ArrivalProcess::Poisson(rate) => Some(Points::new(rate, stride, seed)),
            _ => None,
        };
        Self {
            segments: segments(arrivals, warmup, duration),
            current: 0,
            end: (warmup + duration).as_secs_f64(),
            stride,
            next: 0,
            random,
        }
    }

    /// This worker's share of the current rate, in requests a second.
    pub(super) fn own_rate(&self) -> f64 {
        let current = &self.segments[self.current];
        current.from.max(current.to) / self.stride.step as f64
    }
}

impl Iterator for Pacer {
    type Item = Arrival;

    /// This worker's next arrival; none past the end of the phase.
    fn next(&mut self) -> Option<Arrival> {
        let (at, number) = match &mut self.random {
            Some(points) => points.next(),
            None => {
                let number = self.stride.number(self.next);
                self.next += 1;
                let index = number as f64;
                while self.segments.get(self.current + 1).is_some_and(|next| next.index <= index) {
                    self.current += 1;
                }
                (self.segments[self.current].due(index), number)
            }
        };
        // a nanosecond short of the end is rounding
        (at + 1e-9 < self.end).then(|| Arrival { due: Duration::from_secs_f64(at), number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);
    const KINDS: [ArrivalProcess; 4] = [
        ArrivalProcess::Constant(300.0),
        ArrivalProcess::Ramp(100.0, 500.0),
        ArrivalProcess::Staircase(100.0, 500.0, 5),
        ArrivalProcess::Poisson(300.0),
    ];

    /// The arrivals of some shards, each with as many workers as are said.
    fn all(arrivals: ArrivalProcess, warmup: Duration, workers_by_shard: &[usize]) -> Vec<Arrival> {
        let mut all = Vec::new();
        for (index, workers) in (1..).zip(workers_by_shard) {
            let shard = Shard::new(index, workers_by_shard.len() as u32).unwrap();
            for worker in 0..*workers {
                let pacer = Pacer::new(arrivals, (warmup, TEN), Stride::of(shard, worker, *workers), 7);
                let own: Vec<_> = pacer.collect();
                assert!(own.is_sorted(), "a worker sends in order");
                all.extend(own);
            }
        }
        all.sort_unstable();
        all
    }

    #[test]
    fn a_schedule_is_the_same_however_many_workers_and_shards_share_it() {
        for arrivals in KINDS {
            let one = all(arrivals, Duration::ZERO, &[1]);
            let uneven: Vec<usize> = (1..=16).collect();
            for split in [&[3][..], &[1; 16], &uneven, &[2; 7]] {
                assert_eq!(one, all(arrivals, Duration::ZERO, split), "{arrivals:?} over {split:?}");
            }
            let mut numbers: Vec<u64> = one.iter().map(|arrival| arrival.number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), one.len(), "each number is given once");
            if !matches!(arrivals, ArrivalProcess::Poisson(_)) {
                assert_eq!(one.len(), 3000, "{arrivals:?}");
            }
        }
    }

    #[test]
    fn a_staircase_keeps_each_rate_for_its_step() {
        let arrivals = all(ArrivalProcess::Staircase(100.0, 500.0, 5), Duration::ZERO, &[2]);
        for (step, expected) in [200, 400, 600, 800, 1000].into_iter().enumerate() {
            let start = Duration::from_secs(2 * step as u64);
            let within = arrivals.iter().filter(|one| (start..start + Duration::from_secs(2)).contains(&one.due));
            assert_eq!(within.count(), expected, "step {step}");
        }
    }

    #[test]
    fn the_shape_begins_with_the_measured_time() {
        let warmup = Duration::from_secs(3);
        let arrivals = all(ArrivalProcess::Ramp(100.0, 500.0), warmup, &[1]);
        assert_eq!(arrivals.iter().filter(|one| one.due < warmup).count(), 300);
        assert_eq!(arrivals.len(), 3300);
    }

    #[test]
    fn the_rate_of_a_moment_is_known() {
        for (arrivals, at, expected) in [
            (ArrivalProcess::Constant(50.0), 9, 50.0),
            (ArrivalProcess::Ramp(100.0, 500.0), 5, 300.0),
            (ArrivalProcess::Staircase(100.0, 500.0, 5), 5, 300.0),
            (ArrivalProcess::Staircase(100.0, 500.0, 5), 9, 500.0),
        ] {
            assert_eq!(arrivals.rate_at(Duration::from_secs(at), TEN), expected, "{arrivals:?} at {at}");
        }
    }
}
