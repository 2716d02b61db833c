//! The wire against servers that do not behave.

use crate::slow;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use authbench::drive::wire::{Connection, Destination, Limits, send_in_pieces, send_once, send_to_the_end};
use authbench::observe::{Exchange, Request, Silence};

/// Answers one connection with these bytes and closes it, or holds it open until the client leaves.
async fn against(answer: &[u8], hold: bool) -> Exchange {
    asked_by("GET", answer, hold).await
}

/// The same by a method; what comes behind an answer to HEAD is read.
async fn asked_by(method: &str, answer: &[u8], hold: bool) -> Exchange {
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
    // short where no answer will ever come
    let time = if hold { Duration::from_millis(300) } else { Duration::from_secs(60) };
    let limits = Limits { time, body: 1000, ..Limits::default() };
    let destination =
        Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default()).expect("a destination");
    let request = Request::new(method, "/").header("Host", "h");
    let exchange = match method {
        "HEAD" => send_to_the_end(&destination, &limits, &request).await,
        _ => send_once(&destination, &limits, &request).await,
    };
    server.join().expect("the server ends");
    exchange
}

#[tokio::test]
async fn what_comes_behind_an_answer_to_head_is_read_whatever_its_fields_announce() {
    let long = [&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"[..], &[b'x'; 20_000]].concat();
    for (answer, hold, behind, truncated) in [
        (&b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 154\r\n\r\n"[..], false, 0, false),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 5, false),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, 2, false),
        // a connection that stays open is waited for, and not for ever
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true, 0, false),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true, 2, false),
        (&long, false, 16 << 10, true),
    ] {
        let exchange = asked_by("HEAD", answer, hold).await;
        let response = exchange.response().unwrap_or_else(|| panic!("{hold}: {exchange:?}"));
        assert_eq!((response.body.len(), response.truncated), (behind, truncated), "{:?} {hold}", response.headers);
    }
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

/// What a server does with a long request, and what is seen of it: the status, and whether the connection was reset.
#[tokio::test]
async fn an_answer_to_the_beginning_of_a_long_request_counts_and_a_reset_is_told_from_an_end() {
    type Serve = fn(&mut std::net::TcpStream);
    let answers: Serve = |stream| {
        stream.read_exact(&mut [0; 4096]).expect("reads");
        stream.write_all(b"HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("writes");
        while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
    };
    let ends: Serve = |stream| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).expect("reads");
            request.extend_from_slice(&piece[..read]);
        }
    };
    // a socket that is closed over what nobody has read resets its connection
    let resets: Serve = |stream| while stream.peek(&mut [0; 8192]).is_ok_and(|there| there < 8192) {};
    for (serve, status, was_reset) in [(answers, Some(431), false), (ends, None, false), (resets, None, true)] {
        let (destination, served) = server(move |mut stream| serve(&mut stream));
        let request = Request::new("GET", "/").header("Host", "h").header("X-Long", "a".repeat(65_536));
        let exchange = send_in_pieces(&destination, &Limits::default(), &request).await;
        served.join().expect("the server ends");
        assert_eq!((exchange.status(), exchange.marks.was_reset), (status, was_reset), "{:?}", exchange.answer);
    }
}

#[tokio::test]
async fn a_long_body_is_cut() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{}", "x".repeat(5000));
    let exchange = against(answer.as_bytes(), false).await;
    let response = exchange.response().expect("an answer");
    assert_eq!((response.body.len(), response.truncated), (1000, true));
}

/// Plays one script on one connection: for each step reads once, then writes and waits as told.
fn server(script: impl FnOnce(std::net::TcpStream) + Send + 'static) -> (Destination, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("has an address")).parse().expect("a URL");
    let server = std::thread::spawn(move || script(listener.accept().expect("accepts").0));
    (Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default()).expect("a destination"), server)
}

#[tokio::test]
async fn an_early_refusal_is_read_while_the_request_is_still_being_written() {
    for holds in [false, true] {
        let (done, answered) = std::sync::mpsc::channel::<()>();
        let (destination, server) = server(move |mut stream| {
            let mut some = [0; 100];
            stream.read_exact(&mut some).expect("reads the start");
            let _ = stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
            if holds {
                // neither reads nor closes until the client has its answer
                let _ = answered.recv();
            }
        });
        let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
        let mut connection = Connection::open(&destination, limits).await.expect("connects");
        let request = Request::new("POST", "/").header("Host", "h").with_body("text/plain", vec![b'x'; 32 << 20]);
        let exchange = connection.exchange(&request).await;
        assert_eq!(exchange.status(), Some(413), "{:?}", exchange.answer);
        assert!(!connection.is_reusable(), "the rest of the request was never sent");
        assert_eq!((exchange.marks.sent_us, exchange.marks.first_byte_us.is_some()), (None, true));
        drop((connection, done));
        server.join().expect("the server ends");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_only_when_nothing_is_left_over() {
    for (method, answer, reusable) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", true),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", true),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", false),
        ("GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", false),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false),
    ] {
        let (destination, server) = server(move |mut stream| {
            let mut request = [0; 4096];
            while matches!(stream.read(&mut request), Ok(read) if read > 0) {
                stream.write_all(answer.as_bytes()).expect("writes");
            }
        });
        let mut connection = Connection::open(&destination, Limits::default()).await.expect("connects");
        let exchange = connection.exchange(&Request::new(method, "/").header("Host", "h")).await;
        assert!(exchange.response().is_some(), "{answer:?}: {:?}", exchange.answer);
        assert_eq!(connection.is_reusable(), reusable, "{method} {answer:?}");
        if reusable {
            let again = connection.exchange(&Request::new(method, "/").header("Host", "h")).await;
            assert_eq!(again.response(), exchange.response(), "{answer:?}");
            // only the first request on a connection waited for it
            assert_eq!((exchange.marks.connect_us.is_some(), again.marks.connect_us), (true, None));
            let parts = [again.marks.sent_us, again.marks.first_byte_us, Some(again.took.as_micros() as u64)];
            assert!(parts.iter().all(Option::is_some) && parts.is_sorted(), "{parts:?}");
        }
        drop(connection);
        server.join().expect("the server ends");
    }
}

#[tokio::test]
async fn an_answer_may_come_byte_by_byte_but_not_for_ever() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                  3;a=b\r\nhi \r\n3\r\nyou\r\n0\r\nTrailer: 1\r\n\r\n";
    let (destination, whole) = server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        for byte in answer.bytes() {
            stream.write_all(&[byte]).expect("writes");
        }
    });
    let exchange = send_once(&destination, &Limits::default(), &Request::new("GET", "/")).await;
    assert_eq!(exchange.response().map(|response| &response.body[..]), Some(&b"hi you"[..]), "{:?}", exchange.answer);
    whole.join().expect("the server ends");

    let (destination, endless) = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nA: ");
        while stream.write_all(b"x").is_ok() && slow::dawdle(&stream, Duration::from_millis(5)) {}
    });
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let exchange = send_once(&destination, &limits, &Request::new("GET", "/")).await;
    assert_eq!(exchange.answer, Err(Silence::TimedOut));
    endless.join().expect("the server ends");
}

#[tokio::test]
async fn endless_framing_is_malformed() {
    for (start, again) in [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "Trailer: again and again\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "extension"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ""),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", ""),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let (destination, server) = server(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(start.as_bytes());
            while !again.is_empty() && stream.write_all(again.as_bytes()).is_ok() {}
        });
        let exchange = send_once(&destination, &Limits::default(), &Request::new("GET", "/")).await;
        assert!(matches!(exchange.answer, Err(Silence::Malformed(_))), "{start:?}: {:?}", exchange.answer);
        server.join().expect("the server ends");
    }
}
