//! When a part of a load phase was sent, by which clock, against which plan.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a load phase was sent from one machine. Times are those of its own clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseTiming {
    /// When the phase was to start; none where nothing but this machine decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub planned: Option<Timestamp>,
    /// When it started, warm-up included.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// From the planned time of the first request to when it was sent, in microseconds; none where none was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_send_us: Option<f64>,
    /// Mean rate that the schedule has for this machine, in requests a second; none in the closed model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_rate: Option<f64>,
    /// Scheduling delay of the generator above which the measurements are inconclusive, in milliseconds.
    pub lateness_bound_ms: f64,
    /// How far the clock of this machine is from others.
    #[serde(default)]
    pub clock: ClockOffset,
}

/// How far other clocks are ahead of this machine's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockOffset {
    /// The target's clock, by its `Date` fields (RFC 9110 §6.6.1), which have whole seconds: at least so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_low_ms: Option<f64>,
    /// At most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_high_ms: Option<f64>,
    /// The clock that stamps files in the barrier's folder, which all shards see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder_ms: Option<f64>,
}
