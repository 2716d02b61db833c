//! Load phases.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::objective::Objective;
use crate::scenario::text::{HttpVersion, Length, Rate, RequestLine, Share};

/// A load phase.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadPhase {
    /// Name, for reports.
    pub name: String,
    /// Arrival rate: an open model. Without it each connection sends when its last request is answered.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// How requests arrive at that rate.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// Rate that the phase ends with, for a ramp; the highest that is tried, for a search.
    #[serde(default)]
    pub to: Option<Rate>,
    /// Steps of equal length and height from `rate` to `to`, instead of a ramp.
    #[serde(default)]
    pub steps: Option<u32>,
    /// Searches the highest rate that holds this, such as `{ p(99): 20ms }`: it doubles from `rate` (100/s) and then halves
    /// the gap; each try takes `warmup` and `duration`.
    #[serde(default)]
    pub capacity: Option<Objective>,
    /// Many identities: each request of the valid lane carries the next one's credential.
    #[serde(default)]
    pub pool: Option<Pool>,
    /// Time after which a request is given up (default 10s).
    #[serde(default)]
    pub timeout: Option<Length>,
    /// What is spoken: 1 for HTTP/1.1, 2 for HTTP/2 (over TLS by ALPN, in clear text by prior knowledge). A target that does not
    /// speak it is reported; there is no fallback to another version.
    #[serde(default)]
    pub http: HttpVersion,
    /// Number of connections (default 8).
    #[serde(default)]
    pub connections: Option<usize>,
    /// Most requests that a connection has in flight, for `http: 2`: its streams (default 10; never more than the target
    /// allows).
    #[serde(default)]
    pub streams: Option<usize>,
    /// Time that is not measured.
    #[serde(default)]
    pub warmup: Option<Length>,
    /// Time that is measured.
    pub duration: Length,
    /// How late authbench itself may send 1 % of the requests before the results are inconclusive (default 5ms). More of
    /// it is for a phase that only asks whether all answers are right, on a machine that does other work too.
    #[serde(default)]
    pub max_lateness: Option<Length>,
    /// Lanes by share: `valid`, `expired`, `no-credential`, or the name of a forgery that has to be refused.
    #[serde(default)]
    pub mix: BTreeMap<String, Share>,
    /// Method and path of the resource, if it is not the first protected one that reads. The path is a template.
    #[serde(default)]
    pub request: Option<RequestLine>,
}

/// How requests arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At equal distances.
    #[default]
    Constant,
    /// At random distances, as independent clients do.
    Poisson,
}

/// Where the credentials of a pool come from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    /// Every credential of the scenario that is valid for the resource.
    Declared,
    /// A file with one credential a line: a key, a token, `user:password` or `client_id:client_secret`; relative to the scenario.
    File(std::path::PathBuf),
    /// This many tokens of one client, each obtained by itself.
    Tokens(usize),
}
