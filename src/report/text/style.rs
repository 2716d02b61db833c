//! Colours: what they mean is in words beside them.

use owo_colors::{OwoColorize as _, Style};

use crate::check::{Severity, Verdict};
use crate::event::CheckResult;

/// The word before a finding, and the same in its colour.
pub(super) fn badge(check: &CheckResult) -> (&'static str, String) {
    let (word, style) = match check.verdict {
        _ if check.waived.is_some() => ("WAIVED", Style::new().dimmed()),
        Verdict::Fail => ("FAIL", of_verdict(Verdict::Fail)),
        other => ("WARN", of_verdict(other)),
    };
    (word, word.style(style).to_string())
}

/// The colour of a verdict.
pub(in crate::report) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Fail => Style::new().red().bold(),
        Verdict::Warn => Style::new().yellow().bold(),
        Verdict::Inconclusive => Style::new().magenta().bold(),
        Verdict::Info => Style::new().blue().bold(),
        Verdict::Pass => Style::new().green().bold(),
        Verdict::NotTested | Verdict::NotApplicable => Style::new().dimmed(),
    }
}

/// The colour of a severity.
pub(in crate::report) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => Style::new().red(),
        Severity::Medium => Style::new().yellow(),
        Severity::Low | Severity::Info => Style::new(),
    }
}

/// A severity in its colour.
pub(super) fn severity(severity: Severity) -> String {
    severity.name().style(of_severity(severity)).to_string()
}

/// What is there for the second look.
pub(super) fn dim(text: &str) -> String {
    text.dimmed().to_string()
}

/// What is wrong.
pub(super) fn bad(text: &str) -> String {
    text.style(of_verdict(Verdict::Fail)).to_string()
}

/// What may be wrong.
pub(super) fn doubtful(text: &str) -> String {
    text.style(of_verdict(Verdict::Warn)).to_string()
}

/// What is right.
pub(super) fn good(text: &str) -> String {
    text.style(of_verdict(Verdict::Pass)).to_string()
}
