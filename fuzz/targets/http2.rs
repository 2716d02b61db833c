//! Answers in HTTP/2: a peer that keeps to the protocol until a request came, and then sends the input.
//!
//! The first byte says how the rest is read: bit 0, as bytes, or as frames whose lengths are right; bit 1, sent after the
//! request, or before it in place of the settings.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use authbench::drive::wire::Limits;
use authbench::drive::wire::http2::{Form, exchange_over};
use authbench::observe::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) const WORDS: &[&str] = &[
    // as frames: type, flags, stream, length, then the payload
    "\0\x01\x01\x05hello",
    "\x01\x04\x01\x01",
    "\x01\x05\x01\x01",
    "\x01\0\x01\0",
    "\x09\x04\x01\0",
    "\x04\0\0\0",
    "\x04\x01\0\0",
    "\x07\0\0\x08\0\0\0\x01\0\0\0\0",
    "\x03\0\x01\x04\0\0\0\x07",
    "\x06\0\0\x0812345678",
    "\x08\0\0\x04\0\0\x10\0",
    "\x05\x04\x01\x04\0\0\0\x02",
    "\0\x03\0\0\0\x64",
    "\0\x05\0\0\x40\0",
    "content-type",
    "server-timing",
    "location",
    "200",
];

const PREFACE: usize = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The input as frames: type, flags, stream and length in a byte each, then the payload.
fn frames(mut rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let [kind, flags, stream, length, more @ ..] = rest {
        let (payload, after) = more.split_at(usize::from(*length).min(more.len()));
        bytes.extend(frame(*kind, *flags, *stream, payload));
        rest = after;
    }
    bytes
}

/// The other end of the connection.
struct Peer {
    sending: Vec<u8>,
    sent: usize,
    /// What is sent once a request came.
    after_request: Option<Vec<u8>>,
    received: Vec<u8>,
    looked_at: usize,
    reader: Option<Waker>,
}

impl Peer {
    fn new(greeting: Vec<u8>, after_request: Vec<u8>) -> Self {
        let (received, after_request) = (Vec::new(), Some(after_request));
        Self { sending: greeting, sent: 0, after_request, received, looked_at: PREFACE, reader: None }
    }

    fn look(&mut self) {
        while let Some([a, b, c, kind, flags, ..]) = self.received.get(self.looked_at..self.looked_at + 9) {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let start = self.looked_at + 9;
            let Some(payload) = self.received.get(start..start + length) else { return };
            match (*kind, *flags) {
                (4, 0) => self.sending.extend(frame(4, 1, 0, &[])),
                (6, 0) => self.sending.extend(frame(6, 1, 0, payload)),
                (1, _) => self.sending.extend(self.after_request.take().unwrap_or_default()),
                _ => {}
            }
            self.looked_at = start + length;
        }
    }
}

impl AsyncRead for Peer {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let peer = self.get_mut();
        let rest = &peer.sending[peer.sent..];
        if rest.is_empty() && peer.after_request.is_some() {
            peer.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let taken = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..taken]);
        peer.sent += taken;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let peer = self.get_mut();
        peer.received.extend_from_slice(bytes);
        peer.look();
        if let Some(reader) = peer.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Remembers that there is something to do.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(super) fn run(data: &[u8]) {
    let [flags, rest @ ..] = data else { return };
    let bytes = if flags & 1 == 0 { frames(rest) } else { rest.to_vec() };
    let settings = frame(4, 0, 0, &[]);
    let peer = if flags & 2 == 0 { Peer::new(settings, bytes) } else { Peer::new(bytes, Vec::new()) };
    let limits = Limits { head: 1024, headers: 16, body: 512, ..Limits::default() };
    let form = Form::of(&Request::new("GET", "/a").header("Host", "a.test"), false).expect("a plain request");
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(woken.clone());
    let mut exchange = pin!(exchange_over(peer, limits, &form));
    // where nothing is left to do, a deadline would end it
    while woken.0.swap(false, Ordering::Relaxed) {
        match exchange.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => {}
            Poll::Ready(Ok(answer)) => {
                assert!(answer.body.len() <= limits.body, "a body of {} bytes", answer.body.len());
                assert!((100..1000).contains(&answer.status), "the status {}", answer.status);
                return;
            }
            Poll::Ready(Err(silence)) => {
                let told = silence.to_string();
                assert!(told.len() < 200 && !told.chars().any(char::is_control), "{told:?}");
                return;
            }
        }
    }
}
