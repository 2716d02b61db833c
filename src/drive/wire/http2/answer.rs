//! One request on a stream of its own, and the answer put together within limits.

use std::future::poll_fn;

use h2::Reason;
use h2::client::ResponseFuture;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};

use super::super::head::{auth_duration, is_answered};
use super::super::{Limits, WireAnswer};
use super::{Form, Sender};
use crate::observe::Silence;

/// Whether a request without an answer may be sent again on a new connection (RFC 9113 §8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::drive) enum Again {
    /// The target processed it, or may have.
    No,
    /// The connection ended and nothing was heard: only what does the same when done twice.
    Repeatable,
    /// The target says that it did not process it.
    Unprocessed,
    /// It did not leave: the connection takes no more requests.
    Unsent,
}

/// Why there is no answer.
pub(in crate::drive) struct StreamFailure {
    pub(in crate::drive) silence: Silence,
    pub(in crate::drive) again: Again,
}

/// An answer, in buffers that are used again for the next.
pub(in crate::drive) struct AnswerOfStream {
    limits: Limits,
    status: u16,
    content_type: Option<HeaderValue>,
    content_encoding: Option<HeaderValue>,
    location: Option<HeaderValue>,
    cookie: Option<HeaderValue>,
    challenge: Option<HeaderValue>,
    nonce: Option<HeaderValue>,
    auth_ns: Option<u64>,
    body: Vec<u8>,
    truncated: bool,
}

impl AnswerOfStream {
    /// Without an answer yet.
    pub(in crate::drive) fn new(limits: Limits) -> Self {
        Self {
            limits,
            status: 0,
            content_type: None,
            content_encoding: None,
            location: None,
            cookie: None,
            challenge: None,
            nonce: None,
            auth_ns: None,
            body: Vec::new(),
            truncated: false,
        }
    }

    /// The answer that [`Self::exchange`] put together.
    pub(in crate::drive) fn answer(&self) -> WireAnswer<'_> {
        WireAnswer {
            status: self.status,
            content_type: self.content_type.as_ref().map(HeaderValue::as_bytes),
            content_encoding: self.content_encoding.as_ref().map(HeaderValue::as_bytes),
            location: self.location.as_ref().map(HeaderValue::as_bytes),
            cookie: self.cookie.as_ref().map(HeaderValue::as_bytes),
            challenge: self.challenge.as_ref().map(HeaderValue::as_bytes),
            nonce: self.nonce.as_ref().map(HeaderValue::as_bytes),
            auth_ns: self.auth_ns,
            body: &self.body,
            truncated: self.truncated,
            keeps_alive: true,
        }
    }

    /// Sends a request and reads its answer. If this is dropped before the answer is whole, the stream is reset (RST_STREAM).
    ///
    /// # Errors
    /// Why there is no whole answer, and whether the request may be sent again.
    pub(in crate::drive) async fn exchange(&mut self, sender: &mut Sender, form: &Form) -> Result<(), StreamFailure> {
        let unsent = |error: h2::Error| StreamFailure { silence: silence_of(&error), again: Again::Unsent };
        poll_fn(|cx| sender.poll_ready(cx)).await.map_err(unsent)?;
        let body = form.body();
        let (answer, mut stream) = sender.send_request(form.head(), body.is_empty()).map_err(unsent)?;
        if !body.is_empty() {
            stream.send_data(body.clone(), true).map_err(|error| failure_of(&error))?;
        }
        self.read(answer).await
    }

    async fn read(&mut self, answer: ResponseFuture) -> Result<(), StreamFailure> {
        let (head, mut body) = answer.await.map_err(|error| failure_of(&error))?.into_parts();
        if head.headers.len() > self.limits.headers {
            let why = format!("more than {} header lines", self.limits.headers);
            return Err(StreamFailure { silence: Silence::Malformed(why), again: Again::No });
        }
        self.status = head.status.as_u16();
        self.content_type = head.headers.get(CONTENT_TYPE).cloned();
        self.content_encoding = head.headers.get(CONTENT_ENCODING).cloned();
        self.location = head.headers.get(LOCATION).cloned();
        self.cookie = head.headers.get(SET_COOKIE).cloned();
        let challenges = || head.headers.get_all(WWW_AUTHENTICATE).into_iter();
        let answered = challenges().find(|value| is_answered(value.as_bytes()));
        self.challenge = answered.or_else(|| challenges().next()).cloned();
        self.nonce = head.headers.get("dpop-nonce").cloned();
        let timings = head.headers.get_all("server-timing").into_iter();
        self.auth_ns = timings.filter_map(|value| auth_duration(value.as_bytes())).next();
        self.body.clear();
        self.truncated = false;
        while let Some(part) = body.data().await {
            let part = part.map_err(|error| StreamFailure { silence: silence_of(&error), again: Again::No })?;
            let kept = part.len().min(self.limits.body - self.body.len());
            self.body.extend_from_slice(&part[..kept]);
            if kept < part.len() {
                self.truncated = true;
                break;
            }
            // fails only where the stream has ended, which `data` tells
            let _ = body.flow_control().release_capacity(part.len());
        }
        Ok(())
    }
}

/// What an error says of a request of which nothing was heard.
fn failure_of(error: &h2::Error) -> StreamFailure {
    // GOAWAY reaches only streams beyond the last that the target says it processed (RFC 9113 §6.8)
    let refused = error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM);
    let again = match () {
        () if error.is_remote() && refused => Again::Unprocessed,
        () if error.is_io() => Again::Repeatable,
        () => Again::No,
    };
    StreamFailure { silence: silence_of(error), again }
}

/// Without the words of the target, which GOAWAY may carry.
pub(super) fn silence_of(error: &h2::Error) -> Silence {
    match error.reason() {
        Some(reason) if error.is_library() => {
            Silence::Malformed(format!("what it sends is no HTTP/2 ({})", reason.description()))
        }
        _ => Silence::Closed,
    }
}
