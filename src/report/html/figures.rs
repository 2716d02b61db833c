//! Load phases with their charts.

use askama::Template;

use super::chart::{
    Bound, Chart, ChartLine, ChartScale, Mark, Spot, Table, Tick, nines, nines_ticks, percent, points, time_label,
};
use crate::event::ThresholdResult;
use crate::observe::{Interval, LaneFigures, LoadFigures, Model};
use crate::report::LoadRecord;
use crate::report::text::{outcomes, time_rows};
use crate::report::units::{count, length, rate, share, time};

/// Places of a chart that show values to a pointer, at most.
const SPOTS: usize = 60;
/// Quantiles of the table behind a curve, at most: the curve has all.
const QUANTILES: usize = 20;

/// A load phase.
#[derive(Template)]
#[template(path = "phase.html")]
pub(super) struct PhaseView<'a> {
    id: String,
    name: &'a str,
    figures: Option<&'a LoadFigures>,
    charts: Vec<Chart>,
}

impl<'a> PhaseView<'a> {
    /// The phase; `id` is unique on the page. Thresholds are those of the scenario.
    pub(super) fn of(phase: &'a LoadRecord, thresholds: &[ThresholdResult], id: String) -> Self {
        let figures = phase.figures.as_ref();
        let mut charts = Vec::new();
        if let Some(figures) = figures {
            let bounds: Vec<_> = thresholds.iter().filter(|one| one.applied_to == phase.name()).collect();
            if phase.intervals.len() > 1 {
                charts.push(response_over_time(&phase.intervals, figures.model, &bounds, &format!("{id}-times")));
                charts.push(rate_over_time(&phase.intervals, figures.offered_rate, &format!("{id}-rates")));
            }
            charts.extend(percentiles(figures, &format!("{id}-percentiles")));
        }
        Self { id, name: phase.name(), figures, charts }
    }

    fn headline(&self) -> String {
        self.figures.map(crate::report::text::headline).unwrap_or_default()
    }

    fn times(&self) -> Vec<Vec<String>> {
        self.figures.map(time_rows).unwrap_or_default()
    }

    fn capacity(&self) -> Option<String> {
        self.figures?.capacity.as_ref().map(crate::report::text::capacity)
    }

    /// Each rate that a search tried: offered, answered, the 99th percentile, and what came of it.
    fn steps(&self) -> Vec<[String; 4]> {
        let found = self.figures.and_then(|figures| figures.capacity.as_ref());
        let steps = found.map(|found| &found.steps[..]).unwrap_or_default().iter();
        let cells = steps.map(|step| {
            let end = if step.held { "held".to_owned() } else { step.why.clone() };
            [rate(step.rate), rate(step.achieved_rate), time(step.p99_us), end]
        });
        cells.collect()
    }

    /// Lanes of forged requests that were let in.
    fn failed_open(&self) -> Vec<String> {
        let open = self.lanes().iter().filter(|lane| !lane.expects_grant && lane.outcomes.granted > 0);
        let told = open.map(|lane| {
            let first = lane.first_granted_s.map(|at| format!(", first after {}", length(at))).unwrap_or_default();
            format!("{} was granted {} times{first}", lane.name, count(lane.outcomes.granted))
        });
        told.collect()
    }

    fn lanes(&self) -> &'a [LaneFigures] {
        self.figures.map(|figures| &figures.lanes[..]).unwrap_or_default()
    }
}

/// A row of the table of lanes.
fn lane_cells(lane: &LaneFigures) -> [String; 4] {
    let statuses = lane.statuses.iter().map(|(status, number)| format!("{status} × {}", count(*number)));
    let wants = if lane.expects_grant { "granted" } else { "refused" };
    [share(lane.share), wants.to_owned(), outcomes(&lane.outcomes), statuses.collect::<Vec<_>>().join(", ")]
}

/// What is measured, as the model allows it to be called.
fn measured(model: Model) -> &'static str {
    match model {
        Model::Open => "Response time",
        Model::Closed => "Service time",
    }
}

fn percentiles(figures: &LoadFigures, id: &str) -> Option<Chart> {
    let (first, last) = (figures.curve.first()?, figures.curve.last()?);
    let x = ChartScale::across(0.0, nines(1.0, figures.requests));
    let y = ChartScale::up_by_powers(first.1, last.1);
    let curve = figures.curve.iter().map(|(quantile, micros)| (nines(*quantile, figures.requests), *micros));
    let times = &figures.response_time_us;
    let step = figures.curve.len().div_ceil(QUANTILES).max(1);
    let last_one = (figures.curve.len() - 1) % step;
    let told = figures.curve.iter().skip(last_one).step_by(step);
    let rows = told.map(|(quantile, micros)| vec![percent(*quantile), time(*micros)]);
    Some(Chart {
        id: id.to_owned(),
        title: format!("{} by percentile", measured(figures.model)),
        description: format!(
            "Half of the requests took at most {}, 99 % at most {}, the slowest {}.",
            time(times.p50),
            time(times.p99),
            time(times.max)
        ),
        x_title: "share of requests that took at most this long",
        x_ticks: nines_ticks(x, figures.requests),
        y_ticks: y.ticks(5.0, time_label),
        lines: vec![ChartLine {
            name: measured(figures.model).to_lowercase(),
            class: "a",
            points: points(curve, x, y),
        }],
        bounds: Vec::new(),
        spots: quantile_spots(figures, x),
        marks: [(0.5, times.p50), (0.99, times.p99)]
            .map(|(quantile, micros)| point(x, y, quantile, micros, figures))
            .into(),
        table: Table { head: vec!["Percentile".to_owned(), measured(figures.model).to_owned()], rows: rows.collect() },
    })
}

/// A percentile of the curve with its figure.
fn point(x: ChartScale, y: ChartScale, quantile: f64, micros: f64, figures: &LoadFigures) -> Mark {
    Mark { at: x.place(nines(quantile, figures.requests)), up: y.place(micros), label: time(micros) }
}

/// Where a pointer shows the values of a second.
fn spots(intervals: &[Interval], x: ChartScale, told: impl Fn(&Interval) -> String) -> Vec<Spot> {
    let step = intervals.len().div_ceil(SPOTS).max(1);
    let wide = intervals.iter().step_by(step).map(|interval| Spot {
        from: x.place(interval.start_s),
        to: x.place(interval.start_s + interval.length_s * step as f64),
        text: format!("at {:.0} s: {}", interval.start_s, told(interval)),
    });
    wide.collect()
}

/// Where a pointer shows the values of the curve: up to each quantile, what it is there.
fn quantile_spots(figures: &LoadFigures, x: ChartScale) -> Vec<Spot> {
    let step = figures.curve.len().div_ceil(QUANTILES).max(1);
    let mut from = x.place(0.0);
    let spots = figures.curve.iter().skip((figures.curve.len().max(1) - 1) % step).step_by(step).filter_map(
        |(quantile, micros)| {
            let to = x.place(nines(*quantile, figures.requests));
            let text = format!("{} took at most {}", percent(*quantile), time(*micros));
            let spot = (to > from).then_some(Spot { from, to, text });
            from = to.max(from);
            spot
        },
    );
    spots.collect()
}

fn middle(interval: &Interval) -> f64 {
    interval.start_s + interval.length_s / 2.0
}

fn seconds(intervals: &[Interval]) -> (ChartScale, Vec<Tick>) {
    let end = intervals.last().map_or(0.0, |last| last.start_s + last.length_s);
    let x = ChartScale::across(0.0, end);
    (x, x.ticks(6.0, |second| format!("{second} s")))
}

/// The bound of a threshold on a time, in microseconds: `p(99) < 20ms`.
fn time_bound(threshold: &str) -> Option<f64> {
    let (metric, bound) = threshold.split_once(['<', '>'])?;
    let bound = bound.trim_start_matches('=').trim();
    let end = bound.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let factor = match &bound[end..] {
        "ns" => 1e-3,
        "us" | "\u{b5}s" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return None,
    };
    let of_the_phase = !metric.contains("overhead");
    of_the_phase.then(|| bound[..end].parse::<f64>().ok()).flatten().map(|number| number * factor)
}

fn response_over_time(intervals: &[Interval], model: Model, thresholds: &[&ThresholdResult], id: &str) -> Chart {
    let lowest = intervals.iter().map(|interval| interval.response_time_us.p50).fold(f64::INFINITY, f64::min);
    let highest = intervals.iter().map(|interval| interval.response_time_us.max).fold(0.0, f64::max);
    let (x, x_ticks) = seconds(intervals);
    let bounds: Vec<_> = thresholds
        .iter()
        .filter_map(|one| Some((one, time_bound(&one.threshold).filter(|bound| *bound > 0.0)?)))
        .collect();
    let bounded = |ends: f64, of: fn(f64, f64) -> f64| bounds.iter().map(|(_, bound)| *bound).fold(ends, of);
    let y = ChartScale::up_by_powers(bounded(lowest, f64::min), bounded(highest, f64::max));
    let line = |name: &str, class, of: fn(&Interval) -> f64| {
        let values = intervals.iter().map(|interval| (middle(interval), of(interval)));
        ChartLine { name: name.to_owned(), class, points: points(values, x, y) }
    };
    let rows = intervals.iter().map(|interval| {
        let times = &interval.response_time_us;
        let start = format!("{:.0} s", interval.start_s);
        vec![start, time(times.p50), time(times.p90), time(times.p99), time(times.max)]
    });
    Chart {
        id: id.to_owned(),
        title: format!("{} over time", measured(model)),
        description: format!(
            "Each second's median, 99th percentile and maximum; the slowest request took {}.",
            time(highest)
        ),
        x_title: "time since the warm-up",
        x_ticks,
        y_ticks: y.ticks(5.0, time_label),
        lines: vec![
            line("maximum", "c", |interval| interval.response_time_us.max),
            line("p99", "b", |interval| interval.response_time_us.p99),
            line("median", "a", |interval| interval.response_time_us.p50),
        ],
        bounds: bounds
            .iter()
            .map(|(one, bound)| Bound {
                up: y.place(*bound),
                label: one.threshold.clone(),
                broken: one.holds == Some(false),
            })
            .collect(),
        spots: spots(intervals, x, |interval| {
            let times = &interval.response_time_us;
            format!("p50 {}, p99 {}, max {}", time(times.p50), time(times.p99), time(times.max))
        }),
        marks: Vec::new(),
        table: Table { head: ["Second", "p50", "p90", "p99", "max"].map(str::to_owned).to_vec(), rows: rows.collect() },
    }
}

fn answered(interval: &Interval) -> f64 {
    interval.outcomes.total() as f64 / interval.length_s.max(f64::EPSILON)
}

fn rate_over_time(intervals: &[Interval], offered: Option<f64>, id: &str) -> Chart {
    let rates = || intervals.iter().map(answered);
    let (lowest, highest) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let (x, x_ticks) = seconds(intervals);
    let y = ChartScale::up_from_zero(highest.max(offered.unwrap_or(0.0)));
    let answers = points(intervals.iter().map(|interval| (middle(interval), answered(interval))), x, y);
    let mut lines = vec![ChartLine { name: "answered".to_owned(), class: "a", points: answers }];
    if let Some(offered) = offered {
        let ends = intervals.first().into_iter().chain(intervals.last()).map(|interval| (middle(interval), offered));
        lines.push(ChartLine { name: "offered".to_owned(), class: "b", points: points(ends, x, y) });
    }
    let rows = intervals.iter().map(|interval| {
        vec![format!("{:.0} s", interval.start_s), rate(answered(interval)), outcomes(&interval.outcomes)]
    });
    Chart {
        id: id.to_owned(),
        title: "Rate over time".to_owned(),
        description: match (rate(lowest), rate(highest)) {
            (lowest, highest) if lowest == highest => format!("{highest} answered."),
            (lowest, highest) => format!("Between {lowest} and {highest} answered."),
        },
        x_title: "time since the warm-up",
        x_ticks,
        y_ticks: y.ticks(5.0, rate),
        lines,
        bounds: Vec::new(),
        spots: spots(intervals, x, |interval| {
            format!("{} answered: {}", rate(answered(interval)), outcomes(&interval.outcomes))
        }),
        marks: Vec::new(),
        table: Table { head: ["Second", "Rate", "Outcomes"].map(str::to_owned).to_vec(), rows: rows.collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_times_are_lines() {
        for (threshold, micros) in [
            ("p(99) < 20ms", Some(20_000.0)),
            ("max <= 1.5s", Some(1_500_000.0)),
            ("error_rate < 0.1%", None),
            ("achieved_rate > 100/s", None),
            ("overhead.p(50) < 50us", None),
        ] {
            assert_eq!(time_bound(threshold), micros, "{threshold}");
        }
    }
}
