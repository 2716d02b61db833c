//! A wish to end early that every worker sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// What stands for a wish that no signal brought.
const NO_SIGNAL: i32 = -1;
/// What stands for a time that is over.
const TIME_IS_OVER: i32 = -2;
/// Between two looks whether it was asked.
const POLL: Duration = Duration::from_millis(50);

/// Set once, seen by all clones and by every wish below it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// 0 until it is asked, then the number of a signal, [`NO_SIGNAL`] or [`TIME_IS_OVER`].
    asked: Arc<AtomicI32>,
    above: Option<Arc<Stop>>,
    /// When the time of the work is over.
    deadline: Option<Instant>,
}

impl Stop {
    /// A wish of its own, for a part of the work: it holds as well when this one is asked, and leaves this one alone.
    pub fn below(&self) -> Self {
        Self { asked: Arc::default(), above: Some(Arc::new(self.clone())), deadline: self.deadline }
    }

    /// The same for a part whose time is over at a moment; whoever runs it asks with [`Self::request_for_time`].
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// When the time of the work is over.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Asks everything that holds a clone to end now, for its time is over.
    pub fn request_for_time(&self) {
        self.request_by(TIME_IS_OVER);
    }

    /// Whether it was asked because the time is over: what is on its way is not waited for then.
    pub fn time_is_over(&self) -> bool {
        self.asked.load(Ordering::Relaxed) == TIME_IS_OVER
            || self.above.as_ref().is_some_and(|above| above.time_is_over())
    }

    /// Returns once it was asked.
    pub async fn requested(&self) {
        while !self.is_requested() {
            tokio::time::sleep(POLL).await;
        }
    }

    /// What a future comes to; none where this was asked before. A future is not begun where it was asked already.
    pub async fn unless_requested<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        if self.is_requested() {
            return None;
        }
        tokio::select! {
            done = future => Some(done),
            () = self.requested() => None,
        }
    }

    /// Asks everything that holds a clone to end soon.
    pub fn request(&self) {
        self.request_by(NO_SIGNAL);
    }

    /// Asks the same because a signal came; the first one counts.
    pub fn request_by(&self, signal: i32) {
        let _ = self.asked.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The signal that asked; none where it was not asked, or by something else.
    pub fn signal(&self) -> Option<i32> {
        let own = Some(self.asked.load(Ordering::Relaxed)).filter(|asked| *asked > 0);
        own.or_else(|| self.above.as_ref()?.signal())
    }

    /// Whether it was asked.
    pub fn is_requested(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0 || self.above.as_ref().is_some_and(|above| above.is_requested())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_with_the_whole_and_not_the_other_way_round() {
        let whole = Stop::default();
        let (ended, running) = (whole.below(), whole.below().below());
        ended.request();
        assert_eq!([&ended, &running, &whole].map(Stop::is_requested), [true, false, false]);
        whole.request();
        assert!(running.clone().is_requested());
    }

    #[tokio::test]
    async fn a_time_that_is_over_ends_what_waits() {
        let whole = Stop::default();
        let part = whole.below().until(crate::clock::now());
        assert_eq!(part.unless_requested(async { 1 }).await, Some(1));
        part.request_for_time();
        let below = part.below();
        assert_eq!(below.unless_requested(std::future::pending::<()>()).await, None);
        assert!(below.time_is_over() && below.deadline().is_some() && below.signal().is_none());
        assert!(!whole.time_is_over() && !whole.is_requested());
        let ended = Stop::default();
        ended.request();
        ended.request_for_time();
        assert!(!ended.time_is_over(), "it was ended before");
    }

    #[test]
    fn the_first_signal_is_remembered() {
        let whole = Stop::default();
        let part = whole.below();
        assert_eq!(part.signal(), None);
        part.request();
        whole.request_by(15);
        whole.request_by(2);
        assert_eq!((part.signal(), whole.signal()), (Some(15), Some(15)));
    }
}
