//! Who a client is in a TLS handshake: the certificate that it presents, and whom it trusts. Connections, pools and TLS
//! sessions belong to one such identity: a session that another one resumed would hide whose certificate was presented.

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use super::trust::BadTrust;

/// A certificate that a client presents, with its key (RFC 8446 §4.4.2).
pub struct ClientCertificate {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    /// Whether it is presented as it is, without a look at what it says.
    pub(super) is_forged: bool,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a certificate in a chain of {}", self.chain.len())
    }
}

impl ClientCertificate {
    /// Reads a certificate, with those that lead to its CA behind it, and its key, both in PEM.
    ///
    /// # Errors
    /// When one of them is not there. Nothing that was read is in the error.
    pub fn read(certificate: &[u8], key: &[u8]) -> Result<Self, BadTrust> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(BadTrust::NoClientCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| BadTrust::NoClientKey)?;
        Ok(Self { chain, key, is_forged: false })
    }

    /// The same for one that is wrong on purpose: nobody looks at what it says before it is presented.
    ///
    /// # Errors
    /// As for a certificate that is right.
    pub fn read_forged(certificate: &[u8], key: &[u8]) -> Result<Self, BadTrust> {
        Ok(Self { is_forged: true, ..Self::read(certificate, key)? })
    }
}

/// A client's identity in TLS. Two are equal where certificate and trust are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TlsIdentity([u8; 32]);

impl TlsIdentity {
    /// The identity of whoever presents a certificate, or none, and trusts these authorities, and the machine's if so.
    pub(super) fn of(certificate: Option<&ClientCertificate>, authorities: Option<&[u8]>, machine: bool) -> Self {
        let mut digest = Sha256::new();
        let mut part = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        part(&[u8::from(machine), u8::from(authorities.is_some()), u8::from(certificate.is_some())]);
        part(authorities.unwrap_or_default());
        certificate.into_iter().flat_map(|certificate| &certificate.chain).for_each(|one| part(one));
        Self(digest.finalize().into())
    }
}

/// TLS of a client: what it does, and who it is. Each has TLS sessions of its own.
#[derive(Clone, Debug)]
pub struct ClientTls {
    /// What it does in a handshake.
    pub config: Arc<ClientConfig>,
    /// Who it is.
    pub identity: TlsIdentity,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_differ_by_certificate_and_by_trust() {
        let made = |name: &str| {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("is made");
            (made.cert.pem(), made.signing_key.serialize_pem())
        };
        let (one, other) = (made("one.test"), made("other.test"));
        let read = |(certificate, key): &(String, String)| {
            ClientCertificate::read(certificate.as_bytes(), key.as_bytes()).expect("is a certificate")
        };
        let of = |certificate: Option<&(String, String)>, ca: Option<&str>| {
            TlsIdentity::of(certificate.map(read).as_ref(), ca.map(str::as_bytes), false)
        };
        assert_eq!(of(Some(&one), Some("ca")), of(Some(&one), Some("ca")));
        let all = [
            of(None, None),
            of(None, Some("ca")),
            of(Some(&one), None),
            of(Some(&one), Some("ca")),
            of(Some(&other), None),
        ];
        for (at, identity) in all.iter().enumerate() {
            assert!(!all[..at].contains(identity), "{at}");
        }
        assert_ne!(TlsIdentity::of(None, None, false), TlsIdentity::of(None, None, true));
    }

    #[test]
    fn what_is_no_certificate_and_no_key_is_said_without_quoting_it() {
        let key = "-----BEGIN PRIVATE KEY-----\n!hunter2!\n-----END PRIVATE KEY-----\n";
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).expect("is made");
        for (certificate, key, expected) in [
            ("hunter2", key, BadTrust::NoClientCertificate),
            (key, key, BadTrust::NoClientCertificate),
            (&made.cert.pem(), key, BadTrust::NoClientKey),
            (&made.cert.pem(), &made.cert.pem(), BadTrust::NoClientKey),
        ] {
            let why = ClientCertificate::read(certificate.as_bytes(), key.as_bytes()).expect_err("is not one");
            assert!(!why.to_string().contains("hunter"));
            assert_eq!(why, expected);
        }
    }
}
