//! Faults before the router: they change where a request goes.

use axum::http::{Method, Request, StatusCode, Uri};

use super::wire_faults;
use crate::reference::answer::Answer;
use crate::reference::rejection::Rejection;
use crate::reference::resource::guard_faults::{AnyScope, Unguarded, kept_name};
use crate::reference::state::ReferenceState;

/// Changes where a request goes, as the open faults do.
pub(super) fn rewrite<B>(state: &ReferenceState, request: &mut Request<B>) {
    let unguarded = state.fault("lower-method-unguarded");
    if (unguarded || state.fault("methods-in-any-case"))
        && let Ok(method) = request.method().as_str().to_ascii_uppercase().parse::<Method>()
        && method != *request.method()
    {
        *request.method_mut() = method;
        if unguarded {
            request.extensions_mut().insert(Unguarded);
        }
    }
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
    if state.fault("verifies-resolved-path") {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{}{query}", normalised(request.uri().path())).parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    if state.fault("exempts-static-queries") && request.uri().query().is_some_and(|query| query.ends_with(".css")) {
        request.extensions_mut().insert(Unguarded);
    }
    if state.fault("exempts-static-paths")
        && let Some(uri) = without_static_name(request.uri().path()).and_then(|path| path.parse::<Uri>().ok())
    {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(Unguarded);
    }
    let twice = state.fault("decodes-paths-twice") && request.uri().path().contains("%25");
    let backslash = state.fault("backslash-is-slash") && request.uri().path().contains('\\');
    let rights = state.fault("rights-by-raw-path");
    if state.fault("prefix-matcher-bypass") || rights || twice || backslash {
        let once = request.uri().path().replace('\\', "/");
        let normal = normalised(&if twice { normalised(&once) } else { once });
        if normal != request.uri().path()
            && let Ok(uri) = normal.parse::<Uri>()
        {
            *request.uri_mut() = uri;
            if rights {
                request.extensions_mut().insert(AnyScope);
            } else {
                request.extensions_mut().insert(Unguarded);
            }
        }
    }
}

/// The answer of a faulty server to a path or a query that it cannot read, before it asks who sends it.
pub(super) fn unreadable<B>(state: &ReferenceState, request: &Request<B>) -> Option<Answer> {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let limit = || query.split('&').find_map(|pair| pair.strip_prefix("limit="));
    if state.fault("validates-query-before-auth") && limit().is_some_and(|limit| limit.parse::<u32>().is_err()) {
        let detail = "limit is not a number".to_owned();
        return Some(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request").with_detail(detail).answer());
    }
    let undecodable = state.fault("decodes-path-before-auth") && path.ends_with("/orders/%ff");
    undecodable.then(|| Rejection::new(StatusCode::BAD_REQUEST, "invalid_request").answer())
}

/// The server error of a faulty server that cannot read a path that is no UTF-8, or a field that does not parse.
pub(super) fn broken<B>(state: &ReferenceState, request: &Request<B>) -> Option<Answer> {
    let field = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let decodes = || percent_encoding::percent_decode_str(request.uri().path()).decode_utf8().is_ok();
    let has_odd_weight = || {
        let weight = field("accept-language").and_then(|languages| languages.split_once(";q="));
        weight.is_some_and(|(_, weight)| weight.parse::<f32>().is_err())
    };
    let has_two_clients = || field("x-forwarded-for").zip(field("client-ip")).is_some_and(|(one, other)| one != other);
    let has_odd_scheme = || field("x-forwarded-proto").is_some_and(|scheme| !["http", "https"].contains(&scheme));
    let has_odd_host = || field("forwarded").is_some_and(|forwarded| forwarded.contains("host=\"["));
    let has_odd_port = || {
        let port = field("x-forwarded-host").and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
        port.is_some_and(|port| port.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let is_public = || request.uri().path() == "/public";
    let query = || request.uri().query().unwrap_or_default();
    let last_segment = || request.uri().path().rsplit('/').next().unwrap_or_default();
    let breaks = (state.fault("breaks-on-undecodable-path") && !decodes())
        || (state.fault("breaks-on-long-path") && request.uri().path().len() > 2_000)
        || (state.fault("breaks-on-long-number") && is_long_number(last_segment()))
        || (state.fault("breaks-on-undecodable-tenant") && request.uri().path().ends_with("/tenants/a/%00"))
        || (state.fault("breaks-on-unreadable-return") && query().contains("http%3A%2F%2F%5B"))
        || (state.fault("login-page-breaks-on-return")
            && request.method() == Method::GET
            && query().contains("next=http%3A%2F%2F%5B"))
        || (state.fault("breaks-on-percent-in-return") && query().contains("next=%25&"))
        || (state.fault("breaks-on-undecodable-query") && !is_text(query()))
        || (state.fault("breaks-on-two-kinds-of-parameter") && has_two_kinds(query()))
        || (state.fault("breaks-on-cookie-in-brackets") && field("cookie").is_some_and(|pairs| pairs.contains("[]=")))
        || (state.fault("breaks-on-asterisk") && request.uri().path() == "*")
        || (state.fault("breaks-on-open-literal") && request.uri().path() == wire_faults::OPEN_LITERAL)
        || (state.fault("breaks-on-deep-parameter") && query().matches('[').count() > 500)
        || (state.fault("breaks-on-odd-weight") && has_odd_weight())
        || (state.fault("breaks-on-odd-forwarded-scheme") && has_odd_scheme())
        || (state.fault("breaks-on-odd-forwarded-host") && is_public() && has_odd_host())
        || (state.fault("breaks-on-odd-forwarded-port") && has_odd_port())
        || (state.fault("breaks-on-two-clients") && has_two_clients())
        || (state.fault("breaks-on-odd-host") && field("host").is_some_and(|host| host.starts_with('[')))
        || (state.fault("breaks-on-8-bit-field") && request.headers().values().any(|value| value.to_str().is_err()));
    breaks.then(|| Rejection::broken().answer())
}

/// Through a fault: a path without the name of a stylesheet behind it.
pub(super) fn without_kept_name<'p>(state: &ReferenceState, path: &'p str) -> &'p str {
    match kept_name(state, path) {
        Some(name) => &path[..path.len() - name.len()],
        None => path,
    }
}

/// A path without what makes it end like the name of a static file.
fn without_static_name(path: &str) -> Option<&str> {
    [";x.css", "/x.css", ".css"].into_iter().find_map(|name| path.strip_suffix(name))
}

/// Whether a segment is a number that 64 bits cannot hold.
fn is_long_number(segment: &str) -> bool {
    segment.len() >= 20 && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a query decodes to text.
fn is_text(query: &str) -> bool {
    percent_encoding::percent_decode_str(query).decode_utf8().is_ok()
}

/// Whether a query has one parameter as a text and as an object.
fn has_two_kinds(query: &str) -> bool {
    let names: Vec<&str> = query.split('&').map(|part| part.split('=').next().unwrap_or_default()).collect();
    let parents = names.iter().filter_map(|name| name.split_once('[').map(|(parent, _)| parent));
    parents.into_iter().any(|parent| !parent.is_empty() && names.contains(&parent))
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
