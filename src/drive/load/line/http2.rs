//! One of the streams that share a connection of HTTP/2.

use std::cell::{Cell, RefCell};
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::watchdog::Watchdog;
use super::{Line, Lines};
use crate::drive::wire::http2::{Again, AnswerOfStream, Form, Sender, StreamFailure, open};
use crate::drive::wire::{Destination, Limits, WireAnswer};
use crate::observe::{Request, Silence};

/// A connection, opened again by one stream for all when it ends.
#[derive(Default)]
struct Link {
    current: RefCell<Option<Open>>,
    /// Held by the stream that connects; the others wait for what it finds.
    opening: tokio::sync::Mutex<()>,
    attempts: Cell<u64>,
    failed: RefCell<Option<Silence>>,
}

#[derive(Clone)]
struct Open {
    sender: Sender,
    /// Whether an answer came over it before.
    used: Rc<Cell<bool>>,
}

impl Open {
    /// Whether it takes requests: neither has it ended nor did the target announce its end (GOAWAY).
    fn is_alive(&mut self) -> bool {
        let mut asks = Context::from_waker(Waker::noop());
        !matches!(self.sender.poll_ready(&mut asks), Poll::Ready(Err(_)))
    }
}

impl Link {
    /// The connection, opened if it is not; and how many streams it allows, where it was.
    async fn open(&self, destination: &Destination, limits: Limits) -> Result<(Open, Option<usize>), Silence> {
        let attempts = self.attempts.get();
        let _turn = self.opening.lock().await;
        let current = self.current.borrow().clone();
        if let Some(mut open) = current
            && open.is_alive()
        {
            return Ok((open, None));
        }
        if self.attempts.get() != attempts
            && let Some(silence) = self.failed.borrow().clone()
        {
            return Err(silence);
        }
        self.attempts.set(self.attempts.get() + 1);
        let opened = open(destination, &limits).await;
        self.failed.replace(opened.as_ref().err().cloned());
        let opened = opened?;
        tokio::task::spawn_local(opened.driver);
        let open = Open { sender: opened.sender, used: Rc::default() };
        self.current.replace(Some(open.clone()));
        Ok((open, Some(opened.streams)))
    }

    /// Lets go of a connection that takes no more requests, though it may not have ended: its numbers for streams are used up.
    fn retire(&self, open: &Open) {
        let is_current = self.current.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(&current.used, &open.used));
        if is_current {
            self.current.replace(None);
        }
    }
}

/// A place for one stream at a time on a connection that may be closed at the moment.
pub(in crate::drive::load) struct Shared {
    link: Rc<Link>,
    open: Option<Open>,
    answer: AnswerOfStream,
    /// Whether the last request may be sent again.
    again: Again,
    watchdog: Watchdog,
}

impl Shared {
    fn of(link: &Rc<Link>, limits: Limits) -> Self {
        let open = link.current.borrow().clone();
        Self {
            link: link.clone(),
            open,
            answer: AnswerOfStream::new(limits),
            again: Again::No,
            watchdog: Watchdog::new(),
        }
    }
}

impl Line for Shared {
    /// None where HTTP/2 cannot carry the request, which is reported before a phase.
    type Form = Option<Form>;

    fn form(request: &Request, destination: &Destination) -> Option<Form> {
        Form::of(request, destination.tls.is_some()).ok()
    }

    async fn opened(connections: usize, streams: usize, destination: &Destination, limits: Limits) -> Lines<Self> {
        let (mut links, mut allowed, mut reachable) = (Vec::with_capacity(connections), streams, true);
        for _ in 0..connections {
            let link = Rc::new(Link::default());
            if reachable {
                let opened = link.open(destination, limits).await;
                reachable = opened.is_ok();
                allowed = allowed.min(opened.ok().and_then(|(_, streams)| streams).unwrap_or(streams).max(1));
            }
            links.push(link);
        }
        // one after the other they take turns on all connections
        let places = (0..allowed).flat_map(|_| &links);
        Lines { lines: places.map(|link| Self::of(link, limits)).collect(), streams: Some(allowed) }
    }

    fn is_open(&mut self) -> bool {
        self.open.as_mut().is_some_and(Open::is_alive)
    }

    async fn open(&mut self, destination: &Destination, limits: Limits) -> Result<(), Silence> {
        self.open = None;
        self.open = Some(self.link.open(destination, limits).await?.0);
        Ok(())
    }

    fn is_used(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.used.get())
    }

    fn may_repeat(&self, _: &Silence, idempotent: bool) -> bool {
        match self.again {
            Again::No => false,
            Again::Repeatable => idempotent && self.is_used(),
            Again::Unprocessed | Again::Unsent => true,
        }
    }

    async fn exchange(&mut self, form: &Option<Form>, _: bool, deadline: Instant) -> Result<WireAnswer<'_>, Silence> {
        let Self { link, open: place, answer, again, watchdog } = self;
        *again = Again::No;
        let Some(open) = place else { return Err(Silence::Closed) };
        let form = form.as_ref().ok_or_else(|| Silence::Malformed("HTTP/2 cannot carry it".to_owned()))?;
        let ended = {
            let mut conversation = pin!(answer.exchange(&mut open.sender, form));
            poll_fn(|cx| match conversation.as_mut().poll(cx) {
                Poll::Ready(ended) => Poll::Ready(ended),
                Poll::Pending => watchdog
                    .poll(cx, deadline)
                    .map(|()| Err(StreamFailure { silence: Silence::TimedOut, again: Again::No })),
            })
            .await
        };
        if let Err(failure) = ended {
            *again = failure.again;
            if failure.again == Again::Unsent {
                link.retire(open);
                *place = None;
            }
            return Err(failure.silence);
        }
        open.used.set(true);
        Ok(answer.answer())
    }
}
