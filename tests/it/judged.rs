//! The checks of a scenario that is given as a text, run in this process.

use authbench::event::{CheckResult, Event};
use authbench::exit::Exit;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, ScenarioError, load_text};

/// Runs the checks: how the run ended, and its events.
pub(crate) async fn events(scenario: &str) -> (Exit, Vec<Event>) {
    let options = Options { only: Some(Only::Conformance), ..Options::new(Launch::InProcess) };
    let loaded = load_text("scenario.yaml".to_owned(), scenario.to_owned());
    let loaded = loaded.unwrap_or_else(|errors| panic!("{}", rendered(&errors)));
    let ready = prepare(vec![loaded], Some(&NoVariables), &options);
    let ready = ready.unwrap_or_else(|errors| panic!("{}", rendered(&errors)));
    let mut events = Vec::new();
    let exit = Box::pin(run(ready, &options, &mut |event| events.push(event))).await;
    (exit, events)
}

/// Runs the checks: how the run ended, and their results.
pub(crate) async fn ended(scenario: &str) -> (Exit, Vec<CheckResult>) {
    let (exit, events) = events(scenario).await;
    (exit, results(&events))
}

/// Runs the checks: the result of one.
pub(crate) async fn check(scenario: &str, id: &str) -> CheckResult {
    let (_, results) = ended(scenario).await;
    results.into_iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"))
}

/// The results among events.
pub(crate) fn results(events: &[Event]) -> Vec<CheckResult> {
    let result = |event: &Event| if let Event::CheckFinished(result) = event { Some((**result).clone()) } else { None };
    events.iter().filter_map(result).collect()
}

/// Errors as they are shown.
pub(crate) fn rendered(errors: &[ScenarioError]) -> String {
    errors.iter().map(|error| error.render(false)).collect()
}
