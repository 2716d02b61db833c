//! Keys of the seed in the forms that the library signs and verifies with.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};

use crate::seed::keys::{self, SeedKey};

/// A key with both of its halves.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) signing: EncodingKey,
    pub(crate) verifying: DecodingKey,
    /// As a key set shows it (RFC 7517); the secret itself for HMAC, which no key set shows.
    pub(crate) jwk: Jwk,
    /// The private key in PEM, for the fault that publishes it.
    pub(crate) private: &'static str,
}

impl KeyPair {
    /// A key of the seed.
    ///
    /// # Panics
    /// When the seed holds a key that is none: a defect of this program.
    pub(crate) fn of(seed: SeedKey, algorithm: Algorithm) -> Self {
        let signing = signing_key(seed.key, algorithm).expect("the seed holds keys");
        let mut jwk = Jwk::from_encoding_key(&signing, algorithm).expect("every private key has a public half");
        jwk.common.key_id = Some(seed.kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifying = DecodingKey::from_jwk(&jwk).expect("a public half verifies");
        Self { kid: seed.kid.to_owned(), algorithm, signing, verifying, jwk, private: seed.key }
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        is_symmetric(self.algorithm)
    }
}

fn signing_key(key: &str, algorithm: Algorithm) -> jsonwebtoken::errors::Result<EncodingKey> {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Ok(EncodingKey::from_secret(key.as_bytes())),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(key.as_bytes()),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(key.as_bytes()),
        _ => EncodingKey::from_rsa_pem(key.as_bytes()),
    }
}

pub(crate) fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

/// Its name in a header (RFC 7518 §3.1).
pub(crate) fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::HS384 => "HS384",
        Algorithm::HS512 => "HS512",
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::EdDSA => "EdDSA",
        // the library may learn more; none of them is served here
        _ => "unsupported",
    }
}

/// The two keys of the issuer and the one of its partner, for an algorithm.
pub(crate) fn of_algorithm(algorithm: Algorithm) -> [KeyPair; 3] {
    let ring = keys::ring(name_of(algorithm)).expect("the seed has keys for every algorithm that is served");
    [ring.first, ring.second, ring.partner].map(|key| KeyPair::of(key, algorithm))
}

/// A key set (RFC 7517 §5) of the public halves.
pub(crate) fn key_set<'a>(keys: impl Iterator<Item = &'a KeyPair>) -> Value {
    let public: Vec<&Jwk> = keys.filter(|key| !key.is_symmetric()).map(|key| &key.jwk).collect();
    json!({ "keys": public })
}
