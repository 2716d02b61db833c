//! What an answer means: the same answer always means the same, and protected content is never part of a refusal.

use authbench::observe::{Answered, Asked, Learned, Outcome, Recognition, Response};

pub(super) const WORDS: &[&str] = &[
    "{\"id\":\"7c1f9a02e6b84d35\"",
    "\"owner\":\"alice.meadows\"",
    "\"total\":48213",
    "\"error\":\"access_denied\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0061",
    "null",
    "true",
    "1e3",
    "<p>",
    "&amp;",
    "\n",
    "\u{feff}",
    "\x1f\u{8b}",
];

const GOOD: &str = r#"{"id":"7c1f9a02e6b84d35","owner":"alice.meadows","total":48213,"note":"ships on Tuesday"}"#;

fn response(status: u16, body: &str) -> Response {
    let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
    Response { status, headers, body: body.into(), truncated: false }
}

fn recognition() -> Recognition {
    let good = vec![response(200, GOOD), response(200, GOOD)];
    let denied = vec![response(401, r#"{"error":"access_denied"}"#); 2];
    Learned { good, anonymous: denied.clone(), elsewhere: denied, ..Learned::default() }.recognition()
}

pub(super) fn run(data: &[u8]) {
    let [flags, body @ ..] = data else { return };
    let recognition = recognition();
    let statuses = [200, 204, 302, 401, 403, 404, 429, 500];
    let types: [Option<&[u8]>; 4] = [None, Some(b"application/json"), Some(b"text/html"), Some(b"text/plain")];
    let codings: [Option<&[u8]>; 4] = [None, Some(b"gzip"), Some(b"deflate"), Some(b"br")];
    let answer = Answered {
        status: statuses[usize::from(flags & 7)],
        content_type: types[usize::from(flags >> 3 & 3)],
        content_encoding: codings[usize::from(flags >> 5 & 3)],
        location: None,
        body,
        truncated: flags & 128 != 0,
    };
    // a body that unfolds takes its time; one look at it is what a run has
    let asked = Asked { anonymous: body.len() % 2 == 0, ..Asked::default() };
    let reading = recognition.read_answer(&answer, &asked);
    // a body that was cut proves no refusal
    assert!(!(answer.truncated && !body.is_empty() && reading.outcome == Outcome::Refused), "{reading:?}");
    if answer.content_encoding.is_none() {
        assert_eq!(reading, recognition.read_answer(&answer, &asked), "a second look");
    }
    let (before, after) = body.split_at(body.len() / 2);
    let beside = [before, GOOD.as_bytes(), after].concat();
    let leaking = Answered { status: 403, content_encoding: None, body: &beside, truncated: false, ..answer };
    let reading = recognition.read_answer(&leaking, &asked);
    assert_ne!(reading.outcome, Outcome::Refused, "{reading:?}: {}", String::from_utf8_lossy(&beside));
}
