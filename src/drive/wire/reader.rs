//! Reads answers out of one buffer that is used again and again. It does no I/O: whoever owns the socket puts bytes in.

use super::Limits;
use super::head::{BodyLength, Head, header_lines};
use crate::observe::{Response, Silence};

/// Bytes that a buffer starts with; enough for most answers.
const FIRST_BUFFER: usize = 4096;
/// Bytes that a connection keeps between two answers.
const MOST_WAITING: usize = 64 << 10;
/// By how much a buffer grows that is too small. In large steps: the allocator keeps each smaller one for a while.
const GROWTH: usize = 8;
/// Free bytes offered to a read.
const ROOM: usize = 2048;
/// Interim answers that may come before the final one.
const MOST_INTERIM: usize = 16;

/// An answer in place.
#[derive(Clone, Copy)]
pub(in crate::drive) struct WireAnswer<'a> {
    /// Status code.
    pub(in crate::drive) status: u16,
    /// Value of the first `Content-Type`.
    pub(in crate::drive) content_type: Option<&'a [u8]>,
    /// Value of `Content-Encoding`.
    pub(in crate::drive) content_encoding: Option<&'a [u8]>,
    /// Value of `Location`.
    pub(in crate::drive) location: Option<&'a [u8]>,
    /// Value of `WWW-Authenticate`: the first line with a challenge of Digest or DPoP, else the first line.
    pub(in crate::drive) challenge: Option<&'a [u8]>,
    /// Value of `DPoP-Nonce` (RFC 9449 §8).
    pub(in crate::drive) nonce: Option<&'a [u8]>,
    /// Value of the first `Set-Cookie`.
    pub(in crate::drive) cookie: Option<&'a [u8]>,
    /// Nanoseconds that the target says it spent on authentication.
    pub(in crate::drive) auth_ns: Option<u64>,
    /// Body, cut at the limit.
    pub(in crate::drive) body: &'a [u8],
    /// Whether the body was cut.
    pub(in crate::drive) truncated: bool,
    /// Whether the connection may be used again.
    pub(in crate::drive) keeps_alive: bool,
}

/// An answer that was read from bytes, with what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRead {
    /// The answer.
    pub response: Response,
    /// Nanoseconds that the target says it spent on authentication.
    pub auth_ns: Option<u64>,
    /// Bytes that the reader holds for it.
    pub held: usize,
}

/// Reads one answer out of bytes that come in pieces of a size and then end, as from a connection that closes.
///
/// # Errors
/// Why there is no whole answer.
pub fn read_answer(bytes: &[u8], piece: usize, may_have_body: bool, limits: Limits) -> Result<AnswerRead, Silence> {
    let mut reader = AnswerReader::new(limits);
    let mut rest = bytes;
    loop {
        let space = reader.space();
        let read = rest.len().min(piece.max(1)).min(space.len());
        space[..read].copy_from_slice(&rest[..read]);
        rest = &rest[read..];
        if reader.advance(read, may_have_body)? {
            let auth_ns = reader.answer().and_then(|answer| answer.auth_ns);
            let held = reader.buffer.len() + reader.chunks.capacity();
            return reader.response().map(|response| AnswerRead { response, auth_ns, held }).ok_or(Silence::Closed);
        }
    }
}

/// Where a chunked body stands (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunk {
    Size,
    Data(u64),
    DataEnd,
    Trailer,
}

/// Puts bytes together to one answer at a time.
pub(in crate::drive) struct AnswerReader {
    limits: Limits,
    /// Initialised throughout, so that reads need no clearing.
    buffer: Vec<u8>,
    filled: usize,
    head: Option<Head>,
    interim: usize,
    chunk: Chunk,
    /// First byte of a chunked body that was not taken yet.
    position: usize,
    /// Bytes that chunk sizes and trailers took.
    framing: usize,
    chunks: Vec<u8>,
    truncated: bool,
    /// Whether the answer ended with the stream.
    ended: bool,
}

impl AnswerReader {
    /// A reader with its own buffer.
    pub(in crate::drive) fn new(limits: Limits) -> Self {
        Self {
            limits,
            buffer: vec![0; FIRST_BUFFER],
            filled: 0,
            head: None,
            interim: 0,
            chunk: Chunk::Size,
            position: 0,
            framing: 0,
            chunks: Vec::new(),
            truncated: false,
            ended: false,
        }
    }

    /// Forgets the last answer.
    pub(in crate::drive) fn clear(&mut self) {
        self.filled = 0;
        self.head = None;
        self.interim = 0;
        self.chunk = Chunk::Size;
        self.framing = 0;
        self.chunks.clear();
        self.truncated = false;
        self.ended = false;
    }

    /// Forgets the last answer, and gives back the room of a large one: a connection may wait long for its next.
    pub(in crate::drive) fn release(&mut self) {
        self.clear();
        if self.buffer.len() > MOST_WAITING {
            self.buffer = vec![0; FIRST_BUFFER];
        }
        if self.chunks.capacity() > MOST_WAITING {
            self.chunks = Vec::new();
        }
    }

    /// Whether nothing of an answer has come.
    pub(in crate::drive) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Where the next bytes go.
    pub(in crate::drive) fn space(&mut self) -> &mut [u8] {
        if self.buffer.len() - self.filled < ROOM {
            // up to what `advance` lets in
            let most = self.limits.head + self.limits.body + 2 * ROOM;
            let size = (self.buffer.len() * GROWTH).min(most).max(self.filled + ROOM);
            self.buffer.reserve_exact(size - self.buffer.len());
            self.buffer.resize(size, 0);
        }
        &mut self.buffer[self.filled..]
    }

    /// Takes note of bytes that were put into [`Self::space`], none at the end of the stream. Whether the answer is whole.
    ///
    /// # Errors
    /// When what came is not HTTP, breaks a limit, or ended too early.
    pub(in crate::drive) fn advance(&mut self, read: usize, may_have_body: bool) -> Result<bool, Silence> {
        self.filled += read;
        while self.head.is_none() {
            if self.filled == 0 && read == 0 {
                return Err(Silence::Closed);
            }
            match Head::parse(&self.buffer[..self.filled], may_have_body, &self.limits)? {
                None if read == 0 => return Err(Silence::Closed),
                None => return Ok(false),
                // RFC 9110 §15.2: interim answers come before the final one
                Some(head) if (100..200).contains(&head.status) && head.status != 101 => self.skip(&head)?,
                Some(head) => {
                    self.position = head.length;
                    self.head = Some(head);
                }
            }
        }
        match self.body_is_whole()? {
            true => Ok(true),
            false if read > 0 => Ok(false),
            false => self.end_of_stream(),
        }
    }

    fn skip(&mut self, head: &Head) -> Result<(), Silence> {
        self.interim += 1;
        if self.interim > MOST_INTERIM {
            return Err(Silence::Malformed(format!("more than {MOST_INTERIM} interim answers")));
        }
        self.buffer.copy_within(head.length..self.filled, 0);
        self.filled -= head.length;
        Ok(())
    }

    fn body_is_whole(&mut self) -> Result<bool, Silence> {
        let Some(head) = &self.head else { return Ok(false) };
        let present = self.filled - head.length;
        match head.body {
            BodyLength::None => Ok(true),
            BodyLength::Fixed(length) => {
                self.truncated = length > self.limits.body as u64;
                Ok(present as u64 >= length.min(self.limits.body as u64))
            }
            BodyLength::UntilClose => {
                self.truncated = present > self.limits.body;
                Ok(self.truncated)
            }
            BodyLength::Chunked => self.take_chunks(),
        }
    }

    fn end_of_stream(&mut self) -> Result<bool, Silence> {
        self.ended = self.head.as_ref().is_some_and(|head| head.body == BodyLength::UntilClose);
        if self.ended { Ok(true) } else { Err(Silence::Closed) }
    }

    /// Trailer fields are read and dropped.
    fn take_chunks(&mut self) -> Result<bool, Silence> {
        loop {
            let whole_part = match self.chunk {
                Chunk::Size => self.take_size()?,
                Chunk::Data(left) => self.take_data(left),
                Chunk::DataEnd => match self.take_line()? {
                    Some(0) => self.goes_on_with(Chunk::Size),
                    Some(_) => return Err(Silence::Malformed("a chunk longer than its size".to_owned())),
                    None => false,
                },
                Chunk::Trailer => match self.take_line()? {
                    Some(0) => return Ok(true),
                    line => line.is_some(),
                },
            };
            if self.truncated {
                return Ok(true);
            }
            if !whole_part {
                self.drop_taken();
                return Ok(false);
            }
        }
    }

    fn goes_on_with(&mut self, chunk: Chunk) -> bool {
        self.chunk = chunk;
        true
    }

    fn take_size(&mut self) -> Result<bool, Silence> {
        let start = self.position;
        let Some(length) = self.take_line()? else { return Ok(false) };
        let line = &self.buffer[start..start + length];
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let lawful = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
        let size = lawful.then(|| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten();
        let size = size.ok_or_else(|| Silence::Malformed("a chunk without a size".to_owned()))?;
        Ok(self.goes_on_with(if size == 0 { Chunk::Trailer } else { Chunk::Data(size) }))
    }

    /// Whether the whole chunk is there.
    fn take_data(&mut self, left: u64) -> bool {
        let present = self.filled - self.position;
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(present);
        let kept = taken.min(self.limits.body - self.chunks.len());
        if self.chunks.capacity() - self.chunks.len() < kept {
            let size = (self.chunks.capacity() * GROWTH).clamp(self.chunks.len() + kept, self.limits.body);
            self.chunks.reserve_exact(size - self.chunks.len());
        }
        self.chunks.extend_from_slice(&self.buffer[self.position..self.position + kept]);
        self.truncated = kept < taken;
        self.position += taken;
        let left = left - taken as u64;
        self.chunk = if left == 0 { Chunk::DataEnd } else { Chunk::Data(left) };
        left == 0
    }

    /// Takes a line and says how long it is without its end.
    fn take_line(&mut self) -> Result<Option<usize>, Silence> {
        let present = &self.buffer[self.position..self.filled];
        let length = present.windows(2).position(|pair| pair == b"\r\n");
        // of a line that is not whole, a CR at the end may be half of its end
        let so_far = length.unwrap_or_else(|| present.strip_suffix(b"\r").unwrap_or(present).len());
        if self.framing + so_far > self.limits.head {
            return Err(Silence::Malformed(format!(
                "more than {} bytes of chunk sizes and trailers",
                self.limits.head
            )));
        }
        if let Some(length) = length {
            self.position += length + 2;
            // a long body in small chunks is lawful: only lines beyond a bare size count
            self.framing += length.saturating_sub(16);
        }
        Ok(length)
    }

    /// Makes room: what was taken of a chunked body is not needed any more; the head is.
    fn drop_taken(&mut self) {
        let start = self.head.as_ref().map_or(0, |head| head.length);
        self.buffer.copy_within(self.position..self.filled, start);
        self.filled -= self.position - start;
        self.position = start;
    }

    /// The answer, once [`Self::advance`] said that it is whole.
    pub(in crate::drive) fn answer(&self) -> Option<WireAnswer<'_>> {
        let head = self.head.as_ref()?;
        let present = &self.buffer[head.length..self.filled];
        let fixed = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        let length = match head.body {
            BodyLength::None | BodyLength::Chunked => 0,
            BodyLength::Fixed(length) => fixed(length),
            BodyLength::UntilClose => present.len(),
        };
        let plain = &present[..length.min(self.limits.body).min(present.len())];
        // bytes that nobody asked for would be read as the next answer
        let surplus = match head.body {
            BodyLength::Chunked => self.position < self.filled,
            _ => present.len() > length,
        };
        Some(WireAnswer {
            status: head.status,
            content_type: head.content_type.clone().map(|place| &self.buffer[place]),
            cookie: head.cookie.clone().map(|place| &self.buffer[place]),
            challenge: head.challenge.clone().map(|place| &self.buffer[place]),
            nonce: head.nonce.clone().map(|place| &self.buffer[place]),
            content_encoding: head.content_encoding.clone().map(|place| &self.buffer[place]),
            location: head.location.clone().map(|place| &self.buffer[place]),
            auth_ns: head.auth_ns,
            body: if head.body == BodyLength::Chunked { &self.chunks } else { plain },
            truncated: self.truncated,
            keeps_alive: head.keeps_alive && !surplus && !self.truncated && !self.ended,
        })
    }

    /// What came behind an answer without a body.
    pub(in crate::drive) fn surplus(&self) -> &[u8] {
        match &self.head {
            Some(head) if head.body == BodyLength::None => &self.buffer[head.length..self.filled],
            _ => &[],
        }
    }

    /// The answer with all that belongs to it, to keep.
    pub(in crate::drive) fn response(&self) -> Option<Response> {
        let (answer, head) = (self.answer()?, self.head.as_ref()?);
        Some(Response {
            status: answer.status,
            headers: header_lines(&self.buffer[..head.length]),
            body: answer.body.to_vec(),
            truncated: answer.truncated,
        })
    }
}
