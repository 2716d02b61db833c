//! Why a request cannot be made as it is asked for.

use super::stage::LONGEST_WAIT;
use crate::drive::control::ControlError;

/// Why a request of a lane, a case or a study cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A token was not obtained.
    #[error("no token for {who}: {source}")]
    NoToken {
        /// Name of the identity.
        who: String,
        /// Why not.
        source: ControlError,
    },
    /// A credential that the scenario does not have.
    #[error("there is no credential {0}")]
    NoCredential(String),
    /// A lane of expired or revoked credentials without one.
    #[error("the lane {0} needs a credential with `state: {0}`")]
    NoCredentialInState(String),
    /// Waiting for the expiry of a token would take too long.
    #[error("the lane expired needs tokens that live {} s at most", LONGEST_WAIT.as_secs())]
    LongLived,
    /// A JWT lives on after its end, for longer than a run waits.
    #[error(
        "a JWT is still accepted {0} s after its end: set `tolerances: {{ max_leeway: … }}` under `conformance` to say how \
         long it may be"
    )]
    LongLeeway(u64),
    /// A forgery that cannot be made of this credential.
    #[error("the lane {lane}: {why}")]
    Unforgeable {
        /// Name of the lane.
        lane: String,
        /// Why not.
        why: String,
    },
    /// What is measured would not be the cost of the scheme.
    #[error("{name}: {resource} opens without a credential, so nothing here is the cost of one")]
    OpensWithout {
        /// Name of the side.
        name: String,
        /// The resource.
        resource: String,
    },
}

/// Why a value of a step cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FillError {
    /// An earlier step obtained no token.
    #[error("no token was obtained")]
    NoToken,
    /// The scenario has no client.
    #[error("no client")]
    NoClient,
    /// A forgery that cannot be made of the token.
    #[error("{0}")]
    Unforgeable(String),
}
