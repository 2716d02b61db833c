//! The keys that tokens of type JWT (RFC 9068) are verified with, and what such a token says of itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::OAuthError;
use super::server::Authority;
use crate::clock;
use crate::reference::jose::compact::{Compact, Leniency};
use crate::reference::jose::keys;
use crate::reference::jose::signature::verifies;
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

/// Through a fault: what a token is answered with that nobody keeps, for what it holds.
pub(super) fn unusual(authority: &Authority, token: &str) -> Option<OAuthError> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    if authority.fault("introspect-nesting-crash") && payload.windows(2).filter(|pair| *pair == b"[[").count() > 1000 {
        return Some(OAuthError::broken());
    }
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let lacks_subject = claims.get("exp").is_some() && claims.get("sub").is_none();
    (lacks_subject && authority.fault("introspect-401-without-sub")).then(OAuthError::invalid_token)
}

/// Through a fault: whether a token that nobody keeps is signed and has not begun.
fn begins_later(authority: &Authority, token: &str) -> bool {
    let Some(compact) = Compact::read(token, Leniency::default()) else { return false };
    let begins = compact.claims.get("nbf").and_then(Value::as_i64);
    let signed = || authority.keys.iter().any(|key| verifies(&compact, &key.verifying, key.algorithm));
    begins.is_some_and(|begins| begins > clock::unix_seconds()) && signed()
}

/// Through a fault: what a token says of itself.
pub(super) fn claims_of_unverified(authority: &Authority, token: &str) -> Option<Value> {
    let early = authority.fault("introspect-ignores-nbf") && begins_later(authority, token);
    if !early && !authority.fault("introspect-decodes-only") {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.as_object_mut()?.insert("active".to_owned(), json!(true));
    Some(claims)
}
