//! What a record says about the shards of a run: in a shard's own record, and in the merged one.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SourcePlace;
use crate::check::Severity;
use crate::observe::ClockOffset;
use crate::shard::Shard;
use crate::stats::Estimate;

/// Which part of a run a record holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShardPart {
    /// Which shard.
    pub shard: Shard,
    /// Name of the machine.
    pub host: String,
    /// Options that select what runs: equal in all shards of a run.
    pub options: String,
    /// Whether the shards waited for each other.
    #[serde(default)]
    pub barrier: bool,
}

/// What a scenario asks to be judged, for whoever merges the shards: a shard judges nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Terms {
    /// SHA-256 of the scenario's text, in hexadecimal.
    pub digest: String,
    /// Thresholds.
    pub thresholds: Vec<WrittenThreshold>,
    /// Waivers, of the scenario and of files.
    pub waivers: Vec<WrittenWaiver>,
    /// Share of the applicable checks that have to be executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_coverage: Option<f64>,
    /// Load phases in order, with their places.
    pub phases: Vec<WrittenPhase>,
    /// Whether all checks are asked for, so that a waiver that nothing needed is stale.
    pub whole: bool,
    /// Whether load is asked for.
    pub load: bool,
    /// Exit code of an inconclusive scenario.
    pub inconclusive: u8,
    /// The lowest severity of a failed check that fails the run; low if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<Severity>,
    /// Whether the main resource says how a success looks.
    pub success_declared: bool,
}

/// A threshold as the scenario has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenThreshold {
    /// The condition.
    pub threshold: String,
    /// Whether a broken one fails nothing.
    pub only_warns: bool,
    /// Where it is.
    pub place: SourcePlace,
}

/// A waiver as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenWaiver {
    /// The waiver.
    pub waiver: serde_json::Value,
    /// Where it is.
    pub place: SourcePlace,
    /// Whether it is of a file, which other scenarios may name as well.
    pub of_file: bool,
}

/// A load phase as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WrittenPhase {
    /// Its name.
    pub name: String,
    /// Method of its requests.
    pub method: String,
    /// Path of its requests.
    pub path: String,
    /// Where it is.
    pub place: SourcePlace,
}

/// What the checks of a shard were answered, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answers {
    /// Answers.
    pub answers: usize,
    /// Of these, 401, 403 and 429.
    pub denials: usize,
    /// Controls.
    pub controls: usize,
    /// Of these, granted.
    pub granted: usize,
    /// Checks that authbench itself failed in.
    #[serde(default)]
    pub crashed: usize,
    /// Checks and cases that write, lock out or disturb.
    #[serde(default)]
    pub disturbing: usize,
}

/// The shards of a merged run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergedShards {
    /// How many shards the run was split into.
    pub expected: u32,
    /// How many may be missing.
    pub allowed_missing: u32,
    /// Numbers of the shards without a record.
    pub missing: Vec<u32>,
    /// The shards that were merged, in order.
    pub shards: Vec<MergedShard>,
    /// Why the result is inconclusive, each with the shard that it speaks of.
    pub doubts: Vec<String>,
    /// Intervals of the figures of load phases.
    pub intervals: Vec<PhaseIntervals>,
}

impl MergedShards {
    /// Names of the shards without a record, or with one that was cut off.
    pub fn lacking(&self) -> Vec<String> {
        let cut = self.shards.iter().filter(|shard| shard.finished.is_none()).map(|shard| shard.shard.index);
        let mut lacking: Vec<u32> = self.missing.iter().copied().chain(cut).collect();
        lacking.sort_unstable();
        lacking.into_iter().map(|index| format!("{index}/{}", self.expected)).collect()
    }

    /// Whether as many shards may be missing as are.
    pub fn may_lack(&self) -> bool {
        self.lacking().len() <= self.allowed_missing as usize
    }
}

/// One shard of a merged run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MergedShard {
    /// Which shard.
    pub shard: Shard,
    /// Name of its machine.
    pub host: String,
    /// When it began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// Whether it waited for the others at a barrier.
    #[serde(default)]
    pub barrier: bool,
    /// When it ended; none where it was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub finished: Option<Timestamp>,
    /// Checks that it executed.
    pub checks: usize,
    /// Of these and of its cases, those that write, lock out or disturb.
    #[serde(default)]
    pub disturbing: usize,
    /// What it measured of each load phase.
    pub phases: Vec<ShardPhase>,
}

/// What one shard measured of a load phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardPhase {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the phase.
    pub phase: String,
    /// How late it started against the plan of all, in milliseconds; against the middle of all starts without a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<f64>,
    /// How late its first request was sent against the plan of all, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_send_us: Option<f64>,
    /// 99th percentile of the scheduling delay, in microseconds.
    pub scheduling_delay_p99_us: f64,
    /// Requests a second that its schedule has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_rate: Option<f64>,
    /// Requests a second that were answered.
    pub achieved_rate: f64,
    /// Requests.
    pub requests: u64,
    /// 99th percentile of response time, in microseconds.
    pub p99_us: f64,
    /// How far its clock is from others.
    pub clock: ClockOffset,
}

/// Figures of a merged phase with their intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseIntervals {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the phase.
    pub phase: String,
    /// Blocks that were drawn again: of each shard, parts of its time.
    pub blocks: usize,
    /// Median of response time, in microseconds.
    pub p50_us: Estimate,
    /// 90th percentile, in microseconds.
    pub p90_us: Estimate,
    /// 99th percentile, in microseconds.
    pub p99_us: Estimate,
}
