//! A connection whose answer is waited for by asking again and again: no wake-up stands between the answer and its mark.
//!
//! A thread that sleeps until its socket is readable measures its own waking too, tens of microseconds that grow the
//! longer it sleeps, and so with what is measured. This one never sleeps while it waits.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Instant;

use rustls::{ClientConnection, StreamOwned};

use crate::clock;
use crate::drive::wire::reader::AnswerReader;
use crate::drive::wire::tunnel::Tunnel;
use crate::drive::wire::{Destination, Limits};
use crate::observe::{Response, Silence};

/// Between two looks at the clock while waiting.
const SPINS: u32 = 1024;

/// An open connection in non-blocking mode.
pub struct Socket {
    stream: Stream,
    reader: AnswerReader,
    limits: Limits,
    destination: Destination,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Socket {
    /// Connects, with TLS if the destination has it; blocks.
    ///
    /// # Errors
    /// When the host is not reached in time or the handshake fails.
    pub fn open(destination: &Destination, limits: Limits) -> Result<Self, Silence> {
        let unreachable = |error: io::Error| Silence::Unreachable(error.to_string());
        let addresses = destination.next_hop().to_socket_addrs().map_err(unreachable)?;
        let mut connected = Err(Silence::Unreachable("the host has no address".to_owned()));
        for address in addresses {
            connected = TcpStream::connect_timeout(&address, limits.connect).map_err(unreachable);
            if connected.is_ok() {
                break;
            }
        }
        let tcp = connected?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        if let Some(mut tunnel) = Tunnel::to(destination) {
            tcp.set_read_timeout(Some(limits.connect)).map_err(unreachable)?;
            let mut through = &tcp;
            through.write_all(&tunnel.request()).map_err(|error| tunnel.failed(error))?;
            let mut byte = [0];
            loop {
                through.read_exact(&mut byte).map_err(|error| tunnel.failed(error))?;
                if tunnel.take(byte[0])? {
                    break;
                }
            }
        }
        let stream = match &destination.tls {
            None => Stream::Plain(tcp),
            Some((tls, name)) => {
                let failed = |error: &dyn std::fmt::Display| Silence::Handshake(error.to_string());
                let session =
                    ClientConnection::new(Arc::clone(&tls.config), name.clone()).map_err(|error| failed(&error))?;
                tcp.set_read_timeout(Some(limits.connect)).map_err(unreachable)?;
                let mut tls = StreamOwned::new(session, tcp);
                while tls.conn.is_handshaking() {
                    tls.conn.complete_io(&mut tls.sock).map_err(|error| failed(&error))?;
                }
                Stream::Tls(Box::new(tls))
            }
        };
        stream.tcp().set_nonblocking(true).map_err(unreachable)?;
        Ok(Self { stream, reader: AnswerReader::new(limits), limits, destination: destination.clone() })
    }

    /// Where it goes.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Sends the bytes of a request and waits for the whole answer; when its last byte was read.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Instant, Silence> {
        self.send(request)?;
        self.wait()
    }

    /// Sends the bytes of a request; its answer is next.
    ///
    /// # Errors
    /// When they cannot be sent.
    pub fn send(&mut self, request: &[u8]) -> Result<(), Silence> {
        self.reader.clear();
        let mut rest = request;
        let began = clock::now();
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && began.elapsed() < self.limits.time => {}
                Err(_) => return Err(Silence::Closed),
            }
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<Instant, Silence> {
        let began = clock::now();
        loop {
            for _ in 0..SPINS {
                if self.poll()? {
                    return Ok(clock::now());
                }
                std::hint::spin_loop();
            }
            if began.elapsed() > self.limits.time {
                return Err(Silence::TimedOut);
            }
        }
    }

    /// Reads what is there; whether the answer is whole.
    ///
    /// # Errors
    /// Why there will be no whole answer.
    pub fn poll(&mut self) -> Result<bool, Silence> {
        match self.stream.read(self.reader.space()) {
            Ok(read) => self.reader.advance(read, true),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(false),
            // a reset after an early answer ends the stream like a close
            Err(_) => self.reader.advance(0, true),
        }
    }

    /// The whole answer, to look at outside of what is timed.
    pub fn response(&self) -> Option<Response> {
        self.reader.response()
    }

    /// Whether another request may be sent.
    pub fn is_reusable(&self) -> bool {
        self.reader.answer().is_some_and(|answer| answer.keeps_alive)
    }
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &tls.sock,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => tcp.write(bytes),
            // what the session cannot send at once leaves with the next read
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(tcp) => tcp.read(space),
            Stream::Tls(tls) => tls.read(space),
        }
    }
}
