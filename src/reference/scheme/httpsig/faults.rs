//! Faults of the verifier of message signatures, and what they do.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::Algorithm;

use crate::reference::fault::{Fault, row, variant};
use crate::reference::jose::algorithm::JwsAlgorithm;
use crate::reference::jose::keys::KeyPair;
use crate::reference::jose::signature::public_pem;
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::IDENTITIES;

/// Faults of message signatures.
pub(crate) const FAULTS: &[Fault] = &[
    row("httpsig-rejects-everything", "httpsig.valid-accepted", "refuses every signature"),
    row("verify-if-present", "httpsig.missing-refused", "verifies a signature where there is one"),
    row("query-not-in-base", "httpsig.component-tamper-refused", "leaves the query of the request out of the base"),
    row("any-coverage-ok", "httpsig.coverage-policy-enforced", "accepts whatever was covered"),
    row("digest-not-recomputed", "httpsig.content-digest-checked", "verifies the signature and not the digest"),
    row("expires-ignored", "httpsig.freshness-and-replay", "compares no times"),
    variant("httpsig-no-nonce-store", "httpsig.freshness-and-replay", "accepts a nonce a second time"),
    variant(
        "httpsig-account-forgets-nonces",
        "httpsig.freshness-and-replay",
        "accepts a nonce a second time at one route",
    ),
    variant("httpsig-writes-forget-nonces", "httpsig.freshness-and-replay", "accepts a nonce a second time for writes"),
    row("alg-from-message", "httpsig.key-and-alg-agreement", "takes the algorithm from the message"),
    variant(
        "alg-from-message-pem",
        "httpsig.key-and-alg-agreement",
        "takes the algorithm from the message, and the text of the public key in PEM for a secret",
    ),
    variant(
        "alg-from-message-pem-unended",
        "httpsig.key-and-alg-agreement",
        "takes the algorithm from the message, and the text of the public key in PEM without its last newline for a secret",
    ),
    variant(
        "alg-from-message-number",
        "httpsig.key-and-alg-agreement",
        "takes the algorithm from the message, and the bytes of the public key for a secret",
    ),
    row(
        "component-parameter-ignored",
        "httpsig.identifiers-understood",
        "ignores parameters of components that it does not know",
    ),
    variant("name-case-ignored", "httpsig.identifiers-understood", "accepts component names in upper case"),
    row("times-of-any-type", "httpsig.times-are-integers", "treats a time that is a string as the current time"),
    row("salt-of-any-length", "httpsig.pss-salt-length", "accepts RSASSA-PSS signatures with a salt of any length"),
    row("verifies-resolved-path", "httpsig.path-as-sent", "decodes and resolves paths before it verifies signatures"),
    row("verifies-rewritten-query", "httpsig.query-as-sent", "encodes apostrophes of the query before it verifies"),
    row(
        "any-label-verifies",
        "httpsig.selection-unambiguous",
        "accepts a message if any of its signatures verifies, whichever key is expected",
    ),
    row("answer-unsigned", "httpsig.answers-signed", "signs no answer"),
    variant("answer-signature-of-another", "httpsig.answers-signed", "signs something else than the answer"),
    variant("answer-signature-stale", "httpsig.answers-signed", "signs answers with a time an hour ago"),
    variant("answer-covers-status-alone", "httpsig.answers-signed", "covers nothing but the status of an answer"),
    variant("answer-digest-of-nothing", "httpsig.answers-signed", "sends the digest of an empty content"),
];

/// The principal that a request without a signature is taken for.
pub(super) fn unsigned(state: &ReferenceState) -> Option<Arc<Principal>> {
    state.fault("verify-if-present").then(|| Arc::new(principal(&IDENTITIES[0])))
}

/// Whether the public key, which everybody has, verifies a signature as the secret of an HMAC.
pub(super) fn by_public_key(state: &ReferenceState, key: &KeyPair, alg: Option<&str>, base: &str, made: &[u8]) -> bool {
    if alg != Some("hmac-sha256") {
        return false;
    }
    let text = public_pem(key).unwrap_or_default();
    let encoded: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(encoded).unwrap_or_default();
    // RFC 8410 §4: the bytes of the key are the end of its encoding; RFC 5480 §2.2: x is the first half of a point
    let is_of_point = matches!(key.algorithm, JwsAlgorithm::Library(Algorithm::ES256));
    let size = if is_of_point { 64 } else { 32 };
    let number = der.get(der.len().saturating_sub(size)..).and_then(|end| end.get(..32)).unwrap_or_default().to_vec();
    let unended = text.trim_end().as_bytes().to_vec();
    let secrets = [
        ("alg-from-message", der),
        ("alg-from-message-pem", text.as_bytes().to_vec()),
        ("alg-from-message-pem-unended", unended),
        ("alg-from-message-number", number),
    ];
    secrets.iter().filter(|(fault, secret)| !secret.is_empty() && state.fault(fault)).any(|(_, secret)| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        aws_lc_rs::hmac::verify(&key, base.as_bytes(), made).is_ok()
    })
}
