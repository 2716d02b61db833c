//! OpenMetrics as a textfile: gauges only, so that the textfile collectors of older Prometheus exporters read it too.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::escape::line;
use super::{LoadRecord, Record, ReportError, ScenarioRecord, summary};
use crate::check::Verdict;
use crate::observe::{Latency, LoadFigures};
use crate::stats::OverheadFigures;

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// The families, in the order in which they are written.
struct Families {
    registry: Registry,
    run: Gauges,
    exit_code: Gauges,
    started: Gauges,
    finished: Gauges,
    findings: Gauges,
    finding: Gauges,
    checks: Gauges,
    failing: Gauges,
    rate: Gauges,
    response: Gauges,
    requests: Gauges,
    inconclusive: Gauges,
    overhead: Gauges,
    distinguishable: Gauges,
    thresholds: Gauges,
}

impl Families {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("authbench");
        let mut gauges = |name: &str, help: &str| {
            let family = Gauges::default();
            registry.register(name, help, family.clone());
            family
        };
        Self {
            run: gauges("run", "Always 1, with what the run was made by"),
            exit_code: gauges("exit_code", "Exit code of the run; absent if it was cut off"),
            started: gauges("started_timestamp_seconds", "When the run began"),
            finished: gauges("finished_timestamp_seconds", "When the run ended; absent if it was cut off"),
            findings: gauges(
                "findings",
                "Findings of checks by cause, broken thresholds and findings of the run, waived ones not counted",
            ),
            finding: gauges("finding_checks", "Checks that fail for one cause, by the check that shows it"),
            checks: gauges("checks", "Checks by verdict, waived ones apart"),
            failing: gauges("check_failing", "1 where an executed check fails and is not waived, else 0"),
            rate: gauges("load_rate_per_second", "Requests a second that were offered, and that were answered"),
            response: gauges(
                "load_response_time_seconds",
                "Response time by percentile; service time in the closed model",
            ),
            requests: gauges("load_requests", "Requests of a load phase by lane and outcome"),
            inconclusive: gauges("load_inconclusive", "1 where the results of a phase cannot be trusted, else 0"),
            overhead: gauges("overhead_seconds", "Cost of a scheme over the baseline, with its 95 % interval"),
            distinguishable: gauges("overhead_distinguishable", "1 where the cost can be told from none, else 0"),
            thresholds: gauges("threshold", "1 for the state that a threshold came to: holds, broken, inconclusive"),
            registry,
        }
    }
}

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let families = Families::new();
    run(record, &families);
    for scenario in &record.scenarios {
        checks(scenario, &families);
        scenario.load.iter().for_each(|phase| load(scenario, phase, &families));
        scenario.overhead.iter().for_each(|study| overhead(scenario, study, &families));
        thresholds(scenario, &families);
    }
    let mut text = String::new();
    let failed = |error: std::fmt::Error| ReportError::Render { format: "openmetrics", why: error.to_string() };
    encode(&mut text, &families.registry).map_err(failed)?;
    Ok(ordered(&text).into_bytes())
}

/// The samples of each family in the order of their labels: the library keeps them in a hash table.
fn ordered(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().collect();
    for samples in lines.split_mut(|line| line.starts_with('#')) {
        samples.sort_unstable();
    }
    lines.join("\n") + "\n"
}

fn set(family: &Gauges, labels: &[(&'static str, &str)], value: f64) {
    let labels = labels.iter().map(|(name, value)| (*name, line(value))).collect();
    family.get_or_create(&labels).set(value);
}

fn run(record: &Record, families: &Families) {
    if let Some(started) = &record.started {
        let (catalogue, seed) = (started.catalogue.to_string(), started.seed.to_string());
        set(&families.run, &[("version", &started.version), ("catalogue", &catalogue), ("seed", &seed)], 1.0);
        set(&families.started, &[], started.started.as_second() as f64);
    }
    if let Some(finished) = &record.finished {
        set(&families.finished, &[], finished.finished.as_second() as f64);
        set(&families.exit_code, &[], f64::from(finished.exit_code));
    }
    set(&families.findings, &[], summary::found(record) as f64);
}

/// The labels that tell scenarios apart.
fn scenario_labels(scenario: &ScenarioRecord) -> [(&'static str, &str); 2] {
    [("scenario", &scenario.started.name), ("file", &scenario.started.file)]
}

fn with<'a>(scenario: &'a ScenarioRecord, more: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    scenario_labels(scenario).into_iter().chain(more.iter().copied()).collect()
}

fn checks(scenario: &ScenarioRecord, families: &Families) {
    let counts = scenario.counts();
    for verdict in Verdict::ALL {
        let labels = with(scenario, &[("verdict", verdict.name())]);
        set(&families.checks, &labels, counts.of_verdict(verdict) as f64);
    }
    set(&families.checks, &with(scenario, &[("verdict", "waived")]), counts.waived as f64);
    for found in scenario.findings().iter().filter(|found| found.finding.fails()) {
        let finding = &*found.finding;
        let more = [
            ("check", &*finding.check),
            ("cause", finding.cause.name()),
            ("endpoint", &*finding.endpoint),
            ("method", &*finding.method),
            ("severity", finding.severity.name()),
        ];
        set(&families.finding, &with(scenario, &more), 1.0 + finding.also_affected.len() as f64);
    }
    for check in scenario.checks.iter().filter(|check| check.verdict.executed()) {
        let fails = check.verdict == Verdict::Fail && check.waived.is_none();
        let labels = with(scenario, &[("check", &check.id), ("severity", check.severity.name())]);
        set(&families.failing, &labels, f64::from(u8::from(fails)));
    }
}

fn load(scenario: &ScenarioRecord, phase: &LoadRecord, families: &Families) {
    let Some(figures) = &phase.figures else { return };
    let http = figures.http.to_string();
    let labels = |more: &[(&'static str, &'static str)]| {
        let phase = [("phase", phase.name()), ("http", &http)];
        with(scenario, &phase).into_iter().chain(more.iter().copied()).collect::<Vec<_>>()
    };
    set(&families.rate, &labels(&[("kind", "answered")]), figures.achieved_rate);
    if let Some(offered) = figures.offered_rate {
        set(&families.rate, &labels(&[("kind", "offered")]), offered);
    }
    for (percentile, micros) in percentiles(&figures.response_time_us) {
        set(&families.response, &labels(&[("percentile", percentile)]), micros / 1e6);
    }
    set(&families.inconclusive, &labels(&[]), f64::from(u8::from(figures.inconclusive.is_some())));
    requests(scenario, figures, families);
}

fn percentiles(times: &Latency) -> [(&'static str, f64); 6] {
    [
        ("50", times.p50),
        ("90", times.p90),
        ("95", times.p95),
        ("99", times.p99),
        ("99.9", times.p999),
        ("100", times.max),
    ]
}

fn requests(scenario: &ScenarioRecord, figures: &LoadFigures, families: &Families) {
    let http = figures.http.to_string();
    for lane in &figures.lanes {
        let outcomes = &lane.outcomes;
        for (outcome, number) in [
            ("granted", outcomes.granted),
            ("refused", outcomes.refused),
            ("unclear", outcomes.unclear),
            ("broke", outcomes.broke),
            ("silent", outcomes.silent),
        ] {
            let labels = with(
                scenario,
                &[("phase", &figures.name[..]), ("http", &http), ("lane", &lane.name), ("outcome", outcome)],
            );
            set(&families.requests, &labels, number as f64);
        }
    }
}

fn overhead(scenario: &ScenarioRecord, study: &OverheadFigures, families: &Families) {
    for row in &study.rows {
        let labels = with(scenario, &[("baseline", &study.baseline), ("scheme", &row.name)]);
        let estimate = &row.difference_us;
        for (bound, micros) in [("median", estimate.value), ("low", estimate.low), ("high", estimate.high)] {
            let bounded: Vec<_> = labels.iter().copied().chain([("bound", bound)]).collect();
            set(&families.overhead, &bounded, micros / 1e6);
        }
        set(&families.distinguishable, &labels, f64::from(u8::from(row.distinguishable)));
    }
}

fn thresholds(scenario: &ScenarioRecord, families: &Families) {
    for one in &scenario.thresholds {
        let state = match one.holds {
            Some(true) => "holds",
            Some(false) => "broken",
            None => "inconclusive",
        };
        let labels = [("threshold", &one.threshold[..]), ("applied_to", &one.applied_to), ("state", state)];
        set(&families.thresholds, &with(scenario, &labels), 1.0);
    }
}
