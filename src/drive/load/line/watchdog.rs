//! A time limit that costs nothing while it holds.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use crate::clock;

/// A timer that is armed once and looked at when it fires, instead of once a request.
pub(super) struct Watchdog {
    sleep: Pin<Box<tokio::time::Sleep>>,
    armed: bool,
}

impl Watchdog {
    pub(super) fn new() -> Self {
        Self { sleep: Box::pin(tokio::time::sleep_until(clock::now().into())), armed: false }
    }

    /// Ready once the deadline has passed; the task is woken then.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        // it stays armed for an earlier request's deadline, which is earlier than this one's
        if self.armed && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        loop {
            if clock::now() >= deadline {
                self.armed = false;
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(deadline.into());
            self.armed = self.sleep.as_mut().poll(cx).is_pending();
            if self.armed {
                return Poll::Pending;
            }
        }
    }
}
