//! Values that would change the framing of a request are refused and reported, and are never sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::binary::{authbench, told};

/// What a server was sent, byte by byte.
type Sent = Arc<Mutex<Vec<u8>>>;

/// A token endpoint that issues this token, and a resource that refuses everybody; both keep what they are sent.
fn server(token: &'static str) -> (SocketAddr, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let (address, sent) = (listener.local_addr().expect("has one"), Sent::default());
    let all = sent.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let all = all.clone();
            std::thread::spawn(move || answer(connection, token, &all));
        }
    });
    (address, sent)
}

fn answer(connection: TcpStream, token: &str, all: &Sent) {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut head, mut length) = (Vec::new(), 0);
        while !head.ends_with(b"\r\n\r\n") {
            let before = head.len();
            if reader.read_until(b'\n', &mut head).is_ok_and(|read| read == 0) {
                return;
            }
            let line = String::from_utf8_lossy(&head[before..]).to_lowercase();
            length = line.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().expect("a number"));
        }
        let mut body = vec![0; length];
        let whole = reader.read_exact(&mut body).is_ok();
        all.lock().expect("is whole").extend_from_slice(&head);
        let (status, text) = match head.starts_with(b"POST /token") {
            true => ("200 OK", serde_json::json!({ "access_token": token, "token_type": "Bearer", "expires_in": 60 })),
            false => ("401 Unauthorized", serde_json::json!({ "error": "invalid_token" })),
        };
        let text = text.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nWWW-Authenticate: Bearer\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        if !whole || reader.get_mut().write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn a_token_that_would_split_a_request_is_not_sent() {
    for token in ["good-token-0123456789\r\nX-Role: admin", "good-token-0123456789\nX-Role: admin", "good-token\0tail"]
    {
        let (address, sent) = server(token);
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = format!(
            "authbench: 1\nname: framing\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
             scheme: {{ oauth2-client-credentials: {{ token_url: /token }} }}\n\
             credentials:\n  a: {{ client_id: a, client_secret: \"${{S:-a-secret-of-the-client}}\" }}\n\
             resources:\n  - request: GET /orders\n\
             load:\n  - {{ name: steady, rate: 50/s, connections: 2, duration: 200ms }}\n"
        );
        std::fs::write(folder.path().join("framing.yaml"), scenario).expect("writes");
        let output = authbench(folder.path()).args(["run", "framing.yaml", "--seed", "1"]).output().expect("runs");
        let said = told(&output);
        assert_ne!(output.status.code(), Some(0), "{said}");
        assert!(said.contains("control character"), "{said}");
        let sent = String::from_utf8_lossy(&sent.lock().expect("is whole")).into_owned();
        assert!(sent.contains("POST /token"), "the token was asked for: {said}");
        assert!(!sent.contains("X-Role") && !sent.contains("good-token"), "{token:?} was sent: {sent}");
    }
}
