//! Thresholds against a real phase: what ends it early, and what only warns.

use authbench::event::{Event, ThresholdResult};
use authbench::exit::Exit;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};

/// Runs a minute of load with these thresholds against the reference in this process.
async fn judged(thresholds: &str) -> (Exit, Vec<ThresholdResult>, Vec<Event>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("load.yaml");
    let text = format!(
        "authbench: 1\nname: load\ntarget: reference\nscheme: api-key\n\
         load: [ {{ name: steady, rate: 50/s, connections: 2, duration: 60s }} ]\nthresholds: {thresholds}\n"
    );
    std::fs::write(&file, text).expect("writes");
    let options = Options { only: Some(Only::Load), ..Options::new(Launch::InProcess) };
    let loaded = load_paths(&[file]).expect("is a scenario");
    let ready = prepare(loaded, Some(&NoVariables), &options).expect("is ready");
    let mut events = Vec::new();
    let exit = run(ready, &options, &mut |event| events.push(event)).await;
    let results = events.iter().filter_map(|event| match event {
        Event::ThresholdJudged(result) => Some(result.clone()),
        _ => None,
    });
    (exit, results.collect(), events)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_threshold_ends_its_phase() {
    let (exit, results, events) =
        judged("[ { threshold: max < 1us, abort: true }, { threshold: mean < 1us, severity: warn } ]").await;
    assert_eq!(exit, Exit::Findings);
    let [ended, warned] = &results[..] else { panic!("{results:?}") };
    assert!(ended.fails() && ended.aborted_after_s.is_some_and(|after| after < 60.0), "{ended:?}");
    assert!(!warned.fails() && warned.aborted_after_s.is_none(), "{warned:?}");
    let figures = events.iter().find_map(|event| match event {
        Event::LoadFinished(figures) => Some(figures),
        _ => None,
    });
    let figures = figures.expect("the phase has figures");
    assert!(
        figures.duration_s < 60.0 && figures.notes.iter().any(|note| note.starts_with("ended early")),
        "{figures:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_fails_nothing() {
    let (exit, results, _) = judged("[ { threshold: max < 1us, abort: true, severity: warn } ]").await;
    assert_ne!(exit, Exit::Findings);
    assert!(results[0].only_warns && results[0].holds == Some(false), "{results:?}");
}
