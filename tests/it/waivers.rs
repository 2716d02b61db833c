//! Waivers excuse the failure that they name, until their last day is over, and stay in sight.

use std::path::Path;
use std::sync::Arc;

use authbench::check::Verdict;
use authbench::clock::Wall;
use authbench::event::{CheckResult, Event, NoteKind};
use authbench::exit::Exit;
use authbench::report::{FORMATS, Record};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths, load_waivers};

/// A day on which every waiver of these tests holds.
const NOON: &str = "2026-11-24T12:00:00Z";

struct Ended {
    exit: Exit,
    record: Record,
}

impl Ended {
    fn result(&self, id: &str) -> &CheckResult {
        self.record.checks().map(|(_, check)| check).find(|check| check.id == id).expect("the check ran")
    }

    fn is_waived(&self, id: &str) -> bool {
        self.result(id).waived.is_some()
    }

    /// Notes of the scenario and of the run, of one kind.
    fn notes(&self, kind: NoteKind) -> String {
        let notes = self.record.scenarios.iter().flat_map(|scenario| &scenario.notes).chain(&self.record.notes);
        notes.filter(|note| note.kind == kind).map(|note| note.text.clone()).collect::<Vec<_>>().join("\n")
    }
}

/// Runs the API key checks against the reference with a fault, under waivers, at a moment.
async fn at(moment: &str, fault: &str, waivers: &str, file: Option<&Path>) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = folder.path().join("scenario.yaml");
    let yaml = format!(
        "authbench: 1\nname: waivers\ntarget: {{ reference: {{ faults: [{fault}] }} }}\nscheme: api-key\n\
         conformance:\n  include: [apikey.missing-denied, apikey.invalid-denied, common.challenge-grammar]\n{waivers}"
    );
    std::fs::write(&scenario, yaml).expect("writes");
    let mut loaded = load_paths(&[scenario]).unwrap_or_else(|errors| panic!("{}", errors[0].render(false)));
    if let Some(file) = file {
        loaded[0].waiver_files.push(Arc::new(load_waivers(file).expect("is a file of waivers")));
    }
    let mut options = Options::new(Launch::InProcess);
    options.only = Some(Only::Conformance);
    options.wall = Wall::Fixed(moment.parse().expect("a moment"));
    let ready =
        prepare(loaded, Some(&NoVariables), &options).unwrap_or_else(|errors| panic!("{}", errors[0].render(false)));
    let mut events: Vec<Event> = Vec::new();
    let exit = run(ready, &options, &mut |event| events.push(event)).await;
    Ended { exit, record: Record::from_events(&events) }
}

fn waiver(check: &str, rest: &str) -> String {
    format!(
        "  waivers:\n    - {{ check: {check}, reason: the gateway is being replaced, owner: platform, ticket: PLAT-1, \
         created: 2026-11-01, expires: 2026-11-24{rest} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiver_holds_through_its_last_day_in_utc_and_not_a_moment_longer() {
    let waivers = waiver("common.challenge-grammar", ", observed: { status: [401] }");
    for (moment, waived, exit, note) in [
        ("2026-11-01T00:00:00Z", true, Exit::Passed, ""),
        ("2026-11-24T23:59:59.999Z", true, Exit::Passed, ""),
        // the same moment, as a clock east of Greenwich shows it
        ("2026-11-25T08:59:59+09:00", true, Exit::Passed, ""),
        ("2026-11-25T00:00:00Z", false, Exit::Findings, "expired on 2026-11-24"),
        ("2026-11-24T19:00:00-05:00", false, Exit::Findings, "expired on 2026-11-24"),
        ("2026-10-31T23:59:59Z", false, Exit::Findings, "starts on 2026-11-01"),
    ] {
        let ended = at(moment, "malformed-challenge", &waivers, None).await;
        assert_eq!(ended.is_waived("common.challenge-grammar"), waived, "{moment}");
        assert_eq!(ended.exit, exit, "{moment}: {}", ended.notes(NoteKind::Finding));
        assert!(ended.notes(NoteKind::Finding).contains(note), "{moment}: {}", ended.notes(NoteKind::Finding));
        assert_eq!(ended.notes(NoteKind::Finding).is_empty(), waived, "{moment}");
        assert_ne!(ended.result("common.challenge-grammar").verdict, Verdict::Pass, "the verdict stays: {moment}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiver_that_nothing_needs_is_a_finding() {
    let never_ran = waiver("common.insufficient-is-403", "");
    for (fault, waivers) in [("", waiver("common.challenge-grammar", "")), ("", never_ran)] {
        let ended = at(NOON, fault, &waivers, None).await;
        assert_eq!(ended.exit, Exit::Findings);
        assert!(ended.notes(NoteKind::Finding).contains("is stale: no such finding"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiver_hides_no_other_failure_than_the_one_that_it_names() {
    for (fault, check, shape) in [
        ("malformed-challenge", "common.challenge-grammar", ", observed: { status: 403 }"),
        ("malformed-challenge", "common.challenge-grammar", ", observed: { status: [403, 400] }"),
        ("malformed-challenge", "common.challenge-grammar", ", observed: { part: access }"),
        ("malformed-challenge", "common.challenge-grammar", ", observed: { text: another finding }"),
        ("malformed-challenge", "common.challenge-grammar", ", target: \"https://api.example.test/\""),
        // written for a wrong status, it must not hide that anybody gets in
        ("missing-key-is-anonymous", "apikey.missing-denied", ", accept_risk: true, approved_by: b"),
        ("missing-key-is-anonymous", "apikey.missing-denied", ", observed: { part: protocol, status: 401 }"),
        // critical access without two names
        ("missing-key-is-anonymous", "apikey.missing-denied", ", observed: { part: access }"),
        ("missing-key-is-anonymous", "apikey.missing-denied", ", observed: { part: access }, approved_by: b"),
    ] {
        let ended = at(NOON, fault, &waiver(check, shape), None).await;
        assert!(!ended.is_waived(check), "{check} {shape}");
        assert_eq!(ended.exit, Exit::Findings, "{check} {shape}");
        assert!(ended.notes(NoteKind::Finding).contains("is stale"), "{check} {shape}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_fits_in_every_respect_is_waived() {
    for (fault, check, shape) in [
        ("malformed-challenge", "common.challenge-grammar", ""),
        (
            "malformed-challenge",
            "common.challenge-grammar",
            ", observed: { part: protocol, status: 401, text: WWW-Authenticate }",
        ),
        ("malformed-challenge", "common.challenge-grammar", ", target: reference"),
        (
            "missing-key-is-anonymous",
            "apikey.missing-denied",
            ", observed: { part: access, status: [200] }, accept_risk: true, approved_by: security",
        ),
    ] {
        let ended = at(NOON, fault, &waiver(check, shape), None).await;
        assert!(ended.is_waived(check), "{check} {shape}: {:?}", ended.result(check));
        assert!(!ended.notes(NoteKind::Finding).contains("stale"), "{check} {shape}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_waived_stays_in_sight_and_is_counted_everywhere() {
    let ended = at(NOON, "malformed-challenge", &waiver("common.challenge-grammar", ""), None).await;
    assert_eq!((ended.exit, ended.record.counts().waived), (Exit::Passed, 1));
    for (format, shown) in [
        ("text", "1 waived"),
        ("json", r#""waived":1"#),
        ("json", r#""ticket":"PLAT-1""#),
        ("html", "waived"),
        ("junit", "waived by platform until 2026-11-24: the gateway is being replaced"),
        ("sarif", "\"suppressions\""),
        ("sarif", "the gateway is being replaced"),
        ("csv", "platform"),
        ("md", "waived"),
        ("openmetrics", "waived"),
    ] {
        let wanted = FORMATS.iter().find(|one| one.name == format).expect("is a format");
        let page = String::from_utf8((wanted.render)(&ended.record).expect("renders")).expect("is text");
        assert!(page.contains(shown), "{format} does not show {shown:?}:\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_waivers_serves_every_scenario_whose_target_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("waivers.yaml");
    let entry = |check: &str, target: &str| {
        format!(
            "  - {{ check: {check}, target: {target}, reason: r, owner: o, created: 2026-11-01, expires: 2026-11-30 }}\n"
        )
    };
    let write = |entries: &[String]| std::fs::write(&file, format!("waivers:\n{}", entries.concat())).expect("writes");

    write(&[entry("common.challenge-grammar", "reference")]);
    let ended = at(NOON, "malformed-challenge", "", Some(&file)).await;
    assert!(ended.is_waived("common.challenge-grammar"));
    assert_eq!(ended.exit, Exit::Passed);

    // named by the scenario itself, by a path beside it
    let named = format!("  waivers_file: {}\n", file.display());
    let ended = at(NOON, "malformed-challenge", &named, Some(&file)).await;
    assert!(ended.is_waived("common.challenge-grammar"));

    write(&[entry("common.challenge-grammar", "reference"), entry("apikey.missing-denied", "\"https://other.test\"")]);
    let ended = at(NOON, "", "", Some(&file)).await;
    assert_eq!(ended.exit, Exit::Findings);
    assert!(ended.notes(NoteKind::Finding).contains("waivers.yaml:2) is stale"), "{}", ended.notes(NoteKind::Finding));
    assert!(ended.notes(NoteKind::Warning).contains("matches no target of this run"));
}

#[test]
fn mistakes_in_a_file_of_waivers_are_told_with_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, told) in [
        ("- { check: a, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01 }", "names its `target`"),
        (
            "- { check: a, target: t, reason: r, owner: o, created: 2026-01-01, expires: 2026-09-01 }",
            "180 days at most",
        ),
        ("- { check: a, target: t, reason: r, owner: o, created: 2026-02-01, expires: 2026-01-01 }", "before it was"),
        (
            "- { check: a, target: t, reason: ' ', owner: o, created: 2026-01-01, expires: 2026-02-01 }",
            "empty `reason`",
        ),
        (
            "- { check: a, target: t, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01, accept_risk: true }",
            "second name",
        ),
        (
            "- { check: a, target: t, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01, accept_risk: true, \
             approved_by: O }",
            "second name",
        ),
        ("- { check: a, target: t, reason: r, owner: o, created: 2026-01-01, expires: soon }", "not a date"),
        ("- { check: a, target: t, reason: r, owner: o, created: 2026-01-01 }", "`expires` is missing"),
        ("- { check: a, target: t, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01, until: x }", "until"),
        (
            "- { check: a, target: t, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01, observed: { status: 5 } }",
            "three digits",
        ),
    ] {
        let file = folder.path().join("waivers.yaml");
        std::fs::write(&file, format!("waivers:\n  {text}\n")).expect("writes");
        let errors = load_waivers(&file).expect_err(text);
        let page: String = errors.iter().map(|error| error.render(false)).collect();
        assert!(page.contains(told) && page.contains("waivers.yaml:2"), "{text}: {page}");
    }
}
