//! Servers that ask to be left alone for a while (RFC 6585 §4).

use std::time::Duration;

use super::ControlAnswer;

/// The longest that a request of the control plane waits to be sent again.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl ControlAnswer {
    /// How long a server that takes no more requests for now wants to be left alone, where that is worth waiting for
    /// (RFC 9110 §10.2.3).
    pub fn wait_before_another(&self) -> Option<Duration> {
        let seconds: u64 = self.header_values("retry-after").next()?.trim().parse().ok()?;
        let wait = Duration::from_secs(seconds);
        (self.status == 429 && wait <= LONGEST_WAIT).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_short_wait_that_the_server_asks_for_is_worth_it() {
        for (status, field, expected) in [
            (429, Some("1"), Some(1)),
            (429, Some(" 10 "), Some(10)),
            (429, Some("0"), Some(0)),
            (429, Some("11"), None),
            (429, Some("-1"), None),
            (429, Some("Fri, 31 Dec 1999 23:59:59 GMT"), None),
            (429, None, None),
            (401, Some("1"), None),
            (503, Some("1"), None),
        ] {
            let headers =
                field.map(|value| ("Retry-After".to_owned(), value.as_bytes().to_vec())).into_iter().collect();
            let answer = ControlAnswer { status, headers, body: Vec::new(), took: Duration::ZERO };
            assert_eq!(answer.wait_before_another(), expected.map(Duration::from_secs), "{status} {field:?}");
        }
    }
}
