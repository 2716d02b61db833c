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
use crate::reference::fault::Fault;
use crate::reference::keys::name_of;
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, State};
use compact::{Compact, Leniency};
use deployment::Deployment;

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
pub(crate) const FAULTS: &[Fault] = &[];

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
