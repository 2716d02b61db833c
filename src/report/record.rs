//! The events of a run folded into one value: what every report is a function of.

use std::borrow::Cow;

use crate::check::Verdict;
use crate::event::comparison::Comparison;
use crate::event::shards::MergedShards;
use crate::event::{
    Cell, CheckResult, Event, FORMAT, Finding, LoadStarted, Note, NoteKind, RunFinished, RunStarted, ScenarioFinished,
    ScenarioStarted, ThresholdResult,
};
use crate::observe::{Interval, LoadFigures};
use crate::report::units::counted;
use crate::stats::OverheadFigures;

/// Other places of a finding that are named.
const PLACES: usize = 6;
/// Characters of one of them.
const LONGEST_PLACE: usize = 120;

/// A run, as far as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// How it began; none in a record that was cut at its start.
    pub started: Option<RunStarted>,
    /// Scenarios in the order in which they ran.
    pub scenarios: Vec<ScenarioRecord>,
    /// Notes that belong to no scenario.
    pub notes: Vec<Note>,
    /// The shards that it was merged from; none of a run on one machine.
    pub shards: Option<MergedShards>,
    /// What changed since a baseline; none where it was compared with none.
    pub compared: Option<Comparison>,
    /// How it ended; none if it was cut off.
    pub finished: Option<RunFinished>,
    /// Whether a report shows the exchanges of passed checks too, where it leaves them out by itself.
    pub shows_all_evidence: bool,
}

/// One scenario of a run, as far as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioRecord {
    /// What it set out to do.
    pub started: ScenarioStarted,
    /// Results in the order in which they came.
    pub checks: Vec<CheckResult>,
    /// Load phases in order.
    pub load: Vec<LoadRecord>,
    /// Overhead studies in order; a scenario has at most one today.
    pub overhead: Vec<OverheadFigures>,
    /// Judged thresholds in order.
    pub thresholds: Vec<ThresholdResult>,
    /// Notes in order.
    pub notes: Vec<Note>,
    /// How it ended; none if it was cut off.
    pub finished: Option<ScenarioFinished>,
}

/// One load phase, as far as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadRecord {
    /// What it set out to do.
    pub started: LoadStarted,
    /// Its seconds.
    pub intervals: Vec<Interval>,
    /// What it measured; none if it was cut off.
    pub figures: Option<LoadFigures>,
}

impl Record {
    /// Folds all events of a run.
    pub fn from_events<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut record = Self::default();
        events.into_iter().for_each(|event| record.apply(event));
        record
    }

    /// Folds one more event. An event outside of its scenario or phase, which only a damaged record has, is dropped.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::ShardsMerged(shards) => self.shards = Some((**shards).clone()),
            Event::Compared(comparison) => self.compared = Some((**comparison).clone()),
            Event::RunFinished(finished) => self.finished = Some(finished.clone()),
            Event::ScenarioStarted(started) => self.scenarios.push(ScenarioRecord::new(started.clone())),
            Event::Note(note) => match self.running() {
                Some(scenario) => scenario.notes.push(note.clone()),
                None => self.notes.push(note.clone()),
            },
            within_scenario => {
                if let Some(scenario) = self.running() {
                    scenario.apply(within_scenario);
                }
            }
        }
    }

    /// The scenario that has begun and not ended.
    fn running(&mut self) -> Option<&mut ScenarioRecord> {
        self.scenarios.last_mut().filter(|scenario| scenario.finished.is_none())
    }

    /// The events that fold to this record, in the order of its parts.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        // an older record is written in the format of today
        let started = self.started.clone().map(|started| RunStarted { format: FORMAT, ..started });
        events.extend(started.map(Event::RunStarted));
        events.extend(self.notes.iter().cloned().map(Event::Note));
        self.scenarios.iter().for_each(|scenario| scenario.push_events(&mut events));
        events.extend(self.shards.clone().map(|shards| Event::ShardsMerged(Box::new(shards))));
        events.extend(self.compared.clone().map(|comparison| Event::Compared(Box::new(comparison))));
        events.extend(self.finished.clone().map(Event::RunFinished));
        events
    }

    /// Every check with its scenario.
    pub fn checks(&self) -> impl Iterator<Item = (&ScenarioRecord, &CheckResult)> {
        self.scenarios.iter().flat_map(|scenario| scenario.checks.iter().map(move |check| (scenario, check)))
    }

    /// Findings of all scenarios, the worst first.
    pub fn findings(&self) -> Vec<ShownFinding<'_>> {
        let mut all: Vec<_> = self.scenarios.iter().flat_map(ScenarioRecord::findings).collect();
        all.sort_by_key(|found| found.finding.rank());
        all
    }

    /// Results over all scenarios.
    pub fn counts(&self) -> Counts {
        Counts::of(self.checks().map(|(_, check)| check))
    }

    /// One line that says how the run ended.
    pub fn reason(&self) -> String {
        match &self.finished {
            Some(finished) => format!("exit {}: {}", finished.exit_code, finished.reason),
            None => "the run was cut off before its end".to_owned(),
        }
    }

    /// Adds a note of the reader, such as that the file was cut.
    pub(super) fn note(&mut self, kind: NoteKind, text: impl Into<String>) {
        self.notes.push(Note { kind, text: text.into() });
    }
}

impl ScenarioRecord {
    fn new(started: ScenarioStarted) -> Self {
        Self {
            started,
            checks: Vec::new(),
            load: Vec::new(),
            overhead: Vec::new(),
            thresholds: Vec::new(),
            notes: Vec::new(),
            finished: None,
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::CheckFinished(result) => self.checks.push((**result).clone()),
            Event::LoadStarted(started) => {
                self.load.push(LoadRecord { started: started.clone(), intervals: Vec::new(), figures: None });
            }
            Event::LoadInterval(second) => {
                if let Some(phase) = self.load.iter_mut().rfind(|phase| phase.started.name == second.phase) {
                    phase.intervals.push(second.interval.clone());
                }
            }
            Event::LoadFinished(figures) => {
                if let Some(phase) = self.load.iter_mut().rfind(|phase| phase.started.name == figures.name) {
                    phase.figures = Some((**figures).clone());
                }
            }
            Event::OverheadFinished(figures) => self.overhead.push((**figures).clone()),
            Event::ThresholdJudged(result) => self.thresholds.push(result.clone()),
            Event::ScenarioFinished(finished) => self.finished = Some(finished.clone()),
            Event::RunStarted(_)
            | Event::RunFinished(_)
            | Event::ShardsMerged(_)
            | Event::Compared(_)
            | Event::ScenarioStarted(_)
            | Event::Note(_) => {}
        }
    }

    fn push_events(&self, events: &mut Vec<Event>) {
        events.push(Event::ScenarioStarted(self.started.clone()));
        events.extend(self.notes.iter().cloned().map(Event::Note));
        events.extend(self.checks.iter().map(|check| Event::CheckFinished(Box::new(check.clone()))));
        for phase in &self.load {
            let name = &phase.started.name;
            events.push(Event::LoadStarted(phase.started.clone()));
            events.extend(phase.intervals.iter().map(|interval| {
                Event::LoadInterval(crate::event::LoadInterval { phase: name.clone(), interval: interval.clone() })
            }));
            events.extend(phase.figures.clone().map(|figures| Event::LoadFinished(Box::new(figures))));
        }
        events.extend(self.overhead.iter().map(|figures| Event::OverheadFinished(Box::new(figures.clone()))));
        events.extend(self.thresholds.iter().cloned().map(Event::ThresholdJudged));
        events.extend(self.finished.clone().map(Event::ScenarioFinished));
    }

    /// What became of the checks that were planned.
    pub fn planned(&self) -> Planned {
        Planned::of(self)
    }

    /// Results of this scenario.
    pub fn counts(&self) -> Counts {
        Counts::of(&self.checks)
    }

    /// Findings, each with the check that shows it. Where nobody looked for causes, because the record is older or was
    /// cut, each failing check is one.
    pub fn findings(&self) -> Vec<ShownFinding<'_>> {
        let recorded = self.finished.as_ref().and_then(|finished| finished.findings.as_ref());
        let Some(recorded) = recorded else {
            let failing = self.checks.iter().filter(|check| is_finding(check));
            return failing
                .map(|check| ShownFinding {
                    scenario: self,
                    finding: Cow::Owned(Finding::alone(check)),
                    check: Cow::Borrowed(check),
                })
                .collect();
        };
        recorded.iter().filter_map(|finding| ShownFinding::of(self, finding)).collect()
    }
}

impl LoadRecord {
    /// Name of the phase.
    pub fn name(&self) -> &str {
        &self.started.name
    }

    /// What was spoken, where it is known and not HTTP/1.1.
    pub fn other_protocol(&self) -> Option<String> {
        self.figures.as_ref().and_then(LoadFigures::other_protocol)
    }
}

/// What became of the checks that were planned: the parts are the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// All checks that were selected: the sum of the others.
    pub planned: usize,
    /// Came to pass, fail, warn or info.
    pub executed: usize,
    /// Were executed, and came to no verdict.
    pub inconclusive: usize,
    /// Lacked something that the scenario could supply.
    pub not_tested: usize,
    /// Make no sense for this target.
    pub not_applicable: usize,
    /// Were not begun before the run was stopped.
    pub not_run: usize,
}

impl Planned {
    fn of(scenario: &ScenarioRecord) -> Self {
        // lanes of a load are judged beside the checks that were planned
        let checks = || scenario.checks.iter().filter(|check| check.group != "load");
        let of = |verdict: Verdict| checks().filter(|check| check.verdict == verdict).count();
        let executed = checks().filter(|check| check.verdict.executed()).count();
        let (inconclusive, not_tested) = (of(Verdict::Inconclusive), of(Verdict::NotTested));
        let not_applicable = of(Verdict::NotApplicable);
        let known = executed + inconclusive + not_tested + not_applicable;
        // an older record counts less as planned
        let planned = scenario.started.planned_checks.max(known);
        Self { planned, executed, inconclusive, not_tested, not_applicable, not_run: planned - known }
    }

    /// Those of a run.
    pub(super) fn of_run(record: &Record) -> Self {
        record.scenarios.iter().map(Self::of).fold(Self::default(), |a, b| Self {
            planned: a.planned + b.planned,
            executed: a.executed + b.executed,
            inconclusive: a.inconclusive + b.inconclusive,
            not_tested: a.not_tested + b.not_tested,
            not_applicable: a.not_applicable + b.not_applicable,
            not_run: a.not_run + b.not_run,
        })
    }

    /// The parts that are not empty, as `52 executed`.
    pub fn parts(&self) -> Vec<(usize, &'static str)> {
        let all = [
            (self.executed, "executed"),
            (self.inconclusive, "inconclusive"),
            (self.not_tested, "not tested"),
            (self.not_applicable, "not applicable"),
            (self.not_run, "not run"),
        ];
        all.into_iter().filter(|(count, name)| *count > 0 || *name == "executed").collect()
    }
}

/// Results by verdict; waived ones are counted apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    by_verdict: [usize; Verdict::ALL.len()],
    /// Findings that somebody answers for.
    pub waived: usize,
}

impl Counts {
    /// Counts results.
    pub fn of<'a>(checks: impl IntoIterator<Item = &'a CheckResult>) -> Self {
        let mut counts = Self::default();
        checks.into_iter().for_each(|check| counts.add(check));
        counts
    }

    /// Counts one more result.
    pub fn add(&mut self, check: &CheckResult) {
        if check.waived.is_some() {
            self.waived += 1;
        } else {
            self.by_verdict[Self::index(check.verdict)] += 1;
        }
    }

    fn index(verdict: Verdict) -> usize {
        Verdict::ALL.iter().position(|other| *other == verdict).expect("ALL holds every verdict")
    }

    /// How many came to this verdict and are not waived.
    pub fn of_verdict(&self, verdict: Verdict) -> usize {
        self.by_verdict[Self::index(verdict)]
    }

    /// Verdicts that occurred, worst first, with how often.
    pub fn occurred(&self) -> impl Iterator<Item = (Verdict, usize)> {
        Verdict::ALL.into_iter().map(|verdict| (verdict, self.of_verdict(verdict))).filter(|(_, count)| *count > 0)
    }

    /// All results.
    pub fn total(&self) -> usize {
        self.by_verdict.iter().sum::<usize>() + self.waived
    }
}

/// A finding with the check that shows it.
#[derive(Clone, Debug)]
pub struct ShownFinding<'a> {
    /// Its scenario.
    pub scenario: &'a ScenarioRecord,
    /// The failures that have one cause in common.
    pub finding: Cow<'a, Finding>,
    /// The check, as far as this finding is concerned: a check that deviates at several places shows one of them.
    pub check: Cow<'a, CheckResult>,
}

impl<'a> ShownFinding<'a> {
    /// None where a damaged record lacks the check.
    fn of(scenario: &'a ScenarioRecord, finding: &'a Finding) -> Option<Self> {
        let named = || scenario.checks.iter().filter(|check| check.id == finding.check);
        let check =
            named().find(|check| cell_of(check, finding).is_some()).or_else(|| named().find(|one| is_finding(one)))?;
        Some(Self { scenario, finding: Cow::Borrowed(finding), check: narrowed(check, finding) })
    }
}

fn cell_of<'a>(check: &'a CheckResult, finding: &Finding) -> Option<&'a Cell> {
    let is_shown = |cell: &&Cell| {
        (&cell.endpoint, &cell.method, cell.explanation, cell.part)
            == (&finding.endpoint, &finding.method, finding.cause, finding.part)
    };
    check.cells.iter().find(is_shown)
}

/// A check as one of its cells shows it.
fn narrowed<'a>(check: &'a CheckResult, finding: &Finding) -> Cow<'a, CheckResult> {
    let Some(cell) = cell_of(check, finding) else { return Cow::Borrowed(check) };
    let same = check.cells.len() == 1
        && (check.verdict, check.severity, &check.waived) == (finding.verdict, finding.severity, &finding.waived);
    if same {
        return Cow::Borrowed(check);
    }
    let mut check = check.clone();
    check.verdict = finding.verdict;
    check.waived = finding.waived.clone();
    check.severity = finding.severity;
    check.part = Some(cell.part);
    check.summary.clone_from(&cell.summary);
    check.deviations.clone_from(&cell.further);
    check.deviations.extend(elsewhere(finding));
    check.expected.clone_from(&cell.expected);
    check.seen.clone_from(&cell.seen);
    check.statuses.clone_from(&cell.statuses);
    check.shown_by = cell.shown_by;
    Cow::Owned(check)
}

/// Where else the cause of a finding shows.
fn elsewhere(finding: &Finding) -> Option<String> {
    let mut places: Vec<String> = Vec::new();
    let others =
        finding.cells.iter().filter(|cell| (&cell.endpoint, &cell.method) != (&finding.endpoint, &finding.method));
    for name in others.map(|cell| format!("{} {}", cell.method, cell.endpoint)) {
        if !places.contains(&name) {
            places.push(name);
        }
    }
    let (count, more) = (places.len(), places.len().saturating_sub(PLACES));
    places.truncate(PLACES);
    // a probe may ask for a path of any length
    for place in &mut places {
        if let Some((end, _)) = place.char_indices().nth(LONGEST_PLACE) {
            place.truncate(end);
            place.push('…');
        }
    }
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (count > 0).then(|| format!("it shows at {} too: {}{more}", counted(count, "other place"), places.join(", ")))
}

/// Whether the check found something, waived or not.
pub fn is_finding(check: &CheckResult) -> bool {
    check.has_finding()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Event {
        Event::Note(Note { kind: NoteKind::Info, text: text.to_owned() })
    }

    fn scenario(name: &str) -> Event {
        Event::ScenarioStarted(ScenarioStarted {
            name: name.to_owned(),
            file: format!("{name}.yaml"),
            description: String::new(),
            tags: Vec::new(),
            target: "reference".to_owned(),
            scheme: "basic".to_owned(),
            profile: "api-key-403".to_owned(),
            planned_checks: 1,
            terms: None,
        })
    }

    fn finished() -> Event {
        Event::ScenarioFinished(ScenarioFinished {
            applicable: 1,
            executed: 1,
            exit_code: 0,
            findings: None,
            untestable: None,
            answers: None,
        })
    }

    #[test]
    fn notes_belong_to_the_scenario_that_runs() {
        let events = [note("before"), scenario("a"), note("in a"), finished(), note("between"), scenario("b")];
        let record = Record::from_events(&events);
        let texts = |notes: &[Note]| notes.iter().map(|note| note.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&record.notes), ["before", "between"]);
        assert_eq!(texts(&record.scenarios[0].notes), ["in a"]);
        assert!(record.scenarios[1].finished.is_none());
        assert_eq!(record.reason(), "the run was cut off before its end");
    }

    #[test]
    fn events_of_a_record_fold_to_it_again() {
        let record = Record::from_events(&[scenario("a"), note("in a"), finished(), scenario("b"), note("in b")]);
        assert_eq!(Record::from_events(&record.events()), record);
    }

    #[test]
    fn a_damaged_record_does_not_break_the_fold() {
        let record = Record::from_events(&[finished(), note("alone")]);
        assert!(record.scenarios.is_empty());
        assert_eq!(record.notes.len(), 1);
    }
}
