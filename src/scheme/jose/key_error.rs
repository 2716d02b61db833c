//! Why a text holds no key that can sign.

use super::Alg;

/// What is wrong with a key that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Markers of PEM, and nothing readable between them.
    #[error("the PEM file cannot be read")]
    Pem,
    /// A bare text where the algorithm needs a key pair.
    #[error("it is neither PEM nor a JWK, and {} needs one of them", .alg.name())]
    Form {
        /// The algorithm that is asked for.
        alg: Alg,
    },
    /// A public key or a certificate.
    #[error("it is the public half; minting needs the private one")]
    Public,
    /// A private key under a passphrase.
    #[error("the key is encrypted; authbench needs it without a passphrase")]
    Encrypted,
    /// DER of something else.
    #[error("it holds no RSA, P-256, P-384, Ed25519 or ML-DSA private key")]
    Unknown,
    /// A public key of a kind that authbench does not know.
    #[error("it holds no RSA, P-256, P-384, Ed25519 or ML-DSA public key")]
    UnknownPublic,
    /// A key of another kind than the algorithm needs.
    #[error("the key is one for {}, not for {}", .key.name(), .wanted.name())]
    Algorithm {
        /// What the key is for.
        key: Alg,
        /// What is asked for.
        wanted: Alg,
    },
    /// A JWK without a member that its type requires.
    #[error("the JWK has no `{0}`")]
    NoMember(&'static str),
    /// A member that cannot be decoded.
    #[error("`{0}` of the JWK is not base64url")]
    NotBase64url(&'static str),
    /// Members that make no key.
    #[error("the JWK holds no key that fits together")]
    Members,
    /// A curve that authbench does not sign on.
    #[error("expected the curve P-256, P-384 or Ed25519")]
    Curve,
    /// A key pair for an algorithm that is not ML-DSA.
    #[error("expected ML-DSA-44, ML-DSA-65 or ML-DSA-87 as the `alg` of a JWK of the type AKP")]
    KeyPair,
    /// A `kty` that is not one of RFC 7518, RFC 8037 or RFC 9964.
    #[error("its `kty` is none of RSA, EC, OKP, AKP and oct")]
    Type,
}
