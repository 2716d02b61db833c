//! Runs that others are compared with: where they are kept, and how they are found again.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::print;
use crate::event::comparison::Comparison;
use crate::event::{Event, RunFinished, ScenarioFinished};
use crate::exit::Exit;
use crate::file::{self, FileError, RECORD_LIMIT};
use crate::judge::compare::{RunSide, ScenarioSide, compare, different_machines};
use crate::report::{self, ReadError, Record, ReportError, comparison, read_run, write_atomically};

/// Seed of the resamples behind intervals: the same two runs compare alike each time.
const SEED: u64 = 1;

/// Where baselines are, unless another folder is named.
pub(super) const FOLDER: &str = "reports/baselines";

/// What a run is compared with, and what is kept of it.
#[derive(Clone, Debug, Args)]
pub(super) struct Baselines {
    /// Compare with a saved baseline, or with the record of a run; a regression fails.
    #[arg(long, value_name = "NAME|FILE", env = "AUTHBENCH_BASELINE", help_heading = "Verdict and exit code")]
    baseline: Option<String>,
    /// Keep the run as a baseline under this name.
    #[arg(long, value_name = "NAME", env = "AUTHBENCH_SAVE_BASELINE", value_parser = name, help_heading = "Verdict and exit code")]
    save_baseline: Option<String>,
    /// Folder of saved baselines.
    #[arg(long = "baselines", value_name = "FOLDER", default_value = FOLDER, env = "AUTHBENCH_BASELINES", help_heading = "Verdict and exit code")]
    folder: PathBuf,
    /// Compare measurements even if the machines differ.
    #[arg(long, env = "AUTHBENCH_FORCE", value_parser = FalseyValueParser::new(), help_heading = "Verdict and exit code")]
    force: bool,
}

/// A run that was read, with its name for a reader.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) name: String,
    pub(super) record: Record,
}

/// Why a run cannot be read, kept or compared. Each completes "failed to …".
#[derive(Debug, thiserror::Error)]
pub(super) enum BaselineError {
    #[error("find the baseline {name:?}: there is no {}", .path.display())]
    Missing { name: String, path: PathBuf },
    #[error("read {}: {source}", .path.display())]
    File { path: PathBuf, source: FileError },
    #[error("read {}: {source}", .path.display())]
    NoRecord { path: PathBuf, source: ReadError },
    #[error("create folder {}: {source}", .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("compare {0}: it has no start")]
    NoStart(String),
    #[error("compare: {0}\nhelp: times of different machines say nothing about each other; --force compares them")]
    Machines(String),
}

/// Reads a run by the name of a baseline or by its file.
pub(super) fn read(folder: &Path, name: &str) -> Result<Saved, BaselineError> {
    let named = folder.join(format!("{name}.jsonl"));
    let path = if is_name(name) && named.is_file() { named.clone() } else { PathBuf::from(name) };
    if is_name(name) && !path.is_file() {
        return Err(BaselineError::Missing { name: name.to_owned(), path: named });
    }
    let bytes =
        file::bytes(&path, RECORD_LIMIT).map_err(|source| BaselineError::File { path: path.clone(), source })?;
    let record = read_run(&bytes).map_err(|source| BaselineError::NoRecord { path, source })?;
    Ok(Saved { name: name.to_owned(), record })
}

/// Keeps a run under a name, without what was sent and seen: a baseline may be committed.
fn save(folder: &Path, name: &str, record: &Record) -> Result<PathBuf, BaselineError> {
    let mut kept = Record { compared: None, ..record.clone() };
    for check in kept.scenarios.iter_mut().flat_map(|scenario| &mut scenario.checks) {
        (check.evidence, check.shown_by) = (Vec::new(), None);
    }
    let path = folder.join(format!("{name}.jsonl"));
    let lines = report::format("jsonl").expect("records are one of the formats");
    let bytes = (lines.render)(&kept)?;
    std::fs::create_dir_all(folder).map_err(|source| BaselineError::Folder { path: folder.to_owned(), source })?;
    write_atomically(&path, &bytes)?;
    Ok(path)
}

impl Baselines {
    /// Whether a run is to be compared or kept.
    pub(super) fn is_asked(&self) -> bool {
        self.baseline.is_some() || self.save_baseline.is_some()
    }

    /// Follows a run that may be narrowed to a part of its scenarios.
    pub(super) fn keeper(&self, partial: bool) -> Result<Keeper, Exit> {
        let baseline = self.baseline.as_ref().map(|name| read(&self.folder, name)).transpose().map_err(|why| {
            print::error(&format!("error: failed to {why}\nhelp: --save-baseline NAME makes one"));
            Exit::Usage
        })?;
        let asked = self.is_asked();
        Ok(Keeper { asked, record: Record::default(), baseline, partial, force: self.force, exit: None, lost: false })
    }

    /// Keeps a run that came to its end as a baseline, if one is asked for; the exit that counts.
    pub(super) fn save(&self, record: &Record, exit: Exit) -> Exit {
        let Some(name) = &self.save_baseline else { return exit };
        if !matches!(exit, Exit::Passed | Exit::Findings | Exit::Inconclusive) {
            print::error(&format!("error: the baseline {name} is not saved: the run did not come to its end"));
            return exit;
        }
        match save(&self.folder, name, record) {
            Ok(path) => {
                print::error(&format!("baseline {name} saved as {}", path.display()));
                exit
            }
            Err(why) => {
                print::error(&format!("error: failed to {why}"));
                exit.worst(Exit::Broken)
            }
        }
    }
}

/// A name that could lead out of the folder of baselines, or be taken for a file.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected only letters, digits, `-`, `_` and `.` in a name")]
struct BadName;

/// Reads the name of a baseline.
fn name(text: &str) -> Result<String, BadName> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(BadName) }
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
fn side<'a>(run: &'a Saved, partial: bool, figures: bool) -> Result<RunSide<'a>, BaselineError> {
    let started = run.record.started.as_ref().ok_or_else(|| BaselineError::NoStart(run.name.clone()))?;
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

/// Compares two runs that must come from one machine, unless the caller forces it.
pub(super) fn compared(before: &Saved, after: &Saved, partial: bool, force: bool) -> Result<Comparison, BaselineError> {
    let (old, new) = (side(before, false, true)?, side(after, partial, true)?);
    match different_machines(&old, &new) {
        Some(why) if !force => Err(BaselineError::Machines(why)),
        _ => Ok(compare(&old, &new, SEED)),
    }
}

/// How a comparison of two runs that are over ends. A scenario that passed and cannot be tested any more became worse.
pub(super) fn exit_between(comparison: &Comparison, before: &Saved, after: &Saved) -> Exit {
    let ended = exit_of(comparison);
    if lost(&before.record, &after.record).is_empty() { ended } else { ended.worst(Exit::Findings) }
}

/// What is said of the scenarios that passed and cannot be tested any more.
pub(super) fn notes_on_lost(before: &Record, after: &Record) -> Vec<String> {
    let lost = lost(before, after).into_iter();
    lost.map(|(name, why)| format!("{name} passed in the baseline and cannot be tested now: {why}")).collect()
}

/// How a comparison ends.
fn exit_of(comparison: &Comparison) -> Exit {
    match comparison.regressions() {
        0 if comparison.is_empty() => Exit::Inconclusive,
        0 => Exit::Passed,
        _ => Exit::Findings,
    }
}

/// Follows a run, and compares it with a baseline before it ends.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Whether the run is to be compared or kept.
    asked: bool,
    /// What happened so far; of a run that is neither compared nor kept, only its end.
    pub(super) record: Record,
    baseline: Option<Saved>,
    partial: bool,
    force: bool,
    /// How the comparison ended; none where nothing is compared.
    exit: Option<Exit>,
    /// Whether nothing else went wrong than that scenarios which passed cannot be tested any more.
    lost: bool,
}

/// Scenarios that passed and that cannot be tested any more, with the cause: the target changed, not the scenario.
fn lost<'a>(before: &Record, after: &'a Record) -> Vec<(&'a str, &'a str)> {
    let passed = |name: &str| {
        let mut old = before.scenarios.iter().filter(|scenario| scenario.started.name == name);
        old.any(|scenario| scenario.finished.as_ref().is_some_and(|end| end.exit_code == Exit::Passed.code()))
    };
    let ended = after.scenarios.iter().filter(|scenario| passed(&scenario.started.name));
    let cause = |end: &'a ScenarioFinished| end.untestable.as_deref();
    ended
        .filter_map(|scenario| Some((scenario.started.name.as_str(), scenario.finished.as_ref().and_then(cause)?)))
        .collect()
}

/// Whether these are all scenarios that ended worse than with findings.
fn is_all(lost: &[(&str, &str)], record: &Record) -> bool {
    let broken = |end: &ScenarioFinished| end.exit_code == Exit::Broken.code();
    record
        .scenarios
        .iter()
        .filter(|scenario| scenario.finished.as_ref().is_some_and(broken))
        .all(|scenario| lost.iter().any(|(name, _)| *name == scenario.started.name))
}

impl Keeper {
    /// The events to pass on for one event: the comparison stands before the end of the run, which counts it.
    pub(super) fn take(&mut self, event: Event) -> Vec<Event> {
        if self.asked || matches!(event, Event::RunFinished(_)) {
            self.record.apply(&event);
        }
        let Event::RunFinished(finished) = &event else { return vec![event] };
        let Some(baseline) = self.baseline.take() else { return vec![event] };
        // what a signal or a limit of failures kept from running is not missing
        let partial = self.partial || finished.exit_code >= Exit::HungUp.code();
        let run = Saved { name: "this run".to_owned(), record: self.record.clone() };
        let compared = compared(&baseline, &run, partial, self.force).or_else(|error| {
            let BaselineError::Machines(why) = error else { return Err(error) };
            let (old, new) = (side(&baseline, false, false)?, side(&run, partial, false)?);
            let mut comparison = compare(&old, &new, SEED);
            comparison.notes.push(format!("measurements are not compared: {why}; --force compares them"));
            self.exit = Some(Exit::Inconclusive);
            Ok(comparison)
        });
        let Ok(mut comparison) = compared else { return vec![event] };
        let ended = exit_of(&comparison);
        self.exit = Some(self.exit.map_or(ended, |exit| exit.worst(ended)));
        comparison.notes.extend(notes_on_lost(&baseline.record, &self.record));
        let lost = lost(&baseline.record, &self.record);
        self.lost = !lost.is_empty() && is_all(&lost, &self.record);
        let finished = self.ended(finished, &comparison);
        let events = vec![Event::Compared(Box::new(comparison)), Event::RunFinished(finished)];
        events.iter().for_each(|event| self.record.apply(event));
        events
    }

    /// The end of a run with what its comparison came to. That nothing became worse makes no end better.
    pub(super) fn worsened(&self, exit: Exit) -> Exit {
        // a target that passed and cannot be tested any more became worse, whatever is to be said of this run alone
        let exit = if self.lost && matches!(exit, Exit::Broken | Exit::Inconclusive) { Exit::Findings } else { exit };
        match self.exit {
            None | Some(Exit::Passed) => exit,
            Some(compared) => exit.worst(compared),
        }
    }

    fn ended(&self, finished: &RunFinished, comparison: &Comparison) -> RunFinished {
        let ended = Exit::of_code(finished.exit_code).map_or(Exit::Broken, |exit| self.worsened(exit));
        let reason = match (ended, ended.code() == finished.exit_code) {
            (_, true) => finished.reason.clone(),
            _ if self.lost => {
                format!("a scenario that passed in {} cannot be tested now", comparison.before.name)
            }
            (Exit::Findings, _) => format!("{} since {}", comparison::outcome(comparison), comparison.before.name),
            _ => ended.reason().to_owned(),
        };
        RunFinished { finished: finished.finished, exit_code: ended.code(), reason }
    }
}
