//! Keys and signatures in DER (X.690) and PEM (RFC 7468), in the forms that servers hold them in.

use ::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use ::der::{Decode as _, Encode as _, Reader as _, SliceReader};
use pem::{EncodeConfig, LineEnding, Pem};
use pkcs1::{RsaPrivateKey, RsaPublicKey};
use spki::{AlgorithmIdentifier, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ID_ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ID_ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ID_ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");

/// What a public key is for (RFC 3279 §2.3, RFC 8410 §3, RFC 9881 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyKind {
    /// RSA.
    Rsa,
    /// A point on P-256.
    P256,
    /// A point on P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// ML-DSA of the lowest level.
    MlDsa44,
    /// ML-DSA of the middle level.
    MlDsa65,
    /// ML-DSA of the highest level.
    MlDsa87,
}

/// An ECDSA signature (RFC 3279 §2.2.3) from its two numbers, most significant byte first.
pub fn ecdsa_signature(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    vec![UintRef::new(r).ok()?, UintRef::new(s).ok()?].to_der().ok()
}

/// An RSA public key (RFC 8017 appendix A.1.1).
pub fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    RsaPublicKey { modulus: UintRef::new(modulus).ok()?, public_exponent: UintRef::new(exponent).ok()? }.to_der().ok()
}

/// Modulus and exponent of an RSA public key, without leading zeros.
pub fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let key = RsaPublicKey::<UintRef<'_>>::from_der(der).ok()?;
    Some((key.modulus.as_bytes(), key.public_exponent.as_bytes()))
}

/// Modulus and private exponent of an RSA key in PKCS #8 (RFC 5958 §2).
pub fn rsa_private_numbers(pkcs8: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(pkcs8).ok()?;
    let inner: ::der::Result<&OctetStringRef> = reader.sequence(|reader| {
        reader.decode::<UintRef<'_>>()?;
        reader.decode::<AnyRef<'_>>()?;
        reader.decode()
    });
    let key = RsaPrivateKey::<UintRef<'_>>::from_der(inner.ok()?.as_bytes()).ok()?;
    Some((key.modulus.as_bytes().to_vec(), key.private_exponent.as_bytes().to_vec()))
}

/// An RSA private key (RFC 8017 appendix A.1.2) from n, e, d, p, q, dp, dq, qi.
pub fn rsa_private(parts: &[Vec<u8>; 8]) -> Option<Vec<u8>> {
    let [n, e, d, p, q, dp, dq, qi] = parts;
    let key = RsaPrivateKey {
        modulus: UintRef::new(n).ok()?,
        public_exponent: UintRef::new(e).ok()?,
        private_exponent: UintRef::new(d).ok()?,
        prime1: UintRef::new(p).ok()?,
        prime2: UintRef::new(q).ok()?,
        exponent1: UintRef::new(dp).ok()?,
        exponent2: UintRef::new(dq).ok()?,
        coefficient: UintRef::new(qi).ok()?,
        other_prime_infos: None,
    };
    key.to_der().ok()
}

/// A subject public key info (RFC 5280 §4.1.2.7) around a key.
pub fn public_key_info(kind: PublicKeyKind, key: &[u8]) -> Option<Vec<u8>> {
    let (oid, parameters) = match kind {
        PublicKeyKind::Rsa => (RSA_ENCRYPTION, Some(AnyRef::NULL)),
        PublicKeyKind::P256 => (EC_PUBLIC_KEY, Some(AnyRef::from(&SECP256R1))),
        PublicKeyKind::P384 => (EC_PUBLIC_KEY, Some(AnyRef::from(&SECP384R1))),
        PublicKeyKind::Ed25519 => (ID_ED25519, None),
        PublicKeyKind::MlDsa44 => (ID_ML_DSA_44, None),
        PublicKeyKind::MlDsa65 => (ID_ML_DSA_65, None),
        PublicKeyKind::MlDsa87 => (ID_ML_DSA_87, None),
    };
    let algorithm = AlgorithmIdentifier { oid, parameters };
    SubjectPublicKeyInfo { algorithm, subject_public_key: BitStringRef::from_bytes(key).ok()? }.to_der().ok()
}

/// The kind of the key in a subject public key info, and the key itself.
pub fn public_key(der: &[u8]) -> Option<(PublicKeyKind, Vec<u8>)> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    let algorithm = &info.algorithm;
    let kind = match algorithm.oid {
        oid if oid == RSA_ENCRYPTION || oid == RSASSA_PSS => PublicKeyKind::Rsa,
        oid if oid == ID_ED25519 => PublicKeyKind::Ed25519,
        oid if oid == ID_ML_DSA_44 => PublicKeyKind::MlDsa44,
        oid if oid == ID_ML_DSA_65 => PublicKeyKind::MlDsa65,
        oid if oid == ID_ML_DSA_87 => PublicKeyKind::MlDsa87,
        oid if oid == EC_PUBLIC_KEY => match algorithm.parameters_oid().ok()? {
            curve if curve == SECP256R1 => PublicKeyKind::P256,
            curve if curve == SECP384R1 => PublicKeyKind::P384,
            _ => return None,
        },
        _ => return None,
    };
    Some((kind, info.subject_public_key.as_bytes()?.to_vec()))
}

/// Text encoding (RFC 7468), with its final newline.
pub fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(label, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

/// The blocks of a PEM file.
pub fn from_pem(text: &str) -> Option<Vec<Pem>> {
    pem::parse_many(text).ok().filter(|blocks| !blocks.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_key_survive_both_ways() {
        for bytes in [vec![1], vec![0x80, 1], vec![0x7f; 200], vec![0xff; 300]] {
            let der = rsa_public(&bytes, &[1, 0, 1]).expect("is a key");
            assert_eq!(rsa_numbers(&der), Some((bytes.as_slice(), [1, 0, 1].as_slice())));
        }
        assert_eq!(ecdsa_signature(&[0], &[0, 0x80]), Some(vec![0x30, 7, 2, 1, 0, 2, 2, 0, 0x80]));
    }

    #[test]
    fn algorithms_are_encoded_as_their_rfcs_print_them() {
        for (kind, start) in [
            (PublicKeyKind::Rsa, "300d06092a864886f70d0101010500"),
            (PublicKeyKind::P256, "301306072a8648ce3d020106082a8648ce3d030107"),
            (PublicKeyKind::P384, "301006072a8648ce3d020106052b81040022"),
            (PublicKeyKind::Ed25519, "300506032b6570"),
            (PublicKeyKind::MlDsa44, "300b0609608648016503040311"),
            (PublicKeyKind::MlDsa87, "300b0609608648016503040313"),
        ] {
            let der = public_key_info(kind, &[4; 32]).expect("is a key");
            let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex[4..], format!("{start}032100{}", "04".repeat(32)));
            assert_eq!(public_key(&der), Some((kind, vec![4; 32])));
        }
    }

    #[test]
    fn text_encoding_is_reversible_and_ends_with_a_newline() {
        let der = rsa_public(&[0xab; 256], &[1, 0, 1]).expect("is a key");
        let text = pem("RSA PUBLIC KEY", &der);
        assert!(text.starts_with("-----BEGIN RSA PUBLIC KEY-----\n"), "{text}");
        assert!(text.ends_with("\n-----END RSA PUBLIC KEY-----\n") && text.lines().all(|line| line.len() <= 64));
        assert_eq!(from_pem(&text).expect("is PEM")[0].contents(), der);
    }
}
