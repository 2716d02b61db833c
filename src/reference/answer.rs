//! Answers whose bytes are at hand before the first of them is sent.

use axum::http::{HeaderValue, StatusCode, header};
use hyper::body::Bytes;
use serde::Serialize;

/// An answer with its whole body.
pub(crate) type Answer = axum::http::Response<Bytes>;

/// The media type of nearly all of them.
pub(crate) const JSON: &str = "application/json";

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// An answer with a body of some media type.
pub(crate) fn typed(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    // what is answered here has text for keys and no way to fail
    typed(status, JSON, serde_json::to_vec(body).unwrap_or_default())
}
