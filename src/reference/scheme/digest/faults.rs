//! Faults of the Digest verifier.

use super::DigestHash;
use crate::reference::fault::{Fault, row, variant};
use crate::seed::IDENTITIES;

/// Faults of responses, nonces and counts.
pub(crate) const FAULTS: &[Fault] = &[
    row("digest-rejects-everything", "digest.valid-accepted", "refuses every response"),
    row("digest-any-response", "digest.wrong-password-denied", "accepts any response of a known user"),
    row("digest-ignores-uri", "digest.request-bound", "does not compare uri with the request"),
    row("digest-ignores-count", "digest.replay-refused", "accepts a nonce count a second time"),
    variant(
        "digest-account-ignores-count",
        "digest.replay-refused",
        "accepts a nonce count a second time at one route",
    ),
    variant("digest-writes-ignore-count", "digest.replay-refused", "accepts a nonce count a second time for writes"),
    row("digest-any-nonce", "digest.foreign-nonce-refused", "accepts nonces that it did not send"),
    row("digest-without-qop", "digest.downgrade-refused", "accepts responses without qop, as in RFC 2069"),
    row("digest-ignores-algorithm", "digest.unknown-algorithm-refused", "takes every algorithm for its own"),
    variant("digest-session-variant", "digest.unknown-algorithm-refused", "takes the session variant of its algorithm"),
    row("digest-breaks-on-missing", "digest.incomplete-refused", "breaks where nc or cnonce is missing"),
    variant("digest-breaks-on-missing-quality", "digest.incomplete-refused", "breaks where qop is missing beside nc"),
    variant("digest-counts-from-zero", "digest.incomplete-refused", "takes a count of zero"),
    variant("digest-any-count", "digest.incomplete-refused", "takes counts of any number of digits"),
    row("digest-challenge-without-qop", "digest.challenge-complete", "sends a challenge without qop"),
    row("digest-user-not-found", "digest.unknown-user-indistinct", "says that a user does not exist"),
    variant(
        "digest-user-not-found-number",
        "digest.unknown-user-indistinct",
        "says by a number that a user does not exist",
    ),
    variant("digest-any-quality", "digest.incomplete-refused", "takes every qop for its own"),
    variant("digest-breaks-on-quality", "digest.incomplete-refused", "breaks where qop is auth-int"),
    variant("digest-quoted-tokens", "digest.challenge-complete", "sends algorithm in quotation marks"),
    row("digest-any-realm", "digest.realm-bound", "computes responses with the realm of the client"),
    variant("digest-realm-unread", "digest.realm-bound", "does not look at the realm that a field names"),
    row("digest-in-scheme", "digest.other-scheme-denied", "takes every scheme name that contains the word Digest"),
    row("digest-names-by-case", "digest.parameters-read", "looks for names of parameters in lower case alone"),
    row("digest-case-sensitive-scheme", "digest.scheme-case-insensitive", "requires the scheme name as Digest"),
    variant("digest-one-space", "digest.scheme-case-insensitive", "takes exactly one space after the scheme name"),
    row("digest-foreign-pages-write", "digest.foreign-page-write-refused", "lets pages of other sites write"),
];

/// The key of a user in whatever realm the client names.
pub(super) fn key_of(hash: DigestHash, user: &str, realm: &str) -> String {
    let identity = IDENTITIES.iter().find(|identity| identity.name == user);
    identity.map(|identity| hash.of(&format!("{user}:{realm}:{}", identity.password))).unwrap_or_default()
}
