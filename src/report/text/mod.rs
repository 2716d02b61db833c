//! The result for people: findings first, then a summary of each scenario. Styled; printed or stripped elsewhere.

mod causes;
mod columns;
mod comparison;
mod exchanges;
mod figures;
mod finding;
mod scenario;
mod shards;
mod style;
mod wrap;

use std::fmt::Write as _;
use std::path::PathBuf;

use owo_colors::OwoColorize as _;

pub(super) use comparison::comparison;
pub(super) use figures::{
    NOT_DISTINGUISHABLE, capacity, floor, headline, interval, outcomes, times as time_rows, tokens,
};
pub(super) use finding::{block, particulars};
pub(super) use style::{of_severity, of_verdict};
pub use wrap::wrapped;

use super::escape::line;
use super::{Record, ReportError};
use crate::check::Verdict;
use crate::event::{CheckResult, NoteKind};

/// Width of the words before the rows of a summary.
const LABEL: usize = 14;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Findings alone.
    Quiet,
    /// Findings and a summary of each scenario.
    #[default]
    Normal,
    /// Every check.
    Verbose,
    /// Each request of each check, with its answer.
    Exchanges,
}

/// A line of a summary.
struct Row {
    label: &'static str,
    text: String,
    title: bool,
}

impl Row {
    fn new(label: &'static str, text: impl Into<String>) -> Self {
        Self { label, text: text.into(), title: false }
    }

    /// A line that goes on under the label of the last.
    fn more(text: impl Into<String>) -> Self {
        Self::new("", text)
    }

    fn title(text: String) -> Self {
        Self { label: "", text, title: true }
    }

    /// Lines under one label.
    fn list(label: &'static str, texts: impl IntoIterator<Item = String>) -> Vec<Self> {
        let labelled = texts.into_iter().enumerate();
        labelled.map(|(at, text)| Self::new(if at == 0 { label } else { "" }, text)).collect()
    }
}

/// The whole result with styles. How the run ended stands last on standard error, where scripts look.
pub(super) fn result(record: &Record, verbosity: Verbosity, reports: &[PathBuf], columns: Option<usize>) -> String {
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(LABEL + 2));
    let mut text = String::new();
    for found in record.findings() {
        if found.finding.waived.is_none() || verbosity == Verbosity::Verbose {
            text.push_str(&finding::styled(&found));
            text.push('\n');
        }
    }
    record.scenarios.iter().for_each(|scenario| finding::beside_checks(scenario, &mut text));
    if verbosity == Verbosity::Quiet {
        // what kept a scenario from being tested is no finding, and the reason that nothing is shown
        let notes = record.scenarios.iter().flat_map(|scenario| &scenario.notes).chain(&record.notes);
        push_rows(&mut text, notes.filter(|note| note.kind == NoteKind::Error).map(scenario::note));
        let worse = record.compared.as_ref().filter(|compared| compared.regressions() > 0);
        text.extend(worse.map(|compared| comparison::comparison(compared, columns)));
        return text;
    }
    for scenario in &record.scenarios {
        push_rows(&mut text, scenario::summary(scenario, verbosity, room));
        match verbosity {
            Verbosity::Verbose => scenario.checks.iter().for_each(|check| listed(&mut text, check)),
            Verbosity::Exchanges => exchanges::push(scenario, &mut text),
            Verbosity::Quiet | Verbosity::Normal => {}
        }
        text.push('\n');
    }
    push_rows(&mut text, record.notes.iter().map(scenario::note));
    push_rows(&mut text, record.shards.iter().flat_map(shards::rows));
    text.extend(record.compared.as_ref().map(|compared| comparison::comparison(compared, columns)));
    push_rows(&mut text, causes::rows(record));
    push_rows(&mut text, Row::list("reports", reports.iter().map(|path| line(&path.display().to_string()))));
    text
}

/// One line for a check.
fn listed(text: &mut String, check: &CheckResult) {
    // the longest name of a verdict is as long as a label
    let verdict = columns::padded(check.verdict.name(), LABEL + 2);
    let verdict = verdict.style(style::of_verdict(check.verdict));
    let reason = if check.verdict == Verdict::Pass { &check.title } else { &check.summary };
    let _ = writeln!(text, "  {verdict}{}  {}", line(&check.id), style::dim(&line(reason)));
}

fn push_rows(text: &mut String, rows: impl IntoIterator<Item = Row>) {
    for row in rows {
        let label = style::dim(&columns::padded(row.label, LABEL));
        let _ = if row.title { writeln!(text, "{}", row.text) } else { writeln!(text, "  {label}{}", row.text) };
    }
}

fn end(record: &Record) -> [Row; 1] {
    let reason = line(&record.reason());
    let styled = match record.finished.as_ref().map(|finished| finished.exit_code) {
        Some(0) => style::good(&reason),
        Some(5) | None => style::doubtful(&reason),
        Some(_) => style::bad(&reason),
    };
    [Row::title(styled)]
}

/// The result as a file: complete, without colours.
pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let mut text = result(record, Verbosity::Verbose, &[], None);
    push_rows(&mut text, end(record));
    Ok(anstream::adapter::strip_str(&text).to_string().into_bytes())
}
