//! Requests that are made one by one, made ahead of their due time: what making one takes is authbench's own affair, and
//! neither delays a request nor counts in its time.

use std::time::{Duration, Instant};

/// How far ahead of its due time a request is made at most. What it says of the time, and the nonce that it answers, are
/// no older when it leaves on time.
pub(super) const LOOK_AHEAD: Duration = Duration::from_millis(250);
/// How old a request may be that leaves late; an older one is made anew.
const OLDEST: Duration = Duration::from_millis(500);

/// A request that was made for a line before it is sent.
pub(super) struct PreparedRequest<F> {
    form: F,
    made: Instant,
    /// The challenge that it answers, by its number on the line.
    turn: u64,
}

impl<F> PreparedRequest<F> {
    /// A request that was made at this time as an answer to this challenge.
    pub(super) fn new(form: F, made: Instant, turn: u64) -> Self {
        Self { form, made, turn }
    }

    /// The request, as long as it is neither too old nor the answer to another challenge than that of its line.
    pub(super) fn fresh(self, now: Instant, turn: u64) -> Option<F> {
        (turn == self.turn && now.saturating_duration_since(self.made) <= OLDEST).then_some(self.form)
    }
}

/// Whether a request that is due then is made now.
pub(super) fn is_near(due: Instant, now: Instant) -> bool {
    due.saturating_duration_since(now) <= LOOK_AHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_request_is_made_no_earlier_than_the_look_ahead() {
        let now = clock::now();
        for (ahead, near) in
            [(0, true), (LOOK_AHEAD.as_millis() as u64, true), (LOOK_AHEAD.as_millis() as u64 + 1, false)]
        {
            assert_eq!(is_near(now + Duration::from_millis(ahead), now), near, "{ahead} ms");
        }
        assert!(is_near(now, now + Duration::from_secs(1)), "what is late is made at once");
    }

    #[test]
    fn an_old_request_and_the_answer_to_an_old_challenge_are_not_sent() {
        let made = clock::now();
        let request = || PreparedRequest::new("request", made, 3);
        assert_eq!(request().fresh(made + OLDEST, 3), Some("request"));
        assert_eq!(request().fresh(made + OLDEST + Duration::from_nanos(1), 3), None);
        assert_eq!(request().fresh(made, 4), None);
    }
}
