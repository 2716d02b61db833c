//! Holes in the form of requests and answers at the endpoints: who gets what is decided soundly.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::{Authority, introspection, revocation, token};
use crate::reference::fault::{Fault, row};

/// Holes in form.
pub(crate) const FAULTS: &[Fault] = &[
    row("cacheable-token", "token.response-no-store", "lets tokens be cached"),
    row("no-pragma", "token.response-pragma", "sends no Pragma"),
    row("html-errors", "token.error-body-shape", "answers errors with a page in HTML"),
    row("get-token", "token.get-refused", "issues tokens for GET"),
    row("first-value-wins", "token.repeated-param-refused", "takes the first of two values"),
    row("json-token-request", "token.form-content-type-required", "reads parameters from JSON"),
    row("strict-params", "token.unknown-param-ignored", "refuses parameters that it does not know"),
    row("introspect-get", "introspect.bad-request", "introspects for GET with the token in the query"),
    row("cacheable-introspection", "introspect.no-store", "lets introspection answers be cached"),
    row("revoke-get", "revoke.bad-request", "revokes for GET with the token in the query"),
];

/// Parameters that the token endpoint knows.
const KNOWN: &[&str] = &[
    "grant_type",
    "scope",
    "client_id",
    "client_secret",
    "username",
    "password",
    "client_assertion",
    "client_assertion_type",
    "resource",
];

/// Routes that a sound server does not have.
pub(super) fn routes(authority: &Authority, mut router: Router<Arc<Authority>>) -> Router<Arc<Authority>> {
    if authority.fault("get-token") {
        router = router.route("/oauth2/token", get(token_by_get));
    }
    if authority.fault("introspect-get") {
        router = router.route("/oauth2/introspect", get(introspection_by_get));
    }
    if authority.fault("revoke-get") {
        router = router.route("/oauth2/revoke", get(revocation_by_get));
    }
    router
}

async fn token_by_get(authority: State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let (headers, body) = as_form(&uri, headers);
    token::answer(authority, Uri::default(), headers, body).await
}

async fn introspection_by_get(authority: State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let (headers, body) = as_form(&uri, headers);
    introspection::answer(authority, Uri::default(), headers, body).await.into_response()
}

async fn revocation_by_get(authority: State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let (headers, body) = as_form(&uri, headers);
    revocation::answer(authority, Uri::default(), headers, body).await.into_response()
}

/// The query as if it had been a form.
fn as_form(uri: &Uri, mut headers: HeaderMap) -> (HeaderMap, Bytes) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    (headers, Bytes::from(uri.query().unwrap_or_default().to_owned()))
}

/// Whether a request has a parameter that nobody has defined, to a server that minds.
pub(super) fn minds<'a>(authority: &Authority, mut names: impl Iterator<Item = &'a str>) -> bool {
    authority.fault("strict-params") && names.any(|name| !KNOWN.contains(&name))
}

/// An answer of the token endpoint as the open holes make it.
pub(super) fn token_answer(authority: &Authority, mut response: Response) -> Response {
    if authority.fault("cacheable-token") {
        response.headers_mut().remove(header::CACHE_CONTROL);
    }
    if authority.fault("no-pragma") {
        response.headers_mut().remove(header::PRAGMA);
    }
    if authority.fault("html-errors") && response.status() != StatusCode::OK {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Body::from("<html><body><h1>Bad Request</h1></body></html>");
    }
    response
}

/// An answer of the introspection endpoint as the open holes make it.
pub(super) fn introspection_answer(authority: &Authority, mut response: Response) -> Response {
    if authority.fault("cacheable-introspection") {
        response.headers_mut().remove(header::CACHE_CONTROL);
    }
    response
}
