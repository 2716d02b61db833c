//! Passes verdicts on as they come in, and then what they amount to.

use std::time::Duration;

use super::Session;
use crate::check::Verdict;
use crate::event::{CheckResult, Event, Note, NoteKind, Part};
use crate::exit::Exit;
use crate::judge::{self, Conclusion, Context};
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
    tally: judge::Tally,
    /// Findings that no check made.
    beside: usize,
    sink: &'a mut dyn FnMut(Event),
}

impl<'a> Tally<'a> {
    pub(super) fn new(session: &'a Session<'a>, sink: &'a mut dyn FnMut(Event)) -> Self {
        Self { session, tally: judge::Tally::default(), beside: 0, sink }
    }

    /// Takes a result that is complete.
    pub(super) fn take(&mut self, mut result: CheckResult) {
        self.session.waive(&mut result);
        self.tally.take(&result);
        (self.sink)(Event::CheckFinished(Box::new(result)));
    }

    /// Judges what a check saw; whether it failed, and in which part.
    pub(super) fn judged(&mut self, planned: &PlannedCheck, evidence: &Evidence, took: Duration) -> Option<Part> {
        self.tally.count(planned.check, evidence);
        let result = judge::judge(planned, evidence, &self.context(took));
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
            resources: &self.session.subject.resources,
        }
    }

    /// What all results amount to.
    pub(super) fn finish(mut self) -> End {
        self.beside += self.session.turn.ledger.tell(Some(self.session.turn.at), self.sink);
        self.tell_ended_tokens();
        let main = self.session.subject.main_resource().map(|main| &self.session.subject.resources[main]);
        let declared = main.is_none_or(|main| main.success.is_some());
        self.tally.vacuity(declared).into_iter().for_each(|note| self.note(note));
        // what was ended early says nothing of what a whole run covers
        if !self.session.options.stop.is_requested() {
            let wanted = self.session.loaded.scenario.conformance.min_coverage.map(|share| share.0);
            self.tally.coverage(wanted).into_iter().for_each(|note| self.note(note));
        }
        let exit = match self.tally.conclusion(self.beside) {
            Conclusion::Findings => Exit::Findings,
            Conclusion::Inconclusive => Exit::Inconclusive,
            Conclusion::Passed => Exit::Passed,
        };
        End { applicable: self.tally.applicable, executed: self.tally.executed, exit }
    }

    fn note(&mut self, note: Note) {
        self.beside += usize::from(note.kind == NoteKind::Finding);
        (self.sink)(Event::Note(note));
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
            let text = format!("the token of `{name}` has ended by its `exp`: give a fresh one, or `state: expired`");
            self.note(Note { kind: NoteKind::Warning, text });
        }
    }
}
