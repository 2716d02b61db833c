//! When each request is due. A closed model has no pacer.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How requests arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// At equal distances; requests a second.
    Constant(f64),
    /// From one rate to another over the whole phase; requests a second.
    Ramp(f64, f64),
    /// At random distances with this mean rate, as independent clients do.
    Poisson(f64),
}

impl Arrivals {
    /// Mean rate over a phase, in requests a second.
    pub fn mean_rate(self) -> f64 {
        match self {
            Arrivals::Constant(rate) | Arrivals::Poisson(rate) => rate,
            Arrivals::Ramp(from, to) => f64::midpoint(from, to),
        }
    }
}

/// One worker's part of a schedule: absolute, so that nothing drifts and a stall postpones nothing.
#[derive(Debug)]
pub struct Pacer {
    arrivals: Arrivals,
    length: f64,
    worker: u64,
    workers: u64,
    rng: StdRng,
    /// Due time of the last random arrival, in seconds.
    last: f64,
}

impl Pacer {
    /// The part of one of several workers in a phase of this length.
    pub fn new(arrivals: Arrivals, length: Duration, worker: usize, workers: usize, seed: u64) -> Self {
        Self {
            arrivals,
            length: length.as_secs_f64(),
            worker: worker as u64,
            workers: workers as u64,
            rng: StdRng::seed_from_u64(seed ^ (worker as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            last: 0.0,
        }
    }

    /// When this worker's request `n` is due, from the begin of the phase; none past its end. Asked in order.
    pub fn due(&mut self, n: u64) -> Option<Duration> {
        let index = (n * self.workers + self.worker) as f64;
        let at = match self.arrivals {
            Arrivals::Constant(rate) => index / rate,
            Arrivals::Ramp(from, to) => {
                // the integral of the rate up to t is the index: (to - from) / 2L t² + from t = index
                let slope = (to - from) / self.length;
                if slope.abs() < 1e-9 {
                    index / from
                } else {
                    let root = from * from + 2.0 * slope * index;
                    if root < 0.0 {
                        return None;
                    }
                    (root.sqrt() - from) / slope
                }
            }
            Arrivals::Poisson(rate) => {
                // a thinned Poisson process is one again: each worker draws its own
                let own = rate / self.workers as f64;
                let uniform: f64 = self.rng.random();
                self.last -= (1.0 - uniform).ln() / own;
                self.last
            }
        };
        (at < self.length).then(|| Duration::from_secs_f64(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(arrivals: Arrivals, workers: usize) -> Vec<Duration> {
        let mut due = Vec::new();
        for worker in 0..workers {
            let mut pacer = Pacer::new(arrivals, Duration::from_secs(10), worker, workers, 7);
            due.extend((0..).map_while(|n| pacer.due(n)));
        }
        due.sort();
        due
    }

    #[test]
    fn a_schedule_is_the_same_however_many_workers_share_it() {
        for arrivals in [Arrivals::Constant(300.0), Arrivals::Ramp(100.0, 500.0)] {
            assert_eq!(all(arrivals, 1), all(arrivals, 3), "{arrivals:?}");
            assert_eq!(all(arrivals, 1).len(), 3000, "{arrivals:?}");
        }
    }

    #[test]
    fn random_arrivals_keep_their_mean_and_their_seed() {
        let count = all(Arrivals::Poisson(1000.0), 2).len();
        assert!((9500..10500).contains(&count), "{count}");
        assert_eq!(all(Arrivals::Poisson(100.0), 2), all(Arrivals::Poisson(100.0), 2));
    }
}
