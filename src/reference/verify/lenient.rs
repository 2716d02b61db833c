//! Holes in where a credential is looked for.

use axum::http::request::Parts;

use super::{cookie_value, query_value};
use crate::reference::KeyLocation;
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

/// A key in a place that nobody declared.
pub(super) fn key_elsewhere(state: &State, parts: &Parts) -> Option<String> {
    if !state.fault("accepts-key-anywhere") {
        return None;
    }
    let in_query = ["api_key", "apikey", "key", "access_token"].iter().find_map(|name| query_value(parts, name));
    in_query.or_else(|| cookie_value(&parts.headers, "x-api-key").map(str::to_owned))
}

/// A key with its full-width letters made plain, as compatibility normalisation does.
pub(super) fn normalised_key(state: &State, parts: &Parts) -> Option<String> {
    let KeyLocation::Header(name) = &state.key_location else { return None };
    let text = std::str::from_utf8(parts.headers.get(name.as_str())?.as_bytes()).ok()?.to_owned();
    let plain = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    Some(text.chars().map(plain).collect())
}
