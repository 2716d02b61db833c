//! Hopeless targets: servers about which nothing can be proven. A client that calls one of them correct is wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::{Config, Faults, ReferenceError, identity, secured};

/// Answers of a correct server before a target stops being one.
pub const PATIENCE: usize = 40;
/// Bytes of a request that are read.
const REQUEST_LIMIT: usize = 512 * 1024;
/// How long a client may take to send its request.
const PATIENCE_TO_READ: Duration = Duration::from_secs(5);

/// How a hopeless target behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// 401 with a challenge to everybody, good credentials included.
    Unauthorized,
    /// 403 to everybody.
    Forbidden,
    /// 200 with what everybody wants, to everybody.
    Welcome,
    /// Accepts connections and never answers.
    Silent,
    /// Resets every connection once it has read the request.
    Reset,
    /// Closes every connection without an answer.
    Close,
    /// 500 to everybody.
    Broken,
    /// 503 to everybody.
    Unavailable,
    /// 200 to everybody, with an error in the body.
    ErrorInOk,
    /// A redirect to a login page for everybody.
    Login,
    /// Bytes that are not HTTP.
    Garbage,
    /// A correct server for [`PATIENCE`] requests, 429 from then on.
    Limited,
    /// A correct server for [`PATIENCE`] requests, 401 to everybody from then on.
    LockedOut,
}

impl Manner {
    /// All manners.
    pub const ALL: [Manner; 13] = [
        Manner::Unauthorized,
        Manner::Forbidden,
        Manner::Welcome,
        Manner::Silent,
        Manner::Reset,
        Manner::Close,
        Manner::Broken,
        Manner::Unavailable,
        Manner::ErrorInOk,
        Manner::Login,
        Manner::Garbage,
        Manner::Limited,
        Manner::LockedOut,
    ];

    /// Its name, for a reader.
    pub fn name(self) -> &'static str {
        match self {
            Manner::Unauthorized => "401-to-all",
            Manner::Forbidden => "403-to-all",
            Manner::Welcome => "200-to-all",
            Manner::Silent => "hangs",
            Manner::Reset => "resets",
            Manner::Close => "closes",
            Manner::Broken => "500-to-all",
            Manner::Unavailable => "503-to-all",
            Manner::ErrorInOk => "200-with-an-error",
            Manner::Login => "redirects-to-login",
            Manner::Garbage => "garbage",
            Manner::Limited => "429-after-40",
            Manner::LockedOut => "401-after-40",
        }
    }

    /// Whether it is a correct server at first, so that what was seen until then counts.
    pub fn starts_correct(self) -> bool {
        matches!(self, Manner::Limited | Manner::LockedOut)
    }

    /// What it sends; none where it sends nothing.
    fn bytes(self) -> Option<Vec<u8>> {
        let json = "Content-Type: application/json\r\n";
        let (status, headers, body) = match self {
            Manner::Unauthorized | Manner::LockedOut => {
                ("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\"\r\n", "{}")
            }
            Manner::Forbidden => ("403 Forbidden", json, "{}"),
            Manner::Welcome => ("200 OK", json, WELCOME),
            Manner::Broken => ("500 Internal Server Error", json, "{}"),
            Manner::Unavailable => ("503 Service Unavailable", json, "{}"),
            Manner::ErrorInOk => ("200 OK", json, r#"{"status":401,"error":"invalid_token"}"#),
            Manner::Login => ("302 Found", "Location: /login\r\n", ""),
            Manner::Limited => ("429 Too Many Requests", "Retry-After: 60\r\n", "{}"),
            Manner::Garbage => return Some(b"\x00\xff\x16\x03 this is no HTTP at all\r\n\r\n\x80".to_vec()),
            Manner::Silent | Manner::Reset | Manner::Close => return None,
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        Some((head + body).into_bytes())
    }
}

/// Everything that any resource or endpoint might be asked for.
const WELCOME: &str = r#"{"orders":[],"order":{"id":1},"access_token":"welcome-token-welcome-token-welcome","token_type":"Bearer","expires_in":3600,"scope":"read:orders write:orders","active":true}"#;

/// A running hopeless target.
#[derive(Debug)]
pub struct HopelessServer {
    addr: SocketAddr,
    certificate: Option<String>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl HopelessServer {
    /// Its address.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// The certificate to trust, in PEM, where it speaks TLS.
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Ends it, with everything that it keeps waiting.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.server.await;
    }
}

/// Starts a target on the loopback interface; `correct` is what it is at first, where it starts as a correct server. It speaks
/// TLS where that does, under one certificate with it, and takes the certificates of clients that it takes.
///
/// # Errors
/// When no port can be had, or a certificate cannot be made.
pub async fn start(manner: Manner, mut correct: Config) -> Result<HopelessServer, ReferenceError> {
    let (mut acceptor, mut certificate) = (None, None);
    if correct.tls {
        let identity = identity()?;
        // whoever lets everybody in looks at no certificate
        let lenient = ["trusts-subject-only", "no-validity-check", "any-certificate-usage", "certificate-optional"];
        let made = secured(false, &identity, &Faults::new(lenient))?;
        correct.tls_identity = Some(identity);
        (acceptor, certificate) = (Some(made.0), Some(made.1));
    }
    let bind = |error| ReferenceError::Bind(0, error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let correct = if manner.starts_correct() { Some(super::start(correct).await?) } else { None };
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(serve(listener, (manner, acceptor), correct, stopped));
    Ok(HopelessServer { addr, certificate, stop, server })
}

async fn serve(
    listener: TcpListener,
    (manner, acceptor): (Manner, Option<TlsAcceptor>),
    correct: Option<super::ReferenceServer>,
    mut stop: watch::Receiver<bool>,
) {
    let answered = Arc::new(AtomicUsize::new(0));
    let upstream = correct.as_ref().map(super::ReferenceServer::addr);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let (answered, acceptor) = (answered.clone(), acceptor.clone());
                connections.spawn(async move {
                    drop(match acceptor {
                        Some(acceptor) => over_tls(stream, (manner, acceptor), upstream, &answered).await,
                        None => connection(stream, manner, upstream, &answered).await,
                    });
                });
            },
            _ = connections.join_next(), if !connections.is_empty() => {}
            _ = stop.changed() => break,
        }
    }
    connections.shutdown().await;
    if let Some(correct) = correct {
        correct.stop().await;
    }
}

/// One connection over TLS. While the target is a correct server, that ends the handshake: it alone sees the certificate of
/// the client, and whoever probes has one request for each connection.
async fn over_tls(
    mut stream: TcpStream,
    (manner, acceptor): (Manner, TlsAcceptor),
    upstream: Option<SocketAddr>,
    answered: &AtomicUsize,
) -> std::io::Result<()> {
    if let Some(upstream) = upstream
        && answered.fetch_add(1, Ordering::Relaxed) < PATIENCE
    {
        let mut server = TcpStream::connect(upstream).await?;
        return tokio::io::copy_bidirectional(&mut stream, &mut server).await.map(drop);
    }
    let mut stream = acceptor.accept(stream).await?;
    tokio::time::timeout(PATIENCE_TO_READ, request(&mut stream)).await??;
    if manner == Manner::Reset {
        return stream.get_ref().0.set_zero_linger();
    }
    answer(stream, manner).await
}

/// One connection, one answer.
async fn connection(
    mut stream: TcpStream,
    manner: Manner,
    upstream: Option<SocketAddr>,
    answered: &AtomicUsize,
) -> std::io::Result<()> {
    let request = tokio::time::timeout(PATIENCE_TO_READ, request(&mut stream)).await??;
    if let Some(upstream) = upstream
        && answered.fetch_add(1, Ordering::Relaxed) < PATIENCE
    {
        return pass_on(&request, upstream, stream).await;
    }
    if manner == Manner::Reset {
        return stream.set_zero_linger();
    }
    answer(stream, manner).await
}

/// What a target in this manner sends to everybody.
async fn answer<S: AsyncWrite + Unpin>(mut stream: S, manner: Manner) -> std::io::Result<()> {
    if manner == Manner::Silent {
        return std::future::pending().await;
    }
    stream.write_all(&manner.bytes().unwrap_or_default()).await?;
    stream.shutdown().await
}

/// Reads one request: its head, and the body that its length announces.
async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    while request.len() < REQUEST_LIMIT {
        if let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n")
            && request.len() >= head + 4 + announced(&request[..head])
        {
            break;
        }
        if stream.read_buf(&mut request).await? == 0 {
            break;
        }
    }
    Ok(request)
}

fn announced(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).unwrap_or_default()
}

/// Lets the correct server answer this request only: the connection ends with it.
async fn pass_on(request: &[u8], upstream: SocketAddr, mut client: TcpStream) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    let line = request.windows(2).position(|two| two == b"\r\n").map_or(request.len(), |at| at + 2);
    server.write_all(&request[..line]).await?;
    server.write_all(b"Connection: close\r\n").await?;
    server.write_all(&request[line..]).await?;
    tokio::io::copy(&mut server, &mut client).await?;
    client.shutdown().await
}
