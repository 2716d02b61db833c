//! When each request is due. A closed model has no pacer.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

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

    /// When an index of it is due, in seconds from the begin of the schedule.
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

/// One worker's part of a schedule: absolute, so that nothing drifts and a stall postpones nothing.
#[derive(Debug)]
pub struct Pacer {
    segments: Vec<Segment>,
    current: usize,
    end: f64,
    worker: u64,
    workers: u64,
    random: Option<StdRng>,
    /// Due time of the last random arrival, in seconds.
    last: f64,
}

impl Pacer {
    /// The part of one of several workers in a phase with this warm-up and this measured time.
    pub fn new(
        arrivals: ArrivalProcess,
        (warmup, duration): (Duration, Duration),
        (worker, workers): (usize, usize),
        seed: u64,
    ) -> Self {
        let seed = seed ^ (worker as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self {
            segments: segments(arrivals, warmup, duration),
            current: 0,
            end: (warmup + duration).as_secs_f64(),
            worker: worker as u64,
            workers: workers as u64,
            random: matches!(arrivals, ArrivalProcess::Poisson(_)).then(|| StdRng::seed_from_u64(seed)),
            last: 0.0,
        }
    }

    /// When this worker's request `n` is due, from the begin of the phase; none past its end. Asked in order.
    pub fn due(&mut self, n: u64) -> Option<Duration> {
        let at = match &mut self.random {
            // a thinned Poisson process is one again: each worker draws its own
            Some(random) => {
                let own = self.segments[0].from / self.workers as f64;
                let uniform: f64 = random.random();
                self.last -= (1.0 - uniform).ln() / own;
                self.last
            }
            None => {
                let index = (n * self.workers + self.worker) as f64;
                while self.segments.get(self.current + 1).is_some_and(|next| next.index <= index) {
                    self.current += 1;
                }
                self.segments[self.current].due(index)
            }
        };
        // a nanosecond short of the end is rounding
        (at + 1e-9 < self.end).then(|| Duration::from_secs_f64(at))
    }

    /// This worker's share of the current rate, in requests a second.
    pub(super) fn own_rate(&self) -> f64 {
        let current = &self.segments[self.current];
        current.from.max(current.to) / self.workers as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn all(arrivals: ArrivalProcess, warmup: Duration, workers: usize) -> Vec<Duration> {
        let mut due = Vec::new();
        for worker in 0..workers {
            let mut pacer = Pacer::new(arrivals, (warmup, TEN), (worker, workers), 7);
            due.extend((0..).map_while(|n| pacer.due(n)));
        }
        due.sort();
        due
    }

    #[test]
    fn a_schedule_is_the_same_however_many_workers_share_it() {
        for arrivals in [
            ArrivalProcess::Constant(300.0),
            ArrivalProcess::Ramp(100.0, 500.0),
            ArrivalProcess::Staircase(100.0, 500.0, 5),
        ] {
            assert_eq!(all(arrivals, Duration::ZERO, 1), all(arrivals, Duration::ZERO, 3), "{arrivals:?}");
            assert_eq!(all(arrivals, Duration::ZERO, 1).len(), 3000, "{arrivals:?}");
        }
    }

    #[test]
    fn a_staircase_keeps_each_rate_for_its_step() {
        let due = all(ArrivalProcess::Staircase(100.0, 500.0, 5), Duration::ZERO, 2);
        for (step, expected) in [200, 400, 600, 800, 1000].into_iter().enumerate() {
            let begin = Duration::from_secs(2 * step as u64);
            let within = due.iter().filter(|due| (begin..begin + Duration::from_secs(2)).contains(*due));
            assert_eq!(within.count(), expected, "step {step}");
        }
    }

    #[test]
    fn the_shape_begins_with_the_measured_time() {
        let warmup = Duration::from_secs(3);
        let due = all(ArrivalProcess::Ramp(100.0, 500.0), warmup, 1);
        assert_eq!(due.iter().filter(|due| **due < warmup).count(), 300);
        assert_eq!(due.len(), 3300);
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

    #[test]
    fn random_arrivals_keep_their_mean_and_their_seed() {
        let count = all(ArrivalProcess::Poisson(1000.0), Duration::ZERO, 2).len();
        assert!((9500..10500).contains(&count), "{count}");
        let poisson = ArrivalProcess::Poisson(100.0);
        assert_eq!(all(poisson, Duration::ZERO, 2), all(poisson, Duration::ZERO, 2));
    }
}
