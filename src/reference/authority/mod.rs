//! The authorization server: client credentials, opaque tokens and JWTs, introspection, revocation, metadata.

mod answer;
mod assertion;
mod assertions;
mod certificates;
mod clients;
pub(crate) mod faults;
mod form;
mod form_faults;
mod introspection;
mod jwt;
mod metadata;
mod proof;
mod registration;
mod revocation;
mod server;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

pub(crate) use server::Authority;

/// Where the endpoints are of the server whose tokens are signed.
pub(crate) const JWT_PREFIX: &str = "/oauth2-jwt";

/// The endpoints of a server whose tokens are opaque.
pub(crate) fn router(authority: Arc<Authority>) -> Router {
    let router = Router::new()
        .route("/oauth2/token", post(token::answer))
        .route("/oauth2/mtls/token", post(token::answer_at_alias))
        .route("/oauth2/introspect", post(introspection::answer))
        .route("/oauth2/revoke", post(revocation::answer))
        .route("/.well-known/oauth-authorization-server", get(metadata::authorization_server))
        .route("/.well-known/oauth-protected-resource/oauth2", get(metadata::protected_resource));
    routes_by_fault(&authority, router).with_state(authority)
}

/// The endpoints of a server whose tokens are signed.
pub(crate) fn jwt_router(authority: Arc<Authority>) -> Router {
    let well_known = format!("/.well-known/oauth-authorization-server{JWT_PREFIX}");
    let protected = format!("/.well-known/oauth-protected-resource{JWT_PREFIX}");
    Router::new()
        .route(&format!("{JWT_PREFIX}/token"), post(token::answer))
        .route(&format!("{JWT_PREFIX}/mtls/token"), post(token::answer_at_alias))
        .route(&format!("{JWT_PREFIX}/introspect"), post(introspection::answer))
        .route(&format!("{JWT_PREFIX}/revoke"), post(revocation::answer))
        .route(&format!("{JWT_PREFIX}/jwks"), get(jwt::key_set))
        .route(&well_known, get(metadata::authorization_server))
        .route(&protected, get(metadata::protected_resource))
        .with_state(authority)
}

/// Routes that a correct server does not have.
fn routes_by_fault(authority: &Authority, mut router: Router<Arc<Authority>>) -> Router<Arc<Authority>> {
    if authority.fault("get-token") {
        router = router.route("/oauth2/token", get(token_by_get));
    }
    if authority.fault("introspect-get") || authority.fault("introspect-get-open") {
        router = router.route("/oauth2/introspect", get(introspection_by_get));
    }
    if authority.fault("revoke-get") {
        router = router.route("/oauth2/revoke", get(revocation_by_get));
    }
    router
}

async fn token_by_get(authority: State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let (headers, body) = as_form(&uri, headers);
    token::answer(authority, None, Uri::default(), headers, body).await
}

async fn introspection_by_get(authority: State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let (headers, body) = as_form(&uri, headers);
    introspection::answer(authority, None, Uri::default(), headers, body).await.into_response()
}

async fn revocation_by_get(authority: State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let (headers, body) = as_form(&uri, headers);
    revocation::answer(authority, None, Uri::default(), headers, body).await.into_response()
}

/// Marks parameters that came in a query, for faults that tell them apart.
pub(super) const OF_QUERY: &str = "x-reference-of-query";

/// The query as if it had been a form.
fn as_form(uri: &Uri, mut headers: HeaderMap) -> (HeaderMap, Bytes) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(OF_QUERY, HeaderValue::from_static("yes"));
    (headers, Bytes::from(uri.query().unwrap_or_default().to_owned()))
}
