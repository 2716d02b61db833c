//! Connections: accept, TLS, HTTP/1.1 or HTTP/2, and a graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::careless;
use super::fault::{Fault, row};
use super::resources::Unguarded;
use super::state::State;
use super::wire_faults;

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
const BODY_LIMIT: usize = 1 << 20;
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
    let service = hyper::service::service_fn({
        let state = state.clone();
        move |request: hyper::Request<Incoming>| {
            let (router, state) = (router.clone(), state.clone());
            async move { Ok::<_, std::convert::Infallible>(answer(router, &state, request.map(Body::new)).await) }
        }
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

async fn answer(router: Router, state: &State, mut request: Request) -> Response {
    if request.headers().values().any(|value| value.len() > FIELD_LIMIT) {
        if state.fault("hashes-unbounded-input") {
            tokio::time::sleep(SLOW_HASH).await;
        }
        return plain(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if declared.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > BODY_LIMIT) {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    }
    request = request.map(|body| Body::new(http_body_util::Limited::new(body, BODY_LIMIT).map_err(axum::Error::new)));
    if let Some(traced) = careless::traced(state, &request) {
        return traced;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    rewrite(state, &mut request);
    let answered = router.oneshot(request).await;
    let mut response = careless::dated(state, answered.unwrap_or_else(|infallible| match infallible {}));
    if let Some(origin) = origin.filter(|_| state.fault("reflects-origin")) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    response
}

fn plain(status: StatusCode) -> Response {
    super::rejection::Rejection::new(status, "too_large").into()
}

impl From<super::rejection::Rejection> for Response {
    fn from(rejection: super::rejection::Rejection) -> Self {
        axum::response::IntoResponse::into_response(rejection)
    }
}

/// Faults that change where a request goes.
fn rewrite(state: &State, request: &mut Request) {
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
