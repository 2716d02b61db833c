//! Encrypted tokens (RFC 7516) as anybody can make them who has the public key, or no key at all.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use serde_json::{Value, json};

use super::key::Family;
use super::published::{family_of, public_bytes, public_key_info};
use super::{Members, encoded};

/// The key of whoever has none.
const NO_KEY: [u8; 32] = [0; 32];

/// Encrypts to the holder of a published key, by RSA-OAEP-256 or ECDH-ES; none for other kinds of keys.
pub fn to_holder(jwk: &Value, header: Members, plain: &[u8], content_key: [u8; 32]) -> Option<String> {
    match family_of(jwk)? {
        Family::Rsa => {
            let public = PublicEncryptingKey::from_der(&public_key_info(jwk)?).ok()?;
            let public = OaepPublicEncryptingKey::new(public).ok()?;
            let mut room = vec![0; public.ciphertext_size()];
            let wrapped = public.encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut room, None).ok()?;
            sealed(header, "RSA-OAEP-256", wrapped, &content_key, plain)
        }
        Family::Ec => agreed(jwk, header, plain),
        Family::Ed | Family::Hmac | Family::Akp => None,
    }
}

/// Encrypts directly with a key of zeros.
pub fn direct(header: Members, plain: &[u8]) -> Option<String> {
    sealed(header, "dir", &[], &NO_KEY, plain)
}

/// Wraps the content key in a key of zeros.
pub fn wrapped(header: Members, plain: &[u8], content_key: [u8; 32]) -> Option<String> {
    let mut room = [0; 40];
    let key = AesKek::new(&AES_256, &NO_KEY).ok()?.wrap(&content_key, &mut room).ok()?;
    sealed(header, "A256KW", key, &content_key, plain)
}

/// RFC 7518 §4.6: the agreed secret becomes the content key.
fn agreed(jwk: &Value, mut header: Members, plain: &[u8]) -> Option<String> {
    let (algorithm, curve, half) = match jwk["crv"].as_str()? {
        "P-256" => (&ECDH_P256, "P-256", 32),
        "P-384" => (&ECDH_P384, "P-384", 48),
        _ => return None,
    };
    let own = PrivateKey::generate(algorithm).ok()?;
    let public = own.compute_public_key().ok()?;
    let (x, y) = public.as_ref().get(1..)?.split_at(half);
    let theirs = UnparsedPublicKey::new(algorithm, public_bytes(jwk)?);
    let key = agreement::agree(&own, &theirs, (), |secret| Ok(content_key(secret))).ok()?;
    header.set("epk", json!({ "kty": "EC", "crv": curve, "x": encoded(x), "y": encoded(y) }));
    sealed(header, "ECDH-ES", &[], &key, plain)
}

/// The concatenation KDF of one round (RFC 7518 §4.6.2) for 256 bits, without party information.
fn content_key(secret: &[u8]) -> [u8; 32] {
    let name = b"A256GCM";
    let mut input = 1_u32.to_be_bytes().to_vec();
    input.extend_from_slice(secret);
    input.extend_from_slice(&7_u32.to_be_bytes());
    input.extend_from_slice(name);
    input.extend_from_slice(&[0; 8]);
    input.extend_from_slice(&256_u32.to_be_bytes());
    digest(&SHA256, &input).as_ref().try_into().unwrap_or(NO_KEY)
}

/// RFC 7516 §7.1: five parts.
fn sealed(mut header: Members, alg: &str, wrapped: &[u8], key: &[u8; 32], plain: &[u8]) -> Option<String> {
    header.set("alg", alg);
    header.set("enc", "A256GCM");
    let header = encoded(header.to_json());
    let nonce = [7; 12];
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let mut text = plain.to_vec();
    let nonce_used = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce_used, Aad::from(header.as_bytes()), &mut text).ok()?;
    Some([header, encoded(wrapped), encoded(nonce), encoded(text), encoded(tag)].join("."))
}
