//! One finding in words.

use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use super::columns::padded;
use super::style::{bad, badge, dim, doubtful, severity};
use crate::event::{CheckResult, NoteKind, SourcePlace};
use crate::report::curl;
use crate::report::escape::line;
use crate::report::units::{counted, restyled};
use crate::report::words::{citation, further_deviations, more, outcome_apart, place, replay, sent, shown};
use crate::report::{ScenarioRecord, ShownFinding};

/// Width of the words before what a finding says.
const LABEL: usize = 10;
/// Width of an outcome, so that expected and seen stand under each other.
const OUTCOME: usize = 14;
/// Where the place in the scenario begins, if the headline is shorter.
const PLACE: usize = 70;

/// The lines of a finding after its summary, without styles.
pub(in crate::report) fn block(check: &CheckResult, target: &str, also_affected: &[String]) -> String {
    let head = format!("{}: {}\n{}  {}\n", line(&check.id), line(&check.title), citation(check), place(&check.place));
    head + &particulars(check, target, also_affected)
}

/// What was sent, expected and seen, and how to send it again: a line each, without styles.
pub(in crate::report) fn particulars(check: &CheckResult, target: &str, also_affected: &[String]) -> String {
    let lines = rows(check, target, also_affected).into_iter().map(|(label, value)| format!("{label:LABEL$}{value}\n"));
    lines.collect()
}

/// A finding with its headline.
pub(super) fn styled(found: &ShownFinding<'_>) -> String {
    let check = &*found.check;
    let (id, grade, citation) = (line(&check.id), check.severity.name(), citation(check));
    let (word, badge) = badge(check);
    let width = [word, &id, grade, &citation].map(|part| part.chars().count()).iter().sum::<usize>() + 5;
    let left = format!("{badge} {}  {}  {citation}", id.bold(), severity(check.severity));
    let mut text = headline(&left, width, &check.place);
    let _ = writeln!(text, "     {}", line(&check.summary));
    for (label, value) in rows(check, &found.scenario.started.target, &found.finding.also_affected) {
        let _ = writeln!(text, "     {}{value}", dim(&padded(label, LABEL)));
    }
    text
}

/// The left part, and the place behind it, where editors and terminals find it.
fn headline(left: &str, width: usize, at: &SourcePlace) -> String {
    let gap = PLACE.saturating_sub(width).max(2);
    format!("{left}{:gap$}{}\n", "", dim(&place(at)))
}

/// Findings that no check made: broken thresholds, and findings of the run such as a stale waiver.
pub(super) fn beside_checks(scenario: &ScenarioRecord, text: &mut String) {
    for threshold in scenario.thresholds.iter().filter(|threshold| threshold.holds == Some(false)) {
        let words = format!("threshold {}", line(&threshold.threshold));
        let badge = if threshold.fails() { bad("FAIL") } else { doubtful("WARN") };
        let left = format!("{badge} {}", words.bold());
        text.push_str(&headline(&left, words.chars().count() + 5, &threshold.place));
        let abort = threshold.abort().map(|words| format!("; it {words}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "     {} measured {}{abort}\n",
            line(&threshold.applied_to),
            line(&restyled(&threshold.measured))
        );
    }
    let at = SourcePlace { file: scenario.started.file.clone(), line: 0, column: 0 };
    for note in scenario.notes.iter().filter(|note| note.kind == NoteKind::Finding) {
        text.push_str(&headline(&format!("{} {}", bad("FAIL"), "run".bold()), 8, &at));
        let _ = writeln!(text, "     {}\n", line(&note.text));
    }
}

/// What a finding says, each with the word before it.
fn rows(check: &CheckResult, target: &str, also_affected: &[String]) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    rows.extend(further_deviations(check).into_iter().map(|text| ("also", line(&text))));
    if let Some(record) = shown(check) {
        rows.push(("sent", sent(record)));
        rows.extend(curl::variable(record).map(|text| ("with", text)));
    }
    for (label, text) in [("expected", &check.expected), ("seen", &check.seen)] {
        if !text.is_empty() {
            let (outcome, rest) = outcome_apart(text);
            let text = if outcome.is_empty() { line(rest) } else { format!("{outcome:OUTCOME$}{}", line(rest)) };
            rows.push((label, text.trim_end().to_owned()));
        }
    }
    if let Some(waived) = &check.waived {
        rows.push(("waived", line(&format!("by {} until {}: {}", waived.owner, waived.expires, waived.reason))));
    }
    if !also_affected.is_empty() {
        rows.push((
            "affects",
            line(&format!("{}: {}", counted(also_affected.len(), "more check"), also_affected.join(", "))),
        ));
    }
    if let Some(record) = shown(check) {
        let again = curl::sent_again(record, target);
        let (label, command) = again.row();
        rows.push((label, command.to_owned()));
    }
    rows.push(("replay", replay(check)));
    rows.extend(more(check).map(|command| ("more", command)));
    rows
}
