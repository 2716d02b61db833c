//! Why a login gave no credential. Carries no secret: what was sent is named, not shown.

use std::time::Duration;

use thiserror::Error;

use super::redirect::refuses;
use super::state::readable;
use crate::drive::control::LONGEST_TOKEN;

/// A login that failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginError {
    /// A request of it was not answered as a success.
    #[error("{step} of the login failed: the answer is {answer}; {expected}")]
    Refused {
        /// Which request, with what it sent by name.
        step: String,
        /// The status of the answer.
        status: u16,
        /// What came, without secrets.
        answer: String,
        /// What would be a success.
        expected: String,
    },
    /// A value that a request needs is in no answer.
    #[error("{step} of the login cannot be sent: no answer before it has {what}")]
    MissingValue {
        /// Which request.
        step: String,
        /// The reference.
        what: String,
        /// The error with which the answer before it leads to the client (RFC 6749 §4.1.2.1).
        error: Option<String>,
    },
    /// The request that follows a redirect would go to the redirection URI of the client.
    #[error(
        "{step} of the login is not sent: the redirect before it leads to the redirection URI of the client{}",
        with(error)
    )]
    LedToClient {
        /// Which request.
        step: String,
        /// The error that the redirect has.
        error: Option<String>,
    },
    /// The last answer has no credential.
    #[error("the login succeeded but its answer has no {0}")]
    NoToken(String),
    /// What came as the credential cannot be sent.
    #[error("the login returned a credential with a control character; authbench does not send it")]
    ControlCharacter,
    /// What came as the credential is longer than servers take.
    #[error(
        "the login returned a credential of {0} bytes, expected {LONGEST_TOKEN} at most; authbench does not send it"
    )]
    TooLong(usize),
    /// A command failed.
    #[error("the login command failed: {0}")]
    Command(String),
    /// The mail of a password reset could not be read.
    #[error("the mail of the password reset could not be read: {0}")]
    Mail(String),
    /// The next one-time code is too far away.
    #[error(
        "no one-time code is left: each is sent once, and the run has waited for new ones as long as `max_wait` of `totp` allows ({})",
        humantime::format_duration(*.0)
    )]
    NoCodeLeft(Duration),
    /// It failed so often that an account may be locked.
    #[error(
        "not tried again after {most} failed logins in a row, so that the account is not locked (`max_failures`){}",
        because(first)
    )]
    TooManyFailures {
        /// The failures in a row.
        most: u32,
        /// Why the first of them failed; nothing where that was on purpose.
        first: Option<String>,
    },
}

impl LoginError {
    /// Whether the target has refused it, by an answer that says so or by one that lacks what a login brings.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused { status: ..500, .. }
                | Self::MissingValue { .. }
                | Self::LedToClient { .. }
                | Self::NoToken(_)
        )
    }

    /// Whether the authorization server has refused it by an error that it sent to the client, and not for reasons of its own.
    pub fn is_refused_to_client(&self) -> bool {
        let (Self::MissingValue { error, .. } | Self::LedToClient { error, .. }) = self else { return false };
        error.as_deref().is_some_and(refuses)
    }

    /// Whether it may count towards the locking of an account: a server that breaks (RFC 9110 §15.6) has judged no password.
    pub(super) fn may_lock(&self) -> bool {
        !matches!(self, Self::Refused { status: 500.., .. } | Self::NoCodeLeft(_))
    }
}

fn with(error: &Option<String>) -> String {
    error.iter().map(|error| format!(" with error={}", readable(error))).collect()
}

fn because(first: &Option<String>) -> String {
    first.iter().map(|first| format!("; the first one: {first}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_breaks_has_judged_no_password() {
        let refused = |status| LoginError::Refused {
            step: "the request".to_owned(),
            status,
            answer: status.to_string(),
            expected: String::new(),
        };
        let may_lock = [200, 400, 401, 429, 500, 503].map(|status| refused(status).may_lock());
        assert_eq!(may_lock, [true, true, true, true, false, false]);
        assert!(LoginError::NoToken("credential".to_owned()).may_lock());
    }

    #[test]
    fn a_login_that_is_not_tried_again_names_the_first_failure() {
        let error = |first: Option<&str>| LoginError::TooManyFailures { most: 3, first: first.map(str::to_owned) };
        let text = "not tried again after 3 failed logins in a row, so that the account is not locked (`max_failures`)";
        assert_eq!(error(None).to_string(), text);
        let why = "the request (POST /login) of the login failed: the answer is 429";
        assert_eq!(error(Some(why)).to_string(), format!("{text}; the first one: {why}"));
    }
}
