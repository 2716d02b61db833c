//! The wire against servers that do not behave.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use authbench::drive::wire::{Destination, Limits, send_once};
use authbench::observe::{Exchange, Request, Silence};

/// Answers one connection with these bytes and closes it, or holds it open until the client leaves.
async fn against(answer: &[u8], hold: bool) -> Exchange {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("has an address")).parse().expect("a URL");
    let answer = answer.to_vec();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("accepts");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(&answer);
        if hold {
            let _ = stream.read(&mut request);
        }
    });
    let limits = Limits { time: Duration::from_millis(300), body: 1000, ..Limits::default() };
    let destination = Destination::of(&url, None).expect("a destination");
    let exchange = send_once(&destination, &limits, &Request::new("GET", "/").header("Host", "h")).await;
    server.join().expect("the server ends");
    exchange
}

#[tokio::test]
async fn lawful_answers_are_read_whole() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n4;x=y\r\n you\r\n0\r\nT: 1\r\n\r\n",
            "hi you",
        ),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi"),
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"),
    ] {
        let exchange = against(answer.as_bytes(), false).await;
        let response = exchange.response().unwrap_or_else(|| panic!("{answer:?}: {exchange:?}"));
        assert_eq!(response.body, body.as_bytes(), "{answer:?}");
    }
}

#[tokio::test]
async fn hostile_answers_end_in_a_named_silence() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(10_000));
    for (answer, hold, expected) in [
        ("".to_owned(), false, "closed"),
        ("".to_owned(), true, "timed out"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi".to_owned(), false, "closed"),
        ("not http\r\n\r\n".to_owned(), false, "malformed"),
        (many, false, "malformed"),
    ] {
        let exchange = against(answer.as_bytes(), hold).await;
        let seen = match &exchange.answer {
            Err(Silence::Closed) => "closed",
            Err(Silence::TimedOut) => "timed out",
            Err(Silence::Malformed(_)) => "malformed",
            other => panic!("{other:?}"),
        };
        assert_eq!(seen, expected, "{:?}", &answer[..answer.len().min(40)]);
    }
}

#[tokio::test]
async fn a_long_body_is_cut() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{}", "x".repeat(5000));
    let exchange = against(answer.as_bytes(), false).await;
    let response = exchange.response().expect("an answer");
    assert_eq!((response.body.len(), response.truncated), (1000, true));
}
