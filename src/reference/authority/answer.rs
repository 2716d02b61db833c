//! Answers of the endpoints: JSON that is never stored.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The challenge for clients (RFC 6749 §5.2).
const CHALLENGE: &str = "Basic realm=\"oauth2\"";

/// An error answer (RFC 6749 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OAuthError {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) challenge: Option<&'static str>,
}

impl OAuthError {
    /// 400 with this code.
    pub(crate) fn bad(error: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, challenge: None }
    }

    /// Client authentication failed.
    pub(crate) fn invalid_client() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, error: "invalid_client", challenge: Some(CHALLENGE) }
    }

    /// The server broke; only faults lead here.
    pub(crate) fn broken() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::bad("server_error") }
    }

    /// A bearer token where a client should be (RFC 7662 §2.3).
    pub(crate) fn invalid_token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_token",
            challenge: Some("Bearer realm=\"oauth2\", error=\"invalid_token\""),
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let mut response = private(self.status, json!({ "error": self.error }));
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// JSON that no cache keeps (RFC 6749 §5.1).
pub(crate) fn private(status: StatusCode, body: Value) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (status, headers, Json(body)).into_response()
}
