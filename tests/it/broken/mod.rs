//! Servers that are broken in one way each, for each scheme, and their correct twins: none that is broken ends with exit 0,
//! no check passes whose refusal was not seen, and each twin passes.

pub(crate) mod behaviour;
pub(crate) mod content;
pub(crate) mod correct;
mod findings;
pub(crate) mod http;
pub(crate) mod schemes;
pub(crate) mod site;
pub(crate) mod token;
pub(crate) mod trial;

use std::fmt::Write as _;

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event, EvidenceRecord, Role};

use crate::binary::{authbench, told};
use behaviour::Behaviour;
use content::Shape;
use schemes::Scheme;
use trial::Ended;

/// Lanes that have to be refused, beside the valid one.
const LANES: [&str; 2] = ["load.no-credential-refused", "load.unknown-refused"];

struct Trial {
    scheme: Scheme,
    behaviour: Behaviour,
    broken: bool,
}

/// What came of a trial: its part of a line of the table, and what must not be.
struct Came {
    cells: String,
    faults: Vec<String>,
}

fn scenario(trial: &Trial, address: std::net::SocketAddr) -> String {
    let included = trial.scheme.checks().join(", ");
    // bodies of a megabyte each need no more than a few of them
    let large = matches!(trial.behaviour, Behaviour::RefusedWith(Shape::Large) | Behaviour::Endless);
    let (rate, duration) = if large { (20, "1s") } else { (300, "300ms") };
    format!(
        "authbench: 1\nname: broken\ntarget: {{ url: \"http://{address}\", owned: true }}\n{}\
         resources:\n  - {{ request: GET /orders, scopes: [\"read:orders\"] }}\n  \
         - {{ request: POST /orders, scopes: [\"write:orders\"], json: {{ item: 1 }}, writes: true }}\n\
         conformance: {{ include: [{included}] }}\n\
         load:\n  - {{ name: lanes, rate: {rate}/s, connections: 4, duration: {duration}, max_lateness: 5s, \
         mix: {{ valid: 40%, no-credential: 30%, unknown: 30% }} }}\n",
        trial.scheme.scenario()
    )
}

/// A run against a fresh server, and what the server counted.
struct Run {
    ended: Ended,
    /// Requests that were not refused and should have been.
    unrefused: usize,
    /// Of these, those of the lanes.
    under_load: [usize; 2],
}

fn run(trial: &Trial) -> Run {
    let (server, unrefused) = site::start(trial.scheme, trial.behaviour, trial.broken);
    let (mut before, mut after) = ([0; 2], [0; 2]);
    let ended = trial::of(&scenario(trial, server.address), &mut |event| match event {
        Event::LoadStarted(_) => before = unrefused.of_lanes(),
        Event::LoadFinished(_) => after = unrefused.of_lanes(),
        _ => {}
    });
    Run { ended, unrefused: unrefused.total(), under_load: [after[0] - before[0], after[1] - before[1]] }
}

fn try_out(trial: &Trial) -> Came {
    let Trial { scheme, behaviour, broken } = *trial;
    let Run { ended, unrefused, under_load } = match broken {
        true => run(trial),
        false => trial::unless_busy(|| run(trial), |run| &run.ended),
    };
    let mut faults = Vec::new();
    let expected = if broken { behaviour.exit() } else { 0 };
    if ended.code() != expected {
        faults.push(format!("exit {} instead of {expected}", ended.code()));
    }
    if broken != (unrefused > 0) {
        faults.push(format!("{unrefused} requests were not refused"));
    }
    for (lane, sent) in LANES.into_iter().zip(under_load) {
        if sent > 0 && ended.verdict(lane) == Some(Verdict::Pass) {
            faults.push(format!("{lane} passed, and {sent} of its requests were not refused"));
        }
    }
    for result in ended.results.iter().filter(|result| result.verdict == Verdict::Pass) {
        faults.extend(unseen(result).map(|label| format!("{} passed without a refusal of {label}", result.id)));
    }
    for id in scheme.checks().iter().chain(&LANES).filter(|id| !broken && ended.verdict(id) != Some(Verdict::Pass)) {
        faults.push(format!("{id} of the twin did not pass"));
    }
    if !faults.is_empty() {
        let of = if broken { "broken" } else { "correct" };
        faults.insert(0, format!("{} {of}: {}\n{}", scheme.name(), behaviour.name(), ended.told()));
    }
    Came { cells: cells(scheme, &ended), faults }
}

/// Probes of a check that the server did not refuse; answers that were cut or reset have no mark.
fn unseen(result: &CheckResult) -> impl Iterator<Item = &str> {
    // the GET beside HEAD says how to read the answers to HEAD, and is for another check to judge
    let is_beside_head =
        |record: &EvidenceRecord| result.id == "common.head-same-decision-as-get" && record.exchange.method == "GET";
    let probes = result.evidence.iter().filter(move |record| record.role == Role::Probe && !is_beside_head(record));
    let marked = probes.filter(|record| {
        let headers = &record.exchange.response_headers;
        record.exchange.status.is_none() || headers.iter().any(|header| header.name.eq_ignore_ascii_case(site::MARK))
    });
    marked.map(|record| record.label.as_str())
}

fn letter(verdict: Option<Verdict>) -> char {
    match verdict {
        Some(Verdict::Pass) => 'P',
        Some(Verdict::Fail) => 'F',
        Some(Verdict::Warn) => 'W',
        Some(Verdict::Info) => 'i',
        Some(Verdict::Inconclusive) => '?',
        Some(Verdict::NotTested) => 'N',
        Some(Verdict::NotApplicable) => '-',
        None => '.',
    }
}

/// The exit, the verdicts of the chosen checks, and those of the lanes.
fn cells(scheme: Scheme, ended: &Ended) -> String {
    let letters = |ids: &[&str]| ids.iter().map(|id| letter(ended.verdict(id))).collect::<String>();
    format!("{} {:10} {}", ended.code(), letters(scheme.checks()), letters(&LANES))
}

#[test]
fn no_broken_server_passes_and_each_correct_twin_does() {
    let mut trials = Vec::new();
    for scheme in Scheme::ALL {
        for behaviour in Behaviour::all().into_iter().filter(|behaviour| behaviour.is_of(scheme)) {
            trials.extend([true, false].map(|broken| Trial { scheme, behaviour, broken }));
        }
    }
    let came = trial::all(&trials, try_out);
    let mut table = "exit, verdicts of the checks, of the lanes without and with an unknown credential; the same of the correct twin\n\
        P pass, F fail, W warn, ? inconclusive, - not applicable\n"
        .to_owned();
    let mut last = None;
    for (trial, came) in trials.chunks(2).zip(came.chunks(2)) {
        let scheme = trial[0].scheme;
        if last.replace(scheme) != Some(scheme) {
            let _ = write!(table, "\n{}\n", scheme.name());
            for (at, id) in scheme.checks().iter().enumerate() {
                let _ = writeln!(table, "  {} {id}", at + 1);
            }
        }
        let name = trial[0].behaviour.name();
        let _ = writeln!(table, "  {name:42} {} | {}", came[0].cells, came[1].cells);
    }
    let faults: Vec<String> = came.into_iter().flat_map(|came| came.faults).collect();
    insta::assert_snapshot!(table);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_binary_ends_as_a_run_in_this_process_does() {
    for (behaviour, broken, exit) in [
        (Behaviour::RefusedWith(Shape::Same), true, 1),
        (Behaviour::Status(204), true, 5),
        (Behaviour::RefusedWith(Shape::Same), false, 0),
    ] {
        let trial = Trial { scheme: Scheme::ApiKey, behaviour, broken };
        let (server, _) = site::start(trial.scheme, behaviour, broken);
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("one.yaml"), scenario(&trial, server.address)).expect("writes");
        let output =
            authbench(folder.path()).args(["run", "--only", "conformance", "one.yaml"]).output().expect("runs");
        assert_eq!(output.status.code(), Some(exit), "{behaviour:?} {broken}: {}", told(&output));
    }
}
