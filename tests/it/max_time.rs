//! Bounds of time: of a run (`--max-time`) and of each check (`--max-check-time`), against targets that never come to an end.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binary::{authbench, told};
use crate::broken::http::{Answer, Reply, Request, Server};

const KEY: &str = "0123456789abcdef0123456789abcdef";
/// What ends a run that its bound did not end; no assertion about how long one takes.
const WATCHDOG: Duration = Duration::from_secs(600);

/// How a target stops answering.
#[derive(Clone, Copy)]
enum Manner {
    /// A head, and a byte now and then.
    Drips,
    /// Nothing.
    Silent,
}

fn correct(request: &Request) -> Answer {
    match request.header("x-api-key") {
        Some(KEY) => Answer::json(200, &json!({ "orders": ["0123456789abcdef", "fedcba9876543210"] })),
        Some(_) => Answer::json(403, &json!({ "error": "forbidden" })),
        None => Answer::json(401, &json!({ "error": "unauthorized" })).header("WWW-Authenticate", "ApiKey"),
    }
}

/// A target that answers so many requests and then none.
fn target(manner: Manner, answered: usize) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |request: &Request, _: &mut _| {
        if asked.fetch_add(1, Ordering::Relaxed) < answered {
            return Reply::from(correct(request));
        }
        Reply::Raw(Box::new(move |mut stream| {
            if matches!(manner, Manner::Drips) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            }
            // until the client lets go
            let drop: &[u8] = if matches!(manner, Manner::Drips) { b"." } else { b"" };
            let mut rest = [0; 16];
            let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
            loop {
                let read = std::io::Read::read(&mut stream, &mut rest);
                if matches!(read, Ok(0)) || stream.write_all(drop).is_err() {
                    return false;
                }
            }
        }))
    })
}

fn run(folder: &Path, server: &Server, more: &str, arguments: &[&str]) -> Output {
    let scenario = format!(
        "authbench: 1\nname: slow\ntarget: {{ url: \"http://{}\", owned: true }}\nscheme: api-key\ncredentials:\n  \
         a: {{ key: \"${{K:-{KEY}}}\" }}\nresources:\n  - request: GET /orders\n{more}",
        server.address
    );
    std::fs::write(folder.join("slow.yaml"), scenario).expect("writes");
    let mut command = authbench(folder);
    command.args(["run", "slow.yaml", "--seed", "1", "--timeout", "100s", "--jobs", "2"]);
    ended(command.args(["--report", "json=out.json,junit=out.xml"]).args(arguments))
}

/// How a command ended by itself.
fn ended(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let began = Instant::now();
    while child.try_wait().expect("can be asked").is_none() {
        if began.elapsed() > WATCHDOG {
            let _ = child.kill();
            panic!("it did not end: {}", told(&child.wait_with_output().expect("ends")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("ended")
}

/// The checks of the report: id, verdict and summary.
fn checks(folder: &Path) -> Vec<(String, String, String)> {
    let report = std::fs::read(folder.join("out.json")).expect("the report was written");
    let report: Value = serde_json::from_slice(&report).expect("is JSON");
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or_default().to_owned();
    let checks = report["scenarios"].as_array().expect("a list").iter().filter_map(|one| one["checks"].as_array());
    checks.flatten().map(|check| (text(check, "id"), text(check, "verdict"), text(check, "summary"))).collect()
}

#[test]
fn a_run_ends_when_its_time_is_over_and_says_what_was_not_done() {
    for manner in [Manner::Drips, Manner::Silent] {
        let (folder, server) = (tempfile::tempdir().expect("a folder"), target(manner, 30));
        let output = run(folder.path(), &server, "", &["--max-time", "12s"]);
        assert_eq!(output.status.code(), Some(5), "{}", told(&output));
        let checks = checks(folder.path());
        let of = |reason: &str| checks.iter().filter(|(_, _, summary)| summary == reason).count();
        let (rest, cut) =
            (of("not executed: --max-time 12s is over"), of("cut before it finished: --max-time 12s is over"));
        assert!(rest > 10 && cut > 0, "{rest} not executed, {cut} cut: {checks:?}");
        for (id, verdict, summary) in checks.iter().filter(|(_, _, summary)| summary.contains("--max-time")) {
            assert_eq!(verdict, "inconclusive", "{id}: {summary}");
        }
        assert!(folder.path().join("out.xml").exists(), "every report is written");
    }
}

#[test]
fn a_run_that_never_got_to_its_first_check_is_no_pass_whatever_inconclusive_counts_as() {
    let (folder, server) = (tempfile::tempdir().expect("a folder"), target(Manner::Silent, 0));
    let output = run(folder.path(), &server, "", &["--max-time", "1s", "--inconclusive", "pass"]);
    assert_eq!(output.status.code(), Some(5), "{}", told(&output));
    assert!(told(&output).contains("not executed: --max-time 1s is over"), "{}", told(&output));
    assert!(folder.path().join("out.json").exists());
}

#[test]
fn load_is_cut_and_what_comes_after_it_is_not_executed() {
    let load = "conformance: { include: [apikey.valid-accepted] }\nload:\n  \
                - { name: long, rate: 50/s, duration: 10m, connections: 2 }\n  - { name: next, rate: 50/s, duration: 1s }\n";
    // answers for good, and drops in the midst of the load
    for answered in [usize::MAX, 40] {
        let (folder, server) = (tempfile::tempdir().expect("a folder"), target(Manner::Drips, answered));
        let output = run(folder.path(), &server, load, &["--max-time", "12s"]);
        let said = told(&output);
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains("the load phase next was not executed: --max-time 12s is over"), "{said}");
        assert!(said.contains("cut before it finished: --max-time 12s is over"), "{said}");
    }
}

#[test]
fn each_check_has_a_bound_of_its_own() {
    let include = "conformance: { include: [apikey.valid-accepted, apikey.missing-denied, apikey.invalid-denied] }\n";
    for manner in [Manner::Drips, Manner::Silent] {
        let (folder, server) = (tempfile::tempdir().expect("a folder"), target(manner, 8));
        let output = run(folder.path(), &server, include, &["--max-check-time", "4s"]);
        assert_eq!(output.status.code(), Some(5), "{}", told(&output));
        let checks = checks(folder.path());
        let bounded = checks.iter().filter(|(_, verdict, summary)| {
            verdict == "inconclusive" && summary.contains("this check took more than 4s (--max-check-time)")
        });
        assert!(bounded.count() > 0, "{checks:?}");
        assert!(checks.iter().any(|(_, verdict, _)| verdict == "pass"), "{checks:?}");
    }
}

#[test]
fn a_bound_is_a_time_that_something_can_take() {
    let folder = tempfile::tempdir().expect("a folder");
    for (variable, value, why) in [
        ("AUTHBENCH_MAX_TIME", "0s", "must be greater than 0"),
        ("AUTHBENCH_MAX_TIME", "soon", "such as 500ms, 90s, 10m or 1h"),
        ("AUTHBENCH_MAX_CHECK_TIME", "0s", "must be greater than 0"),
    ] {
        let output = ended(authbench(folder.path()).args(["run", "a.yaml"]).env(variable, value));
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(why), "{variable}={value}: {}", told(&output));
    }
}
