//! The words of a verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check came to. Only `Pass` is a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The requirement is violated.
    Fail,
    /// A protocol deviation from what should be.
    Warn,
    /// Nothing can be said: a control broke, or there was no answer.
    Inconclusive,
    /// A fact worth knowing, no violation.
    Info,
    /// The target behaved as required, and the controls prove that it could have done otherwise.
    Pass,
    /// Material is missing.
    NotTested,
    /// The profile or the declared capabilities rule the check out.
    NotApplicable,
}

impl Verdict {
    /// All verdicts, worst first.
    pub const ALL: [Verdict; 7] = [
        Verdict::Fail,
        Verdict::Warn,
        Verdict::Inconclusive,
        Verdict::Info,
        Verdict::Pass,
        Verdict::NotTested,
        Verdict::NotApplicable,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Fail => "fail",
            Verdict::Warn => "warn",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Info => "info",
            Verdict::Pass => "pass",
            Verdict::NotTested => "not-tested",
            Verdict::NotApplicable => "not-applicable",
        }
    }

    /// Whether the check was executed to an end that counts for coverage.
    pub fn executed(self) -> bool {
        matches!(self, Verdict::Fail | Verdict::Warn | Verdict::Info | Verdict::Pass)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// The strength of a requirement: the words of RFC 2119, or practice where no RFC speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// An absolute requirement.
    Must,
    /// A recommendation that needs a reason to be ignored.
    Should,
    /// Truly optional.
    May,
    /// No normative text: OWASP, CWE or the custom of vendors.
    Practice,
}

impl Level {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::May => "may",
            Level::Practice => "practice",
        }
    }
}

/// The impact of a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// No impact of its own.
    Info,
    /// A deviation that confuses clients.
    Low,
    /// Helps an attacker.
    Medium,
    /// Access that should not be.
    High,
    /// Anybody gets in.
    Critical,
}

impl Severity {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}
