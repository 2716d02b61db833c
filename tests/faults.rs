//! Every fault trips its check, and the sound server trips none: the whole matrix is one snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;

use authbench::check::{Verdict, catalogue};
use authbench::event::{CheckResult, Event};
use authbench::reference::{Fault, faults};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{Environment, load_paths};

struct Nothing;
impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// The scheme whose scenario sees a topic.
fn scheme_of(check: &str) -> &'static str {
    match check.split('.').next().unwrap_or_default() {
        "basic" => "basic",
        "apikey" => "api-key",
        "common" => "api-key",
        _ => "oauth2-client-credentials",
    }
}

async fn results(scheme: &str, profile: &str, fault: Option<&str>, checks: &[&str]) -> Vec<CheckResult> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    let faults = fault.unwrap_or_default();
    let yaml = format!(
        "authbench: 1\nname: matrix\ntarget: {{ reference: {{ faults: [{faults}], token_lifetime: 3s }} }}\nscheme: {scheme}\n\
         conformance: {{ profile: {profile}, tolerances: {{ max_leeway: 0s, rotation_delay: 0s }} }}\n"
    );
    std::fs::write(&file, yaml).expect("writes");
    let loaded = load_paths(&[file]).expect("is a scenario");
    let mut options = Options::new(Launch::InProcess);
    options.only = Some(Only::Conformance);
    options.checks = checks.iter().map(|check| (*check).to_owned()).collect();
    let ready = prepare(loaded, Some(&Nothing), &options).expect("is ready");
    let mut results = Vec::new();
    run(ready, &options, &mut |event| {
        if let Event::CheckFinished(result) = event {
            results.push(*result);
        }
    })
    .await;
    results
}

fn trips(result: &CheckResult) -> bool {
    matches!(result.verdict, Verdict::Fail | Verdict::Warn)
}

/// Checks of a scheme that a fault can be tried against quickly: those that wait are tried with their own fault alone.
fn quick(scheme: &str, own: &str) -> Vec<&'static str> {
    let groups = authbench::scheme::find(scheme).expect("a scheme").groups();
    let applies = catalogue().filter(|check| groups.contains(&check.group()));
    let costly = |id: &str| id == "token.values-unique-and-long" || id == "common.malformed-credential-never-5xx";
    let wanted = applies
        .filter(|check| check.id == own || (check.mode == authbench::check::Mode::Deterministic && !costly(check.id)));
    wanted.map(|check| check.id).collect()
}

/// The profile under which a fault shows: the default forgives some.
fn profile_of(check: &str) -> &'static str {
    match check {
        "bearer.challenge-has-param" => "strict-rfc",
        _ => "api-key-403",
    }
}

/// Faults that are tried at a time: most of the time of a run is waiting.
const AT_A_TIME: usize = 4;

/// Works off faults with a runtime of its own, so that no run waits for another.
fn work_off(queue: &Mutex<Vec<&'static Fault>>, matrix: &Mutex<BTreeMap<&'static str, (String, BTreeSet<String>)>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    loop {
        let Some(fault) = queue.lock().expect("no thread panics").pop() else { return };
        let seen = runtime.block_on(tripped(fault));
        matrix.lock().expect("no thread panics").insert(fault.name, seen);
    }
}

#[test]
fn every_fault_trips_its_check() {
    let (queue, matrix) = (Mutex::new(faults()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| work_off(&queue, &matrix));
        }
    });
    let matrix = matrix.into_inner().expect("no thread panicked");
    let mut page = String::new();
    for (name, (check, others)) in &matrix {
        let also = others.iter().filter(|other| *other != check).cloned().collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            page,
            "{name:34} {check:44} {}",
            if also.is_empty() { String::new() } else { format!("also {also}") }
        );
    }
    let survivors: Vec<&str> =
        matrix.iter().filter(|(_, (check, seen))| !seen.contains(check)).map(|(name, _)| *name).collect();
    assert!(survivors.is_empty(), "no check found {survivors:?}");
    insta::assert_snapshot!(page.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
}

async fn tripped(fault: &Fault) -> (String, BTreeSet<String>) {
    let scheme = scheme_of(fault.check);
    let results = results(scheme, profile_of(fault.check), Some(fault.name), &quick(scheme, fault.check)).await;
    (fault.check.to_owned(), results.iter().filter(|result| trips(result)).map(|result| result.id.clone()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sound_server_trips_none() {
    for scheme in ["api-key", "basic", "bearer", "oauth2-client-credentials"] {
        let results = results(scheme, "api-key-403", None, &[]).await;
        assert!(results.len() > 10, "{scheme}: only {} checks", results.len());
        let bad = results
            .iter()
            .filter(|result| !matches!(result.verdict, Verdict::Pass | Verdict::NotTested | Verdict::NotApplicable))
            .map(|result| format!("{scheme}: {} {}: {}", result.id, result.verdict, result.summary));
        let bad: Vec<String> = bad.collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }
}

#[test]
fn every_check_has_its_fault_and_every_fault_its_check() {
    let checks: BTreeMap<&str, &str> = catalogue().map(|check| (check.id, check.fault)).collect();
    let faults: BTreeMap<&str, &str> = faults().into_iter().map(|fault| (fault.check, fault.name)).collect();
    assert_eq!(checks, faults);
}
