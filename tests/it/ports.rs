//! Ports that stay free: many tests bind ports side by side, and a port that was merely free a moment ago may be one of theirs.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::IntoRawFd as _;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt};

/// An address where nobody listens, which is given to nobody else while these tests run. Who binds it by its number may listen
/// there, as the libraries of Rust and Python do: they set `SO_REUSEADDR` too.
pub(crate) fn reserved() -> SocketAddr {
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    sockopt::set_socket_reuseaddr(&socket, true).expect("is set");
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("binds");
    let address = getsockname(&socket).expect("has an address");
    // open until the process ends
    let _ = socket.into_raw_fd();
    address.try_into().expect("is one of IPv4")
}

#[test]
fn nobody_listens_at_a_reserved_port_and_who_names_it_may() {
    let address = reserved();
    let refused = std::net::TcpStream::connect(address).expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    for _ in 0..2 {
        let listener = std::net::TcpListener::bind(address).expect("may be listened on");
        std::net::TcpStream::connect(address).expect("is listened on");
        drop(listener);
    }
    assert_ne!(reserved(), address);
}
