//! What is recorded of an exchange: an answer may repeat a credential anywhere (a header line, `Set-Cookie`, its body); the record
//! has none. The project reads no cookies; a `Set-Cookie` is a header line like any other.

use std::time::Duration;

use authbench::drive::wire::{Limits, read_answer};
use authbench::observe::{Exchange, Marks, Request};
use authbench::secret::Scrubber;

pub(super) const WORDS: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 401 Unauthorized\r\n",
    "Set-Cookie: sid=",
    "; Path=/; HttpOnly\r\n",
    "Content-Type: application/json\r\n",
    "\r\n\r\n",
    "\u{1}",
    "\u{2}",
    "{\"access_token\":\"",
    "{\"token\":\"\u{2}\",\"a\":\"\u{2}\"}",
    "\"}",
    "&",
    "=",
    "%",
    "Bearer ",
];

/// A credential, with characters that encodings change.
const SECRET: &str = "s3cr3t/with+odd:chars";

/// The input with the credential for 1, and the credential as JSON escapes for 2.
fn filled(data: &[u8]) -> Vec<u8> {
    let escaped: String = SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let mut filled = Vec::with_capacity(data.len() * 2);
    for byte in data {
        match byte {
            1 => filled.extend_from_slice(SECRET.as_bytes()),
            2 => filled.extend_from_slice(escaped.as_bytes()),
            byte => filled.push(*byte),
        }
    }
    filled
}

pub(super) fn run(data: &[u8]) {
    let answer = read_answer(&filled(data), usize::MAX, true, Limits::default()).map(|read| read.response);
    let mut request = Request::new("GET", "/a")
        .header("Host", "a.test")
        .credential_header("Cookie", format!("sid={SECRET}"))
        .credential_header("Authorization", format!("Bearer {SECRET}"));
    request.push_query("api_key", SECRET);
    let mut scrubber = Scrubber::default();
    scrubber.add(SECRET.as_bytes());
    let exchange = Exchange { request, answer, took: Duration::ZERO, marks: Marks::default() };
    let recorded = serde_json::to_string(&exchange.record(&scrubber)).expect("is JSON");
    assert!(!recorded.contains(SECRET), "a credential in the record: {recorded}");
    let shown = format!("{exchange:?}");
    assert!(!shown.contains(SECRET), "a credential in a debug print: {shown}");
}
