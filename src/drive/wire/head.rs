//! The head of a response, and how its body ends. Parsing allocates nothing: it stands on the measured path.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::Limits;
use crate::observe::Silence;

/// Header lines that a head may have at most, whatever the limits say.
const MOST_HEADERS: usize = 128;

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyLength {
    /// There is no body.
    None,
    /// This many bytes.
    Fixed(u64),
    /// Chunks up to a chunk of no bytes.
    Chunked,
    /// Everything until the connection closes.
    UntilClose,
}

/// What matters of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Status code.
    pub(super) status: u16,
    /// Bytes that the head takes.
    pub(super) length: usize,
    /// How the body ends.
    pub(super) body: BodyLength,
    /// Whether the connection may be used again after the body (RFC 9112 §9.3).
    pub(super) keeps_alive: bool,
    /// Where the value of the first `Content-Type` stands.
    pub(super) content_type: Option<Range<usize>>,
    /// Where the value of `Content-Encoding` stands.
    pub(super) content_encoding: Option<Range<usize>>,
    /// Where the value of `Location` stands.
    pub(super) location: Option<Range<usize>>,
    /// Where the value of the first `Set-Cookie` stands.
    pub(super) cookie: Option<Range<usize>>,
    /// Where the value of `WWW-Authenticate` stands.
    pub(super) challenge: Option<Range<usize>>,
    /// Where the value of `DPoP-Nonce` stands.
    pub(super) nonce: Option<Range<usize>>,
    /// Nanoseconds that the target says it spent on authentication.
    pub(super) auth_ns: Option<u64>,
}

impl Head {
    /// Parses a head at the start of the bytes; `None` while it is not whole. Whether the answer may have a body depends
    /// on the request too (RFC 9110 §9.3.2: not to HEAD).
    ///
    /// # Errors
    /// When it is not HTTP/1.1, breaks a limit, or has contradicting lengths (RFC 9112 §6.3).
    pub(super) fn parse(bytes: &[u8], may_have_body: bool, limits: &Limits) -> Result<Option<Self>, Silence> {
        let mut slots = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let slots = &mut slots[..limits.headers.min(MOST_HEADERS)];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default()
            .parse_response_with_uninit_headers(&mut response, bytes, slots)
            .map_err(|error| Silence::Malformed(error.to_string()))?;
        let httparse::Status::Complete(length) = parsed else {
            return if bytes.len() > limits.head { Err(too_long(limits)) } else { Ok(None) };
        };
        if length > limits.head {
            return Err(too_long(limits));
        }
        let mut fields = Fields::default();
        for header in response.headers.iter() {
            fields.take(header, bytes)?;
        }
        let status = response.code.unwrap_or_default();
        let body = if may_have_body { fields.body_length(status) } else { BodyLength::None };
        let persistent = response.version == Some(1) && !fields.closes && status != 101;
        Ok(Some(Self {
            status,
            length,
            body,
            keeps_alive: persistent && body != BodyLength::UntilClose,
            content_type: fields.content_type,
            content_encoding: fields.content_encoding,
            location: fields.location,
            cookie: fields.cookie,
            challenge: fields.challenge,
            nonce: fields.nonce,
            auth_ns: fields.auth_ns,
        }))
    }
}

/// The header lines of a whole head, for answers that are kept.
pub(super) fn header_lines(head: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut slots = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut slots);
    // the head was parsed before; what fails now has no lines
    let _ = response.parse(head);
    response.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect()
}

fn too_long(limits: &Limits) -> Silence {
    Silence::Malformed(format!("a head of more than {} bytes", limits.head))
}

fn place_of(header: &httparse::Header<'_>, bytes: &[u8]) -> Range<usize> {
    let start = header.value.as_ptr().addr() - bytes.as_ptr().addr();
    start..start + header.value.len()
}

/// Whether a challenge is one that a request under load answers: of Digest (RFC 7616 §3.3), or for a nonce of DPoP (RFC 9449 §9).
pub(super) fn is_answered(value: &[u8]) -> bool {
    let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"digest") || scheme.eq_ignore_ascii_case(b"dpop")
}

/// The few fields that decide something here.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    coded: bool,
    chunked: bool,
    closes: bool,
    content_type: Option<Range<usize>>,
    content_encoding: Option<Range<usize>>,
    location: Option<Range<usize>>,
    cookie: Option<Range<usize>>,
    challenge: Option<Range<usize>>,
    nonce: Option<Range<usize>>,
    auth_ns: Option<u64>,
}

impl Fields {
    fn take(&mut self, header: &httparse::Header<'_>, bytes: &[u8]) -> Result<(), Silence> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        // lengths first: most fields differ by them alone
        match header.name.len() {
            14 if is("content-length") => self.content_length(header.value)?,
            17 if is("transfer-encoding") => {
                self.coded = true;
                self.chunked = last_token(header.value).eq_ignore_ascii_case(b"chunked");
            }
            10 if is("connection") => {
                self.closes |= tokens(header.value).any(|token| token.eq_ignore_ascii_case(b"close"));
            }
            12 if is("content-type") && self.content_type.is_none() => {
                self.content_type = Some(place_of(header, bytes));
            }
            16 if is("content-encoding") => self.content_encoding = Some(place_of(header, bytes)),
            16 if is("www-authenticate") && (self.challenge.is_none() || is_answered(header.value)) => {
                // the first one of a kind: servers list what they prefer first (RFC 9110 §11.6.1)
                let known = self.challenge.clone().is_some_and(|place| is_answered(&bytes[place]));
                self.challenge = if known { self.challenge.take() } else { Some(place_of(header, bytes)) };
            }
            10 if is("set-cookie") && self.cookie.is_none() => self.cookie = Some(place_of(header, bytes)),
            10 if is("dpop-nonce") => self.nonce = Some(place_of(header, bytes)),
            8 if is("location") => self.location = Some(place_of(header, bytes)),
            13 if is("server-timing") => self.auth_ns = self.auth_ns.or_else(|| auth_duration(header.value)),
            _ => {}
        }
        Ok(())
    }

    /// RFC 9110 §8.6: several equal values are one, different ones are an error.
    fn content_length(&mut self, value: &[u8]) -> Result<(), Silence> {
        for token in tokens(value) {
            let digits = !token.is_empty() && token.iter().all(u8::is_ascii_digit);
            let number = digits.then(|| std::str::from_utf8(token).ok()?.parse::<u64>().ok()).flatten();
            let number = number.ok_or_else(|| Silence::Malformed("a Content-Length that is no number".to_owned()))?;
            if self.length.is_some_and(|length| length != number) {
                return Err(Silence::Malformed("two Content-Length values that differ".to_owned()));
            }
            self.length = Some(number);
        }
        Ok(())
    }

    /// RFC 9112 §6.3.
    fn body_length(&self, status: u16) -> BodyLength {
        match self.length {
            _ if status < 200 || status == 204 || status == 304 => BodyLength::None,
            _ if self.chunked => BodyLength::Chunked,
            _ if self.coded => BodyLength::UntilClose,
            Some(0) => BodyLength::None,
            Some(length) => BodyLength::Fixed(length),
            None => BodyLength::UntilClose,
        }
    }
}

fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn last_token(value: &[u8]) -> &[u8] {
    tokens(value).last().unwrap_or_default()
}

/// The duration of the metric `auth`.
pub(super) fn auth_duration(value: &[u8]) -> Option<u64> {
    metric_duration(value, b"auth")
}

/// The duration of a metric (W3C Server Timing §2), which is given in milliseconds, in nanoseconds.
pub fn metric_duration(value: &[u8], metric: &[u8]) -> Option<u64> {
    let found = parts(value, b',').find(|one| parts(one, b';').next() == Some(metric))?;
    let duration = parts(found, b';').skip(1).find_map(|part| part.strip_prefix(b"dur="))?;
    let text = std::str::from_utf8(duration).ok()?.trim_matches('"');
    let milliseconds = text.parse::<f64>().ok().filter(|number| (0.0..1e9).contains(number))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked above")]
    Some((milliseconds * 1e6).round() as u64)
}

/// What a separator divides. Inside a quoted string (RFC 9110 §5.6.4) it divides nothing.
fn parts(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let divided = value.split(move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte => return !quoted && *byte == separator,
        }
        false
    });
    divided.map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &str) -> Result<Option<Head>, Silence> {
        Head::parse(bytes.as_bytes(), true, &Limits { head: 256, headers: 4, ..Limits::default() })
    }

    #[test]
    fn bodies_end_as_the_head_says() {
        for (head, body, alive) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyLength::Fixed(5), true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", BodyLength::Fixed(5), true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n", BodyLength::None, false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", BodyLength::Chunked, true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", BodyLength::UntilClose, false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", BodyLength::Chunked, true),
            ("HTTP/1.1 200 OK\r\n\r\n", BodyLength::UntilClose, false),
            ("HTTP/1.1 204 No Content\r\n\r\n", BodyLength::None, true),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", BodyLength::None, true),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", BodyLength::None, false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", BodyLength::Fixed(5), false),
        ] {
            let parsed = parse(head).expect("parses").expect("is whole");
            assert_eq!((parsed.body, parsed.keeps_alive), (body, alive), "{head}");
        }
        let to_head = Head::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, &Limits::default());
        assert_eq!(to_head.expect("parses").expect("is whole").body, BodyLength::None);
    }

    #[test]
    fn the_challenge_that_is_answered_is_kept_wherever_it_stands() {
        for (lines, kept) in [
            (&["Bearer realm=\"a\"", "DPoP error=\"use_dpop_nonce\""][..], "DPoP error=\"use_dpop_nonce\""),
            (&["digest nonce=\"1\"", "Digest nonce=\"2\""], "digest nonce=\"1\""),
            (&["Bearer", "Digest nonce=\"2\""], "Digest nonce=\"2\""),
            (&["Digester a=\"b\"", "Bearer"], "Digester a=\"b\""),
        ] {
            let fields: String = lines.iter().map(|line| format!("WWW-Authenticate: {line}\r\n")).collect();
            let text = format!("HTTP/1.1 401 Unauthorized\r\n{fields}Content-Length: 0\r\n\r\n");
            let parsed = parse(&text).expect("parses").expect("is whole");
            assert_eq!(&text[parsed.challenge.expect("a challenge")], kept);
        }
    }

    #[test]
    fn what_is_not_whole_or_not_lawful_is_said() {
        assert_eq!(parse("HTTP/1.1 200 OK\r\nA: b").expect("so far lawful"), None);
        for hostile in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
        ] {
            assert!(matches!(parse(hostile), Err(Silence::Malformed(_))), "{hostile}");
        }
        for end in ["", "\r\n\r\n"] {
            let endless = format!("HTTP/1.1 200 OK\r\nA: {}{end}", "x".repeat(300));
            assert!(matches!(parse(&endless), Err(Silence::Malformed(_))));
        }
    }

    #[test]
    fn the_servers_own_time_is_read() {
        for (value, expected) in [
            ("auth;dur=0.0125", Some(12_500)),
            ("db;dur=5, auth;desc=\"x\";dur=1", Some(1_000_000)),
            ("auth; dur=\"2\"", Some(2_000_000)),
            ("authz;dur=5", None),
            ("auth", None),
            ("auth;dur=-1", None),
            ("auth;dur=nan", None),
            ("auth;desc=\"a, b; \\\"c\";dur=3", Some(3_000_000)),
            ("db;desc=\"x, auth;dur=9\", auth;dur=4", Some(4_000_000)),
        ] {
            assert_eq!(auth_duration(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn the_media_type_is_found_in_place() {
        let bytes = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Type: no\r\n\r\n";
        let place = parse(bytes).expect("parses").expect("is whole").content_type.expect("has one");
        assert_eq!(&bytes[place], "text/plain");
    }
}
