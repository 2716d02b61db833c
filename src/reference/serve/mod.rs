//! Connections: accept, TLS, HTTP/1.1 or HTTP/2, and a graceful stop.

mod outcome_bodies;
pub(crate) mod outcome_faults;
mod own_host;
mod routing_faults;
mod tls_faults;
pub(crate) mod wire_faults;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
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
use super::rejection::Rejection;
use super::request::{BODY_LIMIT, PeerCertificate};
use super::resource::orders::ReferenceResource;
use super::resource::{guard_faults, guarded};
use super::scheme::Verifiers;
use super::state::ReferenceState;
use outcome_faults::{FaultyConnection, OpenOutcomeFaults};

/// Bytes of a request head.
const HEAD_LIMIT: usize = 256 * 1024;
/// The same in HTTP/2, where 32 bytes count beside each field (RFC 9113 §6.5.2).
const HEADER_LIST_LIMIT: u32 = HEAD_LIMIT as u32;
/// Bytes of one field.
const FIELD_LIMIT: usize = 32 * 1024;
/// How long a hash of a field that is too long takes to a faulty server.
const SLOW_HASH: Duration = Duration::from_millis(2200);
/// How long open connections may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until `stop` says so.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    verifiers: Arc<Verifiers>,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let outcome_faults = OpenOutcomeFaults::of(&verifiers.state.faults);
    loop {
        let (mut stream, _): (_, SocketAddr) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // out of file descriptors, most likely: let some connections end
                Err(_) => { tokio::time::sleep(Duration::from_millis(20)).await; continue }
            },
            _ = stop.changed() => break,
        };
        let _ = stream.set_nodelay(true);
        let faulty = outcome_faults.as_ref().map(|faults| faults.connect(&stream));
        let (served, tls, watcher) = ((router.clone(), verifiers.clone(), faulty), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, served, (watcher, Carriage::ClearText)).await,
                Some(_) if tls_faults::speaks_old_version(&served.1.state, &mut stream).await => {}
                Some(_) if tls_faults::speaks_clear_text(&served.1.state, &stream).await => {
                    connection(stream, served, (watcher, Carriage::ClearText)).await;
                }
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        let peer = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                        let peer = peer.map(|certificate| PeerCertificate(certificate.as_ref().into()));
                        connection(stream, served, (watcher, Carriage::Tls(peer))).await;
                    }
                }
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// What answers the requests of a connection; the last only while a fault is open that needs it.
type Served = (Router, Arc<Verifiers>, Option<FaultyConnection>);

/// What carries a connection.
enum Carriage {
    /// TCP alone.
    ClearText,
    /// TLS, with the certificate of the client if it presented one.
    Tls(Option<PeerCertificate>),
}

async fn connection<S>(
    stream: S,
    served: Served,
    (watcher, carriage): (hyper_util::server::graceful::Watcher, Carriage),
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    // counted for each connection: threads that count on one place for all of them wait for each other
    let verifiers = served.1.clone();
    let served = Arc::new(served);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let served = served.clone();
        let over_tls = match &carriage {
            Carriage::ClearText => false,
            Carriage::Tls(peer) => {
                if let Some(peer) = peer {
                    request.extensions_mut().insert(peer.clone());
                }
                true
            }
        };
        async move {
            let mut response = answer(&served, request).await;
            if over_tls || served.1.state.fault("hsts-in-clear-text") {
                tls_faults::strict_transport(&served.1.state, &mut response);
            }
            Ok::<_, std::convert::Infallible>(response)
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
    let state = &verifiers.state;
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

async fn answer((router, verifiers, faulty): &Served, mut request: Request<Incoming>) -> Response<Sent> {
    let state: &ReferenceState = &verifiers.state;
    if !own_host::is_named(&request) && !state.fault("host-not-required") {
        return at_hand(Rejection::new(StatusCode::BAD_REQUEST, "host_required").answer());
    }
    if let Some(answer) = own_host::followed(state, &request) {
        return at_hand(answer);
    }
    let linked = own_host::linked(state, &request);
    let led_to = own_host::led_to(state, &request);
    let names_no_methods = state.fault("no-allow-at-login") && own_host::is_of_login(&request);
    // RFC 9112 §3.2
    if own_host::is_named_twice(&request) {
        if !state.fault("takes-first-host") {
            return at_hand(Rejection::new(StatusCode::BAD_REQUEST, "invalid_request").answer());
        }
        own_host::keep_first(&mut request);
    }
    if let Some(unreadable) = routing_faults::unreadable(state, &request) {
        return at_hand(unreadable);
    }
    if let Some(broken) = routing_faults::broken(state, &request) {
        return at_hand(broken);
    }
    let takes_odd_hosts = (state.fault("odd-host-served") && !own_host::is_well_formed(&request))
        || (state.fault("open-literal-served") && own_host::is_open_literal(&request));
    if !own_host::is_well_formed(&request) && !takes_odd_hosts {
        return at_hand(Rejection::new(StatusCode::BAD_REQUEST, "invalid_host").answer());
    }
    let takes_any_host =
        takes_odd_hosts || state.fault("metadata-of-host") || own_host::is_of_reset_by_host(state, &request);
    if linked.is_none() && led_to.is_none() && !takes_any_host && !own_host::is_meant(&request) {
        return at_hand(Rejection::new(StatusCode::MISDIRECTED_REQUEST, "misdirected_request").answer());
    }
    if let Some(status) = too_large(request.headers()) {
        if state.fault("hashes-unbounded-input") && status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE {
            tokio::time::sleep(SLOW_HASH).await;
        }
        if state.fault("closes-on-long-field") && status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE {
            return outcome_bodies::failing();
        }
        return at_hand(Rejection::new(status, "too_large").answer());
    }
    if guard_faults::answers_nobody(state, &request) {
        return outcome_bodies::failing();
    }
    if let Some(traced) = guard_faults::traced(state, &request) {
        return at_hand(traced);
    }
    let origin = own_host::trusted_origin(state, &request);
    routing_faults::rewrite(state, &mut request);
    let path = routing_faults::without_kept_name(state, request.uri().path());
    let mut response = match ReferenceResource::find(path) {
        Some((guard, resource)) => match faulty {
            None => at_hand(guarded::answer(verifiers, guard, &resource, request).await),
            Some(faulty) => faulty.answer(verifiers, guard, &resource, request).await,
        },
        None => {
            let mut response = routed(router, request).await;
            guard_faults::throttled_at_login(state, &mut response);
            response
        }
    };
    guard_faults::dated(state, &mut response);
    guard_faults::versioned(state, &mut response);
    response.headers_mut().extend(linked.map(|link| (header::LINK, link)));
    if names_no_methods {
        response.headers_mut().remove(header::ALLOW);
    }
    led_to.iter().for_each(|host| own_host::lead(response.headers_mut(), host));
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if !state.fault("cors-without-vary") {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
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
