//! Access tokens that are JWTs (RFC 9068), the keys that they are verified with, and the server that issues them.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use serde_json::{Value, json};

use super::{AUDIENCE, Authority, clients::Client, introspection, metadata, random_text, revocation, token};
use crate::clock;
use crate::reference::fault::Fault;
use crate::reference::keys::{self, KeyPair};

/// Where its endpoints are.
pub(crate) const PREFIX: &str = "/oauth2-jwt";

/// Holes of these tokens and keys.
pub(crate) const FAULTS: &[Fault] = &[];

/// The endpoints of a server whose tokens are signed.
pub(crate) fn router(authority: Arc<Authority>) -> Router {
    let well_known = format!("/.well-known/oauth-authorization-server{PREFIX}");
    let protected = format!("/.well-known/oauth-protected-resource{PREFIX}");
    Router::new()
        .route(&format!("{PREFIX}/token"), post(token::answer))
        .route(&format!("{PREFIX}/introspect"), post(introspection::answer))
        .route(&format!("{PREFIX}/revoke"), post(revocation::answer))
        .route(&format!("{PREFIX}/jwks"), get(key_set))
        .route(&well_known, get(metadata::authorization_server))
        .route(&protected, get(metadata::protected_resource))
        .with_state(authority)
}

/// RFC 9068 §2: type, and the claims that are required.
pub(super) fn access_token(authority: &Authority, key: &KeyPair, client: &Client, scopes: &[String]) -> String {
    let now = clock::unix_seconds();
    let mut header = Header::new(key.algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.kid.clone());
    let mut claims = json!({
        "iss": authority.issuer,
        "sub": client.id,
        "client_id": client.id,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + authority.lifetime.as_secs().cast_signed(),
        "jti": random_text(22),
        "scope": scopes.join(" "),
        "tenant": client.tenant,
    });
    if authority.fault("issues-without-jti") {
        header.typ = Some("JWT".to_owned());
        if let Some(members) = claims.as_object_mut() {
            members.remove("jti");
        }
    }
    // signing with a key of the seed cannot fail; an empty token would be refused everywhere
    jsonwebtoken::encode(&header, &claims, &key.signing).unwrap_or_default()
}

async fn key_set(State(authority): State<Arc<Authority>>) -> Json<Value> {
    let mut set = keys::key_set(authority.keys.iter());
    let Some(shown) = set["keys"].as_array_mut() else { return Json(set) };
    if authority.fault("jwks-leaks-private") {
        for key in shown.iter_mut() {
            key["d"] = json!(random_text(43));
        }
    }
    if authority.fault("rsa-1024") {
        let mut modulus = [0xa5_u8; 128];
        modulus[127] = 0x0b;
        let modulus = URL_SAFE_NO_PAD.encode(modulus);
        shown.push(json!({ "kty": "RSA", "kid": "old", "use": "sig", "alg": "RS256", "e": "AQAB", "n": modulus }));
    }
    Json(set)
}

/// What the metadata says beside what it says of every server.
pub(super) fn describe(authority: &Authority, document: &mut Value) {
    if authority.keys.is_empty() {
        return;
    }
    document["jwks_uri"] = json!(authority.endpoint("jwks"));
}

/// Through a hole: what a token says of itself.
pub(super) fn claims_of_unverified(authority: &Authority, token: &str) -> Option<Value> {
    if !authority.fault("introspect-decodes-only") {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.as_object_mut()?.insert("active".to_owned(), json!(true));
    Some(claims)
}
