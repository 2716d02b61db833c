//! Targets that ask to be left alone for a while (RFC 6585 §4): they are, and what they had no time for is asked once more.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::allowance;
use crate::clock;
use crate::observe::{Exchange, Request};

/// The longest that one request waits.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest that all of a run wait, one after the other.
const IN_ALL: Duration = Duration::from_secs(300);
/// Waits in a row that led to the same answer, after which nothing waits any more: it is how this target refuses.
const IN_VAIN: u32 = 2;

tokio::task_local! {
    /// Whether a check is about such answers.
    static EXPECTED: bool;
}

/// Runs a check, which may be about a target whose patience it uses up: it takes each answer as it comes.
pub(super) async fn expecting<F: Future>(expected: bool, check: F) -> F::Output {
    EXPECTED.scope(expected, check).await
}

/// What a run has waited for a target that asked for it.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<Waited>);

#[derive(Debug, Default)]
struct Waited {
    in_all: Duration,
    /// The end of the wait that ends last.
    until: Option<Instant>,
    in_vain: u32,
}

impl Pauses {
    fn waited(&self) -> MutexGuard<'_, Waited> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as an answer asks for, where that is worth it; whether the same request may be sent once more then.
    pub(super) async fn taken(&self, exchange: &Exchange) -> bool {
        if EXPECTED.try_with(|expected| *expected).unwrap_or(false) {
            return false;
        }
        let Some(wait) = asked_for(exchange).and_then(|wait| self.granted_at(wait, clock::now())) else { return false };
        let _shown = allowance::shown("the target, which answered 429 with Retry-After", Some(wait));
        allowance::apart(tokio::time::sleep(wait)).await;
        may_be_repeated(&exchange.request)
    }

    /// How long to wait of what is asked for; none where nothing waits any more.
    fn granted_at(&self, wait: Duration, now: Instant) -> Option<Duration> {
        let mut waited = self.waited();
        let end = clock::after(now, wait);
        // those that wait side by side wait together
        let added = end.saturating_duration_since(waited.until.map_or(now, |until| until.max(now)));
        if wait > LONGEST || waited.in_vain >= IN_VAIN || waited.in_all + added > IN_ALL {
            return None;
        }
        waited.in_all += added;
        waited.until = Some(waited.until.map_or(end, |until| until.max(end)));
        Some(wait)
    }

    /// Counts what came of a wait.
    pub(super) fn count(&self, exchange: &Exchange) {
        let mut waited = self.waited();
        waited.in_vain = if exchange.status() == Some(429) { waited.in_vain + 1 } else { 0 };
    }
}

/// How long an answer asks to be left alone (RFC 9110 §10.2.3).
fn asked_for(exchange: &Exchange) -> Option<Duration> {
    let response = exchange.response().filter(|response| response.status == 429)?;
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether a request is good for a second time: what it proves by a nonce, a time or a signature may not be.
fn may_be_repeated(request: &Request) -> bool {
    let is_proof = |name: &str| request.value_of(name).is_some();
    let by_digest = request.value_of("authorization").is_some_and(|value| {
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        !(scheme.eq_ignore_ascii_case(b"basic") || scheme.eq_ignore_ascii_case(b"bearer"))
    });
    let asserts = crate::observe::contains(&request.body, b"client_assertion=");
    !(by_digest || asserts || ["dpop", "signature", "signature-input", "x-amz-date"].into_iter().any(is_proof))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Response, Silence};

    fn answered(status: u16, field: Option<&str>) -> Exchange {
        let headers = field.map(|value| ("Retry-After".to_owned(), value.as_bytes().to_vec())).into_iter().collect();
        let answer = Response { status, headers, body: Vec::new(), truncated: false };
        Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("GET", "/a"), Silence::Closed) }
    }

    #[test]
    fn an_answer_asks_for_time_by_429_and_a_number_of_seconds() {
        for (status, field, expected) in [
            (429, Some("1"), Some(1)),
            (429, Some(" 30 "), Some(30)),
            (429, Some("99999999999999999999"), None),
            (429, Some("-1"), None),
            (429, Some("Fri, 31 Dec 1999 23:59:59 GMT"), None),
            (429, None, None),
            (503, Some("1"), None),
            (401, Some("1"), None),
        ] {
            assert_eq!(asked_for(&answered(status, field)), expected.map(Duration::from_secs), "{status} {field:?}");
        }
    }

    #[test]
    fn waits_are_bounded_and_end_where_they_are_in_vain() {
        let (pauses, start) = (Pauses::default(), clock::now());
        let longest = LONGEST;
        assert_eq!(pauses.granted_at(longest + Duration::from_secs(1), start), None, "longer than one may be");
        let after = |times: u32| start + longest * times;
        for at in 0..10 {
            assert_eq!(pauses.granted_at(longest, after(at)), Some(longest), "{at}");
            // another one beside it adds nothing
            assert_eq!(pauses.granted_at(longest, after(at)), Some(longest), "{at}");
        }
        assert_eq!(pauses.granted_at(longest, after(10)), None, "longer than all may be");
        let pauses = Pauses::default();
        for (status, goes_on) in [(429, true), (200, true), (429, true), (429, false)] {
            pauses.count(&answered(status, Some("1")));
            assert_eq!(pauses.granted_at(Duration::ZERO, start).is_some(), goes_on, "{status}");
        }
    }

    #[test]
    fn what_is_good_once_is_not_sent_again() {
        let request = || Request::new("GET", "/a");
        let sent = |name: &str, value: &str| request().header(name, value);
        for (request, expected) in [
            (request(), true),
            (sent("X-API-Key", "k"), true),
            (sent("Authorization", "Bearer t"), true),
            (sent("Authorization", "basic dTpw"), true),
            (sent("Authorization", "Digest username=\"u\""), false),
            (sent("Authorization", "HMAC-SHA256 Credential=k"), false),
            (sent("Authorization", "DPoP t").header("DPoP", "p"), false),
            (sent("Signature-Input", "s=()"), false),
            (request().with_body("application/x-www-form-urlencoded", "a=b&client_assertion=c"), false),
        ] {
            assert_eq!(may_be_repeated(&request), expected, "{request:?}");
        }
    }

    #[tokio::test]
    async fn a_check_about_throttling_takes_each_answer_as_it_comes() {
        let (pauses, asks) = (Pauses::default(), answered(429, Some("0")));
        assert!(expecting(false, pauses.taken(&asks)).await);
        assert!(!expecting(true, pauses.taken(&asks)).await);
        assert!(!pauses.taken(&answered(429, None)).await);
    }
}
