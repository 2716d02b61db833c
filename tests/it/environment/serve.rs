//! `serve`: only for whoever means this machine, and within its limits.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use crate::binary::{Served, authbench, told};

/// The status of the answer to a request head.
fn status(served: &Served, head: &str) -> String {
    let authority = served.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).expect("connects");
    // the server may answer before it has read all
    let _ = write!(stream, "{head}Connection: close\r\n\r\n");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_page_whose_name_stands_for_this_machine_gets_nothing() {
    let served = Served::start(&[]);
    let port = served.url().rsplit_once(':').expect("has a port").1;
    let key = served.described["identities"][0]["api_key"].as_str().expect("has a key");
    let asked = |target: &str, host: &str| {
        status(&served, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\n"))
    };
    for host in
        [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "LocalHost".to_owned(), format!("[::1]:{port}")]
    {
        assert_eq!(asked("/api-key/orders", &host), "200", "{host}");
    }
    for host in [format!("rebound.test:{port}"), "127.0.0.1.rebound.test".to_owned(), "10.0.0.1".to_owned()] {
        for path in ["/api-key/orders", "/public", "/oauth2/token", "/nowhere"] {
            assert_eq!(asked(path, &host), "421", "{host} {path}");
        }
    }
    assert_eq!(asked("http://rebound.test/public", &format!("127.0.0.1:{port}")), "421");
}

#[test]
fn large_requests_are_refused() {
    let served = Served::start(&[]);
    let host = served.url().trim_start_matches("http://");
    let long = "k".repeat(40 * 1024);
    let head = format!("GET /api-key/orders HTTP/1.1\r\nHost: {host}\r\n");
    assert_eq!(status(&served, &format!("{head}X-API-Key: {long}\r\n")), "431");
    let head = head.replace("GET", "POST");
    assert_eq!(status(&served, &format!("{head}Content-Length: 1000000000\r\n")), "413");
}

#[test]
fn a_certificate_that_is_kept_is_the_same_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("identity.pem");
    let named = path.to_str().expect("is text");
    let certificate = |arguments: &[&str]| {
        let described = Served::start(arguments).described.clone();
        described["certificate"].as_str().expect("speaks TLS").to_owned()
    };
    let first = certificate(&["--tls", "--tls-identity", named]);
    assert_eq!(certificate(&["--tls", "--tls-identity", named]), first);
    assert_ne!(certificate(&["--tls"]), first);
    let mode = std::fs::metadata(&path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "it holds a private key");

    let text = std::fs::read_to_string(&path).expect("is there");
    std::fs::write(&path, &text[..text.find("-----BEGIN PRIVATE KEY").expect("has a key")]).expect("writes");
    let output = authbench(folder.path()).args(["serve", "--port", "0", "--tls", "--tls-identity", named]).output();
    let output = output.expect("runs");
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("expected a certificate and its private key in PEM"), "{}", told(&output));
}
