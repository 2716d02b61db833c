//! A threshold against figures; pure.

use crate::observe::LoadFigures;
use crate::scenario::text::{Condition, Metric};
use crate::stats::Estimate;

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
        Metric::Overhead(_) | Metric::Capacity => return None,
    })
}

/// The next point of the percentile curve at or above a quantile: never better than what was measured.
fn on_curve(figures: &LoadFigures, quantile: f64) -> Option<f64> {
    figures.curve.iter().find(|(at, _)| *at >= quantile).map(|(_, value)| *value)
}

/// Share of outcomes that their lane does not expect.
fn error_rate(figures: &LoadFigures) -> f64 {
    let unexpected = figures.lanes.iter().map(|lane| match lane.expects_accepted {
        true => lane.outcomes.total() - lane.outcomes.accepted,
        false => lane.outcomes.total() - lane.outcomes.rejected,
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

/// Whether a figure holds a threshold wherever in its interval the truth lies; none where the interval reaches over the
/// bound, so that neither can be said.
pub fn holds_throughout(condition: &Condition, estimate: &Estimate) -> Option<bool> {
    let (low, high) = (holds(condition, estimate.low), holds(condition, estimate.high));
    (low == high).then_some(low)
}

/// A figure with its unit.
pub fn shown(metric: Metric, measured: f64) -> String {
    match metric {
        Metric::ErrorRate => format!("{:.3}%", measured * 100.0),
        Metric::AchievedRate | Metric::Capacity => format!("{measured:.1}/s"),
        _ if measured < 1000.0 => format!("{measured:.1} us"),
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
    fn an_interval_over_the_bound_says_neither() {
        let condition: Condition = "overhead.p(50) < 50us".parse().expect("a threshold");
        for (low, high, expected) in [(40.0, 49.9, Some(true)), (50.0, 60.0, Some(false)), (49.0, 51.0, None)] {
            let estimate = Estimate { value: f64::midpoint(low, high), low, high };
            assert_eq!(holds_throughout(&condition, &estimate), expected, "{estimate:?}");
        }
    }
}
