//! A server of our own that knows its clients by their certificates, correct in several shapes and not.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A CA that signs the certificates of the server and of its clients.
pub(super) struct Authority {
    parameters: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "a CA of tests");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("signs").pem();
        Self { parameters, key, pem }
    }

    /// A certificate for a name, and its key, both in PEM.
    pub(super) fn signed(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut parameters = CertificateParams::new([name.to_owned()]).expect("is a name");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        (parameters.signed_by(&key, &issuer).expect("signs").pem(), key.serialize_pem())
    }
}

/// How a server treats certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It refuses in the handshake, with alerts.
    Strict,
    /// The same in TLS 1.2 alone.
    StrictTls12,
    /// It ends every handshake and answers 400 to whoever has no good certificate, as nginx does.
    Answers400,
    /// It closes the connection of whoever has no good certificate, without a word.
    ClosesSilently,
    /// It believes the names in a certificate, whoever signed it.
    AnyIssuer,
    /// It does not look at the dates.
    AnyDate,
    /// It takes certificates of servers.
    AnyUsage,
    /// It lets in whoever has none.
    NoneIsFine,
    /// It believes a certificate in a header field.
    BelievesHeader,
    /// It refuses in the handshake, and wants a signed request beside the certificate.
    StrictAndSigned,
}

#[derive(Debug)]
struct Clients {
    inner: Arc<dyn ClientCertVerifier>,
    manner: Manner,
    /// Whether a certificate is verified after the handshake.
    later: bool,
}

impl Clients {
    fn overlooks(&self, why: &CertificateError) -> bool {
        use CertificateError as E;
        match (self.manner, why) {
            (Manner::AnyIssuer, E::UnknownIssuer | E::BadSignature) => true,
            (Manner::AnyDate, E::ExpiredContext { .. } | E::NotValidYetContext { .. }) => true,
            (Manner::AnyUsage, E::InvalidPurposeContext { .. } | E::InvalidPurpose) => true,
            _ => self.later,
        }
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        !self.later && !matches!(self.manner, Manner::NoneIsFine | Manner::BelievesHeader)
    }

    fn root_hint_subjects(&self) -> &[rustls::DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.inner.verify_client_cert(end_entity, intermediates, now) {
            Err(Error::InvalidCertificate(why)) if self.overlooks(&why) => Ok(ClientCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // what cannot be parsed is refused later, where it is looked at later
        match self.inner.verify_tls12_signature(message, certificate, signature) {
            Err(_) if self.later => Ok(HandshakeSignatureValid::assertion()),
            verified => verified,
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.inner.verify_tls13_signature(message, certificate, signature) {
            Err(_) if self.later => Ok(HandshakeSignatureValid::assertion()),
            verified => verified,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The certificate of each connection that brought a request, and whether it was verified.
pub(super) type Seen = Arc<Mutex<Vec<(Option<Vec<u8>>, usize)>>>;

/// What is behind the certificate.
const BODY: &str =
    r#"{"secrets":[{"id":"sec_8Kq3Vw71Zt","holder":"the lamp of brass"},{"id":"sec_2Mx9Rb54Ny","holder":"a kettle"}]}"#;

/// Serves until the test ends; what it saw of each connection, with the number of the connection.
pub(super) async fn serve(authority: &Authority, manner: Manner) -> (SocketAddr, Seen) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).expect("is PEM")).expect("is a CA");
    let inner = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().expect("verifies");
    let later = matches!(manner, Manner::Answers400 | Manner::ClosesSilently);
    let clients = Arc::new(Clients { inner: inner.clone(), manner, later });
    let versions: &[&rustls::SupportedProtocolVersion] = match manner {
        Manner::StrictTls12 => &[&rustls::version::TLS12],
        _ => rustls::ALL_VERSIONS,
    };
    let (certificate, key) = authority.signed("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("has versions")
        .with_client_cert_verifier(clients)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("is PEM")],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("is PEM"),
        )
        .expect("is a certificate with its key");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    let seen: Seen = Arc::default();
    let noted = seen.clone();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            number += 1;
            let (acceptor, noted, inner) = (acceptor.clone(), noted.clone(), inner.clone());
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                let chain =
                    stream.get_ref().1.peer_certificates().map(|chain| {
                        chain.iter().map(|certificate| certificate.clone().into_owned()).collect::<Vec<_>>()
                    });
                let is_good = match (&chain, later) {
                    (Some(chain), true) => inner.verify_client_cert(&chain[0], &chain[1..], UnixTime::now()).is_ok(),
                    (Some(_), false) => true,
                    (None, _) => manner == Manner::NoneIsFine,
                };
                loop {
                    let head = head_of(&mut stream).await?;
                    if !is_good && manner == Manner::ClosesSilently {
                        return None;
                    }
                    let believed = manner == Manner::BelievesHeader
                        && head.to_ascii_lowercase().contains("x-ssl-client-verify: success");
                    let is_signed = head.to_ascii_lowercase().contains("authorization: hmac-sha256 keyid=\"device\"");
                    let lacks = manner == Manner::StrictAndSigned && !is_signed;
                    let (status, body) = match (is_good || believed, head.starts_with("GET /secrets ")) {
                        (true, true) if lacks => ("401 Unauthorized", "{\"error\":\"a signature is needed\"}"),
                        (true, true) => ("200 OK", BODY),
                        (true, false) => ("404 Not Found", "{\"error\":\"nothing here\"}"),
                        (false, _) => ("400 Bad Request", "{\"error\":\"a certificate is needed\"}"),
                    };
                    let shown = chain.as_ref().map(|chain| chain[0].to_vec());
                    noted.lock().expect("is not poisoned").push((shown, number));
                    let answer = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nStrict-Transport-Security: max-age=31536000\r\n\
                         Cache-Control: no-store\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.ok()?;
                    stream.flush().await.ok()?;
                }
                #[expect(unreachable_code, reason = "says what the task gives")]
                Some(())
            });
        }
    });
    (address, seen)
}

async fn head_of(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
