//! `report.md`: a summary for a pull request or a CI step, as GitHub and GitLab render it.

use std::fmt::Write as _;

use super::escape::{code, code_block, line, markdown};
use super::text::{NOT_DISTINGUISHABLE, interval, particulars};
use super::units::{counted, difference, rate, time};
use super::words::{level_word, place, web_address};
use super::{Record, ReportError, ScenarioRecord, ShownFinding, summary};
use crate::check::Verdict;
use crate::event::NoteKind;

/// Findings that are told in full; a step summary has room for 1 MiB.
const IN_FULL: usize = 50;

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let mut text = format!("## {} {}\n\n", sign(summary::grade(record)), markdown(&summary::verdict(record)));
    let _ = writeln!(text, "{}\n", facts(record).join(" · "));
    if !record.scenarios.is_empty() {
        scenarios(record, &mut text);
    }
    told(record, &mut text);
    load(record, &mut text);
    overhead(record, &mut text);
    thresholds(record, &mut text);
    notes(record, &mut text);
    text.extend(record.compared.as_ref().map(|compared| format!("\n{}", super::comparison::as_markdown(compared))));
    Ok(text.into_bytes())
}

fn facts(record: &Record) -> Vec<String> {
    let mut facts = vec![markdown(&record.reason())];
    facts.extend((record.counts().total() > 0).then(|| summary::by_severity(record)));
    facts.extend(summary::began(record).map(|(_, words)| words));
    facts.extend(summary::took(record).map(|length| format!("took {length}")));
    facts
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "❌",
        Verdict::Warn => "⚠️",
        Verdict::Pass => "✅",
        _ => "❔",
    }
}

/// A table; nothing where there are no rows.
fn table(text: &mut String, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "| {} |", head.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text.push('\n');
}

/// A row for each scenario, a column for each verdict that occurred in any.
fn scenarios(record: &Record, text: &mut String) {
    let all = record.counts();
    let verdicts: Vec<_> = all.occurred().map(|(verdict, _)| verdict).collect();
    let names = verdicts.iter().map(|verdict| verdict.name().replace('-', " "));
    let mut head: Vec<_> = ["scenario".to_owned(), "target".to_owned()].into_iter().chain(names).collect();
    head.extend((all.waived > 0).then(|| "waived".to_owned()));
    let rows = record.scenarios.iter().map(|scenario| {
        let counts = scenario.counts();
        let mut row = vec![markdown(&scenario.started.name), markdown(&scenario.started.target)];
        row.extend(verdicts.iter().map(|verdict| counts.of_verdict(*verdict).to_string()));
        row.extend((all.waived > 0).then(|| counts.waived.to_string()));
        row
    });
    table(text, &head.iter().map(String::as_str).collect::<Vec<_>>(), rows);
}

fn told(record: &Record, text: &mut String) {
    let (found, beside) = (record.findings(), summary::beside_checks(record));
    if found.is_empty() && beside.is_empty() {
        return;
    }
    text.push_str("### Findings\n\n");
    for one in &beside {
        let _ = writeln!(text, "- {} {} ({})", sign(Verdict::Fail), markdown(&one.text), code(&place(&one.place)));
    }
    if !beside.is_empty() {
        text.push('\n');
    }
    found.iter().take(IN_FULL).for_each(|found| finding(found, text));
    let rest = found.get(IN_FULL..).unwrap_or_default();
    if !rest.is_empty() {
        let _ = writeln!(text, "And {}:\n", counted(rest.len(), "more finding"));
        for ShownFinding { check, .. } in rest {
            let _ = writeln!(text, "- {} {}: {}", sign(check.verdict), code(&check.id), markdown(&check.summary));
        }
        text.push('\n');
    }
}

fn finding(found: &ShownFinding<'_>, text: &mut String) {
    let check = &*found.check;
    let (sign, waived) = match &check.waived {
        Some(_) => ("⊘", "waived · "),
        None => (sign(check.verdict), ""),
    };
    let _ = writeln!(text, "#### {sign} {}: {}\n", code(&check.id), markdown(&check.title));
    let clauses: Vec<_> = check.citations.iter().map(|cited| clause(&cited.source, cited.url.as_deref())).collect();
    let cited = if clauses.is_empty() { "own case".to_owned() } else { clauses.join(", ") };
    let graded = format!("{waived}{} · {}", check.severity.name(), level_word(check.level));
    let at = code(&place(&check.place));
    let _ = writeln!(text, "**{}** · {graded} · {cited} · {at}\n", markdown(&check.summary));
    let _ = writeln!(text, "{}", code_block(&particulars(check, &found.finding.also_affected)));
    if let Some(help) = &check.help {
        let _ = writeln!(text, "How to fix it: {}\n", markdown(&help.fix));
    }
}

/// A clause, as a link where its address can be followed and cannot end the link.
fn clause(source: &str, url: Option<&str>) -> String {
    match web_address(url).filter(|url| !url.contains(['(', ')', '<', '>', ' ', '\\'])) {
        Some(url) => format!("[{}]({})", markdown(source), line(url)),
        None => markdown(source),
    }
}

fn load(record: &Record, text: &mut String) {
    let phases =
        || record.scenarios.iter().flat_map(|scenario| scenario.load.iter().map(move |phase| (scenario, phase)));
    if phases().next().is_none() {
        return;
    }
    text.push_str("### Load\n\n");
    let rows = phases().map(|(scenario, phase)| {
        let spoken = phase.other_protocol();
        let spoken = spoken.map(|name| format!(", {name}")).unwrap_or_default();
        let mut row = vec![markdown(&scenario.started.name), markdown(phase.name()) + &spoken];
        match &phase.figures {
            None => row.extend(["cut off", "", "", "", "", ""].map(str::to_owned)),
            Some(figures) => {
                let times = &figures.response_time_us;
                row.push(figures.offered_rate.map_or_else(|| "closed model".to_owned(), rate));
                row.push(rate(figures.achieved_rate));
                row.extend([times.p50, times.p99, times.max].map(time));
                row.push(
                    figures
                        .inconclusive
                        .as_deref()
                        .map(|why| format!("inconclusive: {}", markdown(why)))
                        .unwrap_or_default(),
                );
            }
        }
        row
    });
    table(text, &["scenario", "phase", "offered", "answered", "p50", "p99", "max", "note"], rows);
}

fn overhead(record: &Record, text: &mut String) {
    for study in record.scenarios.iter().flat_map(|scenario| &scenario.overhead) {
        let _ = writeln!(text, "### Cost over {}\n", markdown(&study.baseline));
        let rows = study.rows.iter().map(|row| {
            let cost =
                if row.distinguishable { difference(row.difference_us.value) } else { NOT_DISTINGUISHABLE.to_owned() };
            vec![markdown(&row.name), cost, interval(&row.difference_us), time(row.service_time_us)]
        });
        table(text, &["scheme", "cost", "95 % interval", "service time"], rows);
    }
}

fn thresholds(record: &Record, text: &mut String) {
    let judged = |scenario: &ScenarioRecord| scenario.thresholds.clone();
    let all: Vec<_> = record.scenarios.iter().flat_map(judged).collect();
    if all.is_empty() {
        return;
    }
    text.push_str("### Thresholds\n\n");
    let rows = all.iter().map(|one| {
        let holds = match one.holds {
            Some(true) => "✅ holds",
            Some(false) => "❌ broken",
            None => "❔ inconclusive",
        };
        vec![markdown(&one.threshold), markdown(&one.applied_to), markdown(&one.measured), holds.to_owned()]
    });
    table(text, &["threshold", "on", "measured", ""], rows);
}

/// Warnings and errors; findings stand with the findings.
fn notes(record: &Record, text: &mut String) {
    let all = record.notes.iter().chain(record.scenarios.iter().flat_map(|scenario| &scenario.notes));
    for note in all {
        let sign = match note.kind {
            NoteKind::Warning => sign(Verdict::Warn),
            NoteKind::Error => sign(Verdict::Fail),
            NoteKind::Info | NoteKind::Finding => continue,
        };
        let _ = writeln!(text, "- {sign} {}", markdown(&note.text));
    }
}
