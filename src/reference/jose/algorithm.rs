//! Signature algorithms by their registered names: those that the library knows, and those that are verified beside it.

use aws_lc_rs::signature::{self, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm};
use jsonwebtoken::Algorithm;

use super::keys::name_of;

/// An algorithm as a header names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JwsAlgorithm {
    /// One that the library knows (RFC 7518 §3.1, RFC 8037 §3.1).
    Library(Algorithm),
    /// RFC 9864 §2.2: what the library computes as `EdDSA`, under a name that it does not know.
    Ed25519,
    /// RFC 9964 §5.
    MlDsa44,
    /// RFC 9964 §5.
    MlDsa65,
    /// RFC 9964 §5.
    MlDsa87,
}

impl From<Algorithm> for JwsAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        Self::Library(algorithm)
    }
}

impl JwsAlgorithm {
    /// The algorithm of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let beside = [Self::Ed25519, Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];
        let beside = beside.into_iter().find(|algorithm| algorithm.name() == name);
        beside.or_else(|| name.parse().ok().map(Self::Library))
    }

    /// Its name in a header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Library(algorithm) => name_of(algorithm),
            Self::Ed25519 => "Ed25519",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// What the library computes it as; none where it does not.
    pub(crate) fn library(self) -> Option<Algorithm> {
        match self {
            Self::Library(algorithm) => Some(algorithm),
            Self::Ed25519 => Some(Algorithm::EdDSA),
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
        }
    }

    /// What signs by ML-DSA, and what verifies it.
    pub(super) fn lattice(self) -> Option<(&'static PqdsaSigningAlgorithm, &'static PqdsaVerificationAlgorithm)> {
        match self {
            Self::MlDsa44 => Some((&signature::ML_DSA_44_SIGNING, &signature::ML_DSA_44)),
            Self::MlDsa65 => Some((&signature::ML_DSA_65_SIGNING, &signature::ML_DSA_65)),
            Self::MlDsa87 => Some((&signature::ML_DSA_87_SIGNING, &signature::ML_DSA_87)),
            Self::Library(_) | Self::Ed25519 => None,
        }
    }
}
