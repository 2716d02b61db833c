//! Answers in HTTP/1.1: what is read does not depend on how the bytes are cut into pieces, and the reader holds no more than
//! its limits allow.

use authbench::drive::wire::{Limits, read_answer};

pub(super) const WORDS: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 ",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "101",
    "204",
    "304",
    "401",
    "503",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "Content-Length: ",
    "Transfer-Encoding: ",
    "chunked",
    "gzip, chunked",
    "Connection: close\r\n",
    "Content-Type: ",
    "Content-Encoding: gzip\r\n",
    "Location: /\r\n",
    "Server-Timing: auth;dur=1\r\n",
    "0\r\n\r\n",
    "18446744073709551615",
    "18446744073709551616",
    "-1",
    "+5",
    "5, 5",
    " ",
    ":",
    ",",
];

/// Small, so that small inputs reach them.
pub(super) fn limits() -> Limits {
    Limits { head: 1024, headers: 16, body: 512, ..Limits::default() }
}

/// Reads in one piece, byte by byte and in pieces of another size, and compares.
pub(super) fn read_in_pieces(bytes: &[u8], piece: usize, may_have_body: bool) {
    let read = |piece| read_answer(bytes, piece, may_have_body, limits());
    let whole = read(usize::MAX);
    for other in [read(1), read(piece)] {
        match (&whole, &other) {
            (Ok(whole), Ok(other)) => {
                assert_eq!(whole.response.status, other.response.status, "the status");
                assert_eq!(whole.response.headers, other.response.headers, "the header lines");
                assert_eq!(whole.response.body, other.response.body, "the body");
                assert_eq!(whole.response.truncated, other.response.truncated, "whether it was cut");
                assert_eq!(whole.auth_ns, other.auth_ns, "the time of the server");
            }
            (Err(_), Err(_)) => {}
            _ => panic!("in one piece {:?}, in others {:?}", whole.is_ok(), other.is_ok()),
        }
    }
    if let Ok(read) = whole {
        assert!(read.response.body.len() <= limits().body, "a body of {}", read.response.body.len());
        assert!(read.held <= 16 * 1024, "{} bytes held", read.held);
    }
}

pub(super) fn run(data: &[u8]) {
    let [flags, bytes @ ..] = data else { return };
    read_in_pieces(bytes, usize::from(flags >> 1) + 1, flags & 1 == 0);
}
