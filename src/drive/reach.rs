//! Whether a target is there as its address says: a connection, and TLS where the address asks for it. No credential is
//! sent.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::Url;

use super::wire::tunnel::Tunnel;
use super::wire::{Destination, Limits, http2, send_once};
use crate::observe::{Request, Silence};
use crate::target::Running;
use crate::target::address::authority;
use crate::target::key_exchange::KeyExchange;
use crate::target::obstacle::Obstacle;
use crate::target::proxy::{Passage, Proxy};
use crate::target::trust::Distrust;

/// Connects to a target once.
///
/// # Errors
/// What is in the way.
pub async fn reach(url: &Url, destination: &Destination, named: bool, limit: Duration) -> Result<(), Obstacle> {
    let mut tcp = connected(url, destination, limit).await?;
    if let Some((proxy, passage)) = &destination.via {
        passes(url, (destination, proxy, passage), &mut tcp, limit).await?;
    }
    let Some((tls, name)) = &destination.tls else { return Ok(()) };
    let connector = tokio_rustls::TlsConnector::from(tls.config.clone());
    let why = match timeout(limit, connector.connect(name.clone(), tcp)).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => match Distrust::within(&error) {
            Some(distrust) => return Err(Obstacle::Distrusted { distrust, authorities_named: named }),
            None if wants_http2(&error) => return Err(Obstacle::OnlyHttp2(authority(url))),
            None if is_of_tls(&error) => {
                return Err(Obstacle::Handshake { authority: authority(url), why: said(&error) });
            }
            None => said(&error),
        },
        Err(_) => format!("no answer within {}", shown(limit)),
    };
    match answers_in_clear_text(url, destination, limit).await {
        true => Err(Obstacle::SpeaksNoTls(authority(url))),
        false => Err(Obstacle::Handshake { authority: authority(url), why }),
    }
}

/// Whether a proxy lets a request to the target pass.
async fn passes(
    url: &Url,
    (destination, proxy, passage): (&Destination, &Proxy, &Passage),
    tcp: &mut TcpStream,
    limit: Duration,
) -> Result<(), Obstacle> {
    let refused = |why: String| Obstacle::ProxyRefused { proxy: proxy.authority(), why };
    let answer = match (passage, Tunnel::to(destination)) {
        (Passage::Tunnel(_), Some(tunnel)) => {
            let opened = timeout(limit, tunnel.open(tcp)).await;
            opened.map_err(|_| refused(format!("it gave no answer within {}", shown(limit))))?
        }
        _ => {
            let request = Request::new("HEAD", "/").header("Host", authority(url)).header("Connection", "close");
            send_once(destination, &Limits::default().within(limit), &request).await.answer.map(drop)
        }
    };
    match answer {
        Err(Silence::Proxy(why)) => Err(refused(why)),
        // what else is in the way, the requests to the resources show
        _ => Ok(()),
    }
}

async fn connected(url: &Url, destination: &Destination, limit: Duration) -> Result<TcpStream, Obstacle> {
    let (host, port) = destination.next_hop();
    let named = || destination.via.as_ref().map_or_else(|| authority(url), |(proxy, _)| proxy.named());
    let none = |_| Obstacle::NoConnection { authority: named(), limit: shown(limit) };
    let found = timeout(limit, lookup_host((host, port))).await.map_err(none)?;
    let addresses: Vec<_> = found.map_err(|_| Obstacle::UnknownHost(named()))?.collect();
    let connected = timeout(limit, TcpStream::connect(addresses.as_slice())).await.map_err(none)?;
    connected.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => Obstacle::ConnectionRefused(named()),
        _ => Obstacle::Unreachable { authority: named(), why: error.to_string() },
    })
}

/// Whether a port that was asked in clear text expects TLS: it takes part in a handshake, to whatever end.
pub async fn expects_tls(running: &Running, limit: Duration) -> bool {
    let Ok(destination) = Destination::of(&running.base, None, &running.hosts) else { return false };
    if destination.via.is_some() {
        return false;
    }
    let Ok(name) = ServerName::try_from(destination.host.clone()) else { return false };
    let Ok(tcp) = connected(&running.base, &destination, limit).await else { return false };
    let connector = tokio_rustls::TlsConnector::from(running.trust.for_issuers().config);
    match timeout(limit, connector.connect(name, tcp)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => Distrust::within(&error).is_some() || is_of_tls(&error),
        Err(_) => false,
    }
}

/// The key exchange that a handshake with the target agrees on; none where there is no handshake, or an unusual one.
pub async fn key_exchange(running: &Running, limit: Duration) -> Option<KeyExchange> {
    let destination = running.destination().ok()?;
    let (tls, name) = destination.tls.as_ref()?;
    let mut tcp = connected(&running.base, &destination, limit).await.ok()?;
    if let Some(tunnel) = Tunnel::to(&destination) {
        timeout(limit, tunnel.open(&mut tcp)).await.ok()?.ok()?;
    }
    let connector = tokio_rustls::TlsConnector::from(tls.config.clone());
    let stream = timeout(limit, connector.connect(name.clone(), tcp)).await.ok()?.ok()?;
    let group = stream.get_ref().1.negotiated_key_exchange_group()?;
    KeyExchange::of_group(group.name())
}

/// Whether the peer spoke TLS and did not agree: an alert, or an offer that this side cannot take.
fn is_of_tls(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    !matches!(tls, None | Some(rustls::Error::InvalidMessage(_)))
}

/// Whether the peer takes none of the protocols that it was offered (RFC 7301 §3.2): HTTP/1.1.
fn wants_http2(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol)))
}

/// Whether a target that gives HTTP/1.1 no answer answers HTTP/2.
pub async fn answers_http2(running: &Running, limit: Duration) -> bool {
    let Ok(destination) = running.destination() else { return false };
    http2::open(&destination.over_http2(), &Limits::default().within(limit)).await.is_ok()
}

async fn answers_in_clear_text(url: &Url, destination: &Destination, limit: Duration) -> bool {
    if destination.via.is_some() {
        return false;
    }
    let clear = Destination { tls: None, ..destination.clone() };
    let request = Request::new("HEAD", "/").header("Host", authority(url)).header("Connection", "close");
    send_once(&clear, &Limits::default().within(limit), &request).await.response().is_some()
}

fn said(error: &io::Error) -> String {
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => "the connection was closed".to_owned(),
        _ => cause.to_string(),
    }
}

fn shown(limit: Duration) -> String {
    humantime::format_duration(limit).to_string()
}
