//! Holes in the verification of signatures: ways in which a token passes that nobody signed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::compact::Compact;
use super::deployment::{Deployment, verifies};
use super::encrypted;
use crate::clock;
use crate::reference::keys::{is_symmetric, name_of};
use crate::reference::state::State;

/// The longest that the hole `pbes2-unbounded` keeps a processor busy.
const STRETCHED_AT_MOST: Duration = Duration::from_millis(3500);

/// Whether an open hole takes the token for signed.
pub(super) fn passes(state: &State, deployment: &Deployment, compact: &Compact) -> bool {
    let algorithm = compact.header_text("alg").unwrap_or_default();
    let is = |name: &str| state.fault(name);
    (is("jwt-signature-optional") && compact.signature.is_empty() && algorithm == name_of(deployment.algorithm))
        || (is("decode-without-verify") && algorithm == name_of(deployment.algorithm))
        || (is("accepts-alg-none") && algorithm.trim().eq_ignore_ascii_case("none"))
        || (is("rs-hs-confusion") && keyed_with_the_public_key(deployment, compact))
        || (is("any-alg-of-key-type") && by_another_algorithm(deployment, compact))
        || (is("weak-hs-secret") && by_secret(compact, b"secret"))
        || (is("psychic-signature") && has_a_zero(deployment, compact))
        || (is("accepts-der-ecdsa") && der_signature_holds(deployment, compact))
        || (is("trusts-header-jwk") && by_own_key(deployment, compact))
        || (is("fetches-jku") && state.remote_keys.by_address(compact))
        || (is("kid-is-file-path") && by_file(compact))
}

/// A token that stands in the place of the one that was sent.
pub(super) fn rewritten(state: &State, deployment: &Deployment, token: &str) -> Option<String> {
    if state.fault("pbes2-unbounded") {
        stretch(token);
    }
    if state.fault("jwe-plaintext-trusted") {
        let claims = encrypted::plaintext(deployment, token)?;
        return signed_by_us(deployment, &claims);
    }
    None
}

fn signed_by_us(deployment: &Deployment, claims: &Map<String, Value>) -> Option<String> {
    let key = deployment.own_key();
    let mut header = jsonwebtoken::Header::new(key.algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.signing).ok()
}

/// An RSA key verifies by every hash and padding, an HMAC secret by every hash.
fn by_another_algorithm(deployment: &Deployment, compact: &Compact) -> bool {
    let Some(algorithm) = compact.header_text("alg").and_then(|name| name.parse::<Algorithm>().ok()) else {
        return false;
    };
    algorithm != deployment.algorithm && deployment.all_keys().any(|key| verifies(compact, &key.verifying, algorithm))
}

fn by_secret(compact: &Compact, secret: &[u8]) -> bool {
    let algorithm = compact.header_text("alg").and_then(|name| name.parse::<Algorithm>().ok());
    algorithm.is_some_and(|algorithm| {
        is_symmetric(algorithm) && verifies(compact, &DecodingKey::from_secret(secret), algorithm)
    })
}

/// RFC 8725 §2.1: the bytes of the public key, which everybody has, used as an HMAC secret.
fn keyed_with_the_public_key(deployment: &Deployment, compact: &Compact) -> bool {
    deployment.all_keys().any(|key| keyed_with_the_public_half(key, compact))
}

/// The same for one key.
pub(crate) fn keyed_with_the_public_half(key: &crate::reference::keys::KeyPair, compact: &Compact) -> bool {
    public_pem(key).is_some_and(|pem| by_secret(compact, pem.as_bytes()))
}

fn public_pem(key: &crate::reference::keys::KeyPair) -> Option<String> {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
    let private = key.signing.as_bytes();
    let der: PublicKeyX509Der<'_> = match key.algorithm {
        Algorithm::ES256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, private).ok()?;
            pair.public_key().as_der().ok()?
        }
        Algorithm::ES384 => {
            let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, private).ok()?;
            pair.public_key().as_der().ok()?
        }
        Algorithm::EdDSA => Ed25519KeyPair::from_pkcs8_maybe_unchecked(private).ok()?.public_key().as_der().ok()?,
        _ if key.is_symmetric() => return None,
        // the library keeps RSA keys as PKCS #1
        _ => RsaKeyPair::from_der(private).ok()?.public_key().as_der().ok()?,
    };
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
}

/// CVE-2022-21449: without range checks on r and s, zeros solve the equation for every key.
fn has_a_zero(deployment: &Deployment, compact: &Compact) -> bool {
    let ecdsa = matches!(deployment.algorithm, Algorithm::ES256 | Algorithm::ES384);
    ecdsa && !compact.signature.is_empty() && compact.signature.iter().all(|byte| *byte == 0)
}

fn der_signature_holds(deployment: &Deployment, compact: &Compact) -> bool {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
    deployment.all_keys().any(|key| {
        let Ok(point) = key.verifying.try_get_as_bytes() else { return false };
        let holds = |key: UnparsedPublicKey<&[u8]>| key.verify(compact.signed.as_bytes(), &compact.signature).is_ok();
        match key.algorithm {
            Algorithm::ES256 => holds(UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)),
            Algorithm::ES384 => holds(UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point)),
            _ => false,
        }
    })
}

fn by_own_key(deployment: &Deployment, compact: &Compact) -> bool {
    let jwk = compact.header.get("jwk").cloned().and_then(|jwk| serde_json::from_value::<Jwk>(jwk).ok());
    let key = jwk.and_then(|jwk| DecodingKey::from_jwk(&jwk).ok());
    let named = compact.header_text("alg").and_then(|name| name.parse::<Algorithm>().ok());
    let algorithm = named.unwrap_or(deployment.algorithm);
    key.is_some_and(|key| verifies(compact, &key, algorithm))
}

/// The HMAC key is what stands in the file `keys/<kid>`; only the empty file is really read.
fn by_file(compact: &Compact) -> bool {
    compact.header_text("kid").is_some_and(|kid| kid.ends_with("/dev/null")) && by_secret(compact, b"")
}

/// PBES2 (RFC 7518 §4.8): as many iterations as `p2c` asks for, up to a limit that keeps tests short.
fn stretch(token: &str) {
    let header = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    let count = header.get("p2c").and_then(Value::as_u64).unwrap_or_default();
    let began = clock::now();
    let mut block = Sha256::digest(b"salt");
    for round in 0..count {
        block = Sha256::digest(block);
        if round % 4096 == 0 && began.elapsed() > STRETCHED_AT_MOST {
            break;
        }
    }
    std::hint::black_box(block);
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;

    use super::*;

    fn signed_with(secret: &[u8], signed: &str) -> String {
        let key = EncodingKey::from_secret(secret);
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("signs")
    }

    #[test]
    fn a_secret_verifies_what_it_signed() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part("{}"));
        let token = format!("{signed}.{}", signed_with(b"secret", &signed));
        let compact = Compact::read(&token, super::super::compact::Leniency::default()).expect("read");
        assert!(by_secret(&compact, b"secret") && !by_secret(&compact, b"other"));
    }
}
