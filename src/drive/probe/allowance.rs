//! The time that one check may take: a target that answers slowly, or in drops, is not to hold a run for hours. What a check
//! waits for by itself (a token that ends, a delay that is tolerated, a hook, the rate limit) does not count.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::observe::{Activity, Ongoing};

tokio::task_local! {
    static OWN: Arc<Allowance>;
}

/// What a check has spent of its time.
struct Allowance {
    limit: Duration,
    spent: Mutex<Spent>,
    /// Where it is shown what is waited for.
    activity: Activity,
}

struct Spent {
    /// Up to the last wait that does not count.
    before: Duration,
    /// Since when it counts again; none during such a wait.
    since: Option<Instant>,
    /// Such waits at this moment, one inside another.
    waits: usize,
}

impl Allowance {
    fn new(limit: Duration, activity: Activity) -> Self {
        let spent = Spent { before: Duration::ZERO, since: Some(clock::now()), waits: 0 };
        Self { limit, spent: Mutex::new(spent), activity }
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> Duration {
        let spent = self.spent();
        let counts = spent.since.map_or(Duration::ZERO, |since| clock::now().saturating_duration_since(since));
        self.limit.saturating_sub(spent.before + counts)
    }

    fn pause(&self) {
        let mut spent = self.spent();
        spent.waits += 1;
        if let Some(since) = spent.since.take() {
            spent.before += clock::now().saturating_duration_since(since);
        }
    }

    fn resume(&self) {
        let mut spent = self.spent();
        spent.waits -= 1;
        if spent.waits == 0 {
            spent.since = Some(clock::now());
        }
    }
}

/// Ends a wait that does not count, also where it is dropped half way.
struct Wait(Arc<Allowance>);

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.resume();
    }
}

/// Runs something within a time of its own.
pub(super) async fn within<F: Future>(limit: Duration, activity: &Activity, future: F) -> F::Output {
    OWN.scope(Arc::new(Allowance::new(limit, activity.clone())), future).await
}

/// What is left of the time; none where there is no limit.
pub(super) fn left() -> Option<Duration> {
    OWN.try_with(|own| own.left()).ok()
}

/// Why a check goes no further; none while its time is not over.
pub(super) fn over() -> Option<String> {
    let limit = OWN.try_with(|own| own.left().is_zero().then_some(own.limit)).ok().flatten()?;
    Some(format!("this check took more than {} (--max-check-time)", humantime::format_duration(limit)))
}

/// Shows whoever watches the run what the check waits for, until the result is dropped.
pub(in crate::drive) fn shown(what: &str, at_most: Option<Duration>) -> Option<Ongoing> {
    let until = at_most.map(|time| clock::after(clock::now(), time));
    OWN.try_with(|own| own.activity.waits(what, until)).ok()
}

/// Waits for something that does not count.
pub(in crate::drive) async fn apart<F: Future>(future: F) -> F::Output {
    let _wait = OWN.try_with(|own| {
        own.pause();
        Wait(own.clone())
    });
    future.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_check_waits_for_by_itself_does_not_count() {
        assert_eq!((left(), over()), (None, None));
        within(Duration::from_secs(3600), &Activity::default(), async {
            apart(apart(async { assert!(left().is_some_and(|left| !left.is_zero())) })).await;
            assert_eq!(over(), None);
        })
        .await;
        within(Duration::ZERO, &Activity::default(), async {
            assert_eq!(left(), Some(Duration::ZERO));
            assert_eq!(over().as_deref(), Some("this check took more than 0s (--max-check-time)"));
        })
        .await;
        let allowance = Allowance::new(Duration::from_secs(3600), Activity::default());
        allowance.pause();
        let (one, other) = (allowance.left(), allowance.left());
        assert_eq!(one, other, "the clock stands");
        allowance.resume();
        assert!(allowance.left() <= one);
    }
}
