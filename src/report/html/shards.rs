//! The shards that a run was merged from: what each of them sent, and when.

use askama::Template;

use crate::event::shards::{MergedShards, PhaseIntervals, ShardPhase};
use crate::observe::ClockOffset;
use crate::report::units::{self, count, difference, time};
use crate::stats::Estimate;

/// The shards of a merged run.
#[derive(Template)]
#[template(path = "shards.html")]
pub(super) struct ShardsView<'a> {
    /// The shards.
    pub(super) shards: &'a MergedShards,
}

impl ShardsView<'_> {
    /// How many were merged of how many, in words.
    fn merged(&self) -> String {
        format!("{} of {} shards merged", self.shards.shards.len(), self.shards.expected)
    }

    fn missing(&self) -> String {
        self.shards.missing.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    }

    fn measured(&self) -> bool {
        self.shards.shards.iter().any(|shard| !shard.phases.is_empty())
    }
}

/// The cells of a phase of a shard, after its name.
fn cells(phase: &ShardPhase) -> [String; 7] {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), units::rate);
    [
        phase.late_ms.map_or_else(|| "–".to_owned(), |late| difference(late * 1e3)),
        phase.first_send_us.map_or_else(|| "–".to_owned(), |late| time(late.max(0.0))),
        time(phase.scheduling_delay_p99_us),
        rate(phase.planned_rate),
        rate(Some(phase.achieved_rate)),
        count(phase.requests),
        time(phase.p99_us),
    ]
}

/// How far other clocks are ahead, in words.
fn clock(clock: &ClockOffset) -> String {
    let target = clock.target_low_ms.zip(clock.target_high_ms);
    let target = target.map(|(low, high)| format!("target {} to {}", difference(low * 1e3), difference(high * 1e3)));
    let folder = clock.folder_ms.map(|folder| format!("folder {}", difference(folder * 1e3)));
    let known: Vec<String> = target.into_iter().chain(folder).collect();
    if known.is_empty() { "–".to_owned() } else { known.join(", ") }
}

/// The percentiles of a phase with their intervals.
fn intervals(intervals: &PhaseIntervals) -> [String; 3] {
    let shown = |one: &Estimate| format!("{} ({} to {})", time(one.value), time(one.low), time(one.high));
    [shown(&intervals.p50_us), shown(&intervals.p90_us), shown(&intervals.p99_us)]
}
