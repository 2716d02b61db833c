//! A byte stream to the target: TCP, or TLS over it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::tunnel::Tunnel;
use super::{Destination, Limits};
use crate::observe::Silence;
use crate::target::trust::Distrust;

/// A stream in clear text or under TLS.
pub(in crate::drive) enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects, with TLS if the destination has it.
    ///
    /// # Errors
    /// When the host is not reached in time or the handshake fails.
    pub(in crate::drive) async fn open(destination: &Destination, limits: &Limits) -> Result<Self, Silence> {
        timeout(limits.connect, connect(destination)).await.unwrap_or(Err(Silence::TimedOut))
    }
}

async fn connect(destination: &Destination) -> Result<Stream, Silence> {
    let unreachable = |error: io::Error| Silence::Unreachable(error.to_string());
    let tcp = TcpStream::connect(destination.next_hop()).await;
    let mut tcp = tcp.map_err(|error| match &destination.via {
        Some((proxy, _)) => Silence::Proxy(format!("the proxy {} is not reachable: {error}", proxy.authority())),
        None => unreachable(error),
    })?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    if let Some(tunnel) = Tunnel::to(destination) {
        tunnel.open(&mut tcp).await?;
    }
    let Some((tls, name)) = &destination.tls else { return Ok(Stream::Plain(tcp)) };
    let connector = tokio_rustls::TlsConnector::from(tls.config.clone());
    let tls = connector.connect(name.clone(), tcp).await;
    tls.map(|tls| Stream::Tls(Box::new(tls))).map_err(|error| refused(&error))
}

/// What a target says of the client's certificate, or of its absence, in an alert (RFC 8446 §6.2; RFC 5246 §7.4.6 for
/// `handshake_failure`); none for another failure.
pub(in crate::drive) fn certificate_refused(error: &io::Error) -> Option<Silence> {
    use rustls::{AlertDescription, Error};
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(Error::AlertReceived(alert)) = tls else { return None };
    let name = match alert {
        AlertDescription::HandshakeFailure => "handshake_failure",
        AlertDescription::BadCertificate => "bad_certificate",
        AlertDescription::UnsupportedCertificate => "unsupported_certificate",
        AlertDescription::CertificateRevoked => "certificate_revoked",
        AlertDescription::CertificateExpired => "certificate_expired",
        AlertDescription::CertificateUnknown => "certificate_unknown",
        AlertDescription::UnknownCA => "unknown_ca",
        AlertDescription::AccessDenied => "access_denied",
        AlertDescription::DecodeError => "decode_error",
        AlertDescription::DecryptError => "decrypt_error",
        AlertDescription::CertificateRequired => "certificate_required",
        _ => return None,
    };
    Some(Silence::CertificateRefused(name.to_owned()))
}

/// A target that speaks none of what was offered says so (RFC 7301 §3.2), which is not for want of trust.
fn refused(error: &io::Error) -> Silence {
    use rustls::{AlertDescription, Error};
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol) => {
            Silence::Malformed("it refused each protocol that was offered in the TLS handshake (ALPN)".to_owned())
        }
        Some(Error::AlertReceived(_)) if certificate_refused(error).is_some() => {
            certificate_refused(error).unwrap_or(Silence::Closed)
        }
        // the library describes a certificate for programs, and this is read by people
        _ => Silence::Handshake(Distrust::within(error).map_or_else(|| error.to_string(), |why| why.to_string())),
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
