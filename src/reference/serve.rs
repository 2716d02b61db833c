//! Connections: accept, TLS, HTTP/1.1 or HTTP/2, and a graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Either, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::answer::Answer;
use super::fault::{Fault, row};
use super::guarded::Unguarded;
use super::rejection::Rejection;
use super::resource::Resource;
use super::state::State;
use super::{careless, guarded, wire_faults};

/// Holes before the router.
pub(crate) const FAULTS: &[Fault] = &[
    row(
        "unknown-method-falls-through",
        "common.unlisted-method-not-a-bypass",
        "handles an unknown method like GET, unguarded",
    ),
    row(
        "prefix-matcher-bypass",
        "common.path-normalisation-not-a-bypass",
        "guards the path as sent and routes the path as normalised",
    ),
    row(
        "honours-x-original-url",
        "common.rewrite-header-not-a-bypass",
        "routes by X-Original-URL and guards by the request line",
    ),
    row("hashes-unbounded-input", "apikey.oversized-bounded", "takes longer, the longer a key is"),
    row("reflects-origin", "common.cors-credentials-not-open", "allows credentials to whatever origin asks"),
];

/// Bytes of a request head.
const HEAD_LIMIT: usize = 256 * 1024;
/// The same in HTTP/2, where 32 bytes count beside each field (RFC 9113 §6.5.2).
const HEADER_LIST_LIMIT: u32 = HEAD_LIMIT as u32;
/// Bytes of one field.
const FIELD_LIMIT: usize = 32 * 1024;
/// How long a hash of a field that is too long takes to a faulty server.
const SLOW_HASH: Duration = Duration::from_millis(2200);
/// Bytes of a request body.
pub(super) const BODY_LIMIT: usize = 1 << 20;
/// How long open connections may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until `stop` says so.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    state: Arc<State>,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, _): (_, SocketAddr) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // out of file descriptors, most likely: let some connections end
                Err(_) => { tokio::time::sleep(Duration::from_millis(20)).await; continue }
            },
            _ = stop.changed() => break,
        };
        let _ = stream.set_nodelay(true);
        let (router, state, tls, watcher) = (router.clone(), state.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, router, state, watcher).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(stream, router, state, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

async fn connection<S>(stream: S, router: Router, state: Arc<State>, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // counted for each connection: threads that count on one place for all of them wait for each other
    let served = Arc::new((router, state.clone()));
    let service = hyper::service::service_fn(move |request| {
        let served = served.clone();
        async move { Ok::<_, std::convert::Infallible>(answer(&served.0, &served.1, request).await) }
    });
    let mut http = auto::Builder::new(TokioExecutor::new());
    // RFC 9113 §3.3: a client that knows it speaks HTTP/2 begins with its preface, in clear text as under TLS
    http.http2().timer(TokioTimer::new()).max_header_list_size(HEADER_LIST_LIMIT);
    http.http1()
        .max_buf_size(HEAD_LIMIT)
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .half_close(true);
    let ended = if wire_faults::any(&state.faults) {
        // the shim knows header lines, not frames
        let stream = wire_faults::Shim::new(stream, &state.faults, &state.key_location);
        let http = http.http1_only();
        let connection = http.serve_connection(TokioIo::new(stream), service);
        watcher.watch(connection).await
    } else {
        let connection = http.serve_connection(TokioIo::new(stream), service);
        watcher.watch(connection).await
    };
    // a client that leaves early is its own affair
    drop(ended);
}

/// What is sent: an answer at hand, or one of the router.
type Sent = Either<Full<Bytes>, Body>;

async fn answer(router: &Router, state: &State, mut request: Request<Incoming>) -> Response<Sent> {
    if let Some(status) = too_large(request.headers()) {
        if state.fault("hashes-unbounded-input") && status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE {
            tokio::time::sleep(SLOW_HASH).await;
        }
        return at_hand(Rejection::new(status, "too_large").answer());
    }
    if let Some(traced) = careless::traced(state, &request) {
        return at_hand(traced);
    }
    let origin = request.headers().get(header::ORIGIN).filter(|_| state.fault("reflects-origin")).cloned();
    rewrite(state, &mut request);
    let mut response = match Resource::find(request.uri().path()) {
        Some((guard, resource)) => at_hand(guarded::answer(state, guard, &resource, request).await),
        None => routed(router, request).await,
    };
    careless::dated(state, &mut response);
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    response
}

/// The refusal of a request that is larger than anything asked here has to be.
fn too_large(headers: &HeaderMap) -> Option<StatusCode> {
    if headers.values().any(|value| value.len() > FIELD_LIMIT) {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    let length: usize = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    (length > BODY_LIMIT).then_some(StatusCode::PAYLOAD_TOO_LARGE)
}

fn at_hand(answer: Answer) -> Response<Sent> {
    answer.map(|body| Either::Left(Full::new(body)))
}

async fn routed(router: &Router, request: Request<Incoming>) -> Response<Sent> {
    let limited = request.map(|body| Body::new(Limited::new(body, BODY_LIMIT).map_err(axum::Error::new)));
    router.clone().oneshot(limited).await.unwrap_or_else(|infallible| match infallible {}).map(Either::Right)
}

/// Faults that change where a request goes.
fn rewrite<B>(state: &State, request: &mut Request<B>) {
    if state.fault("unknown-method-falls-through") && is_extension(request.method()) {
        *request.method_mut() = Method::GET;
        request.extensions_mut().insert(Unguarded);
    }
    if state.fault("honours-x-original-url") && request.uri().path() == "/public" {
        let wanted = request.headers().get("x-original-url").and_then(|url| url.to_str().ok());
        if let Some(uri) = wanted.and_then(|url| url.parse::<Uri>().ok()) {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(Unguarded);
        }
    }
    if state.fault("prefix-matcher-bypass") {
        let normal = normalised(request.uri().path());
        if normal != request.uri().path()
            && let Ok(uri) = normal.parse::<Uri>()
        {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(Unguarded);
        }
    }
}

fn is_extension(method: &Method) -> bool {
    ![
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ]
    .contains(method)
}

/// A path without empty and dot segments (RFC 3986 §5.2.4), parameters and percent encoding.
fn normalised(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().to_lowercase();
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}
