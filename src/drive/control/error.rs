//! Why the control plane did not get what it asked for.

use thiserror::Error;

use crate::drive::login::LoginError;
use crate::drive::wire::BadDestination;
use crate::target::address::BadAddress;

/// Why the control plane did not get what it asked for. Carries no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlError {
    /// No answer.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// No answer within the time that one may take, on a connection that was there.
    #[error("no answer in time")]
    TimedOut,
    /// The connection was closed where an answer was due.
    #[error("the connection is closed without an answer")]
    Closed,
    /// An answer that is not what was asked for.
    #[error("refused with {status}{}", .error.as_ref().map(|error| format!(" {error}")).unwrap_or_default())]
    Refused {
        /// Status.
        status: u16,
        /// `error` member of the answer (RFC 6749 §5.2), if there is one.
        error: Option<String>,
    },
    /// An answer that cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// An address that is none.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// No challenge of the scheme in the answer to a request without a credential.
    #[error("the target sends no {0} challenge that authbench can answer")]
    NoChallenge(&'static str),
    /// A login that failed.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// An address that no request goes to.
    #[error(transparent)]
    Destination(#[from] BadDestination),
}

impl ControlError {
    /// Whether there was no answer at all.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut | Self::Closed)
    }
}
