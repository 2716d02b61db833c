//! Keys of the seed in the forms that the reference signs and verifies with.

use aws_lc_rs::signature::{KeyPair as _, PqdsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::Serialize;
use serde_json::{Value, json};

use super::algorithm::JwsAlgorithm;
use crate::seed::keys::{self, SeedKey};

/// A key with both of its halves.
#[derive(Clone)]
pub(crate) struct KeyPair {
    pub(crate) kid: String,
    pub(crate) algorithm: JwsAlgorithm,
    pub(super) signing: SigningHalf,
    pub(crate) verifying: VerifyingKey,
    /// As a key set shows it (RFC 7517); the secret itself for HMAC, which no key set shows.
    pub(crate) jwk: Value,
    /// The private key in PEM, for the fault that publishes it.
    pub(crate) private: &'static str,
}

/// What signs.
#[derive(Clone)]
pub(super) enum SigningHalf {
    Library(EncodingKey, Algorithm),
    MlDsa(PqdsaKeyPair),
}

/// What verifies.
#[derive(Clone)]
pub(crate) enum VerifyingKey {
    Library(DecodingKey),
    /// The algorithm that the key is for, and its bytes (FIPS 204 §5.3).
    MlDsa(JwsAlgorithm, Vec<u8>),
}

/// Whether a key of the library verifies a signature.
pub(super) fn by_library(signed: &[u8], signature: &[u8], key: &DecodingKey, algorithm: Algorithm) -> bool {
    let signature = URL_SAFE_NO_PAD.encode(signature);
    jsonwebtoken::crypto::verify(&signature, signed, key, algorithm).unwrap_or_default()
}

impl VerifyingKey {
    /// A published key (RFC 7517 §4, RFC 9964 §3).
    pub(crate) fn from_jwk(jwk: &Value) -> Option<Self> {
        if jwk.get("kty")? != "AKP" {
            let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
            return DecodingKey::from_jwk(&jwk).ok().map(Self::Library);
        }
        let algorithm = JwsAlgorithm::named(jwk.get("alg")?.as_str()?)?;
        let public = URL_SAFE_NO_PAD.decode(jwk.get("pub")?.as_str()?).ok()?;
        (public.len() == algorithm.lattice()?.0.public_key_len()).then_some(Self::MlDsa(algorithm, public))
    }

    /// The key as the library has it; none for ML-DSA.
    pub(crate) fn library(&self) -> Option<&DecodingKey> {
        match self {
            Self::Library(key) => Some(key),
            Self::MlDsa(..) => None,
        }
    }

    /// Whether it verifies a signature by an algorithm.
    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8], algorithm: JwsAlgorithm) -> bool {
        match self {
            Self::Library(key) => {
                algorithm.library().is_some_and(|algorithm| by_library(signed, signature, key, algorithm))
            }
            Self::MlDsa(own, public) if *own == algorithm => own.lattice().is_some_and(|(_, verification)| {
                UnparsedPublicKey::new(verification, public).verify(signed, signature).is_ok()
            }),
            Self::MlDsa(..) => false,
        }
    }
}

impl KeyPair {
    /// A key of the seed.
    ///
    /// # Panics
    /// When the seed holds a key that is none: a defect of this program.
    pub(crate) fn of(seed: SeedKey, algorithm: impl Into<JwsAlgorithm>) -> Self {
        let algorithm = algorithm.into();
        let (signing, mut jwk) = match (algorithm.lattice(), algorithm.library()) {
            (Some((lattice, _)), _) => {
                let der = pem::parse(seed.key).expect("the seed holds keys");
                let pair = PqdsaKeyPair::from_pkcs8(lattice, der.contents()).expect("the seed holds keys");
                let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
                (SigningHalf::MlDsa(pair), json!({ "kty": "AKP", "pub": public, "use": "sig", "kid": seed.kid }))
            }
            (None, library) => {
                let library = library.expect("one of both computes it");
                let signing = signing_key(seed.key, library).expect("the seed holds keys");
                let mut jwk = Jwk::from_encoding_key(&signing, library).expect("every private key has a public half");
                jwk.common.key_id = Some(seed.kid.to_owned());
                jwk.common.public_key_use = Some(PublicKeyUse::Signature);
                (SigningHalf::Library(signing, library), serde_json::to_value(jwk).expect("a JWK is JSON"))
            }
        };
        jwk["alg"] = json!(algorithm.name());
        let verifying = VerifyingKey::from_jwk(&jwk).expect("a public half verifies");
        Self { kid: seed.kid.to_owned(), algorithm, signing, verifying, jwk, private: seed.key }
    }

    pub(crate) fn is_symmetric(&self) -> bool {
        is_symmetric(self.algorithm)
    }

    /// A token of a type; none where it cannot be signed.
    pub(crate) fn token(&self, typ: &str, claims: &impl Serialize) -> Option<String> {
        let header = json!({ "typ": typ, "alg": self.algorithm.name(), "kid": self.kid });
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).ok()?));
        Some(format!("{signed}.{}", self.signature(signed.as_bytes())?))
    }

    /// A signature as tokens write it; none where it cannot be signed.
    pub(crate) fn signature(&self, signed: &[u8]) -> Option<String> {
        match &self.signing {
            SigningHalf::Library(key, algorithm) => jsonwebtoken::crypto::sign(signed, key, *algorithm).ok(),
            SigningHalf::MlDsa(pair) => {
                let mut made = vec![0; pair.algorithm().signature_len()];
                pair.sign(signed, &mut made).ok()?;
                Some(URL_SAFE_NO_PAD.encode(made))
            }
        }
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

pub(crate) fn is_symmetric(algorithm: JwsAlgorithm) -> bool {
    matches!(algorithm.library(), Some(Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512))
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
pub(crate) fn of_algorithm(algorithm: impl Into<JwsAlgorithm>) -> [KeyPair; 3] {
    let algorithm = algorithm.into();
    let ring = keys::ring(algorithm.name()).expect("the seed has keys for every algorithm that is served");
    [ring.first, ring.second, ring.partner].map(|key| KeyPair::of(key, algorithm))
}

/// A key set (RFC 7517 §5) of the public halves.
pub(crate) fn key_set<'a>(keys: impl Iterator<Item = &'a KeyPair>) -> Value {
    let public: Vec<&Value> = keys.filter(|key| !key.is_symmetric()).map(|key| &key.jwk).collect();
    json!({ "keys": public })
}
