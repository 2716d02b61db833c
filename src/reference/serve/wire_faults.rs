//! A byte shim before the HTTP library, for faults that a good library cannot have. It is in the way only while such a
//! fault is open.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::reference::fault::Faults;
use crate::reference::state::KeyLocation;

/// Whether a fault needs the shim.
pub(crate) fn any(faults: &Faults) -> bool {
    let names = [
        "nul-truncation",
        "key-strips-controls",
        "ows-significant",
        "case-sensitive-header",
        "head-with-content",
        "breaks-on-open-literal",
        "takes-first-length",
        "ignores-space-before-colon",
        "keeps-open-behind-two-framings",
    ];
    names.iter().any(|name| faults.on(name))
}

/// The path of a request whose target a faulty server cannot read.
pub(super) const OPEN_LITERAL: &str = "/open-literal";

/// A stream whose incoming header lines are changed as the open faults say, each when it is whole.
pub(crate) struct Shim<S> {
    stream: S,
    faults: Faults,
    /// Field name of the key, as it is declared.
    key_field: String,
    /// The line that is not whole yet.
    line: Vec<u8>,
    /// Bytes of a body that are still to come: they pass as they are.
    body: usize,
    /// What the head announces for its body.
    announced: usize,
    /// Whether the head has a length already.
    has_length: bool,
    /// What has been changed and not yet been read.
    ready: Vec<u8>,
    /// What is still to be written behind the last answer.
    behind: &'static [u8],
}

impl<S> Shim<S> {
    pub(crate) fn new(stream: S, faults: &Faults, key: &KeyLocation) -> Self {
        let key_field = match key {
            KeyLocation::Header(name) => name.clone(),
            KeyLocation::Query(_) | KeyLocation::Cookie(_) => String::new(),
        };
        let (line, ready) = (Vec::new(), Vec::new());
        Self {
            stream,
            faults: faults.clone(),
            key_field,
            line,
            body: 0,
            announced: 0,
            has_length: false,
            ready,
            behind: b"",
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.body > 0 {
                self.body -= 1;
                self.ready.push(*byte);
                continue;
            }
            self.line.push(*byte);
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.pass(&line);
            }
        }
    }

    fn pass(&mut self, line: &[u8]) {
        let text = line.trim_ascii_end();
        if text.is_empty() {
            self.body = std::mem::take(&mut self.announced);
            self.has_length = false;
            self.ready.extend_from_slice(b"\r\n");
            return;
        }
        if text.starts_with(b"HEAD ") && self.faults.on("head-with-content") {
            self.behind = b"0\r\n\r\n";
        }
        if self.faults.on("breaks-on-open-literal") && text.starts_with(b"GET http://[") {
            self.ready.extend_from_slice(format!("GET {OPEN_LITERAL} HTTP/1.1\r\n").as_bytes());
            return;
        }
        let colon = text.iter().position(|byte| *byte == b':');
        let (name, value) = colon.map_or((text, &b""[..]), |at| (&text[..at], &line[at + 1..]));
        let takes_first = self.faults.on("takes-first-length") && name.eq_ignore_ascii_case(b"content-length");
        if takes_first && std::mem::replace(&mut self.has_length, true) {
            return;
        }
        let first = value.split(|byte| *byte == b',').next().unwrap_or_default();
        if takes_first && first.len() < value.len() {
            self.announced = std::str::from_utf8(first).ok().and_then(|first| first.trim().parse().ok()).unwrap_or(0);
            self.ready.extend_from_slice(&[name, b":", first, b"\r\n"].concat());
            return;
        }
        // the length alone is read
        if self.faults.on("keeps-open-behind-two-framings") && name.eq_ignore_ascii_case(b"transfer-encoding") {
            return;
        }
        if self.faults.on("ignores-space-before-colon") && colon.is_some() && name.ends_with(b" ") {
            self.ready.extend_from_slice(&[name.trim_ascii_end(), b":", value].concat());
            return;
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            self.announced = std::str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok()).unwrap_or(0);
        }
        if name.eq_ignore_ascii_case(self.key_field.as_bytes()) && !self.key_field.is_empty() {
            let changed = self.key_line(name, value);
            self.ready.extend_from_slice(&changed);
        } else {
            self.ready.extend_from_slice(line);
        }
    }

    /// The line of the key as a faulty parser reads it.
    fn key_line(&self, name: &[u8], value: &[u8]) -> Vec<u8> {
        if self.faults.on("case-sensitive-header") && name != self.key_field.as_bytes() {
            return Vec::new();
        }
        let mut value = value.strip_suffix(b"\n").unwrap_or(value).to_vec();
        value.pop_if(|last| *last == b'\r');
        if self.faults.on("nul-truncation")
            && let Some(end) = value.iter().position(|byte| *byte == 0)
        {
            value.truncate(end);
        }
        if self.faults.on("key-strips-controls") {
            let key = value.trim_ascii();
            let is_plain = |byte: &u8| !matches!(byte, 0 | 0x0b | 0x0c);
            let from = key.iter().position(is_plain).unwrap_or(key.len());
            let to = key.iter().rposition(is_plain).map_or(from, |at| at + 1);
            value = key[from..to].to_vec();
        }
        if self.faults.on("ows-significant") {
            let key = value.strip_prefix(b" ").unwrap_or(&value);
            value = key.iter().map(|byte| if matches!(byte, b' ' | b'\t') { b'_' } else { *byte }).collect();
        }
        [name, b": ", &value, b"\r\n"].concat()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Shim<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        loop {
            if !self.ready.is_empty() {
                let count = out.remaining().min(self.ready.len());
                let rest = self.ready.split_off(count);
                out.put_slice(&std::mem::replace(&mut self.ready, rest));
                return Poll::Ready(Ok(()));
            }
            let mut room = vec![0; 8192];
            let mut read = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.take(read.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Shim<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while !self.behind.is_empty() {
            let behind = self.behind;
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, behind))?;
            self.behind = &behind[written..];
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
