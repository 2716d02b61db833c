//! `report.md`: a summary for a pull request or a CI step, as GitHub and GitLab render it: one table, everything else folded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escape::{code, code_block, line, markdown};
use super::text::{NOT_DISTINGUISHABLE, interval, particulars};
use super::units::{counted, difference, rate, restyled, time};
use super::words::{level_word, place, web_address};
use super::{Record, ReportError, ScenarioRecord, ShownFinding, summary};
use crate::check::Verdict;
use crate::event::NoteKind;

/// Bytes of a page: a comment at GitHub has room for 65,536 characters.
const MOST: usize = 60_000;
/// Bytes that are kept for what says what was cut.
const KEPT: usize = 600;

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let mut page = Page::default();
    let verdict = markdown(&summary::verdict(record));
    page.push(
        "the head",
        format!("## {} {verdict}\n\n{}\n\n", sign(summary::grade(record)), facts(record).join(" · ")),
    );
    page.push("the table of scenarios", scenarios(record));
    beside(record, &mut page);
    record.findings().iter().for_each(|found| page.push("finding", finding(found)));
    page.push("the results of load", folded("Load", &load(record)));
    overhead(record, &mut page);
    page.push("the thresholds", folded("Thresholds", &thresholds(record)));
    let compared = record.compared.as_ref().map(super::comparison::as_markdown).unwrap_or_default();
    page.push("the comparison", folded("Compared with a baseline", &compared));
    page.push("the notes", folded("Notes", &notes(record)));
    Ok(page.finish().into_bytes())
}

/// A page that stays within its size: what does not fit is left out and named.
#[derive(Default)]
struct Page {
    text: String,
    left_out: BTreeMap<&'static str, usize>,
}

impl Page {
    fn push(&mut self, what: &'static str, text: String) {
        if self.text.len() + text.len() + KEPT > MOST {
            *self.left_out.entry(what).or_default() += 1;
        } else {
            self.text.push_str(&text);
        }
    }

    fn finish(mut self) -> String {
        if !self.left_out.is_empty() {
            let named = self.left_out.iter().map(|(what, count)| match *what {
                "finding" => counted(*count, "finding"),
                what => what.to_owned(),
            });
            let named = named.collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                self.text,
                "\n_Cut at {} KB: {named} left out. The other reports of the run have them._",
                MOST / 1000
            );
        }
        self.text
    }
}

/// A section that is shown when a reader asks for it; nothing where it is empty.
fn folded(title: &str, text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("<details><summary>{title}</summary>\n\n{}\n\n</details>\n\n", text.trim_end()),
    }
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
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let (mut rows, mut text) = (rows.into_iter().peekable(), String::new());
    if rows.peek().is_none() {
        return text;
    }
    let _ = writeln!(text, "| {} |", head.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text.push('\n');
    text
}

/// A row for each scenario, a column for each verdict that occurred in any.
fn scenarios(record: &Record) -> String {
    let all = record.counts();
    let verdicts: Vec<_> = all.occurred().map(|(verdict, _)| verdict).collect();
    let names = verdicts.iter().map(|verdict| verdict.name().replace('-', " "));
    let mut head: Vec<_> = ["scenario".to_owned(), "target".to_owned()].into_iter().chain(names).collect();
    head.extend((all.waived > 0).then(|| "waived".to_owned()));
    head.extend((all.total() > 0).then(|| "planned".to_owned()));
    let rows = record.scenarios.iter().map(|scenario| {
        let counts = scenario.counts();
        let mut row = vec![markdown(&scenario.started.name), markdown(&scenario.started.target)];
        row.extend(verdicts.iter().map(|verdict| counts.of_verdict(*verdict).to_string()));
        row.extend((all.waived > 0).then(|| counts.waived.to_string()));
        row.extend((all.total() > 0).then(|| scenario.planned().planned.to_string()));
        row
    });
    table(&head.iter().map(String::as_str).collect::<Vec<_>>(), rows)
}

/// Findings that no check made.
fn beside(record: &Record, page: &mut Page) {
    let found = summary::beside_checks(record);
    for one in &found {
        let text = format!("- {} {} ({})\n", sign(Verdict::Fail), markdown(&one.text), code(&place(&one.place)));
        page.push("finding", text);
    }
    if !found.is_empty() {
        page.push("finding", "\n".to_owned());
    }
}

/// One line, and the rest where a reader asks for it.
fn finding(found: &ShownFinding<'_>) -> String {
    let check = &*found.check;
    let (sign, waived) = match &check.waived {
        Some(_) => ("⊘", "waived · "),
        None => (sign(check.verdict), ""),
    };
    let (id, severity) = (markdown(&check.id), check.severity.name());
    let summary = markdown(&check.summary);
    let mut text = format!("<details><summary>{sign} {severity} <code>{id}</code>: {summary}</summary>\n\n");
    let clauses: Vec<_> = check.citations.iter().map(|cited| clause(&cited.source, cited.url.as_deref())).collect();
    let cited = if clauses.is_empty() { "own case".to_owned() } else { clauses.join(", ") };
    let at = code(&place(&check.place));
    let title = markdown(&check.title);
    let _ = writeln!(text, "**{title}** · {waived}{} · {cited} · {at}\n", level_word(check.level));
    let said = particulars(check, &found.scenario.started.target, &found.finding.also_affected);
    let _ = writeln!(text, "{}", code_block(&said));
    if let Some(help) = &check.help {
        let _ = writeln!(text, "How to fix it: {}\n", markdown(&help.fix));
    }
    text.push_str("</details>\n\n");
    text
}

/// A clause, as a link where its address can be followed and cannot end the link.
fn clause(source: &str, url: Option<&str>) -> String {
    match web_address(url).filter(|url| !url.contains(['(', ')', '<', '>', ' ', '\\'])) {
        Some(url) => format!("[{}]({})", markdown(source), line(url)),
        None => markdown(source),
    }
}

fn load(record: &Record) -> String {
    let phases = record.scenarios.iter().flat_map(|scenario| scenario.load.iter().map(move |phase| (scenario, phase)));
    let rows = phases.map(|(scenario, phase)| {
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
    table(&["scenario", "phase", "offered", "answered", "p50", "p99", "max", "note"], rows)
}

fn overhead(record: &Record, page: &mut Page) {
    for study in record.scenarios.iter().flat_map(|scenario| &scenario.overhead) {
        let rows = study.rows.iter().map(|row| {
            let cost =
                if row.distinguishable { difference(row.difference_us.value) } else { NOT_DISTINGUISHABLE.to_owned() };
            vec![markdown(&row.name), cost, interval(&row.difference_us), time(row.service_time_us)]
        });
        let rows = table(&["scheme", "cost", "95 % interval", "service time"], rows);
        page.push("the overhead study", folded(&format!("Cost over {}", markdown(&study.baseline)), &rows));
    }
}

fn thresholds(record: &Record) -> String {
    let judged = |scenario: &ScenarioRecord| scenario.thresholds.clone();
    let all: Vec<_> = record.scenarios.iter().flat_map(judged).collect();
    let rows = all.iter().map(|one| {
        let holds = match one.holds {
            Some(true) => "✅ holds",
            Some(false) => "❌ broken",
            None => "❔ inconclusive",
        };
        vec![markdown(&one.threshold), markdown(&one.applied_to), markdown(&restyled(&one.measured)), holds.to_owned()]
    });
    table(&["threshold", "on", "measured", ""], rows)
}

/// Warnings and errors; findings stand with the findings.
fn notes(record: &Record) -> String {
    let mut text = String::new();
    let all = record.notes.iter().chain(record.scenarios.iter().flat_map(|scenario| &scenario.notes));
    for note in all {
        let sign = match note.kind {
            NoteKind::Warning => sign(Verdict::Warn),
            NoteKind::Error => sign(Verdict::Fail),
            NoteKind::Info | NoteKind::Finding => continue,
        };
        let _ = writeln!(text, "- {sign} {}", markdown(&note.text));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_and_named() {
        let mut page = Page::default();
        page.push("the head", "h".repeat(100));
        (0..3).for_each(|_| page.push("finding", "f".repeat(25_000)));
        page.push("the notes", "n".repeat(20));
        let text = page.finish();
        assert!(text.len() < MOST, "{} bytes", text.len());
        assert!(
            text.ends_with("nnn\n_Cut at 60 KB: 1 finding left out. The other reports of the run have them._\n"),
            "{}",
            &text[text.len() - 120..]
        );
        assert_eq!(folded("Load", ""), "");
    }
}
