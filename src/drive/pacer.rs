//! When requests of the open model are due: a schedule that is fixed before the first one leaves.
//!
//! A schedule is a rate over time, made of straight pieces, and a spacing. The rate says how many requests are due up
//! to a time; its inverse says when the n-th is due. Nothing accumulates, so no rounding drifts, and workers share a
//! schedule without talking to each other.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// A piece of a schedule in which the rate changes evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// Seconds.
    length: f64,
    /// Requests a second at its start.
    from: f64,
    /// Requests a second at its end.
    to: f64,
}

impl Piece {
    /// Requests that are due in it.
    fn requests(&self) -> f64 {
        self.length * (self.from + self.to) / 2.0
    }

    /// Seconds into the piece at which this many requests are due.
    fn time_of(&self, requests: f64) -> f64 {
        if requests <= 0.0 {
            return 0.0;
        }
        let slope = (self.to - self.from) / self.length;
        // requests = from·t + slope·t²/2, solved in the form that does not cancel
        let root = (self.from * self.from + 2.0 * slope * requests).max(0.0).sqrt();
        2.0 * requests / (self.from + root)
    }
}

/// How requests are spread around the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spacing {
    /// At equal distances.
    Even,
    /// At random, independently of each other, as many independent clients do.
    Poisson,
}

/// The arrivals of a load phase: a rate over time and a spacing.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    pieces: Vec<Piece>,
    spacing: Spacing,
}

impl Arrivals {
    /// The same rate throughout, in requests a second.
    pub fn constant(rate: f64) -> Self {
        Self::of(vec![Piece { length: 0.0, from: rate, to: rate }])
    }

    /// A rate that changes evenly from one to another over a time, and stays there. Requests a second.
    pub fn ramp(from: f64, to: f64, over: Duration) -> Self {
        Self::of(vec![Piece { length: over.as_secs_f64(), from, to }])
    }

    /// Steps of a rate in requests a second, each held for its time; the last holds on.
    pub fn staircase(steps: &[(f64, Duration)]) -> Self {
        let pieces = steps.iter().map(|(rate, held)| Piece { length: held.as_secs_f64(), from: *rate, to: *rate });
        Self::of(pieces.collect())
    }

    /// The same rate over time with random, independent arrivals.
    #[must_use]
    pub fn poisson(self) -> Self {
        Self { spacing: Spacing::Poisson, ..self }
    }

    fn of(pieces: Vec<Piece>) -> Self {
        Self { pieces, spacing: Spacing::Even }
    }

    /// The same arrivals after a time at their first rate.
    #[must_use]
    pub fn after(mut self, warmup: Duration) -> Self {
        let first = self.pieces.first().map_or(0.0, |piece| piece.from);
        self.pieces.insert(0, Piece { length: warmup.as_secs_f64(), from: first, to: first });
        self
    }

    /// Requests that the rate asks for up to a time.
    pub fn requests_until(&self, time: Duration) -> f64 {
        let mut left = time.as_secs_f64();
        let mut requests = 0.0;
        for piece in &self.pieces {
            let length = piece.length.min(left);
            let to = if piece.length == 0.0 {
                piece.to
            } else {
                piece.from + (piece.to - piece.from) * length / piece.length
            };
            requests += Piece { length, from: piece.from, to }.requests();
            left -= length;
        }
        requests + left * self.last_rate()
    }

    fn last_rate(&self) -> f64 {
        self.pieces.last().map_or(0.0, |piece| piece.to)
    }

    /// When the rate asks for this many requests; `None` if it never does.
    pub fn time_of(&self, requests: f64) -> Option<Duration> {
        let mut before = 0.0;
        let mut left = requests;
        for piece in &self.pieces {
            let inside = piece.requests();
            if left < inside {
                return Some(Duration::from_secs_f64(before + piece.time_of(left)));
            }
            left -= inside;
            before += piece.length;
        }
        let held = left / self.last_rate();
        Duration::try_from_secs_f64(before + held).ok().filter(|_| held.is_finite())
    }

    /// When request `n`, from 0, is due; `None` if it never is. Even spacing; random arrivals have a [`Schedule`] only.
    pub fn due(&self, n: u64) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "2^53 requests take longer than any phase")]
        self.time_of(n as f64)
    }

    /// The part of one worker out of `workers`.
    pub fn schedule(&self, worker: usize, workers: usize, seed: u64) -> Schedule {
        let workers = workers.max(1);
        let random = match self.spacing {
            Spacing::Even => None,
            Spacing::Poisson => Some(StdRng::seed_from_u64(seed ^ (worker as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        };
        let mut schedule = Schedule { arrivals: self.clone(), step: workers as f64, position: worker as f64, random };
        if schedule.random.is_some() {
            schedule.position = 0.0;
            schedule.advance();
        }
        schedule
    }
}

/// The due times of one worker, in order.
#[derive(Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    step: f64,
    /// Requests of all workers that are due before this worker's next one.
    position: f64,
    random: Option<StdRng>,
}

impl Schedule {
    /// When the next request is due, from the start of the phase.
    pub fn due(&self) -> Option<Duration> {
        self.arrivals.time_of(self.position)
    }

    /// Goes on to the request after it.
    pub fn advance(&mut self) {
        // Independent Poisson streams of a rate each add up to one of the sum of their rates.
        let gaps = self.random.as_mut().map_or(1.0, |random| -(1.0 - random.random::<f64>()).ln());
        self.position += gaps * self.step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn seconds(arrivals: &Arrivals, n: u64) -> f64 {
        arrivals.due(n).expect("is due").as_secs_f64()
    }

    #[test]
    fn due_times_follow_the_rate() {
        let ramp = Arrivals::ramp(0.0, 100.0, SECOND * 10);
        let stairs = Arrivals::staircase(&[(10.0, SECOND), (20.0, SECOND)]);
        let warmed = Arrivals::constant(50.0).after(SECOND);
        for (arrivals, n, expected) in [
            (&Arrivals::constant(1000.0), 1500, 1.5),
            (&ramp, 0, 0.0),
            (&ramp, 125, 5.0),
            (&ramp, 500, 10.0),
            (&ramp, 600, 11.0),
            (&stairs, 9, 0.9),
            (&stairs, 10, 1.0),
            (&stairs, 20, 1.5),
            (&stairs, 50, 3.0),
            (&warmed, 75, 1.5),
        ] {
            let due = seconds(arrivals, n);
            assert!((due - expected).abs() < 1e-9, "{arrivals:?} {n}: {due}");
            let back = arrivals.requests_until(Duration::from_secs_f64(expected));
            assert!((back - n as f64).abs() < 1e-6, "{arrivals:?} {expected}: {back}");
        }
        assert_eq!(Arrivals::ramp(10.0, 0.0, SECOND).due(5), None, "a rate that ends asks for no more");
        assert_eq!(Arrivals::constant(0.0).due(0), None);
    }

    #[test]
    fn a_day_of_requests_does_not_drift() {
        let day = 86_400;
        assert_eq!(seconds(&Arrivals::constant(3000.0), 3000 * day), day as f64);
    }

    #[test]
    fn workers_share_a_schedule_without_gap_or_overlap() {
        let arrivals = Arrivals::ramp(5.0, 50.0, SECOND * 2);
        let mut shared = Vec::new();
        for worker in 0..3 {
            let mut schedule = arrivals.schedule(worker, 3, 0);
            for _ in 0..20 {
                shared.push(schedule.due().expect("is due"));
                schedule.advance();
            }
        }
        shared.sort();
        let whole: Vec<Duration> = (0..60).map(|n| arrivals.due(n).expect("is due")).collect();
        assert_eq!(shared, whole);
    }

    #[test]
    fn random_arrivals_keep_the_rate_and_repeat_with_their_seed() {
        let arrivals = Arrivals::constant(1000.0).poisson();
        let due_after = |seed: u64| {
            let mut schedule = arrivals.schedule(1, 2, seed);
            (0..20_000).for_each(|_| schedule.advance());
            schedule.due().expect("is due").as_secs_f64()
        };
        // 20,000 gaps of 2 ms: 40 s with a standard deviation of 0.28 s
        assert!((due_after(7) - 40.0).abs() < 1.5, "{}", due_after(7));
        assert_eq!(due_after(7), due_after(7));
        assert_ne!(due_after(7), due_after(8));
    }
}
