//! Faults in how the server refuses: the decision is right and the answer is not.

use axum::http::StatusCode;

use crate::reference::rejection::Rejection;
use crate::reference::state::ReferenceState;

/// A refusal as the open faults make it.
pub(crate) fn with_faults(state: &ReferenceState, mut rejection: Rejection) -> Rejection {
    let challenge = rejection.challenge.take();
    rejection.challenge = match challenge {
        Some(_) if state.fault("bare-401") => None,
        Some(_) if state.fault("no-challenge-on-400") && rejection.status == StatusCode::BAD_REQUEST => None,
        Some(_) if state.fault("no-challenge-on-403") && rejection.status == StatusCode::FORBIDDEN => None,
        Some(_) if state.fault("bare-bearer") => Some("Bearer".to_owned()),
        Some(challenge) if state.fault("metadata-pointer-dangles") => {
            Some(format!("{challenge}, resource_metadata=\"/.well-known/oauth-protected-resource/nowhere\""))
        }
        Some(challenge) if state.fault("bare-basic-challenge") => Some(format!("{challenge}, Basic")),
        Some(challenge) if state.fault("malformed-challenge") => Some(format!("{challenge}, realm=\"ord\"ers\"")),
        Some(challenge)
            if state.fault("malformed-challenge-of-403")
                && rejection.status == StatusCode::FORBIDDEN
                && rejection.error == "insufficient_scope" =>
        {
            Some(format!("{challenge}, realm=\"ord\"ers\""))
        }
        Some(challenge) if state.fault("error-on-missing") && rejection.error == "missing_token" => {
            Some(format!("{challenge}, error=\"invalid_token\""))
        }
        other => other,
    };
    rejection
}
