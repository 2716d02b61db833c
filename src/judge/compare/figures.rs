//! What figures of two runs prove, given that machines are noisy and drift between runs.
//!
//! The costs of schemes come from pairs that alternate with a baseline: each run carries its own yardstick, and what the
//! machine did to both sides of a pair is not in their difference. Percentiles of load have no such partner. They are
//! compared only as far as the yardstick of the same target allows, or, without one, where a change is so large that
//! no drift explains it.

use super::phases;
use super::{RunSide, ScenarioSide};
use crate::event::comparison::{FigureChange, Movement, Scale, Unit};
use crate::stats::{Estimate, OverheadFigures, OverheadRow, normal_quantile};

/// All intervals of a comparison hold together with this probability.
const CONFIDENCE: f64 = 0.95;
/// Share of the 95 % intervals of a study that lies on one side of its value.
const STUDIED: f64 = 0.975;
/// A difference of differences that counts at least, in microseconds: what two runs of one build differ by because of
/// where their memory and threads came to lie.
const LEAST_US: f64 = 0.5;
/// The same as a share of the scheme's service time.
const LEAST_SHARE: f64 = 0.02;

/// How the machine changed, as the baseline of a study saw it: its service time in the later run, of the earlier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yardstick(pub(super) f64);

/// All figures that both runs have.
pub(super) fn changes(before: &RunSide<'_>, after: &RunSide<'_>, seed: u64) -> Vec<FigureChange> {
    let pairs: Vec<(&ScenarioSide<'_>, &ScenarioSide<'_>)> =
        before.scenarios.iter().filter_map(|old| Some((old, after.scenario(old.name)?))).collect();
    let count: usize = pairs.iter().map(|(old, new)| rows(old, new).len() + phases::count(old, new)).sum();
    // Bonferroni: many figures, and still at most one false alarm in twenty comparisons
    let level = 1.0 - (1.0 - CONFIDENCE) / count.max(1) as f64;
    let mut changes = Vec::new();
    for (old, new) in pairs {
        changes.extend(rows(old, new).into_iter().map(|(before, after)| overhead(old.name, before, after, level)));
        let yardstick = yardstick(before, after, old.target, new.target);
        changes.extend(phases::changes(old, new, yardstick, level, seed));
    }
    changes
}

/// A row of a study, with the service time of its baseline.
type Row<'a> = (&'a OverheadRow, f64);

fn rows<'a>(old: &ScenarioSide<'a>, new: &ScenarioSide<'a>) -> Vec<(Row<'a>, Row<'a>)> {
    let studies = old.studies.iter().filter_map(|one| {
        let other = new.studies.iter().find(|other| other.baseline == one.baseline)?;
        Some((one, other, baseline(one)?, baseline(other)?))
    });
    let rows = studies.flat_map(|(one, other, old_baseline, new_baseline)| {
        one.rows.iter().filter(move |row| row.name != one.baseline).filter_map(move |row| {
            let same = other.rows.iter().find(|same| same.name == row.name)?;
            Some(((row, old_baseline), (same, new_baseline)))
        })
    });
    rows.collect()
}

/// Service time of a study's baseline.
fn baseline(study: &OverheadFigures) -> Option<f64> {
    let row = study.rows.iter().find(|row| row.name == study.baseline)?;
    Some(row.service_time_us).filter(|time| *time > 0.0)
}

/// The yardstick of a target: any study of it that both runs have.
fn yardstick(before: &RunSide<'_>, after: &RunSide<'_>, old: &str, new: &str) -> Option<Yardstick> {
    let of = |run: &RunSide<'_>, target: &str| {
        let scenarios = run.scenarios.iter().filter(|scenario| scenario.target == target);
        let studied = scenarios
            .flat_map(|scenario| scenario.studies)
            .filter_map(|study| Some((study.baseline.clone(), baseline(study)?)));
        studied.collect::<Vec<_>>()
    };
    let after = of(after, new);
    let both = of(before, old)
        .into_iter()
        .find_map(|(name, before)| after.iter().find(|(other, _)| *other == name).map(|(_, after)| after / before));
    both.map(Yardstick)
}

/// What a scheme costs over the baseline, in both runs.
fn overhead(scenario: &str, before: Row<'_>, after: Row<'_>, level: f64) -> FigureChange {
    let ((old, old_baseline), (new, new_baseline)) = (before, after);
    // a slower machine makes a cost larger, but not each cost alike: the change counts only if it does both as it was
    // measured and with the later cost scaled to the earlier machine
    let wider = normal_quantile(0.5 + level / 2.0) / normal_quantile(STUDIED);
    let scaled = [1.0, old_baseline / new_baseline]
        .map(|scale| difference(&old.difference_us, &new.difference_us, scale, wider));
    let change = Estimate {
        value: scaled[0].value,
        low: scaled[0].low.min(scaled[1].low),
        high: scaled[0].high.max(scaled[1].high),
    };
    let reach = LEAST_US.max(LEAST_SHARE * old.service_time_us.max(new.service_time_us));
    let allowance = Estimate { value: 0.0, low: -reach, high: reach };
    let movement = movement(&change, &allowance, true);
    let drift = (new_baseline / old_baseline - 1.0) * 100.0;
    FigureChange {
        scenario: scenario.to_owned(),
        figure: format!("overhead of {}", old.name),
        unit: Unit::Microseconds,
        before: old.difference_us.value,
        after: new.difference_us.value,
        scale: Scale::Difference,
        change: Some(change),
        allowance: Some(allowance),
        movement,
        why: format!("the baseline beside it went from {old_baseline:.1} to {new_baseline:.1} µs ({drift:+.1} %)"),
    }
}

/// The difference of two independent estimates, their intervals made `wider`.
fn difference(old: &Estimate, new: &Estimate, scale: f64, wider: f64) -> Estimate {
    let value = new.value * scale - old.value;
    let below = ((new.value - new.low) * scale).hypot(old.high - old.value) * wider;
    let above = ((new.high - new.value) * scale).hypot(old.value - old.low) * wider;
    Estimate { value, low: value - below, high: value + above }
}

/// What an interval proves beside what is allowed: it counts where it lies outside as a whole.
pub(super) fn movement(change: &Estimate, allowance: &Estimate, less_is_better: bool) -> Movement {
    let (above, below) = (change.low > allowance.high, change.high < allowance.low);
    match (above, below) {
        (true, _) if less_is_better => Movement::Worse,
        (_, true) if !less_is_better => Movement::Worse,
        (true, _) | (_, true) => Movement::Better,
        _ if change.low >= allowance.low && change.high <= allowance.high => Movement::Same,
        _ => Movement::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(difference: f64, half: f64, service_time_us: f64) -> OverheadRow {
        let difference_us = Estimate { value: difference, low: difference - half, high: difference + half };
        OverheadRow {
            name: "basic".to_owned(),
            difference_us,
            distinguishable: true,
            service_time_us,
            client_us: 1.0,
            server_us: None,
            rest_us: None,
            pairs: 1000,
            first_request_us: None,
            token_acquisition_us: None,
            requests_per_core_second: None,
        }
    }

    #[test]
    fn a_cost_moves_where_its_whole_interval_does() {
        for (before, after, baselines, expected) in [
            ((20.0, 0.5), (20.4, 0.5), (60.0, 60.0), Movement::Same),
            ((20.0, 0.5), (40.0, 0.5), (60.0, 60.0), Movement::Worse),
            ((40.0, 0.5), (20.0, 0.5), (60.0, 60.0), Movement::Better),
            ((20.0, 9.0), (30.0, 9.0), (60.0, 60.0), Movement::Inconclusive),
            // the machine became half as fast, and so did everything
            ((20.0, 0.5), (40.0, 0.5), (60.0, 120.0), Movement::Inconclusive),
            // and it became slower a little, beside a true change
            ((20.0, 0.5), (44.0, 0.5), (60.0, 66.0), Movement::Worse),
        ] {
            let (old, new) = (row(before.0, before.1, 80.0), row(after.0, after.1, 80.0));
            let change = overhead("a", (&old, baselines.0), (&new, baselines.1), 0.99);
            assert_eq!(change.movement, expected, "{before:?} {after:?} {baselines:?}: {change:?}");
        }
    }

    #[test]
    fn more_is_better_for_a_rate() {
        let allowance = Estimate { value: 1.0, low: 0.95, high: 1.05 };
        for (low, high, expected) in [
            (0.5, 0.6, Movement::Worse),
            (1.2, 1.3, Movement::Better),
            (0.97, 1.01, Movement::Same),
            (0.9, 1.01, Movement::Inconclusive),
        ] {
            assert_eq!(movement(&Estimate { value: low, low, high }, &allowance, false), expected, "{low} to {high}");
        }
    }
}
