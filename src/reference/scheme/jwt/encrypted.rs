//! The fault `jwe-plaintext-trusted`: whoever has the public key can encrypt, so what was encrypted proves nothing
//! (RFC 8725 §3.3), and yet this believes it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::deployment::Deployment;
use crate::reference::jose::compact::{Compact, Leniency};

/// The claims inside a JWE: a claims set, or an unsigned token.
pub(super) fn plaintext(deployment: &Deployment, token: &str) -> Option<Map<String, Value>> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, key, nonce, text, tag] = parts.as_slice() else { return None };
    let read = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let members: Value = serde_json::from_slice(&read(header)?).ok()?;
    let key = match members.get("alg")?.as_str()? {
        "dir" => vec![0; 32],
        "RSA-OAEP-256" => deployment.all_keys().find_map(|own| unwrapped(own.private, &read(key)?))?,
        _ => return None,
    };
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(&read(nonce)?).ok()?;
    let mut sealed = [read(text)?, read(tag)?].concat();
    let plain = key.open_in_place(nonce, Aad::from(header.as_bytes()), &mut sealed).ok()?;
    claims(plain)
}

fn claims(plain: &[u8]) -> Option<Map<String, Value>> {
    if let Ok(Value::Object(claims)) = serde_json::from_slice(plain) {
        return Some(claims);
    }
    let token = std::str::from_utf8(plain).ok()?;
    Some(Compact::read(token, Leniency::default())?.claims)
}

fn unwrapped(private: &str, wrapped: &[u8]) -> Option<Vec<u8>> {
    let body: String = private.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = PrivateDecryptingKey::from_pkcs8(&STANDARD.decode(body).ok()?).ok()?;
    let key = OaepPrivateDecryptingKey::new(key).ok()?;
    let mut room = vec![0; key.min_output_size()];
    Some(key.decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut room, None).ok()?.to_vec())
}
