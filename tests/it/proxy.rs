//! No proxy of the environment is used, and a target that speaks HTTP/2 alone is named as one.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::binary::{Served, authbench, told};
use crate::busy::assert_right_answers;

#[test]
fn proxies_of_the_environment_are_ignored_and_named() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = format!("http://{}", proxy.local_addr().expect("has an address"));
    let asked = Arc::<AtomicUsize>::default();
    let count = asked.clone();
    std::thread::spawn(move || {
        for mut stream in proxy.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let served = Served::start(&[]);
    let secret = served.described["identities"][0]["client_secret"].as_str().expect("is a text");
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = format!(
        "authbench: 1\nname: direct\ntarget: {{ url: \"{}\", owned: true }}\nscheme:\n  oauth2-client-credentials: \
         {{ token_url: /oauth2/token }}\ncredentials:\n  a: {{ client_id: service, client_secret: \"${{S:-{secret}}}\", \
         scopes: [\"read:orders\", \"write:orders\"] }}\nresources:\n  - request: GET /oauth2/orders\n    \
         scopes: [\"read:orders\"]\nconformance: {{ include: [bearer.valid-accepted, token.client-credentials-success] }}\n\
         load: [{{ name: steady, rate: 50/s, duration: 300ms, timeout: 60s, max_lateness: 60s }}]\n",
        served.url()
    );
    std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
    let run = |variables: &[&str]| {
        let mut command = authbench(folder.path());
        command
            .args(["run", "a.yaml", "--report", "json=out.json"])
            .envs(variables.iter().map(|name| (name, &address)));
        command.output().expect("runs")
    };
    let output = run(&["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"]);
    let report = std::fs::read(folder.path().join("out.json")).expect("is there");
    assert_right_answers(&output, &serde_json::from_slice(&report).expect("is JSON"));
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing went to the proxy");
    let said = "HTTP_PROXY, http_proxy, HTTPS_PROXY, ALL_PROXY, all_proxy are set and ignored: --proxy or `target.proxy` names the proxy to use";
    assert!(told(&output).contains(said), "{}", told(&output));
    let output = run(&["http_proxy"]);
    assert!(told(&output).contains("http_proxy is set and ignored"), "{}", told(&output));
    assert!(!told(&run(&[])).contains("set and ignored"));
}

/// A server that reads the preface of HTTP/2 (RFC 9113 §3.4) and closes where something else comes.
fn speaks_only_http2() -> std::net::SocketAddr {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                // SETTINGS come first, whatever the client says
                let _ = stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
                let mut start = [0; PREFACE.len()];
                if stream.read_exact(&mut start).is_err() || start != PREFACE {
                    return;
                }
                // RFC 9113 §6.7: a PING is answered with its own bytes
                let mut head = [0; 9];
                while stream.read_exact(&mut head).is_ok() {
                    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
                    let _ = stream.read_exact(&mut payload);
                    if (head[3], head[4]) == (6, 0) {
                        let _ = stream.write_all(&[&[0, 0, 8, 6, 1, 0, 0, 0, 0][..], &payload].concat());
                    }
                }
            });
        }
    });
    address
}

#[test]
fn a_target_that_speaks_http_2_alone_is_named_as_one() {
    let address = speaks_only_http2();
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = format!(
        "authbench: 1\nname: two\ntarget: {{ url: \"http://{address}\" }}\nscheme: api-key\ncredentials:\n  \
         a: {{ key: \"${{K:-0123456789abcdef}}\" }}\nresources:\n  - request: GET /orders\n"
    );
    std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
    let output = authbench(folder.path()).args(["run", "a.yaml", "--timeout", "60s"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    for part in [
        "a.yaml:3:",
        "speaks HTTP/2 and not HTTP/1.1, which checks and overhead studies speak",
        "write an address that also speaks HTTP/1.1 in `target.url`; `http: 2` is for load phases",
    ] {
        assert!(told(&output).contains(part), "{part}: {}", told(&output));
    }
}
