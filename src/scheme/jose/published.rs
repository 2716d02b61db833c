//! Published keys (RFC 7517): what they say, and whether they verify a signature.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::der::PublicKeyKind;
use super::key::Family;
use super::verifying::verifies_by;
use super::{Alg, decoded, der, encoded};

/// Whether a published key (RFC 7517) verifies a signature.
pub fn verifies(jwk: &Value, alg: Alg, input: &[u8], made: &[u8]) -> bool {
    let Some(public) = public_bytes(jwk) else { return false };
    // RFC 9964 §3: a key is for the algorithm that it names
    let is_for_another = alg.family() == Family::Akp && jwk["alg"] != alg.name();
    !is_for_another && family_of(jwk) == Some(alg.family()) && verifies_by(&public, alg, input, made)
}

/// The kind of a published key.
pub fn family_of(jwk: &Value) -> Option<Family> {
    match jwk["kty"].as_str()? {
        "RSA" => Some(Family::Rsa),
        "EC" => Some(Family::Ec),
        "OKP" => Some(Family::Ed),
        "oct" => Some(Family::Hmac),
        "AKP" => Some(Family::Akp),
        _ => None,
    }
}

fn member(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    decoded(jwk[name].as_str()?)
}

/// A published key as signature libraries take it: PKCS #1, a point, or the bytes of Ed25519 or ML-DSA.
pub fn public_bytes(jwk: &Value) -> Option<Vec<u8>> {
    match family_of(jwk)? {
        Family::Rsa => der::rsa_public(&member(jwk, "n")?, &member(jwk, "e")?),
        Family::Ec => Some([vec![4], member(jwk, "x")?, member(jwk, "y")?].concat()),
        Family::Ed => member(jwk, "x"),
        Family::Akp => member(jwk, "pub"),
        Family::Hmac => None,
    }
}

/// What a published key is for.
pub(super) fn kind_of(jwk: &Value) -> Option<PublicKeyKind> {
    match (family_of(jwk)?, jwk["crv"].as_str()) {
        (Family::Rsa, _) => Some(PublicKeyKind::Rsa),
        (Family::Ec, Some("P-256")) => Some(PublicKeyKind::P256),
        (Family::Ec, Some("P-384")) => Some(PublicKeyKind::P384),
        (Family::Ed, Some("Ed25519")) => Some(PublicKeyKind::Ed25519),
        (Family::Akp, _) => match Alg::named(jwk["alg"].as_str()?)? {
            Alg::MlDsa44 => Some(PublicKeyKind::MlDsa44),
            Alg::MlDsa65 => Some(PublicKeyKind::MlDsa65),
            Alg::MlDsa87 => Some(PublicKeyKind::MlDsa87),
            _ => None,
        },
        _ => None,
    }
}

/// A published key as a subject public key info.
pub fn public_key_info(jwk: &Value) -> Option<Vec<u8>> {
    der::public_key_info(kind_of(jwk)?, &public_bytes(jwk)?)
}

/// The forms in which a server may hold a public key whose text or bytes it then takes for a shared secret (RFC 8725 §2.1,
/// RFC 9421 §7.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicForm {
    /// PEM.
    Pem,
    /// PEM without its final newline.
    PemUnended,
    /// PEM of PKCS #1, of RSA keys.
    Pkcs1,
    /// DER.
    Der,
    /// JSON.
    Jwk,
    /// The modulus, the coordinate x, or the bytes of the key.
    Number,
    /// The certificate in PEM, where the key has one.
    Certificate,
}

/// A published key in one of its forms; none where it has no such form.
pub fn in_form(jwk: &Value, form: PublicForm) -> Option<Vec<u8>> {
    let pem = || Some(der::pem("PUBLIC KEY", &public_key_info(jwk)?));
    match form {
        PublicForm::Pem => pem().map(String::into_bytes),
        PublicForm::PemUnended => pem().map(|text| text.trim_end().as_bytes().to_vec()),
        PublicForm::Pkcs1 => {
            let is_rsa = family_of(jwk)? == Family::Rsa;
            is_rsa.then(|| public_bytes(jwk))?.map(|bytes| der::pem("RSA PUBLIC KEY", &bytes).into_bytes())
        }
        PublicForm::Der => public_key_info(jwk),
        PublicForm::Jwk => Some(jwk.to_string().into_bytes()),
        PublicForm::Number => ["n", "x", "pub"].iter().find_map(|name| member(jwk, name)),
        PublicForm::Certificate => {
            let bytes = STANDARD.decode(jwk.get("x5c")?.get(0)?.as_str()?).ok()?;
            Some(der::pem("CERTIFICATE", &bytes).into_bytes())
        }
    }
}

/// The thumbprint of a key (RFC 7638, RFC 9964 §6): its required members in the order of their names.
pub fn thumbprint(jwk: &Value) -> Option<String> {
    let names: &[&str] = match family_of(jwk)? {
        Family::Rsa => &["e", "kty", "n"],
        Family::Ec => &["crv", "kty", "x", "y"],
        Family::Ed => &["crv", "kty", "x"],
        Family::Hmac => &["k", "kty"],
        Family::Akp => &["alg", "kty", "pub"],
    };
    let members: Option<Vec<String>> = names
        .iter()
        .map(|name| Some(format!("{}:{}", Value::from(*name), Value::from(jwk[*name].as_str()?))))
        .collect();
    let text = format!("{{{}}}", members?.join(","));
    Some(encoded(digest::digest(&digest::SHA256, text.as_bytes())))
}
