//! The head of a response, and how its body ends.

use crate::observe::Silence;

use super::Limits;

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// This many bytes.
    Fixed(u64),
    /// Chunks up to a chunk of no bytes.
    Chunked,
    /// Everything until the connection closes.
    UntilClose,
}

/// A parsed head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Status code.
    pub status: u16,
    /// Header lines in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Bytes that the head takes.
    pub length: usize,
    /// How the body ends.
    pub body: BodyLength,
    /// Whether the connection may be used again after the body (RFC 9112 §9.3).
    pub keeps_alive: bool,
}

impl Head {
    /// Parses a head at the start of the bytes; `None` while it is not whole. The method decides whether there is a
    /// body (RFC 9110 §9.3.2).
    ///
    /// # Errors
    /// When it is not HTTP/1.1, breaks a limit, or has contradicting lengths (RFC 9112 §6.3).
    pub fn parse(bytes: &[u8], method: &str, limits: &Limits) -> Result<Option<Self>, Silence> {
        let mut slots = vec![httparse::EMPTY_HEADER; limits.headers];
        let mut response = httparse::Response::new(&mut slots);
        let parsed = response.parse(bytes).map_err(|error| Silence::Malformed(error.to_string()))?;
        let httparse::Status::Complete(length) = parsed else {
            if bytes.len() > limits.head {
                return Err(Silence::Malformed(format!("a head of more than {} bytes", limits.head)));
            }
            return Ok(None);
        };
        let status = response.code.unwrap_or_default();
        let headers: Vec<(String, Vec<u8>)> =
            response.headers.iter().map(|header| (header.name.to_owned(), header.value.to_vec())).collect();
        let body = body_length(status, method, &headers)?;
        let keeps_alive = response.version == Some(1) && !says_close(&headers) && body != BodyLength::UntilClose;
        Ok(Some(Self { status, headers, length, body, keeps_alive }))
    }
}

fn values<'a>(headers: &'a [(String, Vec<u8>)], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &value[..])
}

fn says_close(headers: &[(String, Vec<u8>)]) -> bool {
    values(headers, "connection").any(|value| value.to_ascii_lowercase().windows(5).any(|word| word == b"close"))
}

fn body_length(status: u16, method: &str, headers: &[(String, Vec<u8>)]) -> Result<BodyLength, Silence> {
    if method == "HEAD" || status < 200 || status == 204 || status == 304 {
        return Ok(BodyLength::None);
    }
    if values(headers, "transfer-encoding").next().is_some() {
        let last = values(headers, "transfer-encoding").last().unwrap_or_default().to_ascii_lowercase();
        return Ok(if last.ends_with(b"chunked") { BodyLength::Chunked } else { BodyLength::UntilClose });
    }
    let mut length = None;
    for value in values(headers, "content-length") {
        let text = std::str::from_utf8(value).unwrap_or_default().trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse::<u64>().ok()).flatten();
        let number = number.ok_or_else(|| Silence::Malformed("a Content-Length that is no number".to_owned()))?;
        if length.is_some_and(|length| length != number) {
            return Err(Silence::Malformed("two Content-Length lines that differ".to_owned()));
        }
        length = Some(number);
    }
    Ok(length.map_or(
        BodyLength::UntilClose,
        |length| if length == 0 { BodyLength::None } else { BodyLength::Fixed(length) },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &str) -> Result<Option<Head>, Silence> {
        Head::parse(bytes.as_bytes(), "GET", &Limits { head: 256, headers: 4, ..Limits::default() })
    }

    #[test]
    fn bodies_end_as_the_head_says() {
        for (head, body, alive) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", BodyLength::Fixed(5), true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", BodyLength::None, false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BodyLength::Chunked, true),
            ("HTTP/1.1 200 OK\r\n\r\n", BodyLength::UntilClose, false),
            ("HTTP/1.1 204 No Content\r\n\r\n", BodyLength::None, true),
            ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", BodyLength::Fixed(5), false),
        ] {
            let parsed = parse(head).expect("parses").expect("is whole");
            assert_eq!((parsed.body, parsed.keeps_alive), (body, alive), "{head}");
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
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(300));
        assert!(matches!(parse(&endless), Err(Silence::Malformed(_))));
    }
}
