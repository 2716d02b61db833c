//! A time in which the target answered nobody.

use std::fmt;
use std::time::Duration;

use super::Exchange;

/// A time in which the target answered nobody, and what is known of its cause.
#[derive(Clone, Debug)]
pub struct Outage {
    /// How long it lasted, or was waited for.
    pub lasted: Duration,
    /// Whether the target came back while it was waited for.
    pub came_back: bool,
    /// Requests that were on their way or had just been answered, without their queries: method, path and check.
    pub suspects: Vec<String>,
    /// The request that ended the answers once more when it was sent alone, with the check that had sent it. Where an owned target
    /// never came back, the likeliest of those that had reached it and were not answered.
    pub cause: Option<(Exchange, SentBy)>,
}

/// Who sent a request: a check, and what that was about, for a reader.
#[derive(Clone, Debug, Default)]
pub struct SentBy {
    /// Id of the check; empty outside of checks.
    pub check: &'static str,
    /// What the request is called there; empty where it has no name.
    pub request: String,
}

impl fmt::Display for SentBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.check, self.request.as_str()) {
            ("", _) => Ok(()),
            (check, "") => write!(f, " of {check}"),
            (check, request) => write!(f, " of {check} ({request})"),
        }
    }
}
