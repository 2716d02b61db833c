//! The user's own checks, judged; pure.

use std::time::Duration;

use crate::check::{Explanation, Level, Severity, Verdict};
use crate::event::{Cell, CheckResult, EvidenceRecord, Part, Role, SourcePlace};
use crate::observe::{Exchange, Outcome, Reading, Response};
use crate::plan::subject::CaseRequest;
use crate::scenario::model::Case;
use crate::secret::Scrubber;

/// What a case comes to, one way or another.
#[derive(Clone, Copy, Debug)]
pub struct CaseVerdict<'a> {
    /// The case.
    pub case: &'a Case,
    /// What it sends.
    pub request: &'a CaseRequest,
    /// `case.` and its name.
    pub id: &'a str,
    /// Where the scenario has it.
    pub place: &'a SourcePlace,
}

impl CaseVerdict<'_> {
    /// It was not sent.
    pub fn without_an_answer(self, verdict: Verdict, why: &str) -> CheckResult {
        CheckResult {
            id: self.id.to_owned(),
            title: self.case.name.clone(),
            group: "case".to_owned(),
            verdict,
            waived: None,
            level: Level::Must,
            severity: Severity::High,
            part: None,
            citations: Vec::new(),
            help: None,
            place: self.place.clone(),
            summary: why.to_owned(),
            expected: expected(self.case),
            seen: String::new(),
            deviations: Vec::new(),
            shown_by: None,
            replay: Vec::new(),
            needs_review: false,
            evidence: Vec::new(),
            statuses: Vec::new(),
            cells: Vec::new(),
            took_ms: 0.0,
        }
    }

    /// It was sent.
    pub fn of(self, exchange: &Exchange, reading: &Reading, scrubber: &Scrubber, took: Duration) -> CheckResult {
        let case = self.case;
        let granted = granted_all_the_same(case, exchange, reading);
        let part = if granted.is_some() { Part::Access } else { Part::Protocol };
        let observed = exchange.response().map(|response| deviations(case, response)).unwrap_or_default();
        let deviations: Vec<String> = granted.into_iter().chain(observed).collect();
        let verdict = match (exchange.response(), deviations.is_empty()) {
            (None, _) => Verdict::Inconclusive,
            (Some(_), true) => Verdict::Pass,
            (Some(_), false) => Verdict::Fail,
        };
        let summary = match verdict {
            Verdict::Pass => "as expected".to_owned(),
            Verdict::Fail => scrubber.scrub(&deviations[0]),
            _ => "no answer".to_owned(),
        };
        let record = EvidenceRecord {
            role: Role::Probe,
            label: case.with.clone().unwrap_or_else(|| "no credential".to_owned()),
            credential: case.with.clone(),
            forged: false,
            certificate_of: exchange.request.connection.0.as_ref().map(|name| name.to_string()),
            outcome: reading.outcome,
            exchange: exchange.record(scrubber),
        };
        let seen = exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let statuses: Vec<u16> = exchange.status().into_iter().collect();
        let failed = verdict == Verdict::Fail;
        let cell = Cell {
            endpoint: self.request.path.clone(),
            method: self.request.method.clone(),
            answering: None,
            part,
            verdict,
            explanation: Explanation::Own,
            implied_by: Vec::new(),
            summary: summary.clone(),
            further: deviations.iter().skip(1).map(|line| scrubber.scrub(line)).collect(),
            expected: expected(case),
            seen: seen.clone(),
            statuses: statuses.clone(),
            shown_by: Some(0),
            waived: None,
        };
        CheckResult {
            part: failed.then_some(part),
            summary,
            seen,
            deviations: deviations.iter().map(|line| scrubber.scrub(line)).collect(),
            shown_by: Some(0),
            statuses,
            cells: failed.then_some(cell).into_iter().collect(),
            evidence: vec![record],
            took_ms: took.as_secs_f64() * 1000.0,
            ..self.without_an_answer(verdict, "")
        }
    }
}

/// What a case that asks for a refusal sees in an answer that grants, whatever its status says.
fn granted_all_the_same(case: &Case, exchange: &Exchange, reading: &Reading) -> Option<String> {
    let refusal = case.expect.status.is_some_and(|status| (400..500).contains(&status));
    let why = reading.why.as_deref().filter(|_| refusal && reading.outcome == Outcome::Granted)?;
    let status = exchange.status().unwrap_or_default();
    Some(format!("access was granted: the answer has status {status}, and {why}"))
}

fn expected(case: &Case) -> String {
    let mut parts = Vec::new();
    parts.extend(case.expect.status.map(|status| status.to_string()));
    parts.extend(case.expect.header.iter().map(|(name, text)| format!("{name} with {text:?}")));
    parts.extend(case.expect.json.iter().map(|(pointer, value)| format!("{pointer} = {value}")));
    parts.extend(case.expect.body.iter().map(|text| format!("a body with {text:?}")));
    parts.join(", ")
}

fn deviations(case: &Case, response: &Response) -> Vec<String> {
    let mut deviations = Vec::new();
    if let Some(status) = case.expect.status.filter(|status| *status != response.status) {
        deviations.push(format!("answered {}, not {status}", response.status));
    }
    for (name, text) in &case.expect.header {
        if !response.header_values(name).any(|value| value.contains(text.as_str())) {
            deviations.push(format!("the header {name} does not contain {text:?}"));
        }
    }
    let json = response.json().unwrap_or_default();
    for (pointer, value) in &case.expect.json {
        if json.pointer(pointer) != Some(value) {
            deviations.push(format!("{pointer} is not {value}"));
        }
    }
    if let Some(text) = &case.expect.body
        && !String::from_utf8_lossy(&response.body).contains(text.as_str())
    {
        deviations.push(format!("the body does not contain {text:?}"));
    }
    deviations
}
