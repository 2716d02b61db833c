//! Past runs beside each other: one page with a small chart for each main figure.

use askama::Template;

use super::chart::{Chart, ChartLine, ChartScale, Mark, Spot, Table, Tick, points};
use super::{SCRIPT, policy};
use crate::report::units::{counted, difference, rate, time};
use crate::report::{Record, ReportError, escape, summary};

/// A run of the past.
#[derive(Debug)]
pub struct PastRun {
    /// Where it was found, for a reader.
    pub name: String,
    /// Its page for people, relative to the index; none where there is none.
    pub link: Option<String>,
    /// What it measured.
    pub record: Record,
}

/// The index page over some runs; they are put in the order of time.
///
/// # Errors
///
/// Where the page cannot be made.
pub fn index(mut runs: Vec<PastRun>) -> Result<Vec<u8>, ReportError> {
    runs.sort_by_key(|run| run.record.started.as_ref().map(|started| started.started));
    let page = Page { charts: charts(&runs), machines: machines(&runs), runs: &runs };
    let html = page.render().map_err(|error| ReportError::Render { format: "html", why: error.to_string() })?;
    Ok(escape::lines(&html).into_bytes())
}

#[derive(Template)]
#[template(path = "trend.html")]
struct Page<'a> {
    runs: &'a [PastRun],
    machines: usize,
    charts: Vec<Chart>,
}

impl Page<'_> {
    fn title(&self) -> String {
        counted(self.runs.len(), "run")
    }

    /// The newest first.
    fn newest_first(&self) -> impl Iterator<Item = &PastRun> {
        self.runs.iter().rev()
    }
}

impl PastRun {
    fn began(&self) -> String {
        self.moment("%F %H:%M:%S")
    }

    fn moment(&self, pattern: &str) -> String {
        let started = self.record.started.as_ref();
        started.map_or_else(|| "–".to_owned(), |started| started.started.strftime(pattern).to_string())
    }

    fn took(&self) -> String {
        summary::took(&self.record).unwrap_or_else(|| "–".to_owned())
    }

    fn grade(&self) -> &'static str {
        summary::grade(&self.record).name()
    }

    fn counts(&self) -> String {
        let counts = self.record.counts();
        let told: Vec<_> = counts
            .occurred()
            .map(|(verdict, number)| format!("{number} {}", verdict.name().replace('-', " ")))
            .collect();
        if told.is_empty() { "no checks".to_owned() } else { told.join(", ") }
    }
}

fn machines(runs: &[PastRun]) -> usize {
    let mut seen: Vec<_> = Vec::new();
    for started in runs.iter().filter_map(|run| run.record.started.as_ref()) {
        if !seen.contains(&&started.machine) {
            seen.push(&started.machine);
        }
    }
    seen.len()
}

/// A figure over all runs; none in a run that did not measure it.
struct Series {
    title: String,
    values: Vec<Option<f64>>,
    shown: fn(f64) -> String,
    /// What the axis shows at least.
    least: f64,
}

impl Series {
    fn of(runs: &[PastRun], title: String, shown: fn(f64) -> String, value: impl Fn(&Record) -> Option<f64>) -> Self {
        Self { title, values: runs.iter().map(|run| value(&run.record)).collect(), shown, least: 0.0 }
    }

    /// Whether there is a course to be seen.
    fn is_course(&self) -> bool {
        self.values.iter().flatten().count() > 1
    }
}

fn charts(runs: &[PastRun]) -> Vec<Chart> {
    let found = |record: &Record| Some(summary::found_by_checks(record) as f64);
    let checks = Series::of(runs, "Findings of checks".to_owned(), |value| format!("{value:.0}"), found);
    // whole numbers have whole ticks
    let mut all = vec![Series { least: 4.0, ..checks }];
    all.extend(loads(runs));
    all.extend(overheads(runs));
    let numbered = all.into_iter().filter(Series::is_course).enumerate();
    numbered.map(|(at, series)| chart(&format!("trend-{at}"), &series, runs)).collect()
}

/// Names in the order in which they occurred first.
fn names<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut names = Vec::new();
    all.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    names
}

fn loads(runs: &[PastRun]) -> Vec<Series> {
    let scenarios = runs.iter().flat_map(|run| &run.record.scenarios);
    // a phase that went over to another protocol begins another course
    let phases = names(scenarios.flat_map(|scenario| {
        scenario
            .load
            .iter()
            .map(|phase| (scenario.started.name.clone(), phase.name().to_owned(), phase.other_protocol()))
    }));
    let series = phases.into_iter().flat_map(|(scenario, phase, protocol)| {
        let figures = |record: &Record| {
            let scenario = record.scenarios.iter().find(|one| one.started.name == scenario)?;
            scenario.load.iter().find(|one| one.name() == phase && one.other_protocol() == protocol)?.figures.clone()
        };
        let told = protocol.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
        let title = |figure: &str| format!("{scenario}, {phase}{told}: {figure}");
        [
            Series::of(runs, title("p50"), time, |record| Some(figures(record)?.response_time_us.p50)),
            Series::of(runs, title("p99"), time, |record| Some(figures(record)?.response_time_us.p99)),
            Series::of(runs, title("answered"), rate, |record| Some(figures(record)?.achieved_rate)),
        ]
    });
    series.collect()
}

fn overheads(runs: &[PastRun]) -> Vec<Series> {
    let scenarios = runs.iter().flat_map(|run| &run.record.scenarios);
    let rows = names(scenarios.flat_map(|scenario| {
        scenario.overhead.iter().flat_map(|study| {
            let costs = study.rows.iter().filter(|row| row.name != study.baseline);
            costs.map(|row| (scenario.started.name.clone(), row.name.clone()))
        })
    }));
    let series = rows.into_iter().map(|(scenario, name)| {
        let title = format!("{scenario}: overhead of {name}");
        Series::of(runs, title, difference, |record| {
            let scenario = record.scenarios.iter().find(|one| one.started.name == scenario)?;
            let row = scenario.overhead.iter().flat_map(|study| &study.rows).find(|row| row.name == name)?;
            Some(row.difference_us.value)
        })
    });
    series.collect()
}

/// How moments are written on an axis: with the day where runs are of several days, else to the second.
fn moments(runs: &[PastRun]) -> impl Fn(usize) -> String {
    let days = names(runs.iter().map(|run| run.moment("%F")));
    let pattern = if days.len() > 1 { "%m-%d %H:%M" } else { "%H:%M:%S" };
    let all: Vec<String> = runs.iter().map(|run| run.moment(pattern)).collect();
    move |at| all[at].clone()
}

fn chart(id: &str, series: &Series, runs: &[PastRun]) -> Chart {
    let measured: Vec<(f64, f64)> =
        series.values.iter().enumerate().filter_map(|(at, value)| Some((at as f64, (*value)?))).collect();
    let last = series.values.len().saturating_sub(1);
    let x = ChartScale::across_with_room(0.0, last as f64);
    let y = ChartScale::up_from_zero(measured.iter().map(|(_, value)| *value).fold(series.least, f64::max));
    let step = last.div_ceil(4).max(1);
    let moment = moments(runs);
    let latest = measured.last().copied().unwrap_or_default();
    let first = measured.first().copied().unwrap_or_default();
    Chart {
        id: id.to_owned(),
        title: series.title.clone(),
        description: format!(
            "{} in the first of {}, {} in the last.",
            (series.shown)(first.1),
            counted(measured.len(), "run"),
            (series.shown)(latest.1)
        ),
        x_title: "run, oldest first",
        x_ticks: (0..=last).step_by(step).map(|at| Tick { at: x.place(at as f64), label: moment(at) }).collect(),
        y_ticks: y.ticks(4.0, series.shown),
        marks: vec![Mark { at: x.place(latest.0), up: y.place(latest.1), label: (series.shown)(latest.1) }],
        bounds: Vec::new(),
        spots: measured
            .iter()
            .map(|(at, value)| Spot {
                from: x.place(at - 0.5),
                to: x.place(at + 0.5),
                text: format!("{}: {}", runs[*at as usize].began(), (series.shown)(*value)),
            })
            .collect(),
        lines: vec![ChartLine { name: series.title.clone(), class: "a", points: points(measured.into_iter(), x, y) }],
        table: Table {
            head: ["run", "start", "value"].map(str::to_owned).to_vec(),
            rows: series
                .values
                .iter()
                .zip(runs)
                .map(|(value, run)| {
                    vec![run.name.clone(), run.began(), value.map_or_else(|| "–".to_owned(), series.shown)]
                })
                .collect(),
        },
    }
}
