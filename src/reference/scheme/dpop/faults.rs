//! Faults of bound tokens: how proofs are verified, and how tokens are bound.

use crate::reference::fault::{Fault, row, variant};

/// Faults of the resources, of the token endpoint, and of what both verify.
pub(crate) const FAULTS: &[Fault] = &[
    row("dpop-rejects-everything", "dpop.valid-accepted", "refuses every bound token"),
    row("unbound-dpop", "dpop.token-response", "answers token_type DPoP, and no introspection names the key"),
    row("as-ignores-bad-proof", "dpop.as-invalid-proof", "issues a bearer token where the proof is wrong"),
    row("proof-optional", "dpop.missing-proof-refused", "verifies a proof only where there is one"),
    row("dpop-case-sensitive-scheme", "dpop.scheme-case-insensitive", "requires the scheme name as DPoP"),
    row("bearer-downgrade", "dpop.bearer-downgrade-refused", "takes bound tokens for bearer tokens"),
    variant(
        "account-takes-bound-token-as-bearer",
        "dpop.bearer-downgrade-refused",
        "takes bound tokens for bearer tokens at one route",
    ),
    row("first-proof-used", "dpop.single-proof-header", "takes the first of two proofs"),
    variant("proof-type-ignored", "dpop.proof-shape-enforced", "does not look at the type of a proof"),
    row("missing-jti-ok", "dpop.proof-shape-enforced", "accepts proofs without jti"),
    row("proof-crit-ignored", "dpop.proof-crit-enforced", "does not look at the critical extensions of a proof"),
    row("proof-encoding-lenient", "dpop.proof-encoding-strict", "takes padding and the standard alphabet in a proof"),
    row("dpop-alg-none", "dpop.alg-and-key-sane", "accepts proofs that nobody signed"),
    variant("private-jwk-ok", "dpop.alg-and-key-sane", "accepts a proof whose jwk has a private part"),
    row("proof-unsigned", "dpop.signature-verified", "compares the key of a proof and not its signature"),
    row("htu-ignored", "dpop.htm-htu-match", "does not compare htu with the request"),
    variant("htm-ignored", "dpop.htm-htu-match", "does not compare htm with the method of the request"),
    row("htu-string-compare", "dpop.htu-equivalents-accepted", "compares htu as text, with the query of the request"),
    variant("htu-encoding-compared", "dpop.htu-equivalents-accepted", "compares the percent-encoding of htu as it is"),
    row("iat-ignored", "dpop.iat-window", "does not look when a proof was made"),
    variant("iat-integer-only", "dpop.iat-window", "refuses an iat with a fraction"),
    row("no-jti-store", "dpop.jti-replay-refused", "keeps no jti of proofs"),
    variant("dpop-account-forgets-jti", "dpop.jti-replay-refused", "keeps no jti of proofs at one route"),
    variant("dpop-writes-forget-jti", "dpop.jti-replay-refused", "keeps no jti of the proofs of writes"),
    row("ath-ignored", "dpop.ath-verified", "does not compare ath with the token"),
    variant("ath-of-one-spelling", "dpop.ath-verified", "compares ath only where the scheme name is written DPoP"),
    row("jkt-ignored", "dpop.key-matches-token", "accepts a proof of any key"),
    row("nonce-not-checked", "dpop.nonce-protocol", "asks for a nonce and accepts any"),
    row("no-algs", "dpop.challenge-lists-algs", "does not say which algorithms proofs may have"),
];
