//! Faults around TLS: what a server answers to old versions, and what it says about clear text.

use axum::http::{HeaderValue, Response, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::reference::state::ReferenceState;

/// Bytes up to the version that a ClientHello offers.
const UP_TO_VERSION: usize = 11;
/// Bytes of a ClientHello that are read.
const HELLO: usize = 4096;

/// Takes part in a handshake of an old version, through a fault; whether it did.
pub(super) async fn speaks_old_version(state: &ReferenceState, stream: &mut TcpStream) -> bool {
    let mut start = [0; UP_TO_VERSION];
    if !state.fault("tls10-enabled") || !matches!(stream.peek(&mut start).await, Ok(UP_TO_VERSION)) {
        return false;
    }
    let [22, 3, _, _, _, 1, _, _, _, 3, minor @ 1..=2] = start else { return false };
    let _ = stream.read(&mut [0; HELLO]).await;
    // a ServerHello (RFC 5246 §7.4.1.3) without a session, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    let body = [&[3, minor][..], &[0x5a; 32], &[0, 0xc0, 0x13, 0]].concat();
    let record = [&[22, 3, minor, 0, 42, 2, 0, 0, 38][..], &body].concat();
    let _ = stream.write_all(&record).await;
    let _ = stream.shutdown().await;
    true
}

/// Whether a connection speaks clear text where TLS is spoken, through a fault.
pub(super) async fn speaks_clear_text(state: &ReferenceState, stream: &TcpStream) -> bool {
    let mut first = [0];
    // RFC 8446 §5.1: a handshake begins with this content type
    state.fault("http-alias") && matches!(stream.peek(&mut first).await, Ok(1)) && first != [22]
}

/// RFC 6797 §7.1: every answer over TLS says that there are no others; through a fault, errors do not.
pub(super) fn strict_transport<B>(state: &ReferenceState, response: &mut Response<B>) {
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    if !(is_error && state.fault("no-hsts")) {
        let value = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}
