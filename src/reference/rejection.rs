//! Refusals: status, challenge and a JSON body that gives nothing away.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::answer::{self, Answer};

/// Why a request is refused. It is smaller than 128 bytes, for every guard returns it: hence `u32` and `Box<str>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) challenge: Option<String>,
    pub(crate) retry_after: Option<u32>,
    /// The nonce that the next proof has to have (RFC 9449 §9).
    pub(crate) nonce: Option<String>,
    /// What the next request has to be signed with (RFC 9421 §5.1).
    pub(crate) wanted_signature: Option<Box<str>>,
    /// More than a client needs to know; only faults say it.
    pub(crate) detail: Option<String>,
}

impl Rejection {
    pub(crate) fn new(status: StatusCode, error: &'static str) -> Self {
        Self { status, error, challenge: None, retry_after: None, nonce: None, wanted_signature: None, detail: None }
    }

    pub(crate) fn with_challenge(mut self, challenge: impl Into<String>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }

    pub(crate) fn asking_for_signature(mut self, wanted: String) -> Self {
        self.wanted_signature = Some(wanted.into());
        self
    }

    /// Says more than a client needs to know; only faults do.
    pub(crate) fn with_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The server broke; only faults lead here.
    pub(crate) fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error")
    }

    /// The store of credentials cannot be reached.
    pub(crate) fn unavailable() -> Self {
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable") }
    }

    pub(crate) fn throttled(seconds: u64) -> Self {
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests") }
    }

    /// The answer that says so.
    pub(crate) fn answer(self) -> Answer {
        let mut body = json!({ "error": self.error });
        if let Some(detail) = self.detail {
            body["detail"] = detail.into();
        }
        let mut answer = answer::json(self.status, &body);
        let headers = answer.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(nonce) = self.nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
            headers.insert("dpop-nonce", nonce);
        }
        if let Some(wanted) = self.wanted_signature.and_then(|wanted| HeaderValue::from_str(&wanted).ok()) {
            headers.insert("accept-signature", wanted);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.answer().map(Body::from)
    }
}
