//! Holes in where a bearer token is looked for.

use axum::http::request::Parts;

use super::query_value;
use crate::reference::fault::{Fault, row};
use crate::reference::state::State;

/// Holes in how a token is found.
pub(crate) const FAULTS: &[Fault] = &[
    row("scheme-ignored", "bearer.malformed-header", "takes the last word of the field for the token"),
    row("bearer-case-sensitive-scheme", "bearer.scheme-case-insensitive", "requires the scheme name as Bearer"),
    row("query-overrides-header", "bearer.multiple-methods-refused", "prefers the token of the query"),
    row("query-token-accepted", "bearer.query-token-refused", "takes the token from the query"),
    row("token-in-json-body", "bearer.form-token-limits", "takes the token from any body"),
];

/// The token of a body, kept for the verifier while its hole is open.
#[derive(Clone)]
pub(crate) struct BodyToken(String);

/// A token that only an open hole finds; `lines` are those of the `Authorization` field.
pub(super) fn found(state: &State, parts: &Parts, lines: &[&str]) -> Option<String> {
    let in_query = || query_value(parts, "access_token");
    match lines {
        [] if state.fault("query-token-accepted") => in_query(),
        [] if state.fault("token-in-json-body") => parts.extensions.get::<BodyToken>().map(|token| token.0.clone()),
        [_] if state.fault("query-overrides-header") => in_query(),
        [line] if state.fault("scheme-ignored") => line.split_whitespace().last().map(str::to_owned),
        _ => None,
    }
}

/// The token in a body of any kind.
pub(crate) fn of_body(body: &[u8]) -> Option<BodyToken> {
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    let member = json.and_then(|json| json.get("access_token")?.as_str().map(str::to_owned));
    let form = || url::form_urlencoded::parse(body).find(|(name, _)| name == "access_token");
    member.or_else(|| form().map(|(_, value)| value.into_owned())).map(BodyToken)
}
