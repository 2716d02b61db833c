//! Passes verdicts on as they come in, and then what they amount to.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Session;
use super::isolate::{self, Crash};
use super::testable::has_ended;
use crate::check::Verdict;
use crate::event::shards::Answers;
use crate::event::{CheckResult, Event, Note, NoteKind};
use crate::exit::Exit;
use crate::judge::{self, Conclusion, Context, inconclusive};
use crate::observe::Evidence;
use crate::plan::PlannedCheck;
use crate::plan::cast::{READS, RIGHTS};

/// How the checks of a scenario ended.
pub(super) struct ConformanceEnd {
    pub(super) applicable: usize,
    pub(super) executed: usize,
    pub(super) exit: Exit,
    /// Whether an inconclusive end stays so, whatever it is to count as.
    pub(super) firm: bool,
    pub(super) answers: Answers,
}

/// Verdicts as they come in.
pub(super) struct ScenarioTally<'a> {
    session: &'a Session<'a>,
    tally: judge::Tally,
    /// Findings that no check made.
    beside: usize,
    /// Checks that authbench itself failed in.
    crashed: usize,
    /// Checks and cases that have a result.
    taken: BTreeSet<String>,
    /// Checks and cases that write, lock out or disturb.
    pub(super) disturbing: usize,
    /// What checks are about and do not visit: each resource by index, and how many such checks there are.
    not_visited: (BTreeSet<usize>, usize),
    sink: &'a mut dyn FnMut(Event),
}

impl<'a> ScenarioTally<'a> {
    pub(super) fn new(session: &'a Session<'a>, sink: &'a mut dyn FnMut(Event)) -> Self {
        Self {
            session,
            tally: judge::Tally::failing_on(session.options.fail_on),
            beside: 0,
            crashed: 0,
            taken: BTreeSet::new(),
            disturbing: 0,
            not_visited: (BTreeSet::new(), 0),
            sink,
        }
    }

    /// Notes what a check that is going to run does not visit.
    pub(super) fn leaves_out(&mut self, resources: &[usize]) {
        self.not_visited.0.extend(resources);
        self.not_visited.1 += usize::from(!resources.is_empty());
    }

    /// Takes a result that is complete.
    pub(super) fn take(&mut self, mut result: CheckResult) {
        // who waives what is decided once the shards are merged
        if !self.session.options.shard.splits() {
            self.session.waive(&mut result);
        }
        if result.has_finding() {
            result.replay = self.session.options.replay_of(&result.place.file, &result.id);
        }
        self.tally.take(&result);
        self.taken.insert(result.id.clone());
        (self.sink)(Event::CheckFinished(Box::new(result)));
    }

    /// Whether a check has a result.
    pub(super) fn has(&self, id: &str) -> bool {
        self.taken.contains(id)
    }

    /// Judges what a check saw, and says what it came to.
    pub(super) fn judged(&mut self, planned: &PlannedCheck, evidence: &Evidence, took: Duration) -> Verdict {
        let judging = || judge::judge(planned, evidence, &self.context(took));
        match isolate::caught(judging) {
            Ok(result) => {
                self.tally.count(planned.check, evidence);
                let verdict = result.verdict;
                self.take(result);
                verdict
            }
            Err(crash) => self.crashed(planned, &crash, took),
        }
    }

    /// Whether a check passes by what it saw.
    pub(super) fn would_pass(&self, planned: &PlannedCheck, evidence: &Evidence, took: Duration) -> bool {
        let judging = || judge::judge(planned, evidence, &self.context(took));
        isolate::caught(judging).is_ok_and(|result| result.verdict == Verdict::Pass)
    }

    /// Takes a check that authbench itself failed in: it is shown, it counts, and the run does not end with 0.
    pub(super) fn crashed(&mut self, planned: &PlannedCheck, crash: &Crash, took: Duration) -> Verdict {
        self.crashed += 1;
        self.judged_without_answers(planned, crash.to_string(), took)
    }

    /// Takes a check that came to nothing, for this reason.
    pub(super) fn judged_without_answers(&mut self, planned: &PlannedCheck, why: String, took: Duration) -> Verdict {
        let result = inconclusive(planned, &self.session.scrubber.scrub(&why), &self.context(took));
        self.take(result);
        Verdict::Inconclusive
    }

    /// What a verdict needs beside the evidence.
    pub(super) fn context(&self, took: Duration) -> Context<'_> {
        Context {
            profile: &self.session.profile,
            scrubber: &self.session.scrubber,
            place: self.session.place(self.session.loaded.scenario.scheme.place),
            took,
            resources: &self.session.subject.resources,
            exchanges: self.session.options.exchanges,
        }
    }

    /// What all results amount to.
    pub(super) fn finish(mut self) -> ConformanceEnd {
        self.tell_slow_target();
        let untestable = self.session.untestable.is_some();
        if untestable {
            self.session.turn.ledger.excuse(self.session.turn.at);
        }
        if !untestable {
            // where nothing was granted, nothing is known of good answers either
            self.tell_blind_resources();
            self.tell_not_visited();
            self.tell_ended_tokens();
        }
        if !self.session.options.shard.splits() {
            self.beside += self.session.turn.ledger.tell(Some(self.session.turn.at), self.sink);
            let main = self.session.subject.main_resource().map(|main| &self.session.subject.resources[main]);
            let declared = main.is_none_or(|main| main.success.is_some());
            self.tally.vacuity(declared, untestable).into_iter().for_each(|note| self.note(note));
            // what was ended early, or not begun, says nothing of what a whole run covers
            if !self.session.options.stop.is_requested() && !untestable {
                let wanted = self.session.loaded.scenario.conformance.min_coverage.map(|share| share.0);
                self.tally.coverage(wanted).into_iter().for_each(|note| self.note(note));
            }
        }
        let exit = match self.tally.conclusion(self.beside) {
            Conclusion::Findings => Exit::Findings,
            Conclusion::Inconclusive => Exit::Inconclusive,
            Conclusion::Passed if untestable => Exit::Inconclusive,
            Conclusion::Passed => Exit::Passed,
        };
        let firm = untestable || self.crashed > 0;
        let answers = Answers { crashed: self.crashed, disturbing: self.disturbing, ..self.tally.answers() };
        ConformanceEnd { applicable: self.tally.applicable, executed: self.tally.executed, exit, firm, answers }
    }

    /// A target that does not keep up was asked one request at a time.
    fn tell_slow_target(&mut self) {
        if self.session.prober.asks_one_at_a_time() {
            let text = "the target had no answer in time for requests side by side, and answers others: it was asked one request \
                        at a time from then on (`--jobs 1` does so from the start; `--timeout` sets the time for an answer)";
            self.note(Note { kind: NoteKind::Info, text: text.to_owned() });
        }
    }

    /// Where the content of a good answer could not be recognised in a refusal, such a leak was not looked for.
    fn tell_blind_resources(&mut self) {
        let blind = self.session.prober.blind_resources();
        if !blind.is_empty() {
            let text = format!(
                "{}: a good answer has no content that could be recognised in the body of a refusal, so a refusal that \
                 carries data would not be noticed",
                blind.join(", ")
            );
            self.note(Note { kind: NoteKind::Info, text });
        }
    }

    /// What some checks were not about, so that their verdicts are not read as if they were.
    fn tell_not_visited(&mut self) {
        let (resources, checks) = &self.not_visited;
        if resources.is_empty() {
            return;
        }
        let names: Vec<String> = resources.iter().map(|at| self.session.subject.resources[*at].name()).collect();
        let text = format!(
            "{}: not visited by {checks} of the checks, which visit at most {READS} resources each, or {RIGHTS} where they write or \
             are about rights: the first of the scenario, and no DELETE without a `before`; the line of such a check names what it did not \
             visit (`-v`)",
            names.join(", ")
        );
        self.note(Note { kind: NoteKind::Info, text });
    }

    /// Notes that a part of the run could not be done.
    pub(super) fn error(&mut self, text: String) {
        self.note(Note { kind: NoteKind::Error, text });
    }

    /// Notes something that a reader has to know.
    pub(super) fn info(&mut self, text: String) {
        self.note(Note { kind: NoteKind::Info, text });
    }

    fn note(&mut self, note: Note) {
        self.beside += usize::from(note.kind == NoteKind::Finding);
        (self.sink)(Event::Note(note));
    }

    /// A token that was given as good and has ended explains most of what went wrong.
    fn tell_ended_tokens(&mut self) {
        let ended = self.session.subject.identities.iter().filter(|identity| has_ended(identity));
        let names: Vec<String> = ended.map(|identity| identity.name.clone()).collect();
        for name in names {
            let text = format!("the token of `{name}` has expired (`exp`): write a fresh token, or `state: expired`");
            self.note(Note { kind: NoteKind::Warning, text });
        }
    }
}
