//! Faults of the bearer token verifier: where a token is looked for, and which tokens are accepted.

use std::sync::Arc;

use axum::http::header;
use axum::http::request::Parts;

use crate::reference::fault::{Fault, row, variant};
use crate::reference::request::{cookie_value, query_value, without_blanks_of_latin_1, without_full_width};
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::{IDENTITIES, OTHER_AUDIENCE_TOKEN, REFRESH_TOKEN};

/// Faults of bearer tokens; those of challenges are implemented in `resource/`.
pub(crate) const FAULTS: &[Fault] = &[
    row("bearer-rejects-everything", "bearer.valid-accepted", "refuses every token"),
    row("accepts-any-token", "bearer.garbage-token-401", "looks whether there is a token and not at the token"),
    variant(
        "bearer-tail-ignored",
        "bearer.metacharacters-denied",
        "looks at the first parts of a token and ignores one more",
    ),
    row("bearer-like-query", "bearer.metacharacters-denied", "looks tokens up by pattern"),
    variant("bearer-null-token", "bearer.metacharacters-denied", "takes the word null for a session that is there"),
    variant("bearer-skips-bytes", "bearer.metacharacters-denied", "skips what is no character of a token"),
    variant("bearer-strips-blanks", "bearer.metacharacters-denied", "takes off what is white space in Latin-1"),
    variant("bearer-ignores-padding", "bearer.metacharacters-denied", "takes equals signs behind a token for padding"),
    variant("bearer-normalises-tokens", "bearer.metacharacters-denied", "makes full-width letters of tokens plain"),
    row("bearer-accepts-expired-token", "bearer.expired-token-401", "does not compare the expiry"),
    variant("bearer-ends-late", "bearer.expired-token-401", "takes a token for five seconds after its end"),
    variant("account-takes-expired-token", "bearer.expired-token-401", "does not compare the expiry at one route"),
    variant("write-takes-expired-token", "bearer.expired-token-401", "does not compare the expiry at writes"),
    variant("write-takes-revoked-token", "bearer.revoked-token-401", "does not ask for revocations at writes"),
    variant("account-takes-revoked-token", "bearer.revoked-token-401", "does not ask for revocations at one route"),
    variant("account-ignores-audience", "bearer.wrong-audience-401", "accepts all tokens of the issuer at one route"),
    variant(
        "account-takes-refresh-token",
        "bearer.non-access-token-refused",
        "takes a refresh token for an access token at one route",
    ),
    row(
        "introspection-cache-forever",
        "bearer.revoked-token-401",
        "remembers that a token was active and never asks again",
    ),
    row("scope-not-enforced", "bearer.insufficient-scope-403", "lets any valid token pass"),
    row("scope-substring", "bearer.scope-match-exact", "searches the scope as a substring"),
    row("bearer-audience-ignored", "bearer.wrong-audience-401", "accepts all tokens of the issuer"),
    row("any-issuer-artefact", "bearer.non-access-token-refused", "takes a refresh token for an access token"),
    row("bola", "bearer.object-ownership", "never compares the owner of an object"),
    row("scheme-ignored", "bearer.malformed-header", "takes the last word of the field for the token"),
    row("bearer-case-sensitive-scheme", "bearer.scheme-case-insensitive", "requires the scheme name as Bearer"),
    variant("bearer-one-space", "bearer.scheme-case-insensitive", "takes exactly one space after the scheme name"),
    variant(
        "bearer-or-word",
        "bearer.malformed-header",
        "takes one word before the token for the scheme, whichever it is",
    ),
    variant(
        "bearer-or-more",
        "bearer.malformed-header",
        "takes the second word of the field for the token, and ignores what follows",
    ),
    variant("bearer-any-blank", "bearer.malformed-header", "takes a no-break space for the one after the scheme name"),
    variant("bearer-in-scheme", "bearer.malformed-header", "takes every scheme name that contains the word Bearer"),
    variant("bearer-without-scheme", "bearer.malformed-header", "takes a field without a scheme name for the token"),
    row("query-overrides-header", "bearer.multiple-methods-refused", "prefers the token of the query"),
    variant("repeated-query-token", "bearer.multiple-methods-refused", "takes the first of two tokens of the query"),
    row("query-token-accepted", "bearer.query-token-refused", "takes the token from the query"),
    variant(
        "query-token-by-other-name",
        "bearer.query-token-refused",
        "takes the token from a parameter token of the query",
    ),
    variant(
        "other-name-overrides-header",
        "bearer.multiple-methods-refused",
        "prefers the token of a parameter token of the query",
    ),
    row("token-in-cookie", "bearer.cookie-token-refused", "takes the token from a cookie"),
    row("token-in-json-body", "bearer.form-token-limits", "takes the token from any body"),
    row("error-on-missing", "bearer.missing-401-no-error-code", "names an error where no token was presented"),
    row(
        "metadata-pointer-dangles",
        "bearer.resource-metadata-consistent",
        "names an address for the metadata of the resource where nothing is",
    ),
    row("bare-bearer", "bearer.challenge-has-param", "sends the scheme name and no parameter"),
    row("no-challenge-on-403", "bearer.denial-has-challenge", "sends 403 without a challenge"),
    variant("no-challenge-on-400", "bearer.denial-has-challenge", "sends 400 without a challenge"),
];

/// The token of a body, kept for the verifier while its fault is open.
#[derive(Clone)]
pub(crate) struct BodyToken(String);

/// A token that only an open fault finds; `lines` are those of the `Authorization` field.
pub(super) fn found(state: &ReferenceState, parts: &Parts, lines: &[&str]) -> Option<String> {
    let in_query = || query_value(parts, "access_token");
    match lines {
        [] if state.fault("repeated-query-token") => {
            let query = parts.uri.query().unwrap_or_default();
            in_query().filter(|_| query.matches("access_token=").count() > 1)
        }
        [] if state.fault("query-token-accepted") => in_query(),
        [] if state.fault("token-in-json-body") => parts.extensions.get::<BodyToken>().map(|token| token.0.clone()),
        [] if state.fault("token-in-cookie") => cookie_value(&parts.headers, "token").map(str::to_owned),
        [] if state.fault("query-token-by-other-name") => query_value(parts, "token"),
        [_] if state.fault("query-overrides-header") => in_query(),
        [_] if state.fault("other-name-overrides-header") => query_value(parts, "token"),
        [line] if state.fault("bearer-like-query") && line.ends_with(['%', '*']) => {
            line.split_once(' ').map(|(_, pattern)| pattern.to_owned())
        }
        [line] if state.fault("bearer-in-scheme") => {
            let (scheme, token) = line.split_once(' ')?;
            scheme.to_ascii_lowercase().contains("bearer").then(|| token.to_owned())
        }
        [line] if state.fault("bearer-without-scheme") && !line.contains(' ') => Some((*line).to_owned()),
        [line] if state.fault("scheme-ignored") => line.split_whitespace().last().map(str::to_owned),
        _ => None,
    }
}

/// The token of a faulty server that makes letters plain before it compares, or skips bytes; nothing where there are none to be
/// made so.
pub(super) fn normalised(state: &ReferenceState, parts: &Parts) -> Option<String> {
    if state.fault("bearer-skips-bytes") {
        let bytes = parts.headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")?;
        let (skipped, kept): (Vec<u8>, Vec<u8>) = bytes.iter().partition(|byte| !byte.is_ascii());
        return String::from_utf8(kept).ok().filter(|_| !skipped.is_empty());
    }
    if state.fault("bearer-any-blank") {
        let token = parts.headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer\xa0")?;
        return std::str::from_utf8(token).ok().map(str::to_owned);
    }
    if state.fault("bearer-strips-blanks") {
        let bytes = parts.headers.get(header::AUTHORIZATION)?.as_bytes();
        let token = without_blanks_of_latin_1(bytes).strip_prefix(b"Bearer ").filter(|_| !bytes.is_ascii())?;
        return std::str::from_utf8(token).ok().map(str::to_owned);
    }
    let line = parts.headers.get(header::AUTHORIZATION).filter(|_| state.fault("bearer-normalises-tokens"))?;
    let token = std::str::from_utf8(line.as_bytes()).ok()?.strip_prefix("Bearer ")?;
    (!token.is_ascii()).then(|| without_full_width(token))
}

/// The token in a body of any kind.
pub(crate) fn of_body(body: &[u8]) -> Option<BodyToken> {
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    let member = json.and_then(|json| json.get("access_token")?.as_str().map(str::to_owned));
    let form = || url::form_urlencoded::parse(body).find(|(name, _)| name == "access_token");
    member.or_else(|| form().map(|(_, value)| value.into_owned())).map(BodyToken)
}

/// Whether a fault is open that one route has.
pub(crate) fn at_account(state: &ReferenceState, parts: &Parts, fault: &str) -> bool {
    parts.uri.path().ends_with("/account") && state.fault(fault)
}

/// Whether a faulty server is asked to change something.
pub(crate) fn at_write(state: &ReferenceState, parts: &Parts, fault: &str) -> bool {
    !parts.method.is_safe() && state.fault(fault)
}

/// The principal that an open fault takes a wrong token for.
pub(super) fn accepted(
    state: &ReferenceState,
    parts: &Parts,
    token: &str,
    is_unknown: impl FnOnce() -> bool,
) -> Option<Arc<Principal>> {
    let foreign = [OTHER_AUDIENCE_TOKEN, REFRESH_TOKEN].contains(&token);
    let open = (state.fault("accepts-any-token") && !foreign && is_unknown())
        || (state.fault("bearer-audience-ignored") && token == OTHER_AUDIENCE_TOKEN)
        || (state.fault("bearer-like-query") && token.ends_with(['%', '*']))
        || (state.fault("bearer-null-token") && token == "null")
        || (state.fault("any-issuer-artefact") && token == REFRESH_TOKEN)
        || (at_account(state, parts, "account-ignores-audience") && token == OTHER_AUDIENCE_TOKEN)
        || (at_account(state, parts, "account-takes-refresh-token") && token == REFRESH_TOKEN);
    open.then(|| Arc::new(principal(&IDENTITIES[0])))
}
