//! What no guard stands before: the public page, the description, key sets, and the operator's hooks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::random::random_text;
use super::rejection::Rejection;
use super::scheme::jwt::deployment::ALGORITHMS;
use super::scheme::{Verifiers, changed_accounts};
use super::state::ReferenceState;

/// Everything but the guarded resources and the authorization server.
pub(crate) fn router(verifiers: &Arc<Verifiers>) -> Router {
    let of_state = Router::new()
        .route("/public", get(public))
        .route("/openapi.json", get(super::description::openapi))
        .route("/hooks/outage/{switch}", post(outage))
        .route("/hooks/revoke/{store}/{principal}", post(revoke))
        .route("/hooks/rotate/{principal}", post(rotate))
        .with_state(verifiers.state.clone());
    Router::new()
        .route("/hooks/keys", post(follow_keys))
        .route("/hooks/disable/{switch}/{user}", post(changed_accounts::disable))
        .route("/hooks/demote/{switch}/{user}", post(changed_accounts::demote))
        .route("/jwt/{algorithm}/jwks.json", get(key_set))
        .fallback(not_found)
        .with_state(verifiers.clone())
        .merge(of_state)
        .merge(verifiers.login_routes())
}

async fn not_found(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap) -> Rejection {
    let path = verifiers.state.fault("shows-path-of-program").then(|| "no file below /var/www/orders".to_owned());
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    let lines = || headers.iter().map(line).collect::<Vec<_>>().join("\n");
    let of_fault = path.or_else(|| verifiers.state.fault("prints-unknown-request").then(lines));
    Rejection { detail: of_fault, ..Rejection::new(StatusCode::NOT_FOUND, "not_found") }
}

async fn public() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The public keys that guard the resources of an algorithm.
async fn key_set(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Path(algorithm): Path<String>,
) -> Result<Json<Value>, Rejection> {
    let known = ALGORITHMS.into_iter().find(|(_, prefix)| prefix.ends_with(&format!("/{algorithm}")));
    let (algorithm, _) = known.ok_or(Rejection::new(StatusCode::NOT_FOUND, "not_found"))?;
    Ok(Json(super::jose::keys::key_set(verifiers.jwt.deployments.of(algorithm).all_keys())))
}

// --- hooks: what an operator does, and no client can -----------------------------------------------------------------

async fn outage(Shared(state): Shared<Arc<ReferenceState>>, Path(switch): Path<String>) -> StatusCode {
    match switch.as_str() {
        "on" => state.outage.store(true, Ordering::Relaxed),
        "off" => state.outage.store(false, Ordering::Relaxed),
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::NO_CONTENT
}

async fn revoke(
    Shared(state): Shared<Arc<ReferenceState>>,
    Path((store, principal)): Path<(String, String)>,
) -> Result<StatusCode, Rejection> {
    let revoked = match store.as_str() {
        "api-key" => state.keys.revoke(&principal),
        "bearer" => state.tokens.revoke(&principal),
        _ => None,
    };
    revoked.map(|_| StatusCode::NO_CONTENT).ok_or(Rejection::new(StatusCode::NOT_FOUND, "not_found"))
}

/// Gives a principal a new key and retires the old one; a body of 16 characters and more is the new key.
async fn rotate(
    Shared(state): Shared<Arc<ReferenceState>>,
    Path(principal): Path<String>,
    body: String,
) -> Result<Json<Value>, Rejection> {
    let holder = match state.fault("old-key-lives") {
        true => state.keys.holder_of(&principal),
        false => state.keys.revoke(&principal).or_else(|| state.keys.holder_of(&principal)),
    };
    let holder = holder.ok_or(Rejection::new(StatusCode::NOT_FOUND, "not_found"))?;
    let key = if body.len() >= 16 { body } else { format!("abk_live_{}", random_text(24)) };
    state.keys.insert(&key, super::state::Holder { state: crate::seed::SeedState::Valid, ..holder });
    Ok(Json(json!({ "api_key": key })))
}

/// Takes the issuer's keys from the address in the body; without one, from the seed again.
async fn follow_keys(Shared(verifiers): Shared<Arc<Verifiers>>, body: String) -> StatusCode {
    let address = body.trim();
    verifiers.jwt.remote_keys.follow((!address.is_empty()).then(|| address.to_owned())).await;
    StatusCode::NO_CONTENT
}
