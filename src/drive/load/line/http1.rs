//! One connection of HTTP/1.1.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

use super::watchdog::Watchdog;
use super::{Line, Lines};
use crate::drive::wire::{Connection, Destination, Limits, WireAnswer};
use crate::observe::{Request, Silence};

/// A connection that may be closed at the moment.
pub(in crate::drive::load) struct Alone {
    connection: Option<Connection>,
    /// Whether an answer came over it before.
    used: bool,
    watchdog: Watchdog,
}

impl Line for Alone {
    /// The bytes, which are not touched again.
    type Form = Vec<u8>;

    fn form(request: &Request, destination: &Destination) -> Vec<u8> {
        destination.bytes_of(request)
    }

    async fn opened(connections: usize, _: usize, destination: &Destination, limits: Limits) -> Lines<Self> {
        let mut lines = Vec::with_capacity(connections);
        let mut reachable = true;
        for _ in 0..connections {
            let mut line = Self { connection: None, used: false, watchdog: Watchdog::new() };
            reachable = reachable && line.open(destination, limits).await.is_ok();
            lines.push(line);
        }
        Lines { lines, streams: None }
    }

    fn is_open(&mut self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_reusable)
    }

    async fn open(&mut self, destination: &Destination, limits: Limits) -> Result<(), Silence> {
        (self.connection, self.used) = (None, false);
        self.connection = Some(Connection::open(destination, limits).await?);
        Ok(())
    }

    fn is_used(&self) -> bool {
        self.used
    }

    /// The target had closed the connection before the request came (RFC 9112 §9.3.1), which is no answer to it.
    fn may_repeat(&self, silence: &Silence, idempotent: bool) -> bool {
        let heard_nothing = self.connection.as_ref().is_some_and(Connection::heard_nothing);
        idempotent && self.used && *silence == Silence::Closed && heard_nothing
    }

    async fn exchange(
        &mut self,
        request: &Vec<u8>,
        may_have_body: bool,
        deadline: Instant,
    ) -> Result<WireAnswer<'_>, Silence> {
        let Self { connection, used, watchdog } = self;
        let connection = connection.as_mut().ok_or(Silence::Closed)?;
        connection.begin();
        let mut rest = &request[..];
        poll_fn(|cx| match connection.poll_answer(cx, &mut rest, may_have_body) {
            Poll::Ready(whole) => Poll::Ready(whole),
            Poll::Pending => watchdog.poll(cx, deadline).map(|()| Err(Silence::TimedOut)),
        })
        .await?;
        connection.settle(rest.is_empty());
        *used = true;
        connection.answer().ok_or(Silence::Closed)
    }
}
