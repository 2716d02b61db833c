//! What schemes cost beside each other, on one axis: the chart of the first screen.

use askama::Template;

use crate::report::Record;
use crate::report::text::{NOT_DISTINGUISHABLE, interval};
use crate::report::units::{difference, time};
use crate::stats::OverheadFigures;

/// Least distance of two gridlines, in percent of the axis.
const TICK_DISTANCE: f64 = 25.0;
/// The title of a study where there is one.
const COSTS: &str = "What each scheme costs";
/// Percent of the axis that stay free of labels at its ends.
const EDGE: f64 = 4.0;

/// A bar for each scheme, or for each load phase where no study compared schemes.
#[derive(Template)]
#[template(path = "costs.html")]
pub(super) struct CostChart {
    title: String,
    /// How to read it.
    about: String,
    /// What a row is.
    what: &'static str,
    /// What the label of a row says.
    label: &'static str,
    /// The baseline against itself: from and width in percent.
    band: Option<(f64, f64)>,
    /// Where bars begin.
    zero: f64,
    ticks: Vec<(f64, String)>,
    rows: Vec<CostBar>,
}

/// A row: places in percent of the axis.
struct CostBar {
    name: String,
    /// Where its details are.
    link: String,
    value: f64,
    low: f64,
    high: f64,
    text: String,
    /// All figures of the row, for a pointer that rests on it.
    told: String,
    /// Whether it cannot be told from the baseline.
    same: bool,
}

/// An axis that is linear around zero and logarithmic beyond: schemes differ by tenths of microseconds and by milliseconds.
#[derive(Clone, Copy)]
struct CostAxis {
    /// Where the one becomes the other.
    bend: f64,
    low: f64,
    high: f64,
}

impl CostAxis {
    fn over(values: impl Iterator<Item = f64> + Clone, bend: f64) -> Self {
        let bend = bend.max(1e-3);
        let ends = values.clone().fold(0.0, f64::min)..values.fold(0.0, f64::max);
        // some air, so that no whisker ends at the edge
        let (low, high) = ((ends.start / bend).asinh(), (ends.end / bend).asinh());
        Self { bend, low: if ends.start < 0.0 { low - 0.15 } else { low }, high: high.max(low) + 0.15 }
    }

    fn place(&self, micros: f64) -> f64 {
        let share = ((micros / self.bend).asinh() - self.low) / (self.high - self.low);
        (share.clamp(0.0, 1.0) * 1000.0).round() / 10.0
    }

    /// Zero and powers of ten on both sides of it, as far as there is room for their labels.
    fn ticks(&self, label: fn(f64) -> String) -> Vec<(f64, String)> {
        let powers = (-2..=7).map(|power| 10_f64.powi(power));
        let values = std::iter::once(0.0).chain(powers.flat_map(|power| [power, -power]));
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for value in values.filter(|value| (self.low..=self.high).contains(&(value / self.bend).asinh())) {
            let at = self.place(value);
            let has_room = ticks.iter().all(|(other, _)| (other - at).abs() >= TICK_DISTANCE);
            if has_room && (EDGE..=100.0 - EDGE).contains(&at) || value == 0.0 {
                ticks.push((at, if value == 0.0 { "0".to_owned() } else { label(value) }));
            }
        }
        ticks
    }
}

impl CostChart {
    /// The charts of a run; `links` are the anchors of its scenarios.
    pub(super) fn all(record: &Record, links: &[String]) -> Vec<Self> {
        let studies = record.scenarios.iter().zip(links);
        let studies =
            studies.flat_map(|(scenario, link)| scenario.overhead.iter().map(move |study| (scenario, link, study)));
        let several = studies.clone().count() > 1;
        let charts: Vec<_> = studies
            .map(|(scenario, link, study)| {
                let title = several.then(|| scenario.started.name.clone());
                Self { title: title.unwrap_or_else(|| COSTS.to_owned()), ..Self::of(study, link) }
            })
            .collect();
        if charts.is_empty() { Self::phases(record, links).into_iter().collect() } else { charts }
    }

    fn of(study: &OverheadFigures, link: &str) -> Self {
        let control = study.control_us;
        let ends = study.rows.iter().flat_map(|row| [row.difference_us.low, row.difference_us.high]);
        let noise = control.high.max(-control.low);
        let axis = CostAxis::over(ends.chain([control.low, control.high]), noise);
        let (from, to) = (axis.place(control.low), axis.place(control.high));
        let rows = study.rows.iter().map(|row| CostBar {
            name: row.name.clone(),
            link: link.to_owned(),
            value: axis.place(row.difference_us.value),
            low: axis.place(row.difference_us.low),
            high: axis.place(row.difference_us.high),
            text: match row.distinguishable {
                true => difference(row.difference_us.value),
                false => NOT_DISTINGUISHABLE.to_owned(),
            },
            told: format!(
                "{}: {}, 95 % interval {}",
                row.name,
                difference(row.difference_us.value),
                interval(&row.difference_us)
            ),
            same: !row.distinguishable,
        });
        Self {
            title: COSTS.to_owned(),
            about: format!(
                "Time that a request takes longer than one with {}, with its 95 % interval. The band is the noise: the \
                 baseline against itself, {}. The axis is logarithmic beyond the band.",
                study.baseline,
                interval(&control)
            ),
            what: "Scheme",
            label: "Cost",
            band: Some((from, (to - from).max(0.4))),
            zero: axis.place(0.0),
            ticks: axis.ticks(difference),
            rows: rows.collect(),
        }
    }

    /// Load phases, from the median to the 99th percentile.
    fn phases(record: &Record, links: &[String]) -> Option<Self> {
        let phases = record.scenarios.iter().zip(links).flat_map(|(scenario, link)| {
            let figures = scenario.load.iter().filter_map(|phase| phase.figures.as_ref());
            figures.filter(|figures| figures.inconclusive.is_none()).map(move |figures| (scenario, link, figures))
        });
        let phases: Vec<_> = phases.collect();
        let fastest = phases.iter().map(|(.., figures)| figures.response_time_us.p50).reduce(f64::min)?;
        let axis = CostAxis::over(phases.iter().map(|(.., figures)| figures.response_time_us.p99), fastest);
        let several = phases.iter().any(|(scenario, ..)| scenario.started.name != phases[0].0.started.name);
        let rows = phases.iter().map(|(scenario, link, figures)| {
            let times = &figures.response_time_us;
            CostBar {
                name: match several {
                    true => format!("{}, {}", scenario.started.name, figures.name),
                    false => figures.name.clone(),
                },
                link: (*link).clone(),
                value: axis.place(times.p50),
                low: axis.place(times.p50),
                high: axis.place(times.p99),
                text: format!("{}, {}", whole(&time(times.p50)), whole(&format!("p99 {}", time(times.p99)))),
                told: format!("p50 {}, p99 {}, slowest {}", time(times.p50), time(times.p99), time(times.max)),
                same: false,
            }
        });
        Some(Self {
            title: "How long requests take".to_owned(),
            about: "The bar ends at the median of the phase, the line at its 99th percentile.".to_owned(),
            what: "Phase",
            label: "Median",
            band: None,
            zero: 0.0,
            ticks: axis.ticks(time),
            rows: rows.collect(),
        })
    }
}

impl CostBar {
    /// From and width of the bar.
    fn bar(&self, zero: &f64) -> (f64, f64) {
        (self.value.min(*zero), tenth((self.value - zero).abs()))
    }

    /// From and width of the whisker.
    fn whisker(&self) -> (f64, f64) {
        (self.low, tenth((self.high - self.low).max(0.4)))
    }
}

/// A text that stays on its line.
fn whole(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// What a style needs no further digits of.
fn tenth(percent: f64) -> f64 {
    (percent * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Estimate;

    #[test]
    fn small_and_large_costs_stand_apart_on_one_axis() {
        let axis = CostAxis::over([-0.1, 2500.0].into_iter(), 0.1);
        let places = [-0.1, 0.0, 0.1, 0.5, 5.0, 100.0, 2500.0].map(|micros| axis.place(micros));
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 3.0), "{places:?}");
        let ticks = axis.ticks(difference);
        assert_eq!(ticks[0].1, "0");
        assert!(ticks.len() >= 3, "{ticks:?}");
    }

    #[test]
    fn a_study_without_rows_has_an_axis() {
        let study = OverheadFigures {
            baseline: "none".to_owned(),
            rows: Vec::new(),
            control_us: Estimate::default(),
            floor_us: 0.0,
            floor_share: 0.0,
            duration_s: 0.0,
            notes: Vec::new(),
        };
        assert!(CostChart::of(&study, "costs").zero.is_finite());
    }
}
