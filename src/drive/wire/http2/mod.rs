//! HTTP/2 (RFC 9113): one connection that many streams share, on the library that hyper is built on. It is asked directly,
//! for what hyper keeps to itself: how many streams the target allows, and which requests it never processed.

mod answer;
mod error;
mod form;
mod over;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use h2::client::{Builder, Connection, SendRequest};
use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::stream::Stream;
use super::{Destination, Limits};
use crate::observe::Silence;

pub(in crate::drive) use answer::{Again, AnswerOfStream, StreamFailure};
pub use error::NotInHttp2;
pub use form::Form;
pub use over::{AnswerOver, exchange_over};

/// Bytes that a target may send ahead of being read: on a stream, and on all streams of a connection.
const WINDOW: (u32, u32) = (256 * 1024, 1 << 20);

/// The sending side of an open connection; each stream has a clone of it.
pub(in crate::drive) type Sender = SendRequest<Bytes>;

/// An open connection.
pub(in crate::drive) struct Opened {
    /// Where requests are handed in.
    pub(in crate::drive) sender: Sender,
    /// Reads and writes until the connection ends; nothing moves unless it is polled.
    pub(in crate::drive) driver: Pin<Box<dyn Future<Output = ()>>>,
    /// Streams that the target allows at a time (SETTINGS_MAX_CONCURRENT_STREAMS).
    pub(in crate::drive) streams: usize,
}

/// Connects and exchanges settings. Over TLS the target has to choose `h2`; in clear text it has to know (RFC 9113 §3.3).
///
/// # Errors
/// When the host is not reached in time, the handshake fails, or what answers is not HTTP/2.
pub(in crate::drive) async fn open(destination: &Destination, limits: &Limits) -> Result<Opened, Silence> {
    let stream = Stream::open(destination, limits).await?;
    if let Stream::Tls(tls) = &stream {
        let chosen = tls.get_ref().1.alpn_protocol();
        if chosen != Some(crate::target::destination::HTTP2) {
            let chosen = chosen.map_or("no protocol".into(), String::from_utf8_lossy);
            return Err(Silence::Malformed(format!("it chose {chosen} and not h2 in the TLS handshake (ALPN)")));
        }
    }
    timeout(limits.connect, greet(stream, limits)).await.unwrap_or(Err(Silence::TimedOut))
}

/// Whether a target speaks HTTP/2, where it can be reached at all.
///
/// # Errors
/// What it did instead.
pub async fn speaks(destination: &Destination, limits: &Limits) -> Result<(), Silence> {
    match open(destination, limits).await {
        // a target that is not there, or not trusted, is the affair of the requests to it
        Ok(_) | Err(Silence::Unreachable(_) | Silence::Handshake(_)) => Ok(()),
        Err(silence) => Err(silence),
    }
}

async fn greet<S>(stream: S, limits: &Limits) -> Result<Opened, Silence>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let head = u32::try_from(limits.head).unwrap_or(u32::MAX);
    let mut builder = Builder::new();
    builder.initial_window_size(WINDOW.0).initial_connection_window_size(WINDOW.1);
    builder.max_header_list_size(head).enable_push(false);
    let shaken = builder.handshake::<_, Bytes>(stream).await;
    let (sender, mut connection) = shaken.map_err(|error| answer::silence_of(&error))?;
    settings(&mut connection).await?;
    let streams = connection.max_concurrent_send_streams();
    // each of its streams gets the reason
    let driver = Box::pin(async move { drop(connection.await) });
    Ok(Opened { sender, driver, streams })
}

/// Waits for the settings of the target: they come before everything else (RFC 9113 §3.4), so before the answer to a PING.
async fn settings<S>(connection: &mut Connection<S, Bytes>) -> Result<(), Silence>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut pings = connection.ping_pong().ok_or(Silence::Closed)?;
    let mut pong = pin!(pings.ping(h2::Ping::opaque()));
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
            return Poll::Ready(Err(ended.err().map_or(Silence::Closed, |error| answer::silence_of(&error))));
        }
        pong.as_mut().poll(cx).map(|pong| pong.map(drop).map_err(|error| answer::silence_of(&error)))
    })
    .await
}
