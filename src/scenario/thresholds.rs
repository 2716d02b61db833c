//! Thresholds that nothing can break: of figures that the scenario does not measure, or that would end a phase too late.

use super::model::Threshold;
use super::text::Metric;
use super::{LoadedScenario, ScenarioError};

/// Adds what is wrong with the thresholds of a scenario.
pub(super) fn mistakes(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    for threshold in &loaded.scenario.thresholds {
        let wrong = unmeasured(loaded, threshold.threshold.metric).or_else(|| late(threshold));
        mistakes.extend(wrong.map(|(message, help)| loaded.error(threshold.place, message).with_help(help)));
    }
}

fn unmeasured(loaded: &LoadedScenario, metric: Metric) -> Option<(String, &'static str)> {
    let (missing, help) = match metric {
        Metric::Overhead => (loaded.scenario.overhead.is_none(), "add `overhead:`, or leave the threshold out"),
        _ => (loaded.scenario.load.is_empty(), "add a phase to `load:`, or leave the threshold out"),
    };
    missing.then(|| ("nothing in this scenario measures what the threshold asks for".to_owned(), help))
}

fn late(threshold: &Threshold) -> Option<(String, &'static str)> {
    let known_early =
        matches!(threshold.threshold.metric, Metric::Percentile(_) | Metric::Mean | Metric::Max | Metric::ErrorRate);
    let message = "this figure is known only at the end of a phase: it cannot end one".to_owned();
    (threshold.abort && !known_early).then_some((message, "`abort` watches percentiles, mean, max and error_rate"))
}
