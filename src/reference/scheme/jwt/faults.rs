//! Faults of the JWT verifier: ways in which a token is accepted that nobody signed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::deployment::Deployment;
use super::encrypted;
use super::remote::RemoteKeys;
use crate::clock;
use crate::reference::fault::{Fault, row, variant};
use crate::reference::jose::algorithm::JwsAlgorithm;
use crate::reference::jose::compact::Compact;
use crate::reference::jose::keys::VerifyingKey;
use crate::reference::jose::signature::{verifies, verifies_by_public_pem, verifies_by_secret};
use crate::reference::state::ReferenceState;
use crate::seed::IDENTITIES;

/// Faults of JSON Web Tokens.
pub(crate) const FAULTS: &[Fault] = &[
    row("jwt-rejects-everything", "jwt.valid-accepted", "refuses every JWT"),
    row("jwt-signature-optional", "jwt.signature-required", "skips verification if the third part is empty"),
    row("decode-without-verify", "jwt.signature-verified", "reads the claims without verifying the signature"),
    row("accepts-alg-none", "jwt.alg-none-refused", "takes alg none, in any case of letters, for a signature"),
    row("rs-hs-confusion", "jwt.alg-confusion-refused", "verifies HS256 with the PEM of the public key"),
    row("any-alg-of-key-type", "jwt.alg-allow-list", "accepts every algorithm that the type of the key allows"),
    row("weak-hs-secret", "jwt.empty-hmac-key-refused", "has a second HMAC secret: the word secret"),
    row("psychic-signature", "jwt.ecdsa-zero-signature-refused", "accepts an ECDSA signature of zeros"),
    row("accepts-der-ecdsa", "jwt.ecdsa-encoding-strict", "accepts ECDSA signatures in DER as well"),
    variant("ignores-ecdsa-tail", "jwt.ecdsa-encoding-strict", "ignores what follows the two numbers of a signature"),
    variant("crashes-on-ecdsa-length", "jwt.ecdsa-encoding-strict", "breaks on a signature of an odd length"),
    row("trusts-header-jwk", "jwt.embedded-jwk-ignored", "verifies with the key in the token's own header"),
    row("fetches-jku", "jwt.remote-key-url-ignored", "downloads keys from the address in the token's header"),
    row("kid-is-file-path", "jwt.kid-injection-inert", "reads the HMAC key from the file that kid names"),
    variant("kid-reads-known-file", "jwt.kid-injection-inert", "reads the HMAC key from any file that is not empty"),
    row("tries-all-keys", "jwt.kid-key-agreement", "ignores kid and tries one key after another"),
    row("ignores-crit", "jwt.crit-enforced", "skips header members that it does not know, crit among them"),
    variant(
        "jwt-verified-once",
        "bearer.expired-token-401",
        "looks at the end of a JWT when it sees it for the first time, and never again",
    ),
    row("jwt-accepts-expired-token", "jwt.exp-enforced", "does not compare the expiry"),
    row("one-hour-leeway", "jwt.exp-leeway-bounded", "lets tokens live an hour past their end"),
    row("exp-optional", "jwt.exp-required", "takes a token without exp for one that never ends"),
    variant("exp-zero-is-none", "jwt.numeric-date-types", "takes an exp of 0 for no end"),
    variant("exp-word-is-none", "jwt.numeric-date-types", "takes an exp that is a word for no end"),
    row("exp-string-coerced", "jwt.numeric-date-types", "reads a number out of an exp that is text"),
    row("ignores-nbf", "jwt.nbf-enforced", "does not read nbf"),
    variant("iat-of-any-type", "jwt.iat-future-refused", "takes an iat that is no number for none"),
    row("ignores-iat", "jwt.iat-future-refused", "does not read iat"),
    row("jwt-audience-ignored", "jwt.aud-enforced", "does not compare the audience"),
    row("crashes-without-sub", "jwt.unusual-claims-never-5xx", "breaks on a token without a subject"),
    variant("crashes-on-unknown-sub", "jwt.unusual-claims-never-5xx", "breaks on a subject that it does not find"),
    variant("crashes-on-nesting", "jwt.unusual-claims-never-5xx", "breaks on a token whose claims are nested deeply"),
    variant(
        "crashes-on-claim-types",
        "jwt.unusual-claims-never-5xx",
        "breaks on a token whose private claim has another type",
    ),
    variant("scope-absent-bypass", "jwt.claim-type-confusion-safe", "skips the check of a scope that is not there"),
    variant("audience-normalised", "jwt.aud-enforced", "compares audiences without their scheme and final slash"),
    variant("audience-of-words", "jwt.aud-enforced", "looks for its audience among the words of one text"),
    row("aud-string-only", "jwt.aud-array-accepted", "refuses an audience that is an array"),
    row("issuer-ignored", "jwt.iss-enforced", "does not compare the issuer"),
    row("pooled-keys", "jwt.key-bound-to-issuer", "keeps the keys of all issuers in one set"),
    row("typ-ignored", "jwt.typ-confusion-refused", "accepts every type of JWT"),
    row("typ-exact-string", "jwt.typ-media-type-forms", "knows only the short form of the type"),
    row("first-duplicate-wins", "jwt.duplicate-members-safe", "keeps the first of two members of one name"),
    row("scope-array-bypass", "jwt.claim-type-confusion-safe", "skips the check of a scope that is an array"),
    row("scope-case-ignored", "jwt.scope-match-exact", "compares the scope of signed tokens without regard to case"),
    row("jwe-plaintext-trusted", "jwt.jwe-in-place-refused", "decrypts a token and trusts what it holds"),
    row("pbes2-unbounded", "jwt.expansion-bounded", "stretches a password as often as the token asks"),
    variant("claims-in-utf-16", "jwt.compact-form-strict", "guesses the encoding of claims, and takes UTF-16"),
    row("lenient-base64", "jwt.compact-form-strict", "ignores padding and left-over bits"),
    variant(
        "claims-of-any-json",
        "jwt.compact-form-strict",
        "takes a payload that is no JSON object for a token without claims",
    ),
    row("jwks-loaded-once", "jwt.rotation-new-key", "reads the key set when it first needs it and never again"),
    row("keys-never-evicted", "jwt.rotation-retired-key", "keeps keys that have left the key set"),
    row("refetch-per-kid", "jwt.unknown-kid-fetch-limited", "fetches the key set for each unknown kid"),
];

/// The longest that the fault `pbes2-unbounded` keeps a processor busy.
const STRETCHED_AT_MOST: Duration = Duration::from_millis(3500);

/// Whether an open fault takes the token for signed.
pub(super) fn accepts_signature(
    state: &ReferenceState,
    remote_keys: &RemoteKeys,
    deployment: &Deployment,
    compact: &Compact,
) -> bool {
    let algorithm = compact.header_text("alg").unwrap_or_default();
    let is = |name: &str| state.fault(name);
    (is("jwt-signature-optional") && compact.signature.is_empty() && algorithm == deployment.algorithm.name())
        || (is("decode-without-verify") && algorithm == deployment.algorithm.name())
        || (is("accepts-alg-none") && algorithm.trim().eq_ignore_ascii_case("none"))
        || (is("rs-hs-confusion") && keyed_with_the_public_key(deployment, compact))
        || (is("any-alg-of-key-type") && by_another_algorithm(deployment, compact))
        || (is("weak-hs-secret") && verifies_by_secret(compact, b"secret"))
        || (is("psychic-signature") && has_a_zero(deployment, compact))
        || (is("accepts-der-ecdsa") && der_signature_holds(deployment, compact))
        || (is("ignores-ecdsa-tail") && starts_with_a_signature(deployment, compact))
        || (is("trusts-header-jwk") && by_own_key(deployment, compact))
        || (is("fetches-jku") && remote_keys.by_address(compact))
        || (is("kid-is-file-path") && by_file(compact, "/dev/null", b""))
        || (is("kid-reads-known-file") && by_file(compact, "/proc/sys/kernel/ostype", b"Linux\n"))
}

/// Whether an open fault breaks on what a token holds, whoever signed it.
pub(super) fn breaks(state: &ReferenceState, token: &str) -> bool {
    if state.fault("crashes-on-ecdsa-length") {
        // bytes, also where the last character holds bits of none
        return token.split('.').nth(2).is_some_and(|signature| signature.len() * 6 / 8 % 2 == 1);
    }
    let faults = ["crashes-without-sub", "crashes-on-unknown-sub", "crashes-on-nesting", "crashes-on-claim-types"];
    if !faults.iter().any(|name| state.fault(name)) {
        return false;
    }
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    let claims = serde_json::from_slice::<Map<String, Value>>(&payload);
    let lacks_subject = claims.as_ref().is_ok_and(|claims| !claims.contains_key("sub"));
    let is_nobody = |claims: &Map<String, Value>| {
        let sub = claims.get("sub").and_then(Value::as_str);
        sub.is_some_and(|sub| !IDENTITIES.iter().any(|identity| identity.name == sub))
    };
    let is_no_text = |claims: &Map<String, Value>| claims.get("tenant").is_some_and(|tenant| !tenant.is_string());
    let nested = payload.windows(2).filter(|pair| *pair == b"[[").count() > 1000;
    (state.fault("crashes-without-sub") && lacks_subject)
        || (state.fault("crashes-on-unknown-sub") && claims.as_ref().is_ok_and(is_nobody))
        || (state.fault("crashes-on-nesting") && nested)
        || (state.fault("crashes-on-claim-types") && claims.as_ref().is_ok_and(is_no_text))
}

/// The token that is read in place of the one that was sent.
pub(super) fn rewritten(state: &ReferenceState, deployment: &Deployment, token: &str) -> Option<String> {
    if state.fault("pbes2-unbounded") {
        stretch(token);
    }
    if state.fault("jwe-plaintext-trusted") {
        let claims = encrypted::plaintext(deployment, token)?;
        return signed_by_us(deployment, &claims);
    }
    None
}

fn signed_by_us(deployment: &Deployment, claims: &Map<String, Value>) -> Option<String> {
    deployment.own_key().token("at+jwt", claims)
}

/// Whether an open fault takes a signed payload that is no object for a token that may do everything.
pub(super) fn accepts_payload(state: &ReferenceState, deployment: &Deployment, token: &str) -> bool {
    if !state.fault("claims-of-any-json") {
        return false;
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return false };
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (Some(Value::Object(header_members)), Some(claims)) = (json(header), json(payload)) else { return false };
    let compact = Compact {
        header: header_members,
        claims: Map::new(),
        signed: format!("{header}.{payload}"),
        signature: URL_SAFE_NO_PAD.decode(signature).unwrap_or_default(),
    };
    !claims.is_object() && deployment.all_keys().any(|key| verifies(&compact, &key.verifying, deployment.algorithm))
}

/// An RSA key verifies by every hash and padding, an HMAC secret by every hash.
fn by_another_algorithm(deployment: &Deployment, compact: &Compact) -> bool {
    let Some(algorithm) = compact.header_text("alg").and_then(JwsAlgorithm::named) else { return false };
    algorithm != deployment.algorithm && deployment.all_keys().any(|key| verifies(compact, &key.verifying, algorithm))
}

/// RFC 8725 §2.1: a public key, which everybody has, used as an HMAC secret.
fn keyed_with_the_public_key(deployment: &Deployment, compact: &Compact) -> bool {
    deployment.all_keys().any(|key| verifies_by_public_pem(compact, key))
}

/// CVE-2022-21449: without range checks on r and s, zeros solve the equation for every key.
fn has_a_zero(deployment: &Deployment, compact: &Compact) -> bool {
    let ecdsa = matches!(deployment.algorithm.library(), Some(Algorithm::ES256 | Algorithm::ES384));
    ecdsa && !compact.signature.is_empty() && compact.signature.iter().all(|byte| *byte == 0)
}

fn der_signature_holds(deployment: &Deployment, compact: &Compact) -> bool {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
    deployment.all_keys().any(|key| {
        let Some(Ok(point)) = key.verifying.library().map(|key| key.try_get_as_bytes()) else { return false };
        let holds = |key: UnparsedPublicKey<&[u8]>| key.verify(compact.signed.as_bytes(), &compact.signature).is_ok();
        match key.algorithm.library() {
            Some(Algorithm::ES256) => holds(UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)),
            Some(Algorithm::ES384) => holds(UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point)),
            _ => false,
        }
    })
}

/// Verifies the start of a signature that has as many bytes as one should have.
fn starts_with_a_signature(deployment: &Deployment, compact: &Compact) -> bool {
    let size = if deployment.algorithm == Algorithm::ES384.into() { 96 } else { 64 };
    let Some(start) = compact.signature.get(..size).filter(|start| start.len() < compact.signature.len()) else {
        return false;
    };
    let cut = Compact { signature: start.to_vec(), ..compact.clone() };
    deployment.all_keys().any(|key| verifies(&cut, &key.verifying, deployment.algorithm))
}

fn by_own_key(deployment: &Deployment, compact: &Compact) -> bool {
    let key = compact.header.get("jwk").and_then(VerifyingKey::from_jwk);
    let named = compact.header_text("alg").and_then(JwsAlgorithm::named);
    let algorithm = named.unwrap_or(deployment.algorithm);
    key.is_some_and(|key| verifies(compact, &key, algorithm))
}

/// The HMAC key is what is in the file `keys/<kid>`; what that is, is known here of one file.
fn by_file(compact: &Compact, file: &str, content: &[u8]) -> bool {
    compact.header_text("kid").is_some_and(|kid| kid.ends_with(file)) && verifies_by_secret(compact, content)
}

/// PBES2 (RFC 7518 §4.8): as many iterations as `p2c` asks for, up to a limit that keeps tests short.
fn stretch(token: &str) {
    let header = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    let count = header.get("p2c").and_then(Value::as_u64).unwrap_or_default();
    let began = clock::now();
    let mut block = Sha256::digest(b"salt");
    for round in 0..count {
        block = Sha256::digest(block);
        if round % 4096 == 0 && began.elapsed() > STRETCHED_AT_MOST {
            break;
        }
    }
    std::hint::black_box(block);
}
