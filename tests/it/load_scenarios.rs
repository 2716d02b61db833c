//! Load phases of scenarios against the reference: mixes, tokens, capacity.

use authbench::check::{Severity, Verdict};
use authbench::event::{CheckResult, Event};
use authbench::exit::Exit;
use authbench::observe::{LoadFigures, Outcomes};
use authbench::report::Record;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{Environment, NoVariables, load_paths};

use crate::busy::tried_later;

/// How long tokens of the reference live: they are renewed after half of it.
const LIFETIME: &str = "6s";

/// Runs the load of a scenario: its events and how it ended.
async fn events(scheme: &str, fault: &str, phase: &str) -> (Vec<Event>, Exit) {
    on(&format!("faults: [{fault}]"), scheme, phase).await
}

/// The same against a reference that is started so.
async fn on(reference: &str, scheme: &str, phase: &str) -> (Vec<Event>, Exit) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    let yaml = format!(
        "authbench: 1\nname: mix\ntarget: {{ reference: {{ {reference}, token_lifetime: {LIFETIME} }} }}\nscheme: {scheme}\n\
         conformance: {{ tolerances: {{ max_leeway: 0s }} }}\nload:\n  - {phase}\n"
    );
    std::fs::write(&file, yaml).expect("writes");
    let loaded = load_paths(&[file]).expect("is a scenario");
    let mut options = Options::new(Launch::InProcess);
    options.only = Some(Only::Load);
    // one worker keeps the shares exactly over a thousand requests
    options.threads = Some(1);
    let ready = prepare(loaded, Some(&NoVariables), &options).expect("is ready");
    let mut events = Vec::new();
    let exit = run(ready, &options, &mut |event| events.push(event)).await;
    (events, exit)
}

/// The same once more where good credentials were refused: a machine that stands still for seconds sends a token whose time is over.
async fn renewing(reference: &str, phase: &str) -> (Vec<Event>, Exit) {
    let is_never_refused = |(events, _): &(Vec<Event>, Exit)| {
        figures(events).lanes.iter().all(|lane| !lane.expects_grant || lane.outcomes.refused == 0)
    };
    tried_later(async || on(reference, "oauth2-client-credentials", phase).await, is_never_refused).await
}

fn checks(events: &[Event]) -> Vec<&CheckResult> {
    events
        .iter()
        .filter_map(|event| if let Event::CheckFinished(result) = event { Some(&**result) } else { None })
        .collect()
}

fn figures(events: &[Event]) -> &LoadFigures {
    events
        .iter()
        .find_map(|event| if let Event::LoadFinished(figures) = event { Some(&**figures) } else { None })
        .expect("figures")
}

const MIX: &str =
    "{ name: steady, rate: 500/s, connections: 4, duration: 2s, timeout: 60s, mix: { valid: 95%, expired: 5% } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_correct_reference_accepts_no_expired_token_under_load() {
    let (events, exit) = events("oauth2-client-credentials", "", MIX).await;
    let lane = &figures(&events).lanes[0];
    assert_eq!((lane.name.as_str(), lane.outcomes.granted, lane.outcomes.total()), ("expired", 0, 50));
    let checks = checks(&events);
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].id, "load.expired-refused");
    // a machine that is too busy leaves it open, and never fails it
    assert_ne!(checks[0].verdict, Verdict::Fail, "{}", checks[0].summary);
    assert_ne!(exit, Exit::Findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_that_opens_under_load_is_a_critical_finding_in_every_report() {
    let (events, exit) = events("oauth2-client-credentials", "bearer-accepts-expired-token", MIX).await;
    assert_eq!(exit, Exit::Findings);
    let checks = checks(&events);
    let found = checks.first().expect("a finding");
    assert_eq!((found.verdict, found.severity), (Verdict::Fail, Severity::Critical));
    assert!(found.summary.starts_with("50 of 50 were granted under load, the first after "), "{}", found.summary);
    assert!(found.summary.ends_with(", at 500 requests a second"), "{}", found.summary);
    let record = Record::from_events(&events);
    for name in ["html", "json", "jsonl", "junit", "sarif", "text", "md"] {
        let render = authbench::report::format(name).expect("a format").render;
        let page = String::from_utf8(render(&record).expect("renders")).expect("is text");
        assert!(page.contains("load.expired-refused"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_keep_their_shares_and_tokens_are_renewed_beside_them() {
    let phase = "{ name: steady, rate: 125/s, connections: 4, duration: 8s, timeout: 60s, \
                 mix: { valid: 90%, no-credential: 5%, flipped-bit: 5% } }";
    let (events, _) = renewing("faults: []", phase).await;
    let figures = figures(&events);
    let totals: Vec<_> = figures.lanes.iter().map(|lane| (lane.name.as_str(), lane.outcomes.total())).collect();
    assert_eq!(totals, [("flipped-bit", 50), ("no-credential", 50), ("valid", 900)]);
    assert_eq!(figures.lanes[2].outcomes.refused, 0, "tokens that end were renewed in time");
    assert!(figures.tokens_obtained >= 2, "{}", figures.tokens_obtained);
    assert!(figures.token_acquisition_us.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_capacity_at_an_objective_is_searched() {
    let phase = "{ name: most, rate: 50/s, to: 400/s, connections: 1, duration: 200ms, capacity: { p(90): 40us } }\n\
                 thresholds: [capacity > 1/s]";
    let (events, exit) = events("api-key", "", phase).await;
    let figures = figures(&events);
    let found = figures.capacity.as_ref().expect("a search");
    // no answer of the reference comes within 40 us over a socket: every rate breaks, twice
    assert_eq!((found.rate, found.objective.as_str()), (None, "p(90) <= 40us"));
    // unless the machine is too busy to offer it
    let is_busy = found.steps.iter().any(|step| step.why.contains("authbench itself"));
    assert!(found.steps.len() >= 4 || is_busy, "{found:?}");
    assert!(!found.steps.is_empty(), "{found:?}");
    assert!(found.steps.iter().all(|step| !step.held && !step.why.is_empty()), "{found:?}");
    assert!(exit == Exit::Findings || exit == Exit::Inconclusive, "{exit:?}");

    let phase = "{ name: most, rate: 50/s, to: 200/s, connections: 4, duration: 200ms, capacity: { max: 1h } }";
    let (events, _) = self::events("api-key", "", phase).await;
    let found = self::figures(&events).capacity.clone().expect("a search");
    // nothing but a machine that is too busy keeps it from the end of the range
    assert!(found.steps.iter().all(|step| step.held || !step.why.contains("max <= 1h")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_staircase_offers_what_its_steps_add_up_to() {
    let phase = "{ name: stairs, rate: 100/s, to: 300/s, steps: 3, connections: 4, duration: 900ms, timeout: 60s }";
    let (events, _) = events("api-key", "", phase).await;
    assert_eq!(figures(&events).requests, 180);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_carries_the_next_credential_of_its_pool() {
    let phase = "{ name: many, rate: 200/s, connections: 2, duration: 500ms, timeout: 60s, pool: { tokens: 5 } }";
    let (events, _) = renewing("faults: []", phase).await;
    let figures = figures(&events);
    assert!(figures.tokens_obtained >= 5, "{}", figures.tokens_obtained);
    assert_eq!((figures.requests, figures.lanes[0].outcomes.refused), (100, 0));

    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys.txt");
    // one key of four is not known
    std::fs::write(
        &keys,
        "abk_live_q7Wn2Zp4XcRt9Vb3\nabk_read_m3Hs8Kd6YbLf1Gj5\n\nabk_live_q7Wn2Zp4XcRt9Vb3\nunknown\n",
    )
    .expect("writes");
    let phase = format!(
        "{{ name: many, rate: 200/s, connections: 2, duration: 500ms, timeout: 60s, pool: {{ file: {} }} }}",
        keys.display()
    );
    let (events, _) = self::events("api-key", "", &phase).await;
    assert_eq!(self::figures(&events).lanes[0].outcomes.refused, 25);
}

const MIX_OVER_HTTP2: &str = "{ name: steady, http: 2, rate: 125/s, connections: 2, streams: 4, duration: 8s, timeout: 60s, max_lateness: 60s, \
                              mix: { valid: 90%, expired: 5%, no-credential: 5% } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mix_over_http_2_keeps_its_counts_in_clear_text_and_over_tls() {
    for reference in ["tls: false", "tls: true"] {
        let (events, exit) = renewing(reference, MIX_OVER_HTTP2).await;
        let figures = figures(&events);
        assert_eq!((figures.http, figures.connections, figures.streams), (2, 2, Some(4)));
        let counts: Vec<_> = figures.lanes.iter().map(|lane| (&lane.name[..], lane.outcomes)).collect();
        let outcomes = |granted, refused| Outcomes { granted, refused, ..Outcomes::default() };
        let expected = [("expired", outcomes(0, 50)), ("no-credential", outcomes(0, 50)), ("valid", outcomes(900, 0))];
        assert_eq!(counts, expected, "{reference}: {:?}", figures.notes);
        assert!(figures.server_auth_us.is_some());
        assert!(figures.tokens_obtained >= 2, "tokens are renewed beside it");
        assert!(exit == Exit::Passed || exit == Exit::Inconclusive, "{exit:?}");
        let record = Record::from_events(&events);
        for (name, told) in [
            ("text", "HTTP/2, open model"),
            ("html", "HTTP/2, open model"),
            ("md", "steady, HTTP/2"),
            ("json", "\"http\":2"),
            ("csv", "HTTP version,2"),
            ("openmetrics", "http=\"2\""),
            ("hlog", "open model, HTTP/2"),
        ] {
            let render = authbench::report::format(name).expect("a format").render;
            let page = String::from_utf8(render(&record).expect("renders")).expect("is text");
            assert!(page.contains(told), "{name}: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_that_opens_over_http_2_is_a_critical_finding() {
    let fault = "faults: [bearer-accepts-expired-token]";
    let (events, exit) = on(fault, "oauth2-client-credentials", MIX_OVER_HTTP2).await;
    assert_eq!(exit, Exit::Findings);
    let found = checks(&events).into_iter().find(|check| check.id == "load.expired-refused").expect("is judged");
    assert_eq!((found.verdict, found.severity), (Verdict::Fail, Severity::Critical));
    assert!(found.summary.starts_with("50 of 50 were granted under load"), "{}", found.summary);
}

/// What a phase that did not run says.
fn refused(events: &[Event]) -> String {
    assert!(!events.iter().any(|event| matches!(event, Event::LoadFinished(_))), "there are no figures");
    let notes =
        events.iter().filter_map(|event| if let Event::Note(note) = event { Some(&note.text[..]) } else { None });
    notes.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_without_http_2_has_no_figures_of_it() {
    let phase = "{ name: steady, http: 2, rate: 50/s, duration: 1s }";
    // with this hole the reference has a shim for the lines of HTTP/1.1, and speaks nothing else
    for reference in ["faults: [ows-significant]", "faults: [ows-significant], tls: true"] {
        let (events, exit) = on(reference, "api-key", phase).await;
        let told = refused(&events);
        assert!(told.contains("the target does not speak HTTP/2") && told.contains("leave out `http: 2`"), "{told}");
        assert_eq!(exit, Exit::Broken);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lie_that_http_2_cannot_tell_is_not_measured() {
    for (lane, why) in [("nul-inside", "control character"), ("lf-inside", "control character")] {
        let phase =
            format!("{{ name: steady, http: 2, rate: 50/s, duration: 1s, mix: {{ valid: 50%, {lane}: 50% }} }}");
        let (events, exit) = events("api-key", "", &phase).await;
        let told = refused(&events);
        assert!(told.contains(why) && told.contains(lane), "{told}");
        assert!(!told.contains("abk_live"), "{told}");
        assert_eq!(exit, Exit::Broken);
    }
}

#[test]
fn a_pool_that_is_not_there_is_a_mistake_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    let yaml = "authbench: 1\nname: pool\ntarget: reference\nscheme: api-key\n\
                load:\n  - { name: many, connections: 2, duration: 1s, pool: { file: nowhere.txt } }\n";
    std::fs::write(&file, yaml).expect("writes");
    let told = |only: Option<Only>, environment: Option<&dyn Environment>| {
        let options = Options { only, ..Options::new(Launch::InProcess) };
        let ready = prepare(load_paths(std::slice::from_ref(&file)).expect("is a scenario"), environment, &options);
        ready.err().map(|errors| errors.iter().map(|error| error.render(false)).collect::<String>())
    };
    let told_of = told(None, Some(&NoVariables)).expect("is a mistake");
    for part in ["nowhere.txt", "scenario.yaml:6:", "one credential a line"] {
        assert!(told_of.contains(part), "{part}: {told_of}");
    }
    // what is not run needs no pool, and a dry run reads no file
    assert_eq!(told(Some(Only::Conformance), Some(&NoVariables)), None);
    assert_eq!(told(None, None), None);
}
