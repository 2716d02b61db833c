//! A synthetic run with everything that a report may have to show, hostile text included.

mod checks;
pub(crate) mod figures;

use authbench::event::{
    Event, FORMAT, LoadInterval, LoadStarted, Machine, Note, NoteKind, RunFinished, RunStarted, ScenarioFinished,
    ScenarioStarted, SourcePlace, ThresholdResult,
};
use authbench::judge::cause::{FailedCheck, findings};
use authbench::report::Record;

/// Text as a server could send it to act on whoever prints it.
pub(crate) const HOSTILE: &str = "\u{1b}[31mred\u{1b}[0m <script>alert(1)</script> =cmd|'/C calc'!A0\n::error::injected\0 | `code` @everyone ]]> \u{202e}txt";

/// The events of the run.
pub(crate) fn events() -> Vec<Event> {
    let mut events = vec![started()];
    events.push(note(NoteKind::Info, "2 scenarios of 3 files match --tag staging"));
    orders(&mut events);
    overhead(&mut events);
    cut_off_load(&mut events);
    events.push(Event::RunFinished(RunFinished {
        finished: "2026-11-23T09:31:07Z".parse().unwrap(),
        exit_code: 1,
        reason: "there are findings".to_owned(),
    }));
    events
}

/// The same run, folded.
pub(crate) fn record() -> Record {
    Record::from_events(&events())
}

fn started() -> Event {
    Event::RunStarted(RunStarted {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        catalogue: 1,
        started: "2026-11-23T09:30:00Z".parse().unwrap(),
        seed: 20_261_123,
        machine: Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpu: "AMD EPYC 7763".to_owned(),
            cpus: 8,
        },
        shard: None,
    })
}

fn note(kind: NoteKind, text: &str) -> Event {
    Event::Note(Note { kind, text: text.to_owned() })
}

fn scenario(name: &str, file: &str, scheme: &str, planned_checks: usize) -> ScenarioStarted {
    ScenarioStarted {
        name: name.to_owned(),
        file: file.to_owned(),
        description: String::new(),
        tags: vec!["staging".to_owned()],
        target: "https://staging.example.test".to_owned(),
        scheme: scheme.to_owned(),
        profile: "api-key-403".to_owned(),
        planned_checks,
        terms: None,
    }
}

fn orders(events: &mut Vec<Event>) {
    let results = checks::results();
    let (applicable, executed) = (results.len() - 1, results.iter().filter(|check| check.verdict.executed()).count());
    let mut started = scenario("Orders API", checks::FILE, "oauth2-client-credentials", executed + 1);
    started.description = "The orders service behind the staging gateway.".to_owned();
    events.push(Event::ScenarioStarted(started));
    events.push(note(
        NoteKind::Info,
        "profile api-key-403: an invalid API key is answered 403, where RFC 9110 §11.4 suggests 401",
    ));
    let failures: Vec<_> = results.iter().filter_map(FailedCheck::of).collect();
    events.extend(results.into_iter().map(|result| Event::CheckFinished(Box::new(result))));
    events.push(note(NoteKind::Finding, "the waiver of bearer.realm-stable is stale: the check passes"));
    events.push(note(NoteKind::Warning, &format!("the server announced itself as {HOSTILE}")));
    for phase in [figures::steady(), figures::closed()] {
        push_phase(events, phase);
    }
    for (threshold, applied_to, measured, holds) in [
        ("p(99) < 20ms", "steady", "41.2 ms", Some(false)),
        ("error_rate < 0.1%", "steady", "0.02 %", Some(true)),
        ("p(99) < 20ms", "closed", "not judged", None),
    ] {
        events.push(Event::ThresholdJudged(ThresholdResult {
            threshold: threshold.to_owned(),
            applied_to: applied_to.to_owned(),
            measured: measured.to_owned(),
            holds,
            only_warns: false,
            aborted_after_s: None,
            place: SourcePlace { file: checks::FILE.to_owned(), line: 61, column: 5 },
        }));
    }
    events.push(Event::ScenarioFinished(ScenarioFinished {
        applicable,
        executed,
        exit_code: 1,
        findings: Some(findings(&failures)),
        untestable: None,
        answers: None,
    }));
}

fn push_phase(events: &mut Vec<Event>, phase: figures::Phase) {
    let name = phase.figures.name.clone();
    events.push(Event::LoadStarted(LoadStarted {
        name: name.clone(),
        offered_rate: phase.figures.offered_rate,
        length_s: phase.figures.warmup_s + phase.figures.duration_s,
    }));
    let intervals = phase.intervals.into_iter();
    events.extend(intervals.map(|interval| Event::LoadInterval(LoadInterval { phase: name.clone(), interval })));
    events.push(Event::LoadFinished(Box::new(phase.figures)));
}

fn overhead(events: &mut Vec<Event>) {
    let mut started = scenario("What schemes cost", "scenarios/overhead.yaml", "none", 0);
    started.target = "reference".to_owned();
    events.push(Event::ScenarioStarted(started));
    events.push(Event::OverheadFinished(Box::new(figures::overhead())));
    events.push(Event::ThresholdJudged(ThresholdResult {
        threshold: "overhead.p(50) < 50us".to_owned(),
        applied_to: "jwt-es256".to_owned(),
        measured: "127 us".to_owned(),
        holds: Some(false),
        only_warns: false,
        aborted_after_s: None,
        place: SourcePlace { file: "scenarios/overhead.yaml".to_owned(), line: 9, column: 5 },
    }));
    events.push(Event::ScenarioFinished(ScenarioFinished {
        applicable: 0,
        executed: 0,
        exit_code: 1,
        findings: Some(Vec::new()),
        untestable: None,
        answers: None,
    }));
}

/// A scenario that a signal ended in the middle of a phase.
fn cut_off_load(events: &mut Vec<Event>) {
    events.push(Event::ScenarioStarted(scenario("Cut off", "scenarios/my file.yaml", "basic", 4)));
    events.push(note(NoteKind::Error, "the target stopped answering: connection refused"));
    events.push(Event::LoadStarted(LoadStarted { name: "soak".to_owned(), offered_rate: Some(500.0), length_s: 60.0 }));
}
