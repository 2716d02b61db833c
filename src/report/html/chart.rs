//! Charts as SVG: geometry here, marks in the template. Each has a description and a table of the same data.

use askama::Template;

use crate::report::units;

const LEFT: f64 = 72.0;
const RIGHT: f64 = 452.0;
/// Room for the label of a point.
const LABEL: f64 = 62.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 208.0;

/// A line chart.
#[derive(Template)]
#[template(path = "chart.html")]
pub(super) struct Chart {
    /// Unique on the page.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) x_title: &'static str,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) lines: Vec<ChartLine>,
    /// Thresholds, as lines across.
    pub(super) bounds: Vec<Bound>,
    /// Where a pointer shows values.
    pub(super) spots: Vec<Spot>,
    /// Points that are named in the chart.
    pub(super) marks: Vec<Mark>,
    pub(super) table: Table,
}

/// A line of a chart; told apart by its dashes, not by its colour alone.
pub(super) struct ChartLine {
    pub(super) name: String,
    /// Class that carries colour and dashes.
    pub(super) class: &'static str,
    pub(super) points: String,
}

/// A threshold across the chart.
pub(super) struct Bound {
    pub(super) up: f64,
    pub(super) label: String,
    pub(super) broken: bool,
}

/// A part of the chart, from top to bottom, that shows values to a pointer.
pub(super) struct Spot {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) text: String,
}

impl Spot {
    fn width(&self) -> f64 {
        ((self.to - self.from) * 10.0).round() / 10.0
    }

    fn left(&self) -> f64 {
        (self.from * 10.0).round() / 10.0
    }
}

/// A point of a line with its figure beside it.
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) up: f64,
    pub(super) label: String,
}

impl Mark {
    /// Where its label stands: under a rising curve there is room at the right, but at the end of the axis.
    fn beside(&self) -> (f64, f64, &'static str) {
        if self.at < RIGHT - LABEL + 1.0 {
            // not among the labels of the axis
            (self.at + 8.0, (self.up + 15.0).min(BOTTOM - 4.0), "start")
        } else {
            (self.at - 8.0, self.up - 8.0, "end")
        }
    }
}

/// A mark on an axis.
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// The data behind a chart.
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// From values to places along an axis.
#[derive(Clone, Copy)]
pub(super) struct ChartScale {
    low: f64,
    high: f64,
    logarithmic: bool,
    from: f64,
    to: f64,
}

impl ChartScale {
    /// Along the x axis.
    pub(super) fn across(low: f64, high: f64) -> Self {
        Self { low, high: above(low, high), logarithmic: false, from: LEFT, to: RIGHT }
    }

    /// From zero up the y axis, with some air above the highest value.
    pub(super) fn up_from_zero(high: f64) -> Self {
        Self { low: 0.0, high: above(0.0, high * 1.08), logarithmic: false, from: BOTTOM, to: TOP }
    }

    /// Up the y axis by powers of ten; values must be positive.
    pub(super) fn up_by_powers(low: f64, high: f64) -> Self {
        let low = (low.max(1e-3) * 0.9).log10();
        let high = above(low, (high.max(1e-3) * 1.1).log10());
        Self { low, high, logarithmic: true, from: BOTTOM, to: TOP }
    }

    /// Along the x axis, with room at its end for the label of the last point.
    pub(super) fn across_with_room(low: f64, high: f64) -> Self {
        Self { to: RIGHT - LABEL, ..Self::across(low, high) }
    }

    /// Along the x axis between other ends.
    pub(super) fn between(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low, high: above(low, high), logarithmic: false, from, to }
    }

    /// Where a value stands, to a tenth of a unit; values outside stand at the end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.max(1e-3).log10() } else { value };
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        ((self.from + share * (self.to - self.from)) * 10.0).round() / 10.0
    }

    /// Round values along the axis, about `wanted` of them.
    pub(super) fn round_values(&self, wanted: f64) -> Vec<f64> {
        if self.logarithmic {
            return self.round_powers();
        }
        let rough = (self.high - self.low) / wanted;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|index| index as f64 * step).collect()
    }

    /// Powers of ten, with 2 and 5 between them where there are few.
    fn round_powers(&self) -> Vec<f64> {
        let factors: &[f64] = if self.high - self.low < 2.2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = self.low.floor() as i32..=self.high.ceil() as i32;
        let values = powers.flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)));
        values.filter(|value| (self.low..=self.high).contains(&value.log10())).collect()
    }

    /// Ticks with their labels.
    pub(super) fn ticks(&self, wanted: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
        let values = self.round_values(wanted).into_iter();
        values.map(|value| Tick { at: self.place(value), label: label(value) }).collect()
    }
}

/// An end above another: an axis has a length even where all values are the same.
fn above(low: f64, high: f64) -> f64 {
    if high > low { high } else { low + 1.0 }
}

/// Points as SVG writes them.
pub(super) fn points(values: impl Iterator<Item = (f64, f64)>, x: ChartScale, y: ChartScale) -> String {
    let places = values.map(|(at, value)| format!("{:.1},{:.1}", x.place(at), y.place(value)));
    places.collect::<Vec<_>>().join(" ")
}

/// Where a percentile stands on an axis that gives each further nine the same room.
pub(super) fn nines(quantile: f64, requests: u64) -> f64 {
    let last = (requests.max(2) as f64).log10();
    if quantile >= 1.0 { last } else { (-(1.0 - quantile).log10()).min(last) }
}

/// Ticks at 50, 90, 99, 99.9 … % as far as there are requests for them.
pub(super) fn nines_ticks(x: ChartScale, requests: u64) -> Vec<Tick> {
    let last = (requests.max(2) as f64).log10();
    let quantiles = [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999_999];
    let within = quantiles.into_iter().map(|q| (q, -(1.0_f64 - q).log10())).filter(|(_, at)| *at <= last + 1e-9);
    within.map(|(q, at)| Tick { at: x.place(at), label: percent(q) }).collect()
}

/// `99.9 %`, with all its nines.
pub(super) fn percent(quantile: f64) -> String {
    let text = format!("{:.4}", quantile * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A label for a time axis.
pub(super) fn time_label(micros: f64) -> String {
    units::time(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_between_the_ends() {
        let y = ChartScale::up_by_powers(100.0, 10_000.0);
        assert!(y.place(100.0) > y.place(1000.0) && y.place(1000.0) > y.place(10_000.0));
        assert_eq!(y.place(0.0), BOTTOM);
        assert_eq!(ChartScale::across(0.0, 0.0).place(0.0), LEFT);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ChartScale::across(0.0, 22.0).round_values(6.0), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(ChartScale::up_by_powers(90.0, 1200.0).round_values(5.0), [100.0, 200.0, 500.0, 1000.0]);
        let labels: Vec<_> =
            nines_ticks(ChartScale::across(0.0, 4.0), 10_000).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
    }
}
