//! Faults around the guard: what is done before it decides, and what is kept after.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::json;

use super::orders::ReferenceResource;
use crate::clock;
use crate::reference::answer::{self, Answer};
use crate::reference::fault::Faults;
use crate::reference::rejection::Rejection;
use crate::reference::request::{BODY_LIMIT, ReceivedBody, cookie_value, is_anonymous};
use crate::reference::scheme::bearer::faults::of_body;
use crate::reference::state::{Assigned, Principal, ReferenceState, digest, principal};
use crate::seed::{IDENTITIES, SESSION_COOKIE, WRITE};

/// How long a faulty server answers nobody.
const STOPPED: Duration = Duration::from_millis(600);

/// The version of everything that a faulty server answers with.
const TAG: &str = "\"authbench-1\"";

/// Set on a request that a fault before the guards let past them.
#[derive(Clone, Copy)]
pub(crate) struct Unguarded;

/// Set on a request whose path has no scopes to a fault before the guards.
#[derive(Clone, Copy)]
pub(crate) struct AnyScope;

/// Set on a request whose body a faulty handler breaks on, once the guard has let it in.
#[derive(Clone, Copy)]
pub(crate) struct BreaksHandler;

/// The source that failures of a caller are counted for; none where they are not counted.
pub(super) fn counted<'a>(faults: &Faults, source: Option<&'a str>) -> Option<&'a str> {
    match source {
        Some(_) if faults.on("no-throttle") => None,
        Some(_) if faults.on("global-lockout") => Some("everybody"),
        source => source,
    }
}

/// Through a fault: the source that a header names which anybody can send, beside the one that is counted.
pub(super) fn named_source(faults: &Faults, source: Option<&str>, headers: &HeaderMap) -> Option<String> {
    let named = headers.get("x-forwarded-for").filter(|_| faults.on("throttles-by-header"));
    let named = named.and_then(|named| named.to_str().ok()).unwrap_or_default();
    source.map(|source| format!("{source}{named}"))
}

/// Whether it is an object that does not exist.
fn is_absent(resource: &ReferenceResource) -> bool {
    let of = |tenant: &String| IDENTITIES.iter().any(|identity| identity.tenant == tenant);
    matches!(resource, ReferenceResource::Tenant(tenant) if !of(tenant))
}

/// What a faulty server does before the guard decides; an answer, where that is all it does.
pub(super) async fn before(
    state: &ReferenceState,
    resource: &ReferenceResource,
    parts: &mut Parts,
    body: Option<Incoming>,
) -> Option<Answer> {
    if state.fault("adds-named-roles") && names_write(parts) {
        parts.extensions.insert(AnyScope);
    }
    if state.fault("lookup-before-auth") && is_absent(resource) {
        return Some(Rejection::new(StatusCode::NOT_FOUND, "not_found").answer());
    }
    if state.fault("tags-before-auth") && parts.headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == TAG) {
        return Some(answer::empty(StatusCode::NOT_MODIFIED));
    }
    if state.fault("ranges-before-auth") && parts.headers.contains_key(header::RANGE) && parts.method == Method::GET {
        let orders = state.objects.order_list(state.orders.load(Ordering::Relaxed));
        return Some(answer::typed(StatusCode::PARTIAL_CONTENT, answer::JSON, orders));
    }
    if state.fault("conditions-before-auth") && parts.headers.contains_key(header::IF_MATCH) {
        return Some(answer::empty(StatusCode::PRECONDITION_FAILED));
    }
    if state.fault("head-succeeds-empty") && parts.method == Method::HEAD {
        return Some(answer::empty(StatusCode::OK));
    }
    let media = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let breaks_on_media = (state.fault("breaks-on-unknown-media-type") && media.is_some_and(|media| !is_known(media)))
        || (state.fault("breaks-without-media-type") && media.is_none() && has_content(parts));
    if breaks_on_media {
        parts.extensions.insert(BreaksHandler);
    }
    if state.fault("breaks-on-false-gzip") && parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Some(Rejection::broken().answer());
    }
    let reads_bodies = [
        "token-in-json-body",
        "validate-before-auth",
        "breaks-on-null",
        "breaks-on-deep-body",
        "breaks-on-body-of-holder",
        "breaks-on-nul-in-body",
        "breaks-on-odd-count",
        "assigns-owner",
        "assigns-verified",
    ];
    if reads_bodies.iter().any(|fault| state.fault(fault)) {
        let received = parts.extensions.get::<ReceivedBody>().map(|body| body.0.clone());
        let read = match body {
            Some(body) => Limited::new(body, BODY_LIMIT).collect().await.ok().map(|read| read.to_bytes()),
            None => received,
        };
        if let Some(answer) = read_body(state, parts, &read.unwrap_or_default()) {
            return Some(answer);
        }
    }
    if (state.fault("cache-key-ignores-credential") || kept_name(state, parts.uri.path()).is_some())
        && parts.method == Method::GET
        && is_anonymous(&state.key_location, parts)
    {
        let kept = state.cached_answers.lock().unwrap_or_else(PoisonError::into_inner).get(parts.uri.path()).cloned();
        return kept.map(|kept| answer::typed(StatusCode::OK, answer::JSON, kept));
    }
    None
}

/// Whether a media type is one that services with JSON and forms know.
fn is_known(media: &[u8]) -> bool {
    let known: [&[u8]; 4] = [b"application/json", b"application/x-www-form-urlencoded", b"multipart/", b"text/"];
    known.iter().any(|known| media.to_ascii_lowercase().starts_with(known))
}

/// Whether a request has content (RFC 9110 §6.4).
fn has_content(parts: &Parts) -> bool {
    parts.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}

fn read_body(state: &ReferenceState, parts: &mut Parts, bytes: &[u8]) -> Option<Answer> {
    if let Some(token) = of_body(bytes).filter(|_| state.fault("token-in-json-body")) {
        parts.extensions.insert(token);
    }
    if state.fault("breaks-on-null") && bytes == b"null" {
        return Some(Rejection::broken().answer());
    }
    if state.fault("breaks-on-deep-body") && bytes.starts_with(&[b'['; 1000]) {
        return Some(Rejection::broken().answer());
    }
    let has_nul = bytes.windows(6).any(|part| part == b"\\u0000");
    if state.fault("breaks-on-nul-in-body") && has_nul {
        parts.extensions.insert(BreaksHandler);
    }
    if state.fault("breaks-on-odd-count") && has_odd_count(bytes) {
        parts.extensions.insert(BreaksHandler);
    }
    if state.fault("breaks-on-body-of-holder") && !bytes.is_empty() && bytes.first() != Some(&b'{') {
        parts.extensions.insert(BreaksHandler);
    }
    if state.fault("assigns-owner") || state.fault("assigns-verified") {
        let order: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        let owner = order["owner"].as_str().filter(|_| state.fault("assigns-owner")).map(str::to_owned);
        let verified = order["verified"].as_bool().filter(|_| state.fault("assigns-verified"));
        parts.extensions.insert(Assigned { owner, verified });
    }
    let item = serde_json::from_slice(bytes).ok().and_then(|json: serde_json::Value| json["item"].as_str().map(drop));
    if state.fault("validate-before-auth") && parts.method == Method::POST && item.is_none() {
        let detail = json!({ "detail": [{ "loc": ["body", "item"], "msg": "a text is required" }] });
        return Some(answer::json(StatusCode::UNPROCESSABLE_ENTITY, &detail));
    }
    None
}

/// Keeps what the body of a new order says of all of them.
pub(super) fn assign(state: &ReferenceState, parts: &Parts) {
    let Some(said) = parts.extensions.get::<Assigned>() else { return };
    let mut kept = state.assigned.lock().unwrap_or_else(PoisonError::into_inner);
    *kept = Assigned { owner: said.owner.clone().or(kept.owner.take()), verified: said.verified.or(kept.verified) };
}

/// The list of orders with what bodies have said of them.
pub(super) fn assigned(state: &ReferenceState, count: u64) -> Option<String> {
    if !state.fault("assigns-owner") && !state.fault("assigns-verified") {
        return None;
    }
    let assigned = state.assigned.lock().unwrap_or_else(PoisonError::into_inner);
    Some(state.objects.assigned_order_list(count, &assigned))
}

/// Whether an order with a good item has a count that is an object, or half of a character (RFC 8259 §8.2).
fn has_odd_count(bytes: &[u8]) -> bool {
    // no parser that we have reads the half
    let readable = String::from_utf8_lossy(bytes).replace(r#""\ud800""#, "{}");
    let order = serde_json::from_str::<serde_json::Value>(&readable);
    order.is_ok_and(|order| order["item"].is_string() && order["count"].is_object())
}

/// Through a fault: what ends like a stylesheet at the end of a path, and makes a cache keep the answer.
pub(crate) fn kept_name<'p>(state: &ReferenceState, path: &'p str) -> Option<&'p str> {
    let ends = [("caches-static-names", '/'), ("caches-static-parameters", ';')];
    let (_, end) = ends.into_iter().find(|(fault, _)| state.fault(fault))?;
    let at = path.rfind(end).filter(|_| path.ends_with(".css"))?;
    Some(&path[at..])
}

/// What a faulty server keeps of an answer, or lets others keep.
pub(super) fn after(state: &ReferenceState, parts: &Parts, answer: &mut Answer) {
    if state.fault("tags-before-auth") && answer.status() == StatusCode::OK {
        answer.headers_mut().insert(header::ETAG, HeaderValue::from_static(TAG));
    }
    if state.fault("lets-caches-revalidate") && answer.status() == StatusCode::OK {
        let fresh = HeaderValue::from_static("max-age=60, must-revalidate");
        answer.headers_mut().insert(header::CACHE_CONTROL, fresh);
    }
    let is_kept = state.fault("cache-key-ignores-credential") || kept_name(state, parts.uri.path()).is_some();
    if is_kept && answer.status() == StatusCode::OK {
        let mut kept = state.cached_answers.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(parts.uri.path().to_owned(), answer.body().clone());
    }
}

/// A refusal with more in it than there should be.
pub(super) fn refused(state: &ReferenceState, parts: &Parts, mut rejection: Rejection) -> Rejection {
    if state.fault("dumps-the-store") {
        let other = &IDENTITIES[1];
        let store = format!("{}:{}:{}:{}", other.name, other.api_key, other.password, other.token);
        rejection.detail = Some(format!("looked in {}", STANDARD.encode(store)));
    }
    if state.fault("shows-database-password") {
        rejection.detail =
            Some("SELECT * FROM keys: no answer of postgres://fleet:Tarpaulin-7x@db.test/keys".to_owned());
    }
    if state.fault("echoes-credential") {
        let line = parts.headers.get(header::AUTHORIZATION).or_else(|| parts.headers.get("x-api-key"));
        rejection.detail = line.map(|line| format!("refused {}", String::from_utf8_lossy(line.as_bytes())));
    }
    rejection
}

/// A refusal of somebody who is known and lacks a scope, with the credential in it.
pub(super) fn lacking(state: &ReferenceState, parts: &Parts, mut rejection: Rejection) -> Rejection {
    let field = parts.headers.get(header::AUTHORIZATION).and_then(|field| field.to_str().ok());
    let Some((scheme, credential)) = field.and_then(|field| field.split_once(' ')) else { return rejection };
    if state.fault("names-token-without-scope") && scheme == "Bearer" {
        rejection.detail = Some(format!("{credential} may not do this"));
    }
    if state.fault("names-password-without-scope") && scheme == "Basic" {
        let pair = STANDARD.decode(credential).ok();
        rejection.detail = pair.map(|pair| format!("{} may not do this", String::from_utf8_lossy(&pair)));
    }
    rejection
}

/// An account with a member that nobody else has to see.
pub(super) fn shown(state: &ReferenceState, parts: &Parts, account: &mut serde_json::Value) {
    if state.fault("account-shows-session-id") {
        account["session"] = json!(cookie_value(&parts.headers, SESSION_COOKIE));
    }
    if state.fault("account-shows-half-of-session-id") {
        let id = cookie_value(&parts.headers, SESSION_COOKIE);
        account["csrf"] = json!(id.and_then(|id| id.get(id.len() / 2..)));
    }
    if state.fault("login-reads-two-users-beside-token") {
        let token = cookie_value(&parts.headers, SESSION_COOKIE).map(digest);
        account["token"] = json!(token.map(|digest| format!("{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2])));
    }
    if state.fault("shows-password-hash") {
        // made of the word "password"
        account["password"] = json!("$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW");
    }
}

/// The answer to OPTIONS of a server that treats it like GET, or that says which objects there are.
pub(super) fn options(state: &ReferenceState, resource: &ReferenceResource) -> Option<Answer> {
    if state.fault("options-finds-objects") && is_absent(resource) {
        return Some(Rejection::new(StatusCode::NOT_FOUND, "not_found").answer());
    }
    let orders = || state.objects.order_list(state.orders.load(Ordering::Relaxed));
    state.fault("options-runs-handler").then(|| answer::typed(StatusCode::OK, answer::JSON, orders()))
}

/// A 429.
pub(super) fn throttled(state: &ReferenceState, mut answer: Answer) -> Answer {
    if state.fault("cacheable-429") {
        answer.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    }
    answer
}

const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// An answer of a login or of another endpoint, which may be a 429.
pub(crate) fn throttled_at_login<B>(state: &ReferenceState, response: &mut Response<B>) {
    if response.status() == StatusCode::TOO_MANY_REQUESTS && state.fault("cacheable-429-at-login") {
        response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    }
}

/// The answer to TRACE of a server that has it.
pub(crate) fn traced<B>(state: &ReferenceState, request: &Request<B>) -> Option<Answer> {
    let is_traced =
        state.fault("trace-echo") || (state.fault("trace-echo-at-login") && request.uri().path().ends_with("/login"));
    if request.method() != Method::TRACE || !is_traced {
        return None;
    }
    let lines = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes())));
    Some(answer::typed(StatusCode::OK, "message/http", lines.collect::<String>()))
}

/// Whether a faulty server answers nobody: for a while after TRACE.
pub(crate) fn answers_nobody<B>(state: &ReferenceState, request: &Request<B>) -> bool {
    if !state.fault("stops-after-trace") {
        return false;
    }
    let mut until = state.stopped_until.lock().unwrap_or_else(PoisonError::into_inner);
    if request.method() == Method::TRACE {
        *until = Some(clock::now() + STOPPED);
    }
    until.is_some_and(|until| clock::now() < until)
}

/// The date of a clock that is fast.
pub(crate) fn dated<B>(state: &ReferenceState, response: &mut Response<B>) {
    if state.fault("clock-ahead")
        && let Ok(ahead) = jiff::Timestamp::from_second(clock::unix_seconds() + 600)
    {
        let date = ahead.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().extend(HeaderValue::from_str(&date).ok().map(|date| (header::DATE, date)));
    }
}

/// The cookie of a faulty server that lets in who had been let in.
const REMEMBERED: &str = "remembered=9d41f07c5e2b";

/// Sets that cookie, without an attribute that guards it.
pub(super) fn remembered(state: &ReferenceState, answer: &mut Answer) {
    if state.fault("remembers-by-bare-cookie") {
        let cookie = HeaderValue::from_str(&format!("{REMEMBERED}; Path=/")).ok();
        answer.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    }
}

/// Fields that name product and version.
pub(crate) fn versioned<B>(state: &ReferenceState, response: &mut Response<B>) {
    if state.fault("names-its-version") {
        response.headers_mut().insert(header::SERVER, HeaderValue::from_static("authbench-reference/1.2.3"));
    }
    if state.fault("two-server-lines") {
        let name = HeaderValue::from_static("authbench-reference");
        response.headers_mut().append(header::SERVER, name.clone());
        response.headers_mut().append(header::SERVER, name);
    }
}

/// The principal that an open fault takes a request for, whatever its credential.
pub(super) fn let_in(state: &ReferenceState, resource: &ReferenceResource, parts: &Parts) -> Option<Arc<Principal>> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let names_somebody =
        |name: &str| header(name).is_some_and(|named| IDENTITIES.iter().any(|identity| identity.name == named));
    let verified = || {
        let passed = ["x-ssl-client-verify", "ssl-client-verify"].iter().any(|name| header(name) == Some("SUCCESS"));
        passed || header("x-forwarded-client-cert").is_some()
    };
    let is_subrequest = || {
        let named = header("x-middleware-subrequest").unwrap_or_default();
        named.split(':').filter(|name| *name == "middleware").count() >= 5
    };
    let open = (state.fault("unguarded-route")
        && *resource == ReferenceResource::Account
        && is_anonymous(&state.key_location, parts))
        || (state.fault("head-unguarded") && parts.method == Method::HEAD)
        || (state.fault("fail-open") && state.backend_is_down())
        || (state.fault("trusts-x-forwarded-user") && names_somebody("x-forwarded-user"))
        || (state.fault("trusts-x-consumer") && names_somebody("x-consumer-username"))
        || (state.fault("trusts-certificate-headers") && verified())
        || (state.fault("remembers-by-bare-cookie") && header("cookie") == Some(REMEMBERED))
        || (state.fault("skips-guard-of-subrequests") && is_subrequest())
        || (state.fault("trusts-internal-request") && header("x-internal-request") == Some("true"))
        || parts.extensions.get::<Unguarded>().is_some();
    open.then(|| Arc::new(principal(&IDENTITIES[0])))
}

/// Whether a client names the role that writes, as a gateway would.
fn names_write(parts: &Parts) -> bool {
    let roles = parts.headers.get("x-roles").and_then(|roles| roles.to_str().ok());
    roles.is_some_and(|roles| roles.split(',').any(|role| role.trim() == WRITE))
}

/// Whom a faulty server acts for, whoever has a valid credential.
pub(super) fn acting_for(state: &ReferenceState, parts: &Parts, own: Arc<Principal>) -> Arc<Principal> {
    if !state.fault("acts-for-named-user") {
        return own;
    }
    let named = parts.headers.get("x-on-behalf-of").and_then(|name| name.to_str().ok());
    let other = named.and_then(|name| IDENTITIES.iter().find(|identity| identity.name == name));
    other.map_or(own, |identity| Arc::new(principal(identity)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_odd_where_the_item_is_good() {
        for (order, is_odd) in [
            (r#"{"item":"lamp","count":1}"#, false),
            (r#"{"item":"lamp","count":"\ud800"}"#, true),
            (r#"{"item":"lamp","count":{}}"#, true),
            (r#"{"item":"lamp","count":[]}"#, false),
            (r#"{"item":"\ud800","count":1}"#, false),
            (r#"{"item":{},"count":{}}"#, false),
            (r#"{"item":"#, false),
        ] {
            assert_eq!(has_odd_count(order.as_bytes()), is_odd, "{order}");
        }
    }
}
