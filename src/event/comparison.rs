//! Two runs beside each other: what changed, and what the figures of both can prove.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Severity, Verdict};
use crate::stats::Estimate;

/// What changed from one run to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The run that is compared with.
    pub before: ComparedRun,
    /// The run that is looked at.
    pub after: ComparedRun,
    /// Checks that changed, regressions first.
    pub checks: Vec<CheckChange>,
    /// Checks that came to the same verdict in both.
    pub unchanged: usize,
    /// Figures that both runs have, in order.
    pub figures: Vec<FigureChange>,
    /// Things a reader has to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One of two runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedRun {
    /// Name of the baseline, or the file.
    pub name: String,
    /// Wall-clock start.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// Version of authbench.
    pub version: String,
    /// Version of the catalogue of checks.
    pub catalogue: u32,
}

/// A check with another result than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckChange {
    /// Name of its scenario.
    pub scenario: String,
    /// Its id.
    pub id: String,
    /// How it changed.
    pub change: Change,
    /// What it came to before; none where it was not there.
    pub before: Option<Verdict>,
    /// What it came to after; none where it is not there.
    pub after: Option<Verdict>,
    /// Severity of the finding, or of the check where there is none.
    pub severity: Severity,
    /// Whether this fails the comparison.
    pub regression: bool,
    /// What was found, or why there is no verdict, in one line.
    pub summary: String,
}

/// How a check changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It fails, and did not before.
    NewlyFailing,
    /// It was executed, and is not there any more.
    Vanished,
    /// It was executed, and has no verdict now.
    Unproven,
    /// It deviates, and did not before.
    NewlyDeviating,
    /// It failed or deviated, and passes.
    Fixed,
    /// It was not there before.
    Added,
    /// Its verdict is another one, none of which is a finding.
    Other,
}

/// A figure of both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureChange {
    /// Name of its scenario.
    pub scenario: String,
    /// What it is, such as `overhead of basic`.
    pub figure: String,
    /// Unit of `before` and `after`.
    pub unit: Unit,
    /// What it was.
    pub before: f64,
    /// What it is.
    pub after: f64,
    /// How the change is expressed.
    pub scale: Scale,
    /// The change with its interval; all intervals of a comparison hold together with 95 %. None where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Estimate>,
    /// How far from no change the whole interval has to lie before it counts: what the machine and its drift explain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Estimate>,
    /// What this proves.
    pub movement: Movement,
    /// Why, in one line.
    pub why: String,
}

/// Unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Microseconds; less is better.
    Microseconds,
    /// Requests a second; more is better.
    PerSecond,
}

/// How a change is expressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// After minus before, in the unit of the figure.
    Difference,
    /// After divided by before.
    Ratio,
}

/// What a figure of two runs proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// It became worse than the machine explains.
    Worse,
    /// The interval is too wide, or there is nothing to measure it by.
    Inconclusive,
    /// Whatever changed is no more than the machine explains.
    Same,
    /// It became better than the machine explains.
    Better,
}

impl Comparison {
    /// Changes that fail the comparison.
    pub fn regressions(&self) -> usize {
        let worse = self.figures.iter().filter(|figure| figure.movement == Movement::Worse);
        self.checks.iter().filter(|check| check.regression).count() + worse.count()
    }

    /// Whether nothing could be compared.
    pub fn is_empty(&self) -> bool {
        let decided = self.figures.iter().any(|figure| figure.movement != Movement::Inconclusive);
        self.checks.is_empty() && self.unchanged == 0 && !decided
    }
}

impl Change {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Change::NewlyFailing => "newly failing",
            Change::Vanished => "vanished",
            Change::Unproven => "no verdict any more",
            Change::NewlyDeviating => "newly deviating",
            Change::Fixed => "fixed",
            Change::Added => "added",
            Change::Other => "changed",
        }
    }
}

impl Movement {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Movement::Worse => "worse",
            Movement::Inconclusive => "inconclusive",
            Movement::Same => "same",
            Movement::Better => "better",
        }
    }
}
