//! Limits failed authentications, for callers that name themselves as a source: tests of throttling must not lock out
//! every other test.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::seed::FAILURE_BUDGET;

/// Failures within the window that are tolerated.
const FAILURES: usize = FAILURE_BUDGET as usize;
/// The window.
const WINDOW: Duration = Duration::from_secs(60);
/// Sources that are remembered.
const SOURCES: usize = 1000;

/// Failures by source.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Vec<Instant>>>);

impl Throttle {
    /// Seconds that a source has to wait, if it has failed too often.
    pub(crate) fn wait(&self, source: &str) -> Option<u64> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = failures.get_mut(source)?;
        let now = clock::now();
        marks.retain(|mark| now.duration_since(*mark) < WINDOW);
        let oldest = *marks.first()?;
        (marks.len() >= FAILURES).then(|| (WINDOW - now.duration_since(oldest)).as_secs() + 1)
    }

    /// Forgets the failures of a source that has succeeded.
    pub(crate) fn succeeded(&self, source: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(source);
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, source: &str) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < SOURCES || failures.contains_key(source) {
            failures.entry(source.to_owned()).or_default().push(clock::now());
        }
    }
}
