//! The guard before the resources: who asks, whether they may, and what every answer to them carries.
//!
//! It stands beside the router and not in it: layers of boxed services cost each request more than a key takes to verify.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use super::challenge_faults::with_faults;
use super::guard_faults;
use super::orders::ReferenceResource;
use crate::clock;
use crate::reference::answer::{self, Answer};
use crate::reference::rejection::Rejection;
use crate::reference::request::{BODY_LIMIT, ReceivedBody};
use crate::reference::scheme::{Guard, Verifiers, session};
use crate::reference::state::{Principal, ReferenceState};
use crate::reference::wait::busy_wait;
use crate::seed::SOURCE_HEADER;

/// Microseconds that the answer to this request is held up, beside what every answer is: a study of how truly such times
/// are measured alternates between requests that differ in nothing else.
static BUSY: HeaderName = HeaderName::from_static("x-authbench-busy");
/// A request may ask for this much at most.
const BUSY_LIMIT: Duration = Duration::from_millis(10);
/// Who names itself as a source of failures.
static SOURCE: LazyLock<HeaderName> = LazyLock::new(|| SOURCE_HEADER.parse().expect("it is a field name"));
static SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Answers a request for a resource behind a guard.
pub(crate) async fn answer(
    verifiers: &Verifiers,
    guard: Guard,
    resource: &ReferenceResource,
    request: Request<Incoming>,
) -> Answer {
    let state = &*verifiers.state;
    let (mut parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS {
        return guard_faults::options(state, resource).unwrap_or_else(options);
    }
    let named = parts.headers.get(&*SOURCE).and_then(|source| source.to_str().ok());
    let source = guard_faults::counted(&state.faults, named);
    let source = guard_faults::named_source(&state.faults, source, &parts.headers);
    if let Some(seconds) = source.as_deref().and_then(|source| state.throttle.wait(source)) {
        return guard_faults::throttled(state, Rejection::throttled(seconds).answer());
    }
    let body = match guard.signs_bodies() {
        true => match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(read) => {
                parts.extensions.insert(ReceivedBody(read.to_bytes()));
                None
            }
            Err(_) => return Rejection::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large").answer(),
        },
        false => Some(body),
    };
    if let Some(answer) = guard_faults::before(state, resource, &mut parts, body).await {
        return answer;
    }
    let began = clock::now();
    verifiers.prepare(guard, &mut parts).await;
    let mut answer = match decide(verifiers, guard, resource, &parts) {
        Ok(principal) => {
            let auth = began.elapsed();
            let principal = guard_faults::acting_for(state, &parts, principal);
            let mut answer = resource.answer(state, guard, &principal, &parts);
            finish(guard, &mut answer, auth, held_up(state, guard, &parts.headers));
            guard_faults::after(state, &parts, &mut answer);
            guard_faults::remembered(state, &mut answer);
            answer
        }
        Err(rejection) => {
            if let Some(source) = source {
                state.throttle.failed(&source);
            }
            guard_faults::refused(state, &parts, with_faults(state, rejection)).answer()
        }
    };
    for cookie in session::renewed(verifiers, &parts) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    verifiers.sign(guard, &parts, &mut answer);
    answer
}

fn options() -> Answer {
    let mut answer = answer::empty(StatusCode::NO_CONTENT);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
    answer
}

/// Whether the guard lets a request in, and as whom.
fn decide(
    verifiers: &Verifiers,
    guard: Guard,
    resource: &ReferenceResource,
    parts: &Parts,
) -> Result<Arc<Principal>, Rejection> {
    match guard_faults::let_in(&verifiers.state, resource, parts) {
        Some(principal) => Ok(principal),
        None if verifiers.state.backend_is_down() && guard != Guard::None => Err(Rejection::unavailable()),
        None => verifiers.verify(guard, parts),
    }
}

/// What every answer to an authenticated request carries.
fn finish(guard: Guard, answer: &mut Answer, auth: Duration, held_up: Option<Duration>) {
    let timing = timing(auth, held_up.map(busy_wait));
    let headers = answer.headers_mut();
    headers.extend(timing.map(|timing| (SERVER_TIMING.clone(), timing)));
    if guard != Guard::None {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

/// `Server-Timing`, in milliseconds with six places: nanoseconds, printed without a detour through floating point.
fn timing(auth: Duration, busy: Option<Duration>) -> Option<HeaderValue> {
    let millis = |length: Duration| (length.as_millis(), length.subsec_nanos() % 1_000_000);
    let mut text = [0; 128];
    let mut rest = &mut text[..];
    let (whole, part) = millis(auth);
    write!(rest, "auth;dur={whole}.{part:06}").ok()?;
    if let Some((whole, part)) = busy.map(millis) {
        write!(rest, ", busy;dur={whole}.{part:06}").ok()?;
    }
    let unused = rest.len();
    HeaderValue::from_bytes(&text[..text.len() - unused]).ok()
}

/// How long the answer is held up; what asks for no credential is not protected: it stays the baseline that a slowed
/// scheme is measured by.
fn held_up(state: &ReferenceState, guard: Guard, headers: &HeaderMap) -> Option<Duration> {
    let always = Some(state.busy).filter(|busy| guard != Guard::None && !busy.is_zero());
    asked_to_wait(headers).map(|asked| asked + always.unwrap_or_default()).or(always)
}

/// How long a request asks its answer to be held up, where it asks.
fn asked_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let micros: u64 = headers.get(&BUSY)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_micros(micros).min(BUSY_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::IDENTITIES;

    #[test]
    fn timings_are_milliseconds_to_the_nanosecond() {
        let said = |auth, busy| timing(auth, busy).and_then(|value| value.to_str().map(str::to_owned).ok());
        assert_eq!(said(Duration::from_nanos(120), None).as_deref(), Some("auth;dur=0.000120"));
        let (auth, busy) = (Duration::from_nanos(2_600_000_001), Duration::from_micros(20));
        assert_eq!(said(auth, Some(busy)).as_deref(), Some("auth;dur=2600.000001, busy;dur=0.020000"));
        assert!(said(Duration::MAX, Some(Duration::MAX)).is_some(), "the longest there is has room");
    }

    #[tokio::test]
    async fn the_guard_decides_before_the_method_does() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let running = crate::reference::start(crate::reference::Config::default()).await.expect("starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (all, reads) = ("GET,HEAD,POST,OPTIONS", "GET,HEAD,OPTIONS");
        for (method, path, key, status, allow, length) in [
            ("GET", "api-key/orders", true, 200, None, Some("186")),
            ("HEAD", "api-key/orders", true, 200, None, Some("186")),
            ("HEAD", "api-key/orders", false, 401, None, Some("27")),
            ("POST", "api-key/orders", true, 201, None, Some("163")),
            ("DELETE", "api-key/orders", true, 405, Some(all), Some("0")),
            ("DELETE", "api-key/orders", false, 401, None, Some("27")),
            ("POST", "api-key/account", true, 405, Some(reads), Some("0")),
            ("POST", "api-key/tenants/a/orders", true, 405, Some(reads), Some("0")),
            ("GET", "api-key/tenants/b/orders", true, 403, None, Some("21")),
            ("OPTIONS", "api-key/orders", false, 204, Some("GET, HEAD, POST, OPTIONS"), None),
            ("OPTIONS", "api-key/nothing", false, 404, None, Some("21")),
            ("GET", "api-key/orders/", true, 404, None, Some("21")),
        ] {
            let request = client.request(method.parse().expect("a method"), format!("{}/{path}", running.url()));
            let request = if key { request.header("X-API-Key", IDENTITIES[0].api_key) } else { request };
            let answer = request.send().await.expect("an answer");
            let field = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text"));
            let seen = (answer.status().as_u16(), field("allow"), field("content-length"));
            assert_eq!(seen, (status, allow, length), "{method} {path}");
            let let_in = key && status != 404;
            assert_eq!(field("server-timing").is_some(), let_in, "{method} {path}");
        }
        running.stop().await;
    }
}
