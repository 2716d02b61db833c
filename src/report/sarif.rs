//! SARIF 2.1.0: findings at the place of the scenario that asked for the check, as code scanning shows them.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::escape::{line, lines, markdown};
use super::summary::{self, FindingSource};
use super::text::block;
use super::units::restyled;
use super::words::{citation, web_address};
use super::{Record, ReportError, ShownFinding};
use crate::check::{Severity, Verdict};
use crate::event::{CheckResult, NoteKind, SourcePlace, ThresholdResult};

/// What a URI path may not carry as it is (RFC 3986 §3.3).
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`').add(b'%');

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let mut rules = Rules::default();
    let mut results = Vec::new();
    for found in record.findings() {
        let rule = rules.of_check(&found.check);
        results.push(check_result(rule, &found));
    }
    for scenario in &record.scenarios {
        let started = &scenario.started;
        for threshold in scenario.thresholds.iter().filter(|threshold| threshold.holds == Some(false)) {
            results.push(threshold_result(rules.of_threshold(), &started.name, threshold));
        }
        let first_line = SourcePlace { file: started.file.clone(), line: 1, column: 1 };
        for note in scenario.notes.iter().filter(|note| note.kind == NoteKind::Finding) {
            results.push(run_result("run", rules.of_note(), &started.name, &note.text, &first_line));
        }
    }
    for one in summary::beside_checks(record).into_iter().filter(|one| one.source == FindingSource::Regression) {
        results.push(run_result("regression", rules.of_regression(), &one.scenario, &one.text, &one.place));
    }
    let document = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run(record, rules, results)],
    });
    let failed = |error: serde_json::Error| ReportError::Render { format: "sarif", why: error.to_string() };
    serde_json::to_vec_pretty(&document).map_err(failed)
}

fn run(record: &Record, rules: Rules, results: Vec<Value>) -> Value {
    let started = record.started.as_ref();
    json!({
        "tool": { "driver": {
            "name": "authbench",
            "semanticVersion": started.map_or("0.0.0", |started| &started.version),
            "rules": rules.rows,
        } },
        "automationDetails": { "id": "authbench/" },
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation(record)],
        "results": results,
    })
}

fn invocation(record: &Record) -> Value {
    let all = record.notes.iter().chain(record.scenarios.iter().flat_map(|scenario| &scenario.notes));
    let broke = all.filter(|note| note.kind == NoteKind::Error);
    let notifications: Vec<_> = broke.map(|note| json!({ "level": "error", "message": message(&note.text) })).collect();
    let mut invocation = json!({
        "executionSuccessful": record.finished.as_ref().is_some_and(|end| end.exit_code <= 1),
        "toolExecutionNotifications": notifications,
    });
    if let Some(started) = &record.started {
        invocation["startTimeUtc"] = started.started.to_string().into();
    }
    if let Some(finished) = &record.finished {
        invocation["endTimeUtc"] = finished.finished.to_string().into();
        invocation["exitCode"] = finished.exit_code.into();
        invocation["exitCodeDescription"] = finished.reason.clone().into();
    }
    invocation
}

/// Rules in the order in which findings named them.
#[derive(Default)]
struct Rules {
    rows: Vec<Value>,
    index: BTreeMap<String, usize>,
}

impl Rules {
    /// Findings come worst first, so a rule takes the severity of its worst finding.
    fn of_check(&mut self, check: &CheckResult) -> usize {
        self.find_or_add(&check.id, || {
            let mut rule = json!({
                "id": line(&check.id),
                "shortDescription": { "text": line(&check.title) },
                "fullDescription": { "text": format!("{}. {}", line(&check.title), citation(check)) },
                "help": help(check),
                "defaultConfiguration": { "level": level(check) },
                "properties": properties(check),
            });
            if let Some(url) = check.citations.iter().find_map(|cited| web_address(cited.url.as_deref())) {
                rule["helpUri"] = url.into();
            }
            rule
        })
    }

    fn of_threshold(&mut self) -> usize {
        self.find_or_add("threshold", || simple_rule("threshold", "A threshold of the scenario does not hold"))
    }

    fn of_note(&mut self) -> usize {
        self.find_or_add("run", || simple_rule("run", "A finding of the run itself, such as a stale waiver"))
    }

    fn of_regression(&mut self) -> usize {
        self.find_or_add("regression", || simple_rule("regression", "Something is worse than in the baseline"))
    }

    fn find_or_add(&mut self, id: &str, make: impl FnOnce() -> Value) -> usize {
        if let Some(index) = self.index.get(id) {
            return *index;
        }
        self.rows.push(make());
        self.index.insert(id.to_owned(), self.rows.len() - 1);
        self.rows.len() - 1
    }
}

fn simple_rule(id: &str, description: &str) -> Value {
    json!({
        "id": id,
        "shortDescription": { "text": description },
        "fullDescription": { "text": format!("{description}.") },
        "help": { "text": description },
        "defaultConfiguration": { "level": "error" },
    })
}

/// What code scanning sorts and filters by.
fn properties(check: &CheckResult) -> Value {
    let mut properties = json!({
        "tags": ["security", "authentication", line(&check.group)],
        "precision": "very-high",
        "problem.severity": if check.verdict == Verdict::Fail { "error" } else { "warning" },
    });
    if let Some(number) = security_severity(check.severity) {
        properties["security-severity"] = number.into();
    }
    properties
}

/// Help as text, and as Markdown with a heading for each part, which code scanning prefers.
fn help(check: &CheckResult) -> Value {
    let clauses: Vec<_> = check.citations.iter().map(|cited| line(&cited.source)).collect();
    let see = if clauses.is_empty() { String::new() } else { format!("See {}.", clauses.join(", ")) };
    let Some(help) = &check.help else {
        return json!({ "text": format!("{}. {see}", line(&check.title)).trim_end() });
    };
    let text = format!("{} {} {} {see}", help.sends, help.matters, help.fix);
    let [sends, matters, fix, see] = [&help.sends, &help.matters, &help.fix, &see].map(|part| markdown(part));
    let told =
        format!("**What is sent.** {sends}\n\n**Why it matters.** {matters}\n\n**How to fix it.** {fix}\n\n{see}");
    json!({ "text": lines(text.trim_end()), "markdown": told.trim_end() })
}

fn check_result(rule: usize, found: &ShownFinding<'_>) -> Value {
    let (check, finding, scenario) = (&*found.check, &*found.finding, &*found.scenario.started.name);
    let part = check.part.map_or("", |part| if part == crate::event::Part::Access { "access" } else { "protocol" });
    let (cause, file) = (finding.cause.name(), &*check.place.file);
    let identity = [&*check.id, scenario, file, part, &finding.endpoint, &finding.method, cause];
    let mut result = json!({
        "ruleId": line(&check.id),
        "ruleIndex": rule,
        "kind": "fail",
        "level": level(check),
        "message": message(&format!("{}\n\n{}", check.summary, block(check, &found.scenario.started.target, &finding.also_affected))),
        "locations": [location(&check.place, scenario)],
        "partialFingerprints": fingerprints("authbench/v2", &identity),
        "properties": {
            "severity": check.severity.name(),
            "verdict": check.verdict.name(),
            "part": part,
            "cause": finding.cause.name(),
            "endpoint": line(&finding.endpoint),
            "method": line(&finding.method),
            "alsoAffected": finding.also_affected.iter().map(|id| line(id)).collect::<Vec<_>>(),
        },
    });
    if let Some(waived) = &check.waived {
        let justification = format!("{} ({}, until {})", waived.reason, waived.owner, waived.expires);
        result["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": lines(&justification) }]);
    }
    result
}

fn threshold_result(rule: usize, scenario: &str, threshold: &ThresholdResult) -> Value {
    let text = format!(
        "{} does not hold on {}: measured {}",
        threshold.threshold,
        threshold.applied_to,
        restyled(&threshold.measured)
    );
    json!({
        "ruleId": "threshold",
        "ruleIndex": rule,
        "kind": "fail",
        "level": if threshold.fails() { "error" } else { "warning" },
        "message": message(&text),
        "locations": [location(&threshold.place, scenario)],
        "partialFingerprints":
            fingerprints("authbench/v1", &["threshold", scenario, &threshold.threshold, &threshold.applied_to]),
    })
}

fn run_result(rule_id: &str, rule: usize, scenario: &str, text: &str, place: &SourcePlace) -> Value {
    json!({
        "ruleId": rule_id,
        "ruleIndex": rule,
        "kind": "fail",
        "level": "error",
        "message": message(text),
        "locations": [location(place, scenario)],
        "partialFingerprints": fingerprints("authbench/v1", &[rule_id, scenario, text]),
    })
}

/// A plain text message may have links, `[text](target)` (SARIF §3.11.6); what a server says may not make one.
fn message(text: &str) -> Value {
    json!({ "text": lines(text).replace("](", "] (") })
}

/// Code scanning refuses a whole file that has a result without a physical location.
fn location(place: &SourcePlace, scenario: &str) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": artifact(&place.file),
            "region": { "startLine": place.line.max(1), "startColumn": place.column.max(1) },
        },
        "logicalLocations": [{ "name": line(scenario), "kind": "module" }],
    })
}

/// A path below the root of the repository stays relative, so that it is found in any checkout.
fn artifact(file: &str) -> Value {
    let path = file.replace('\\', "/");
    let encoded = utf8_percent_encode(path.trim_start_matches("./"), PATH).to_string();
    if path.starts_with('/') {
        return json!({ "uri": format!("file://{encoded}") });
    }
    json!({ "uri": encoded, "uriBaseId": "%SRCROOT%" })
}

fn level(check: &CheckResult) -> &'static str {
    if check.verdict == Verdict::Fail { "error" } else { "warning" }
}

/// Middles of the CVSS bands into which code scanning sorts; it knows none for what has no impact.
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

/// Fingerprints of a finding: of ours by its version, and the one that code scanning at GitHub reads, which is that of a line
/// and the number of findings with it. Without it, GitHub hashes the line itself, and all findings of one line are one.
fn fingerprints(version: &str, parts: &[&str]) -> Value {
    let own = fingerprint(parts);
    json!({ version: own, "primaryLocationLineHash": format!("{}:1", &own[..16]) })
}

/// The same finding in the next run, wherever its line went.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_uris() {
        assert_eq!(
            artifact("./my scenarios/a#b.yaml"),
            json!({ "uri": "my%20scenarios/a%23b.yaml", "uriBaseId": "%SRCROOT%" })
        );
        assert_eq!(artifact("/srv/a.yaml"), json!({ "uri": "file:///srv/a.yaml" }));
        assert_eq!(artifact("scenarios\\a.yaml")["uri"], "scenarios/a.yaml");
    }

    #[test]
    fn fingerprints_do_not_run_together() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["a"]).len(), 32);
    }
}
