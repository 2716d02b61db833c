//! A threshold against figures; pure.

use crate::observe::{Limit, LoadFigures};
use crate::scenario::text::{Condition, Metric};
use crate::stats::OverheadRow;

/// A figure beside its threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured, with its unit.
    pub text: String,
    /// Whether the threshold holds; none where the figure cannot decide it.
    pub holds: Option<bool>,
}

/// A threshold against a load phase; none where it speaks of something else.
pub fn of_load(condition: &Condition, figures: &LoadFigures) -> Option<Figure> {
    let measured = measured(condition.metric, figures)?;
    let holds = match &figures.capacity {
        Some(capacity) if condition.metric == Metric::Capacity => at_least(condition, measured, capacity.is_open()),
        _ => trusted(holds(condition, measured), figures),
    };
    Some(Figure { text: shown(condition.metric, measured), holds })
}

/// What held is a lower bound; where nothing broke, the capacity may be anything above it.
fn at_least(condition: &Condition, measured: f64, open: bool) -> Option<bool> {
    let holds = holds(condition, measured);
    (!open || holds != condition.below).then_some(holds)
}

/// Figures that cannot be trusted prove nothing; but what the target did not keep up with, it did break.
fn trusted(holds: bool, figures: &LoadFigures) -> Option<bool> {
    match (&figures.inconclusive, figures.limited_by) {
        (None, _) => Some(holds),
        (Some(_), Some(Limit::Target)) if !holds => Some(false),
        _ => None,
    }
}

/// A threshold against one scheme of an overhead study; none where it speaks of something else. It holds or is broken
/// where the whole interval is on one side of the bound.
pub fn of_overhead(condition: &Condition, row: &OverheadRow) -> Option<Figure> {
    if condition.metric != Metric::Overhead {
        return None;
    }
    let difference = row.difference_us;
    let ends = [difference.low, difference.high].map(|end| holds(condition, end));
    let text = format!(
        "{} ({} to {})",
        shown(condition.metric, difference.value),
        shown(condition.metric, difference.low),
        shown(condition.metric, difference.high)
    );
    Some(Figure { text, holds: (ends[0] == ends[1]).then_some(ends[0]) })
}

/// The figure that a threshold looks at, in its unit; none where a load phase has no such figure.
pub fn measured(metric: Metric, figures: &LoadFigures) -> Option<f64> {
    let times = &figures.response_time_us;
    Some(match metric {
        Metric::Percentile(quantile) => match (quantile * 1000.0).round() as u64 {
            500 => times.p50,
            900 => times.p90,
            950 => times.p95,
            990 => times.p99,
            999 => times.p999,
            1000 => times.max,
            _ => on_curve(figures, quantile)?,
        },
        Metric::Mean => times.mean,
        Metric::Max => times.max,
        Metric::ErrorRate => error_rate(figures),
        Metric::AchievedRate => figures.achieved_rate,
        Metric::Capacity => figures.capacity.as_ref()?.rate.unwrap_or_default(),
        Metric::Overhead => return None,
    })
}

/// The next point of the percentile curve at or above a quantile: never better than what was measured.
fn on_curve(figures: &LoadFigures, quantile: f64) -> Option<f64> {
    figures.curve.iter().find(|(at, _)| *at >= quantile).map(|(_, value)| *value)
}

/// Share of outcomes that their lane does not expect.
fn error_rate(figures: &LoadFigures) -> f64 {
    let unexpected = figures.lanes.iter().map(|lane| match lane.expects_grant {
        true => lane.outcomes.total() - lane.outcomes.granted,
        false => lane.outcomes.total() - lane.outcomes.refused,
    });
    unexpected.sum::<u64>() as f64 / figures.requests.max(1) as f64
}

/// Whether a figure holds a threshold.
pub fn holds(condition: &Condition, measured: f64) -> bool {
    match (condition.below, condition.inclusive) {
        (true, false) => measured < condition.bound,
        (true, true) => measured <= condition.bound,
        (false, false) => measured > condition.bound,
        (false, true) => measured >= condition.bound,
    }
}

/// A figure with its unit.
pub fn shown(metric: Metric, measured: f64) -> String {
    match metric {
        Metric::ErrorRate => format!("{:.3}%", measured * 100.0),
        Metric::AchievedRate | Metric::Capacity => format!("{measured:.1}/s"),
        _ if measured.abs() < 1000.0 => format!("{measured:.1} us"),
        _ => format!("{:.2} ms", measured / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_as_they_are_written() {
        for (text, measured, expected) in [
            ("p(99) < 20ms", 19_999.0, true),
            ("p(99) < 20ms", 20_000.0, false),
            ("p(99) <= 20ms", 20_000.0, true),
            ("error_rate < 0.1%", 0.002, false),
            ("achieved_rate > 500/s", 500.5, true),
        ] {
            let condition: Condition = text.parse().expect("a threshold");
            assert_eq!(holds(&condition, measured), expected, "{text} at {measured}");
        }
    }

    #[test]
    fn a_capacity_without_an_upper_end_decides_one_side() {
        for (text, open, expected) in [
            ("capacity > 500/s", true, Some(true)),
            ("capacity > 900/s", true, None),
            ("capacity > 900/s", false, Some(false)),
            ("capacity < 900/s", true, None),
            ("capacity < 500/s", true, Some(false)),
        ] {
            let condition: Condition = text.parse().expect("a threshold");
            assert_eq!(at_least(&condition, 800.0, open), expected, "{text} {open}");
        }
    }

    #[test]
    fn an_interval_across_the_bound_decides_nothing() {
        let condition: Condition = "overhead.p(50) < 50us".parse().expect("a threshold");
        for (low, high, expected) in [(10.0, 20.0, Some(true)), (45.0, 55.0, None), (51.0, 60.0, Some(false))] {
            let difference_us = crate::stats::Estimate { value: (low + high) / 2.0, low, high };
            let row = OverheadRow {
                name: "basic".to_owned(),
                difference_us,
                distinguishable: true,
                service_time_us: 100.0,
                client_us: 1.0,
                server_us: None,
                rest_us: None,
                pairs: 100,
                first_request_us: None,
                token_acquisition_us: None,
                requests_per_core_second: None,
            };
            assert_eq!(of_overhead(&condition, &row).expect("a figure").holds, expected, "{low} to {high}");
        }
    }
}
