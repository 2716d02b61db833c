//! One connection: bytes out, one answer in.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, ReadBuf};
use tokio::time::timeout;

use super::reader::{AnswerReader, WireAnswer};
use super::stream::{Stream, certificate_refused};
use super::tunnel::refusal;
use super::{Destination, Limits};
use crate::clock;
use crate::observe::{Exchange, Marks, Request, Response, Silence};
use crate::target::proxy::{Passage, answers_for_itself};

/// How long the end of a connection is waited for that was to be closed: what a server sends behind the fields of an answer
/// comes with them.
const UNTIL_CLOSED: Duration = Duration::from_millis(500);
/// Bytes of a request that are written at a time where an answer may come before its end ...
const PIECE: usize = 8 << 10;
/// ... and how long it is listened for before the next ones.
const BETWEEN_PIECES: Duration = Duration::from_millis(25);
/// Bytes behind an answer that are read.
const SURPLUS: usize = 16 << 10;

/// An open connection.
pub struct Connection {
    stream: Stream,
    reader: AnswerReader,
    limits: Limits,
    reusable: bool,
    /// Whether the target has reset the connection, and not closed it.
    was_reset: bool,
    /// What came behind the last answer.
    surplus: Vec<u8>,
    destination: Destination,
    /// Time to connect, which the first exchange takes note of.
    connected_in: Option<Duration>,
}

/// Sends a request on a connection of its own and reads the answer.
pub async fn send_once(destination: &Destination, limits: &Limits, request: &Request) -> Exchange {
    match Connection::open(destination, *limits).await {
        Ok(mut connection) => connection.exchange(request).await,
        Err(silence) => Exchange::unanswered(request.clone(), silence),
    }
}

/// Sends a request by HEAD on a connection of its own, which its fields ask the server to close, and takes for the body of the
/// answer whatever comes behind its fields until then: RFC 9110 §9.3.2 has nothing there.
pub async fn send_to_the_end(destination: &Destination, limits: &Limits, request: &Request) -> Exchange {
    let mut connection = match Connection::open(destination, *limits).await {
        Ok(connection) => connection,
        Err(silence) => return Exchange::unanswered(request.clone(), silence),
    };
    let mut exchange = connection.exchange(request).await;
    let mut behind = std::mem::take(&mut connection.surplus);
    let end = clock::now() + limits.time.min(UNTIL_CLOSED);
    let mut space = vec![0; SURPLUS];
    while exchange.answer.is_ok() && behind.len() <= SURPLUS {
        let read = timeout(end.saturating_duration_since(clock::now()), connection.stream.read(&mut space)).await;
        match read {
            Ok(Ok(read)) if read > 0 => behind.extend_from_slice(&space[..read]),
            _ => break,
        }
    }
    if let Ok(response) = &mut exchange.answer {
        response.truncated = behind.len() > SURPLUS;
        behind.truncate(SURPLUS);
        response.body = behind;
    }
    exchange
}

/// Sends a request on a connection of its own in pieces, and listens between them. A target that refuses a request before it has
/// read it, and closes the connection over what has come meanwhile, resets it: its answer may be lost then (RFC 9112 §9.6).
pub async fn send_in_pieces(destination: &Destination, limits: &Limits, request: &Request) -> Exchange {
    let mut connection = match Connection::open(destination, *limits).await {
        Ok(connection) => connection,
        Err(silence) => return Exchange::unanswered(request.clone(), silence),
    };
    connection.exchange_in(request, PIECE).await
}

/// Whether an answer in absolute form is the proxy's own.
fn is_of_proxy(answer: &Response) -> bool {
    answers_for_itself(answer.status, &answer.header("proxy-status").unwrap_or_default())
}

fn micros(length: Duration) -> u64 {
    length.as_micros().try_into().unwrap_or(u64::MAX)
}

impl Connection {
    /// Connects, with TLS if the destination has it.
    ///
    /// # Errors
    /// When the host is not reached in time or the handshake fails.
    pub async fn open(destination: &Destination, limits: Limits) -> Result<Self, Silence> {
        let began = clock::now();
        let stream = Stream::open(destination, &limits).await?;
        let connected_in = Some(clock::now() - began);
        let (reader, destination) = (AnswerReader::new(limits), destination.clone());
        Ok(Self {
            stream,
            reader,
            limits,
            reusable: true,
            was_reset: false,
            surplus: Vec::new(),
            destination,
            connected_in,
        })
    }

    /// Waits for what the target says before anything is asked of it: an alert, or the end of the connection.
    pub async fn listen(mut self) -> Silence {
        self.begin();
        let limit = self.limits.time;
        let silence = poll_fn(|cx| self.poll_answer(cx, &mut &[][..], false));
        match timeout(limit, silence).await {
            Ok(Err(silence)) => silence,
            Ok(Ok(())) => Silence::Malformed("it answered before it was asked".to_owned()),
            Err(_) => Silence::TimedOut,
        }
    }

    /// Whether another request may be sent.
    pub fn is_reusable(&self) -> bool {
        self.reusable
    }

    /// Sends a request as it is and reads one answer.
    pub async fn exchange(&mut self, request: &Request) -> Exchange {
        self.exchange_in(request, usize::MAX).await
    }

    /// The same, with so many bytes written at a time.
    async fn exchange_in(&mut self, request: &Request, piece: usize) -> Exchange {
        let bytes = self.destination.bytes_of(request);
        let began = clock::now();
        let mut marks = Marks { connect_us: self.connected_in.take().map(micros), ..Marks::default() };
        let answer = self.exchange_bytes((&bytes, piece), &request.method, began, &mut marks).await;
        marks.was_reset = self.was_reset;
        Exchange { request: request.clone(), answer, took: clock::now() - began, marks }
    }

    /// Sends bytes and reads one answer; the method decides whether there is a body.
    async fn exchange_bytes(
        &mut self,
        (bytes, piece): (&[u8], usize),
        method: &str,
        began: Instant,
        marks: &mut Marks,
    ) -> Result<Response, Silence> {
        self.begin();
        let (mut rest, mut later) = bytes.split_at(piece.min(bytes.len()));
        let limit = self.limits.time;
        let conversation = async {
            loop {
                let answered = poll_fn(|cx| {
                    // RFC 9110 §9.3.2: an answer to HEAD has no body
                    let whole = self.poll_answer(cx, &mut rest, method != "HEAD");
                    let now = || Some(micros(clock::now() - began));
                    if rest.is_empty() && later.is_empty() {
                        marks.sent_us = marks.sent_us.or_else(now);
                    }
                    if !self.heard_nothing() {
                        marks.first_byte_us = marks.first_byte_us.or_else(now);
                    }
                    whole
                });
                if later.is_empty() {
                    break answered.await;
                }
                if let Ok(answered) = timeout(BETWEEN_PIECES, answered).await {
                    break answered;
                }
                if rest.is_empty() && marks.first_byte_us.is_none() {
                    (rest, later) = later.split_at(piece.min(later.len()));
                }
            }
        };
        match timeout(limit, conversation).await {
            Ok(answered) => answered?,
            Err(_) => return Err(Silence::TimedOut),
        }
        let answer = self.reader.response();
        self.surplus = self.reader.surplus().to_vec();
        self.settle(rest.is_empty() && later.is_empty());
        self.reader.release();
        let answer = answer.ok_or(Silence::Closed)?;
        match &self.destination.via {
            Some((proxy, Passage::AbsoluteForm(_))) if is_of_proxy(&answer) => {
                Err(Silence::Proxy(refusal(proxy, answer.status)))
            }
            _ => Ok(answer),
        }
    }

    /// Makes ready for the next answer; until it is whole, the connection is of no other use.
    pub(in crate::drive) fn begin(&mut self) {
        self.reader.clear();
        self.reusable = false;
    }

    /// Ends an exchange whose answer is whole: the connection may be used again if the request was sent whole too.
    pub(in crate::drive) fn settle(&mut self, sent_whole: bool) {
        self.reusable = sent_whole && self.answer().is_some_and(|answer| answer.keeps_alive);
    }

    /// Whether nothing has come since [`Self::begin`].
    pub(in crate::drive) fn heard_nothing(&self) -> bool {
        self.reader.is_empty()
    }

    /// The answer that [`Self::poll_answer`] completed.
    pub(in crate::drive) fn answer(&self) -> Option<WireAnswer<'_>> {
        self.reader.answer()
    }

    /// Writes what is left of a request and reads until its answer is whole, both at once: a server may refuse and
    /// close before it has read everything, and its answer still counts.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub(in crate::drive) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        rest: &mut &[u8],
        may_have_body: bool,
    ) -> Poll<Result<(), Silence>> {
        self.write(cx, rest);
        loop {
            let mut space = ReadBuf::new(self.reader.space());
            // a reset after an early answer ends the stream like a close
            let read = match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space)) {
                Ok(()) => space.filled().len(),
                // in TLS 1.3 the client has ended its handshake before the server looks at its certificate
                Err(error) => match certificate_refused(&error) {
                    Some(refused) if self.heard_nothing() => return Poll::Ready(Err(refused)),
                    _ => {
                        self.was_reset = error.kind() != io::ErrorKind::UnexpectedEof;
                        0
                    }
                },
            };
            if self.reader.advance(read, may_have_body)? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes what can be written now. A failure is not final here: what was answered before it is read first.
    fn write(&mut self, cx: &mut Context<'_>, rest: &mut &[u8]) {
        let mut stream = Pin::new(&mut self.stream);
        while !rest.is_empty() {
            match stream.as_mut().poll_write(cx, rest) {
                Poll::Ready(Ok(written)) if written > 0 => *rest = &rest[written..],
                _ => return,
            }
        }
        let _ = stream.poll_flush(cx);
    }
}
