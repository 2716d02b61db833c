//! Records of all shards of a run, merged into one record with one verdict. Everything that a shard leaves open is decided
//! here: thresholds, coverage, waivers, the exit code.

mod bootstrap;
mod checks;
mod seconds;
mod verdict;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::shards::{Answers, MergedShard, MergedShards, PhaseIntervals, ShardPhase, Terms};
use crate::event::{
    CheckResult, Event, LoadInterval, LoadStarted, Note, NoteKind, RunFinished, RunStarted, ScenarioStarted,
};
use crate::exit::Exit;
use crate::observe::{LoadFigures, ShardPart, unite};
use crate::report::{LoadRecord, Record, ScenarioRecord};
use crate::shard::Shard;
use seconds::Seconds;

/// A phase that starts later than this against its plan, or against the other shards, is late.
const LATE_MS: f64 = 500.0;
/// Clocks that are further apart than this say nothing about when shards sent.
const CLOCKS_MS: f64 = 500.0;
/// Share of its planned rate that a shard has to send.
const ENOUGH: f64 = 0.98;

/// What is expected of the records.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// How many shards the run was split into.
    pub shards: u32,
    /// How many of them may be missing.
    pub missing: u32,
    /// The day on which waivers are judged.
    pub today: jiff::civil::Date,
}

/// Records of shards, as they are added.
pub struct Merge {
    expected: Expected,
    /// What the first record says; the others must say the same.
    first: Option<RunStarted>,
    finished: Option<Timestamp>,
    shards: Vec<MergedShard>,
    scenarios: Vec<Scenario>,
    notes: Vec<Note>,
    doubts: Vec<String>,
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
}

/// A load phase of all shards.
struct Phase {
    started: LoadStarted,
    parts: Vec<(Shard, LoadFigures)>,
    seconds: Seconds,
}

impl Merge {
    /// A merge of nothing yet.
    pub fn new(expected: Expected) -> Self {
        let (shards, scenarios, notes, doubts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { expected, first: None, finished: None, shards, scenarios, notes, doubts }
    }

    /// Adds the record of a shard; nothing of it is kept but what the result needs.
    ///
    /// # Errors
    /// Where it is no record of a shard, or of another run, or of a shard that was added before.
    pub fn add(&mut self, record: Record) -> Result<(), String> {
        let started = record.started.ok_or("it has no start")?;
        let part = started.shard.clone().ok_or("it is the record of a whole run, not of a shard")?;
        self.fits(&started)?;
        if self.shards.iter().any(|known| known.shard == part.shard) {
            return Err(format!("shard {} was given before: each shard is merged once", part.shard));
        }
        let whole = record.finished.is_some();
        if let Some(finished) = &record.finished {
            self.finished = self.finished.max(Some(finished.finished));
            if finished.exit_code != 0 {
                self.doubts
                    .push(format!("shard {} ended with {}: {}", part.shard, finished.exit_code, finished.reason));
            }
        } else {
            self.doubts.push(format!("shard {} was cut off before its end", part.shard));
        }
        let mut merged = MergedShard {
            shard: part.shard,
            host: part.host,
            started: started.started,
            whole,
            checks: 0,
            phases: Vec::new(),
        };
        for (at, scenario) in record.scenarios.into_iter().enumerate() {
            merged.checks += scenario.checks.iter().filter(|check| check.verdict.executed()).count();
            self.add_scenario(at, part.shard, scenario, &mut merged)?;
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

    /// Holds that a record belongs to the same run as the first one.
    fn fits(&self, started: &RunStarted) -> Result<(), String> {
        let shard = started.shard.as_ref().map(|part| part.shard).unwrap_or_default();
        if shard.count != self.expected.shards {
            return Err(format!("it is shard {shard}, but --expect says {} shards", self.expected.shards));
        }
        let Some(first) = &self.first else { return Ok(()) };
        let options = |started: &RunStarted| started.shard.as_ref().map(|part| part.options.clone());
        for (what, same) in [
            ("version of authbench", first.version == started.version),
            ("catalogue", first.catalogue == started.catalogue),
            ("seed", first.seed == started.seed),
            ("selection of what runs", options(first) == options(started)),
        ] {
            if !same {
                return Err(format!("its {what} differs from that of the first record"));
            }
        }
        Ok(())
    }

    fn add_scenario(
        &mut self,
        at: usize,
        shard: Shard,
        scenario: ScenarioRecord,
        merged: &mut MergedShard,
    ) -> Result<(), String> {
        let terms = scenario.started.terms.as_deref().cloned().unwrap_or_default();
        if self.scenarios.len() <= at {
            if at > self.scenarios.len() || !self.shards.is_empty() {
                self.doubts
                    .push(format!("shard {shard} has a scenario that the others have not: {}", scenario.started.name));
            }
            self.scenarios.push(Scenario::new(scenario.started.clone(), terms.clone()));
        }
        let known = &mut self.scenarios[at];
        if known.started.name != scenario.started.name || known.terms != terms {
            return Err(format!(
                "its scenario {} differs from {} of the first record, in its text, waivers or options",
                scenario.started.name, known.started.name
            ));
        }
        if known.started.target != scenario.started.target {
            return Err(format!("its target {} differs from {}", scenario.started.target, known.started.target));
        }
        known.started.planned_checks = known.started.planned_checks.max(scenario.started.planned_checks);
        match &scenario.finished {
            Some(finished) if finished.exit_code == Exit::Passed.code() => {
                known.answers.extend(finished.answers);
            }
            _ => known.broken.push(shard),
        }
        known.checks.extend(scenario.checks.into_iter().map(|check| (shard, check)));
        known.notes.extend(scenario.notes.into_iter().map(|note| (shard, note)));
        for phase in scenario.load {
            known.add_phase(shard, phase, merged)?;
        }
        Ok(())
    }

    /// The merged record.
    ///
    /// # Errors
    /// Where there is no record, or a distribution of one cannot be read.
    pub fn finish(mut self) -> Result<Record, String> {
        let first = self.first.clone().ok_or("no record could be merged")?;
        self.shards.sort_by_key(|shard| shard.shard);
        let missing: Vec<u32> = (1..=self.expected.shards)
            .filter(|index| !self.shards.iter().any(|known| known.shard.index == *index))
            .collect();
        if missing.len() > self.expected.missing as usize {
            let names: Vec<_> = missing.iter().map(|index| format!("{index}/{}", self.expected.shards)).collect();
            self.doubts.push(format!("no record of the shards {}", names.join(", ")));
        }
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
            verdict::Ledger::of(self.scenarios.iter().map(|scenario| &scenario.terms), self.expected.today);
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
            _ => exit.reason().to_owned(),
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
        Self { started, terms, checks, answers: Vec::new(), phases, notes, broken }
    }

    fn add_phase(&mut self, shard: Shard, phase: LoadRecord, merged: &mut MergedShard) -> Result<(), String> {
        let at = self.phases.iter().position(|known| known.started.name == phase.started.name).unwrap_or_else(|| {
            self.phases.push(Phase { started: phase.started.clone(), parts: Vec::new(), seconds: Seconds::default() });
            self.phases.len() - 1
        });
        let known = &mut self.phases[at];
        if let Some(figures) = phase.figures {
            merged.phases.push(shard_phase(&self.started.name, &figures));
            let measured =
                figures.timing.as_ref().map(|timing| timing.started.as_duration().as_secs_f64() + figures.warmup_s);
            known.seconds.add(shard, measured, &phase.intervals)?;
            known.parts.push((shard, figures));
        }
        Ok(())
    }

    /// Adds the events of the scenario, and says how it ended.
    fn finish(
        self,
        at: usize,
        shards: &mut MergedShards,
        ledger: &mut verdict::Ledger,
        events: &mut Vec<Event>,
    ) -> Result<Exit, String> {
        let name = self.started.name.clone();
        let results = checks::united(self.checks);
        let planned_checks = results.iter().filter(|result| result.verdict.executed()).count();
        events.push(Event::ScenarioStarted(ScenarioStarted {
            planned_checks: planned_checks.max(self.started.planned_checks),
            terms: None,
            ..self.started.clone()
        }));
        events.extend(united_notes(self.notes).into_iter().map(Event::Note));
        for shard in &self.broken {
            shards.doubts.push(format!("shard {shard} did not finish the scenario {name}"));
        }
        let mut figures = Vec::new();
        for phase in self.phases {
            let merged = phase.finish(&name, shards, events)?;
            figures.extend(merged);
        }
        let scenario = verdict::Scenario {
            at,
            started: &self.started,
            terms: &self.terms,
            results,
            figures: &figures,
            answers: &self.answers,
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
    ) -> Result<Option<LoadFigures>, String> {
        let Self { mut started, mut parts, seconds } = self;
        parts.sort_by_key(|(shard, _)| *shard);
        let name = started.name.clone();
        let mut own = doubts(&name, &parts);
        let absent = shards.shards.iter().filter(|known| !parts.iter().any(|(shard, _)| *shard == known.shard));
        let absent: Vec<String> = absent.map(|known| known.shard.to_string()).collect();
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
        let views: Vec<_> = parts.iter().map(|(shard, figures)| ShardPart { shard: *shard, figures }).collect();
        let mut figures = unite(&views)?;
        figures.inconclusive = figures.inconclusive.or(doubt);
        let missing = shards.missing.len() + absent.len();
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

/// Why what shards measured of a phase cannot be added up: one was late or slow, or its clock or search differs.
fn doubts(name: &str, parts: &[(Shard, LoadFigures)]) -> Vec<String> {
    let mut doubts = Vec::new();
    let timing = |figures: &LoadFigures| figures.timing.clone();
    let start =
        |figures: &LoadFigures| timing(figures).map(|timing| timing.started.as_duration().as_secs_f64() * 1000.0);
    let mut starts: Vec<f64> = parts.iter().filter_map(|(_, figures)| start(figures)).collect();
    starts.sort_by(f64::total_cmp);
    // the shards' own middle is the plan where nothing else is
    let middle = starts.get(starts.len() / 2).copied().unwrap_or_default();
    let mut clocks: Vec<(Shard, f64, f64)> = Vec::new();
    for (shard, figures) in parts {
        let Some(timing) = timing(figures) else { continue };
        let late = timing.late_ms().unwrap_or(start(figures).map_or(0.0, |start| start - middle));
        let first = timing.first_send_us.map_or(0.0, |first| first / 1000.0);
        if late.abs() > LATE_MS || first > LATE_MS {
            let late = if late.abs() > LATE_MS { late } else { first };
            let way = if late < 0.0 { "early" } else { "late" };
            doubts.push(format!("shard {shard} started the phase {name} {:.1} s {way}", late.abs() / 1000.0));
        }
        if let Some((planned, offered)) = timing.planned_rate.zip(figures.offered_rate)
            && figures.achieved_rate < planned.min(offered) * ENOUGH
            && figures.inconclusive.is_none()
        {
            let achieved = figures.achieved_rate;
            doubts.push(format!(
                "shard {shard} was slow in the phase {name}: {achieved:.0} of {planned:.0} requests a second"
            ));
        }
        if let (Some(low), Some(high)) = (timing.clock.target_low_ms, timing.clock.target_high_ms) {
            clocks.push((*shard, low, high));
        }
        if figures.capacity.as_ref().map(|capacity| &capacity.steps)
            != parts[0].1.capacity.as_ref().map(|capacity| &capacity.steps)
        {
            doubts.push(format!("shard {shard} took other steps of the search {name} than shard {}", parts[0].0));
        }
    }
    // against the target's clock, of which each shard knows an interval
    let lowest_high = clocks.iter().map(|(.., high)| *high).fold(f64::MAX, f64::min);
    for (shard, low, _) in clocks.iter().filter(|(_, low, _)| *low - lowest_high > CLOCKS_MS) {
        let apart = (low - lowest_high) / 1000.0;
        doubts.push(format!("the clock of shard {shard} is {apart:.1} s or more behind that of another shard"));
    }
    doubts
}

fn shard_phase(scenario: &str, figures: &LoadFigures) -> ShardPhase {
    let timing = figures.timing.as_ref();
    ShardPhase {
        scenario: scenario.to_owned(),
        phase: figures.name.clone(),
        late_ms: timing.and_then(crate::observe::PhaseTiming::late_ms),
        first_send_us: timing.and_then(|timing| timing.first_send_us),
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
