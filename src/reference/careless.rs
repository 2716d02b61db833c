//! Holes around the guard: what is done before it decides, and what is kept after.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::fault::{Fault, row};
use super::rejection::Rejection;
use super::resources::carries_key;
use super::state::State;
use super::verify::lenient;
use crate::clock;
use crate::seed::IDENTITIES;

/// Holes around the guard.
pub(crate) const FAULTS: &[Fault] = &[
    row("echoes-credential", "common.auth-error-no-internals", "repeats the credential in the error"),
    row("lookup-before-auth", "common.existence-oracle", "looks an object up before it asks who wants it"),
    row("validate-before-auth", "common.auth-before-input-validation", "parses bodies before it asks who sends them"),
    row("options-runs-handler", "common.preflight-exposes-nothing", "answers OPTIONS like GET"),
    row("trace-echo", "common.trace-disabled", "answers TRACE with the request"),
    row(
        "cache-key-ignores-credential",
        "common.authenticated-response-not-shared-cached",
        "keeps answers by their path and serves them to everybody",
    ),
    row("clock-ahead", "common.server-clock-sane", "has a clock that is ten minutes fast"),
];

/// Answers that are kept by their path, while that hole is open.
pub(crate) type Kept = Mutex<HashMap<String, Bytes>>;

/// What a careless server does before the guard decides.
pub(super) async fn before(state: &State, request: Request) -> Result<Request, Response> {
    let (mut parts, mut body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if state.fault("lookup-before-auth") && path.starts_with("/tenants/") {
        let tenant = path.split('/').nth(2).unwrap_or_default();
        if !IDENTITIES.iter().any(|identity| identity.tenant == tenant) {
            return Err(Rejection::new(StatusCode::NOT_FOUND, "not_found").into_response());
        }
    }
    if state.fault("token-in-json-body") || state.fault("validate-before-auth") {
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        if let Some(token) = lenient::of_body(&bytes).filter(|_| state.fault("token-in-json-body")) {
            parts.extensions.insert(token);
        }
        let item =
            serde_json::from_slice(&bytes).ok().and_then(|json: serde_json::Value| json["item"].as_str().map(drop));
        if state.fault("validate-before-auth") && parts.method == Method::POST && item.is_none() {
            let detail = json!({ "detail": [{ "loc": ["body", "item"], "msg": "a text is required" }] });
            return Err((StatusCode::UNPROCESSABLE_ENTITY, Json(detail)).into_response());
        }
        body = bytes.into();
    }
    let anonymous = !parts.headers.contains_key(header::AUTHORIZATION) && !carries_key(state, &parts);
    if state.fault("cache-key-ignores-credential") && anonymous && parts.method == Method::GET {
        let kept = state.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&path).cloned();
        if let Some(kept) = kept {
            return Err(([(header::CONTENT_TYPE, "application/json")], kept).into_response());
        }
    }
    Ok(Request::from_parts(parts, body))
}

/// What a careless server keeps of an answer.
pub(super) async fn after(state: &State, path: &str, response: Response) -> Response {
    if !state.fault("cache-key-ignores-credential") || response.status() != StatusCode::OK {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    state.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), bytes.clone());
    Response::from_parts(parts, Body::from(bytes))
}

/// A refusal with more in it than there should be.
pub(super) fn refused(state: &State, parts: &Parts, mut rejection: Rejection) -> Rejection {
    if state.fault("echoes-credential") {
        let line = parts.headers.get(header::AUTHORIZATION).or_else(|| parts.headers.get("x-api-key"));
        rejection.detail = line.map(|line| format!("rejected {}", String::from_utf8_lossy(line.as_bytes())));
    }
    rejection
}

/// An answer to OPTIONS.
pub(super) fn options(state: &State, response: Response) -> Response {
    if state.fault("options-runs-handler") {
        return Json(json!({ "orders": [{ "id": 1, "item": "lamp" }], "count": 3 })).into_response();
    }
    response
}

/// A 429.
pub(super) fn throttled(state: &State, mut response: Response) -> Response {
    if state.fault("cacheable-429") {
        let public = HeaderValue::from_static("public, max-age=60");
        response.headers_mut().insert(header::CACHE_CONTROL, public);
    }
    response
}

/// The answer to TRACE of a server that has it.
pub(super) fn traced(state: &State, request: &Request) -> Option<Response> {
    if request.method() != Method::TRACE || !state.fault("trace-echo") {
        return None;
    }
    let lines = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
    let echo: String = lines.collect();
    Some(([(header::CONTENT_TYPE, "message/http")], echo).into_response())
}

/// The date of a clock that is fast.
pub(super) fn dated(state: &State, mut response: Response) -> Response {
    if state.fault("clock-ahead")
        && let Ok(ahead) = jiff::Timestamp::from_second(clock::unix_seconds() + 600)
    {
        let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().extend(HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date)));
    }
    response
}
