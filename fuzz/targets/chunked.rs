//! Chunked bodies (RFC 9112 §7.1): any bytes where chunks belong, and any body in chunks of any size, which is read back.

use authbench::drive::wire::read_answer;

use super::http1::{limits, read_in_pieces};

pub(super) const WORDS: &[&str] = &[
    "0\r\n\r\n",
    "1\r\n",
    "a\r\n",
    "FF\r\n",
    "5;ext=1\r\n",
    "5;ext=\"a;b\"\r\n",
    "00005\r\n",
    "ffffffffffffffff\r\n",
    "10000000000000000\r\n",
    "-1\r\n",
    "0x5\r\n",
    "\r\n",
    "\n",
    "\r",
    " ",
    ";",
    "X: trailer\r\n",
    "hello\r\n",
];

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

pub(super) fn run(data: &[u8]) {
    let [size, bytes @ ..] = data else { return };
    let piece = usize::from(*size) + 1;
    read_in_pieces(&[HEAD, bytes].concat(), piece, true);

    let mut encoded = HEAD.to_vec();
    for chunk in bytes.chunks(piece) {
        encoded.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        encoded.extend_from_slice(chunk);
        encoded.extend_from_slice(b"\r\n");
    }
    encoded.extend_from_slice(b"0\r\nA: b\r\n\r\n");
    let read = read_answer(&encoded, piece, true, limits()).expect("correct chunks are read");
    let kept = bytes.len().min(limits().body);
    assert_eq!(read.response.body, bytes[..kept], "what was sent in chunks");
    assert_eq!(read.response.truncated, kept < bytes.len(), "whether it was cut");
}
