//! Figures of a load phase, as they are reported. Times in microseconds.

use std::collections::BTreeMap;

use super::{CapacityFigures, Histograms, NoDistribution, PhaseTiming, decode};
use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A distribution of times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Largest value.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
}

impl Latency {
    /// Reads a histogram of nanoseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1000.0;
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1000.0,
            mean: histogram.mean() / 1000.0,
        }
    }
}

/// Who decides when the next request leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Requests leave by a schedule, whatever the target does: response times are true under stalls.
    Open,
    /// A connection's next request leaves when its last is answered: a stall hides the requests that it held up.
    Closed,
}

/// Who kept a rate from being higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// This program or its machine: the figures say nothing of the target.
    Generator,
    /// The target: times are true, and what was offered was too much for it.
    Target,
}

/// Answers counted by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcomes {
    /// Access granted.
    #[serde(alias = "accepted")]
    pub granted: u64,
    /// Access refused.
    #[serde(alias = "rejected")]
    pub refused: u64,
    /// Complete answers that are neither.
    #[serde(default)]
    pub unclear: u64,
    /// Server errors.
    pub broke: u64,
    /// No answer.
    pub silent: u64,
}

impl Outcomes {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.granted + self.refused + self.unclear + self.broke + self.silent
    }
}

/// One lane of a mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LaneFigures {
    /// Name: `valid`, or the forgery that the lane sends.
    pub name: String,
    /// Share of the requests, from 0 to 1.
    pub share: f64,
    /// Whether the lane's requests should be granted.
    #[serde(alias = "expects_accepted")]
    pub expects_grant: bool,
    /// Answers by outcome.
    pub outcomes: Outcomes,
    /// Answers by status code.
    #[serde(default, deserialize_with = "status_counts")]
    pub statuses: BTreeMap<u16, u64>,
    /// For a lane that expects refusal: seconds into the phase at which the first request was granted.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "first_accepted_s")]
    pub first_granted_s: Option<f64>,
    /// The rate that the schedule asked for at that moment, in requests a second; none in the closed model.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "first_accepted_rate")]
    pub first_granted_rate: Option<f64>,
}

/// JSON has text for keys, and inside a tagged event serde does not make numbers of it.
fn status_counts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u16, u64>, D::Error> {
    let counts = BTreeMap::<String, u64>::deserialize(deserializer)?;
    let parsed = counts.into_iter().map(|(status, count)| Ok((status.parse().map_err(D::Error::custom)?, count)));
    parsed.collect()
}

/// One second of a phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Start, in seconds after the end of the warm-up.
    pub start_s: f64,
    /// Length in seconds.
    pub length_s: f64,
    /// Answers by outcome over all lanes.
    pub outcomes: Outcomes,
    /// Outcomes of these that their lane does not expect.
    #[serde(default)]
    pub unexpected: u64,
    /// Response times in this second (service times in the closed model).
    pub response_time_us: Latency,
    /// The same as an HdrHistogram of nanoseconds: V2, deflated, Base64.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub histogram: String,
}

impl Interval {
    /// The distribution in nanoseconds.
    ///
    /// # Errors
    /// When the record does not carry it, as a report does not, or carries something else.
    pub fn decoded(&self) -> Result<Histogram<u64>, NoDistribution> {
        decode(&self.histogram)
    }

    /// The distribution in nanoseconds; none where the record does not carry it.
    pub fn distribution(&self) -> Option<Histogram<u64>> {
        self.decoded().ok()
    }
}

/// What requests cost the target's process and its children.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetCost {
    /// Processor seconds in the measured time.
    pub cpu_s: f64,
    /// Answers for each processor second.
    pub requests_per_core_second: f64,
}

/// What a load phase measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadFigures {
    /// Name of the phase.
    pub name: String,
    /// Open or closed.
    pub model: Model,
    /// Requests answered or given up after the warm-up.
    pub requests: u64,
    /// Measured seconds, warm-up excluded.
    pub duration_s: f64,
    /// Seconds of warm-up, measured by nothing.
    pub warmup_s: f64,
    /// Requests a second that the schedule asked for; none in the closed model.
    pub offered_rate: Option<f64>,
    /// Requests a second that were answered.
    pub achieved_rate: f64,
    /// Version of HTTP that was spoken: 1 is HTTP/1.1, 2 is HTTP/2.
    #[serde(default = "http1")]
    pub http: u8,
    /// Connections.
    pub connections: usize,
    /// Requests that a connection had at a time, at most: the streams of HTTP/2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streams: Option<usize>,
    /// Worker threads.
    pub threads: usize,
    /// Figures by lane.
    pub lanes: Vec<LaneFigures>,
    /// From the due time to the last byte. In the closed model, which has no due time, the same as service time.
    pub response_time_us: Latency,
    /// From the first byte sent to the last byte read.
    pub service_time_us: Latency,
    /// How late requests left: from the due time to the first byte sent. Zero in the closed model.
    pub lateness_us: Latency,
    /// Server time spent on authentication, from `Server-Timing: auth;dur=`, where the target sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_auth_us: Option<Latency>,
    /// Time to obtain a token, where tokens were obtained during the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_acquisition_us: Option<Latency>,
    /// Tokens obtained during the phase.
    #[serde(default)]
    pub tokens_obtained: u64,
    /// Most requests that were due and had not left, at a time. None of them is dropped.
    #[serde(default)]
    pub backlog_max: u64,
    /// Share of its time in which the busiest worker had something to do, from 0 to 1, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_busy: Option<f64>,
    /// What the requests cost the target, where its process is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_cost: Option<TargetCost>,
    /// Why requests had no answer, and how many.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub silences: BTreeMap<String, u64>,
    /// Who kept the rate from being higher, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<Limit>,
    /// What a search of the capacity found; the other figures are those of the highest rate that held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityFigures>,
    /// Why the figures cannot be trusted, if they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inconclusive: Option<String>,
    /// Things a reader has to know to read the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Response times as percentiles for a curve: quantile and microseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<(f64, f64)>,
    /// The distributions in full, so that those of several machines can be added.
    #[serde(default, skip_serializing_if = "Histograms::is_empty")]
    pub histograms: Histograms,
    /// When the phase was sent; none in what several machines sent together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<PhaseTiming>,
}

/// What older records spoke, which do not say it.
fn http1() -> u8 {
    1
}

impl LoadFigures {
    /// What was spoken, where it is not HTTP/1.1.
    pub fn other_protocol(&self) -> Option<String> {
        (self.http != http1()).then(|| format!("HTTP/{}", self.http))
    }
}

/// Quantiles for a curve: each next point halves the distance to 1.
pub fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let mut points = Vec::new();
    let mut rest = 1.0;
    while rest > 1.0 / (histogram.len() as f64 * 2.0) && points.len() < 64 {
        for step in 0..4 {
            let quantile = 1.0 - rest * (1.0 - f64::from(step) / 8.0);
            points.push((quantile, histogram.value_at_quantile(quantile) as f64 / 1000.0));
        }
        rest /= 2.0;
    }
    points.push((1.0, histogram.max() as f64 / 1000.0));
    points
}
