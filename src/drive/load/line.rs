//! One connection of a phase, opened again when it ends, with a time limit that costs nothing while it holds.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::clock;
use crate::drive::wire::{Answer, Connection, Destination, Limits};
use crate::observe::Silence;

/// A connection that may be closed at the moment.
pub(super) struct Line {
    connection: Option<Connection>,
    /// Whether an answer came over it before.
    used: bool,
    watchdog: Watchdog,
}

/// A timer that is armed once and looked at when it fires, instead of once a request.
struct Watchdog {
    sleep: Pin<Box<tokio::time::Sleep>>,
    armed: bool,
}

impl Line {
    /// Without a connection yet.
    pub(super) fn new() -> Self {
        let sleep = Box::pin(tokio::time::sleep_until(clock::now().into()));
        Self { connection: None, used: false, watchdog: Watchdog { sleep, armed: false } }
    }

    /// Whether a request can be sent.
    pub(super) fn is_open(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_reusable)
    }

    /// Connects anew.
    pub(super) async fn open(&mut self, destination: &Destination, limits: Limits) -> Result<(), Silence> {
        (self.connection, self.used) = (None, false);
        self.connection = Some(Connection::open(destination, limits).await?);
        Ok(())
    }

    /// Whether an answer came over this connection before.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// Whether the target had closed the connection before the last request came (RFC 9112 §9.3.1), which is no answer to it.
    pub(super) fn was_stale(&self, silence: &Silence) -> bool {
        self.used && *silence == Silence::Closed && self.connection.as_ref().is_some_and(Connection::heard_nothing)
    }

    /// Sends a request and reads its answer, until the deadline at most. The bytes are not touched again after that.
    pub(super) async fn exchange(
        &mut self,
        request: &[u8],
        may_have_body: bool,
        deadline: Instant,
    ) -> Result<Answer<'_>, Silence> {
        let Self { connection, used, watchdog } = self;
        let connection = connection.as_mut().ok_or(Silence::Closed)?;
        connection.begin();
        let mut rest = request;
        poll_fn(|cx| match connection.poll_answer(cx, &mut rest, may_have_body) {
            Poll::Ready(whole) => Poll::Ready(whole),
            Poll::Pending => watchdog.poll(cx, deadline),
        })
        .await?;
        connection.settle(rest.is_empty());
        *used = true;
        connection.answer().ok_or(Silence::Closed)
    }
}

impl Watchdog {
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<Result<(), Silence>> {
        // it stays armed for an earlier request's deadline, which is earlier than this one's
        if self.armed && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        loop {
            if clock::now() >= deadline {
                self.armed = false;
                return Poll::Ready(Err(Silence::TimedOut));
            }
            self.sleep.as_mut().reset(deadline.into());
            self.armed = self.sleep.as_mut().poll(cx).is_pending();
            if self.armed {
                return Poll::Pending;
            }
        }
    }
}
