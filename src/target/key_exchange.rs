//! The key exchanges that a client offers in a TLS handshake, and the one that a handshake agreed on.

use rustls::NamedGroup;
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};

/// A group for the key exchange (RFC 8446 §4.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// X25519 and ML-KEM-768 together (draft-ietf-tls-ecdhe-mlkem): a server that can read one of both later reads nothing.
    X25519MlKem768,
    /// X25519.
    X25519,
    /// P-256.
    Secp256r1,
    /// P-384.
    Secp384r1,
}

impl KeyExchange {
    const ALL: [Self; 4] = [Self::X25519MlKem768, Self::X25519, Self::Secp256r1, Self::Secp384r1];

    /// Its name in the registry of TLS.
    pub fn name(self) -> &'static str {
        match self {
            Self::X25519MlKem768 => "X25519MLKEM768",
            Self::X25519 => "x25519",
            Self::Secp256r1 => "secp256r1",
            Self::Secp384r1 => "secp384r1",
        }
    }

    fn group(self) -> &'static dyn SupportedKxGroup {
        match self {
            Self::X25519MlKem768 => kx_group::X25519MLKEM768,
            Self::X25519 => kx_group::X25519,
            Self::Secp256r1 => kx_group::SECP256R1,
            Self::Secp384r1 => kx_group::SECP384R1,
        }
    }

    /// The one of a name that a handshake agreed on; none for a name that is never offered.
    pub fn of_group(name: NamedGroup) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.group().name() == name)
    }
}

/// What does the arithmetic of TLS, with these key exchanges and no others; without any, with those of the library.
pub(super) fn provider(offered: &[KeyExchange]) -> CryptoProvider {
    let mut provider = default_provider();
    if !offered.is_empty() {
        provider.kx_groups = offered.iter().map(|one| one.group()).collect();
    }
    provider
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_what_was_named_in_its_order() {
        let names = |offered: &[KeyExchange]| -> Vec<Option<KeyExchange>> {
            provider(offered).kx_groups.iter().map(|group| KeyExchange::of_group(group.name())).collect()
        };
        let named = [KeyExchange::Secp384r1, KeyExchange::X25519MlKem768];
        assert_eq!(names(&named), named.map(Some));
        // what docs/scenarios.md says of a scenario that names none
        let default = ["x25519", "secp256r1", "secp384r1", "X25519MLKEM768"];
        assert_eq!(names(&[]).into_iter().flatten().map(KeyExchange::name).collect::<Vec<_>>(), default);
    }
}
