//! A target that a request stops: the run goes on when it is back, the request is named, and nothing else is blamed.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use authbench::check::{Severity, Verdict};
use authbench::event::{CheckResult, Event, Finding};
use authbench::exit::Exit;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_text};

const KEY: &str = "0123456789abcdef0123456789abcdef";
/// What stops the server, in a key.
const STOPS: &[&str] = &["${jndi:"];
const PASSWORD: &str = "correct-Horse-7-battery";
/// How long it takes until somebody has started it again: longer than a busy machine needs to look twice whether it answers.
const AWAY: Duration = Duration::from_secs(4);

/// For each request, and a third of the time for which a target is waited for.
const LIMIT: Duration = Duration::from_secs(5);

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// Its connections are closed at once.
    Closing,
    /// It answers no more, and takes no more connections; those that are open stay so.
    Hanging,
}

/// A service that one process answers, one request after another; it ends at a request, or at a login whose password is an object,
/// and may be started again.
fn start(comes_back: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    ending_at(STOPS, comes_back.then_some(AWAY), End::Closing)
}

/// The same, which ends at keys that have one of these in them, and comes back after a time.
fn ending_at(stops: &'static [&'static str], away: Option<Duration>, end: End) -> (SocketAddr, Arc<AtomicUsize>) {
    let address = crate::ports::reserved();
    let mut listener = TcpListener::bind(address).expect("binds");
    let stopped = Arc::new(AtomicUsize::new(0));
    let count = stopped.clone();
    std::thread::spawn(move || {
        loop {
            let Ok((stream, _)) = listener.accept() else { continue };
            let open = stream.try_clone().expect("is a socket");
            if answer(stream, stops).unwrap_or(true) {
                continue;
            }
            match end {
                End::Closing => drop(open),
                // open for as long as this program runs
                End::Hanging => std::mem::forget(open),
            }
            count.fetch_add(1, Ordering::Relaxed);
            drop(listener);
            let Some(away) = away else { return };
            std::thread::sleep(away);
            listener = TcpListener::bind(address).expect("the port is kept for it");
        }
    });
    (address, stopped)
}

/// Answers one request; whether the process goes on.
fn answer(mut stream: TcpStream, stops: &[&str]) -> std::io::Result<bool> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if stops.iter().any(|stop| head.contains(stop)) {
        return Ok(false);
    }
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    if body.contains("\"password\":{") {
        return Ok(false);
    }
    let lines = || head.lines().filter(|line| line.to_ascii_lowercase().starts_with("x-api-key:"));
    let good = lines().count() == 1 && lines().all(|line| line.ends_with(&format!(" {KEY}")));
    let good = good || head.lines().any(|line| line.eq_ignore_ascii_case(&format!("authorization: Bearer {KEY}")));
    let known = head.starts_with("GET /orders ");
    let token = format!("{{\"access_token\":\"{KEY}\"}}");
    let (status, body) = match (known, good) {
        _ if head.starts_with("POST /login ") && body.contains(PASSWORD) => ("200 OK", token.as_str()),
        _ if head.starts_with("POST /login ") => ("401 Unauthorized", "{\"error\":\"invalid_login\"}"),
        (false, _) => ("404 Not Found", "{\"error\":\"not_found\"}"),
        (true, true) => ("200 OK", "{\"orders\":[\"6c1f0a8e52d94b37\",\"b07d3e9a41f8c265\"]}"),
        (true, false) => ("403 Forbidden", "{\"error\":\"forbidden\"}"),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )?;
    Ok(true)
}

struct Ended {
    exit: Exit,
    results: Vec<CheckResult>,
    findings: Vec<Finding>,
}

impl Ended {
    fn of(&self, check: &str) -> &CheckResult {
        self.results.iter().find(|result| result.id == check).expect("is there")
    }
}

async fn against(address: SocketAddr, owned: bool, limit: Duration) -> Ended {
    let rest = format!(
        "scheme: api-key\n\
         credentials:\n  service: {{ key: \"{KEY}\" }}\nresources:\n  - request: GET /orders\n\
         conformance:\n  include: [apikey.valid-accepted, apikey.invalid-denied, apikey.injection-denied, \
         apikey.near-miss-denied, apikey.empty-or-blank-denied, common.keeps-answering]\n"
    );
    with_rest(address, owned, limit, &rest).await
}

/// Runs a scenario of which this is the rest.
async fn with_rest(address: SocketAddr, owned: bool, limit: Duration, rest: &str) -> Ended {
    let yaml = format!("authbench: 1\nname: outage\ntarget: {{ url: \"http://{address}\", owned: {owned} }}\n{rest}");
    let options = Options { only: Some(Only::Conformance), time_limit: limit, ..Options::new(Launch::InProcess) };
    let loaded = load_text("outage.yaml".to_owned(), yaml).expect("is a scenario");
    let ready = prepare(vec![loaded], Some(&NoVariables), &options).expect("is ready");
    let (mut results, mut findings) = (Vec::new(), Vec::new());
    let mut take = |event| match event {
        Event::CheckFinished(result) => results.push(*result),
        Event::ScenarioFinished(finished) => findings.extend(finished.findings.into_iter().flatten()),
        _ => {}
    };
    let exit = Box::pin(run(ready, &options, &mut take)).await;
    Ended { exit, results, findings }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_that_stops_a_target_is_found_and_nothing_else_is_blamed() {
    let (address, stopped) = start(true);
    let ended = against(address, true, LIMIT).await;
    let found = ended.of("common.keeps-answering");
    assert_eq!((found.verdict, found.severity), (Verdict::Fail, Severity::High), "{}", found.summary);
    // with what the request is called there
    assert!(found.summary.starts_with("GET /orders of apikey.injection-denied ("), "{}", found.summary);
    assert!(found.summary.contains("): the target answered none of our requests for "), "{}", found.summary);
    let shown = &found.evidence[found.shown_by.expect("is shown")];
    assert!(shown.label.contains("apikey.injection-denied") && shown.exchange.silence.is_some(), "{shown:?}");
    // once by its check, once alone, and never again
    assert_eq!(stopped.load(Ordering::Relaxed), 2);
    assert_eq!(ended.exit, Exit::Findings);
    let [finding] = &ended.findings[..] else { panic!("{:#?}", ended.findings) };
    assert_eq!((finding.check.as_str(), finding.method.as_str()), ("common.keeps-answering", "GET"));
    // the check that sent it has no verdict; all others have theirs
    let own = ended.of("apikey.injection-denied");
    assert_eq!(own.verdict, Verdict::Inconclusive, "{}", own.summary);
    for other in
        ["apikey.valid-accepted", "apikey.invalid-denied", "apikey.near-miss-denied", "apikey.empty-or-blank-denied"]
    {
        assert_eq!(ended.of(other).verdict, Verdict::Pass, "{other}: {}", ended.of(other).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_run_goes_on_however_often_a_target_stops() {
    let (address, stopped) =
        ending_at(&["' OR", "{\"", "${jndi:", "../", ")(|"], Some(Duration::from_secs(1)), End::Closing);
    let ended = against(address, true, LIMIT).await;
    let found = ended.of("common.keeps-answering");
    assert_eq!((found.verdict, found.severity), (Verdict::Fail, Severity::High), "{}", found.summary);
    assert!(stopped.load(Ordering::Relaxed) >= 5);
    let named: Vec<&str> = ended.findings.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(named, ["common.keeps-answering"]);
    assert_eq!(ended.of("apikey.injection-denied").verdict, Verdict::Inconclusive);
    for other in
        ["apikey.valid-accepted", "apikey.invalid-denied", "apikey.near-miss-denied", "apikey.empty-or-blank-denied"]
    {
        assert_eq!(ended.of(other).verdict, Verdict::Pass, "{other}: {}", ended.of(other).summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_of_others_is_not_stopped_a_second_time() {
    let (address, stopped) = start(true);
    let ended = against(address, false, LIMIT).await;
    let found = ended.of("common.keeps-answering");
    assert_eq!(found.verdict, Verdict::Inconclusive, "{}", found.summary);
    assert!(found.summary.contains("GET /orders of apikey.injection-denied"), "{}", found.summary);
    assert_eq!(stopped.load(Ordering::Relaxed), 1);
    assert!(ended.findings.is_empty(), "{:#?}", ended.findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owned_target_that_never_comes_back_is_a_finding() {
    let (address, stopped) = start(false);
    let ended = against(address, true, Duration::from_millis(500)).await;
    let found = ended.of("common.keeps-answering");
    assert_eq!((found.verdict, found.severity), (Verdict::Fail, Severity::High), "{}", found.summary);
    assert!(found.summary.contains("was not back then"), "{}", found.summary);
    assert!(found.summary.contains("GET /orders of apikey.injection-denied"), "{}", found.summary);
    assert_eq!(stopped.load(Ordering::Relaxed), 1);
    let named: Vec<&str> = ended.findings.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(named, ["common.keeps-answering"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_stops_a_target_is_found_whether_it_comes_back_or_not() {
    let rest = format!(
        "scheme: bearer\nlogins: {{ app: {{ request: {{ post: /login, json: {{ user: \"{{username}}\", password: \"{{password}}\" }} }} }} }}\n\
         credentials: {{ alice: {{ login: app, username: alice, password: {PASSWORD} }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [bearer.valid-accepted, login.wrong-password-refused, login.unusual-password-refused, common.keeps-answering] }}\n"
    );
    for (comes_back, end, times) in [(true, End::Closing, 2), (false, End::Closing, 1), (false, End::Hanging, 1)] {
        let (address, stopped) = ending_at(STOPS, comes_back.then_some(AWAY), end);
        let limit = if comes_back { LIMIT } else { Duration::from_millis(500) };
        let ended = with_rest(address, true, limit, &rest).await;
        let found = ended.of("common.keeps-answering");
        assert_eq!(
            (found.verdict, found.severity),
            (Verdict::Fail, Severity::High),
            "{comes_back} {end:?}: {}",
            found.summary
        );
        assert!(found.summary.contains("POST /login of login.unusual-password-refused"), "{}", found.summary);
        assert_eq!(
            stopped.load(Ordering::Relaxed),
            times,
            "{comes_back}: once by its check, once alone, and never again"
        );
        let named: Vec<&str> = ended.findings.iter().map(|finding| finding.check.as_str()).collect();
        assert_eq!(named, ["common.keeps-answering"], "{comes_back}");
        let own = ended.of("login.unusual-password-refused");
        assert_eq!(own.verdict, Verdict::Inconclusive, "{}", own.summary);
    }
}
