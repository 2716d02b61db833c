//! What a merged scenario comes to: by the rules that judge a run on one machine.

use crate::check::Verdict;
use crate::event::shards::{Answers, Terms, WrittenWaiver};
use crate::event::{
    CheckResult, Event, Note, NoteKind, ScenarioFinished, ScenarioStarted, SourcePlace, ThresholdResult,
};
use crate::exit::Exit;
use crate::judge::cause::Failure;
use crate::judge::waiver::{self, Standing, WaivedTarget};
use crate::judge::{Conclusion, Tally, cause, lane, threshold};
use crate::observe::LoadFigures;
use crate::scenario::model::Waiver;
use crate::scenario::text::{Condition, Metric};

/// The waivers of a run, each with whether it was needed.
pub(super) struct Ledger {
    entries: Vec<Entry>,
    today: jiff::civil::Date,
}

struct Entry {
    waiver: Waiver,
    place: SourcePlace,
    /// The scenario that it is written in; none for one of a file.
    scenario: Option<usize>,
    whole: bool,
    needed: bool,
    concerned: bool,
}

impl Ledger {
    pub(super) fn of<'a>(terms: impl Iterator<Item = &'a Terms>, today: jiff::civil::Date) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for (at, terms) in terms.enumerate() {
            for WrittenWaiver { waiver, place, of_file } in &terms.waivers {
                let known = *of_file && entries.iter().any(|entry| entry.scenario.is_none() && entry.place == *place);
                if let (false, Ok(waiver)) = (known, serde_json::from_value(waiver.clone())) {
                    let (scenario, place) = ((!of_file).then_some(at), place.clone());
                    entries.push(Entry {
                        waiver,
                        place,
                        scenario,
                        whole: terms.whole,
                        needed: false,
                        concerned: false,
                    });
                }
            }
        }
        Self { entries, today }
    }

    fn apply(&mut self, scenario: usize, target: WaivedTarget<'_>, result: &mut CheckResult) {
        let cells = waiver::cells(result);
        let mut waived = vec![None; cells.len()];
        for entry in self.entries.iter_mut().filter(|entry| entry.scenario.is_none_or(|own| own == scenario)) {
            entry.concerned |= waiver::concerns(&entry.waiver, target);
            for (cell, waived) in cells.iter().zip(&mut waived) {
                if waiver::covers(&entry.waiver, result, cell, target) {
                    entry.needed = true;
                    if waiver::standing(&entry.waiver, self.today) == Standing::Holds {
                        *waived = Some(waiver::waived(&entry.waiver));
                    }
                }
            }
        }
        waiver::apply(result, waived);
    }

    /// Reports what is wrong with the waivers of a scenario, or with those of files; how many findings there are.
    pub(super) fn report(&self, scenario: Option<usize>, events: &mut Vec<Event>) -> usize {
        let own = self.entries.iter().filter(|entry| entry.scenario == scenario);
        let notes: Vec<_> = own.filter_map(|entry| self.trouble(entry)).collect();
        let findings = notes.iter().filter(|note| note.kind == NoteKind::Finding).count();
        events.extend(notes.into_iter().map(Event::Note));
        findings
    }

    fn trouble(&self, entry: &Entry) -> Option<Note> {
        let Waiver { check, owner, created, expires, .. } = &entry.waiver;
        let waiver = format!("the waiver of {check} by {owner} ({}:{})", entry.place.file, entry.place.line);
        let finding = |what: String| Some(Note { kind: NoteKind::Finding, text: format!("{waiver} {what}") });
        match waiver::standing(&entry.waiver, self.today) {
            Standing::Expired => finding(format!("expired on {}", expires.0)),
            Standing::TooEarly => finding(format!("begins on {}: it excuses nothing today", created.0)),
            Standing::Holds if entry.needed || !entry.whole => None,
            Standing::Holds if entry.scenario.is_none() && !entry.concerned => {
                Some(Note { kind: NoteKind::Warning, text: format!("{waiver} matches no target of this run") })
            }
            Standing::Holds => finding("is stale: no such finding".to_owned()),
        }
    }
}

/// A scenario with everything that all shards saw.
pub(super) struct Scenario<'a> {
    pub(super) at: usize,
    pub(super) started: &'a ScenarioStarted,
    pub(super) terms: &'a Terms,
    pub(super) results: Vec<CheckResult>,
    pub(super) figures: &'a [LoadFigures],
    /// What the checks of all shards were answered.
    pub(super) answers: &'a [Answers],
}

impl Scenario<'_> {
    /// Adds verdicts, and says how the scenario ended.
    pub(super) fn judge(mut self, ledger: &mut Ledger, events: &mut Vec<Event>) -> Exit {
        let (results, base) = (std::mem::take(&mut self.results), self.started.target.parse::<url::Url>());
        let (mut tally, mut failures) = (Tally::default(), Vec::new());
        self.answers.iter().for_each(|answers| tally.add(answers));
        for mut result in results {
            if let Ok(base) = &base {
                ledger.apply(self.at, WaivedTarget { name: &self.started.target, base }, &mut result);
            }
            tally.take(&result);
            failures.extend(Failure::of(&result));
            events.push(Event::CheckFinished(Box::new(result)));
        }
        let mut beside = ledger.report(Some(self.at), events);
        let mut notes = if tally.applicable > 0 { tally.vacuity(self.terms.success_declared) } else { Vec::new() };
        notes.extend(tally.coverage(self.terms.min_coverage.filter(|_| tally.applicable > 0)));
        beside += notes.iter().filter(|note| note.kind == NoteKind::Finding).count();
        events.extend(notes.into_iter().map(Event::Note));
        let mut exit = match tally.conclusion(beside) {
            Conclusion::Findings => Exit::Findings,
            Conclusion::Inconclusive => Exit::Inconclusive,
            Conclusion::Passed => Exit::Passed,
        };
        for result in self.lanes() {
            exit = exit.worst(match result.verdict {
                Verdict::Fail => Exit::Findings,
                Verdict::Inconclusive => Exit::Inconclusive,
                _ => Exit::Passed,
            });
            failures.extend(Failure::of(&result));
            events.push(Event::CheckFinished(Box::new(result)));
        }
        exit = exit.worst(self.judge_thresholds(events));
        if self.figures.iter().any(|figures| figures.inconclusive.is_some()) {
            exit = exit.worst(Exit::Inconclusive);
        }
        let ran = tally.executed > 0 || !self.figures.is_empty();
        if !ran && exit == Exit::Passed {
            exit = Exit::NothingSelected;
        }
        if exit == Exit::Inconclusive && ran {
            exit = Exit::of_code(self.terms.inconclusive).unwrap_or(exit);
        }
        events.push(Event::ScenarioFinished(ScenarioFinished {
            applicable: tally.applicable,
            executed: tally.executed,
            exit_code: exit.code(),
            findings: Some(cause::findings(&failures)),
            answers: None,
        }));
        exit
    }

    /// Lanes that should be refused, each as a check of its own.
    fn lanes(&self) -> Vec<CheckResult> {
        let results = self.figures.iter().flat_map(|figures| {
            let place = self.terms.phases.iter().find(|phase| phase.name == figures.name);
            let Some(written) = place else { return Vec::new() };
            lane::verdicts(figures, (&written.method, &written.path), &written.place)
        });
        results.collect()
    }

    fn judge_thresholds(&self, events: &mut Vec<Event>) -> Exit {
        let mut exit = Exit::Passed;
        for written in &self.terms.thresholds {
            let Ok(condition) = written.threshold.parse::<Condition>() else { continue };
            let result = |applied_to: &str, measured: String, holds: Option<bool>| ThresholdResult {
                threshold: written.threshold.clone(),
                applied_to: applied_to.to_owned(),
                measured,
                holds,
                only_warns: written.only_warns,
                aborted_after_s: None,
                place: written.place.clone(),
            };
            let judged = self.figures.iter().filter_map(|figures| {
                let figure = threshold::of_load(&condition, figures)?;
                Some(result(&figures.name, figure.text, figure.holds))
            });
            let mut judged: Vec<_> = judged.collect();
            // overhead is studied on one machine alone
            if judged.is_empty() && self.terms.load && condition.metric != Metric::Overhead {
                judged.push(result("nothing", "not measured".to_owned(), None));
            }
            for result in judged {
                exit = exit.worst(match result.holds {
                    Some(false) if result.fails() => Exit::Findings,
                    None if !result.only_warns => Exit::Inconclusive,
                    _ => Exit::Passed,
                });
                events.push(Event::ThresholdJudged(result));
            }
        }
        exit
    }
}
