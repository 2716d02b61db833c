//! What a merged scenario comes to: by the rules that judge a run on one machine.

use crate::check::{Severity, Verdict};
use crate::event::shards::{Answers, Terms, WrittenWaiver};
use crate::event::{CheckResult, Event, NoteKind, ScenarioFinished, ScenarioStarted, SourcePlace, ThresholdResult};
use crate::exit::Exit;
use crate::judge::cause::FailedCheck;
use crate::judge::waiver::{self, WaivedTarget, WaiverUse};
use crate::judge::{Conclusion, Tally, cause, fails, lane, threshold};
use crate::observe::LoadFigures;
use crate::scenario::model::Waiver;
use crate::scenario::text::{Condition, Metric};

/// The waivers of a run, each with whether it was needed.
pub(super) struct MergedLedger {
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

impl MergedLedger {
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
        let cells = result.all_cells();
        let mut waived = vec![None; cells.len()];
        for entry in self.entries.iter_mut().filter(|entry| entry.scenario.is_none_or(|own| own == scenario)) {
            entry.concerned |= waiver::concerns(&entry.waiver, target);
            entry.needed |= waiver::mark(&entry.waiver, result, target, self.today, (&cells, &mut waived));
        }
        waiver::apply(result, waived);
    }

    /// Excuses the waivers of a scenario of which not everything is known: nobody knows whether they are needed.
    fn excuse(&mut self, scenario: usize) {
        let concerned = self.entries.iter_mut().filter(|entry| entry.scenario.is_none_or(|own| own == scenario));
        concerned.for_each(|entry| entry.needed = true);
    }

    /// Reports what is wrong with the waivers of a scenario, or with those of files; how many findings there are.
    pub(super) fn report(&self, scenario: Option<usize>, events: &mut Vec<Event>) -> usize {
        let own = self.entries.iter().filter(|entry| entry.scenario == scenario);
        let trouble = |entry: &Entry| {
            let Entry { needed, concerned, whole: decided, .. } = *entry;
            let used = WaiverUse { needed, concerned, of_file: entry.scenario.is_none(), decided };
            waiver::trouble(&entry.waiver, &entry.place, used, self.today)
        };
        let notes: Vec<_> = own.filter_map(trouble).collect();
        let findings = notes.iter().filter(|note| note.kind == NoteKind::Finding).count();
        events.extend(notes.into_iter().map(Event::Note));
        findings
    }
}

/// A scenario with everything that all shards saw.
pub(super) struct JudgedScenario<'a> {
    pub(super) at: usize,
    pub(super) started: &'a ScenarioStarted,
    pub(super) terms: &'a Terms,
    pub(super) results: Vec<CheckResult>,
    pub(super) figures: &'a [LoadFigures],
    /// What the checks of all shards were answered.
    pub(super) answers: &'a [Answers],
    /// Why it could not be tested as it is written, where a shard said so.
    pub(super) untestable: Option<String>,
    /// Whether a part of it is missing, so that what was not seen proves nothing.
    pub(super) partial: bool,
}

impl JudgedScenario<'_> {
    /// Adds verdicts, and says how the scenario ended.
    pub(super) fn judge(mut self, ledger: &mut MergedLedger, events: &mut Vec<Event>) -> Exit {
        let fail_on = self.terms.fail_on.unwrap_or(Severity::Low);
        let (results, base) = (std::mem::take(&mut self.results), self.started.target.parse::<url::Url>());
        let (mut tally, mut failures) = (Tally::failing_on(fail_on), Vec::new());
        self.answers.iter().for_each(|answers| tally.add(answers));
        for mut result in results {
            if let Ok(base) = &base {
                ledger.apply(self.at, WaivedTarget { name: &self.started.target, base }, &mut result);
            }
            tally.take(&result);
            failures.extend(FailedCheck::of(&result));
            events.push(Event::CheckFinished(Box::new(result)));
        }
        let untestable = self.untestable.is_some();
        if untestable || self.partial {
            ledger.excuse(self.at);
        }
        let mut beside = ledger.report(Some(self.at), events);
        let declared = self.terms.success_declared;
        let mut notes = if tally.applicable > 0 { tally.vacuity(declared, untestable) } else { Vec::new() };
        let wanted = self.terms.min_coverage.filter(|_| tally.applicable > 0 && !untestable && !self.partial);
        notes.extend(tally.coverage(wanted));
        beside += notes.iter().filter(|note| note.kind == NoteKind::Finding).count();
        events.extend(notes.into_iter().map(Event::Note));
        let mut exit = match tally.conclusion(beside) {
            Conclusion::Findings => Exit::Findings,
            Conclusion::Inconclusive => Exit::Inconclusive,
            Conclusion::Passed if untestable => Exit::Inconclusive,
            Conclusion::Passed => Exit::Passed,
        };
        for result in self.lanes() {
            exit = exit.worst(match result.verdict {
                Verdict::Fail if fails(&result, fail_on) => Exit::Findings,
                Verdict::Inconclusive => Exit::Inconclusive,
                _ => Exit::Passed,
            });
            failures.extend(FailedCheck::of(&result));
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
        // what is inconclusive because authbench failed, or because nothing can be tested, stays so
        let firm = untestable || self.answers.iter().any(|answers| answers.crashed > 0);
        if exit == Exit::Inconclusive && ran && !firm {
            exit = Exit::of_code(self.terms.inconclusive).unwrap_or(exit);
        }
        events.push(Event::ScenarioFinished(ScenarioFinished {
            applicable: tally.applicable,
            executed: tally.executed,
            exit_code: exit.code(),
            findings: Some(cause::findings(&failures)),
            untestable: self.untestable.take(),
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
