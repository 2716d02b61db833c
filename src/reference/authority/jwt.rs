//! The keys that tokens of type JWT (RFC 9068) are verified with, and what such a token says of itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::server::Authority;
use crate::reference::jose::keys;
use crate::reference::random::random_text;

/// The public keys (RFC 7517 §5).
pub(super) async fn key_set(State(authority): State<Arc<Authority>>) -> Json<Value> {
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

/// Through a fault: what a token says of itself.
pub(super) fn claims_of_unverified(authority: &Authority, token: &str) -> Option<Value> {
    if !authority.fault("introspect-decodes-only") {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.as_object_mut()?.insert("active".to_owned(), json!(true));
    Some(claims)
}
