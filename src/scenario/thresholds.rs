//! Thresholds that nothing can break: of figures that the scenario does not measure, or that would end a phase too late.

use super::model::Threshold;
use super::text::{Condition, Metric};
use super::{LoadedScenario, ScenarioError};

/// Adds what is wrong with the thresholds of a scenario.
pub(super) fn mistakes(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    for threshold in &loaded.scenario.thresholds {
        let wrong = unmeasured(loaded, &threshold.threshold).or_else(|| late(threshold));
        mistakes.extend(wrong.map(|(message, help)| loaded.error(threshold.place, message).with_help(help)));
    }
}

fn unmeasured(loaded: &LoadedScenario, condition: &Condition) -> Option<(String, String)> {
    let (key, measured) = match condition.metric {
        Metric::Overhead => ("overhead", loaded.scenario.overhead.is_some()),
        _ => ("load", !loaded.scenario.load.is_empty()),
    };
    let message = format!("`{}` looks at what this scenario does not measure", condition.text);
    (!measured).then(|| (message, format!("add `{key}:`")))
}

fn late(threshold: &Threshold) -> Option<(String, String)> {
    let known_early =
        matches!(threshold.threshold.metric, Metric::Percentile(_) | Metric::Mean | Metric::Max | Metric::ErrorRate);
    let message = "this measurement is known only at the end of a phase: it cannot end one".to_owned();
    (threshold.abort && !known_early)
        .then_some((message, "`abort` watches percentiles, mean, max and error_rate".to_owned()))
}
