//! Targets that nothing can be proved about: whatever they do, no check that expects denial passes without real denial.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use authbench::check::step::Want;
use authbench::check::{Verdict, find};
use authbench::event::{CheckResult, Event, Note, NoteKind, Role};
use authbench::exit::Exit;
use authbench::observe::Outcome;
use authbench::reference::hopeless::Manner;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use authbench::scheme::SCHEMES;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

struct Ended {
    exit: Exit,
    results: Vec<CheckResult>,
    notes: Vec<Note>,
}

async fn against(manner: Manner, scheme: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    let scheme = match scheme {
        "oauth2-client-credentials-dpop" => "{ oauth2-client-credentials: { dpop: {} } }",
        "oauth2-client-credentials-jwt" => "{ oauth2-client-credentials: { access_token: jwt } }",
        scheme => scheme,
    };
    let yaml = format!(
        "authbench: 1\nname: hopeless\ntarget: {{ reference: {{ token_lifetime: 3s }} }}\nscheme: {scheme}\n\
         conformance: {{ tolerances: {{ max_leeway: 0s, revocation_delay: 0s, rotation_delay: 0s }} }}\n"
    );
    std::fs::write(&file, yaml).expect("writes");
    let mut options = Options::new(Launch::Hopeless(manner));
    options.only = Some(Only::Conformance);
    options.time_limit = Duration::from_millis(if manner == Manner::Silent { 100 } else { 60_000 });
    // one after another, so that checks come to their end before a target that begins sound changes its mind
    options.jobs = if manner.starts_correct() { 1 } else { 8 };
    let ready = prepare(load_paths(&[file]).expect("is a scenario"), Some(&NoVariables), &options).expect("is ready");
    let (mut results, mut notes) = (Vec::new(), Vec::new());
    let exit = run(ready, &options, &mut |event| match event {
        Event::CheckFinished(result) => results.push(*result),
        Event::Note(note) => notes.push(note),
        _ => {}
    })
    .await;
    Ended { exit, results, notes }
}

fn schemes() -> impl Iterator<Item = &'static str> {
    SCHEMES.iter().map(|scheme| scheme.name()).filter(|name| *name != "none")
}

fn says(notes: &[Note], kind: NoteKind, text: &str) -> bool {
    notes.iter().any(|note| note.kind == kind && note.text.contains(text))
}

fn wants_denial(id: &str) -> bool {
    find(id).is_some_and(|check| check.steps.iter().any(|step| matches!(step.wanted(), Want::Denied(_))))
}

fn passed(results: &[CheckResult]) -> impl Iterator<Item = &CheckResult> {
    results.iter().filter(|result| result.verdict == Verdict::Pass)
}

/// What comes of each scheme; most of the time of a run is waiting, so several wait at the same time.
async fn of_all_schemes(manner: Manner) -> impl Iterator<Item = (&'static str, Ended)> {
    let places = Arc::new(Semaphore::new(8));
    let mut running = JoinSet::new();
    let together = LocalSet::new();
    for scheme in schemes() {
        let places = places.clone();
        let ended = async move {
            let _place = places.acquire_owned().await.expect("it is never closed");
            (scheme, against(manner, scheme).await)
        };
        running.spawn_local_on(ended, &together);
    }
    together.run_until(running.join_all()).await.into_iter()
}

async fn nothing_passes(manner: Manner) {
    for (scheme, Ended { exit, results, notes }) in of_all_schemes(manner).await {
        let name = manner.name();
        // what is no certificate is refused by TLS, whatever is behind it
        let is_refused_by_tls = |result: &CheckResult| {
            let mut probes = result.evidence.iter().filter(|record| record.role == Role::Probe).peekable();
            probes.peek().is_some()
                && probes.all(|probe| probe.outcome == Outcome::Refused && probe.exchange.status.is_none())
        };
        for result in passed(&results).filter(|result| !is_refused_by_tls(result)) {
            assert!(!wants_denial(&result.id), "{name}, {scheme}: {} passed: {}", result.id, result.summary);
        }
        // where everybody gets in, what everybody may see can be looked at
        if !matches!(manner, Manner::Welcome | Manner::ErrorInOk) {
            let vacuous: Vec<&str> = passed(&results).map(|result| result.id.as_str()).collect();
            assert!(vacuous.is_empty(), "{name}, {scheme}: passed {vacuous:?}");
        }
        assert!(matches!(exit, Exit::Findings | Exit::Broken | Exit::Inconclusive), "{name}, {scheme}: {exit:?}");
        // why the scenario cannot be tested, with its place and the way out
        let nobody_gets_in = says(&notes, NoteKind::Error, "scenario.yaml:3:9: ");
        // the token endpoint of a server that lets everybody in is a control that passes, and its login page has no form
        let somebody_does = matches!(manner, Manner::Welcome | Manner::ErrorInOk);
        assert!(
            nobody_gets_in != somebody_does || scheme.starts_with("oauth2") || scheme == "session",
            "{name}, {scheme}: {notes:?}"
        );
    }
}

macro_rules! hopeless {
    ($($test:ident: $manner:ident),* $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            nothing_passes(Manner::$manner).await;
        })*
    };
}

hopeless! {
    a_server_that_answers_401_to_all: Unauthorized,
    a_server_that_answers_403_to_all: Forbidden,
    a_server_that_lets_everybody_in: Welcome,
    a_server_that_hangs: Silent,
    a_server_that_resets: Reset,
    a_server_that_closes: Close,
    a_server_that_breaks: Broken,
    a_server_that_is_not_available: Unavailable,
    a_server_that_says_ok_and_means_an_error: ErrorInOk,
    a_server_that_redirects_to_a_login: Login,
    a_server_that_speaks_no_http: Garbage,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_can_be_told_apart_the_way_out_is_said() {
    let Ended { notes, .. } = against(Manner::ErrorInOk, "api-key").await;
    assert!(says(&notes, NoteKind::Warning, "declare `success`"), "{notes:?}");
}

/// What passed before the server changed its mind stands, and nothing passes after.
async fn what_passed_before_stands(manner: Manner) {
    for (scheme, Ended { exit, results, notes }) in of_all_schemes(manner).await {
        let stands: BTreeSet<&str> = passed(&results).map(|result| result.id.as_str()).collect();
        // its logins take all the requests that the server allows
        assert!(!stands.is_empty() || scheme == "session", "{scheme}: nothing was proved before");
        assert!(stands.len() < results.len() / 2, "{scheme}: {} of {} passed", stands.len(), results.len());
        for result in passed(&results).filter(|result| wants_denial(&result.id)) {
            let of = |role: Role| result.evidence.iter().filter(move |record| record.role == role);
            let controls = of(Role::ControlBefore).chain(of(Role::ControlAfter));
            assert!(of(Role::ControlBefore).count() > 0, "{}", result.id);
            assert_eq!(of(Role::ControlBefore).count(), of(Role::ControlAfter).count(), "{}", result.id);
            assert!(controls.into_iter().all(|control| control.outcome == Outcome::Granted), "{}", result.id);
            assert!(of(Role::Probe).all(|probe| probe.exchange.status != Some(429)), "{}", result.id);
        }
        assert!(matches!(exit, Exit::Findings | Exit::Inconclusive), "{scheme}: {exit:?}");
        assert!(!says(&notes, NoteKind::Error, ""), "{scheme}: {notes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_limits_its_callers() {
    what_passed_before_stands(Manner::Limited).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_locks_its_callers_out() {
    what_passed_before_stands(Manner::LockedOut).await;
}
