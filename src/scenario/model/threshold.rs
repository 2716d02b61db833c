//! What figures have to hold.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::either::bare_or_map;
use crate::scenario::text::Condition;

/// What the figures have to hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdFields {
    /// The condition.
    pub threshold: Condition,
    /// Whether it fails the run or only warns.
    #[serde(default)]
    pub severity: ThresholdSeverity,
}

bare_or_map!(
    /// What the figures have to hold.
    Threshold, ThresholdFields, "a threshold such as `p(99) < 20ms`, or a mapping with `threshold` and `severity`",
    |text: &str| text.parse().ok().map(|threshold| ThresholdFields { threshold, severity: ThresholdSeverity::default() }),
    []
);

/// What a broken threshold does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdSeverity {
    /// Fails the run.
    #[default]
    Error,
    /// Is told, and does not fail the run.
    Warn,
}
