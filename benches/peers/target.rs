//! Targets for the comparison with other load generators: as fast as one thread allows, so that the client is what limits.
//!
//! `peer-target raw|stall|tls|http2`: serves on a free loopback port, prints `PORT`, ends when standard input closes. `stall` stops the
//! whole server for 200 ms on a grid of 2 s. `tls` takes the path that its certificate is written to. `http2` speaks both versions
//! of HTTP, through hyper.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// From one stall to the next, and how long each is.
const STALL_EVERY: Duration = Duration::from_secs(2);
const STALL: Duration = Duration::from_millis(200);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 59\r\n\
    date: Mon, 23 Nov 2026 16:34:06 GMT\r\n\r\n{\"ok\":true,\"subject\":\"user-0001\",\"scheme\":\"api-key\",\"n\":12}";

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    match (mode.as_str(), arguments.next()) {
        ("raw", None) => {
            say(port)?;
            Served::new(listener)?.serve(None)
        }
        ("stall", None) => {
            say(port)?;
            Served::new(listener)?.serve(Some(Instant::now() + STALL_EVERY))
        }
        ("tls", Some(certificate)) => serve_tls(listener, &certificate),
        ("http2", None) => serve_both(listener),
        _ => Err(io::Error::other("usage: peer-target raw | stall | http2 | tls CERTIFICATE")),
    }
}

fn say(port: u16) -> io::Result<()> {
    writeln!(io::stdout(), "{port}")?;
    io::stdout().flush()
}

/// How many requests bytes hold: they have no bodies here.
fn requests(bytes: &[u8]) -> usize {
    bytes.windows(4).filter(|window| *window == b"\r\n\r\n").count()
}

/// Connections on one edge-triggered epoll.
struct Served {
    epoll: std::os::fd::OwnedFd,
    listener: TcpListener,
    connections: HashMap<u64, TcpStream>,
    next: u64,
    read: Vec<u8>,
    answers: Vec<u8>,
}

impl Served {
    fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
        let (read, answers) = (vec![0; 65_536], Vec::new());
        Ok(Self { epoll, listener, connections: HashMap::new(), next: 1, read, answers })
    }

    fn serve(mut self, mut stall: Option<Instant>) -> io::Result<()> {
        let mut events = Vec::with_capacity(1024);
        loop {
            let rest = stall.map(|stall| stall.saturating_duration_since(Instant::now()));
            let rest =
                rest.map(|rest| Timespec { tv_sec: rest.as_secs().cast_signed(), tv_nsec: rest.subsec_nanos().into() });
            events.clear();
            epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), rest.as_ref())?;
            if let Some(begin) = stall.filter(|begin| *begin <= Instant::now()) {
                std::thread::sleep((begin + STALL).saturating_duration_since(Instant::now()));
                stall = Some(begin + STALL_EVERY);
            }
            for event in &events {
                match event.data.u64() {
                    0 => self.accept()?,
                    id if !self.answer(id) => drop(self.connections.remove(&id)),
                    _ => {}
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
            epoll::add(&self.epoll, &stream, epoll::EventData::new_u64(self.next), flags)?;
            self.connections.insert(self.next, stream);
            self.next += 1;
        }
        Ok(())
    }

    /// Whether the connection goes on.
    fn answer(&mut self, id: u64) -> bool {
        let Some(stream) = self.connections.get_mut(&id) else { return false };
        loop {
            match stream.read(&mut self.read) {
                Ok(0) => return false,
                Ok(length) => {
                    self.answers.clear();
                    (0..requests(&self.read[..length])).for_each(|_| self.answers.extend_from_slice(ANSWER));
                    if stream.write_all(&self.answers).is_err() {
                        return false;
                    }
                    if length < self.read.len() {
                        return true;
                    }
                }
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
    }
}

fn serve_tls(listener: TcpListener, certificate: &str) -> io::Result<()> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    std::fs::write(certificate, made.cert.pem())?;
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key));
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    serve_each(listener, move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut read = vec![0; 16_384];
            while let Ok(length @ 1..) = stream.read(&mut read).await {
                let answers = ANSWER.repeat(requests(&read[..length]));
                if stream.write_all(&answers).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
        }
    })
}

/// Serves each connection by a task of its own, on one thread.
fn serve_each<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    serve: impl Fn(tokio::net::TcpStream) -> F,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    say(listener.local_addr()?.port())?;
    runtime.block_on(async move {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(serve(stream));
        }
    })
}

/// HTTP/1.1 and HTTP/2 on one port, with the same answer.
fn serve_both(listener: TcpListener) -> io::Result<()> {
    use hyper::body::{Bytes, Incoming};
    use hyper::{Request, Response};
    let body = &ANSWER[head_end(ANSWER)..];
    let answer = move |_: Request<Incoming>| async move {
        let response = Response::builder().header("content-type", "application/json");
        response.body(http_body_util::Full::new(Bytes::from_static(body)))
    };
    serve_each(listener, move |stream| async move {
        let http = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
        let stream = hyper_util::rt::TokioIo::new(stream);
        let _ = http.serve_connection(stream, hyper::service::service_fn(answer)).await;
    })
}

/// Where the first head ends.
fn head_end(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4)
}
