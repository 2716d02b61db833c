//! Whether a request is meant for this server: it names a host of the loopback interface. A page in a browser whose name was
//! made to stand for 127.0.0.1 (DNS rebinding) names its own host, and is answered 421 (RFC 9110 §7.4).

use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Version, header};

use crate::reference::answer::{self, Answer};
use crate::reference::state::{KeyLocation, ReferenceState};
use crate::seed::TRUSTED_ORIGIN;

/// Names of the loopback interface, where the reference listens.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether a request names a host at all, in a field or, over HTTP/2, in its target; HTTP/1.0 need not (RFC 9112 §3.2).
pub(super) fn is_named<B>(request: &Request<B>) -> bool {
    request.version() < Version::HTTP_11
        || request.headers().contains_key(header::HOST)
        || (request.version() > Version::HTTP_11 && request.uri().host().is_some())
}

/// Whether every `Host` is one (RFC 9112 §3.2, RFC 3986 §3.2.2).
pub(super) fn is_well_formed<B>(request: &Request<B>) -> bool {
    let is_host = |value: &HeaderValue| {
        let bytes = value.as_bytes();
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte);
        bytes.iter().all(fits) && (bytes.starts_with(b"[") == bytes.contains(&b']'))
    };
    request.headers().get_all(header::HOST).iter().all(is_host)
}

/// Whether the first `Host` begins as an IP literal and does not end as one (RFC 3986 §3.2.2).
pub(super) fn is_open_literal<B>(request: &Request<B>) -> bool {
    let first = request.headers().get(header::HOST).map(HeaderValue::as_bytes);
    first.is_some_and(|host| host.starts_with(b"[") && !host.contains(&b']'))
}

/// Whether every host that a request names is this one; the port is not looked at, for it may be forwarded.
pub(super) fn is_meant<B>(request: &Request<B>) -> bool {
    let named = |host: &str| NAMES.iter().any(|name| name.eq_ignore_ascii_case(host));
    let field = |value: &HeaderValue| value.to_str().is_ok_and(|value| named(without_port(value)));
    request.uri().host().is_none_or(named) && request.headers().get_all(header::HOST).iter().all(field)
}

/// Through a fault: a link to the host that a request names.
pub(super) fn linked<B>(state: &ReferenceState, request: &Request<B>) -> Option<HeaderValue> {
    if let Some(prefix) = request.headers().get("x-forwarded-prefix").filter(|_| state.fault("believes-prefix")) {
        return HeaderValue::from_str(&format!("<{}/>; rel=\"self\"", prefix.to_str().ok()?)).ok();
    }
    let host = request.headers().get(header::HOST).filter(|_| state.fault("links-to-host"))?;
    HeaderValue::from_str(&format!("<http://{}/>; rel=\"self\"", host.to_str().ok()?)).ok()
}

/// Whether a request carries no credential in a field.
fn carries_nothing<B>(state: &ReferenceState, request: &Request<B>) -> bool {
    let key = match &state.key_location {
        KeyLocation::Header(name) => name.as_str(),
        KeyLocation::Query(_) | KeyLocation::Cookie(_) => "cookie",
    };
    ["authorization", "signature", "cookie", key].iter().all(|name| !request.headers().contains_key(*name))
}

/// Through a fault: the host that a login leads to, as its request names it.
pub(super) fn led_to<B>(state: &ReferenceState, request: &Request<B>) -> Option<String> {
    let named = [("login-redirects-to-host", "host"), ("login-redirects-to-forwarded-host", "x-forwarded-host")];
    let (_, field) = named.into_iter().find(|(fault, _)| state.fault(fault))?;
    let host = request.headers().get(field).filter(|_| is_of_login(request))?;
    host.to_str().ok().map(str::to_owned)
}

/// Whether a request is for one of the addresses of logins.
pub(super) fn is_of_login<B>(request: &Request<B>) -> bool {
    ["/session/login", "/login-token/"].iter().any(|path| request.uri().path().starts_with(path))
}

/// Through a fault: whether a request asks for a reset, whose link names any host.
pub(super) fn is_of_reset_by_host<B>(state: &ReferenceState, request: &Request<B>) -> bool {
    request.uri().path().ends_with("/forgot") && state.fault("reset-link-names-host")
}

/// Leads an answer there: its redirect, or its own address.
pub(super) fn lead(headers: &mut HeaderMap, host: &str) {
    let path = headers.get(header::LOCATION).and_then(|path| path.to_str().ok());
    let (field, path) = path.map_or((header::CONTENT_LOCATION, "/"), |path| (header::LOCATION, path));
    if let Ok(address) = HeaderValue::from_str(&format!("http://{host}{path}")) {
        headers.insert(field, address);
    }
}

/// An origin that may read answers to requests with credentials; through faults, others.
pub(super) fn trusted_origin<B>(state: &ReferenceState, request: &Request<B>) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let (_, named) = origin.to_str().ok()?.split_once("://").unwrap_or_default();
    let own = request.headers().get(header::HOST)?.to_str().ok()?;
    let whole = origin.to_str().ok()?;
    let is_trusted = whole == TRUSTED_ORIGIN
        || state.fault("reflects-origin")
        || takes_for_trusted(|fault| state.fault(fault), whole)
        || (state.fault("reflects-origin-by-prefix") && named != own && named.starts_with(without_port(own)))
        || (state.fault("reflects-origin-by-suffix") && named != own && named.ends_with(own));
    is_trusted.then(|| origin.clone())
}

/// Through a fault: whether an origin is taken for the trusted one.
fn takes_for_trusted(fault: impl Fn(&str) -> bool, origin: &str) -> bool {
    let (_, own) = TRUSTED_ORIGIN.split_once("://").unwrap_or_default();
    let (scheme, host) = origin.split_once("://").unwrap_or_default();
    let fits_pattern = own.len() == host.len()
        && own.bytes().zip(host.bytes()).all(|(pattern, byte)| pattern == byte || pattern == b'.');
    (fault("trusts-origin-by-prefix") && origin.starts_with(TRUSTED_ORIGIN))
        || (fault("trusts-origin-by-suffix") && scheme == "https" && host.ends_with(own))
        || (fault("trusts-origin-by-pattern") && scheme == "https" && fits_pattern)
        || (fault("trusts-origin-without-tls") && host == own)
}

/// Whether a request names two hosts.
pub(super) fn is_named_twice<B>(request: &Request<B>) -> bool {
    request.headers().get_all(header::HOST).iter().nth(1).is_some()
}

/// Through a fault: the first of two hosts is the one that counts.
pub(super) fn keep_first<B>(request: &mut Request<B>) {
    if let Some(first) = request.headers().get(header::HOST).cloned() {
        request.headers_mut().insert(header::HOST, first);
    }
}

/// Through a fault: an answer that leads to the host that a request names, where its path ends with a slash or names nothing.
pub(super) fn followed<B>(state: &ReferenceState, request: &Request<B>) -> Option<Answer> {
    let host = request.headers().get(header::HOST)?.to_str().ok()?;
    let path = request.uri().path();
    let place = |path: &str| HeaderValue::from_str(&format!("http://{host}{path}")).ok();
    let (status, field, value) = match path.strip_suffix('/') {
        Some(rest) if !rest.is_empty() && state.fault("redirects-slash-to-host") => {
            (StatusCode::PERMANENT_REDIRECT, header::LOCATION, place(rest)?)
        }
        Some("/public") if state.fault("redirects-public-slash-to-host") => {
            (StatusCode::PERMANENT_REDIRECT, header::LOCATION, place("/public")?)
        }
        _ if state.fault("redirects-anonymous-to-host")
            && path.ends_with("/account")
            && !NAMES.contains(&without_port(host))
            && carries_nothing(state, request) =>
        {
            (StatusCode::FOUND, header::LOCATION, place("/session/login")?)
        }
        _ if state.fault("links-absent-to-host") && path.ends_with("-absent") => {
            (StatusCode::NOT_FOUND, header::CONTENT_LOCATION, place("/")?)
        }
        _ => return None,
    };
    let mut answer = answer::empty(status);
    answer.headers_mut().insert(field, value);
    Some(answer)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_a_host_in_a_field_or_over_http_2_in_its_target() {
        for (version, uri, host, named) in [
            (Version::HTTP_11, "/", Some("localhost"), true),
            (Version::HTTP_11, "/", None, false),
            // RFC 9112 §3.2: the field has to be there beside a target in absolute form as well
            (Version::HTTP_11, "http://localhost/", None, false),
            (Version::HTTP_10, "/", None, true),
            (Version::HTTP_2, "http://localhost/", None, true),
            (Version::HTTP_2, "/", None, false),
        ] {
            let request = Request::get(uri).version(version);
            let request = host.into_iter().fold(request, |request, host| request.header("Host", host));
            assert_eq!(is_named(&request.body(()).unwrap()), named, "{version:?} {uri} {host:?}");
        }
    }

    #[test]
    fn each_fault_takes_another_origin_for_the_trusted_one() {
        for (fault, origin) in [
            ("trusts-origin-by-prefix", "https://app.example.test.evil.test"),
            ("trusts-origin-by-suffix", "https://evilapp.example.test"),
            ("trusts-origin-by-pattern", "https://appxexample.test"),
            ("trusts-origin-without-tls", "http://app.example.test"),
        ] {
            assert!(takes_for_trusted(|open| open == fault, origin), "{fault}");
            assert!(!takes_for_trusted(|_| false, origin), "{fault}");
            assert!(!takes_for_trusted(|open| open == fault, "https://evil.test"), "{fault}");
        }
    }

    #[test]
    fn only_names_of_the_loopback_interface_are_meant() {
        for (uri, hosts, meant) in [
            ("/", &["127.0.0.1:8377"][..], true),
            ("/", &["LOCALHOST"], true),
            ("/", &["[::1]:8377"], true),
            ("/", &[], true),
            ("http://127.0.0.1:8377/", &["127.0.0.1:8377"], true),
            ("/", &["evil.test:8377"], false),
            ("/", &["127.0.0.1.evil.test"], false),
            ("/", &["localhost", "evil.test"], false),
            ("/", &[""], false),
            ("http://evil.test/", &["127.0.0.1"], false),
            ("http://127.0.0.1/", &["evil.test"], false),
        ] {
            let request = hosts.iter().fold(Request::get(uri), |request, host| request.header("Host", *host));
            assert_eq!(is_meant(&request.body(()).unwrap()), meant, "{uri} {hosts:?}");
        }
    }
}
