//! One connection: bytes out, one answer in.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{BodyLength, Destination, Head, Limits};
use crate::clock;
use crate::observe::{Exchange, Request, Response, Silence};

/// A stream in clear text or under TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An open connection.
pub struct Connection {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    limits: Limits,
    reusable: bool,
}

/// Sends a request on a connection of its own and reads the answer.
pub async fn send_once(destination: &Destination, limits: &Limits, request: &Request) -> Exchange {
    match Connection::open(destination, *limits).await {
        Ok(mut connection) => connection.exchange(request).await,
        Err(silence) => Exchange { request: request.clone(), answer: Err(silence), took: std::time::Duration::ZERO },
    }
}

impl Connection {
    /// Connects, with TLS if the destination has it.
    ///
    /// # Errors
    /// When the host is not reached in time or the handshake fails.
    pub async fn open(destination: &Destination, limits: Limits) -> Result<Self, Silence> {
        let connect = async {
            let address = (destination.host.as_str(), destination.port);
            let tcp = TcpStream::connect(address).await.map_err(|error| Silence::Unreachable(error.to_string()))?;
            tcp.set_nodelay(true).map_err(|error| Silence::Unreachable(error.to_string()))?;
            let Some((config, name)) = &destination.tls else { return Ok(Box::new(tcp) as Box<dyn Stream>) };
            let connector = tokio_rustls::TlsConnector::from(config.clone());
            let tls = connector.connect(name.clone(), tcp).await;
            tls.map(|tls| Box::new(tls) as Box<dyn Stream>).map_err(|error| Silence::Handshake(error.to_string()))
        };
        let stream = timeout(limits.connect, connect).await.unwrap_or(Err(Silence::TimedOut))?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), limits, reusable: true })
    }

    /// Whether another request may be sent.
    pub fn is_reusable(&self) -> bool {
        self.reusable
    }

    /// Sends a request as it is and reads one answer.
    pub async fn exchange(&mut self, request: &Request) -> Exchange {
        let bytes = request.to_bytes();
        let began = clock::now();
        let answer = self.exchange_bytes(&bytes, &request.method).await;
        Exchange { request: request.clone(), answer, took: clock::now() - began }
    }

    /// Sends bytes and reads one answer; the method decides whether there is a body.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub async fn exchange_bytes(&mut self, bytes: &[u8], method: &str) -> Result<Response, Silence> {
        self.reusable = false;
        match timeout(self.limits.time, self.write_and_read(bytes, method)).await {
            Ok(answer) => answer,
            Err(_) => Err(Silence::TimedOut),
        }
    }

    async fn write_and_read(&mut self, bytes: &[u8], method: &str) -> Result<Response, Silence> {
        // a server may refuse and close before it has read everything: its answer still counts
        let written = self.stream.write_all(bytes).await.is_ok() && self.stream.flush().await.is_ok();
        let head = loop {
            if let Some(head) = Head::parse(&self.buffer, method, &self.limits)? {
                self.buffer.drain(..head.length);
                // RFC 9110 §15.2: interim answers come before the final one
                if (100..200).contains(&head.status) && head.status != 101 {
                    continue;
                }
                break head;
            }
            if self.fill().await? == 0 {
                return Err(Silence::Closed);
            }
        };
        let (body, truncated) = self.body(head.body).await?;
        self.reusable = written && head.keeps_alive && !truncated;
        Ok(Response { status: head.status, headers: head.headers, body, truncated })
    }

    async fn body(&mut self, length: BodyLength) -> Result<(Vec<u8>, bool), Silence> {
        match length {
            BodyLength::None => Ok((Vec::new(), false)),
            BodyLength::Fixed(length) => {
                let wanted = usize::try_from(length).unwrap_or(usize::MAX);
                let kept = wanted.min(self.limits.body);
                while self.buffer.len() < kept {
                    if self.fill().await? == 0 {
                        return Err(Silence::Closed);
                    }
                }
                Ok((self.buffer.drain(..kept).collect(), kept < wanted))
            }
            BodyLength::UntilClose => {
                while self.buffer.len() < self.limits.body {
                    if self.fill().await? == 0 {
                        return Ok((std::mem::take(&mut self.buffer), false));
                    }
                }
                self.buffer.truncate(self.limits.body);
                Ok((std::mem::take(&mut self.buffer), true))
            }
            BodyLength::Chunked => self.chunks().await,
        }
    }

    /// RFC 9112 §7.1; trailer fields are read and dropped.
    async fn chunks(&mut self) -> Result<(Vec<u8>, bool), Silence> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let size = std::str::from_utf8(size).unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| Silence::Malformed("a chunk without a size".to_owned()))?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok((body, false));
            }
            let kept = size.min(self.limits.body - body.len());
            while self.buffer.len() < kept {
                if self.fill().await? == 0 {
                    return Err(Silence::Closed);
                }
            }
            body.extend(self.buffer.drain(..kept));
            if kept < size {
                return Ok((body, true));
            }
            if !self.line().await?.is_empty() {
                return Err(Silence::Malformed("a chunk longer than its size".to_owned()));
            }
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, Silence> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.buffer.drain(..end).collect();
                self.buffer.drain(..2);
                return Ok(line);
            }
            if self.buffer.len() > self.limits.head {
                return Err(Silence::Malformed("an endless line".to_owned()));
            }
            if self.fill().await? == 0 {
                return Err(Silence::Closed);
            }
        }
    }

    async fn fill(&mut self) -> Result<usize, Silence> {
        // a reset after an early answer ends the stream like a close
        Ok(self.stream.read_buf(&mut self.buffer).await.unwrap_or(0))
    }
}
