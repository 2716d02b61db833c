//! What a search of the capacity found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The highest rate that holds an objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapacityFigures {
    /// What has to hold, such as `p(99) <= 20ms`.
    pub objective: String,
    /// The highest rate that held it, in requests a second; none where no rate did.
    pub rate: Option<f64>,
    /// The lowest rate that did not; none where the search ended before it found one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<f64>,
    /// Every rate that was tried, in order.
    pub steps: Vec<CapacityStep>,
}

/// One rate that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapacityStep {
    /// Requests a second that were offered.
    pub rate: f64,
    /// Requests a second that were answered.
    pub achieved_rate: f64,
    /// 99th percentile of response time, in microseconds.
    pub p99_us: f64,
    /// Whether the objective held.
    pub held: bool,
    /// What did not hold, where something did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl CapacityFigures {
    /// Whether the target may bear more than the rate that held: nothing was found that broke it.
    pub fn is_open(&self) -> bool {
        self.broken_at.is_none()
    }
}
