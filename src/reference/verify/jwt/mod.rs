//! JSON Web Tokens as access tokens (RFC 7519, RFC 8725, RFC 9068): read strictly, verified by a library.

mod claims;
pub(crate) mod compact;
pub(crate) mod deployment;
mod encrypted;
mod holes;
pub(crate) mod remote;

use std::sync::Arc;

use axum::http::request::Parts;
use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::Guard;
use super::bearer::{self, invalid};
use crate::reference::fault::{Fault, row};
use crate::reference::keys::name_of;
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, State};
use compact::{Compact, Leniency};
use deployment::Deployment;
pub(crate) use holes::keyed_with_the_public_half;

/// Algorithms that resources are guarded with, and their place in the path.
pub(crate) const ALGORITHMS: [(Algorithm, &str); 8] = [
    (Algorithm::HS256, "jwt/hs256"),
    (Algorithm::HS384, "jwt/hs384"),
    (Algorithm::HS512, "jwt/hs512"),
    (Algorithm::RS256, "jwt/rs256"),
    (Algorithm::PS256, "jwt/ps256"),
    (Algorithm::ES256, "jwt/es256"),
    (Algorithm::ES384, "jwt/es384"),
    (Algorithm::EdDSA, "jwt/eddsa"),
];

/// Holes of this verifier.
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
    row("trusts-header-jwk", "jwt.embedded-jwk-ignored", "verifies with the key in the token's own header"),
    row("fetches-jku", "jwt.remote-key-url-ignored", "downloads keys from the address in the token's header"),
    row("kid-is-file-path", "jwt.kid-injection-inert", "reads the HMAC key from the file that kid names"),
    row("tries-all-keys", "jwt.kid-key-agreement", "ignores kid and tries one key after another"),
    row("ignores-crit", "jwt.crit-enforced", "skips header members that it does not know, crit among them"),
    row("jwt-accepts-expired-token", "jwt.exp-enforced", "does not compare the expiry"),
    row("one-hour-leeway", "jwt.exp-leeway-bounded", "lets tokens live an hour past their end"),
    row("exp-optional", "jwt.exp-required", "takes a token without exp for one that never ends"),
    row("exp-string-coerced", "jwt.numeric-date-types", "reads a number out of an exp that is text"),
    row("ignores-nbf", "jwt.nbf-enforced", "does not read nbf"),
    row("ignores-iat", "jwt.iat-future-refused", "does not read iat"),
    row("jwt-audience-ignored", "jwt.aud-enforced", "does not compare the audience"),
    row("aud-string-only", "jwt.aud-array-accepted", "refuses an audience that is an array"),
    row("issuer-ignored", "jwt.iss-enforced", "does not compare the issuer"),
    row("pooled-keys", "jwt.key-bound-to-issuer", "keeps the keys of all issuers in one set"),
    row("typ-ignored", "jwt.typ-confusion-refused", "accepts every type of JWT"),
    row("typ-exact-string", "jwt.typ-media-type-forms", "knows only the short form of the type"),
    row("first-duplicate-wins", "jwt.duplicate-members-safe", "keeps the first of two members of one name"),
    row("scope-array-bypass", "jwt.claim-type-confusion-safe", "skips the check of a scope that is an array"),
    row("jwe-plaintext-trusted", "jwt.jwe-in-place-refused", "decrypts a token and trusts what it holds"),
    row("pbes2-unbounded", "jwt.expansion-bounded", "stretches a password as often as the token asks"),
    row("lenient-base64", "jwt.compact-form-strict", "ignores padding and left-over bits"),
    row("jwks-loaded-once", "jwt.rotation-new-key", "reads the key set when it first needs it and never again"),
    row("keys-never-evicted", "jwt.rotation-retired-key", "keeps keys that have left the key set"),
    row("refetch-per-kid", "jwt.unknown-kid-fetch-limited", "fetches the key set for each unknown kid"),
];

/// What may have to be fetched before a token can be verified.
pub(crate) async fn prepare(state: &State, guard: Guard, parts: &Parts) {
    if matches!(guard, Guard::Jwt(_)) && state.remote_keys.are_used(&state.faults) {
        let Ok(token) = bearer::presented(state, parts) else { return };
        state.remote_keys.refresh(&token, &state.faults).await;
    }
}

/// Verifies the token of a request.
pub(crate) fn verify(state: &State, parts: &Parts, deployment: &Deployment) -> Result<Arc<Principal>, Rejection> {
    let token = &*bearer::presented(state, parts)?;
    if state.fault("jwt-rejects-everything") {
        return Err(invalid());
    }
    let claims = verified(state, deployment, token).ok_or_else(invalid)?;
    claims::principal(state, &claims).map(Arc::new).ok_or_else(invalid)
}

/// Verifies the token of a request that the authorization server issued: one that it revoked is refused.
pub(crate) fn verify_issued(state: &State, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let principal = verify(state, parts, state.deployments.of_authority())?;
    let token = &*bearer::presented(state, parts)?;
    let record = state.deployments.authority.look_up(token);
    let revoked = record.is_some_and(|record| record.is_revoked()) && !state.fault("introspection-cache-forever");
    if revoked { Err(invalid()) } else { Ok(principal) }
}

fn verified(state: &State, deployment: &Deployment, token: &str) -> Option<serde_json::Map<String, Value>> {
    let leniency =
        Leniency { base64: state.fault("lenient-base64"), first_duplicate: state.fault("first-duplicate-wins") };
    let rewritten = holes::rewritten(state, deployment, token);
    let token = rewritten.as_deref().unwrap_or(token);
    let compact = Compact::read(token, leniency)?;
    // RFC 7515 §4.1.11: no extension is understood here, so whatever is critical makes the token invalid
    if compact.header.contains_key("crit") && !state.fault("ignores-crit") {
        return None;
    }
    let good = is_access_token(state, &compact)
        && accepted(state, deployment, &compact, token, leniency)
        && claims::ours_hold(state, &compact);
    good.then_some(compact.claims)
}

/// Signature and registered claims.
fn accepted(state: &State, deployment: &Deployment, compact: &Compact, token: &str, leniency: Leniency) -> bool {
    if holes::passes(state, deployment, compact) {
        return claims::registered_hold(deployment, compact);
    }
    // RFC 8725 §3.1: the algorithm is the deployment's, whatever the header says
    if compact.header_text("alg") != Some(name_of(deployment.algorithm)) {
        return false;
    }
    let fetched;
    let key = match state.remote_keys.key_of(compact, deployment, &state.faults) {
        remote::Found::Nothing => return false,
        remote::Found::NotUsed => deployment.key_of(compact, &state.faults),
        remote::Found::Key(key) => {
            fetched = key;
            Some(&*fetched)
        }
    };
    let Some(key) = key else { return false };
    if leniency == Leniency::default() {
        return jsonwebtoken::decode::<Value>(token, key, &deployment.validation).is_ok();
    }
    deployment::verifies(compact, key, deployment.algorithm) && claims::registered_hold(deployment, compact)
}

/// RFC 9068 §4, RFC 7515 §4.1.9: `at+jwt`, or the same as a media type, without regard to case.
fn is_access_token(state: &State, compact: &Compact) -> bool {
    if state.fault("typ-ignored") {
        return true;
    }
    let Some(typ) = compact.header_text("typ") else { return false };
    if state.fault("typ-exact-string") {
        return typ == "at+jwt";
    }
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}
