//! Why the records of shards do not make one result: each doubt names its shard.

use jiff::Timestamp;

use crate::event::shards::{MergedShard, Terms};
use crate::event::{RunStarted, ScenarioStarted};
use crate::observe::{LoadFigures, PhaseTiming};
use crate::report::Record;
use crate::shard::Shard;

/// A phase that starts later than this against its plan, or against the other shards, is late.
const LATE_MS: f64 = 500.0;
/// Clocks that are further apart than this say nothing about when shards sent.
const CLOCKS_MS: f64 = 500.0;
/// Share of its planned rate that a shard has to send.
const ENOUGH: f64 = 0.98;

/// What of a record differs from what the first one says; none where both are of one run.
pub(super) fn differs<'a>(
    (first, known): (&RunStarted, impl Iterator<Item = (&'a ScenarioStarted, &'a Terms)>),
    record: &Record,
) -> Option<String> {
    let started = record.started.as_ref()?;
    let (one, other) = (first.shard.as_ref()?, started.shard.as_ref()?);
    let same = [
        ("number of shards", one.shard.count == other.shard.count),
        ("version of authbench", first.version == started.version),
        ("catalogue", first.catalogue == started.catalogue),
        ("seed", first.seed == started.seed),
        ("selection of what runs", one.options == other.options),
        ("use of a barrier", one.barrier == other.barrier),
    ];
    if let Some((what, _)) = same.iter().find(|(_, same)| !same) {
        return Some((*what).to_owned());
    }
    // a record that was cut off has fewer scenarios
    let mut own = record.scenarios.iter();
    for (scenario, terms) in known {
        let Some(other) = own.next() else { break };
        let name = &scenario.name;
        if *name != other.started.name || Some(terms) != other.started.terms.as_deref() {
            return Some(format!("scenario {name} (its text, waivers or options)"));
        }
        if scenario.target != other.started.target {
            return Some(format!("target of the scenario {name}"));
        }
    }
    None
}

/// That the last shard wrote, locked out or disturbed while another one ran its checks.
pub(super) fn overlapping(shards: &[MergedShard]) -> Vec<String> {
    let Some(last) = shards.iter().find(|shard| shard.disturbing > 0 && !shard.barrier) else { return Vec::new() };
    let others = shards.iter().filter(|other| other.shard != last.shard);
    let running = others.filter(|other| other.finished.is_none_or(|finished| finished > last.started));
    running
        .map(|other| {
            format!(
                "shard {} ran checks that disturb while shard {} was running: start it after the others, or use --barrier",
                last.shard, other.shard
            )
        })
        .collect()
}

/// When shards were to start a phase, in milliseconds since 1970: the middle of their plans, or of their starts where they had
/// no plan.
pub(super) fn plan_of(parts: &[(Shard, LoadFigures)]) -> f64 {
    let timings = || parts.iter().filter_map(|(_, figures)| figures.timing.as_ref());
    let mut times: Vec<f64> = timings().filter_map(|timing| timing.planned).map(millis).collect();
    if times.is_empty() {
        times = timings().map(|timing| millis(timing.started)).collect();
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64() * 1000.0
}

/// How late a shard started against the plan of all, and sent its first request, in milliseconds.
pub(super) fn late_ms(timing: &PhaseTiming, plan: f64) -> (f64, Option<f64>) {
    let moved = timing.planned.map_or(0.0, |planned| millis(planned) - plan);
    (millis(timing.started) - plan, timing.first_send_us.map(|first| first / 1000.0 + moved))
}

/// Why what shards measured of a phase cannot be added up: one was late or slow, or its clock or search differs.
pub(super) fn of_phase(name: &str, parts: &[(Shard, LoadFigures)], plan: f64) -> Vec<String> {
    let mut doubts = Vec::new();
    let mut clocks: Vec<(Shard, f64, f64)> = Vec::new();
    for (shard, figures) in parts {
        let Some(timing) = &figures.timing else { continue };
        let (late, first) = late_ms(timing, plan);
        let first = first.filter(|first| *first > LATE_MS);
        if let Some(late) = Some(late).filter(|late| late.abs() > LATE_MS).or(first) {
            let way = if late < 0.0 { "early" } else { "late" };
            doubts.push(format!("shard {shard} started the phase {name} {:.1} s {way}", late.abs() / 1000.0));
        }
        if let Some((planned, offered)) = timing.planned_rate.zip(figures.offered_rate)
            && figures.achieved_rate < planned.min(offered) * ENOUGH
            && figures.inconclusive.is_none()
        {
            let achieved = figures.achieved_rate;
            doubts.push(format!(
                "shard {shard} was slow in the phase {name}: {achieved:.0} of {planned:.0} requests a second"
            ));
        }
        if let (Some(low), Some(high)) = (timing.clock.target_low_ms, timing.clock.target_high_ms) {
            clocks.push((*shard, low, high));
        }
        if figures.capacity.as_ref().map(|capacity| &capacity.steps)
            != parts[0].1.capacity.as_ref().map(|capacity| &capacity.steps)
        {
            doubts.push(format!("shard {shard} took other steps of the search {name} than shard {}", parts[0].0));
        }
    }
    // against the target's clock, of which each shard knows an interval
    let lowest_high = clocks.iter().map(|(.., high)| *high).fold(f64::MAX, f64::min);
    for (shard, low, _) in clocks.iter().filter(|(_, low, _)| *low - lowest_high > CLOCKS_MS) {
        let apart = (low - lowest_high) / 1000.0;
        doubts.push(format!("the clock of shard {shard} is {apart:.1} s or more behind that of another shard"));
    }
    doubts
}
