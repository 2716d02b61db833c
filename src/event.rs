//! The record of a run: one enum, versioned, written as JSON Lines. Every report is made from it alone.

pub mod comparison;
mod finding;
pub mod shards;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::comparison::Comparison;
pub use self::finding::{Answering, Cell, CellName, Finding};
use self::shards::{Answers, MergedShards, ShardPart, Terms};
use crate::check::{Level, Severity, Verdict};
use crate::observe::{Interval, LoadFigures, Outcome, RecordedExchange};
use crate::stats::OverheadFigures;

/// Version of this format; a reader refuses a newer one.
pub const FORMAT: u32 = 3;

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The first event.
    RunStarted(RunStarted),
    /// What follows belongs to this scenario.
    ScenarioStarted(ScenarioStarted),
    /// Something that a reader has to know.
    Note(Note),
    /// A check came to its verdict.
    CheckFinished(Box<CheckResult>),
    /// A load phase begins.
    LoadStarted(LoadStarted),
    /// One second of a load phase.
    LoadInterval(LoadInterval),
    /// A load phase ended.
    LoadFinished(Box<LoadFigures>),
    /// An overhead study ended.
    OverheadFinished(Box<OverheadFigures>),
    /// A threshold was judged.
    ThresholdJudged(ThresholdResult),
    /// The scenario ended.
    ScenarioFinished(ScenarioFinished),
    /// The run was merged from the records of several shards.
    ShardsMerged(Box<MergedShards>),
    /// The run was compared with a baseline.
    Compared(Box<Comparison>),
    /// The last event; without it the run was cut off.
    RunFinished(RunFinished),
}

/// How a run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunStarted {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// Version of authbench.
    pub version: String,
    /// Version of the catalogue.
    pub catalogue: u32,
    /// Wall-clock start.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// Seed of everything random; `--seed` repeats it.
    pub seed: u64,
    /// Where the load came from.
    pub machine: Machine,
    /// Which part of a run this is; none of a whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardPart>,
}

/// The machine that ran authbench.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Model of the processor, where it can be read.
    pub cpu: String,
    /// Logical processors that authbench may use.
    pub cpus: usize,
}

/// What a scenario is about to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioStarted {
    /// Its name.
    pub name: String,
    /// Its file, as given on the command line.
    pub file: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The target, for a reader: `reference` or a URL without user information.
    pub target: String,
    /// The scheme under test.
    pub scheme: String,
    /// The active profile.
    pub profile: String,
    /// Checks that are selected.
    pub planned_checks: usize,
    /// What is judged once the shards are merged; none of a whole run, which judges it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Box<Terms>>,
}

/// Something that a reader has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// How much it matters.
    pub kind: NoteKind,
    /// One line.
    pub text: String,
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// Good to know.
    Info,
    /// May change how the results are read.
    Warning,
    /// A finding of the run itself, such as a stale waiver.
    Finding,
    /// The run broke here.
    Error,
}

/// Where a scenario speaks of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourcePlace {
    /// File, as given on the command line.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// Which part of a requirement was violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Access was granted, or refused, against the requirement.
    Access,
    /// Status, headers or body deviate.
    Protocol,
}

/// A clause that a check rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cited {
    /// Document and section, such as `RFC 6750 §3.1`.
    pub source: String,
    /// Where to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// An exception that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waived {
    /// Why.
    pub reason: String,
    /// Who.
    pub owner: String,
    /// Last day on which it holds, UTC.
    pub expires: String,
    /// Where it is followed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Who accepts the risk beside the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// What an exchange was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The same request with a good credential, before the probes.
    ControlBefore,
    /// What the check is about.
    Probe,
    /// The same request with a good credential, after the probes.
    ControlAfter,
}

/// One exchange of a check, masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceRecord {
    /// What it was for.
    pub role: Role,
    /// What was sent, in a few words.
    pub label: String,
    /// Name of the credential that was sent, or that a forgery was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Whether the credential is wrong on purpose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forged: bool,
    /// Name of the credential whose client certificate the connection presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_of: Option<String>,
    /// What the answer means.
    pub outcome: Outcome,
    /// What was sent and seen.
    pub exchange: RecordedExchange,
}

/// What a reader of a finding wants to know about its check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Help {
    /// What is sent.
    pub sends: String,
    /// Why it matters.
    pub matters: String,
    /// How to fix a violation.
    pub fix: String,
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// Id in the catalogue, or `case.` with the name of a case of the user.
    pub id: String,
    /// What must hold, in one line.
    pub title: String,
    /// Topic: the id up to its first dot.
    pub group: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Set when somebody answers for the finding; the verdict stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waived>,
    /// Strength of the requirement under the active profile.
    pub level: Level,
    /// Severity of the finding, or of the check where there is none. Protocol deviations are at most low.
    pub severity: Severity,
    /// Which part was violated, for fail and warn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// Clauses; the first is printed with the verdict.
    pub citations: Vec<Cited>,
    /// What the catalogue says about the check; none for a case of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Help>,
    /// Where the scenario asked for it.
    pub place: SourcePlace,
    /// What was found, or why there is no verdict, in one line.
    pub summary: String,
    /// What was expected: outcome and statuses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// What was seen instead: outcome, status and time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// All deviations, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<String>,
    /// Index in `evidence` of the exchange that shows the finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<usize>,
    /// Statuses of the answers that deviate, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// Where it deviates: each resource and method, with what the deviation shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<Cell>,
    /// Arguments of `authbench` that run the check again with the same seed, for fail and warn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replay: Vec<String>,
    /// A person should look at this.
    #[serde(default)]
    pub needs_review: bool,
    /// Exchanges in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceRecord>,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
}

/// A load phase begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadStarted {
    /// Name of the phase.
    pub name: String,
    /// Requests a second that will be offered; none in the closed model.
    pub offered_rate: Option<f64>,
    /// Seconds that it will take, warm-up included.
    pub length_s: f64,
}

/// One second of a load phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadInterval {
    /// Name of the phase.
    pub phase: String,
    /// What the second measured.
    pub interval: Interval,
}

/// A threshold against what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdResult {
    /// As it is written, such as `p(99) < 20ms`.
    pub threshold: String,
    /// The phase, or the row of the overhead study, that it was applied to.
    pub applied_to: String,
    /// What was measured, with its unit.
    pub measured: String,
    /// Whether it holds; none where the results are inconclusive.
    pub holds: Option<bool>,
    /// Whether a broken one is only told, and fails nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_warns: bool,
    /// Seconds after the warm-up at which it ended the phase; none where the phase came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted_after_s: Option<f64>,
    /// Where the scenario asks for it.
    pub place: SourcePlace,
}

impl ThresholdResult {
    /// Whether it is broken, and this fails the run.
    pub fn fails(&self) -> bool {
        self.holds == Some(false) && !self.only_warns
    }

    /// Where it ended the phase early, words for that.
    pub fn abort(&self) -> Option<String> {
        self.aborted_after_s.map(|seconds| format!("ended the phase after {seconds:.0} s"))
    }
}

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioFinished {
    /// Checks that apply to this target and scheme.
    pub applicable: usize,
    /// Checks of these that came to pass, fail, warn or info.
    pub executed: usize,
    /// Code that the scenario alone would end with.
    pub exit_code: u8,
    /// Failures by cause, the worst first; none in a record of format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// Why it could not be tested as it is written, where nothing could be proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untestable: Option<String>,
    /// What the checks of a shard were answered; none of a whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunFinished {
    /// Wall-clock end.
    #[schemars(with = "String")]
    pub finished: Timestamp,
    /// The process exit code.
    pub exit_code: u8,
    /// What it means.
    pub reason: String,
}

/// Results for the tests of those who judge them.
#[cfg(test)]
pub(crate) mod sample {
    use super::*;
    use crate::check::Explanation;

    /// A cell at a GET of a path.
    pub(crate) fn cell(endpoint: &str, part: Part, verdict: Verdict) -> Cell {
        Cell {
            endpoint: endpoint.to_owned(),
            method: "GET".to_owned(),
            answering: None,
            part,
            verdict,
            explanation: Explanation::Own,
            implied_by: Vec::new(),
            summary: String::new(),
            further: Vec::new(),
            expected: String::new(),
            seen: String::new(),
            statuses: Vec::new(),
            shown_by: None,
            waived: None,
        }
    }

    /// A check that fails with these cells.
    pub(crate) fn failing(cells: Vec<Cell>) -> CheckResult {
        CheckResult {
            id: "a.b".to_owned(),
            title: String::new(),
            group: "a".to_owned(),
            verdict: Verdict::Fail,
            waived: None,
            level: Level::Must,
            severity: Severity::High,
            part: None,
            citations: Vec::new(),
            help: None,
            place: SourcePlace::default(),
            summary: String::new(),
            expected: String::new(),
            seen: String::new(),
            deviations: Vec::new(),
            shown_by: None,
            statuses: Vec::new(),
            cells,
            replay: Vec::new(),
            needs_review: false,
            evidence: Vec::new(),
            took_ms: 0.0,
        }
    }
}
