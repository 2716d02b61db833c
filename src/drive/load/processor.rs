//! How busy a worker's thread was: it tells a generator that was the limit from a target that was.

use std::time::{Duration, Instant};

use crate::clock;

/// A thread from some point in time on.
pub(super) struct Processor {
    began: Instant,
    used: Option<Duration>,
}

impl Processor {
    pub(super) fn begin() -> Self {
        Self { began: clock::now(), used: used() }
    }

    /// Share of the time in which the thread ran or wanted to run, without what it spent waiting by yielding.
    pub(super) fn busy(&self, spun: Duration) -> Option<f64> {
        let used = used()?.checked_sub(self.used?)?.saturating_sub(spun);
        let took = (clock::now() - self.began).as_secs_f64();
        Some((used.as_secs_f64() / took.max(1e-9)).min(1.0))
    }
}

/// Time on a processor and time spent waiting for one (Linux: `schedstat`, both in nanoseconds).
fn used() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse::<u64>().ok());
    let (ran, waited) = (numbers.next()??, numbers.next()??);
    Some(Duration::from_nanos(ran + waited))
}
