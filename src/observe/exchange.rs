//! One request and what came back, raw for judging and masked for recording.

use std::borrow::Cow;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Marks;
use crate::secret::{MASK, Scrubber, is_secret_name};

/// Bytes of a body that are kept in a record.
const RECORDED_BODY: usize = 2048;
/// A header line exactly as it goes onto the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// Field name, in the case in which it is sent.
    pub name: String,
    /// Field value, byte for byte.
    pub value: Vec<u8>,
    /// Whether the value carries a credential, or a forged one, and is masked in records.
    pub sensitive: bool,
}

/// A request as data. The writer adds, merges and normalises nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Method token.
    pub method: String,
    /// Request target, as it stands in the request line.
    pub target: Vec<u8>,
    /// Header lines in order, `Host` included.
    pub headers: Vec<Header>,
    /// Body; its `Content-Length` is among the headers.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.as_bytes().to_vec(), headers: Vec::new(), body: Vec::new() }
    }

    /// Appends a header line that carries no credential.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.push(name, value, false);
        self
    }

    /// Appends a header line that carries a credential, or a forgery of one.
    #[must_use]
    pub fn credential_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.push(name, value, true);
        self
    }

    /// Appends a header line.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>, sensitive: bool) {
        self.headers.push(Header { name: name.to_owned(), value: value.as_ref().to_vec(), sensitive });
    }

    /// Sets the body with its type and length.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.headers.retain(|header| !is_framing(&header.name));
        let length = self.body.len().to_string();
        self.header("Content-Type", content_type).header("Content-Length", length)
    }

    /// Appends a query parameter, percent-encoded (RFC 3986 §3.4).
    pub fn push_query(&mut self, name: &str, value: &str) {
        let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        self.target.push(if self.target.contains(&b'?') { b'&' } else { b'?' });
        self.target.extend_from_slice(pair.as_bytes());
    }

    /// First value of a header, looked up without regard to case.
    pub fn value_of(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| &header.value[..])
    }

    /// The bytes of the request in HTTP/1.1 (RFC 9112 §2.1), with nothing added.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.body.len());
        bytes.extend_from_slice(self.method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        for header in &self.headers {
            bytes.extend_from_slice(header.name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(&header.value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn is_framing(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("content-length")
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, masked_target(&self.target))
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header lines in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body, up to the limit of the reader.
    pub body: Vec<u8>,
    /// Whether the body was longer than the limit.
    pub truncated: bool,
}

impl Response {
    /// First value of a header as text, looked up without regard to case.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(value))
    }

    /// All values of a header as text.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
        let named = self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| String::from_utf8_lossy(value))
    }

    /// Media type without parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A member of a JSON object body that is a string, such as `error` (RFC 6749 §5.2).
    pub fn json_text(&self, member: &str) -> Option<String> {
        Some(self.json()?.get(member)?.as_str()?.to_owned())
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// The connection was refused or the host not reached.
    Unreachable(String),
    /// The connection ended before a whole answer.
    Closed,
    /// No whole answer within the time limit.
    TimedOut,
    /// What came is not HTTP, or broke a limit of the reader.
    Malformed(String),
    /// The TLS handshake failed.
    Handshake(String),
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Silence::Unreachable(why) => write!(f, "not reachable: {why}"),
            Silence::Closed => f.write_str("connection closed without a whole answer"),
            Silence::TimedOut => f.write_str("no answer in time"),
            Silence::Malformed(why) => write!(f, "not a usable HTTP answer: {why}"),
            Silence::Handshake(why) => write!(f, "TLS handshake failed: {why}"),
        }
    }
}

/// One request and its answer, with its time.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What came back, or why nothing did.
    pub answer: Result<Response, Silence>,
    /// From the first byte sent to the last byte read (service time).
    pub took: Duration,
    /// When its parts happened.
    pub marks: Marks,
}

impl Exchange {
    /// A request that could not be sent.
    pub fn unanswered(request: Request, silence: Silence) -> Self {
        Self { request, answer: Err(silence), took: Duration::ZERO, marks: Marks::default() }
    }

    /// The response, if there is one.
    pub fn response(&self) -> Option<&Response> {
        self.answer.as_ref().ok()
    }

    /// The status, if there is a response.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status)
    }

    /// The exchange as it may leave the process: credential parts masked, then everything scrubbed by value.
    pub fn record(&self, scrubber: &Scrubber) -> RecordedExchange {
        let clean = |bytes: &[u8]| printable(&scrubber.scrub_bytes(bytes));
        let request_headers = self.request.headers.iter().map(|header| RecordedHeader {
            name: header.name.clone(),
            value: if header.sensitive { masked_credential(&header.value) } else { clean(&header.value) },
        });
        let (status, response_headers, response_body, silence) = match &self.answer {
            Ok(response) => {
                let headers = response.headers.iter();
                let headers =
                    headers.map(|(name, value)| RecordedHeader { name: clean(name.as_bytes()), value: clean(value) });
                let body = excerpt(&masked_members(&response.body, &clean));
                (Some(response.status), headers.collect(), body, None)
            }
            Err(silence) => (None, Vec::new(), String::new(), Some(silence.to_string())),
        };
        let request_body = self
            .request
            .value_of("content-type")
            .map_or_else(|| clean(&self.request.body), |media| masked_body(&self.request.body, media, &clean));
        RecordedExchange {
            method: clean(self.request.method.as_bytes()),
            target: scrubber.scrub(&masked_target(&self.request.target)),
            request_headers: request_headers.collect(),
            request_body: excerpt(&request_body),
            status,
            response_headers,
            response_body,
            silence,
            took_us: self.took.as_micros().try_into().unwrap_or(u64::MAX),
            marks: self.marks,
        }
    }
}

/// A header line in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedHeader {
    /// Field name.
    pub name: String,
    /// Field value; `···` stands where a credential stood.
    pub value: String,
}

/// An exchange in a record: nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedExchange {
    /// Method.
    pub method: String,
    /// Request target.
    pub target: String,
    /// Request header lines.
    pub request_headers: Vec<RecordedHeader>,
    /// Start of the request body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_body: String,
    /// Status, if there was an answer.
    pub status: Option<u16>,
    /// Response header lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<RecordedHeader>,
    /// Start of the response body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response_body: String,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<String>,
    /// Service time in microseconds.
    pub took_us: u64,
    /// When its parts happened.
    #[serde(default, skip_serializing_if = "Marks::is_empty")]
    pub marks: Marks,
}

/// A credential header value: an authentication scheme may stay, the credential may not.
fn masked_credential(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    match text.split_once(' ') {
        Some((scheme, _)) if ["basic", "bearer", "digest", "dpop"].contains(&scheme.to_ascii_lowercase().as_str()) => {
            format!("{scheme} {MASK}")
        }
        _ => MASK.to_owned(),
    }
}

fn masked_target(target: &[u8]) -> String {
    let text = printable(target);
    match text.split_once('?') {
        Some((path, query)) => format!("{path}?{}", masked_pairs(query)),
        None => text,
    }
}

fn masked_pairs(pairs: &str) -> String {
    let masked = pairs.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_secret_name(name) && !value.is_empty() => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    });
    masked.collect::<Vec<_>>().join("&")
}

fn masked_body(body: &[u8], media: &[u8], clean: &dyn Fn(&[u8]) -> String) -> String {
    if media.starts_with(b"application/x-www-form-urlencoded") {
        return clean(masked_pairs(&String::from_utf8_lossy(body)).as_bytes());
    }
    masked_members(body, clean)
}

/// Masks string members of JSON that carry credentials, so that a token fetched a moment ago is never shown.
fn masked_members(body: &[u8], clean: &dyn Fn(&[u8]) -> String) -> String {
    let text = clean(body);
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&text) else { return text };
    let Some(object) = value.as_object_mut() else { return text };
    let mut masked = false;
    for (name, member) in object.iter_mut() {
        if is_secret_name(name) && member.as_str().is_some_and(|value| !value.is_empty()) {
            *member = MASK.into();
            masked = true;
        }
    }
    // what is written again has no escapes that hid a credential from the search
    if masked { clean(value.to_string().as_bytes()) } else { text }
}

/// Text without control characters, whatever a server or a forgery put into it.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let visible = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if visible(c) { c } else { '\u{fffd}' }).collect()
}

fn excerpt(text: &str) -> String {
    if text.len() <= RECORDED_BODY {
        return text.to_owned();
    }
    let end = (0..=RECORDED_BODY).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(request: Request, body: &str) -> Exchange {
        let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
        let answer = Ok(Response { status: 403, headers, body: body.into(), truncated: false });
        Exchange { request, answer, took: Duration::from_micros(42), marks: Marks::default() }
    }

    #[test]
    fn bytes_are_written_as_given() {
        let request = Request::new("GET", "//a/../b").header("Host", "h").header("x-K", b"a\x00b");
        assert_eq!(request.to_bytes(), b"GET //a/../b HTTP/1.1\r\nHost: h\r\nx-K: a\x00b\r\n\r\n");
    }

    #[test]
    fn a_record_masks_every_carrier_of_a_credential() {
        let mut request = Request::new("POST", "/a")
            .credential_header("Authorization", "Bearer abcdefgh-123")
            .credential_header("X-API-Key", "nearly-the-key")
            .with_body("application/x-www-form-urlencoded", "grant_type=x&client_secret=s3");
        request.push_query("api_key", "k");
        let record = exchange(request, r#"{"access_token":"fresh","scope":"a"}"#).record(&Scrubber::default());
        assert_eq!(record.target, format!("/a?api_key={MASK}"));
        assert_eq!(record.request_headers[0].value, format!("Bearer {MASK}"));
        assert_eq!(record.request_headers[1].value, MASK);
        assert_eq!(record.request_body, format!("grant_type=x&client_secret={MASK}"));
        assert!(!record.response_body.contains("fresh"), "{}", record.response_body);
    }

    #[test]
    fn a_record_carries_no_control_characters() {
        let record = exchange(Request::new("GET", "/"), "\u{1b}[31mred\u{7}").record(&Scrubber::default());
        assert!(!record.response_body.contains('\u{1b}'));
    }
}
