//! The summary of a scenario.

use std::collections::BTreeMap;

use owo_colors::OwoColorize as _;

use super::figures::{overhead, phase, thresholds};
use super::style::{bad, dim, doubtful, of_verdict};
use super::{Row, Verbosity};
use crate::check::Verdict;
use crate::event::{CheckResult, Note, NoteKind};
use crate::report::escape::line;
use crate::report::summary::equation;
use crate::report::units::counted;
use crate::report::{Counts, ScenarioRecord};

/// All rows of a summary, the name of the scenario first.
pub(super) fn summary(scenario: &ScenarioRecord, verbosity: Verbosity, room: usize) -> Vec<Row> {
    let started = &scenario.started;
    let about =
        format!("{} · scheme {} · profile {}", line(&started.target), line(&started.scheme), line(&started.profile));
    let mut rows = vec![
        Row::title(format!("{}  {}", line(&started.name).bold(), dim(&line(&started.file)))),
        Row::new("target", about),
    ];
    rows.extend(checks(scenario, verbosity));
    rows.extend(scenario.load.iter().flat_map(|one| phase(one, room)));
    rows.extend(scenario.overhead.iter().flat_map(|study| overhead(study, room)));
    rows.extend(thresholds(&scenario.thresholds));
    // findings of the run stand with the other findings
    rows.extend(scenario.notes.iter().filter(|note| note.kind != NoteKind::Finding).map(note));
    if scenario.finished.is_none() {
        rows.push(Row::new("note", doubtful("the scenario was cut off before its end")));
    }
    rows
}

fn checks(scenario: &ScenarioRecord, verbosity: Verbosity) -> Vec<Row> {
    if scenario.checks.is_empty() && scenario.started.planned_checks == 0 {
        return Vec::new();
    }
    // lanes of a load are judged beside the planned checks
    let (lanes, checks): (Vec<_>, Vec<_>) = scenario.checks.iter().partition(|check| check.group == "load");
    let planned = scenario.planned();
    let judged = (planned.planned > 0).then(|| format!("{}; {}", by_verdict(&Counts::of(checks)), equation(&planned)));
    let lanes = (!lanes.is_empty()).then(|| format!("load lanes: {}", by_verdict(&Counts::of(lanes))));
    let texts: Vec<_> = judged.into_iter().chain(lanes).collect();
    let mut rows = vec![Row::new("checks", texts.join("; "))];
    let of = |verdict: Verdict| scenario.checks.iter().filter(move |check| check.verdict == verdict);
    rows.extend(Row::list("inconclusive", reasons(of(Verdict::Inconclusive))));
    rows.extend(Row::list("review", scenario.checks.iter().filter(|check| check.needs_review).map(with_summary)));
    if verbosity == Verbosity::Verbose {
        // every check is listed below with its reason
        return rows;
    }
    rows.extend(Row::list("waived", scenario.checks.iter().filter_map(waived)));
    rows.extend(Row::list("not tested", reasons(of(Verdict::NotTested))));
    rows
}

/// `4 fail, 1 warn, 52 pass`
pub(super) fn by_verdict(counts: &Counts) -> String {
    let mut texts: Vec<_> = counts
        .occurred()
        .map(|(verdict, number)| {
            format!("{number} {}", verdict.name().replace('-', " ")).style(of_verdict(verdict)).to_string()
        })
        .collect();
    if counts.waived > 0 {
        texts.push(format!("{} waived", counts.waived));
    }
    if texts.is_empty() { "none finished".to_owned() } else { texts.join(", ") }
}

fn with_summary(check: &CheckResult) -> String {
    format!("{}  {}", line(&check.id), dim(&line(&check.summary)))
}

fn waived(check: &CheckResult) -> Option<String> {
    let waived = check.waived.as_ref()?;
    let until = format!("until {} by {}: {}", waived.expires, waived.owner, waived.reason);
    Some(format!("{}  {}", line(&check.id), dim(&line(&until))))
}

/// Reasons with how many checks each keeps from running, the most frequent first.
fn reasons<'a>(checks: impl Iterator<Item = &'a CheckResult>) -> Vec<String> {
    let mut by_reason = BTreeMap::<&str, Vec<&str>>::new();
    checks.for_each(|check| by_reason.entry(&check.summary).or_default().push(&check.id));
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(_, ids)| std::cmp::Reverse(ids.len()));
    let texts = reasons.into_iter().map(|(reason, ids)| match ids[..] {
        [id] => format!("{}  {}", line(id), dim(&line(reason))),
        _ => format!("{}  {}", counted(ids.len(), "check"), dim(&line(reason))),
    });
    texts.collect()
}

/// A note under the word for its kind.
pub(super) fn note(note: &Note) -> Row {
    let text = line(&note.text);
    match note.kind {
        NoteKind::Info => Row::new("note", text),
        NoteKind::Warning => Row::new("note", doubtful(&text)),
        NoteKind::Finding => Row::new("finding", bad(&text)),
        NoteKind::Error => Row::new("error", bad(&text)),
    }
}
