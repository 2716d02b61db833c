//! What all results of a scenario amount to: how much was executed, whether it proves anything, how it ends; pure.

use super::vacuity::Vacuity;
use crate::check::{Check, Severity, Verdict};
use crate::event::shards::Answers;
use crate::event::{CheckResult, Note, NoteKind, Part};
use crate::observe::Evidence;

/// Whether a result fails the run, where failures count from a severity on. A failed check that has no impact of its own,
/// such as a good credential that is refused, counts as low.
pub fn fails(result: &CheckResult, fail_on: Severity) -> bool {
    let counts = result.severity.max(Severity::Low) >= fail_on;
    result.verdict == Verdict::Fail && result.waived.is_none() && counts
}

/// How the checks of a scenario end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// What was executed passed.
    Passed,
    /// Something failed.
    Findings,
    /// Something came to no verdict, or nothing was executed.
    Inconclusive,
}

/// Results as they come in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Checks that apply.
    pub applicable: usize,
    /// Checks of these that came to pass, fail, warn or info.
    pub executed: usize,
    failed: usize,
    /// The lowest severity that fails a scenario; low if none.
    fail_on: Option<Severity>,
    inconclusive: usize,
    vacuity: Vacuity,
    /// Whether a request without a credential was answered like a good one.
    alike: bool,
}

impl Tally {
    /// A tally in which failed checks below a severity fail nothing.
    pub fn failing_on(severity: Severity) -> Self {
        Self { fail_on: Some(severity), ..Self::default() }
    }

    /// Takes a result that is complete, waivers applied.
    pub fn take(&mut self, result: &CheckResult) {
        self.applicable += usize::from(result.verdict != Verdict::NotApplicable);
        self.executed += usize::from(result.verdict.executed());
        self.failed += usize::from(fails(result, self.fail_on.unwrap_or(Severity::Low)));
        self.inconclusive += usize::from(result.verdict == Verdict::Inconclusive);
        self.alike |= result.id.ends_with(".missing-denied") && result.part == Some(Part::Access);
    }

    /// Looks at what a check saw.
    pub fn count(&mut self, check: &Check, evidence: &Evidence) {
        self.vacuity.count(check, evidence);
    }

    /// Adds what the checks of a shard were answered.
    pub fn add(&mut self, answers: &Answers) {
        self.vacuity.add(answers);
    }

    /// What the checks were answered, in numbers.
    pub fn answers(&self) -> Answers {
        self.vacuity.answers()
    }

    /// What has to be said about what the results prove; `declared` is whether the main resource has a `success`, and
    /// `explained` whether it has been said already why nothing could be proven.
    pub fn vacuity(&self, declared: bool, explained: bool) -> Vec<Note> {
        let nothing = self.vacuity.nothing_proved().filter(|_| !explained);
        let nothing = nothing.map(|text| Note { kind: NoteKind::Warning, text });
        let suspicion = self.vacuity.suspicion().map(|text| Note { kind: NoteKind::Warning, text });
        let alike = (self.alike && !declared).then(|| Note {
            kind: NoteKind::Warning,
            text: "a request without a credential is answered like a good one: if that answer is a refusal, declare \
                   `success` for the resource"
                .to_owned(),
        });
        [nothing, suspicion, alike].into_iter().flatten().collect()
    }

    /// That less was executed than the scenario asks for.
    pub fn coverage(&self, wanted: Option<f64>) -> Option<Note> {
        let share = self.executed as f64 / self.applicable.max(1) as f64;
        let wanted = wanted.filter(|wanted| share < *wanted)?;
        let text = format!(
            "{:.0} % of the applicable checks were executed ({} of {}); min_coverage is {:.0} %",
            (share * 100.0).floor(),
            self.executed,
            self.applicable,
            wanted * 100.0
        );
        Some(Note { kind: NoteKind::Finding, text })
    }

    /// How the scenario ends, with so many findings that no check made.
    pub fn conclusion(&self, beside: usize) -> Conclusion {
        if self.failed + beside > 0 {
            Conclusion::Findings
        } else if self.inconclusive > 0
            || self.vacuity.nothing_proved().is_some()
            || (self.applicable > 0 && self.executed == 0)
        {
            Conclusion::Inconclusive
        } else {
            Conclusion::Passed
        }
    }
}
