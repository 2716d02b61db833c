//! Keys that sign what the client side mints and forges, and the public halves in the forms that targets hold them in.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair, PqdsaSigningAlgorithm, RsaKeyPair,
};
use aws_lc_rs::{digest, hmac};
use serde_json::{Value, json};

use super::{KeyError, decoded, der, encoded, pss};

/// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2, RFC 9964 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the registry")]
pub enum Alg {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
    Ed25519,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A shared secret.
    Hmac,
    /// RSA.
    Rsa,
    /// An elliptic curve.
    Ec,
    /// Ed25519.
    Ed,
    /// A key pair for one algorithm alone (RFC 9964 §3): ML-DSA.
    Akp,
}

impl Alg {
    const ALL: [Alg; 16] = [
        Alg::HS256,
        Alg::HS384,
        Alg::HS512,
        Alg::RS256,
        Alg::RS384,
        Alg::RS512,
        Alg::PS256,
        Alg::PS384,
        Alg::PS512,
        Alg::ES256,
        Alg::ES384,
        Alg::EdDSA,
        Alg::Ed25519,
        Alg::MlDsa44,
        Alg::MlDsa65,
        Alg::MlDsa87,
    ];

    /// The algorithm of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }

    /// The names of all, for a reader.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Its name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Alg::HS256 => "HS256",
            Alg::HS384 => "HS384",
            Alg::HS512 => "HS512",
            Alg::RS256 => "RS256",
            Alg::RS384 => "RS384",
            Alg::RS512 => "RS512",
            Alg::PS256 => "PS256",
            Alg::PS384 => "PS384",
            Alg::PS512 => "PS512",
            Alg::ES256 => "ES256",
            Alg::ES384 => "ES384",
            Alg::EdDSA => "EdDSA",
            Alg::Ed25519 => "Ed25519",
            Alg::MlDsa44 => "ML-DSA-44",
            Alg::MlDsa65 => "ML-DSA-65",
            Alg::MlDsa87 => "ML-DSA-87",
        }
    }

    /// The kind of key that it needs.
    pub fn family(self) -> Family {
        match self {
            Alg::HS256 | Alg::HS384 | Alg::HS512 => Family::Hmac,
            Alg::ES256 | Alg::ES384 => Family::Ec,
            Alg::EdDSA | Alg::Ed25519 => Family::Ed,
            Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87 => Family::Akp,
            _ => Family::Rsa,
        }
    }

    /// Whether a key for one of two algorithms signs by the other as well.
    pub fn shares_keys_with(self, other: Self) -> bool {
        let of_any = matches!(self.family(), Family::Hmac | Family::Rsa | Family::Ed);
        self == other || (of_any && self.family() == other.family())
    }

    /// Another algorithm for the same key. `EdDSA` and `Ed25519` are two names of one (RFC 9864 §2.2): a server that takes both
    /// has confused nothing.
    pub fn sibling(self) -> Option<Self> {
        match self {
            Alg::HS256 => Some(Alg::HS512),
            Alg::HS384 | Alg::HS512 => Some(Alg::HS256),
            Alg::RS256 => Some(Alg::RS512),
            Alg::RS384 | Alg::RS512 | Alg::PS256 => Some(Alg::RS256),
            Alg::PS384 | Alg::PS512 => Some(Alg::PS256),
            Alg::ES256 | Alg::ES384 | Alg::EdDSA | Alg::Ed25519 => None,
            Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87 => None,
        }
    }

    /// ML-DSA as the library signs it.
    fn lattice(self) -> Option<&'static PqdsaSigningAlgorithm> {
        match self {
            Alg::MlDsa44 => Some(&signature::ML_DSA_44_SIGNING),
            Alg::MlDsa65 => Some(&signature::ML_DSA_65_SIGNING),
            Alg::MlDsa87 => Some(&signature::ML_DSA_87_SIGNING),
            _ => None,
        }
    }
}

enum Material {
    Secret(Vec<u8>),
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

/// A private key, or a shared secret, with its identifier.
pub struct SigningKey {
    /// Key identifier.
    pub kid: Option<String>,
    /// The algorithm that it signs with.
    pub alg: Alg,
    material: Material,
}

impl SigningKey {
    /// A key from PEM, a JWK, or the bytes of a secret.
    ///
    /// # Errors
    /// Says what is wrong with the key.
    pub fn read(text: &str, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        if text.contains("-----BEGIN ") {
            let blocks = der::from_pem(text).ok_or(KeyError::Pem)?;
            // `openssl ecparam -genkey` writes the parameters of the curve before the key
            let private = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
            return Self::from_pem(private.unwrap_or(&blocks[0]), kid, alg);
        }
        if let Ok(jwk) = serde_json::from_str::<Value>(text)
            && jwk.is_object()
        {
            return Self::from_jwk(&jwk, kid, alg);
        }
        let alg = alg.unwrap_or(Alg::HS256);
        if alg.family() != Family::Hmac {
            return Err(KeyError::Form { alg });
        }
        Ok(Self::secret(text.as_bytes(), alg, kid))
    }

    /// A shared secret.
    pub fn secret(secret: &[u8], alg: Alg, kid: Option<String>) -> Self {
        Self { kid, alg, material: Material::Secret(secret.to_vec()) }
    }

    fn from_pem(block: &pem::Pem, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        let (label, bytes) = (block.tag(), block.contents());
        if label.contains("PUBLIC") || label == "CERTIFICATE" {
            return Err(KeyError::Public);
        }
        if label.starts_with("ENCRYPTED") || block.headers().get("Proc-Type").is_some() {
            return Err(KeyError::Encrypted);
        }
        let rsa = || RsaKeyPair::from_pkcs8(bytes).or_else(|_| RsaKeyPair::from_der(bytes)).ok().map(Material::Rsa);
        let ec = |alg: &'static signature::EcdsaSigningAlgorithm| {
            EcdsaKeyPair::from_private_key_der(alg, bytes).ok().map(Material::Ec)
        };
        let ed = || Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok().map(Material::Ed);
        let lattice = |alg: Alg| PqdsaKeyPair::from_pkcs8(alg.lattice()?, bytes).ok().map(Material::MlDsa);
        let found = [
            (Alg::RS256, rsa()),
            (Alg::ES256, ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)),
            (Alg::ES384, ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)),
            (Alg::EdDSA, ed()),
            (Alg::MlDsa44, lattice(Alg::MlDsa44)),
            (Alg::MlDsa65, lattice(Alg::MlDsa65)),
            (Alg::MlDsa87, lattice(Alg::MlDsa87)),
        ];
        let found = found.into_iter().find_map(|(alg, material)| Some((alg, material?)));
        let (default, material) = found.ok_or(KeyError::Unknown)?;
        let alg = alg.unwrap_or(default);
        if !alg.shares_keys_with(default) {
            return Err(KeyError::Algorithm { key: default, wanted: alg });
        }
        Ok(Self { kid, alg, material })
    }

    fn from_jwk(jwk: &Value, kid: Option<String>, alg: Option<Alg>) -> Result<Self, KeyError> {
        let kid = kid.or_else(|| jwk["kid"].as_str().map(str::to_owned));
        let alg = alg.or_else(|| jwk["alg"].as_str().and_then(Alg::named));
        let part = |name: &'static str| {
            let text = jwk[name].as_str().ok_or(KeyError::NoMember(name))?;
            decoded(text).ok_or(KeyError::NotBase64url(name))
        };
        let unfit = |_| KeyError::Members;
        match jwk["kty"].as_str().unwrap_or_default() {
            "oct" => Ok(Self::secret(&part("k")?, alg.unwrap_or(Alg::HS256), kid)),
            "RSA" => {
                let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
                let mut parts: [Vec<u8>; 8] = Default::default();
                for (at, name) in names.into_iter().enumerate() {
                    parts[at] = part(name)?;
                }
                let pair = der::rsa_private(&parts).ok_or(KeyError::Members)?;
                let pair = RsaKeyPair::from_der(&pair).map_err(unfit)?;
                Ok(Self { kid, alg: alg.unwrap_or(Alg::RS256), material: Material::Rsa(pair) })
            }
            "EC" => {
                let (alg, signing) = match jwk["crv"].as_str() {
                    Some("P-256") => (Alg::ES256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
                    Some("P-384") => (Alg::ES384, &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
                    _ => return Err(KeyError::Curve),
                };
                let point = [vec![4], part("x")?, part("y")?].concat();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(signing, &part("d")?, &point);
                Ok(Self { kid, alg, material: Material::Ec(pair.map_err(unfit)?) })
            }
            "OKP" => {
                if jwk["crv"].as_str().is_some_and(|curve| curve != "Ed25519") {
                    return Err(KeyError::Curve);
                }
                let alg = alg.unwrap_or(Alg::EdDSA);
                if alg.family() != Family::Ed {
                    return Err(KeyError::Algorithm { key: Alg::EdDSA, wanted: alg });
                }
                let pair = Ed25519KeyPair::from_seed_and_public_key(&part("d")?, &part("x")?).map_err(unfit)?;
                Ok(Self { kid, alg, material: Material::Ed(pair) })
            }
            "AKP" => {
                // RFC 9964 §3: without its algorithm such a key is none
                let own = Alg::named(jwk["alg"].as_str().ok_or(KeyError::NoMember("alg"))?);
                let (own, signing) = own.and_then(|own| Some((own, own.lattice()?))).ok_or(KeyError::KeyPair)?;
                if let Some(wanted) = alg.filter(|wanted| *wanted != own) {
                    return Err(KeyError::Algorithm { key: own, wanted });
                }
                // RFC 9964 §4: the seed, and never the key that is expanded from it
                let pair = PqdsaKeyPair::from_seed(signing, &part("priv")?).map_err(unfit)?;
                if pair.public_key().as_ref() != part("pub")? {
                    return Err(KeyError::Members);
                }
                Ok(Self { kid, alg: own, material: Material::MlDsa(pair) })
            }
            _ => Err(KeyError::Type),
        }
    }

    /// A new key for an algorithm.
    ///
    /// # Panics
    /// When the machine has no randomness.
    pub fn generated(alg: Alg, kid: &str) -> Self {
        let ec = |signing| Material::Ec(EcdsaKeyPair::generate(signing).expect("randomness"));
        let material = match alg {
            Alg::ES256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Alg::ES384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Alg::EdDSA | Alg::Ed25519 => Material::Ed(Ed25519KeyPair::generate().expect("randomness")),
            Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87 => {
                let signing = alg.lattice().expect("it is ML-DSA");
                Material::MlDsa(PqdsaKeyPair::generate(signing).expect("randomness"))
            }
            _ if alg.family() == Family::Rsa => {
                Material::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("randomness"))
            }
            _ => {
                let mut secret = vec![0; 64];
                aws_lc_rs::rand::fill(&mut secret).expect("randomness");
                Material::Secret(secret)
            }
        };
        Self { kid: Some(kid.to_owned()), alg, material }
    }

    /// A signature by its own algorithm.
    pub fn sign(&self, input: &[u8]) -> Vec<u8> {
        self.sign_as(self.alg, input)
    }

    /// A signature by another algorithm of the same kind of key; nothing where the kind is another.
    pub fn sign_as(&self, alg: Alg, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.material {
            Material::Secret(secret) => mac(alg, secret, input),
            Material::Ec(pair) => pair.sign(&random, input).map(|made| made.as_ref().to_vec()).unwrap_or_default(),
            Material::Ed(pair) => pair.sign(input).as_ref().to_vec(),
            Material::MlDsa(pair) => {
                let mut made = vec![0; pair.algorithm().signature_len()];
                pair.sign(input, &mut made).map(|_| made).unwrap_or_default()
            }
            Material::Rsa(pair) => {
                let padding: &'static dyn signature::RsaEncoding = match alg {
                    Alg::RS384 => &signature::RSA_PKCS1_SHA384,
                    Alg::RS512 => &signature::RSA_PKCS1_SHA512,
                    Alg::PS256 => &signature::RSA_PSS_SHA256,
                    Alg::PS384 => &signature::RSA_PSS_SHA384,
                    Alg::PS512 => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, input, &mut made).map(|()| made).unwrap_or_default()
            }
        }
    }

    /// An RSASSA-PSS signature with a salt of so many bytes; none where the key or its algorithm is another.
    pub fn sign_with_salt(&self, length: usize, input: &[u8]) -> Option<Vec<u8>> {
        let Material::Rsa(pair) = &self.material else { return None };
        let hash = match self.alg {
            Alg::PS256 => &digest::SHA256,
            Alg::PS384 => &digest::SHA384,
            Alg::PS512 => &digest::SHA512,
            _ => return None,
        };
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(pair).ok()?;
        let (modulus, exponent) = der::rsa_private_numbers(private.as_ref())?;
        let mut salt = vec![0; length];
        aws_lc_rs::rand::fill(&mut salt).ok()?;
        pss::signed((&modulus, &exponent), hash, &salt, input)
    }

    /// The public half as a JWK (RFC 7517); none for a secret.
    pub fn public_jwk(&self) -> Option<Value> {
        let mut jwk = match &self.material {
            Material::Secret(_) => return None,
            Material::Rsa(pair) => {
                let (modulus, exponent) = der::rsa_numbers(pair.public_key().as_ref())?;
                json!({ "kty": "RSA", "n": encoded(modulus), "e": encoded(exponent) })
            }
            Material::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..)?.split_at((point.len() - 1) / 2);
                let curve = if self.alg == Alg::ES384 { "P-384" } else { "P-256" };
                json!({ "kty": "EC", "crv": curve, "x": encoded(x), "y": encoded(y) })
            }
            Material::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref()) }),
            Material::MlDsa(pair) => json!({ "kty": "AKP", "pub": encoded(pair.public_key().as_ref()) }),
        };
        jwk["use"] = json!("sig");
        jwk["alg"] = json!(self.alg.name());
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        Some(jwk)
    }

    /// The shared secret; none for a key pair.
    pub(super) fn shared_secret(&self) -> Option<&[u8]> {
        match &self.material {
            Material::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// A self-signed certificate for it, in DER; none for a secret, nor for ML-DSA, which the library of certificates does not sign.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        let pkcs8: Vec<u8> = match &self.material {
            Material::Secret(_) | Material::MlDsa(_) => return None,
            Material::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).ok()?.as_ref().to_vec(),
            Material::Ec(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Material::Ed(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
        };
        let pair = rcgen::KeyPair::try_from(pkcs8.as_slice()).ok()?;
        let params = rcgen::CertificateParams::new(vec!["authbench.invalid".to_owned()]).ok()?;
        Some(params.self_signed(&pair).ok()?.der().to_vec())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} key {:?}", self.alg.name(), self.kid)
    }
}

/// A message authentication code; SHA-256 unless the algorithm is another HMAC.
pub fn mac(alg: Alg, secret: &[u8], input: &[u8]) -> Vec<u8> {
    let algorithm = match alg {
        Alg::HS384 => hmac::HMAC_SHA384,
        Alg::HS512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, secret), input).as_ref().to_vec()
}

/// A key of nobody's, one for each kind, for forgeries that are signed by the wrong hand.
pub fn strangers(alg: Alg) -> &'static SigningKey {
    static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::RS256, "stranger"));
    static P256: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::ES256, "stranger"));
    static P384: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::ES384, "stranger"));
    static ED: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::EdDSA, "stranger"));
    static MLDSA44: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::MlDsa44, "stranger"));
    static MLDSA65: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::MlDsa65, "stranger"));
    static MLDSA87: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::MlDsa87, "stranger"));
    static SECRET: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generated(Alg::HS256, "stranger"));
    match (alg, alg.family()) {
        (Alg::ES384, _) => &P384,
        (Alg::MlDsa65, _) => &MLDSA65,
        (Alg::MlDsa87, _) => &MLDSA87,
        (_, Family::Hmac) => &SECRET,
        (_, Family::Rsa) => &RSA,
        (_, Family::Ec) => &P256,
        (_, Family::Ed) => &ED,
        (_, Family::Akp) => &MLDSA44,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::jose::published::{public_key_info, verifies};
    use crate::seed::keys::KEY_RINGS;

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        for ring in KEY_RINGS {
            for name in ring.algorithms {
                let alg = Alg::named(name).expect("is known");
                let key = SigningKey::read(ring.first.key, Some("k".to_owned()), Some(alg)).expect("is a key");
                let Some(jwk) = key.public_jwk() else { continue };
                let made = key.sign(b"input");
                assert!(verifies(&jwk, alg, b"input", &made), "{name}");
                assert!(!verifies(&jwk, alg, b"other", &made), "{name}");
                assert!(public_key_info(&jwk).is_some(), "{name}");
                assert_eq!(key.certificate().is_some(), alg.family() != Family::Akp, "{name}");
                let read = SigningKey::read(ring.first.key, None, None).expect("is a key");
                assert!(read.alg.shares_keys_with(alg), "{name} is read as {}", read.alg.name());
            }
        }
    }

    #[test]
    fn a_key_that_is_none_says_why() {
        for (text, alg) in [
            ("just a word", Some(Alg::ES256)),
            (r#"{"kty":"RSA","n":"AQAB"}"#, None),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", None),
            (KEY_RINGS[2].first.key, Some(Alg::RS256)),
            (r#"{"kty":"AKP","pub":"AAAA","priv":"AAAA"}"#, Some(Alg::MlDsa44)),
            (r#"{"kty":"AKP","alg":"SLH-DSA-SHA2-128s","pub":"AAAA","priv":"AAAA"}"#, None),
            (r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA","priv":"AAAA"}"#, Some(Alg::MlDsa65)),
            (r#"{"kty":"OKP","crv":"X25519","x":"AAAA","d":"AAAA"}"#, None),
            (r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA","d":"AAAA"}"#, Some(Alg::ES256)),
        ] {
            assert!(SigningKey::read(text, None, alg).is_err(), "{text}");
        }
    }

    /// Two names of one algorithm: the key signs under both, and each signature verifies under the other.
    #[test]
    fn ed25519_is_signed_and_verified_under_both_of_its_names() {
        let key = SigningKey::generated(Alg::Ed25519, "k");
        let jwk = key.public_jwk().expect("has a public half");
        assert_eq!(jwk["alg"], "Ed25519");
        for alg in [Alg::Ed25519, Alg::EdDSA] {
            assert!(verifies(&jwk, alg, b"input", &key.sign_as(alg, b"input")), "{}", alg.name());
            assert_eq!(alg.sibling(), None);
        }
    }

    /// A key of ML-DSA is for one level alone, and whole: public half and seed belong together (RFC 9964 §3, §4, §7.4).
    #[test]
    fn a_key_of_ml_dsa_is_for_its_own_level() {
        for (alg, bytes) in [(Alg::MlDsa44, 2420), (Alg::MlDsa65, 3309), (Alg::MlDsa87, 4627)] {
            let key = SigningKey::generated(alg, "k");
            let (mut jwk, made) = (key.public_jwk().expect("has a public half"), key.sign(b"input"));
            assert_eq!(made.len(), bytes);
            assert!(verifies(&jwk, alg, b"input", &made), "{}", alg.name());
            for other in [Alg::MlDsa44, Alg::MlDsa65, Alg::MlDsa87].into_iter().filter(|other| *other != alg) {
                assert!(!verifies(&jwk, other, b"input", &made) && !alg.shares_keys_with(other));
            }
            jwk["priv"] = json!(encoded([0; 32]));
            assert_eq!(SigningKey::read(&jwk.to_string(), None, None).err(), Some(KeyError::Members));
        }
    }
}
