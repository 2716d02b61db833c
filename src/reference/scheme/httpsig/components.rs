//! Components of messages and their values, as this server derives them (RFC 9421 §2).

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::fields::{CoveredComponent, CoveredParts};
use super::structured::{dictionary, item, list, written_dictionary, written_item, written_list, written_member};
use crate::reference::request::{header_values, host_of};

/// What forms leave as it is (RFC 9421 §2.2.8).
const IN_FORMS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
/// Fields that this server knows as dictionaries.
const DICTIONARIES: [&str; 5] = ["content-digest", "repr-digest", "priority", "example-dict", "accept-signature"];
/// Fields that it knows as lists.
const LISTS: [&str; 2] = ["cache-status", "client-cert-chain"];
/// Fields that it knows as items.
const ITEMS: [&str; 1] = ["client-cert"];

/// A message that is signed.
#[derive(Clone, Copy)]
pub(super) enum SignedMessage<'a> {
    /// A request.
    Request(&'a Parts),
    /// An answer: its status and fields, and the request that it is for.
    Answer(u16, &'a HeaderMap, &'a Parts),
}

/// Where a server is, as far as its requests do not say so.
#[derive(Clone, Copy, Default)]
pub(super) struct Surroundings {
    /// The scheme of its addresses.
    pub(super) scheme: &'static str,
    /// Whether the query is left out: only a fault does so.
    pub(super) without_query: bool,
    /// Whether apostrophes of the query are encoded first: only a fault does so.
    pub(super) rewrites_query: bool,
    /// Whether parameters of components that are not known here mean nothing: only a fault says so.
    pub(super) takes_any_parameter: bool,
    /// Whether names of fields may be in upper case: only a fault says so.
    pub(super) takes_any_case: bool,
}

/// The signature base (RFC 9421 §2.5); none where a component is not there.
pub(super) fn base(around: Surroundings, label: &CoveredParts, message: SignedMessage<'_>) -> Option<String> {
    let lines = lines(around, &label.components, message)?;
    Some(format!("{lines}\"@signature-params\": {}", label.written))
}

/// The lines of components.
pub(super) fn lines(
    around: Surroundings,
    components: &[CoveredComponent],
    message: SignedMessage<'_>,
) -> Option<String> {
    let mut lines = String::new();
    for component in components {
        let value = value(around, component, message)?;
        lines.push_str(&format!("{}: {value}\n", component.identifier));
    }
    Some(lines)
}

fn value(around: Surroundings, component: &CoveredComponent, message: SignedMessage<'_>) -> Option<String> {
    let lawful = component.parameters.iter().all(|(name, _)| match name.as_str() {
        "key" => component.text("key").is_some() && !component.name.starts_with('@'),
        "name" => component.name == "@query-param",
        "sf" | "bs" => component.has(name) && !component.name.starts_with('@'),
        "req" => component.has("req"),
        _ => around.takes_any_parameter,
    });
    let wraps = component.has("bs") && (component.has("sf") || component.text("key").is_some());
    // RFC 9421 §2.1: in lower case
    let misnamed = component.name.contains(|c: char| c.is_ascii_uppercase()) && !around.takes_any_case;
    if !lawful || wraps || misnamed {
        return None;
    }
    match (message, component.has("req"), component.name.strip_prefix('@')) {
        (SignedMessage::Request(_), true, _) => None,
        (SignedMessage::Request(parts), false, Some(derived))
        | (SignedMessage::Answer(_, _, parts), true, Some(derived)) => of_request(around, derived, component, parts),
        (SignedMessage::Request(parts), false, None) | (SignedMessage::Answer(_, _, parts), true, None) => {
            field(component, &parts.headers, Some(parts))
        }
        (SignedMessage::Answer(status, ..), false, Some("status")) => Some(status.to_string()),
        (SignedMessage::Answer(..), false, Some(_)) => None,
        (SignedMessage::Answer(_, headers, _), false, None) => field(component, headers, None),
    }
}

/// What is derived of a request (RFC 9421 §2.2).
fn of_request(around: Surroundings, derived: &str, component: &CoveredComponent, parts: &Parts) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    let host = || Some(host_of(parts)?.to_ascii_lowercase());
    match derived {
        "method" => Some(parts.method.to_string()),
        "authority" => host(),
        "path" => Some(parts.uri.path().to_owned()),
        "query" if around.without_query => Some("?".to_owned()),
        "query" if around.rewrites_query => Some(format!("?{}", query.replace('\'', "%27"))),
        "query" => Some(format!("?{query}")),
        "query-param" => query_parameter(query, component.text("name")?),
        // a target in absolute form is signed as it is sent
        "request-target" if parts.uri.scheme().is_some() => Some(parts.uri.to_string()),
        "request-target" => Some(parts.uri.path_and_query()?.as_str().to_owned()),
        "scheme" => Some(around.scheme.to_owned()),
        "target-uri" => Some(format!("{}://{}{}", around.scheme, host()?, parts.uri.path_and_query()?)),
        _ => None,
    }
}

/// The value of a field (RFC 9421 §2.1). A request over HTTP/2 has its host beside the fields.
fn field(component: &CoveredComponent, headers: &HeaderMap, request: Option<&Parts>) -> Option<String> {
    let mut lines = header_values(headers, &component.name).ok()?;
    if lines.is_empty() && component.name == "host" {
        lines.extend(request.and_then(host_of));
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    if lines.is_empty() {
        return None;
    }
    if component.has("bs") {
        return Some(lines.iter().map(|line| format!(":{}:", STANDARD.encode(line))).collect::<Vec<_>>().join(", "));
    }
    let value = lines.join(", ");
    let name = component.name.as_str();
    if let Some(key) = component.text("key") {
        let members = dictionary(&value).filter(|_| DICTIONARIES.contains(&name))?;
        return members.iter().find(|(other, _)| other == key).map(|(_, member)| written_member(member));
    }
    match component.has("sf") {
        false => Some(value),
        true if DICTIONARIES.contains(&name) => dictionary(&value).map(|read| written_dictionary(&read)),
        true if LISTS.contains(&name) => list(&value).map(|read| written_list(&read)),
        true if ITEMS.contains(&name) => item(&value).map(|read| written_item(&read)),
        true => None,
    }
}

/// The value of the one query parameter of a name (RFC 9421 §2.2.8).
fn query_parameter(query: &str, name: &str) -> Option<String> {
    let anew = |text: &str| {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8_lossy().into_owned();
        percent_encode(decoded.as_bytes(), IN_FORMS).to_string()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut found = pairs.filter(|(other, _)| anew(other) == name).map(|(_, value)| anew(value));
    let value = found.next()?;
    found.next().is_none().then_some(value)
}
