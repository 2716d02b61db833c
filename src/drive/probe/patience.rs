//! How long a target that does not answer is waited for: after so many silent answers in a row nothing is sent to it but, now and
//! then, one request that looks whether it is back.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::clock;
use crate::observe::Silence;

/// Requests in a row that got no answer in time, or no connection, before the others are not sent.
const SILENT: u32 = 10;
/// Between two looks whether the target is back.
const LOOK: Duration = Duration::from_secs(2);

/// What is left of the patience with a target.
#[derive(Debug, Default)]
pub(super) struct Patience(Mutex<Run>);

#[derive(Debug, Default)]
struct Run {
    silent: u32,
    /// When a request was sent last, or came to its end.
    last: Option<Instant>,
}

impl Patience {
    /// Why the next request is not sent; none where it is.
    pub(super) fn refuses(&self) -> Option<Silence> {
        self.refuses_at(clock::now())
    }

    fn refuses_at(&self, now: Instant) -> Option<Silence> {
        let mut run = self.0.lock().ok()?;
        let looks = run.last.is_none_or(|last| now.saturating_duration_since(last) >= LOOK);
        if run.silent >= SILENT && !looks {
            return Some(Silence::Unreachable(format!(
                "the last {SILENT} requests got no answer, so this one was not sent; a target that is slow, and not gone, may \
                 need `--jobs 1` or a longer `--timeout`"
            )));
        }
        run.last = Some(now);
        None
    }

    /// Counts an answer, or that there was none. A connection that the target closes is an answer of its own kind.
    pub(super) fn count(&self, silence: Option<&Silence>) {
        self.count_at(silence, clock::now());
    }

    fn count_at(&self, silence: Option<&Silence>, now: Instant) {
        let Ok(mut run) = self.0.lock() else { return };
        // from its end: a look that waits in vain is not followed by the next one at once
        run.last = Some(now);
        run.silent = match silence {
            Some(Silence::TimedOut | Silence::Unreachable(_)) => run.silent.saturating_add(1),
            _ => 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_with_silence_and_comes_back_with_an_answer() {
        let (patience, start) = (Patience::default(), clock::now());
        for _ in 0..SILENT {
            assert!(patience.refuses_at(start).is_none());
            patience.count_at(Some(&Silence::TimedOut), start);
        }
        assert!(patience.refuses_at(start).is_some());
        let later = start + LOOK;
        assert!(patience.refuses_at(later).is_none(), "one looks whether it is back");
        assert!(patience.refuses_at(later).is_some(), "the others wait for what it sees");
        patience.count_at(Some(&Silence::TimedOut), later + LOOK);
        assert!(patience.refuses_at(later + LOOK).is_some(), "it waited in vain");
        patience.count_at(None, later + LOOK);
        assert!(patience.refuses_at(later + LOOK).is_none());
    }

    #[test]
    fn a_closed_connection_is_no_silence() {
        let patience = Patience::default();
        for silence in [Silence::Closed, Silence::Malformed(String::new())] {
            for _ in 0..2 * SILENT {
                patience.count(Some(&silence));
            }
            assert!(patience.refuses_at(clock::now()).is_none(), "{silence}");
        }
    }
}
