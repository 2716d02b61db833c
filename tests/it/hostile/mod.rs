//! Hostile servers under every scheme, with checks and load: no check passes that saw no refusal, no report shows a secret, and
//! neither memory nor time grow with what a server sends.

mod frames;
mod manners;
mod watched;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aho_corasick::AhoCorasick;

use crate::broken::http::{Answer, Connection, Reply, Request, Server};
use crate::broken::schemes::{Caller, READER, SECRET, Scheme, Verifier, WRITER};
use crate::broken::{content, token, trial};
use frames::Flood;
use manners::{Hostile, TokenTrick};
use watched::{Watched, watched};

/// What a run may take of memory, in KiB.
const MEMORY: u64 = 150 * 1024;

/// A scheme and what is hostile.
#[derive(Clone, Copy)]
enum Trial {
    /// Answers to whoever must be refused.
    Refusals(Scheme, Hostile),
    /// Answers to everybody.
    All(Scheme, Hostile),
    /// The token endpoint.
    Token(TokenTrick),
    /// Connections of HTTP/2, beside a correct server of HTTP/1.1.
    Http2(Flood),
}

impl Trial {
    fn every() -> Vec<Self> {
        let mut trials = Vec::new();
        for scheme in Scheme::ALL {
            trials.extend(Hostile::ALL.map(|hostile| Self::Refusals(scheme, hostile)));
            // hostile to everybody: the same for every scheme
            if scheme == Scheme::ApiKey {
                trials.extend(Hostile::ALL.map(|hostile| Self::All(scheme, hostile)));
            }
        }
        trials.extend(TokenTrick::ALL.map(Self::Token));
        trials.extend(Flood::ALL.map(Self::Http2));
        trials
    }

    fn scheme(self) -> Scheme {
        match self {
            Self::Refusals(scheme, _) | Self::All(scheme, _) => scheme,
            Self::Token(_) => Scheme::ClientCredentials,
            Self::Http2(_) => Scheme::ApiKey,
        }
    }

    fn name(self) -> String {
        match self {
            Self::Refusals(scheme, hostile) => format!("{}: {hostile:?} for a refusal", scheme.name()),
            Self::All(scheme, hostile) => format!("{}: {hostile:?} for everything", scheme.name()),
            Self::Token(trick) => format!("token endpoint: {trick:?}"),
            Self::Http2(flood) => format!("HTTP/2: {flood:?}"),
        }
    }

    /// Whether a check that expects a refusal may pass: a whole refusal comes, however odd.
    fn refuses(self) -> bool {
        match self {
            Self::Refusals(_, hostile) => hostile.refuses(),
            Self::All(..) => false,
            Self::Token(_) | Self::Http2(_) => true,
        }
    }

    /// Whether the verdicts are the same each time: what floods, or takes long to read, is sometimes ended by a time limit.
    fn is_settled(self) -> bool {
        match self {
            Self::Refusals(_, hostile) => !matches!(hostile, Hostile::LargeJson | Hostile::DeepJson),
            Self::All(..) | Self::Token(_) => true,
            Self::Http2(_) => false,
        }
    }

    /// Time limits of requests of checks and of load, in milliseconds: short where an answer never comes to its end, long where
    /// something else than the time ends it, so that no good answer of a busy machine comes too late.
    fn time_limits(self) -> (u64, u64) {
        match self {
            Self::Refusals(_, hostile) | Self::All(_, hostile) if hostile.lasts() => (400, 200),
            Self::Http2(_) => (400, 500),
            Self::Refusals(..) | Self::All(..) | Self::Token(_) => (60_000, 60_000),
        }
    }

    /// Whether good credentials are answered in full.
    fn grants(self) -> bool {
        matches!(self, Self::Refusals(..))
    }

    fn server(self) -> Server {
        let (verifier, turn) = (Verifier::of(self.scheme()), Arc::<AtomicUsize>::default());
        Server::start(move |request: &Request, _: &mut Connection| {
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            if let (Self::Http2(flood), "PRI") = (self, request.method.as_str()) {
                return Reply::Raw(Box::new(move |stream| flood.run(stream)));
            }
            if let Self::All(_, hostile) = self {
                return hostile.reply(request, turn);
            }
            if request.path == "/token" {
                return match self {
                    Self::Token(trick) => trick.reply(),
                    _ => token::answer(&verifier, request, |refusal, error| content::Shape::Same.fill(refusal, &error))
                        .into(),
                };
            }
            match (verifier.caller(request), self) {
                (Caller::Writer | Caller::Reader, _) => Answer::json(200, &content::orders(None)).into(),
                (_, Self::Refusals(_, hostile)) => hostile.reply(request, turn),
                (caller, _) => self.scheme().refusal(caller).unwrap_or_else(|| Answer::empty(403)).into(),
            }
        })
    }

    fn scenario(self, server: &Server, timeout: u64, everything: bool) -> String {
        let scheme = self.scheme();
        let http = if matches!(self, Self::Http2(_)) { "2" } else { "1" };
        let checks = if everything {
            String::new()
        } else {
            format!("conformance: {{ include: [{}] }}\n", checks(scheme).join(", "))
        };
        format!(
            "authbench: 1\nname: hostile\ntarget: {{ url: \"http://{}\", owned: true }}\n{}\
             resources:\n  - {{ request: GET /orders, scopes: [\"read:orders\"] }}\n{checks}\
             load:\n  - {{ name: lanes, rate: 60/s, connections: 4, duration: 300ms, timeout: {timeout}ms, http: {http}, \
             max_lateness: 5s, mix: {{ valid: 40%, no-credential: 30%, unknown: 30% }} }}\n",
            server.address,
            scheme.scenario()
        )
    }
}

/// The checks of a trial: one that something is accepted, and two that something is refused.
fn checks(scheme: Scheme) -> [&'static str; 3] {
    match scheme {
        Scheme::ApiKey => ["apikey.valid-accepted", "apikey.missing-denied", "apikey.invalid-denied"],
        Scheme::Basic => ["basic.valid-accepted", "basic.missing-challenged", "basic.wrong-password-denied"],
        Scheme::Bearer => ["bearer.valid-accepted", "bearer.missing-401-no-error-code", "bearer.garbage-token-401"],
        Scheme::Jwt => ["jwt.valid-accepted", "jwt.signature-verified", "jwt.alg-none-refused"],
        Scheme::ClientCredentials => {
            ["bearer.valid-accepted", "bearer.garbage-token-401", "common.protected-route-denies-anonymous"]
        }
    }
}

struct Came {
    line: String,
    faults: Vec<String>,
    memory: u64,
    took: Duration,
}

/// Runs a trial with its time limits so many times as long.
fn run(trial: Trial, times: u64) -> (Watched, String) {
    let server = trial.server();
    let (checks_wait, load_waits) = trial.time_limits();
    let time_limit = format!("{}ms", checks_wait * times);
    let scenario = trial.scenario(&server, load_waits * times, false);
    let run = watched(&scenario, &["--timeout", &time_limit, "--max-time", "300s"]);
    let letters = checks(trial.scheme()).iter().chain(&LANES).map(|id| letter(&run.verdicts, id)).collect();
    (run, letters)
}

/// Runs a trial again, with more patience, where this machine was too busy for its time limits; and where it took much memory: what
/// grows with what a server sends does so each time.
fn settled(trial: Trial) -> (Watched, String) {
    let mut came = run(trial, 1);
    for times in [5, 25] {
        let is_late = trial.grants() && trial.is_settled() && !came.1.starts_with('P');
        if !is_late && came.0.peak <= MEMORY {
            break;
        }
        came = run(trial, times);
    }
    came
}

fn try_out(trial: Trial) -> Came {
    let (run, letters) = settled(trial);
    let name = trial.name();
    let mut faults = shown(&run);
    let denials = checks(trial.scheme()).into_iter().skip(1).chain(LANES);
    for id in denials.filter(|_| !trial.refuses()) {
        if run.verdicts.get(id).is_some_and(|verdict| verdict == "pass") {
            faults.push(format!("{id} passed without a refusal"));
        }
    }
    if !matches!(run.code, Some(0 | 1 | 3 | 5)) {
        faults.push(format!("ended with {:?}", run.code));
    }
    if matches!(trial, Trial::Http2(_)) && !matches!(run.code, Some(3 | 5)) {
        faults.push(format!("a flood ended with {:?}", run.code));
    }
    if run.code == Some(0) && !trial.refuses() {
        faults.push("exit 0".to_owned());
    }
    if run.peak > MEMORY {
        faults.push(format!("{} KiB of memory", run.peak));
    }
    if !faults.is_empty() {
        faults.push(run.said.lines().take(12).collect::<Vec<_>>().join("\n"));
    }
    let code = run.code.map_or("killed".to_owned(), |code| code.to_string());
    let faults = faults.into_iter().map(|fault| format!("{name}: {fault}")).collect();
    let (code, letters) = if trial.is_settled() { (code, letters) } else { ("*".to_owned(), "*****".to_owned()) };
    Came { line: format!("{code} {letters} {name}"), faults, memory: run.peak, took: run.took }
}

/// Lanes that have to be refused.
const LANES: [&str; 2] = ["load.no-credential-refused", "load.unknown-refused"];

fn letter(verdicts: &std::collections::BTreeMap<String, String>, id: &str) -> char {
    match verdicts.get(id).map(String::as_str) {
        Some("pass") => 'P',
        Some("fail") => 'F',
        Some("warn") => 'W',
        Some("inconclusive") => '?',
        Some("not-tested") => 'N',
        Some("not-applicable") => '-',
        Some(_) => '*',
        None => '.',
    }
}

/// What the outputs of a run show of a secret.
fn shown(run: &Watched) -> Vec<String> {
    let pieces: Vec<String> = [WRITER, READER, SECRET].into_iter().flat_map(crate::scrubber::pieces).collect();
    let search = AhoCorasick::new(&pieces).expect("is built");
    let found = run.outputs.iter().filter_map(|(name, bytes)| {
        let found = search.find(bytes)?;
        Some(format!("{name} shows {:?}", pieces[found.pattern().as_usize()]))
    });
    found.collect()
}

#[test]
fn no_hostile_server_passes_and_none_takes_memory_or_secrets() {
    let trials = Trial::every();
    let came = trial::all(&trials, |trial| try_out(*trial));
    let mut table = "exit, verdicts of three checks and of the lanes without and with an unknown credential\n\
        P pass, F fail, W warn, ? inconclusive, N not tested, . not run, * differs from run to run: 3 or 5, or what refuses\n\n"
        .to_owned();
    for came in &came {
        table.push_str(&format!("{}\n", came.line));
    }
    let memory = came.iter().map(|came| came.memory).max().unwrap_or_default();
    let longest = came.iter().map(|came| came.took).max().unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "{} runs, at most {} MiB, the longest {longest:?}", came.len(), memory / 1024);
    let faults: Vec<String> = came.into_iter().flat_map(|came| came.faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    insta::assert_snapshot!(table);
}

/// All checks of a scheme, eight at a time, against what fills memory; once more where it is too much.
#[test]
fn memory_does_not_grow_with_what_a_server_sends() {
    let trials = [
        Trial::Refusals(Scheme::ApiKey, Hostile::EndlessBody),
        Trial::Refusals(Scheme::Jwt, Hostile::GzipBomb),
        Trial::Refusals(Scheme::Basic, Hostile::LongFields),
        Trial::Refusals(Scheme::Bearer, Hostile::LargeJson),
        Trial::All(Scheme::Bearer, Hostile::LargeJson),
        Trial::Token(TokenTrick::Megabyte),
    ];
    let came = trial::all(&trials, |trial| {
        let run = || {
            let server = trial.server();
            let (_, load_waits) = trial.time_limits();
            watched(&trial.scenario(&server, load_waits, true), &["--timeout", "2s", "--max-time", "15s"])
        };
        let first = run();
        let run = if first.peak < MEMORY { first } else { run() };
        (run.code, run.peak, run.said)
    });
    for (trial, (code, peak, said)) in trials.into_iter().zip(came) {
        assert!(matches!(code, Some(1 | 3 | 5)), "{}: ended with {code:?}\n{said}", trial.name());
        let _ = writeln!(std::io::stderr(), "{}: {} MiB", trial.name(), peak / 1024);
        assert!(peak < MEMORY, "{}: {} MiB\n{said}", trial.name(), peak / 1024);
        assert!(peak > 1024, "{}: not measured\n{said}", trial.name());
    }
}
