//! Findings: failures that have one cause in common, each counted once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CheckResult, Part, Waived};
use crate::check::{Explanation, Severity, Verdict};

/// Who answers at a place that is no resource of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answering {
    /// An endpoint of an authorization server.
    AuthorizationServer,
    /// A request of a login.
    Login,
}

/// Where a check deviates: one resource, one method, one explanation. Waivers, baselines and the selftest look at cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Path of the resource as the scenario has it, or of the endpoint.
    pub endpoint: String,
    /// Method of the resource, whatever a probe made of it.
    pub method: String,
    /// Who answers there, where it is no resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answering: Option<Answering>,
    /// Which part of the requirement is violated here.
    pub part: Part,
    /// `fail` or `warn`.
    pub verdict: Verdict,
    /// What the deviation shows about the target.
    pub explanation: Explanation,
    /// Explanations that would imply it at the same resource and method, the strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implied_by: Vec<Explanation>,
    /// What was found, in one line.
    pub summary: String,
    /// Further deviations of the cell, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<String>,
    /// What was expected.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// What was seen instead: outcome, status and time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
    /// Statuses of the answers that deviate, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// Index in the evidence of the check of the exchange that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<usize>,
    /// Set when somebody answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waived>,
}

/// Failures that have one cause in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The check that shows the cause.
    pub check: String,
    /// The worst verdict of its cells: `fail` or `warn`.
    pub verdict: Verdict,
    /// Which part of a requirement is violated.
    pub part: Part,
    /// The highest severity of the checks that it concerns.
    pub severity: Severity,
    /// Path of the resource, or of the endpoint, at which the cause is shown.
    pub endpoint: String,
    /// Method of the resource at which the cause is shown.
    pub method: String,
    /// What the deviation shows about the target; `own` is what the check itself is about.
    pub cause: Explanation,
    /// What was found, in one line.
    pub summary: String,
    /// Other checks that fail for the same cause, in the order of the catalogue.
    pub also_affected: Vec<String>,
    /// Every cell of the cause, the one that shows it first.
    pub cells: Vec<CellName>,
    /// Index in the evidence of the check of the exchange that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_by: Option<usize>,
    /// Set when somebody answers for every cell of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<Waived>,
}

impl CheckResult {
    /// Whether the check found something, waived or not: it fails or warns, or it warns beside an answer that says nothing.
    pub fn has_finding(&self) -> bool {
        match self.verdict {
            Verdict::Fail | Verdict::Warn => true,
            Verdict::Inconclusive => !self.cells.is_empty(),
            _ => false,
        }
    }

    /// The cells of the result; a result that names none, from an older record or without a probe, is one as a whole.
    pub fn all_cells(&self) -> Vec<Cell> {
        if self.cells.is_empty() { vec![Cell::whole(self)] } else { self.cells.clone() }
    }
}

impl Cell {
    /// The only cell of a result that names none: an older record, or a failure that no probe shows.
    pub fn whole(result: &CheckResult) -> Self {
        let shown = result.shown_by.and_then(|at| result.evidence.get(at)).map(|record| &record.exchange);
        let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
        Self {
            endpoint: shown.map(|exchange| path(&exchange.target)).unwrap_or_default(),
            method: shown.map(|exchange| exchange.method.clone()).unwrap_or_default(),
            answering: None,
            part: result.part.unwrap_or(Part::Protocol),
            verdict: result.verdict,
            explanation: Explanation::Own,
            implied_by: Vec::new(),
            summary: result.summary.clone(),
            further: result.deviations.iter().filter(|line| **line != result.summary).cloned().collect(),
            expected: result.expected.clone(),
            seen: result.seen.clone(),
            statuses: result.statuses.clone(),
            shown_by: result.shown_by,
            waived: result.waived.clone(),
        }
    }
}

impl Finding {
    /// The finding of one check by itself, where nobody looked for causes.
    pub fn alone(result: &CheckResult) -> Self {
        let Cell { endpoint, method, part, verdict, explanation, summary, shown_by, waived, .. } = Cell::whole(result);
        let check = result.id.clone();
        Self {
            cells: vec![CellName { check: check.clone(), endpoint: endpoint.clone(), method: method.clone() }],
            check,
            verdict,
            part,
            severity: result.severity,
            endpoint,
            method,
            cause: explanation,
            summary,
            also_affected: Vec::new(),
            shown_by,
            waived,
        }
    }

    /// How findings are ordered: the worst first, by verdict, then severity, then whether access is concerned.
    pub fn rank(&self) -> (bool, Verdict, std::cmp::Reverse<Severity>, bool) {
        let protocol = self.part == Part::Protocol;
        (self.waived.is_some(), self.verdict, std::cmp::Reverse(self.severity), protocol)
    }

    /// Whether it fails the run.
    pub fn fails(&self) -> bool {
        self.verdict == Verdict::Fail && self.waived.is_none()
    }
}

/// What tells cells apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CellName {
    /// The check.
    pub check: String,
    /// Path of the resource or endpoint.
    pub endpoint: String,
    /// Method of the resource.
    pub method: String,
}
