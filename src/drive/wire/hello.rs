//! A TLS handshake that the library refuses to begin: one that offers an old version and nothing later. Its first message is
//! written byte by byte, and what the target says to it is read; no handshake is completed and nothing else is sent.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tunnel::Tunnel;
use super::{Destination, Limits};
use crate::observe::Silence;

/// Bytes up to the version that a ServerHello names: record (RFC 5246 §6.2.1), handshake header (§7.4), version (§7.4.1.3).
const UP_TO_VERSION: usize = 5 + 4 + 2;
/// Bytes of a record with an alert, and how many warnings may come before the answer.
const ALERT_RECORD: usize = 5 + 2;
const WARNINGS: usize = 4;
/// Cipher suites of old versions that servers still have (RFC 8422 §6, RFC 5246 appendix A.5, and the renegotiation signal of
/// RFC 5746 §3.3).
const SUITES: &[u8] = &[
    0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x33, 0x00, 0x39, 0x00, 0x2f, 0x00, 0x35, 0x00, 0x0a, 0x00,
    0xff,
];
/// Groups and point formats (RFC 8422 §5.1): X25519, P-256, P-384; uncompressed.
const CURVES: &[u8] =
    &[0x00, 0x0a, 0x00, 0x08, 0x00, 0x06, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x02, 0x01, 0x00];

/// A version of TLS that is not to be used any more (RFC 8996, RFC 7568).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldVersion {
    /// SSL 3.0.
    Ssl3,
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
}

impl OldVersion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ssl3, Self::Tls10, Self::Tls11];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
        }
    }

    fn bytes(self) -> [u8; 2] {
        match self {
            Self::Ssl3 => [3, 0],
            Self::Tls10 => [3, 1],
            Self::Tls11 => [3, 2],
        }
    }
}

/// What a target says to a handshake of an old version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelloAnswer {
    /// It goes on in this version.
    Negotiated,
    /// It refuses with an alert of this number (RFC 8446 §6).
    Alert(u8),
    /// It closes the connection.
    Closed,
    /// Anything else.
    Silent(Silence),
}

/// Offers a version to the target of a destination, on a connection of its own.
pub async fn offer(version: OldVersion, destination: &Destination, limits: &Limits) -> HelloAnswer {
    let offered = async {
        let unreachable = |error: std::io::Error| Silence::Unreachable(error.to_string());
        let mut tcp = TcpStream::connect(destination.next_hop()).await.map_err(unreachable)?;
        if let Some(tunnel) = Tunnel::to(destination) {
            tunnel.open(&mut tcp).await?;
        }
        tcp.write_all(&hello(version, &destination.host)).await.map_err(unreachable)?;
        let mut start = Vec::new();
        // a reset ends the stream like a close
        let _ = tcp.take((WARNINGS * ALERT_RECORD + UP_TO_VERSION) as u64).read_to_end(&mut start).await;
        Ok(read(version, &start))
    };
    match timeout(limits.time.min(limits.connect), offered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(silence)) => HelloAnswer::Silent(silence),
        Err(_) => HelloAnswer::Silent(Silence::TimedOut),
    }
}

fn read(version: OldVersion, start: &[u8]) -> HelloAnswer {
    match *start {
        [] => HelloAnswer::Closed,
        // an alert is a record of two bytes (RFC 5246 §7.2); after a warning, such as one about the name (RFC 6066 §3), the
        // handshake goes on
        [21, 3, _, 0, 2, 1, _, ref rest @ ..] => read(version, rest),
        [21, 3, _, 0, 2, _, description, ..] => HelloAnswer::Alert(description),
        [22, 3, _, _, _, 2, _, _, _, major, minor, ..] if [major, minor] == version.bytes() => HelloAnswer::Negotiated,
        _ => HelloAnswer::Silent(Silence::Malformed("the answer to a TLS handshake is not one of TLS".to_owned())),
    }
}

/// A ClientHello (RFC 5246 §7.4.1.2).
fn hello(version: OldVersion, host: &str) -> Vec<u8> {
    let mut body = version.bytes().to_vec();
    // what is random in it protects nothing here: no handshake is completed
    body.extend_from_slice(b"authbench asks for this version!");
    body.push(0);
    body.extend(length_of(SUITES));
    body.extend_from_slice(SUITES);
    body.extend([1, 0]);
    if version != OldVersion::Ssl3 {
        let mut extensions = CURVES.to_vec();
        // RFC 6066 §3: an address is no host name
        if host.parse::<std::net::IpAddr>().is_err() {
            let name = [&[0][..], &length_of(host.as_bytes()), host.as_bytes()].concat();
            let list = [&length_of(&name)[..], &name].concat();
            extensions.extend([&[0, 0][..], &length_of(&list), &list].concat());
        }
        body.extend(length_of(&extensions));
        body.extend(extensions);
    }
    let [high, low] = length_of(&body);
    let message = [&[1, 0, high, low][..], &body].concat();
    // RFC 5246 appendix E.1: the record itself has a version that every server reads
    let record = if version == OldVersion::Ssl3 { [3, 0] } else { [3, 1] };
    [&[22][..], &record, &length_of(&message), &message].concat()
}

fn length_of(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_read_by_a_library_as_what_it_offers() {
        for (version, host) in
            [(OldVersion::Tls10, "a.test"), (OldVersion::Tls11, "127.0.0.1"), (OldVersion::Ssl3, "a.test")]
        {
            let mut acceptor = rustls::server::Acceptor::default();
            let bytes = hello(version, host);
            acceptor.read_tls(&mut &bytes[..]).expect("is read");
            // RFC 8446 §6.2: the library reads it as a whole and refuses it for its version alone
            let refused = acceptor.accept();
            let said = match refused {
                Ok(Some(accepted)) => {
                    let hello = accepted.client_hello();
                    assert_eq!(hello.server_name(), Some(host).filter(|host| host.ends_with("test")));
                    continue;
                }
                Ok(None) => panic!("{version:?}: it is not whole"),
                Err((error, _)) => error.to_string(),
            };
            assert!(!said.contains("corrupt"), "{version:?}: {said}");
        }
    }

    #[test]
    fn answers_are_told_apart() {
        let read = |start: &[u8]| read(OldVersion::Tls10, start);
        assert_eq!(read(&[22, 3, 1, 0, 57, 2, 0, 0, 53, 3, 1]), HelloAnswer::Negotiated);
        assert!(matches!(read(&[22, 3, 1, 0, 57, 2, 0, 0, 53, 3, 3]), HelloAnswer::Silent(_)));
        assert_eq!(read(&[21, 3, 1, 0, 2, 2, 70]), HelloAnswer::Alert(70));
        // a warning about the name refuses nothing: what comes after it does, or not
        let warned = |rest: &[u8]| read(&[&[21, 3, 1, 0, 2, 1, 112], rest].concat());
        assert_eq!(warned(&[22, 3, 1, 0, 57, 2, 0, 0, 53, 3, 1, 9]), HelloAnswer::Negotiated);
        assert_eq!(warned(&[21, 3, 1, 0, 2, 2, 70]), HelloAnswer::Alert(70));
        assert_eq!(warned(&[]), HelloAnswer::Closed);
        assert_eq!(read(&[]), HelloAnswer::Closed);
        assert!(matches!(read(b"HTTP/1.1 40"), HelloAnswer::Silent(_)));
    }
}
