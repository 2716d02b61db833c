//! Verdicts as they come in, and what they amount to: coverage, vacuity, waivers, the exit.

use std::time::Duration;

use super::Session;
use crate::check::Verdict;
use crate::event::{CheckResult, Event, Note, NoteKind, Part};
use crate::exit::Exit;
use crate::judge::{Context, Vacuity, judge};
use crate::observe::Evidence;
use crate::plan::PlannedCheck;
use crate::plan::subject::{Identity, Login, State};
use crate::scheme::Proof;
use crate::scheme::jose::Jws;

/// How the checks of a scenario ended.
pub(super) struct End {
    pub(super) applicable: usize,
    pub(super) executed: usize,
    pub(super) exit: Exit,
}

/// Verdicts as they come in.
pub(super) struct Tally<'a> {
    session: &'a Session<'a>,
    applicable: usize,
    executed: usize,
    findings: usize,
    inconclusive: usize,
    vacuity: Vacuity,
    /// Whether a request without a credential was answered like a good one.
    alike: bool,
    sink: &'a mut dyn FnMut(Event),
}

impl<'a> Tally<'a> {
    pub(super) fn new(session: &'a Session<'a>, sink: &'a mut dyn FnMut(Event)) -> Self {
        Self {
            session,
            applicable: 0,
            executed: 0,
            findings: 0,
            inconclusive: 0,
            vacuity: Vacuity::default(),
            alike: false,
            sink,
        }
    }

    /// Takes a result that is complete.
    pub(super) fn take(&mut self, mut result: CheckResult) {
        self.session.waive(&mut result);
        self.applicable += usize::from(result.verdict != Verdict::NotApplicable);
        self.executed += usize::from(result.verdict.executed());
        self.findings += usize::from(result.verdict == Verdict::Fail && result.waived.is_none());
        self.inconclusive += usize::from(result.verdict == Verdict::Inconclusive);
        self.alike |= result.id.ends_with(".missing-denied") && result.part == Some(Part::Access);
        (self.sink)(Event::CheckFinished(Box::new(result)));
    }

    /// Judges what a check saw; whether it failed, and in which part.
    pub(super) fn judged(&mut self, planned: &PlannedCheck, evidence: &Evidence, took: Duration) -> Option<Part> {
        self.vacuity.count(planned.check, evidence);
        let result = judge(planned, evidence, &self.context(took));
        let failed = if result.verdict == Verdict::Fail { result.part } else { None };
        self.take(result);
        failed
    }

    /// What a verdict needs beside the evidence.
    pub(super) fn context(&self, took: Duration) -> Context<'_> {
        Context {
            profile: &self.session.profile,
            scrubber: &self.session.scrubber,
            place: self.session.place(self.session.loaded.scenario.scheme.place),
            took,
        }
    }

    /// What all results amount to.
    pub(super) fn finish(mut self) -> End {
        self.findings += self.session.turn.ledger.tell(Some(self.session.turn.at), self.sink);
        self.tell_ended_tokens();
        self.tell_vacuity();
        self.tell_coverage();
        let exit = if self.findings > 0 {
            Exit::Findings
        } else if self.inconclusive > 0 || (self.applicable > 0 && self.executed == 0) {
            Exit::Inconclusive
        } else {
            Exit::Passed
        };
        End { applicable: self.applicable, executed: self.executed, exit }
    }

    fn finding(&mut self, text: String) {
        self.findings += 1;
        (self.sink)(Event::Note(Note { kind: NoteKind::Finding, text }));
    }

    fn warn(&mut self, text: String) {
        (self.sink)(Event::Note(Note { kind: NoteKind::Warning, text }));
    }

    /// A token that was given as good and has ended explains most of what went wrong.
    fn tell_ended_tokens(&mut self) {
        let now = crate::clock::unix_seconds();
        let ended = |identity: &&Identity| {
            let Login::Proof(Proof::Token(token)) = &identity.login else { return false };
            let claims = Jws::read(token.expose()).and_then(|read| read.draft()).map(|draft| draft.claims);
            let end = claims.and_then(|claims| claims.value("exp")?.as_i64());
            identity.state == State::Valid && end.is_some_and(|end| end <= now)
        };
        let names: Vec<String> =
            self.session.subject.identities.iter().filter(ended).map(|identity| identity.name.clone()).collect();
        for name in names {
            self.warn(format!("the token of `{name}` has ended by its `exp`: give a fresh one, or `state: expired`"));
        }
    }

    fn tell_vacuity(&mut self) {
        if let Some(text) = self.vacuity.nothing_proved() {
            self.finding(text);
        }
        if let Some(text) = self.vacuity.suspicion() {
            self.warn(text);
        }
        let main = self.session.subject.main_resource().map(|main| &self.session.subject.resources[main]);
        if self.alike && main.is_some_and(|main| main.success.is_none()) {
            self.warn(
                "a request without a credential is answered like a good one: if that answer is a refusal, declare \
                 `success` for the resource"
                    .to_owned(),
            );
        }
    }

    fn tell_coverage(&mut self) {
        // what was ended early says nothing of what a whole run covers
        if self.session.options.stop.is_requested() {
            return;
        }
        let share = self.executed as f64 / self.applicable.max(1) as f64;
        let Some(min) = self.session.loaded.scenario.conformance.min_coverage.filter(|min| share < min.0) else {
            return;
        };
        self.finding(format!(
            "{:.0} % of the applicable checks were executed ({} of {}); min_coverage is {:.0} %",
            (share * 100.0).floor(),
            self.executed,
            self.applicable,
            min.0 * 100.0
        ));
    }
}
