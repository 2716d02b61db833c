//! A byte shim before the HTTP library, for holes that a good library cannot have. It is in the way only while such a
//! hole is open.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Faults;

/// Whether a fault needs the shim.
pub(crate) fn any(faults: &Faults) -> bool {
    faults.on("nul-truncation")
}

/// A stream whose incoming header lines end at their first NUL, as if they had been read by `strlen`.
pub(crate) struct Shim<S> {
    stream: S,
    /// Whether bytes are dropped up to the end of the line.
    dropping: bool,
}

impl<S> Shim<S> {
    pub(crate) fn new(stream: S, _: &Faults) -> Self {
        Self { stream, dropping: false }
    }

    fn truncate(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut kept = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match byte {
                0 => self.dropping = true,
                b'\r' | b'\n' => self.dropping = false,
                _ => {}
            }
            if !self.dropping {
                kept.push(*byte);
            }
        }
        kept
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Shim<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        loop {
            let mut room = vec![0; out.remaining().min(8192)];
            let mut read = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            let ended = read.filled().is_empty();
            let kept = self.truncate(read.filled());
            out.put_slice(&kept);
            // bytes came and all were dropped: an empty read would mean the end
            if ended || !kept.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Shim<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
