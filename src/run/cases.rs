//! The user's own checks, beside the catalogue.

use super::Session;
use crate::check::{Level, Severity, Verdict};
use crate::clock;
use crate::event::{CheckResult, EvidenceRecord, Part, Role};
use crate::observe::{Exchange, Outcome, Response};
use crate::plan::Selection;
use crate::scenario::model::Case;
use crate::scenario::{At, LoadedScenario, text::RequestLine};

/// Runs the cases that are selected, one after another.
pub(super) async fn run(session: &Session<'_>, take: &mut dyn FnMut(CheckResult)) {
    for case in &session.loaded.scenario.cases {
        let id = id_of(&case.name);
        if session.options.stop.is_requested() {
            return;
        }
        if session.selection.selects(&id) {
            take(one(session, case, id).await);
        }
    }
}

/// How many cases will be executed.
pub(super) fn planned(loaded: &LoadedScenario, owned: bool, selection: &Selection) -> usize {
    let cases = loaded.scenario.cases.iter();
    cases.filter(|case| selection.selects(&id_of(&case.name)) && (owned || !case.writes)).count()
}

/// `case.` and the name in lower case, its spaces as hyphens.
fn id_of(name: &str) -> String {
    let slug = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("case.{}", name.chars().map(slug).collect::<String>().trim_matches('-'))
}

async fn one(session: &Session<'_>, case: &At<Case>, id: String) -> CheckResult {
    let began = clock::now();
    let blank = CheckResult {
        id,
        title: case.name.clone(),
        group: "case".to_owned(),
        verdict: Verdict::NotTested,
        waived: None,
        level: Level::Must,
        severity: Severity::High,
        part: None,
        citations: Vec::new(),
        help: None,
        place: session.place(case.place),
        summary: String::new(),
        expected: expected(case),
        seen: String::new(),
        deviations: Vec::new(),
        shown_by: None,
        needs_review: false,
        evidence: Vec::new(),
        statuses: Vec::new(),
        took_ms: 0.0,
    };
    if case.writes && !session.subject.owned {
        return CheckResult { summary: "it writes; the scenario does not say `owned: true`".to_owned(), ..blank };
    }
    let RequestLine { method, path } = &case.request;
    let headers: Vec<(String, String)> =
        case.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let body = case.json.as_ref().map(serde_json::Value::to_string);
    let sent = session.prober.case(method, path, &headers, body, case.with.as_deref()).await;
    let (exchange, secrets) = match sent {
        Ok(sent) => sent,
        Err(why) => return CheckResult { verdict: Verdict::Inconclusive, summary: why.to_string(), ..blank },
    };
    let mut scrubber = session.scrubber.clone();
    for secret in &secrets {
        scrubber.add(secret.expose().as_bytes());
    }
    let deviations: Vec<String> = exchange.response().map(|response| deviations(case, response)).unwrap_or_default();
    let verdict = match (exchange.response(), deviations.is_empty()) {
        (None, _) => Verdict::Inconclusive,
        (Some(_), true) => Verdict::Pass,
        (Some(_), false) => Verdict::Fail,
    };
    let summary = match verdict {
        Verdict::Pass => "as expected".to_owned(),
        Verdict::Fail => deviations[0].clone(),
        _ => "no answer".to_owned(),
    };
    let record = EvidenceRecord {
        role: Role::Probe,
        label: case.with.clone().unwrap_or_else(|| "no credential".to_owned()),
        outcome: outcome(&exchange),
        exchange: exchange.record(&scrubber),
    };
    let status = exchange.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    CheckResult {
        verdict,
        part: (verdict == Verdict::Fail).then_some(Part::Protocol),
        summary: scrubber.scrub(&summary),
        seen: status,
        deviations: deviations.iter().map(|line| scrubber.scrub(line)).collect(),
        shown_by: Some(0),
        statuses: exchange.status().into_iter().collect(),
        evidence: vec![record],
        took_ms: (clock::now() - began).as_secs_f64() * 1000.0,
        ..blank
    }
}

fn outcome(exchange: &Exchange) -> Outcome {
    match exchange.status() {
        None => Outcome::Silent,
        Some(500..) => Outcome::Broke,
        Some(200..300) => Outcome::Granted,
        Some(_) => Outcome::Refused,
    }
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
