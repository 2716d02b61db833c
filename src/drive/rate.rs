//! A limit on how often a delicate target is asked: probes, controls, tokens and hooks share it. Load phases have rates of
//! their own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;

/// Spaces requests evenly: each waits for its own slot, in the order of asking.
#[derive(Clone, Debug, Default)]
pub struct RateLimit(Option<Arc<Slots>>);

#[derive(Debug)]
struct Slots {
    apart: Duration,
    next: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// So many requests a second; none is no limit.
    pub fn new(per_second: Option<f64>) -> Self {
        let apart = per_second.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Self(apart.map(|apart| Arc::new(Slots { apart, next: Mutex::new(None) })))
    }

    /// Returns when the next request may leave.
    pub async fn wait(&self) {
        if let Some(slots) = &self.0 {
            tokio::time::sleep_until(slots.reserve(clock::now()).into()).await;
        }
    }
}

impl Slots {
    /// Takes the next slot: now, or the last one's and the distance.
    fn reserve(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.map_or(now, |next| next.max(now));
        *next = Some(slot + self.apart);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_apart_and_none_is_saved_up() {
        let slots = Slots { apart: Duration::from_millis(200), next: Mutex::new(None) };
        let begin = clock::now();
        let after = |millis| begin + Duration::from_millis(millis);
        for (asked_at, leaves_at) in [(0, 0), (0, 200), (0, 400), (450, 600), (5000, 5000), (5000, 5200)] {
            assert_eq!(slots.reserve(after(asked_at)), after(leaves_at), "asked at {asked_at} ms");
        }
    }

    #[test]
    fn clones_share_their_slots_and_no_limit_has_none() {
        let limit = RateLimit::new(Some(5.0));
        let (one, other) = (limit.0.as_ref().expect("a limit"), limit.clone().0.expect("a limit"));
        let now = clock::now();
        assert_eq!((one.reserve(now), other.reserve(now)), (now, now + Duration::from_millis(200)));
        assert!(RateLimit::new(None).0.is_none());
    }
}
