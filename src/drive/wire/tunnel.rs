//! The request that asks a proxy for a tunnel (RFC 9110 §9.3.6), and its answer.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Destination;
use crate::observe::Silence;
use crate::target::proxy::{Passage, Proxy};

/// Bytes of the head of a proxy's answer.
const MOST: usize = 16 * 1024;

/// A tunnel that is asked for.
pub(in crate::drive) struct Tunnel<'a> {
    proxy: &'a Proxy,
    target: &'a str,
    head: Vec<u8>,
}

impl<'a> Tunnel<'a> {
    /// The tunnel that a destination needs, if it needs one.
    pub(in crate::drive) fn to(destination: &'a Destination) -> Option<Self> {
        match destination.via.as_ref()? {
            (proxy, Passage::Tunnel(target)) => Some(Self { proxy, target, head: Vec::new() }),
            (_, Passage::AbsoluteForm(_)) => None,
        }
    }

    /// The request.
    pub(in crate::drive) fn request(&self) -> Vec<u8> {
        let target = self.target;
        let authorization = self.proxy.authorization();
        let line = authorization.map(|value| format!("Proxy-Authorization: {}\r\n", value.expose()));
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{}\r\n", line.unwrap_or_default()).into_bytes()
    }

    /// Takes the next byte of the answer; whether its head is whole. What follows it belongs to the target.
    ///
    /// # Errors
    /// When the proxy refuses, or answers something else.
    pub(in crate::drive) fn take(&mut self, byte: u8) -> Result<bool, Silence> {
        self.head.push(byte);
        if !self.head.ends_with(b"\r\n\r\n") {
            return if self.head.len() < MOST { Ok(false) } else { Err(self.failed("its answer has no end")) };
        }
        let line = self.head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).into_owned();
        let mut words = line.split(' ');
        let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
        match words.next().and_then(|status| status.parse::<u16>().ok()).filter(|_| is_http) {
            Some(200..300) => Ok(true),
            Some(status) => Err(Silence::Proxy(refusal(self.proxy, status))),
            None => Err(self.failed("its answer is not one of HTTP")),
        }
    }

    /// What is said where the proxy gave no answer.
    pub(in crate::drive) fn failed(&self, why: impl std::fmt::Display) -> Silence {
        Silence::Proxy(format!("{} opened no tunnel: {why}", self.proxy.named()))
    }

    /// Asks for it and reads the answer.
    ///
    /// # Errors
    /// When the proxy opens none.
    pub(in crate::drive) async fn open(mut self, tcp: &mut TcpStream) -> Result<(), Silence> {
        tcp.write_all(&self.request()).await.map_err(|error| self.failed(error))?;
        loop {
            let byte = tcp.read_u8().await.map_err(|_| self.failed("the connection was closed"))?;
            if self.take(byte)? {
                return Ok(());
            }
        }
    }
}

/// What a refusal of a proxy is called.
pub(in crate::drive) fn refusal(proxy: &Proxy, status: u16) -> String {
    let proxy = proxy.named();
    match status {
        407 => format!("{proxy} refused the request with 407: it wants a user name and a password"),
        502..=504 => format!("{proxy} refused the request with {status}: it does not reach the target"),
        _ => format!("{proxy} refused the request with {status}"),
    }
}
