//! A connection of the measured path: bytes out, one answer in, nothing allocated once its buffer has grown.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::lane::Marks;
use crate::drive::wire::{Destination, Limits};
use crate::observe::Outcome;

/// Header lines of an answer.
const HEADERS: usize = 96;

/// An answer, as far as the measured path looks at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) outcome: Outcome,
    /// `Server-Timing: auth;dur=`, in nanoseconds.
    pub(super) server_auth: Option<u64>,
}

/// A stream in clear text or under TLS.
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// An open connection with its read buffer.
pub(super) struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
    limits: Limits,
    pub(super) reusable: bool,
}

/// What the head of an answer says.
struct Head {
    status: u16,
    length: usize,
    body: Body,
    close: bool,
    content_type: (usize, usize),
    server_auth: Option<u64>,
}

enum Body {
    Fixed(usize),
    Chunked,
    UntilClose,
}

impl Connection {
    pub(super) async fn open(destination: &Destination, limits: Limits) -> Option<Self> {
        let connect = async {
            let tcp = TcpStream::connect((destination.host.as_str(), destination.port)).await.ok()?;
            tcp.set_nodelay(true).ok()?;
            let stream = match &destination.tls {
                None => Stream::Plain(tcp),
                Some((config, name)) => {
                    let connector = tokio_rustls::TlsConnector::from(Arc::clone(config));
                    Stream::Tls(Box::new(connector.connect(name.clone(), tcp).await.ok()?))
                }
            };
            Some(Self { stream, buffer: Vec::with_capacity(16 * 1024), limits, reusable: true })
        };
        tokio::time::timeout(limits.connect, connect).await.ok().flatten()
    }

    /// Sends a request and reads its answer; none where there is no whole answer. The caller bounds the time.
    pub(super) async fn exchange(&mut self, request: &[u8], marks: &Marks) -> Option<Answer> {
        self.reusable = false;
        match &mut self.stream {
            Stream::Plain(stream) => exchange(stream, &mut self.buffer, &self.limits, request, marks).await,
            Stream::Tls(stream) => exchange(stream, &mut self.buffer, &self.limits, request, marks).await,
        }
        .map(|(answer, reusable)| {
            self.reusable = reusable;
            answer
        })
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    limits: &Limits,
    request: &[u8],
    marks: &Marks,
) -> Option<(Answer, bool)> {
    stream.write_all(request).await.ok()?;
    stream.flush().await.ok()?;
    buffer.clear();
    let head = loop {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
        match parse(buffer, limits) {
            Ok(Some(head)) if (100..200).contains(&head.status) => {
                buffer.drain(..head.length);
                if let Ok(Some(head)) = parse(buffer, limits) {
                    break head;
                }
            }
            Ok(Some(head)) => break head,
            Ok(None) if buffer.len() <= limits.head => {}
            _ => return None,
        }
    };
    let (end, whole) = body_end(stream, buffer, limits, &head).await?;
    let content_type = &buffer[head.content_type.0..head.content_type.1];
    let outcome = marks.outcome(head.status, content_type, &buffer[head.length..end]);
    let reusable = whole && !head.close && buffer.len() == end;
    Some((Answer { status: head.status, outcome, server_auth: head.server_auth }, reusable))
}

/// Reads the body; where it ends in the buffer, and whether the connection is at the start of the next answer.
async fn body_end<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    limits: &Limits,
    head: &Head,
) -> Option<(usize, bool)> {
    match head.body {
        Body::Fixed(length) => {
            // a body beyond the limit is cut: the connection cannot be used again
            let end = head.length + length.min(limits.body);
            while buffer.len() < end {
                if stream.read_buf(buffer).await.ok()? == 0 {
                    return None;
                }
            }
            Some((end, length <= limits.body))
        }
        Body::UntilClose => {
            while buffer.len() < head.length + limits.body {
                if stream.read_buf(buffer).await.ok()? == 0 {
                    break;
                }
            }
            Some((buffer.len(), false))
        }
        Body::Chunked => loop {
            match chunked_end(&buffer[head.length..]) {
                Some(Some(end)) => return Some((head.length + end, true)),
                Some(None) if buffer.len() < head.length + limits.body => {
                    if stream.read_buf(buffer).await.ok()? == 0 {
                        return None;
                    }
                }
                _ => return None,
            }
        },
    }
}

/// Where a chunked body ends (RFC 9112 §7.1): `Some(None)` while it is not whole, `None` where it is not lawful.
#[expect(clippy::option_option, reason = "lawful and whole are two questions")]
fn chunked_end(bytes: &[u8]) -> Option<Option<usize>> {
    let mut at = 0;
    loop {
        match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete((line, 0))) => {
                let trailer = &bytes[at + line..];
                if trailer.starts_with(b"\r\n") {
                    return Some(Some(at + line + 2));
                }
                let end = trailer.windows(4).position(|window| window == b"\r\n\r\n");
                return Some(end.map(|end| at + line + end + 4));
            }
            Ok(httparse::Status::Complete((line, size))) => {
                at = at.checked_add(line)?.checked_add(usize::try_from(size).ok()?)?.checked_add(2)?;
                if at >= bytes.len() {
                    return Some(None);
                }
            }
            Ok(httparse::Status::Partial) => return Some(None),
            Err(_) => return None,
        }
    }
}

fn parse(buffer: &[u8], limits: &Limits) -> Result<Option<Head>, ()> {
    let mut slots = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut slots);
    let length = match response.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(()),
    };
    if length > limits.head {
        return Err(());
    }
    let status = response.code.unwrap_or_default();
    let mut head = Head {
        status,
        length,
        body: if status == 204 || status == 304 { Body::Fixed(0) } else { Body::UntilClose },
        close: response.version == Some(0),
        content_type: (0, 0),
        server_auth: None,
    };
    for header in response.headers.iter() {
        // the length of a name tells most of them apart
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => {
                let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
                head.body = Body::Fixed(length.ok_or(())?);
            }
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => head.body = Body::Chunked,
            12 if header.name.eq_ignore_ascii_case("content-type") => head.content_type = place(buffer, header.value),
            13 if header.name.eq_ignore_ascii_case("server-timing") => head.server_auth = auth_timing(header.value),
            10 if header.name.eq_ignore_ascii_case("connection") => {
                head.close |= header.value.eq_ignore_ascii_case(b"close");
            }
            _ => {}
        }
    }
    Ok(Some(head))
}

/// Where a slice of the buffer begins and ends.
fn place(buffer: &[u8], value: &[u8]) -> (usize, usize) {
    let start = value.as_ptr().addr() - buffer.as_ptr().addr();
    (start, start + value.len())
}

/// Server Timing §2: `auth;dur=` in milliseconds.
fn auth_timing(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    let metric = text.split(',').find_map(|metric| metric.trim().strip_prefix("auth;"))?;
    let duration = metric.split(';').find_map(|parameter| parameter.trim().strip_prefix("dur="))?;
    let milliseconds: f64 = duration.trim().parse().ok()?;
    (milliseconds >= 0.0).then_some((milliseconds * 1e6) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_bodies_end_where_they_end() {
        for (bytes, expected) in [
            ("2\r\nhi\r\n0\r\n\r\n", Some(Some(12))),
            ("2\r\nhi\r\n0\r\nA: b\r\n\r\nNEXT", Some(Some(18))),
            ("2\r\nhi\r\n0\r\n", Some(None)),
            ("2\r\nh", Some(None)),
            ("zz\r\n", None),
        ] {
            assert_eq!(chunked_end(bytes.as_bytes()), expected, "{bytes:?}");
        }
    }

    #[test]
    fn authentication_time_is_read_from_server_timing() {
        assert_eq!(auth_timing(b"auth;dur=0.0125"), Some(12_500));
        assert_eq!(auth_timing(b"db;dur=3, auth;desc=x;dur=1.5"), Some(1_500_000));
        assert_eq!(auth_timing(b"db;dur=3"), None);
    }
}
