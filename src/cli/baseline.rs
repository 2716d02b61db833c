//! Runs that others are compared with: where they are kept, and how they are found again.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::event::comparison::Comparison;
use crate::event::{Event, RunFinished};
use crate::exit::Exit;
use crate::judge::compare::{RunSide, ScenarioSide, compare, different_machines};
use crate::report::{self, Record, comparison, read_run, write_atomically};

/// Seed of the resamples behind intervals: the same two runs compare alike each time.
const SEED: u64 = 1;

/// Where baselines are.
#[derive(Clone, Debug, Args)]
pub(super) struct Folder {
    /// Folder of saved baselines.
    #[arg(long = "baselines", value_name = "FOLDER", default_value = "reports/baselines", env = "AUTHBENCH_BASELINES")]
    folder: PathBuf,
    /// Compare figures of different machines all the same.
    #[arg(long, env = "AUTHBENCH_FORCE")]
    pub(super) force: bool,
}

/// A run that was read, with its name for a reader.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) name: String,
    pub(super) record: Record,
}

impl Folder {
    /// Reads a run by the name of a baseline or by its file.
    pub(super) fn read(&self, name: &str) -> Result<Saved, String> {
        let named = self.folder.join(format!("{name}.jsonl"));
        let path = if is_name(name) && named.is_file() { named } else { PathBuf::from(name) };
        if is_name(name) && !path.is_file() {
            return Err(format!("find the baseline {name:?}: there is no {}", self.folder.join(format!("{name}.jsonl")).display()));
        }
        let bytes = std::fs::read(&path).map_err(|error| format!("read {}: {error}", path.display()))?;
        let record = read_run(&bytes).map_err(|error| format!("read {}: {error}", path.display()))?;
        Ok(Saved { name: name.to_owned(), record })
    }

    /// Keeps a run under a name, without what was sent and seen: a baseline may be committed.
    pub(super) fn save(&self, name: &str, record: &Record) -> Result<PathBuf, String> {
        let mut kept = Record { compared: None, ..record.clone() };
        for check in kept.scenarios.iter_mut().flat_map(|scenario| &mut scenario.checks) {
            (check.evidence, check.shown_by) = (Vec::new(), None);
        }
        let path = self.folder.join(format!("{name}.jsonl"));
        let lines = report::format("jsonl").ok_or("make a record")?;
        let bytes = (lines.render)(&kept).map_err(|error| error.to_string())?;
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| format!("create folder {}: {error}", self.folder.display()))?;
        write_atomically(&path, &bytes).map_err(|error| error.to_string())?;
        Ok(path)
    }
}

/// Reads the name of a baseline.
pub(super) fn name(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err("a name has letters, digits, `-`, `_` and `.` alone".to_owned()) }
}

/// Names stay in their folder; what has a slash or an extension of a run is a file.
fn is_name(text: &str) -> bool {
    let extension = Path::new(text).extension().and_then(std::ffi::OsStr::to_str);
    !text.is_empty()
        && !text.starts_with('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !matches!(extension, Some("json" | "jsonl" | "partial"))
}

/// A run as a comparison takes it.
fn side<'a>(run: &'a Saved, partial: bool, figures: bool) -> Result<RunSide<'a>, String> {
    let started = run.record.started.as_ref().ok_or_else(|| format!("compare {}: it has no start", run.name))?;
    let scenarios = run.record.scenarios.iter().map(|scenario| ScenarioSide {
        name: &scenario.started.name,
        target: &scenario.started.target,
        checks: &scenario.checks,
        phases: scenario
            .load
            .iter()
            .filter(|_| figures)
            .filter_map(|phase| Some((phase.figures.as_ref()?, phase.intervals.as_slice())))
            .collect(),
        studies: if figures { &scenario.overhead } else { &[] },
    });
    Ok(RunSide { name: &run.name, started, scenarios: scenarios.collect(), partial })
}

/// Compares two runs that must come from one machine, unless it is asked for all the same.
pub(super) fn compared(before: &Saved, after: &Saved, partial: bool, force: bool) -> Result<Comparison, String> {
    let (old, new) = (side(before, false, true)?, side(after, partial, true)?);
    match different_machines(&old, &new) {
        Some(why) if !force => Err(why),
        _ => Ok(compare(&old, &new, SEED)),
    }
}

/// How a comparison ends.
pub(super) fn exit_of(comparison: &Comparison) -> Exit {
    match comparison.regressions() {
        0 if comparison.is_empty() => Exit::Inconclusive,
        0 => Exit::Passed,
        _ => Exit::Findings,
    }
}

/// Follows a run, and compares it with a baseline before it ends.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) record: Record,
    pub(super) baseline: Option<Saved>,
    pub(super) partial: bool,
    pub(super) force: bool,
    /// How the comparison ended.
    pub(super) exit: Exit,
}

impl Keeper {
    /// The events to pass on for one event: the comparison stands before the end of the run, which counts it.
    pub(super) fn take(&mut self, event: Event) -> Vec<Event> {
        self.record.apply(&event);
        let (Event::RunFinished(finished), Some(baseline)) = (&event, self.baseline.take()) else { return vec![event] };
        // what a signal or a limit of failures kept from running is not missing
        let partial = self.partial || finished.exit_code >= Exit::Interrupted.code();
        let run = Saved { name: "this run".to_owned(), record: self.record.clone() };
        let compared = compared(&baseline, &run, partial, self.force).or_else(|why| {
            let (old, new) = (side(&baseline, false, false)?, side(&run, partial, false)?);
            let mut comparison = compare(&old, &new, SEED);
            comparison.notes.push(format!("no figures are compared: {why}; --force compares them"));
            self.exit = Exit::Inconclusive;
            Ok::<_, String>(comparison)
        });
        let Ok(comparison) = compared else { return vec![event] };
        self.exit = self.exit.worst(exit_of(&comparison));
        let finished = self.ended(finished, &comparison);
        let events = vec![Event::Compared(Box::new(comparison)), Event::RunFinished(finished)];
        events.iter().for_each(|event| self.record.apply(event));
        events
    }

    fn ended(&self, finished: &RunFinished, comparison: &Comparison) -> RunFinished {
        let ended = Exit::of_code(finished.exit_code).map_or(self.exit, |exit| exit.worst(self.exit));
        let reason = match (ended, ended.code() == finished.exit_code) {
            (_, true) => finished.reason.clone(),
            (Exit::Findings, _) => format!("{} since {}", comparison::outcome(comparison), comparison.before.name),
            _ => ended.reason().to_owned(),
        };
        RunFinished { finished: finished.finished, exit_code: ended.code(), reason }
    }
}
