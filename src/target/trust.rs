//! Whose certificates are trusted: the machine's trust store, or what the scenario names under `tls.ca`.
//!
//! A certificate that is in the file of `tls.ca` itself is trusted exactly as it is: the server that shows these very
//! bytes, and proves in the handshake that it has their key, is the one that the scenario means. Its names, its dates and
//! the marks of a CA in it are not looked at then. That is what makes the certificate of a plain `openssl req -x509` usable:
//! it is marked as a CA (`CA:TRUE`), and RFC 5280 §4.2.1.9 has CAs sign certificates, not serve.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use thiserror::Error;

use super::key_exchange::{self, KeyExchange};
use super::tls_identity::{ClientCertificate, ClientTls, TlsIdentity};
use crate::observe::ConnectionOf;

/// Why a file of certificate authorities cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadTrust {
    /// Not PEM.
    #[error("the file of `tls.ca` is not PEM")]
    NotPem,
    /// PEM without a certificate.
    #[error("the file of `tls.ca` holds no certificate")]
    Empty,
    /// The machine's trust store.
    #[error("the machine's trust store cannot be read: {0}")]
    Machine(String),
    /// No certificate to present.
    #[error("the file of `tls.certificate` holds no certificate in PEM")]
    NoClientCertificate,
    /// No key of it.
    #[error("the file of `tls.key` holds no private key in PEM")]
    NoClientKey,
    /// The key of another certificate, or one that cannot sign.
    #[error("the key of `tls.key` is not that of the certificate of `tls.certificate`")]
    OtherClientKey,
    /// The TLS library.
    #[error("TLS cannot be set up: {0}")]
    Library(String),
}

/// Why a certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Distrust {
    /// It signed itself, and nobody named it.
    #[error("the certificate is self-signed")]
    SelfSigned,
    /// Nobody trusts who signed it.
    #[error("the certificate is signed by a CA that is not trusted")]
    UnknownAuthority,
    /// Its end is in the past.
    #[error("the certificate has expired")]
    Expired,
    /// Its start is in the future.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// It is for other hosts.
    #[error("the certificate is not for this host{}", for_names(.0))]
    OtherName(Vec<String>),
    /// It is that of a CA, which serves nobody.
    #[error("the certificate is that of a CA, not of a server")]
    Authority,
    /// It was revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// Anything else.
    #[error("the certificate is not usable: {0}")]
    Unusable(String),
}

fn for_names(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" but for {}", names.join(", ")) }
}

impl Distrust {
    /// The distrust that caused an error of a connection, however deep it is.
    pub fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))) =
                error.downcast_ref::<rustls::Error>()
            {
                return inner.downcast_ref::<Self>().cloned();
            }
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
        }
        None
    }

    fn of(error: &CertificateError, end_entity: &CertificateDer<'_>) -> Self {
        match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => match is_self_issued(end_entity) {
                true => Distrust::SelfSigned,
                false => Distrust::UnknownAuthority,
            },
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYetValid,
            CertificateError::NotValidForName => Distrust::OtherName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                Distrust::OtherName(presented.iter().map(|name| plain_name(name)).collect())
            }
            CertificateError::Revoked => Distrust::Revoked,
            CertificateError::Other(OtherError(inner)) if is_authority(inner.as_ref()) => {
                if is_self_issued(end_entity) { Distrust::SelfSigned } else { Distrust::Authority }
            }
            other => Distrust::Unusable(other.to_string()),
        }
    }
}

/// `DnsName("a.test")` as the library has it, and `a.test` as people do.
fn plain_name(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"').chars().filter(|c| !c.is_control()).take(100).collect()
}

fn is_authority(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Whether a certificate names itself as its issuer (RFC 5280 §6.1).
fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|read| read.issuer() == read.subject())
}

/// Whose certificates are trusted on connections to the target, and to whoever issues its tokens.
#[derive(Clone, Debug)]
pub struct Trust {
    target: ClientTls,
    /// The same for credentials that present a certificate of their own, by their names.
    credentials: BTreeMap<String, ClientTls>,
    issuers: ClientTls,
    /// The same for credentials that present a certificate of their own there (RFC 8705 §2).
    issuers_of: BTreeMap<String, ClientTls>,
    names_authorities: bool,
}

impl Trust {
    /// Trust in what a scenario names in PEM, or in the machine's trust store.
    ///
    /// # Errors
    /// When the PEM holds no certificate, or the machine has no trust store.
    pub fn of(ca_pem: Option<&[u8]>) -> Result<Self, BadTrust> {
        Self::presenting(ca_pem, None)
    }

    /// The same for a client that presents a certificate to the target; whoever issues tokens elsewhere does not see it.
    ///
    /// # Errors
    /// When the PEM holds no certificate, the machine has no trust store, or the key is not that of the certificate.
    pub fn presenting(ca_pem: Option<&[u8]>, certificate: Option<&ClientCertificate>) -> Result<Self, BadTrust> {
        Self::of_all(ca_pem, certificate, &BTreeMap::new())
    }

    /// The same, with the certificates of credentials by their names.
    ///
    /// # Errors
    /// As for one certificate.
    pub fn of_all(
        ca_pem: Option<&[u8]>,
        certificate: Option<&ClientCertificate>,
        of_credentials: &BTreeMap<String, ClientCertificate>,
    ) -> Result<Self, BadTrust> {
        Self::offering(&[], ca_pem, certificate, of_credentials)
    }

    /// The same for a client that offers these key exchanges and no others, the preferred one first; without any, those of the
    /// library.
    ///
    /// # Errors
    /// As for one certificate.
    pub fn offering(
        key_exchanges: &[KeyExchange],
        ca_pem: Option<&[u8]>,
        certificate: Option<&ClientCertificate>,
        of_credentials: &BTreeMap<String, ClientCertificate>,
    ) -> Result<Self, BadTrust> {
        let provider = Arc::new(key_exchange::provider(key_exchanges));
        let machine = || machine(&provider);
        let Some(pem) = ca_pem else {
            let verifier = Verifier { machine: Some(machine()?), ..Verifier::none(&provider) };
            let of = |certificate| {
                let config = configured(verifier.clone(), &provider, certificate)?;
                Ok::<_, BadTrust>(ClientTls { config, identity: TlsIdentity::of(certificate, None, true) })
            };
            let own = of_credentials.iter().map(|(name, own)| Ok::<_, BadTrust>((name.clone(), of(Some(own))?)));
            let credentials: BTreeMap<_, _> = own.collect::<Result<_, _>>()?;
            let (target, issuers, issuers_of) = (of(certificate)?, of(None)?, credentials.clone());
            return Ok(Self { target, credentials, issuers, issuers_of, names_authorities: false });
        };
        let named = certificates(pem)?;
        let roots = authorities(&named, &provider);
        let alone = Verifier { named, roots, ..Verifier::none(&provider) };
        // a token endpoint elsewhere may well have a certificate that everybody trusts
        let beside = Verifier { machine: machine().ok(), ..alone.clone() };
        let of = |certificate| {
            let config = configured(alone.clone(), &provider, certificate)?;
            Ok::<_, BadTrust>(ClientTls { config, identity: TlsIdentity::of(certificate, Some(pem), false) })
        };
        let own = of_credentials.iter().map(|(name, own)| Ok::<_, BadTrust>((name.clone(), of(Some(own))?)));
        let (target, credentials) = (of(certificate)?, own.collect::<Result<_, _>>()?);
        let of_issuers = |certificate| {
            let config = configured(beside.clone(), &provider, certificate)?;
            Ok::<_, BadTrust>(ClientTls { config, identity: TlsIdentity::of(certificate, Some(pem), true) })
        };
        let theirs = of_credentials.iter().filter(|(_, own)| !own.is_forged);
        let theirs = theirs.map(|(name, own)| Ok::<_, BadTrust>((name.clone(), of_issuers(Some(own))?)));
        let issuers_of = theirs.collect::<Result<_, _>>()?;
        Ok(Self { target, credentials, issuers: of_issuers(None)?, issuers_of, names_authorities: true })
    }

    /// TLS to the target: what the scenario names, and nothing else.
    pub fn for_target(&self) -> ClientTls {
        self.target.clone()
    }

    /// TLS to the target on the connections of a name, or on those that serve all others; none for a name whose certificate
    /// is not there.
    pub fn for_connection(&self, connection: &ConnectionOf) -> Option<ClientTls> {
        match &connection.0 {
            Some(name) => self.credentials.get(&**name).cloned(),
            None => Some(self.target.clone()),
        }
    }

    /// TLS to an issuer on the connections of a name, or on those that serve all others.
    pub fn for_issuers_on(&self, connection: &ConnectionOf) -> Option<ClientTls> {
        match &connection.0 {
            Some(name) => self.issuers_of.get(&**name).or_else(|| self.credentials.get(&**name)).cloned(),
            None => Some(self.issuers.clone()),
        }
    }

    /// TLS to an issuer: what the scenario names, and what the machine trusts.
    pub fn for_issuers(&self) -> ClientTls {
        self.issuers.clone()
    }

    /// Whether a certificate is presented to the target.
    pub fn presents_certificate(&self) -> bool {
        self.target.config.client_auth_cert_resolver.has_certs()
    }

    /// Whether the scenario names certificates.
    pub fn names_authorities(&self) -> bool {
        self.names_authorities
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadTrust> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    // what the library says quotes the line
    let read = read.map_err(|_| BadTrust::NotPem)?;
    if read.is_empty() { Err(BadTrust::Empty) } else { Ok(read) }
}

/// A verifier for what the named certificates signed; none where none of them can sign.
fn authorities(named: &[CertificateDer<'static>], provider: &Arc<CryptoProvider>) -> Option<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(named.iter().cloned());
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().ok()
}

/// HTTP/1.1 over TLS.
fn configured(
    verifier: Verifier,
    provider: &Arc<CryptoProvider>,
    certificate: Option<&ClientCertificate>,
) -> Result<Arc<ClientConfig>, BadTrust> {
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| BadTrust::Library(error.to_string()))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match certificate {
        None => builder.with_no_client_auth(),
        Some(certificate) if certificate.is_forged => {
            let key = provider.key_provider.load_private_key(certificate.key.clone_key());
            let key = key.map_err(|_| BadTrust::OtherClientKey)?;
            let own = SingleCertAndKey::from(CertifiedKey::new(certificate.chain.clone(), key));
            let mut config = builder.with_client_cert_resolver(Arc::new(own));
            config.resumption = rustls::client::Resumption::disabled();
            config
        }
        Some(certificate) => {
            let own = builder.with_client_auth_cert(certificate.chain.clone(), certificate.key.clone_key());
            let mut config = own.map_err(|_| BadTrust::OtherClientKey)?;
            // a resumed session presents no certificate (RFC 8446 §2.2): each connection shows it anew
            config.resumption = rustls::client::Resumption::disabled();
            config
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The trust store of the machine, read once in a process: parsing it takes longer than starting a scenario.
fn machine(provider: &Arc<CryptoProvider>) -> Result<Arc<rustls_platform_verifier::Verifier>, BadTrust> {
    static STORE: OnceLock<Arc<rustls_platform_verifier::Verifier>> = OnceLock::new();
    if let Some(store) = STORE.get() {
        return Ok(store.clone());
    }
    let store = rustls_platform_verifier::Verifier::new(provider.clone());
    let store = store.map_err(|error| BadTrust::Machine(error.to_string()))?;
    Ok(STORE.get_or_init(|| Arc::new(store)).clone())
}

/// Verifies a certificate: one that is named passes as it is, others need a signature of whoever is trusted.
#[derive(Clone)]
struct Verifier {
    named: Vec<CertificateDer<'static>>,
    roots: Option<Arc<WebPkiServerVerifier>>,
    machine: Option<Arc<rustls_platform_verifier::Verifier>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn none(provider: &Arc<CryptoProvider>) -> Self {
        Self { named: Vec::new(), roots: None, machine: None, provider: provider.clone() }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("named", &self.named.len()).field("machine", &self.machine.is_some()).finish()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.named.iter().any(|named| named == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let roots = self.roots.iter().map(|roots| roots.as_ref() as &dyn ServerCertVerifier);
        let machine = self.machine.iter().map(|machine| machine.as_ref() as &dyn ServerCertVerifier);
        let mut distrust = None;
        for verifier in roots.chain(machine) {
            match verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
                Ok(verified) => return Ok(verified),
                Err(rustls::Error::InvalidCertificate(error)) => {
                    let said = Distrust::of(&error, end_entity);
                    // whoever knows the issuer says more than whoever does not
                    if distrust.is_none() || distrust == Some(Distrust::UnknownAuthority) {
                        distrust = Some(said);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let distrust = distrust.unwrap_or_else(|| match is_self_issued(end_entity) {
            true => Distrust::SelfSigned,
            false => Distrust::UnknownAuthority,
        });
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(distrust)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
