//! Keys that verify what others sign.

use aws_lc_rs::signature::{self, UnparsedPublicKey};
use serde_json::Value;

use super::der::{self, PublicKeyKind};
use super::key::mac;
use super::published::{kind_of, public_bytes};
use super::{Alg, KeyError, SigningKey};

/// A public key, or a shared secret, with its identifier.
pub struct VerificationKey {
    /// Key identifier.
    pub kid: Option<String>,
    /// The algorithm that it verifies by.
    pub alg: Alg,
    material: VerifyingMaterial,
}

enum VerifyingMaterial {
    Secret(Vec<u8>),
    Public(Vec<u8>),
}

impl VerificationKey {
    /// A key from PEM, a JWK, or the bytes of a secret. Of a private key it is the public half.
    ///
    /// # Errors
    /// Says what is wrong with the key.
    pub fn read(text: &str, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        if text.contains("-----BEGIN ") {
            let blocks = der::from_pem(text).ok_or(KeyError::Pem)?;
            if let Some(block) = blocks.iter().find(|block| block.tag().ends_with("PUBLIC KEY")) {
                return Self::from_pem(block, kid, alg);
            }
        } else if let Ok(jwk) = serde_json::from_str::<Value>(text)
            && jwk.get("kty").is_some_and(|kty| kty != "oct")
            && ["d", "priv"].iter().all(|name| jwk.get(*name).is_none())
        {
            return Self::from_jwk(&jwk, kid, alg);
        }
        SigningKey::read(text, kid, alg).map(|key| Self::of(&key))
    }

    /// What verifies the signatures of a key.
    pub fn of(key: &SigningKey) -> Self {
        let material = match key.shared_secret() {
            Some(secret) => VerifyingMaterial::Secret(secret.to_vec()),
            None => {
                let public = key.public_jwk().and_then(|jwk| public_bytes(&jwk));
                VerifyingMaterial::Public(public.unwrap_or_default())
            }
        };
        Self { kid: key.kid.clone(), alg: key.alg, material }
    }

    fn from_pem(block: &pem::Pem, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        let found = match block.tag() {
            // RFC 8017 appendix A.1.1
            "RSA PUBLIC KEY" => {
                der::rsa_numbers(block.contents()).map(|_| (PublicKeyKind::Rsa, block.contents().to_vec()))
            }
            _ => der::public_key(block.contents()),
        };
        let (kind, public) = found.ok_or(KeyError::UnknownPublic)?;
        Self::public(kind, public, kid, alg)
    }

    fn from_jwk(jwk: &Value, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        let kid = kid.or_else(|| jwk["kid"].as_str().map(str::to_owned));
        let alg = alg.or_else(|| jwk["alg"].as_str().and_then(Alg::named));
        let kind = kind_of(jwk).ok_or_else(|| match jwk["kty"].as_str() {
            Some("EC") => KeyError::Curve,
            _ => KeyError::UnknownPublic,
        })?;
        Self::public(kind, public_bytes(jwk).ok_or(KeyError::Members)?, kid, alg)
    }

    fn public(kind: PublicKeyKind, public: Vec<u8>, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        let usual = match kind {
            PublicKeyKind::Rsa => Alg::RS256,
            PublicKeyKind::P256 => Alg::ES256,
            PublicKeyKind::P384 => Alg::ES384,
            PublicKeyKind::Ed25519 => Alg::EdDSA,
            PublicKeyKind::MlDsa44 => Alg::MlDsa44,
            PublicKeyKind::MlDsa65 => Alg::MlDsa65,
            PublicKeyKind::MlDsa87 => Alg::MlDsa87,
        };
        let alg = alg.unwrap_or(usual);
        if !alg.shares_keys_with(usual) {
            return Err(KeyError::Algorithm { key: usual, wanted: alg });
        }
        Ok(Self { kid, alg, material: VerifyingMaterial::Public(public) })
    }

    /// Whether it verifies a signature.
    pub fn verifies(&self, input: &[u8], made: &[u8]) -> bool {
        match &self.material {
            VerifyingMaterial::Secret(secret) => mac(self.alg, secret, input) == made,
            VerifyingMaterial::Public(public) => verifies_by(public, self.alg, input, made),
        }
    }
}

/// Whether the bytes of a public key verify a signature.
pub(super) fn verifies_by(public: &[u8], alg: Alg, input: &[u8], made: &[u8]) -> bool {
    let algorithm: &'static dyn signature::VerificationAlgorithm = match alg {
        Alg::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Alg::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Alg::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Alg::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Alg::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Alg::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        Alg::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
        Alg::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
        Alg::EdDSA | Alg::Ed25519 => &signature::ED25519,
        Alg::MlDsa44 => &signature::ML_DSA_44,
        Alg::MlDsa65 => &signature::ML_DSA_65,
        Alg::MlDsa87 => &signature::ML_DSA_87,
        Alg::HS256 | Alg::HS384 | Alg::HS512 => return false,
    };
    UnparsedPublicKey::new(algorithm, public).verify(input, made).is_ok()
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} key {:?}", self.alg.name(), self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::jose::der::pem;
    use crate::scheme::jose::published::public_key_info;
    use crate::seed::keys::KEY_RINGS;

    #[test]
    fn every_form_of_a_key_verifies_what_it_signs() {
        for ring in KEY_RINGS {
            for name in ring.algorithms {
                let alg = Alg::named(name);
                let key = SigningKey::read(ring.first.key, Some("k".to_owned()), alg).expect("is a key");
                let mut forms = vec![ring.first.key.to_owned()];
                if let Some(jwk) = key.public_jwk() {
                    forms.push(jwk.to_string());
                    forms.push(pem("PUBLIC KEY", &public_key_info(&jwk).expect("has a public half")));
                }
                let made = key.sign(b"input");
                for form in forms {
                    let read = VerificationKey::read(&form, None, alg).expect("is a key");
                    assert_eq!(read.alg.name(), *name);
                    assert!(read.verifies(b"input", &made) && !read.verifies(b"other", &made), "{name}: {form}");
                }
            }
        }
    }

    #[test]
    fn a_key_that_does_not_fit_its_algorithm_says_so() {
        let key = SigningKey::read(KEY_RINGS[2].first.key, None, Some(Alg::ES256)).expect("is a key");
        let jwk = key.public_jwk().expect("has a public half").to_string();
        let wrong = VerificationKey::read(&jwk, None, Some(Alg::EdDSA)).map(drop);
        assert_eq!(wrong, Err(KeyError::Algorithm { key: Alg::ES256, wanted: Alg::EdDSA }));
        let none = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert_eq!(VerificationKey::read(none, None, None).map(drop), Err(KeyError::UnknownPublic));
    }
}
