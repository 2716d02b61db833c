//! Where requests leave one after another: a connection of HTTP/1.1, or one of the streams that share a connection.

pub(super) mod http1;
pub(super) mod http2;
mod watchdog;

use std::time::Instant;

use crate::drive::wire::{Destination, Limits, WireAnswer};
use crate::observe::{Request, Silence};

/// The lines of one worker.
pub(super) struct Lines<L> {
    pub(super) lines: Vec<L>,
    /// Streams a connection, where connections have streams; fewer than was asked for if a target allows fewer.
    pub(super) streams: Option<usize>,
}

/// One request at a time, over a connection that is opened again when it ends.
pub(super) trait Line: Sized + 'static {
    /// A request as it is sent.
    type Form: 'static;

    /// Makes a request ready to be sent again and again.
    fn form(request: &Request, destination: &Destination) -> Self::Form;

    /// Opens connections. What cannot be opened is tried again by its first request.
    async fn opened(connections: usize, streams: usize, destination: &Destination, limits: Limits) -> Lines<Self>;

    /// Whether a request can be sent.
    fn is_open(&mut self) -> bool;

    /// Connects anew.
    async fn open(&mut self, destination: &Destination, limits: Limits) -> Result<(), Silence>;

    /// Whether an answer came over this connection before.
    fn is_used(&self) -> bool;

    /// Whether the last request, which has no answer, may be sent again on a new connection; more may be where it does the
    /// same when done twice.
    fn may_repeat(&self, silence: &Silence, idempotent: bool) -> bool;

    /// Sends a request and reads its answer, until the deadline at most.
    async fn exchange(
        &mut self,
        form: &Self::Form,
        may_have_body: bool,
        deadline: Instant,
    ) -> Result<WireAnswer<'_>, Silence>;
}
