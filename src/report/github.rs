//! Annotations for GitHub Actions: workflow commands that mark the lines of the scenario which asked for what failed.
//! GitHub shows ten errors and ten warnings of a step, so the worst come first.

use super::escape::{command, command_property, line};
use super::text::block;
use super::{Record, ReportError, summary};
use crate::check::Verdict;
use crate::event::{NoteKind, SourcePlace};

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let mut text = String::new();
    for found in record.findings().into_iter().filter(|found| found.finding.waived.is_none()) {
        let check = &*found.check;
        let kind = if check.verdict == Verdict::Fail { "error" } else { "warning" };
        let title = format!("{} ({})", check.id, check.severity.name());
        let told = format!(
            "{}\n{}",
            line(&check.summary),
            block(check, &found.scenario.started.target, &found.finding.also_affected)
        );
        text.push_str(&annotation(kind, &check.place, &title, &told));
    }
    for one in summary::beside_checks(record) {
        text.push_str(&annotation("error", &one.place, "authbench", &line(&one.text)));
    }
    for scenario in &record.scenarios {
        let file = SourcePlace { file: scenario.started.file.clone(), line: 0, column: 0 };
        for note in scenario.notes.iter().filter(|note| note.kind == NoteKind::Error) {
            text.push_str(&annotation("error", &file, "authbench", &line(&note.text)));
        }
        for check in scenario.checks.iter().filter(|check| check.verdict == Verdict::Inconclusive) {
            let title = format!("{} (inconclusive)", check.id);
            text.push_str(&annotation("warning", &check.place, &title, &line(&check.summary)));
        }
        for check in scenario.checks.iter().filter(|check| check.needs_review) {
            let title = format!("{} (please review)", check.id);
            text.push_str(&annotation("notice", &check.place, &title, &line(&check.summary)));
        }
    }
    Ok(text.into_bytes())
}

/// `::error file=scenarios/orders.yaml,line=14,col=3,title=…::…`; line 0 stands for the whole file.
fn annotation(kind: &str, place: &SourcePlace, title: &str, message: &str) -> String {
    let file = place.file.trim_start_matches("./");
    let at = if place.line == 0 { String::new() } else { format!(",line={},col={}", place.line, place.column.max(1)) };
    format!(
        "::{kind} file={}{at},title={}::{}\n",
        command_property(file),
        command_property(title),
        command(message.trim_end())
    )
}
