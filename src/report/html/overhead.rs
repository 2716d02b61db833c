//! Overhead studies as a dot plot with whiskers, and the table behind it.

use askama::Template;

use crate::report::text::{NOT_DISTINGUISHABLE, floor, interval, tokens};
use crate::report::units::{count, difference, length, rate, time};
use crate::stats::{OverheadFigures, OverheadRow};

/// Height of a row: a line of text, and the dot with its whiskers under it.
const ROW: f64 = 44.0;
/// Ends of the axis.
const SIDES: (f64, f64) = (8.0, 472.0);
/// Least distance of two ticks.
const TICK_DISTANCE: f64 = 58.0;

/// An overhead study.
#[derive(Template)]
#[template(path = "overhead.html")]
pub(super) struct OverheadView<'a> {
    study: &'a OverheadFigures,
    id: String,
    /// Where no difference stands.
    zero: f64,
    /// The baseline against itself: from and width.
    control: (f64, f64),
    /// Places on the axis with their labels.
    ticks: Vec<(f64, String)>,
    rows: Vec<Mark<'a>>,
}

/// A row of the dot plot.
struct Mark<'a> {
    row: &'a OverheadRow,
    /// Top of the row.
    top: f64,
    low: f64,
    value: f64,
    high: f64,
}

/// An axis that is linear around zero and logarithmic beyond: schemes differ by tenths of microseconds and by milliseconds.
#[derive(Clone, Copy)]
struct Axis {
    /// Where the one becomes the other.
    bend: f64,
    low: f64,
    high: f64,
}

impl Axis {
    fn over(study: &OverheadFigures) -> Self {
        let estimates = || study.rows.iter().map(|row| &row.difference_us).chain([&study.control_us]);
        let low = estimates().map(|estimate| estimate.low).fold(0.0, f64::min);
        let high = estimates().map(|estimate| estimate.high).fold(0.0, f64::max);
        let bend = study.control_us.high.max(-study.control_us.low).max(1e-3);
        // some air, so that no whisker ends at the edge
        let (low, high) = ((low / bend).asinh(), (high / bend).asinh());
        Self { bend, low: low - 0.15, high: high.max(low) + 0.15 }
    }

    fn place(&self, micros: f64) -> f64 {
        let share = ((micros / self.bend).asinh() - self.low) / (self.high - self.low);
        SIDES.0 + share.clamp(0.0, 1.0) * (SIDES.1 - SIDES.0)
    }

    /// Zero and powers of ten on both sides of it, as far as there is room for their labels.
    fn ticks(&self) -> Vec<(f64, String)> {
        let powers = (-2..=7).map(|power| 10_f64.powi(power));
        let values = std::iter::once(0.0).chain(powers.flat_map(|power| [power, -power]));
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for value in values.filter(|value| (self.low..=self.high).contains(&(value / self.bend).asinh())) {
            let at = self.place(value);
            if ticks.iter().all(|(other, _)| (other - at).abs() >= TICK_DISTANCE) {
                ticks.push((at, if value == 0.0 { "0".to_owned() } else { difference(value) }));
            }
        }
        ticks
    }
}

impl<'a> OverheadView<'a> {
    /// The study; `id` is unique on the page.
    pub(super) fn of(study: &'a OverheadFigures, id: String) -> Self {
        let axis = Axis::over(study);
        let (from, to) = (axis.place(study.control_us.low), axis.place(study.control_us.high));
        let rows = study.rows.iter().enumerate().map(|(index, row)| Mark {
            row,
            top: index as f64 * ROW,
            low: axis.place(row.difference_us.low),
            value: axis.place(row.difference_us.value),
            high: axis.place(row.difference_us.high),
        });
        let control = (from, (to - from).max(2.0));
        Self { study, id, zero: axis.place(0.0), control, ticks: axis.ticks(), rows: rows.collect() }
    }

    fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    fn headline(&self) -> String {
        format!(
            "Each scheme against {} on the same server, {} of measuring. The baseline against itself: {}; {}.",
            self.study.baseline,
            length(self.study.duration_s),
            interval(&self.study.control_us),
            floor(self.study)
        )
    }

    /// What the plot shows, for who does not see it.
    fn description(&self) -> String {
        let rows = self.rows.iter().map(|mark| format!("{}: {}", mark.row.name, mark.figure()));
        let axis =
            "A dot for each scheme with its 95 % interval, on an axis that is logarithmic beyond the shaded control.";
        format!("{axis} {}.", rows.collect::<Vec<_>>().join("; "))
    }

    fn tokens(&self) -> Vec<String> {
        self.study.rows.iter().filter_map(tokens).collect()
    }
}

impl Mark<'_> {
    /// The figure, or that there is none to be told.
    fn figure(&self) -> String {
        if self.row.distinguishable { difference(self.row.difference_us.value) } else { NOT_DISTINGUISHABLE.to_owned() }
    }

    fn cells(&self) -> Vec<String> {
        let row = self.row;
        let or_dash = |micros: Option<f64>| micros.map_or_else(|| "–".to_owned(), time);
        vec![
            self.figure(),
            interval(&row.difference_us),
            time(row.service_time_us),
            time(row.client_us),
            or_dash(row.server_us.map(|server| server.value)),
            or_dash(row.rest_us),
            or_dash(row.first_request_us),
            or_dash(row.token_acquisition_us),
            row.requests_per_core_second.map_or_else(|| "–".to_owned(), rate),
            count(row.pairs),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Estimate;

    #[test]
    fn small_and_large_costs_stand_apart_on_one_axis() {
        let axis = Axis { bend: 0.1, low: (-0.1_f64 / 0.1).asinh() - 0.15, high: (2500.0_f64 / 0.1).asinh() + 0.15 };
        let places = [-0.1, 0.0, 0.1, 0.5, 5.0, 100.0, 2500.0].map(|micros| axis.place(micros));
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 10.0), "{places:?}");
        let ticks = axis.ticks();
        assert_eq!(ticks[0].1, "0");
        assert!(ticks.len() >= 4, "{ticks:?}");
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
        assert!(Axis::over(&study).place(0.0).is_finite());
    }
}
