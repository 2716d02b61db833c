//! `report.json`: the whole run as one document, with a published schema.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Counts, LoadRecord, Record, ReportError, ScenarioRecord};
use crate::check::Verdict;
use crate::event::{CheckResult, FORMAT, Machine, Note, ThresholdResult};
use crate::observe::{Interval, LoadFigures};
use crate::stats::OverheadFigures;

/// A run as one document.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report<'a> {
    /// Version of this format.
    pub format: u32,
    /// Version of authbench.
    pub version: &'a str,
    /// Version of the catalogue of checks.
    pub catalogue: u32,
    /// The exit code; none where the run was cut off.
    pub exit_code: Option<u8>,
    /// What the exit code means.
    pub reason: String,
    /// Wall-clock start.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// Wall-clock end; none where the run was cut off.
    #[schemars(with = "Option<String>")]
    pub finished: Option<Timestamp>,
    /// Seed of everything random; `--seed` repeats it.
    pub seed: u64,
    /// Where the load came from.
    pub machine: Machine,
    /// Notes that belong to no scenario.
    pub notes: &'a [Note],
    /// Scenarios in the order in which they ran.
    pub scenarios: Vec<ScenarioReport<'a>>,
}

/// One scenario of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ScenarioReport<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its file, as given on the command line.
    pub file: &'a str,
    /// Its description.
    pub description: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// The target: `reference` or a URL without user information.
    pub target: &'a str,
    /// The scheme under test.
    pub scheme: &'a str,
    /// The active profile.
    pub profile: &'a str,
    /// The code that the scenario alone would end with; none where it was cut off.
    pub exit_code: Option<u8>,
    /// How much of what applies was executed.
    pub coverage: Coverage,
    /// Results by verdict, and `waived` apart from them.
    pub counts: BTreeMap<&'static str, usize>,
    /// Results in the order in which they came.
    pub checks: &'a [CheckResult],
    /// Load phases that came to their end, in order.
    pub load: Vec<PhaseReport<'a>>,
    /// Names of load phases that were cut off.
    pub cut_off: Vec<&'a str>,
    /// What schemes cost over the baseline; none where it was not studied.
    pub overhead: Option<&'a OverheadFigures>,
    /// Thresholds against what was measured.
    pub thresholds: &'a [ThresholdResult],
    /// Notes in order.
    pub notes: &'a [Note],
}

/// How much of what applies was executed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Coverage {
    /// Checks that were going to be executed.
    pub planned: usize,
    /// Checks that apply to this target and scheme; none where the scenario was cut off.
    pub applicable: Option<usize>,
    /// Checks that came to pass, fail, warn or info.
    pub executed: usize,
    /// Their ids in order: what vanishes between two runs was not proved again.
    pub executed_ids: Vec<String>,
}

/// One load phase. Times in microseconds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PhaseReport<'a> {
    /// What it measured.
    #[serde(flatten)]
    pub figures: &'a LoadFigures,
    /// Its seconds, without their histograms, which are in the record and in the `hlog` report.
    pub intervals: Vec<Interval>,
}

impl<'a> Report<'a> {
    /// The document for a record.
    pub fn of(record: &'a Record) -> Self {
        let started = record.started.as_ref();
        let finished = record.finished.as_ref();
        Self {
            format: started.map_or(FORMAT, |started| started.format),
            version: started.map_or("", |started| &started.version),
            catalogue: started.map_or(0, |started| started.catalogue),
            exit_code: finished.map(|finished| finished.exit_code),
            reason: finished.map_or_else(|| record.reason(), |finished| finished.reason.clone()),
            started: started.map(|started| started.started),
            finished: finished.map(|finished| finished.finished),
            seed: started.map_or(0, |started| started.seed),
            machine: started.map(|started| started.machine.clone()).unwrap_or_default(),
            notes: &record.notes,
            scenarios: record.scenarios.iter().map(ScenarioReport::of).collect(),
        }
    }
}

impl<'a> ScenarioReport<'a> {
    fn of(scenario: &'a ScenarioRecord) -> Self {
        let started = &scenario.started;
        Self {
            name: &started.name,
            file: &started.file,
            description: &started.description,
            tags: &started.tags,
            target: &started.target,
            scheme: &started.scheme,
            profile: &started.profile,
            exit_code: scenario.finished.as_ref().map(|finished| finished.exit_code),
            coverage: Coverage::of(scenario),
            counts: counts(&scenario.counts()),
            checks: &scenario.checks,
            load: scenario.load.iter().filter_map(PhaseReport::of).collect(),
            cut_off: scenario.load.iter().filter(|phase| phase.figures.is_none()).map(LoadRecord::name).collect(),
            overhead: scenario.overhead.last(),
            thresholds: &scenario.thresholds,
            notes: &scenario.notes,
        }
    }
}

impl Coverage {
    fn of(scenario: &ScenarioRecord) -> Self {
        let finished = scenario.finished.as_ref();
        let executed = || scenario.checks.iter().filter(|check| check.verdict.executed());
        let mut executed_ids: Vec<String> = executed().map(|check| check.id.clone()).collect();
        executed_ids.sort();
        Self {
            planned: scenario.started.planned_checks,
            applicable: finished.map(|finished| finished.applicable),
            executed: finished.map_or_else(|| executed().count(), |finished| finished.executed),
            executed_ids,
        }
    }
}

impl<'a> PhaseReport<'a> {
    fn of(phase: &'a LoadRecord) -> Option<Self> {
        let bare = |interval: &Interval| Interval { histogram: String::new(), ..interval.clone() };
        let figures = phase.figures.as_ref()?;
        Some(Self { figures, intervals: phase.intervals.iter().map(bare).collect() })
    }
}

fn counts(counts: &Counts) -> BTreeMap<&'static str, usize> {
    let by_verdict = Verdict::ALL.into_iter().map(|verdict| (verdict.name(), counts.of_verdict(verdict)));
    by_verdict.chain([("waived", counts.waived)]).collect()
}

/// The JSON Schema of `report.json`.
pub fn report_schema() -> serde_json::Value {
    schemars::schema_for!(Report<'static>).to_value()
}

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let failed = |error: serde_json::Error| ReportError::Render { format: "json", why: error.to_string() };
    let mut bytes = serde_json::to_vec_pretty(&Report::of(record)).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}
