//! Statistics of paired and repeated measurements; pure.

mod bootstrap;
pub mod paired;
mod ratio;
pub mod timing;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bootstrap::{block_median, median};
pub use ratio::{Seconds, normal_quantile, quantile_ratios};

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What one scheme costs over the baseline. Times in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverheadRow {
    /// Name of the scheme or preset.
    pub name: String,
    /// Median of paired differences against the baseline, from the first step of preparing the request to the last byte
    /// of its answer; the interval includes the floor.
    pub difference_us: Estimate,
    /// Whether the difference can be told from none, given the A/A control.
    pub distinguishable: bool,
    /// Median service time: from the first byte sent to the last byte read.
    pub service_time_us: f64,
    /// What preparing its request takes the client more than the baseline's.
    pub client_us: f64,
    /// What the server says that authentication took it more than under the baseline (`Server-Timing: auth;dur=`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_us: Option<Estimate>,
    /// What remains of the difference: bytes on the wire, parsing, authorisation, scheduling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_us: Option<f64>,
    /// Pairs measured.
    pub pairs: u64,
    /// Time from connecting to the first answer on a new connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_request_us: Option<f64>,
    /// Time to obtain a token, where the scheme needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_acquisition_us: Option<f64>,
    /// Requests per second of server CPU time, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_core_second: Option<f64>,
}

/// What an overhead study measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverheadFigures {
    /// Name of the baseline.
    pub baseline: String,
    /// Rows in order of cost.
    pub rows: Vec<OverheadRow>,
    /// The baseline against itself on the same connection: what no difference looks like. Its interval includes the floor.
    pub control_us: Estimate,
    /// Systematic floor in microseconds; each interval reaches that much further on both sides.
    pub floor_us: f64,
    /// Part of the floor that grows with the difference: a share of it, from 0 to 1, on both sides as well.
    #[serde(default)]
    pub floor_share: f64,
    /// Seconds of measuring.
    pub duration_s: f64,
    /// Things a reader has to know to read the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
