//! Holes in how the server refuses: the decision is right and the answer is not.

use axum::http::StatusCode;

use super::fault::{Fault, row};
use super::rejection::Rejection;
use super::state::State;

/// Holes in refusals of resources.
pub(crate) const FAULTS: &[Fault] = &[
    row("bare-401", "common.401-carries-challenge", "sends 401 without a challenge"),
    row("malformed-challenge", "common.challenge-grammar", "prints a challenge outside the grammar"),
    row("error-on-missing", "bearer.missing-401-no-error-code", "names an error where no token was presented"),
    row("bare-bearer", "bearer.challenge-has-param", "sends the scheme name and no parameter"),
    row("no-challenge-on-403", "bearer.denial-has-challenge", "sends 403 without a challenge"),
];

/// A refusal as the open holes make it.
pub(crate) fn spoil(state: &State, mut rejection: Rejection) -> Rejection {
    let challenge = rejection.challenge.take();
    rejection.challenge = match challenge {
        Some(_) if state.fault("bare-401") => None,
        Some(_) if state.fault("no-challenge-on-403") && rejection.status == StatusCode::FORBIDDEN => None,
        Some(_) if state.fault("bare-bearer") => Some("Bearer".to_owned()),
        Some(challenge) if state.fault("malformed-challenge") => Some(format!("{challenge}, realm=\"ord\"ers\"")),
        Some(challenge) if state.fault("error-on-missing") && rejection.error == "missing_token" => {
            Some(format!("{challenge}, error=\"invalid_token\""))
        }
        other => other,
    };
    rejection
}
