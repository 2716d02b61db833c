//! Records of all shards of a run, merged into one record with one verdict. Everything that a shard leaves open is decided
//! here: thresholds, coverage, waivers, the exit code.

mod bootstrap;
mod checks;
mod doubts;
mod error;
mod seconds;
mod verdict;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::check::Severity;
use crate::event::shards::{Answers, MergedShard, MergedShards, PhaseIntervals, ShardPhase, Terms};
use crate::event::{
    CheckResult, Event, LoadInterval, LoadStarted, Note, NoteKind, RunFinished, RunStarted, ScenarioStarted,
};
use crate::exit::Exit;
use crate::judge::{Conclusion, Ending};
use crate::observe::{LoadFigures, ShardFigures, unite};
use crate::report::{LoadRecord, Record, ScenarioRecord};
use crate::shard::Shard;
use doubts::differs;
use seconds::MergedSeconds;

pub use error::MergeError;

/// What is expected of the records.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedShards {
    /// How many shards the run was split into.
    pub shards: u32,
    /// How many of them may be missing.
    pub missing: u32,
    /// The day on which waivers are judged.
    pub today: jiff::civil::Date,
}

/// Records of shards, as they are added.
pub struct Merge {
    expected: ExpectedShards,
    /// What the first record says; the others must say the same.
    first: Option<RunStarted>,
    finished: Option<Timestamp>,
    shards: Vec<MergedShard>,
    scenarios: Vec<Scenario>,
    notes: Vec<Note>,
    doubts: Vec<String>,
    /// Shards whose record is of another run.
    differing: Vec<Shard>,
    /// Shards whose record did not come to its end.
    cut: Vec<Shard>,
}

/// A scenario of all shards.
struct Scenario {
    started: ScenarioStarted,
    terms: Terms,
    /// Results of all shards, with the shard of each.
    checks: Vec<(Shard, CheckResult)>,
    answers: Vec<Answers>,
    phases: Vec<Phase>,
    notes: Vec<(Shard, Note)>,
    /// Shards in which it did not come to its end, or broke.
    broken: Vec<Shard>,
    /// Why it could not be tested as it is written, where a shard said so.
    untestable: Option<String>,
}

/// A load phase of all shards.
struct Phase {
    started: LoadStarted,
    parts: Vec<(Shard, LoadFigures)>,
    seconds: MergedSeconds,
}

impl Merge {
    /// A merge of nothing yet.
    pub fn new(expected: ExpectedShards) -> Self {
        Self {
            expected,
            first: None,
            finished: None,
            shards: Vec::new(),
            scenarios: Vec::new(),
            notes: Vec::new(),
            doubts: Vec::new(),
            differing: Vec::new(),
            cut: Vec::new(),
        }
    }

    /// Adds the record of a shard; nothing of it is kept but what the result needs. A record of another run is left out, and
    /// makes the result inconclusive.
    ///
    /// # Errors
    /// Where it is no record of a shard, where the run has another number of shards than is expected, where a shard was added
    /// before, or where a histogram cannot be read.
    pub fn add(&mut self, record: Record) -> Result<(), MergeError> {
        let started = record.started.clone().ok_or(MergeError::NoStart)?;
        let part = started.shard.clone().ok_or(MergeError::Whole)?;
        let shard = part.shard;
        if self.first.is_none() && shard.count != self.expected.shards {
            return Err(MergeError::Count { shard, expected: self.expected.shards });
        }
        if self.shards.iter().any(|known| known.shard == shard) {
            return Err(MergeError::Twice(shard));
        }
        let known = self.scenarios.iter().map(|known| (&known.started, &known.terms));
        if let Some(what) = self.first.as_ref().and_then(|first| differs((first, known), &record)) {
            let first = self.shards.first().map(|known| known.shard).unwrap_or_default();
            self.doubts.push(format!("shard {shard} is of another run than shard {first}: its {what} differs"));
            self.differing.push(shard);
            return Ok(());
        }
        let mut merged = MergedShard {
            shard,
            host: part.host,
            barrier: part.barrier,
            started: started.started,
            finished: record.finished.as_ref().map(|finished| finished.finished),
            checks: 0,
            disturbing: 0,
            phases: Vec::new(),
        };
        match &record.finished {
            Some(finished) => {
                self.finished = self.finished.max(Some(finished.finished));
                if finished.exit_code != Exit::Passed.code() {
                    self.doubts.push(format!("shard {shard} ended with {}: {}", finished.exit_code, finished.reason));
                }
            }
            None => self.cut.push(shard),
        }
        for (at, scenario) in record.scenarios.into_iter().enumerate() {
            merged.checks += scenario.checks.iter().filter(|check| check.verdict.executed()).count();
            self.add_scenario(at, scenario, &mut merged)?;
        }
        for note in record.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.first.get_or_insert(started);
        self.shards.push(merged);
        Ok(())
    }

    fn add_scenario(
        &mut self,
        at: usize,
        scenario: ScenarioRecord,
        merged: &mut MergedShard,
    ) -> Result<(), MergeError> {
        let shard = merged.shard;
        if self.scenarios.len() <= at {
            let terms = scenario.started.terms.as_deref().cloned().unwrap_or_default();
            self.scenarios.push(Scenario::new(scenario.started.clone(), terms));
        }
        let known = &mut self.scenarios[at];
        known.started.planned_checks = known.started.planned_checks.max(scenario.started.planned_checks);
        // where it is not there, the shard was cut off, and that is said of the shard
        if let Some(finished) = &scenario.finished {
            known.answers.extend(finished.answers);
            merged.disturbing += finished.answers.map_or(0, |answers| answers.disturbing);
            known.untestable = known.untestable.take().or(finished.untestable.clone());
            if finished.exit_code != Exit::Passed.code() {
                known.broken.push(shard);
            }
        }
        known.checks.extend(scenario.checks.into_iter().map(|check| (shard, check)));
        known.notes.extend(scenario.notes.into_iter().map(|note| (shard, note)));
        for phase in scenario.load {
            known.add_phase(shard, phase)?;
        }
        Ok(())
    }

    /// The merged record.
    ///
    /// # Errors
    /// Where there is no record, or a distribution of one cannot be read.
    pub fn finish(mut self) -> Result<Record, MergeError> {
        let first = self.first.clone().ok_or(MergeError::Nothing)?;
        self.shards.sort_by_key(|shard| shard.shard);
        let known = |index: &u32| {
            self.shards.iter().any(|known| known.shard.index == *index)
                || self.differing.iter().any(|known| known.index == *index)
        };
        let missing: Vec<u32> = (1..=self.expected.shards).filter(|index| !known(index)).collect();
        let mut absent = Vec::new();
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|index| format!("{index}/{}", self.expected.shards)).collect();
            absent.push(format!("no record of the shards {}", names.join(", ")));
        }
        absent.extend(self.cut.iter().map(|shard| format!("shard {shard} was cut off before its end")));
        // the first that is to be read: who is missing
        if missing.len() + self.cut.len() > self.expected.missing as usize {
            self.doubts.splice(0..0, absent);
        } else {
            self.notes.extend(absent.into_iter().map(|text| Note { kind: NoteKind::Warning, text }));
        }
        self.doubts.extend(doubts::overlapping(&self.shards));
        let mut shards = MergedShards {
            expected: self.expected.shards,
            allowed_missing: self.expected.missing,
            missing,
            shards: self.shards,
            doubts: self.doubts,
            intervals: Vec::new(),
        };
        let began = shards.shards.iter().map(|shard| shard.started).min().unwrap_or(first.started);
        let mut events = vec![Event::RunStarted(RunStarted { started: began, shard: None, ..first })];
        events.extend(self.notes.into_iter().map(Event::Note));
        let mut ledger =
            verdict::MergedLedger::of(self.scenarios.iter().map(|scenario| &scenario.terms), self.expected.today);
        let fail_on = self.scenarios.iter().find_map(|scenario| scenario.terms.fail_on);
        let mut exit = None;
        for (at, scenario) in self.scenarios.into_iter().enumerate() {
            let ended = scenario.finish(at, &mut shards, &mut ledger, &mut events)?;
            exit = Some(exit.map_or(ended, |exit: Exit| exit.worst(ended)));
        }
        if ledger.report(None, &mut events) > 0 {
            exit = exit.map(|exit| exit.worst(Exit::Findings));
        }
        let mut exit = exit.unwrap_or(Exit::NothingSelected);
        if !shards.doubts.is_empty() {
            exit = exit.worst(Exit::Inconclusive);
        }
        let reason = match (exit, shards.doubts.as_slice()) {
            (Exit::Inconclusive, [only]) => format!("inconclusive: {only}"),
            (Exit::Inconclusive, [one, rest @ ..]) => format!("inconclusive: {one} (and {} more)", rest.len()),
            _ => {
                let fail_on = fail_on.unwrap_or(Severity::Low);
                let mut ending = Ending::new(fail_on);
                events.iter().for_each(|event| ending.count(event));
                let conclusion = match exit {
                    Exit::Passed => Some(Conclusion::Passed),
                    Exit::Findings => Some(Conclusion::Findings),
                    Exit::Inconclusive => Some(Conclusion::Inconclusive),
                    _ => None,
                };
                ending.reason(conclusion, exit.reason())
            }
        };
        let finished = self.finished.unwrap_or_else(crate::clock::timestamp);
        events.push(Event::ShardsMerged(Box::new(shards)));
        events.push(Event::RunFinished(RunFinished { finished, exit_code: exit.code(), reason }));
        Ok(Record::from_events(&events))
    }
}

impl Scenario {
    fn new(started: ScenarioStarted, terms: Terms) -> Self {
        let (checks, phases, notes, broken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { started, terms, checks, answers: Vec::new(), phases, notes, broken, untestable: None }
    }

    fn add_phase(&mut self, shard: Shard, phase: LoadRecord) -> Result<(), MergeError> {
        let at = self.phases.iter().position(|known| known.started.name == phase.started.name).unwrap_or_else(|| {
            self.phases.push(Phase {
                started: phase.started.clone(),
                parts: Vec::new(),
                seconds: MergedSeconds::default(),
            });
            self.phases.len() - 1
        });
        let known = &mut self.phases[at];
        if let Some(figures) = phase.figures {
            let measured =
                figures.timing.as_ref().map(|timing| timing.started.as_duration().as_secs_f64() + figures.warmup_s);
            let damaged = |source| MergeError::Second { shard, phase: phase.started.name.clone(), source };
            known.seconds.add(shard, measured, &phase.intervals).map_err(damaged)?;
            known.parts.push((shard, figures));
        }
        Ok(())
    }

    /// Adds the events of the scenario, and says how it ended.
    fn finish(
        self,
        at: usize,
        shards: &mut MergedShards,
        ledger: &mut verdict::MergedLedger,
        events: &mut Vec<Event>,
    ) -> Result<Exit, MergeError> {
        let name = self.started.name.clone();
        let results = checks::united(self.checks);
        let planned_checks = results.len();
        events.push(Event::ScenarioStarted(ScenarioStarted {
            planned_checks: planned_checks.max(self.started.planned_checks),
            terms: None,
            ..self.started.clone()
        }));
        // what a shard could not do makes the whole doubtful
        let errors = self.notes.iter().filter(|(_, note)| note.kind == NoteKind::Error);
        let errors = errors.map(|(shard, note)| format!("shard {shard}: {}", note.text));
        shards.doubts.extend(errors.filter(|_| self.untestable.is_none()));
        events.extend(united_notes(self.notes).into_iter().map(Event::Note));
        for shard in &self.broken {
            shards.doubts.push(format!("shard {shard} did not finish the scenario {name}"));
        }
        let lacking = shards.lacking();
        if !lacking.is_empty() && !results.is_empty() && shards.may_lack() {
            let text = format!("the checks of the shards {} are missing: only load may be", lacking.join(", "));
            shards.doubts.push(text);
        }
        let mut figures = Vec::new();
        for phase in self.phases {
            let merged = phase.finish(&name, shards, events)?;
            figures.extend(merged);
        }
        let scenario = verdict::JudgedScenario {
            at,
            started: &self.started,
            terms: &self.terms,
            results,
            figures: &figures,
            answers: &self.answers,
            untestable: self.untestable,
            partial: !lacking.is_empty(),
        };
        Ok(scenario.judge(ledger, events))
    }
}

impl Phase {
    /// Adds the events of the phase.
    fn finish(
        self,
        scenario: &str,
        shards: &mut MergedShards,
        events: &mut Vec<Event>,
    ) -> Result<Option<LoadFigures>, MergeError> {
        let Self { mut started, mut parts, seconds } = self;
        parts.sort_by_key(|(shard, _)| *shard);
        let name = started.name.clone();
        let plan = doubts::plan_of(&parts);
        for (shard, figures) in &parts {
            let merged = shards.shards.iter_mut().filter(|known| known.shard == *shard);
            merged.for_each(|known| known.phases.push(shard_phase(scenario, figures, plan)));
        }
        let mut own = doubts::of_phase(&name, &parts, plan);
        let absent = shards.shards.iter().filter(|known| !parts.iter().any(|(shard, _)| *shard == known.shard));
        // one that was cut off has been named, or may be missing
        let absent: Vec<String> =
            absent.filter(|known| known.finished.is_some()).map(|known| known.shard.to_string()).collect();
        if !absent.is_empty() {
            own.push(format!("no measurements of the phase {name} from the shards {}", absent.join(", ")));
        }
        // measurements that lack a shard prove nothing of the whole
        let doubt = own.first().or(shards.doubts.first()).cloned();
        shards.doubts.extend(own);
        started.offered_rate = started
            .offered_rate
            .map(|_| parts.iter().filter_map(|(_, figures)| figures.timing.as_ref()?.planned_rate).sum());
        events.push(Event::LoadStarted(started));
        if parts.is_empty() {
            return Ok(None);
        }
        let views: Vec<_> = parts.iter().map(|(shard, figures)| ShardFigures { shard: *shard, figures }).collect();
        let mut figures = unite(&views)?;
        figures.inconclusive = figures.inconclusive.or(doubt);
        let missing = shards.expected as usize - parts.len();
        if missing > 0 {
            let offered = figures
                .offered_rate
                .map(|rate| format!(": {rate:.0} requests a second were offered"))
                .unwrap_or_default();
            figures.notes.push(format!("{missing} of {} shards are missing{offered}", shards.expected));
        }
        let intervals = seconds.blocks().estimates(figures.requests);
        shards.intervals.extend(intervals.map(|(blocks, [p50_us, p90_us, p99_us])| PhaseIntervals {
            scenario: scenario.to_owned(),
            phase: name.clone(),
            blocks,
            p50_us,
            p90_us,
            p99_us,
        }));
        for interval in seconds.merged() {
            events.push(Event::LoadInterval(LoadInterval { phase: name.clone(), interval }));
        }
        events.push(Event::LoadFinished(Box::new(figures.clone())));
        Ok(Some(figures))
    }
}

fn shard_phase(scenario: &str, figures: &LoadFigures, plan: f64) -> ShardPhase {
    let timing = figures.timing.as_ref();
    let late = timing.map(|timing| doubts::late_ms(timing, plan));
    ShardPhase {
        scenario: scenario.to_owned(),
        phase: figures.name.clone(),
        late_ms: late.map(|(start, _)| start),
        first_send_us: late.and_then(|(_, first)| first).map(|first| first * 1000.0),
        scheduling_delay_p99_us: figures.lateness_us.p99,
        planned_rate: timing.and_then(|timing| timing.planned_rate),
        achieved_rate: figures.achieved_rate,
        requests: figures.requests,
        p99_us: figures.response_time_us.p99,
        clock: timing.map(|timing| timing.clock).unwrap_or_default(),
    }
}

/// Notes of all shards, each once; an error names its shard.
fn united_notes(notes: Vec<(Shard, Note)>) -> Vec<Note> {
    let mut united: BTreeMap<(String, u8), (usize, Note)> = BTreeMap::new();
    for (at, (shard, note)) in notes.into_iter().enumerate() {
        let text = if note.kind == NoteKind::Error { format!("shard {shard}: {}", note.text) } else { note.text };
        let key = (text.clone(), note.kind as u8);
        united.entry(key).or_insert((at, Note { kind: note.kind, text }));
    }
    let mut ordered: Vec<_> = united.into_values().collect();
    ordered.sort_by_key(|(at, _)| *at);
    ordered.into_iter().map(|(_, note)| note).collect()
}
