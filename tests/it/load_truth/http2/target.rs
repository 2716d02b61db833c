//! A target that speaks HTTP/2 and does with each request what it is told.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use authbench::drive::wire::Destination;
use h2::Reason;
use h2::server::{Builder, Connection, SendResponse};
use hyper::body::Bytes;
use hyper::{Request, Response};
use tokio::net::TcpStream;

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// 200 with what a good request gets.
    Answer,
    /// 200 with so many bytes.
    Flood(usize),
    /// 200 with so many header lines.
    Headers(usize),
    /// 401 with a nonce to answer.
    Challenge,
    /// RST_STREAM.
    Reset(Reason),
    /// No answer, ever; the stream stays open.
    Ignore,
    /// The answer, and no other request on this connection (GOAWAY).
    AnswerAndLeave,
    /// The connection ends.
    Cut,
}

/// A running target.
pub(crate) struct Target {
    pub(crate) destination: Destination,
    /// Connections that came, and requests.
    pub(crate) connections: Arc<AtomicU64>,
    pub(crate) requests: Arc<AtomicU64>,
}

/// Starts a target that allows so many streams a connection; requests are numbered from 0 over all connections.
pub(crate) fn target(streams: u32, deed: impl Fn(u64) -> Deed + Clone + Send + 'static) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    listener.set_nonblocking(true).expect("sets");
    let url = format!("http://{}", listener.local_addr().expect("has an address")).parse().expect("a URL");
    let destination = Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default())
        .expect("a destination")
        .over_http2();
    let (connections, requests) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (came, asked) = (connections.clone(), requests.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("listens");
            while let Ok((stream, _)) = listener.accept().await {
                came.fetch_add(1, Ordering::Relaxed);
                tokio::task::spawn_local(serve(stream, streams, deed.clone(), asked.clone()));
            }
        });
    });
    Target { destination, connections, requests }
}

async fn serve(stream: TcpStream, streams: u32, deed: impl Fn(u64) -> Deed, asked: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let Ok(mut connection) = Builder::new().max_concurrent_streams(streams).handshake::<_, Bytes>(stream).await else {
        return;
    };
    let mut ignored = Vec::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        let deed = deed(asked.fetch_add(1, Ordering::Relaxed));
        match deed {
            Deed::Cut => return,
            Deed::Ignore => ignored.push((request, respond)),
            _ => answer(&mut connection, deed, request, respond).await,
        }
    }
}

type Open = Connection<TcpStream, Bytes>;

async fn answer(connection: &mut Open, deed: Deed, request: Request<h2::RecvStream>, mut respond: SendResponse<Bytes>) {
    let mut response = Response::builder().header("content-type", "application/json");
    let body = match deed {
        Deed::Reset(reason) => return respond.send_reset(reason),
        Deed::Flood(length) => format!("{{\"orders\":[{}]}}", " ".repeat(length)),
        _ => "{\"orders\":[]}".to_owned(),
    };
    if let Deed::Challenge = deed {
        response = response.status(401).header("www-authenticate", "Slow realm=\"a\", nonce=\"0\"");
    }
    if let Deed::Headers(count) = deed {
        let headers = response.headers_mut().expect("a response");
        for at in 0..count {
            headers.insert(hyper::header::HeaderName::try_from(format!("a{at}")).expect("a name"), at.into());
        }
    }
    if let Deed::AnswerAndLeave = deed {
        connection.graceful_shutdown();
    }
    // a request with a body is answered once it is whole, and only if it is what was sent
    let mut incoming = request.into_body();
    tokio::task::spawn_local(async move {
        let mut whole = Vec::new();
        while let Some(Ok(part)) = incoming.data().await {
            let _ = incoming.flow_control().release_capacity(part.len());
            whole.extend_from_slice(&part);
        }
        if !whole.is_empty() && whole != super::BODY.as_bytes() {
            return respond.send_reset(Reason::INTERNAL_ERROR);
        }
        if let Ok(mut stream) = respond.send_response(response.body(()).expect("a response"), false) {
            let _ = stream.send_data(body.into(), true);
        }
    });
}
