//! `report.json`: the whole run as one document, with a published schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Counts, LoadRecord, Record, ReportError, ScenarioRecord};
use crate::check::Verdict;
use crate::event::comparison::Comparison;
use crate::event::shards::MergedShards;
use crate::event::{
    CheckResult, FORMAT, Finding, LoadStarted, Machine, Note, Role, RunFinished, RunStarted, ScenarioFinished,
    ScenarioStarted, ThresholdResult,
};
use crate::observe::{Histograms, Interval, LoadFigures};
use crate::stats::OverheadFigures;

/// A run as one document.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report<'a> {
    /// Version of this format.
    pub format: u32,
    /// Version of authbench.
    pub version: Cow<'a, str>,
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
    pub notes: Cow<'a, [Note]>,
    /// What changed since a baseline; none where it was compared with none.
    #[serde(default)]
    pub compared: Option<Cow<'a, Comparison>>,
    /// The shards that the run was merged from; absent in a run on one machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<Cow<'a, MergedShards>>,
    /// Scenarios in the order in which they ran.
    pub scenarios: Vec<ScenarioReport<'a>>,
}

/// One scenario of a run.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioReport<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its file, as given on the command line.
    pub file: Cow<'a, str>,
    /// Its description.
    pub description: Cow<'a, str>,
    /// Its tags.
    pub tags: Cow<'a, [String]>,
    /// The target: `reference` or a URL without user information.
    pub target: Cow<'a, str>,
    /// The scheme under test.
    pub scheme: Cow<'a, str>,
    /// The active profile.
    pub profile: Cow<'a, str>,
    /// The code that the scenario alone would end with; none where it was cut off.
    pub exit_code: Option<u8>,
    /// Why it could not be tested as it is written, with its place and the way out; absent where it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untestable: Option<Cow<'a, str>>,
    /// How much of what applies was executed.
    pub coverage: Coverage,
    /// Failures by cause, the worst first; none in a report of format 1.
    #[serde(default)]
    pub findings: Option<Cow<'a, [Finding]>>,
    /// Results by verdict, and `waived` apart from them.
    pub counts: BTreeMap<Cow<'a, str>, usize>,
    /// Results in the order in which they came.
    pub checks: Cow<'a, [CheckResult]>,
    /// Load phases that came to their end, in order.
    pub load: Vec<PhaseReport<'a>>,
    /// Names of load phases that were cut off.
    pub cut_off: Vec<Cow<'a, str>>,
    /// What schemes cost over the baseline; none where it was not studied.
    pub overhead: Option<Cow<'a, OverheadFigures>>,
    /// Thresholds against what was measured.
    pub thresholds: Cow<'a, [ThresholdResult]>,
    /// Notes in order.
    pub notes: Cow<'a, [Note]>,
}

/// How much of what applies was executed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Checks that were selected: executed, inconclusive, not tested, not applicable and not run together.
    pub planned: usize,
    /// Checks that apply to this target and scheme; none where the scenario was cut off.
    pub applicable: Option<usize>,
    /// Checks that came to pass, fail, warn or info.
    pub executed: usize,
    /// Checks that came to no verdict.
    #[serde(default)]
    pub inconclusive: usize,
    /// Checks that lacked something which the scenario could supply.
    #[serde(default)]
    pub not_tested: usize,
    /// Checks that make no sense for this target.
    #[serde(default)]
    pub not_applicable: usize,
    /// Checks that were not begun before the run was stopped.
    #[serde(default)]
    pub not_run: usize,
    /// Ids of the executed ones in order: what vanishes between two runs was not proved again.
    pub executed_ids: Vec<String>,
}

/// One load phase. Times in microseconds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct PhaseReport<'a> {
    /// What it measured, without its histograms.
    #[serde(flatten)]
    pub figures: Cow<'a, LoadFigures>,
    /// Its seconds, without their histograms, which are in the record and in the `hlog` report.
    pub intervals: Vec<Interval>,
}

impl<'a> Report<'a> {
    /// The document for a record.
    pub fn of(record: &'a Record) -> Self {
        let started = record.started.as_ref();
        let finished = record.finished.as_ref();
        Self {
            format: FORMAT,
            version: started.map_or("", |started| &started.version).into(),
            catalogue: started.map_or(0, |started| started.catalogue),
            exit_code: finished.map(|finished| finished.exit_code),
            reason: finished.map_or_else(|| record.reason(), |finished| finished.reason.clone()),
            started: started.map(|started| started.started),
            finished: finished.map(|finished| finished.finished),
            seed: started.map_or(0, |started| started.seed),
            machine: started.map(|started| started.machine.clone()).unwrap_or_default(),
            notes: (&record.notes).into(),
            compared: record.compared.as_ref().map(Cow::Borrowed),
            shards: record.shards.as_ref().map(Cow::Borrowed),
            scenarios: record
                .scenarios
                .iter()
                .map(|scenario| ScenarioReport::of(scenario, record.shows_all_evidence))
                .collect(),
        }
    }

    /// The record that it was made from, as far as it holds it.
    pub(super) fn record(self) -> Record {
        let Self { format, catalogue, seed, machine, .. } = self;
        let version = self.version.into_owned();
        let started = |started| RunStarted { format, version, catalogue, started, seed, machine, shard: None };
        Record {
            started: self.started.map(started),
            scenarios: self.scenarios.into_iter().map(ScenarioReport::record).collect(),
            notes: self.notes.into_owned(),
            shards: self.shards.map(Cow::into_owned),
            compared: self.compared.map(Cow::into_owned),
            shows_all_evidence: true,
            finished: self.finished.zip(self.exit_code).map(|(finished, exit_code)| RunFinished {
                finished,
                exit_code,
                reason: self.reason,
            }),
        }
    }
}

impl<'a> ScenarioReport<'a> {
    fn of(scenario: &'a ScenarioRecord, all_evidence: bool) -> Self {
        let started = &scenario.started;
        let findings = scenario.finished.as_ref().and_then(|finished| finished.findings.as_deref());
        Self {
            name: (&started.name).into(),
            file: (&started.file).into(),
            description: (&started.description).into(),
            tags: (&started.tags).into(),
            target: (&started.target).into(),
            scheme: (&started.scheme).into(),
            profile: (&started.profile).into(),
            exit_code: scenario.finished.as_ref().map(|finished| finished.exit_code),
            untestable: scenario
                .finished
                .as_ref()
                .and_then(|finished| finished.untestable.as_deref())
                .map(Cow::Borrowed),
            coverage: Coverage::of(scenario),
            findings: findings.map(Cow::Borrowed),
            counts: counts(&scenario.counts()),
            checks: if all_evidence { (&scenario.checks).into() } else { without_passed_evidence(&scenario.checks) },
            load: scenario.load.iter().filter_map(PhaseReport::of).collect(),
            cut_off: scenario
                .load
                .iter()
                .filter(|phase| phase.figures.is_none())
                .map(|phase| phase.name().into())
                .collect(),
            overhead: scenario.overhead.last().map(Cow::Borrowed),
            thresholds: (&scenario.thresholds).into(),
            notes: (&scenario.notes).into(),
        }
    }

    fn record(self) -> ScenarioRecord {
        let Coverage { planned, applicable, executed, .. } = self.coverage;
        let findings = self.findings.map(Cow::into_owned);
        ScenarioRecord {
            started: ScenarioStarted {
                name: self.name.into_owned(),
                file: self.file.into_owned(),
                description: self.description.into_owned(),
                tags: self.tags.into_owned(),
                target: self.target.into_owned(),
                scheme: self.scheme.into_owned(),
                profile: self.profile.into_owned(),
                planned_checks: planned,
                terms: None,
            },
            checks: self.checks.into_owned(),
            load: self.load.into_iter().map(PhaseReport::record).collect(),
            overhead: self.overhead.map(Cow::into_owned).into_iter().collect(),
            thresholds: self.thresholds.into_owned(),
            notes: self.notes.into_owned(),
            finished: self.exit_code.zip(applicable).map(|(exit_code, applicable)| ScenarioFinished {
                applicable,
                executed,
                exit_code,
                findings,
                untestable: self.untestable.map(Cow::into_owned),
                answers: None,
            }),
        }
    }
}

/// Results without what no reader of a finding needs, which the record has: the exchanges and the help of checks that passed and that
/// nobody has to look at, and the controls of checks that judged nothing.
fn without_passed_evidence(checks: &[CheckResult]) -> Cow<'_, [CheckResult]> {
    let bare = |check: &CheckResult| {
        let mut check = check.clone();
        match check.verdict {
            Verdict::Pass if !check.needs_review => (check.evidence, check.help) = (Vec::new(), None),
            Verdict::NotApplicable | Verdict::NotTested => check.evidence.retain(|shown| shown.role == Role::Probe),
            _ => {}
        }
        check
    };
    checks.iter().map(bare).collect()
}

impl Coverage {
    fn of(scenario: &ScenarioRecord) -> Self {
        let finished = scenario.finished.as_ref();
        let executed = || scenario.checks.iter().filter(|check| check.verdict.executed() && check.group != "load");
        let mut executed_ids: Vec<String> = executed().map(|check| check.id.clone()).collect();
        executed_ids.sort();
        let planned = scenario.planned();
        Self {
            planned: planned.planned,
            inconclusive: planned.inconclusive,
            not_tested: planned.not_tested,
            not_applicable: planned.not_applicable,
            not_run: planned.not_run,
            applicable: finished.map(|finished| finished.applicable),
            executed: planned.executed,
            executed_ids,
        }
    }
}

impl PhaseReport<'_> {
    fn of(phase: &LoadRecord) -> Option<Self> {
        let bare = |interval: &Interval| Interval { histogram: String::new(), ..interval.clone() };
        let figures = LoadFigures { histograms: Histograms::default(), ..phase.figures.clone()? };
        Some(Self { figures: Cow::Owned(figures), intervals: phase.intervals.iter().map(bare).collect() })
    }

    /// A phase has its figures and its seconds in one object.
    fn record(self) -> LoadRecord {
        let figures = self.figures.into_owned();
        let started = LoadStarted {
            name: figures.name.clone(),
            offered_rate: figures.offered_rate,
            length_s: figures.warmup_s + figures.duration_s,
        };
        LoadRecord { started, intervals: self.intervals, figures: Some(figures) }
    }
}

fn counts(counts: &Counts) -> BTreeMap<Cow<'static, str>, usize> {
    let by_verdict = Verdict::ALL.into_iter().map(|verdict| (verdict.name(), counts.of_verdict(verdict)));
    by_verdict.chain([("waived", counts.waived)]).map(|(name, number)| (name.into(), number)).collect()
}

/// The JSON Schema of `report.json`.
pub fn report_schema() -> serde_json::Value {
    schemars::schema_for!(Report<'static>).to_value()
}

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let failed = |error: serde_json::Error| ReportError::Render { format: "json", why: error.to_string() };
    let mut bytes = serde_json::to_vec(&Report::of(record)).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}
