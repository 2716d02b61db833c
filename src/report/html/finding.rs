//! Checks and findings with their evidence.

use std::borrow::Cow;

use askama::Template;

use super::waterfall::Waterfall;
use crate::check::{Severity, Verdict};
use crate::event::{CheckResult, EvidenceRecord, Role};
use crate::observe::{RecordedExchange, RecordedHeader};
use crate::report::units::{counted, time};
use crate::report::words::{further_deviations, level_word, place, replay, sent, shown, web_address};

/// Exchanges that a finding shows, at most; the record has all.
const EXCHANGES: usize = 12;

/// A check with where it belongs.
pub(super) struct CheckView<'a> {
    pub(super) check: Cow<'a, CheckResult>,
    /// Name and anchor of its scenario.
    pub(super) scenario: (&'a str, String),
}

/// A finding as a card.
#[derive(Template)]
#[template(path = "finding.html")]
pub(super) struct FindingView<'a> {
    pub(super) view: CheckView<'a>,
    /// Ids of other checks that fail for the same cause.
    pub(super) also_affected: Vec<String>,
    /// Unique on the page.
    pub(super) id: String,
}

/// What was sent and seen for a check.
#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidenceView<'a> {
    records: &'a [EvidenceRecord],
    shown_by: Option<usize>,
}

impl EvidenceView<'_> {
    fn is_shown(&self, at: &usize) -> bool {
        self.shown_by.as_ref() == Some(at)
    }
}

/// A clause, with a link where it is one that can be followed.
pub(super) struct ClauseLink<'a> {
    pub(super) source: &'a str,
    pub(super) url: Option<&'a str>,
}

impl FindingView<'_> {
    /// Whether it comes before broken thresholds, which are of high severity.
    pub(super) fn is_critical(&self) -> bool {
        self.fails() && self.view.check.severity == Severity::Critical
    }
}

impl<'a> CheckView<'a> {
    /// Class and word of the verdict.
    pub(super) fn verdict(&self) -> &'static str {
        if self.check.waived.is_some() { "waived" } else { self.check.verdict.name() }
    }

    /// The verdict in words, for a reader.
    pub(super) fn verdict_words(&self) -> String {
        self.verdict().replace('-', " ")
    }

    /// A sign that stands for the verdict beside its colour.
    pub(super) fn sign(&self) -> &'static str {
        sign(if self.check.waived.is_some() { None } else { Some(self.check.verdict) })
    }

    /// Clauses; only web addresses become links.
    pub(super) fn clauses(&self) -> Vec<ClauseLink<'_>> {
        let clauses = self
            .check
            .citations
            .iter()
            .map(|cited| ClauseLink { source: &cited.source, url: web_address(cited.url.as_deref()) });
        clauses.collect()
    }

    /// The strength of the requirement.
    pub(super) fn level(&self) -> &'static str {
        level_word(self.check.level)
    }

    /// How many exchanges there are.
    pub(super) fn exchanges(&self) -> String {
        counted(self.check.evidence.len(), "exchange")
    }

    /// The exchanges.
    pub(super) fn evidence(&self) -> impl askama::FastWritable + std::fmt::Display + use<'_> {
        let (records, shown_by) = self.shown();
        EvidenceView { records, shown_by }
    }

    /// The exchanges that the page has room for, and which of them shows the finding.
    fn shown(&self) -> (&[EvidenceRecord], Option<usize>) {
        let all = &self.check.evidence;
        // the one that shows it with the control behind it, and those before
        let last = self.check.shown_by.map_or(0, |at| at + 3).max(EXCHANGES).min(all.len());
        let first = last.saturating_sub(EXCHANGES);
        (&all[first..last], self.check.shown_by.and_then(|at| at.checked_sub(first)))
    }

    /// Said where there are more exchanges than the page shows.
    pub(super) fn hidden(&self) -> Option<String> {
        let hidden = self.check.evidence.len() - self.shown().0.len();
        (hidden > 0).then(|| format!("{} more in run.jsonl.", counted(hidden, "exchange")))
    }
}

/// A sign for a verdict; none is for a waived one.
pub(super) fn sign(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "⊘",
        Some(Verdict::Fail) => "✕",
        Some(Verdict::Warn) => "!",
        Some(Verdict::Inconclusive) => "?",
        Some(Verdict::Info) => "i",
        Some(Verdict::Pass) => "✓",
        Some(Verdict::NotTested | Verdict::NotApplicable) => "–",
    }
}

impl FindingView<'_> {
    /// Whether it fails the run.
    pub(super) fn fails(&self) -> bool {
        self.view.check.verdict == Verdict::Fail && self.view.check.waived.is_none()
    }

    fn waterfall(&self) -> Waterfall {
        let (records, shown_by) = self.view.shown();
        Waterfall::of(records, shown_by, format!("{}/times", self.id))
    }

    fn sent(&self) -> Option<String> {
        shown(&self.view.check).map(sent)
    }

    fn further(&self) -> Vec<String> {
        further_deviations(&self.view.check)
    }

    fn place(&self) -> String {
        place(&self.view.check.place)
    }

    fn replay(&self) -> String {
        replay(&self.view.check)
    }
}

pub(super) fn role(role: &Role) -> &'static str {
    match role {
        Role::ControlBefore => "control before",
        Role::Probe => "probe",
        Role::ControlAfter => "control after",
    }
}

fn request_text(exchange: &RecordedExchange) -> String {
    let first = format!("{} {}", exchange.method, exchange.target);
    message(first, &exchange.request_headers, &exchange.request_body)
}

fn answer_text(exchange: &RecordedExchange) -> String {
    let took = time(exchange.took_us as f64);
    match (exchange.status, &exchange.silence) {
        (Some(status), _) => {
            message(format!("{status} in {took}"), &exchange.response_headers, &exchange.response_body)
        }
        (None, Some(silence)) => format!("no answer: {silence} ({took})"),
        (None, None) => format!("no answer ({took})"),
    }
}

fn message(first: String, headers: &[RecordedHeader], body: &str) -> String {
    let mut text = first;
    for header in headers {
        text.push_str(&format!("\n{}: {}", header.name, header.value));
    }
    if !body.is_empty() {
        text.push_str("\n\n");
        text.push_str(body);
    }
    text
}
