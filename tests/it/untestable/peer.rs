//! Small servers of our own, in clear text and under TLS, and the certificates that they show.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The mark of a CA (RFC 5280 §4.2.1.9).
pub(super) const CA: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

/// An answer: its status line, its header lines, its body.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// A server that remembers request lines.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(super) async fn start(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = lines.clone();
        let address = serve(move |head| {
            kept.lock().expect("is not poisoned").push(head.lines().next().unwrap_or_default().to_owned());
            reply(head)
        })
        .await;
        Self { address, lines }
    }

    /// How many requests start like this.
    pub(super) fn seen(&self, start: &str) -> usize {
        self.lines.lock().expect("is not poisoned").iter().filter(|line| line.starts_with(start)).count()
    }
}

/// Answers requests in clear text, one on a connection.
pub(super) async fn serve(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> SocketAddr {
    listen(None, Arc::new(reply)).await
}

/// Answers requests under TLS.
pub(super) async fn serve_tls(
    certificate: &Certificate,
    reply: impl Fn(&str) -> String + Send + Sync + 'static,
) -> SocketAddr {
    let chain = vec![CertificateDer::from_pem_slice(certificate.pem.as_bytes()).expect("is PEM")];
    let key = PrivateKeyDer::from_pem_slice(certificate.key.serialize_pem().as_bytes()).expect("is PEM");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("has versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("is a certificate with its key");
    listen(Some(TlsAcceptor::from(Arc::new(config))), Arc::new(reply)).await
}

type Reply = Arc<dyn Fn(&str) -> String + Send + Sync>;

async fn listen(tls: Option<TlsAcceptor>, reply: Reply) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, reply) = (tls.clone(), reply.clone());
            tokio::spawn(async move {
                match tls {
                    None => converse(stream, &reply).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => converse(stream, &reply).await,
                        Err(_) => None,
                    },
                }
            });
        }
    });
    address
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &Reply) -> Option<()> {
    let (mut head, mut room) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut room).await.ok()? {
            0 => return None,
            length => head.extend_from_slice(&room[..length]),
        }
        // what is not HTTP is not waited for
        if !head.first().is_some_and(u8::is_ascii_uppercase) {
            return None;
        }
    }
    let answer = reply(&String::from_utf8_lossy(&head));
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

/// A certificate with its key.
pub(super) struct Certificate {
    pub(super) pem: String,
    key: KeyPair,
    parameters: CertificateParams,
}

fn parameters(name: &str, names: Vec<String>, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut parameters = CertificateParams::new(names).expect("are names");
    parameters.distinguished_name.push(DnType::CommonName, name);
    change(&mut parameters);
    parameters
}

/// A certificate that signs itself, for no host.
pub(super) fn certificate(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    of(parameters(name, Vec::new(), change))
}

/// A certificate that signs itself, for a host.
pub(super) fn self_signed(host: &str) -> Certificate {
    of(parameters("a service", vec![host.to_owned()], |_| ()))
}

fn of(parameters: CertificateParams) -> Certificate {
    let key = KeyPair::generate().expect("a key");
    let pem = parameters.self_signed(&key).expect("signs").pem();
    Certificate { pem, key, parameters }
}

/// A certificate for a host that a CA signs.
pub(super) fn signed_by(
    authority: &Certificate,
    host: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> Certificate {
    let parameters = parameters("a service", vec![host.to_owned()], change);
    let key = KeyPair::generate().expect("a key");
    let issuer = Issuer::from_params(&authority.parameters, &authority.key);
    let pem = parameters.signed_by(&key, &issuer).expect("signs").pem();
    Certificate { pem, key, parameters }
}
