//! Faults of the API key verifier, and what they do.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use subtle::ConstantTimeEq as _;

use crate::reference::fault::{Fault, row, variant};
use crate::reference::request::{cookie_value, query_value, without_blanks_of_latin_1, without_full_width};
use crate::reference::state::{KeyLocation, Principal, ReferenceState, digest, principal};
use crate::reference::wait::busy_wait;
use crate::seed::{DEMO_KEYS, IDENTITIES, SeedState};

/// What each byte of a faulty comparison takes: far more than a real one, so that few samples show it.
const PER_BYTE: Duration = Duration::from_micros(100);
/// What a hash takes that a faulty server computes for known keys only.
const SLOW_HASH: Duration = Duration::from_millis(2);

/// Faults of API keys; three of them are implemented below the HTTP library, in `serve/`.
pub(crate) const FAULTS: &[Fault] = &[
    row("apikey-rejects-everything", "apikey.valid-accepted", "refuses every key"),
    row("missing-key-is-anonymous", "apikey.missing-denied", "takes a request without a key for the default consumer"),
    row("accepts-any-key", "apikey.invalid-denied", "looks at the form of a key and not at the key"),
    row("empty-matches-unset", "apikey.empty-or-blank-denied", "compares with a variable that is not set"),
    row("prefix-compare", "apikey.near-miss-denied", "compares the first 20 characters"),
    row("case-insensitive-compare", "apikey.case-folding-denied", "compares without regard to case"),
    row("nul-truncation", "apikey.control-bytes-rejected", "ends the value at the first NUL"),
    variant("key-strips-controls", "apikey.control-bytes-rejected", "takes control characters around a key off"),
    row("like-query", "apikey.injection-denied", "looks keys up by pattern"),
    variant("ldap-query", "apikey.injection-denied", "looks keys up by an LDAP filter"),
    variant("key-tail-ignored", "apikey.near-miss-denied", "looks at the first parts of a key and ignores one more"),
    variant("unquotes-key", "apikey.near-miss-denied", "takes quotation marks off a key"),
    variant("key-ends-at-encoded-nul", "apikey.near-miss-denied", "decodes a key and ends it at the first NUL"),
    variant("key-ignores-padding", "apikey.near-miss-denied", "takes equals signs behind a key for padding"),
    row("revocation-ignored", "apikey.revoked-denied", "never reads whether a key was revoked"),
    row("no-expiry-check", "apikey.expired-denied", "never reads whether a key has expired"),
    row("old-key-lives", "apikey.rotation-effective", "adds a key at rotation and retires none"),
    row("no-object-check", "apikey.cross-tenant-denied", "never compares the owner of an object"),
    variant(
        "names-owner-in-refusal",
        "apikey.cross-tenant-denied",
        "names the address of the owner where it refuses an object of another tenant",
    ),
    row("scope-ignored", "apikey.scope-enforced", "loads scopes and does not look at them"),
    row("nfkc-before-compare", "apikey.non-ascii-denied", "normalises keys before it compares them"),
    variant(
        "last-of-list-wins",
        "common.duplicate-credential-header",
        "takes the last of keys with commas between them",
    ),
    variant("key-strips-blanks", "apikey.non-ascii-denied", "takes off what is white space in Latin-1"),
    row("accepts-key-anywhere", "apikey.query-location-policy", "looks for a key in the query and in cookies too"),
    variant("accepts-token-parameter", "apikey.query-location-policy", "looks for a key in the parameter token too"),
    variant(
        "accepts-camel-case-parameter",
        "apikey.query-location-policy",
        "looks for a key in the parameter apiKey too",
    ),
    variant(
        "accepts-parameter-of-its-name",
        "apikey.query-location-policy",
        "looks for a key in a parameter with the name of its field too",
    ),
    row("echoes-key-in-error", "apikey.not-echoed", "repeats a wrong key in the error"),
    row("distinct-revoked-message", "apikey.uniform-denial", "says that a key was revoked"),
    row("byte-by-byte-compare", "apikey.timing-independent-of-prefix", "compares bytes until the first difference"),
    row("hash-only-known-ids", "apikey.timing-independent-of-existence", "hashes the secret of known keys only"),
    row("ships-demo-key", "apikey.default-values-denied", "accepts the key of the documentation's example"),
    row("hashes-unbounded-input", "apikey.oversized-bounded", "takes longer, the longer a key is"),
    row("ows-significant", "apikey.ows-trimmed", "takes whitespace around a field value for part of it"),
    row("case-sensitive-header", "apikey.header-name-case-insensitive", "looks fields up by their exact spelling"),
    row("key-scheme-by-case", "apikey.scheme-case-insensitive", "compares the scheme name before a key by case"),
];

/// Takes time by what a key has in common with good ones.
pub(super) fn leak_by_time(state: &ReferenceState, key: &str) {
    if state.fault("byte-by-byte-compare") {
        let common = IDENTITIES[0].api_key.bytes().zip(key.bytes()).take_while(|(good, other)| good == other).count();
        busy_wait(PER_BYTE * u32::try_from(common).unwrap_or(0));
    }
    let id = |key: &str| key.rsplit_once('_').map(|(id, _)| id.to_owned());
    if state.fault("hash-only-known-ids") && IDENTITIES.iter().any(|identity| id(identity.api_key) == id(key)) {
        busy_wait(SLOW_HASH);
    }
}

/// The principal whom faults let in by default.
pub(super) fn service() -> Arc<Principal> {
    Arc::new(principal(&IDENTITIES[0]))
}

/// The principal that an open fault takes a wrong key for; in constant time where a correct comparison would be.
pub(super) fn accepted(state: &ReferenceState, key: &str) -> Option<Arc<Principal>> {
    let good = IDENTITIES[0].api_key;
    let blank = ["", "null", "undefined", "None", "0", "false", "[]", "{}"];
    let retired = || state.keys.find(key).is_some_and(|holder| holder.state != SeedState::Valid);
    let same = |one: &str, other: &str| bool::from(digest(one).ct_eq(&digest(other)));
    let open = (state.fault("accepts-any-key") && key.len() == good.len() && key.starts_with("abk_") && !retired())
        || (state.fault("empty-matches-unset") && blank.contains(&key.trim()))
        || (state.fault("prefix-compare") && key.len() >= 20 && good.starts_with(key.get(..20)?))
        || (state.fault("case-insensitive-compare") && same(&key.to_lowercase(), &good.to_lowercase()))
        || (state.fault("like-query") && (key.ends_with('%') || key == "*" || key == ".*"))
        || (state.fault("ldap-query") && key.strip_suffix('*').is_some_and(|start| good.starts_with(start)))
        || (state.fault("unquotes-key") && key.trim_matches('"') == good)
        || (state.fault("last-of-list-wins") && key.rsplit_once(", ").is_some_and(|(_, last)| last == good))
        || (state.fault("key-ends-at-encoded-nul") && key.split("%00").next() == Some(good))
        || (state.fault("key-ignores-padding") && key.trim_end_matches('=') == good)
        || (state.fault("key-tail-ignored") && key.rsplit_once('_').is_some_and(|(start, _)| start == good))
        || (state.fault("ships-demo-key") && key == DEMO_KEYS[1]);
    open.then(service)
}

/// A key in a place that nobody declared.
pub(super) fn key_elsewhere(state: &ReferenceState, parts: &Parts) -> Option<String> {
    if state.fault("accepts-token-parameter") {
        return query_value(parts, "token");
    }
    if state.fault("accepts-camel-case-parameter") {
        return query_value(parts, "apiKey");
    }
    if state.fault("accepts-parameter-of-its-name") {
        let KeyLocation::Header(name) = &state.key_location else { return None };
        return query_value(parts, name);
    }
    if !state.fault("accepts-key-anywhere") {
        return None;
    }
    let in_query = ["api_key", "apikey", "key", "access_token"].iter().find_map(|name| query_value(parts, name));
    in_query.or_else(|| cookie_value(&parts.headers, "x-api-key").map(str::to_owned))
}

/// A key that is no text, as an open fault reads it: with its full-width letters made plain, as compatibility normalisation
/// does, or without what is white space in Latin-1.
pub(super) fn normalised_key(state: &ReferenceState, parts: &Parts) -> Option<String> {
    let KeyLocation::Header(name) = &state.key_location else { return None };
    let bytes = parts.headers.get(name.as_str())?.as_bytes();
    if state.fault("key-strips-blanks") {
        return std::str::from_utf8(without_blanks_of_latin_1(bytes)).ok().map(str::to_owned);
    }
    std::str::from_utf8(bytes).ok().filter(|_| state.fault("nfkc-before-compare")).map(without_full_width)
}
