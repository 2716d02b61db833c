//! A wish to end early that every worker sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once, seen by all clones and by every wish below it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    above: Option<Arc<Stop>>,
}

impl Stop {
    /// A wish of its own, for a part of the work: it holds as well when this one is asked, and leaves this one alone.
    pub fn below(&self) -> Self {
        Self { asked: Arc::default(), above: Some(Arc::new(self.clone())) }
    }

    /// Asks everything that holds a clone to end soon.
    pub fn request(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    pub fn is_requested(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.above.as_ref().is_some_and(|above| above.is_requested())
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
}
