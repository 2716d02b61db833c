//! `report.csv`: every result and measurement as a row of one table, for spreadsheets and data frames.

use csv::WriterBuilder;

use super::escape::cell;
use super::{LoadRecord, Record, ReportError, ScenarioRecord, ShownFinding};
use crate::event::{CheckResult, Part, ThresholdResult};
use crate::observe::{Latency, LoadFigures};
use crate::stats::{Estimate, OverheadFigures};

/// The columns. `kind` says what a row is: finding, check, load, lane, overhead, threshold.
const HEAD: [&str; 19] = [
    "scenario",
    "file",
    "line",
    "kind",
    "name",
    "figure",
    "value",
    "unit",
    "low",
    "high",
    "verdict",
    "waived_by",
    "severity",
    "level",
    "part",
    "clause",
    "summary",
    "expected",
    "seen",
];

/// A row; what does not apply stays empty.
#[derive(Default)]
struct Row {
    line: usize,
    kind: &'static str,
    name: String,
    figure: String,
    value: Option<f64>,
    unit: &'static str,
    low: Option<f64>,
    high: Option<f64>,
    verdict: String,
    waived_by: String,
    severity: &'static str,
    level: &'static str,
    part: &'static str,
    clause: String,
    summary: String,
    expected: String,
    seen: String,
}

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let failed = |why: String| ReportError::Render { format: "csv", why };
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(HEAD).map_err(|error| failed(error.to_string()))?;
    for scenario in &record.scenarios {
        for row in rows(scenario) {
            writer.write_record(row.cells(scenario)).map_err(|error| failed(error.to_string()))?;
        }
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

fn rows(scenario: &ScenarioRecord) -> Vec<Row> {
    let mut rows: Vec<_> = scenario.findings().iter().map(finding).collect();
    rows.extend(scenario.checks.iter().map(check));
    scenario.load.iter().for_each(|phase| load(phase, &mut rows));
    scenario.overhead.iter().for_each(|study| overhead(study, &mut rows));
    rows.extend(scenario.thresholds.iter().map(threshold));
    rows
}

/// A finding: `name` is the check that shows it, `figure` and `value` how many more checks it affects.
fn finding(found: &ShownFinding<'_>) -> Row {
    let finding = &*found.finding;
    let affected = finding.also_affected.join(" ");
    let at = format!("{} at {} {}", finding.cause.name(), finding.method, finding.endpoint);
    Row {
        kind: "finding",
        figure: "also affected".to_owned(),
        value: Some(finding.also_affected.len() as f64),
        unit: "",
        summary: format!("{at}: {}{}{affected}", finding.summary, if affected.is_empty() { "" } else { "; also " }),
        ..check(&found.check)
    }
}

fn check(check: &CheckResult) -> Row {
    Row {
        line: check.place.line,
        kind: "check",
        name: check.id.clone(),
        figure: "took".to_owned(),
        value: Some(check.took_ms),
        unit: "ms",
        verdict: check.verdict.name().to_owned(),
        waived_by: check.waived.as_ref().map(|waived| waived.owner.clone()).unwrap_or_default(),
        severity: check.severity.name(),
        level: check.level.name(),
        part: match check.part {
            Some(Part::Access) => "access",
            Some(Part::Protocol) => "protocol",
            None => "",
        },
        clause: check.citations.iter().map(|cited| &cited.source[..]).collect::<Vec<_>>().join("; "),
        summary: check.summary.clone(),
        expected: check.expected.clone(),
        seen: check.seen.clone(),
        ..Row::default()
    }
}

fn load(phase: &LoadRecord, rows: &mut Vec<Row>) {
    let row = |figure: &str, value: f64, unit: &'static str| Row {
        kind: "load",
        name: phase.name().to_owned(),
        figure: figure.to_owned(),
        value: Some(value),
        unit,
        ..Row::default()
    };
    let Some(figures) = &phase.figures else {
        rows.push(Row { kind: "load", name: phase.name().to_owned(), verdict: "cut off".to_owned(), ..Row::default() });
        return;
    };
    let summary = figures.inconclusive.clone().unwrap_or_default();
    let verdict = if figures.inconclusive.is_some() { "inconclusive" } else { "" };
    rows.push(Row { verdict: verdict.to_owned(), summary, ..row("answered rate", figures.achieved_rate, "1/s") });
    rows.extend(figures.offered_rate.map(|offered| row("offered rate", offered, "1/s")));
    rows.push(row("requests", figures.requests as f64, ""));
    rows.push(row("HTTP version", f64::from(figures.http), ""));
    for (name, times) in distributions(figures) {
        let named = [
            ("p50", times.p50),
            ("p90", times.p90),
            ("p95", times.p95),
            ("p99", times.p99),
            ("p99.9", times.p999),
            ("max", times.max),
            ("mean", times.mean),
        ];
        rows.extend(named.into_iter().map(|(point, micros)| row(&format!("{name} {point}"), micros, "us")));
    }
    lanes(figures, rows);
}

fn distributions(figures: &LoadFigures) -> Vec<(&'static str, &Latency)> {
    let mut all = vec![
        ("response time", &figures.response_time_us),
        ("service time", &figures.service_time_us),
        ("lateness", &figures.lateness_us),
    ];
    all.extend(figures.server_auth_us.as_ref().map(|times| ("server auth", times)));
    all.extend(figures.token_acquisition_us.as_ref().map(|times| ("token acquisition", times)));
    all
}

fn lanes(figures: &LoadFigures, rows: &mut Vec<Row>) {
    for lane in &figures.lanes {
        let outcomes = &lane.outcomes;
        let counted = [
            ("granted", outcomes.granted),
            ("refused", outcomes.refused),
            ("unclear", outcomes.unclear),
            ("broke", outcomes.broke),
            ("silent", outcomes.silent),
        ];
        rows.extend(counted.into_iter().map(|(outcome, number)| Row {
            kind: "lane",
            name: format!("{} {}", figures.name, lane.name),
            figure: outcome.to_owned(),
            value: Some(number as f64),
            expected: if lane.expects_grant { "granted" } else { "refused" }.to_owned(),
            ..Row::default()
        }));
    }
}

fn overhead(study: &OverheadFigures, rows: &mut Vec<Row>) {
    let row = |name: &str, figure: &str, estimate: &Estimate| Row {
        kind: "overhead",
        name: name.to_owned(),
        figure: figure.to_owned(),
        value: Some(estimate.value),
        unit: "us",
        low: Some(estimate.low),
        high: Some(estimate.high),
        ..Row::default()
    };
    rows.push(row(&study.baseline, "difference of the baseline from itself", &study.control_us));
    for one in &study.rows {
        let told = if one.distinguishable { "" } else { "not distinguishable" };
        let figure = format!("difference from {}", study.baseline);
        rows.push(Row { summary: told.to_owned(), ..row(&one.name, &figure, &one.difference_us) });
    }
}

fn threshold(one: &ThresholdResult) -> Row {
    let verdict = match one.holds {
        Some(true) => "holds",
        Some(false) => "broken",
        None => "inconclusive",
    };
    Row {
        line: one.place.line,
        kind: "threshold",
        name: one.applied_to.clone(),
        figure: one.threshold.clone(),
        verdict: verdict.to_owned(),
        seen: one.measured.clone(),
        ..Row::default()
    }
}

impl Row {
    /// Numbers stand as they are; text is made harmless for spreadsheets.
    fn cells(&self, scenario: &ScenarioRecord) -> [String; HEAD.len()] {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        [
            cell(&scenario.started.name),
            cell(&scenario.started.file),
            if self.line == 0 { String::new() } else { self.line.to_string() },
            self.kind.to_owned(),
            cell(&self.name),
            cell(&self.figure),
            number(self.value),
            self.unit.to_owned(),
            number(self.low),
            number(self.high),
            self.verdict.clone(),
            cell(&self.waived_by),
            self.severity.to_owned(),
            self.level.to_owned(),
            self.part.to_owned(),
            cell(&self.clause),
            cell(&self.summary),
            cell(&self.expected),
            cell(&self.seen),
        ]
    }
}
