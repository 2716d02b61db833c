//! Peers that take their time, and end with their client.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

/// Holds a connection for a time; false as soon as the client has left it.
pub(crate) fn dawdle(stream: &TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).expect("a time limit");
    let seen = stream.peek(&mut [0]);
    stream.set_read_timeout(None).expect("no time limit");
    match seen {
        Ok(length) => length > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}
