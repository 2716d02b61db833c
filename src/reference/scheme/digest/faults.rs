//! Faults of the Digest verifier.

use crate::reference::fault::{Fault, row, variant};

/// Faults of responses, nonces and counts.
pub(crate) const FAULTS: &[Fault] = &[
    row("digest-rejects-everything", "digest.valid-accepted", "refuses every response"),
    row("digest-any-response", "digest.wrong-password-denied", "accepts any response of a known user"),
    row("digest-ignores-uri", "digest.request-bound", "does not compare uri with the request"),
    row("digest-ignores-count", "digest.replay-refused", "accepts a nonce count a second time"),
    row("digest-any-nonce", "digest.foreign-nonce-refused", "accepts nonces that it did not send"),
    row("digest-without-qop", "digest.downgrade-refused", "accepts responses without qop, as in RFC 2069"),
    row("digest-ignores-algorithm", "digest.unknown-algorithm-refused", "takes every algorithm for its own"),
    row("digest-breaks-on-missing", "digest.incomplete-refused", "breaks where nc or cnonce is missing"),
    row("digest-challenge-without-qop", "digest.challenge-complete", "sends a challenge without qop"),
    row("digest-user-not-found", "digest.unknown-user-indistinct", "says that a user does not exist"),
    row("digest-case-sensitive-scheme", "digest.scheme-case-insensitive", "requires the scheme name as Digest"),
    variant("digest-one-space", "digest.scheme-case-insensitive", "takes exactly one space after the scheme name"),
];
