//! The exchanges of checks: each request with its answer, as a replay shows them.

use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use super::style::{dim, of_verdict};
use crate::event::{CheckResult, EvidenceRecord, Role};
use crate::observe::RecordedHeader;
use crate::report::ScenarioRecord;
use crate::report::curl;
use crate::report::escape::{line, lines};
use crate::report::units::time;

/// The exchanges of all checks that were executed.
pub(super) fn push(scenario: &ScenarioRecord, text: &mut String) {
    for check in scenario.checks.iter().filter(|check| !check.evidence.is_empty()) {
        of_check(check, text);
    }
}

fn of_check(check: &CheckResult, text: &mut String) {
    let (name, style) = (check.verdict.name(), of_verdict(check.verdict));
    let _ = writeln!(text, "\n{} {}  {}", line(&check.id).bold(), name.style(style), line(&check.summary));
    for (at, record) in check.evidence.iter().enumerate() {
        let shows = if check.shown_by == Some(at) { ", shows the finding" } else { "" };
        let role = match record.role {
            Role::ControlBefore => "control before",
            Role::Probe => "probe",
            Role::ControlAfter => "control after",
        };
        let head = format!("{}. {role}: {}{shows}", at + 1, line(&record.label));
        let _ = writeln!(text, "\n  {}", head.bold());
        of_exchange(record, text);
    }
}

fn of_exchange(record: &EvidenceRecord, text: &mut String) {
    let exchange = &record.exchange;
    let with = curl::variable(record).map(|with| format!("with {with}"));
    if let Some(with) = with {
        let _ = writeln!(text, "  {}", dim(&with));
    }
    let _ = writeln!(text, "  > {} {}", line(&exchange.method), line(&exchange.target));
    fields(">", &exchange.request_headers, text);
    body(">", &exchange.request_body, text);
    match (&exchange.status, &exchange.silence) {
        (Some(status), _) => {
            let took = time(exchange.took_us as f64);
            let _ = writeln!(text, "  < {status} {}", dim(&format!("({}, {took})", record.outcome)));
            fields("<", &exchange.response_headers, text);
            body("<", &exchange.response_body, text);
        }
        (None, silence) => {
            let _ = writeln!(text, "  < {}", line(silence.as_deref().unwrap_or("no answer")));
        }
    }
}

fn fields(sign: &str, headers: &[RecordedHeader], text: &mut String) {
    for header in headers {
        let _ = writeln!(text, "  {sign} {}: {}", line(&header.name), line(&header.value));
    }
}

fn body(sign: &str, body: &str, text: &mut String) {
    if !body.is_empty() {
        let _ = writeln!(text, "  {sign}");
        for one in lines(body).lines() {
            let _ = writeln!(text, "  {sign} {one}");
        }
    }
}
