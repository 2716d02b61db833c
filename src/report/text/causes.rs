//! The findings of a run once more, in a line each: by severity and cause, where the end of a long result is read.

use owo_colors::OwoColorize as _;

use super::Row;
use super::columns::{aligned, padded};
use super::style::{bad, dim, doubtful, of_severity, of_verdict};
use crate::check::Verdict;
use crate::report::escape::line;
use crate::report::summary::{self, Beside, FindingSource};
use crate::report::units::counted;
use crate::report::{Record, ShownFinding};

/// Findings that are named.
const NAMED: usize = 20;

/// Rows of the overview; none where nothing was found.
pub(super) fn rows(record: &Record) -> Vec<Row> {
    let mut found = record.findings();
    found.retain(|found| found.finding.waived.is_none());
    let warnings = found.iter().filter(|found| !found.finding.fails()).count();
    let beside = summary::beside_checks(record);
    let mut counts = Vec::new();
    counts.extend((found.len() > warnings).then(|| bad(&summary::by_severity(record))));
    counts.extend(by_source(&beside).map(|text| bad(&text)));
    counts.extend((warnings > 0).then(|| doubtful(&counted(warnings, "warning"))));
    if counts.is_empty() {
        return Vec::new();
    }
    let mut texts = vec![counts.join(", ")];
    let several = record.scenarios.len() > 1;
    let cells: Vec<_> = found.iter().take(NAMED).map(|found| cells(found, several)).collect();
    let plain = aligned(&cells, false);
    texts.extend(plain.iter().zip(&found).map(|(text, found)| coloured(text, found)));
    if found.len() > NAMED {
        texts.push(dim(&format!("and {}", counted(found.len() - NAMED, "more finding"))));
    }
    let width = beside.iter().map(|one| one.source.word().len()).max().unwrap_or(0);
    texts.extend(beside.iter().take(NAMED).map(|one| {
        let scenario = if several { format!("  {}", line(&one.scenario)) } else { String::new() };
        format!("{} {}  {}{scenario}", bad("FAIL"), padded(one.source.word(), width), line(&one.text))
    }));
    if beside.len() > NAMED {
        texts.push(dim(&format!("and {}", counted(beside.len() - NAMED, "more finding"))));
    }
    Row::list("findings", texts)
}

/// Findings that no check made, in the words of the last line: `1 broken threshold`.
fn by_source(beside: &[Beside]) -> impl Iterator<Item = String> {
    let of = |source, words: fn(usize) -> String| {
        Some(beside.iter().filter(|one| one.source == source).count()).filter(|number| *number > 0).map(words)
    };
    let thresholds = of(FindingSource::Threshold, |number| counted(number, "broken threshold"));
    let run = of(FindingSource::Run, |number| format!("{} of the run", counted(number, "finding")));
    let regressions = of(FindingSource::Regression, |number| counted(number, "regression"));
    [thresholds, run, regressions].into_iter().flatten()
}

fn cells(found: &ShownFinding<'_>, several: bool) -> Vec<String> {
    let finding = &*found.finding;
    let verdict = if finding.verdict == Verdict::Fail { "FAIL" } else { "WARN" };
    let at = format!("{} {}", finding.method, finding.endpoint);
    let others = finding.also_affected.len();
    let mut cells = vec![format!("{verdict} {}", finding.severity.name()), line(&finding.check), line(at.trim())];
    cells.extend(several.then(|| line(&found.scenario.started.name)));
    cells.push(if others == 0 { String::new() } else { format!("+{}", counted(others, "check")) });
    cells
}

/// The line with its verdict and severity in their colours.
fn coloured(text: &str, found: &ShownFinding<'_>) -> String {
    let severity = found.finding.severity.name();
    let (verdict, rest) = text.split_at(4);
    let rest = rest.strip_prefix(' ').and_then(|rest| rest.strip_prefix(severity)).unwrap_or_default();
    let style = of_severity(found.finding.severity);
    format!("{} {}{rest}", verdict.style(of_verdict(found.finding.verdict)), severity.style(style))
}
