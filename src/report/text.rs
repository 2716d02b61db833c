//! The result for people: findings first, then a summary of each scenario. Styled; printed or stripped elsewhere.

use std::fmt::Write as _;

use super::escape::line;
use super::finding::{citation, further_deviations, more, outcome_apart, place, replay, sent, shown};
use crate::event::CheckResult;

/// Width of the words before what a finding says.
const LABEL: usize = 10;
/// Width of an outcome, so that expected and seen stand under each other.
const OUTCOME: usize = 14;

/// The lines of a finding after its summary, without styles.
pub(super) fn finding_block(check: &CheckResult) -> String {
    let mut text =
        format!("{}: {}\n{}  {}\n", line(&check.id), line(&check.title), citation(check), place(&check.place));
    for (label, value) in finding_rows(check) {
        let _ = writeln!(text, "{label:LABEL$}{value}");
    }
    text
}

/// What a finding says, each with the word before it.
pub(super) fn finding_rows(check: &CheckResult) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    rows.extend(further_deviations(check).map(|text| ("also", line(text))));
    if let Some(record) = shown(check) {
        rows.push(("sent", sent(record)));
    }
    for (label, text) in [("expected", &check.expected), ("seen", &check.seen)] {
        if !text.is_empty() {
            let (outcome, rest) = outcome_apart(text);
            let padded = if outcome.is_empty() { line(rest) } else { format!("{outcome:OUTCOME$}{}", line(rest)) };
            rows.push((label, padded.trim_end().to_owned()));
        }
    }
    if let Some(waived) = &check.waived {
        rows.push(("waived", line(&format!("by {} until {}: {}", waived.owner, waived.expires, waived.reason))));
    }
    rows.push(("replay", replay(check)));
    rows.extend(more(check).map(|command| ("more", command)));
    rows
}
