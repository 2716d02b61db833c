//! What a run is held to: how much of the catalogue it covers, and how often it asks.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::binary::{authbench, told};

const KEY: &str = "key-0123456789abcdef";

/// When requests arrived, as the server saw it.
type Arrivals = Arc<Mutex<Vec<Instant>>>;

/// A service with one key, and the times at which it was asked.
fn service() -> (SocketAddr, Arrivals) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has one");
    let arrivals = Arrivals::default();
    let noted = arrivals.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let noted = noted.clone();
            std::thread::spawn(move || answer(&stream, &noted));
        }
    });
    (address, arrivals)
}

fn answer(mut stream: &TcpStream, arrivals: &Arrivals) {
    let mut key = None;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if key.is_none() && line.contains("HTTP/1.1") {
            arrivals.lock().expect("not poisoned").push(Instant::now());
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("x-api-key")
        {
            key = Some(value.trim().to_owned());
        }
        if line.is_empty() {
            break;
        }
    }
    let status = match key.as_deref() {
        Some(KEY) => "200 OK",
        Some(_) => "403 Forbidden",
        None => "401 Unauthorized\r\nWWW-Authenticate: ApiKey realm=\"orders\"",
    };
    let body = if status.starts_with("200") { "{\"orders\":[1]}" } else { "{\"error\":\"refused\"}" };
    let length = body.len();
    let head = "Content-Type: application/json\r\nCache-Control: no-store\r\nConnection: close";
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}");
}

fn run(address: SocketAddr, conformance: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "authbench: 1\nname: limits\ntarget: {{ url: \"http://{address}\" }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: \"${{KEY}}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {conformance}\n"
    );
    std::fs::write(folder.path().join("limits.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "limits.yaml", "--report", "json=out.json"]).args(arguments).env("KEY", KEY);
    command.output().expect("runs")
}

#[test]
fn too_little_coverage_is_a_finding_that_says_how_much_there_was() {
    let (address, _) = service();
    // one of the three is not tested: the scenario has no key that was revoked
    let checks = "include: [apikey.valid-accepted, apikey.invalid-denied, apikey.revoked-denied]";
    let output = run(address, &format!("{{ {checks}, min_coverage: 67% }}"), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let text = told(&output);
    assert!(text.contains("66 % of the applicable checks were executed (2 of 3); min_coverage is 67 %"), "{text}");
    assert_eq!(text.trim_end().lines().last(), Some("exit 1: there are findings: 1 finding of the run"));
    for enough in ["min_coverage: 66%", "profile: api-key-403"] {
        let output = run(address, &format!("{{ {checks}, {enough} }}"), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    }
}

#[test]
fn a_limited_run_never_asks_more_often_than_it_may() {
    const PER_SECOND: u32 = 40;
    let (address, arrivals) = service();
    let begin = Instant::now();
    let checks = "{ include: [apikey.valid-accepted, apikey.invalid-denied, apikey.near-miss-denied] }";
    let output = run(address, checks, &["--rate-limit", "40/s", "--jobs", "8"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let arrivals = arrivals.lock().expect("not poisoned").clone();
    assert!(arrivals.len() > 12, "{} requests", arrivals.len());
    // however late a request arrives, the last of so many cannot have left before this
    for (before, arrived) in arrivals.iter().enumerate() {
        let before = u32::try_from(before).expect("a small number");
        let earliest = Duration::from_secs(1) * before / PER_SECOND;
        let after = *arrived - begin;
        assert!(after >= earliest, "request {before} arrived after {after:?}, the limit allows {earliest:?}");
    }
}
