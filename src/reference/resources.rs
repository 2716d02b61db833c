//! The resources: the same under each guard, so that only the guard makes the difference.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::extract::{Path, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use super::fault::{Fault, row};
use super::rejection::Rejection;
use super::spoil::spoil;
use super::state::{Principal, State};
use super::verify::Guard;
use super::{careless, throttle};
use crate::clock;
use crate::seed::{READ, SOURCE_HEADER, WRITE};

/// Holes around the verifiers.
pub(crate) const FAULTS: &[Fault] = &[
    row("unguarded-route", "common.protected-route-denies-anonymous", "mounts /account outside the guard"),
    row("act-then-check", "common.denied-write-has-no-effect", "writes an order before it checks who writes"),
    row("head-unguarded", "common.head-same-decision-as-get", "guards every method but HEAD"),
    row(
        "override-after-auth",
        "common.method-override-header-ignored",
        "decides by the method and acts by the override header",
    ),
    row("trusts-x-forwarded-user", "common.identity-header-spoof", "believes whoever names a user in X-Forwarded-User"),
    row("panics-on-bad-base64", "common.malformed-credential-never-5xx", "breaks on a credential that does not decode"),
    row(
        "fail-open",
        "common.fail-closed-on-backend-outage",
        "lets everybody in while the store of credentials is away",
    ),
    row("authz-as-401", "common.insufficient-is-403", "answers 401 to a principal without the scope"),
];

/// Set on a request that came through a hole before the guards.
#[derive(Clone, Copy)]
pub(crate) struct Unguarded;

/// All resources with their guards.
pub(crate) fn router(state: &Arc<State>) -> Router {
    let mut router = Router::new()
        .route("/public", get(public))
        .route("/openapi.json", get(super::description::openapi))
        .route("/hooks/outage/{switch}", post(outage))
        .route("/hooks/revoke/{store}/{principal}", post(revoke))
        .route("/hooks/rotate/{principal}", post(rotate))
        .route("/hooks/keys", post(follow_keys))
        .route("/jwt/{algorithm}/jwks.json", get(key_set));
    for (guard, prefix) in Guard::all() {
        let guarded = Router::new()
            .route("/orders", get(list_orders).post(add_order).options(options))
            .route("/account", get(account).options(options))
            .route("/tenants/{tenant}/orders", get(tenant_orders).options(options))
            .layer(middleware::from_fn_with_state((state.clone(), guard), authenticate))
            .layer(Extension(guard));
        router = router.nest(&format!("/{prefix}"), guarded);
    }
    router.fallback(async || Rejection::new(StatusCode::NOT_FOUND, "not_found")).with_state(state.clone())
}

async fn authenticate(Shared((state, guard)): Shared<(Arc<State>, Guard)>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return careless::options(&state, next.run(request).await);
    }
    let named = request.headers().get(SOURCE_HEADER).and_then(|source| source.to_str().ok());
    let source = throttle::counted(&state.faults, named).map(str::to_owned);
    if let Some(seconds) = source.as_deref().and_then(|source| state.throttle.wait(source)) {
        return careless::throttled(&state, Rejection::throttled(seconds).into_response());
    }
    let request = match careless::before(&state, request).await {
        Ok(request) => request,
        Err(response) => return response,
    };
    let began = clock::now();
    let (parts, body) = request.into_parts();
    super::verify::jwt::prepare(&state, guard, &parts).await;
    let verified = match through_a_hole(&state, &parts) {
        Some(principal) => Ok(principal),
        None if state.backend_is_down() && guard != Guard::None => Err(Rejection::unavailable()),
        None => guard.verify(&state, &parts),
    };
    match verified {
        Ok(principal) => {
            let auth = began.elapsed();
            let path = parts.uri.path().to_owned();
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(principal);
            let mut response = next.run(request).await;
            finish(&state, guard, &mut response, auth);
            careless::after(&state, &path, response).await
        }
        Err(rejection) => {
            if let Some(source) = source {
                state.throttle.failed(&source);
            }
            careless::refused(&state, &parts, spoil(&state, rejection)).into_response()
        }
    }
}

/// What every answer to an authenticated request carries.
fn finish(state: &State, guard: Guard, response: &mut Response, auth: std::time::Duration) {
    let mut timing = format!("auth;dur={:.4}", auth.as_secs_f64() * 1000.0);
    if !state.busy.is_zero() {
        let busy = busy_wait(state.busy);
        timing = format!("{timing}, busy;dur={:.4}", busy.as_secs_f64() * 1000.0);
    }
    let headers = response.headers_mut();
    if let Ok(timing) = HeaderValue::from_str(&timing) {
        headers.insert(HeaderName::from_static("server-timing"), timing);
    }
    if guard != Guard::None {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

/// Spins, and says for how long it really did.
pub(super) fn busy_wait(length: std::time::Duration) -> std::time::Duration {
    let began: Instant = clock::now();
    while began.elapsed() < length {
        std::hint::spin_loop();
    }
    began.elapsed()
}

fn through_a_hole(state: &State, parts: &axum::http::request::Parts) -> Option<Arc<Principal>> {
    let no_credential = !parts.headers.contains_key(header::AUTHORIZATION) && !carries_key(state, parts);
    let spoofed = || {
        let named = parts.headers.get("x-forwarded-user")?.to_str().ok()?;
        crate::seed::IDENTITIES.iter().find(|identity| identity.name == named)
    };
    let open = (state.fault("unguarded-route") && parts.uri.path() == "/account" && no_credential)
        || (state.fault("head-unguarded") && parts.method == Method::HEAD)
        || (state.fault("fail-open") && state.backend_is_down())
        || (state.fault("trusts-x-forwarded-user") && spoofed().is_some())
        || parts.extensions.get::<Unguarded>().is_some();
    open.then(|| Arc::new(super::state::principal(&crate::seed::IDENTITIES[0])))
}

pub(super) fn carries_key(state: &State, parts: &axum::http::request::Parts) -> bool {
    match &state.key_location {
        super::KeyLocation::Header(name) => parts.headers.contains_key(name.as_str()),
        super::KeyLocation::Query(name) => super::verify::query_value(parts, name).is_some(),
        super::KeyLocation::Cookie(name) => super::verify::cookie_value(&parts.headers, name).is_some(),
    }
}

async fn public() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn options(Extension(_): Extension<Guard>) -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, "GET, HEAD, POST, OPTIONS")]).into_response()
}

async fn list_orders(
    Shared(state): Shared<Arc<State>>,
    Extension(guard): Extension<Guard>,
    Extension(principal): Extension<Arc<Principal>>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    guard.authorise(&state, &principal, READ).map_err(|rejection| spoil(&state, rejection))?;
    let overridden = headers.get("x-http-method-override").is_some_and(|method| method == "POST");
    if overridden && state.fault("override-after-auth") {
        state.orders.fetch_add(1, Ordering::Relaxed);
        return Ok((StatusCode::CREATED, Json(json!({ "created": true }))).into_response());
    }
    let count = state.orders.load(Ordering::Relaxed);
    Ok(Json(json!({ "orders": [{ "id": 1, "item": "lamp" }, { "id": 2, "item": "chair" }], "count": count }))
        .into_response())
}

async fn add_order(
    Shared(state): Shared<Arc<State>>,
    Extension(guard): Extension<Guard>,
    Extension(principal): Extension<Arc<Principal>>,
) -> Result<Response, Rejection> {
    if state.fault("act-then-check") {
        state.orders.fetch_add(1, Ordering::Relaxed);
    }
    guard.authorise(&state, &principal, WRITE).map_err(|rejection| spoil(&state, rejection))?;
    let id = state.orders.fetch_add(1, Ordering::Relaxed) + 1;
    Ok((StatusCode::CREATED, Json(json!({ "id": id, "created": true }))).into_response())
}

async fn account(Extension(principal): Extension<Arc<Principal>>) -> Json<Value> {
    Json(json!({ "principal": principal.name, "scopes": principal.scopes, "tenant": principal.tenant }))
}

async fn tenant_orders(
    Shared(state): Shared<Arc<State>>,
    Extension(guard): Extension<Guard>,
    Extension(principal): Extension<Arc<Principal>>,
    Path(tenant): Path<String>,
) -> Result<Json<Value>, Rejection> {
    guard.authorise(&state, &principal, READ).map_err(|rejection| spoil(&state, rejection))?;
    guard.may_see(&state, &principal, &tenant)?;
    Ok(Json(json!({ "tenant": tenant, "orders": [{ "id": 1 }] })))
}

/// The public keys that guard the resources of an algorithm.
async fn key_set(Shared(state): Shared<Arc<State>>, Path(algorithm): Path<String>) -> Result<Json<Value>, Rejection> {
    let known =
        super::verify::jwt::ALGORITHMS.into_iter().find(|(_, prefix)| prefix.ends_with(&format!("/{algorithm}")));
    let (algorithm, _) = known.ok_or(Rejection::new(StatusCode::NOT_FOUND, "not_found"))?;
    Ok(Json(super::keys::key_set(state.deployments.of(algorithm).all_keys())))
}

// --- hooks: what an operator does, and no client can -----------------------------------------------------------------

async fn outage(Shared(state): Shared<Arc<State>>, Path(switch): Path<String>) -> StatusCode {
    match switch.as_str() {
        "on" => state.outage.store(true, Ordering::Relaxed),
        "off" => state.outage.store(false, Ordering::Relaxed),
        _ => return StatusCode::NOT_FOUND,
    }
    StatusCode::NO_CONTENT
}

async fn revoke(
    Shared(state): Shared<Arc<State>>,
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
    Shared(state): Shared<Arc<State>>,
    Path(principal): Path<String>,
    body: String,
) -> Result<Json<Value>, Rejection> {
    let holder = match state.fault("old-key-lives") {
        true => state.keys.holder_of(&principal),
        false => state.keys.revoke(&principal).or_else(|| state.keys.holder_of(&principal)),
    };
    let holder = holder.ok_or(Rejection::new(StatusCode::NOT_FOUND, "not_found"))?;
    let key = if body.len() >= 16 { body } else { format!("abk_live_{}", super::authority::random_text(24)) };
    state.keys.insert(&key, super::state::Holder { state: crate::seed::SeedState::Valid, ..holder });
    Ok(Json(json!({ "api_key": key })))
}

/// Takes the issuer's keys from the address in the body; without one, from the seed again.
async fn follow_keys(Shared(state): Shared<Arc<State>>, body: String) -> StatusCode {
    let address = body.trim();
    state.remote_keys.follow((!address.is_empty()).then(|| address.to_owned())).await;
    StatusCode::NO_CONTENT
}
