//! HTTP/1.1 as it goes over the wire: nothing normalised, merged or added; every answer within limits. HTTP/2 beside it,
//! for load.

mod connection;
mod head;
pub mod hello;
pub mod http2;
pub(in crate::drive) mod reader;
mod stream;
pub(in crate::drive) mod tunnel;

pub use connection::{Connection, send_in_pieces, send_once, send_to_the_end};
pub use head::metric_duration;
pub(in crate::drive) use reader::WireAnswer;
pub use reader::{AnswerRead, read_answer};

use std::time::Duration;

pub use crate::target::destination::{BadDestination, Destination};

/// Limits of one exchange, so that a hostile server can exhaust nothing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a response head.
    pub head: usize,
    /// Header lines of a response; 128 at most.
    pub headers: usize,
    /// Bytes of a response body that are kept; a longer one is cut and its connection closed.
    pub body: usize,
    /// Time from the first byte sent to the last byte read, connecting apart.
    pub time: Duration,
    /// Time to connect, TLS included.
    pub connect: Duration,
}

/// Bytes of a body that are kept to be searched. What a report shows of it is far less.
const BODY_LIMIT: usize = 2 << 20;

/// Bytes of the bodies of all requests that are on their way under load, unless they are very many.
const ALL_BODIES: usize = 48 << 20;
/// Bytes of a body that are kept however many requests there are.
const LEAST_BODY: usize = 64 << 10;

impl Limits {
    /// The same for so many requests at a time, each with a buffer of its own: all bodies together have a limit too.
    #[must_use]
    pub fn shared_by(self, requests: usize) -> Self {
        Self { body: (ALL_BODIES / requests.max(1)).clamp(LEAST_BODY, self.body), ..self }
    }

    /// The same, for answers that may take this long.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time, connect: self.connect.min(time), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            headers: 128,
            body: BODY_LIMIT,
            time: Duration::from_secs(10),
            connect: Duration::from_secs(5),
        }
    }
}
