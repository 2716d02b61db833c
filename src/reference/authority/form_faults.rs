//! Faults in the form of requests and answers at the endpoints: who gets what is decided correctly.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::answer::OAuthError;
use super::form::Params;
use super::server::Authority;
use crate::seed::{IDENTITIES, TRUSTED_ORIGIN};

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

/// Whether a request has a parameter that nobody has defined, to a server that minds.
pub(super) fn minds<'a>(authority: &Authority, mut names: impl Iterator<Item = &'a str>) -> bool {
    authority.fault("strict-params") && names.any(|name| !KNOWN.contains(&name))
}

/// Whether an open fault breaks on what a form holds.
pub(super) fn breaks(authority: &Authority, headers: &HeaderMap, params: &Params, body: &[u8]) -> bool {
    let has_nul = || params.names().filter_map(|name| params.value(name)).any(|value| value.contains('\0'));
    let decodes = || percent_encoding::percent_decode(body).decode_utf8().is_ok();
    let is_odd = || {
        let lines = headers.get_all(header::AUTHORIZATION).iter().count();
        lines > 1 || headers.contains_key(header::CONTENT_ENCODING)
    };
    (authority.fault("token-breaks-on-nul") && has_nul())
        || (authority.fault("token-breaks-on-two-authorizations") && is_odd())
        || (authority.fault("token-breaks-on-no-utf8") && !decodes())
}

/// An answer of the token endpoint as the open faults make it.
pub(super) fn token_answer(authority: &Authority, asked: &HeaderMap, mut response: Response) -> Response {
    let is_allowed = |origin: &&HeaderValue| {
        authority.fault("token-reflects-origin")
            || (authority.fault("token-trusts-origin-by-prefix")
                && origin.as_bytes().starts_with(TRUSTED_ORIGIN.as_bytes()))
    };
    if let Some(origin) = asked.get(header::ORIGIN).filter(is_allowed) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if authority.fault("cacheable-token") && response.status() == StatusCode::OK {
        response.headers_mut().remove(header::CACHE_CONTROL);
    }
    if authority.fault("no-store-with-argument") && response.status() == StatusCode::OK {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store=True"));
    }
    if authority.fault("cacheable-token-error") && response.status() != StatusCode::OK {
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

/// What an error of the token endpoint says beside its code, as the open faults make it.
pub(super) fn talkative(authority: &Authority, refused: Option<&OAuthError>, response: &mut Response) {
    let Some(refused) = refused else { return };
    let says = if authority.fault("token-error-shows-trace") {
        "java.lang.NullPointerException: client is null"
    } else if authority.fault("token-error-shows-secret") {
        IDENTITIES[1].client_secret
    } else {
        if authority.fault("token-malformed-challenge") && refused.challenge.is_some() {
            let challenge = HeaderValue::from_static("Basic realm=\"oauth\"2\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        return;
    };
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(json!({ "error": refused.error, "error_description": says }).to_string());
}

/// An answer of the introspection endpoint as the open faults make it.
pub(super) fn introspection_answer(authority: &Authority, mut response: Response) -> Response {
    if authority.fault("cacheable-introspection") {
        response.headers_mut().remove(header::CACHE_CONTROL);
    }
    response
}
