//! A wish to end early that every worker sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// What stands for a wish that no signal brought.
const NO_SIGNAL: i32 = -1;

/// Set once, seen by all clones and by every wish below it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// 0 until it is asked, then the number of a signal, or [`NO_SIGNAL`].
    asked: Arc<AtomicI32>,
    above: Option<Arc<Stop>>,
}

impl Stop {
    /// A wish of its own, for a part of the work: it holds as well when this one is asked, and leaves this one alone.
    pub fn below(&self) -> Self {
        Self { asked: Arc::default(), above: Some(Arc::new(self.clone())) }
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
