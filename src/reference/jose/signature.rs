//! Signatures over the compact form, verified with keys of several kinds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey};

use super::algorithm::JwsAlgorithm;
use super::compact::Compact;
use super::keys::{KeyPair, SigningHalf, VerifyingKey, by_library, is_symmetric};

/// Whether a key verifies a token by an algorithm.
pub(crate) fn verifies(compact: &Compact, key: &VerifyingKey, algorithm: JwsAlgorithm) -> bool {
    key.verifies(compact.signed.as_bytes(), &compact.signature, algorithm)
}

/// The same for a key and an algorithm of the library.
pub(crate) fn library_verifies(compact: &Compact, key: &DecodingKey, algorithm: Algorithm) -> bool {
    by_library(compact.signed.as_bytes(), &compact.signature, key, algorithm)
}

/// Whether a secret verifies a token by the HMAC that its header names.
pub(crate) fn verifies_by_secret(compact: &Compact, secret: &[u8]) -> bool {
    let algorithm = compact.header_text("alg").and_then(|name| name.parse::<Algorithm>().ok());
    algorithm.is_some_and(|algorithm| {
        is_symmetric(algorithm.into()) && library_verifies(compact, &DecodingKey::from_secret(secret), algorithm)
    })
}

/// RFC 8725 §2.1: whether the text of the public key, which everybody has, verifies a token as an HMAC secret. Only faults
/// ask.
pub(crate) fn verifies_by_public_pem(compact: &Compact, key: &KeyPair) -> bool {
    public_pem(key).is_some_and(|pem| verifies_by_secret(compact, pem.as_bytes()))
}

pub(crate) fn public_pem(key: &KeyPair) -> Option<String> {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
    let (private, algorithm) = match &key.signing {
        SigningHalf::Library(signing, algorithm) => (signing.as_bytes(), *algorithm),
        SigningHalf::MlDsa(pair) => return Some(in_pem(pair.public_key().as_der().ok()?.as_ref())),
    };
    let der: PublicKeyX509Der<'_> = match algorithm {
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
    Some(in_pem(der.as_ref()))
}

fn in_pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;

    use super::*;
    use crate::reference::jose::compact::Leniency;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn signed_with(secret: &[u8], signed: &str) -> String {
        let key = EncodingKey::from_secret(secret);
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("signs")
    }

    #[test]
    fn a_secret_verifies_what_it_signed() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part("{}"));
        let token = format!("{signed}.{}", signed_with(b"secret", &signed));
        let compact = Compact::read(&token, Leniency::default()).expect("read");
        assert!(verifies_by_secret(&compact, b"secret") && !verifies_by_secret(&compact, b"other"));
    }
}
