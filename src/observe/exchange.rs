//! One request and what came back, raw for judging and masked for recording.

use std::borrow::Cow;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::foreign_secret::without_foreign_secrets;
use super::masking::{
    masked_addresses, masked_cookies, masked_credential, masked_members, masked_pairs, masked_set_cookie,
    masked_target, without_signatures,
};
use super::{Marks, page, parse_json};
use crate::secret::Scrubber;

/// Bytes of a body that are kept in a record.
const RECORDED_BODY: usize = 2048;
/// Bytes of a body that are looked at for it: a secret that is masked takes less room than it did.
const LOOKED_AT: usize = 16 * 1024;
/// Bytes of a field value, of a field name and of a request target that are kept in a record.
const RECORDED_FIELD: usize = 1024;
/// Bytes of all fields of a message that are kept in a record; further values are left out.
const RECORDED_FIELDS: usize = 16 * 1024;

/// Bytes that are left of a body and of a field value that are shortened.
const SHORTENED: usize = 16 * 1024;
const SHORTENED_FIELD: usize = 4 * 1024;

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

/// Whose connection carries a request: that of a credential which presents a certificate of its own, by its name, or the
/// one that serves all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionOf(pub Option<std::sync::Arc<str>>);

/// A request as data. The writer adds, merges and normalises nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Method token.
    pub method: String,
    /// Request target, as it is in the request line.
    pub target: Vec<u8>,
    /// Header lines in order, `Host` included.
    pub headers: Vec<Header>,
    /// Body; its `Content-Length` is among the headers.
    pub body: Vec<u8>,
    /// Whose connection carries it.
    pub connection: ConnectionOf,
    /// Scheme and authority of the server that it goes to, where that is not the target.
    pub origin: Option<std::sync::Arc<str>>,
    /// Codes in it that are good once, such as that of a second factor: they may be too short to be known by their form.
    pub codes: Vec<crate::secret::Secret>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.as_bytes().to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
            connection: ConnectionOf::default(),
            origin: None,
            codes: Vec::new(),
        }
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

    /// Says that there is no content, where the method has a meaning for it and nothing says how much there is.
    #[must_use]
    pub fn with_length(mut self) -> Self {
        if takes_content(&self.method) && self.body.is_empty() && self.value_of("content-length").is_none() {
            self.push("Content-Length", "0", false);
        }
        self
    }

    /// Appends a query parameter, percent-encoded (RFC 3986 §3.4).
    pub fn push_query(&mut self, name: &str, value: &str) {
        let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        self.target.push(if self.target.contains(&b'?') { b'&' } else { b'?' });
        self.target.extend_from_slice(pair.as_bytes());
    }

    /// Whether it has credentials of HTTP Basic (RFC 9110 §11.1: in any case of letters).
    pub fn is_by_basic(&self) -> bool {
        let scheme = self.value_of("authorization").and_then(|value| value.split(|byte| *byte == b' ').next());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
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

/// Whether a method has a meaning for content (RFC 9110 §9.3.3, §9.3.4, RFC 5789 §2). A request by it says how much it has, where
/// that is nothing as well (RFC 9110 §8.6): some servers wait for content otherwise.
pub fn takes_content(method: &str) -> bool {
    ["POST", "PUT", "PATCH"].contains(&method)
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

    /// Where it leads a browser: by a redirect, or by an address with a code or an error in its JSON.
    pub fn led_to(&self) -> Option<String> {
        page::led_to(self.header("location").map(Cow::into_owned), &self.body)
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        parse_json(&self.body)
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
    /// The target refused the client's certificate, or that there was none, in the TLS handshake: its alert (RFC 8446 §6.2).
    CertificateRefused(String),
    /// No credential was obtained for the request: it was not sent.
    NoCredential(String),
    /// A proxy on the way refused, or was not there: the target was not asked.
    Proxy(String),
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Silence::Unreachable(why) => write!(f, "not reachable: {why}"),
            Silence::Closed => f.write_str("connection closed without a whole answer"),
            Silence::TimedOut => f.write_str("no answer in time"),
            Silence::Malformed(why) => write!(f, "not a usable HTTP answer: {why}"),
            Silence::Handshake(why) => write!(f, "TLS handshake failed: {why}"),
            Silence::CertificateRefused(alert) => {
                write!(f, "the TLS handshake was refused for the client certificate (alert {alert})")
            }
            Silence::NoCredential(why) => write!(f, "not sent: no credential was obtained: {why}"),
            Silence::Proxy(why) => f.write_str(why),
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

    /// Bytes that it holds, as far as they may be many.
    pub fn bytes(&self) -> usize {
        let request = &self.request;
        let asked = request.target.len() + request.body.len();
        let asked = asked + request.headers.iter().map(|header| header.name.len() + header.value.len()).sum::<usize>();
        let fields =
            |response: &Response| response.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        asked + self.response().map_or(0, |response| response.body.len() + fields(response))
    }

    /// Drops all but the start of what is long in the answer.
    pub fn shorten(&mut self) {
        let Ok(response) = &mut self.answer else { return };
        response.truncated |= response.body.len() > SHORTENED;
        response.body.truncate(SHORTENED);
        response.body.shrink_to_fit();
        for (_, value) in response.headers.iter_mut().filter(|(_, value)| value.len() > SHORTENED_FIELD) {
            value.truncate(SHORTENED_FIELD);
            value.shrink_to_fit();
        }
    }

    /// A copy with but the start of what is long in the answer, which is not copied first.
    pub fn shortened(&self) -> Self {
        let start = |bytes: &[u8], most: usize| bytes[..bytes.len().min(most)].to_vec();
        let answer = match &self.answer {
            Err(silence) => Err(silence.clone()),
            Ok(response) => Ok(Response {
                status: response.status,
                headers: response
                    .headers
                    .iter()
                    .map(|(name, value)| (name.clone(), start(value, SHORTENED_FIELD)))
                    .collect(),
                body: start(&response.body, SHORTENED),
                truncated: response.truncated || response.body.len() > SHORTENED,
            }),
        };
        Self { request: self.request.clone(), answer, took: self.took, marks: self.marks }
    }

    /// The exchange as it may leave the process: credential parts masked, then everything scrubbed by value.
    pub fn record(&self, scrubber: &Scrubber) -> RecordedExchange {
        let known = |bytes: &[u8]| without_signatures(&printable(&scrubber.scrub_bytes(bytes))).into_owned();
        let clean = |bytes: &[u8]| without_foreign_secrets(&known(bytes)).into_owned();
        let mut request_headers = RecordedFields::default();
        for header in &self.request.headers {
            let masked = match header.sensitive {
                _ if header.name.eq_ignore_ascii_case("cookie") => Some(masked_cookies(&header.value)),
                true => Some(masked_credential(&header.value)),
                false => masked_addresses(&header.value),
            };
            request_headers.push(
                header.name.as_bytes(),
                masked.as_deref().map_or(&header.value, str::as_bytes),
                &clean,
            );
        }
        let mut response_headers = RecordedFields::default();
        let (status, response_body, silence) = match &self.answer {
            Ok(response) => {
                for (name, value) in &response.headers {
                    let masked = match name.eq_ignore_ascii_case("set-cookie") {
                        true => Some(masked_set_cookie(value)),
                        false => masked_addresses(value),
                    };
                    response_headers.push(name.as_bytes(), masked.as_deref().map_or(value, str::as_bytes), &clean);
                }
                // what is written again has no escapes that hid a credential from the search
                let masked = |body: &[u8]| {
                    let members = masked_members(&clean(body));
                    clean(masked_addresses(members.as_bytes()).unwrap_or(members).as_bytes())
                };
                (Some(response.status), recorded(&response.body, RECORDED_BODY, masked), None)
            }
            Err(silence) => (None, String::new(), Some(scrubber.scrub(&silence.to_string()))),
        };
        let request_body = recorded(&self.request.body, RECORDED_BODY, |body| match body.trim_ascii_start().first() {
            Some(b'{' | b'[') => masked_members(&clean(body)),
            // a form, whatever its media type says
            _ => clean(masked_pairs(&String::from_utf8_lossy(body)).as_bytes()),
        });
        RecordedExchange {
            origin: self.request.origin.as_deref().map(str::to_owned),
            method: clean(self.request.method.as_bytes()),
            target: excerpt(&known(masked_target(&self.request.target).as_bytes()), RECORDED_FIELD),
            request_headers: request_headers.fields,
            request_body,
            status,
            response_headers: response_headers.fields,
            response_body,
            silence,
            took_us: self.took.as_micros().try_into().unwrap_or(u64::MAX),
            marks: self.marks,
        }
    }
}

/// Header lines as they are recorded, within a bound for all of them.
#[derive(Default)]
struct RecordedFields {
    fields: Vec<RecordedHeader>,
    bytes: usize,
}

impl RecordedFields {
    fn push(&mut self, name: &[u8], value: &[u8], clean: &dyn Fn(&[u8]) -> String) {
        let kept = RECORDED_FIELD.min(RECORDED_FIELDS.saturating_sub(self.bytes));
        let line = RecordedHeader { name: recorded(name, RECORDED_FIELD, clean), value: recorded(value, kept, clean) };
        self.bytes += line.name.len() + line.value.len();
        self.fields.push(line);
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
    /// Scheme and authority of the server, where it is not the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
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

/// Text without control characters, whatever a server or a forgery put into it.
pub(super) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let visible = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if visible(c) { c } else { '\u{fffd}' }).collect()
}

/// The start of bytes as they are recorded, and how many there are where that is not all.
fn recorded(bytes: &[u8], kept: usize, clean: impl Fn(&[u8]) -> String) -> String {
    let text = clean(&bytes[..bytes.len().min(LOOKED_AT)]);
    match bytes.len() > LOOKED_AT {
        false => excerpt(&text, kept),
        true => format!("{}… ({} bytes)", &text[..boundary(&text, kept)], bytes.len()),
    }
}

/// The start of a text, and how long the text is where that is not all of it.
fn excerpt(text: &str, kept: usize) -> String {
    if text.len() <= kept {
        return text.to_owned();
    }
    format!("{}… ({} bytes)", &text[..boundary(text, kept)], text.len())
}

/// The last place up to a number of bytes where a text can be cut.
fn boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MASK;

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
    fn a_request_by_a_method_that_takes_content_says_how_much_there_is() {
        for (method, said) in [("POST", true), ("PUT", true), ("PATCH", true), ("GET", false), ("put", false)] {
            let request = Request::new(method, "/").with_length().with_length();
            assert_eq!(request.headers.len(), usize::from(said), "{method}");
        }
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
    fn a_record_shows_no_cookie_and_no_ticket_of_any_answer() {
        let request = Request::new("GET", "/cb?code=a8Kq27ZxP0sL&state=s1")
            .header("Cookie", "lang=en; hid=U5QuThKztdAk")
            .header("Referer", "https://a.example/cb?code=a8Kq27ZxP0sL");
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.4pQz8sLk1VdXn0Rw7uTbYcJm";
        let mut exchange = exchange(request, &format!("{{\"id_token\":\"{jwt}\",\"seen\":\"{jwt}\"}}"));
        let response = exchange.answer.as_mut().expect("is there");
        for (name, value) in [
            ("Set-Cookie", "hid=U5QuThKztdAk; Path=/; HttpOnly"),
            ("set-cookie", "gone=; Max-Age=0"),
            ("Location", "/next?id_token=x.y&state=s1#access_token=6c1f0a8e52d9&token_type=bearer"),
        ] {
            response.headers.push((name.to_owned(), value.into()));
        }
        // a name that is a piece of a known value does not show the value behind it
        let mut scrubber = Scrubber::default();
        scrubber.add(b"hid_and_more=something-7");
        let record = exchange.record(&scrubber);
        let value = |fields: &[RecordedHeader], at: usize| fields[at].value.clone();
        assert_eq!(record.target, format!("/cb?code={MASK}&state=s1"));
        assert_eq!(value(&record.request_headers, 0), format!("lang={MASK}; hid={MASK}"));
        assert_eq!(value(&record.request_headers, 1), format!("https://a.example/cb?code={MASK}"));
        assert_eq!(value(&record.response_headers, 1), format!("hid={MASK}; Path=/; HttpOnly"));
        assert_eq!(value(&record.response_headers, 2), "gone=; Max-Age=0");
        let location = format!("/next?id_token={MASK}&state=s1#access_token={MASK}&token_type=bearer");
        assert_eq!(value(&record.response_headers, 3), location);
        let body = format!("{{\"id_token\":\"{MASK}\",\"seen\":\"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.{MASK}\"}}");
        assert_eq!(record.response_body, body);
    }

    #[test]
    fn a_record_of_a_large_answer_is_small() {
        let mut exchange = exchange(Request::new("GET", &format!("/{}", "t".repeat(1 << 20))), &"b".repeat(1 << 22));
        let response = exchange.answer.as_mut().expect("is there");
        response.headers.extend((0..128).map(|at| (format!("x-{at}-{}", "n".repeat(4096)), vec![b'v'; 1 << 20])));
        let record = serde_json::to_string(&exchange.record(&Scrubber::default())).expect("is JSON");
        assert!(record.len() < 256 << 10, "{} bytes", record.len());
        assert!(record.contains("… (4194304 bytes)") && record.contains("… (1048576 bytes)"));
    }

    #[test]
    fn a_record_carries_no_control_characters() {
        let record = exchange(Request::new("GET", "/"), "\u{1b}[31mred\u{7}").record(&Scrubber::default());
        assert!(!record.response_body.contains('\u{1b}'));
    }
}
