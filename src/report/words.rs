//! What every format says about a check, in words: clause, place, what was sent, how to send it again.

use std::collections::{BTreeMap, BTreeSet};

use super::escape::{line, shell};
use crate::check::Level;
use crate::event::{CheckResult, EvidenceRecord, Role, SourcePlace};
use crate::observe::RecordedExchange;
use crate::secret::MASK;

/// The first clause with the strength of the requirement: `RFC 9068 §4 (MUST)`.
pub(super) fn citation(check: &CheckResult) -> String {
    match check.citations.first() {
        Some(cited) => format!("{} ({})", line(&cited.source), level_word(check.level)),
        None if is_own_case(check) => "own case".to_owned(),
        None => format!("({})", level_word(check.level)),
    }
}

/// An address that a link may lead to: what a record says could be of any scheme, such as `javascript:`.
pub(super) fn web_address(url: Option<&str>) -> Option<&str> {
    url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

/// RFC 2119 words are in capitals.
pub(super) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
        Level::Practice => "practice",
    }
}

/// `scenarios/orders.yaml:14`, the form that editors and terminals open.
pub(super) fn place(place: &SourcePlace) -> String {
    if place.line == 0 { line(&place.file) } else { format!("{}:{}", line(&place.file), place.line) }
}

/// The exchange that shows the finding: the one that the judge named, else the first probe.
pub(super) fn shown(check: &CheckResult) -> Option<&EvidenceRecord> {
    let named = check.shown_by.and_then(|index| check.evidence.get(index));
    named.or_else(|| check.evidence.iter().find(|record| record.role == Role::Probe))
}

/// `GET /orders   Authorization: Bearer ···   (alg-none: an unsigned token)`
pub(super) fn sent(record: &EvidenceRecord) -> String {
    let mut text = request_line(&record.exchange);
    let masked = record.exchange.request_headers.iter().filter(|header| header.value.contains(MASK));
    for header in masked {
        text.push_str(&format!("   {}: {}", line(&header.name), line(&header.value)));
    }
    // the words for a probe may begin with its request
    let label = record.label.strip_prefix(&format!("{} {} ", record.exchange.method, record.exchange.target));
    text.push_str(&format!("   ({})", line(label.unwrap_or(&record.label))));
    text
}

/// Method and target.
pub(super) fn request_line(exchange: &RecordedExchange) -> String {
    format!("{} {}", line(&exchange.method), line(&exchange.target))
}

/// The outcome apart from the rest: `("refused", "401")`. The rest alone where no outcome leads.
pub(super) fn outcome_apart(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    match first.trim_end_matches(':') {
        outcome @ ("granted" | "refused" | "unclear" | "broke" | "silent") => (outcome, rest.trim_start()),
        // as records of format 1 have it
        "accepted" => ("granted", rest.trim_start()),
        "rejected" => ("refused", rest.trim_start()),
        _ => ("", text),
    }
}

/// The command that runs this check alone, with the same seed, and writes no report.
pub(super) fn replay(check: &CheckResult) -> String {
    if check.replay.is_empty() {
        return format!("authbench run {} --replay {}", shell(&check.place.file), shell(&check.id));
    }
    format!("authbench {}", check.replay.iter().map(|word| shell(word)).collect::<Vec<_>>().join(" "))
}

/// The command that tells more about the check; a case of the user has no entry in the catalogue.
pub(super) fn more(check: &CheckResult) -> Option<String> {
    (!is_own_case(check)).then(|| format!("authbench explain {}", shell(&check.id)))
}

/// Whether the user wrote the check; the catalogue then says nothing about it.
pub(super) fn is_own_case(check: &CheckResult) -> bool {
    check.id.starts_with("case.")
}

/// Probes that deviate in the same way and share a line, at least.
const SHARED: usize = 3;

/// Deviations beside the one in the summary. What several probes have in common is said once, and the probes behind it.
pub(super) fn further_deviations(check: &CheckResult) -> Vec<String> {
    let texts = check.deviations.iter().map(String::as_str).filter(|text| *text != check.summary);
    let mut alike = BTreeMap::<&str, Vec<&str>>::new();
    for (probe, deviation) in texts.clone().filter_map(|text| text.split_once(": ")) {
        alike.entry(deviation).or_default().push(probe);
    }
    alike.retain(|_, probes| probes.len() >= SHARED);
    let shared: BTreeSet<&str> = alike.keys().copied().collect();
    let mut lines = Vec::new();
    for text in texts {
        match text.split_once(": ").filter(|(_, deviation)| shared.contains(deviation)) {
            None => lines.push(text.to_owned()),
            // where the first of them stands
            Some((_, deviation)) => {
                let probes = alike.remove(deviation);
                lines.extend(probes.map(|probes| format!("{deviation}: {}", probes.join("; "))));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample;

    #[test]
    fn what_probes_have_in_common_is_said_once() {
        let mut check = sample::failing(Vec::new());
        check.summary = "alg none: access was granted".to_owned();
        let texts =
            ["alg none", "alg None", "alg NONE", "alg nOnE"].map(|probe| format!("{probe}: access was granted"));
        check.deviations = texts.to_vec();
        check.deviations.insert(2, "no challenge".to_owned());
        let said = further_deviations(&check);
        assert_eq!(said, ["access was granted: alg None; alg NONE; alg nOnE", "no challenge"]);
        check.deviations.truncate(4);
        assert_eq!(
            further_deviations(&check),
            ["alg None: access was granted", "no challenge", "alg NONE: access was granted"]
        );
    }

    #[test]
    fn outcomes_stand_apart() {
        for (text, parts) in [
            ("refused 401", ("refused", "401")),
            ("granted 200 in 1.8 ms", ("granted", "200 in 1.8 ms")),
            ("silent: connection closed", ("silent", "connection closed")),
            ("granted", ("granted", "")),
            ("accepted 200 in 1.8 ms", ("granted", "200 in 1.8 ms")),
            ("rejected 401", ("refused", "401")),
            ("401 with a challenge", ("", "401 with a challenge")),
        ] {
            assert_eq!(outcome_apart(text), parts);
        }
    }
}
