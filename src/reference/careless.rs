//! Holes around the guard: what is done before it decides, and what is kept after.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Bytes, Incoming};
use serde_json::json;

use super::answer::{self, Answer};
use super::fault::{Fault, row};
use super::guarded::carries_key;
use super::rejection::Rejection;
use super::resource::Resource;
use super::serve::BODY_LIMIT;
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

/// What a careless server does before the guard decides; an answer, where that is all it does.
pub(super) async fn before(state: &State, resource: &Resource, parts: &mut Parts, body: Incoming) -> Option<Answer> {
    if let Resource::Tenant(tenant) = resource
        && state.fault("lookup-before-auth")
        && !IDENTITIES.iter().any(|identity| identity.tenant == tenant)
    {
        return Some(Rejection::new(StatusCode::NOT_FOUND, "not_found").answer());
    }
    if state.fault("token-in-json-body") || state.fault("validate-before-auth") {
        let read = Limited::new(body, BODY_LIMIT).collect().await;
        if let Some(answer) = read_body(state, parts, &read.map(|read| read.to_bytes()).unwrap_or_default()) {
            return Some(answer);
        }
    }
    if state.fault("cache-key-ignores-credential") && parts.method == Method::GET && is_anonymous(state, parts) {
        let kept = state.kept.lock().unwrap_or_else(PoisonError::into_inner).get(parts.uri.path()).cloned();
        return kept.map(|kept| answer::typed(StatusCode::OK, answer::JSON, kept));
    }
    None
}

fn read_body(state: &State, parts: &mut Parts, bytes: &[u8]) -> Option<Answer> {
    if let Some(token) = lenient::of_body(bytes).filter(|_| state.fault("token-in-json-body")) {
        parts.extensions.insert(token);
    }
    let item = serde_json::from_slice(bytes).ok().and_then(|json: serde_json::Value| json["item"].as_str().map(drop));
    if state.fault("validate-before-auth") && parts.method == Method::POST && item.is_none() {
        let detail = json!({ "detail": [{ "loc": ["body", "item"], "msg": "a text is required" }] });
        return Some(answer::json(StatusCode::UNPROCESSABLE_ENTITY, &detail));
    }
    None
}

fn is_anonymous(state: &State, parts: &Parts) -> bool {
    !parts.headers.contains_key(header::AUTHORIZATION) && !carries_key(state, parts)
}

/// What a careless server keeps of an answer.
pub(super) fn after(state: &State, parts: &Parts, answer: &Answer) {
    if state.fault("cache-key-ignores-credential") && answer.status() == StatusCode::OK {
        let mut kept = state.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(parts.uri.path().to_owned(), answer.body().clone());
    }
}

/// A refusal with more in it than there should be.
pub(super) fn refused(state: &State, parts: &Parts, mut rejection: Rejection) -> Rejection {
    if state.fault("echoes-credential") {
        let line = parts.headers.get(header::AUTHORIZATION).or_else(|| parts.headers.get("x-api-key"));
        rejection.detail = line.map(|line| format!("refused {}", String::from_utf8_lossy(line.as_bytes())));
    }
    rejection
}

/// The answer to OPTIONS of a server that treats it like GET.
pub(super) fn options(state: &State) -> Option<Answer> {
    let orders = || json!({ "orders": [{ "id": 1, "item": "lamp" }], "count": 3 });
    state.fault("options-runs-handler").then(|| answer::json(StatusCode::OK, &orders()))
}

/// A 429.
pub(super) fn throttled(state: &State, mut answer: Answer) -> Answer {
    if state.fault("cacheable-429") {
        let public = HeaderValue::from_static("public, max-age=60");
        answer.headers_mut().insert(header::CACHE_CONTROL, public);
    }
    answer
}

/// The answer to TRACE of a server that has it.
pub(super) fn traced<B>(state: &State, request: &Request<B>) -> Option<Answer> {
    if request.method() != Method::TRACE || !state.fault("trace-echo") {
        return None;
    }
    let lines = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
    Some(answer::typed(StatusCode::OK, "message/http", lines.collect::<String>()))
}

/// The date of a clock that is fast.
pub(super) fn dated<B>(state: &State, response: &mut Response<B>) {
    if state.fault("clock-ahead")
        && let Ok(ahead) = jiff::Timestamp::from_second(clock::unix_seconds() + 600)
    {
        let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().extend(HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date)));
    }
}
