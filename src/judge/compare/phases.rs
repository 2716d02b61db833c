//! Percentiles of load phases of two runs.

use thiserror::Error;

use super::ScenarioSide;
use super::figures::{Yardstick, movement};
use crate::event::comparison::{FigureChange, Movement, Scale, Unit};
use crate::observe::{Interval, LoadFigures, Model};
use crate::stats::{Estimate, Seconds, quantile_ratios};

/// Seconds that each run needs for an interval.
const SECONDS: usize = 8;

/// A percentile that is compared, and by what factor two runs of one build may differ in it.
struct Percentile {
    name: &'static str,
    quantile: f64,
    /// With a yardstick, beyond what it explains.
    measured: f64,
    /// Without one: more than machines drift.
    unmeasured: f64,
}

/// Tails differ more than middles do.
const PERCENTILES: [Percentile; 3] = [
    Percentile { name: "p50", quantile: 0.5, measured: 1.1, unmeasured: 1.5 },
    Percentile { name: "p90", quantile: 0.9, measured: 1.2, unmeasured: 2.0 },
    Percentile { name: "p99", quantile: 0.99, measured: 1.5, unmeasured: 3.0 },
];

type Phase<'a> = (&'a LoadFigures, &'a [Interval]);

fn pairs<'a>(old: &ScenarioSide<'a>, new: &ScenarioSide<'a>) -> Vec<(Phase<'a>, Phase<'a>)> {
    let same = |one: &Phase<'a>| new.phases.iter().find(|(figures, _)| figures.name == one.0.name).copied();
    old.phases.iter().filter_map(|one| Some((*one, same(one)?))).collect()
}

/// How many figures of these two will be compared.
pub(super) fn count(old: &ScenarioSide<'_>, new: &ScenarioSide<'_>) -> usize {
    pairs(old, new).len() * PERCENTILES.len()
}

/// All percentiles of all phases that both have.
pub(super) fn changes(
    old: &ScenarioSide<'_>,
    new: &ScenarioSide<'_>,
    yardstick: Option<Yardstick>,
    level: f64,
    seed: u64,
) -> Vec<FigureChange> {
    let phases = pairs(old, new).into_iter();
    phases.flat_map(|(before, after)| phase(old.name, before, after, yardstick, level, seed)).collect()
}

fn phase(
    scenario: &str,
    before: Phase<'_>,
    after: Phase<'_>,
    yardstick: Option<Yardstick>,
    level: f64,
    seed: u64,
) -> Vec<FigureChange> {
    let ratios = alike(before.0, after.0).and_then(|()| ratios(before.1, after.1, level, seed));
    let change = |(at, percentile): (usize, &Percentile)| {
        let shown = |figures: &LoadFigures| at_quantile(figures, at);
        let mut change = FigureChange {
            scenario: scenario.to_owned(),
            figure: format!("{} of {}", percentile.name, before.0.name),
            unit: Unit::Microseconds,
            before: shown(before.0),
            after: shown(after.0),
            scale: Scale::Ratio,
            change: None,
            allowance: None,
            movement: Movement::Inconclusive,
            why: String::new(),
        };
        match &ratios {
            Err(why) => change.why = why.to_string(),
            Ok(ratios) => {
                let (allowance, why) = allowed(percentile, yardstick);
                change.movement = movement(&ratios[at], &allowance, true);
                (change.change, change.allowance, change.why) = (Some(ratios[at]), Some(allowance), why);
            }
        }
        change
    };
    PERCENTILES.iter().enumerate().map(change).collect()
}

fn at_quantile(figures: &LoadFigures, at: usize) -> f64 {
    let times = &figures.response_time_us;
    [times.p50, times.p90, times.p99][at]
}

/// Why two phases of one name say nothing about each other.
#[derive(Debug, Error)]
enum Incomparable {
    #[error("the results of one run prove nothing: {0}")]
    Inconclusive(String),
    #[error("the phases are not alike: {0} and {1}")]
    Unlike(String, String),
    #[error("a report has no distributions: compare the records, run.jsonl")]
    NoDistributions,
    #[error("{0} seconds are too few for an interval: make the phase last {SECONDS} s or more")]
    TooShort(usize),
}

/// Whether two phases offer the same load, and both figures count.
fn alike(before: &LoadFigures, after: &LoadFigures) -> Result<(), Incomparable> {
    if let Some(why) = before.inconclusive.as_ref().or(after.inconclusive.as_ref()) {
        return Err(Incomparable::Inconclusive(why.clone()));
    }
    let offered = |figures: &LoadFigures| match (figures.model, figures.offered_rate) {
        (Model::Open, Some(rate)) => format!("{rate:.0}/s"),
        _ => "a closed model".to_owned(),
    };
    // figures of two protocols are two figures, whatever their phases are called
    let spoken = |figures: &LoadFigures| figures.other_protocol().map(|name| format!("{name}, ")).unwrap_or_default();
    let shared = |figures: &LoadFigures| {
        figures.streams.map(|streams| format!(" with {streams} streams each")).unwrap_or_default()
    };
    let shape = |figures: &LoadFigures| {
        let (rate, connections) = (offered(figures), figures.connections);
        format!("{}{rate} over {connections} connections{}", spoken(figures), shared(figures))
    };
    let (one, other) = (shape(before), shape(after));
    if one == other { Ok(()) } else { Err(Incomparable::Unlike(one, other)) }
}

fn ratios(before: &[Interval], after: &[Interval], level: f64, seed: u64) -> Result<Vec<Estimate>, Incomparable> {
    let seconds =
        |intervals: &[Interval]| Seconds::of(&intervals.iter().filter_map(Interval::distribution).collect::<Vec<_>>());
    let (before, after) = (seconds(before), seconds(after));
    let fewest = before.len().min(after.len());
    if fewest == 0 {
        return Err(Incomparable::NoDistributions);
    }
    if fewest < SECONDS {
        return Err(Incomparable::TooShort(fewest));
    }
    let quantiles = PERCENTILES.map(|percentile| percentile.quantile);
    quantile_ratios(&before, &after, &quantiles, level, seed).ok_or(Incomparable::TooShort(fewest))
}

/// Ratios that say nothing: what the yardstick explains in whole or in part, and a margin around it.
fn allowed(percentile: &Percentile, yardstick: Option<Yardstick>) -> (Estimate, String) {
    match yardstick {
        Some(Yardstick(ratio)) => {
            let (low, high) = (ratio.min(1.0) / percentile.measured, ratio.max(1.0) * percentile.measured);
            let drift = (ratio - 1.0) * 100.0;
            (Estimate { value: ratio, low, high }, format!("the yardstick of this target moved by {drift:+.1} %"))
        }
        None => {
            let factor = percentile.unmeasured;
            let why =
                format!("no yardstick in both runs: only a factor of {factor} counts; an `overhead` study adds one");
            (Estimate { value: 1.0, low: 1.0 / factor, high: factor }, why)
        }
    }
}
