//! `authbench merge`: the records of all shards, merged into one result.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Arg, Args};

use super::baseline::Baselines;
use super::print;
use super::reports::{EvidenceOf, finish, reporters};
use crate::clock::{self, Wall};
use crate::exit::Exit;
use crate::file::{self, FileError, RECORD_LIMIT};
use crate::merge::{ExpectedShards, Merge, MergeError};
use crate::report::{ReadError, Record, Reporter as _, ResultPrinter, Verbosity, read_jsonl};
use crate::shard::MOST;

/// Between two looks for records.
const POLL: Duration = Duration::from_secs(1);
/// A record that nothing was written to for so long is of a shard that ended: one that runs writes each second of a load, and
/// no check takes so long.
const QUIET: Duration = Duration::from_secs(15 * 60);

/// Merge the records of all shards of a run, and decide its verdict.
///
/// Histograms are added, outcomes and findings are united, and thresholds, coverage, waivers, baselines and the exit code are
/// decided here alone. A shard that is missing, late, slow or different makes the result inconclusive (exit 5) and is named.
#[derive(Debug, Args)]
#[command(mut_args(named))]
pub(super) struct MergeArguments {
    /// Records of shards, or folders of them (*.jsonl, and *.jsonl.partial of shards that were cut off).
    #[arg(required = true)]
    records: Vec<PathBuf>,
    /// Number of shards that the run was split into.
    #[arg(long, value_name = "N", env = "AUTHBENCH_MERGE_EXPECT", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    expect: u32,
    /// Number of shards that may be missing; the result states the load that was really offered.
    #[arg(long, value_name = "K", default_value_t = 0, env = "AUTHBENCH_MERGE_ALLOW_MISSING")]
    allow_missing: u32,
    /// Time to wait for the records of all shards. The wait ends earlier if no record was written to for 15 minutes.
    #[arg(long, value_name = "TIME", default_value = "0s", env = "AUTHBENCH_MERGE_WAIT", value_parser = humantime::parse_duration)]
    wait: Duration,
    /// Write a report in one of the formats of `authbench run`; repeatable (default: html, json and jsonl
    /// under reports/).
    #[arg(long = "report", value_name = "FORMAT=PATH", env = "AUTHBENCH_MERGE_REPORT", value_delimiter = ',')]
    reports: Vec<String>,
    /// Checks whose requests and answers report.json holds; run.jsonl has those of all.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = EvidenceOf::Findings, env = "AUTHBENCH_MERGE_EVIDENCE")]
    evidence: EvidenceOf,
    #[command(flatten)]
    baselines: Baselines,
}

/// The options that `authbench run` has as well get variables of this command.
fn named(option: Arg) -> Arg {
    match option.get_id().as_str() {
        "baseline" => option.env("AUTHBENCH_MERGE_BASELINE"),
        "save_baseline" => option.env("AUTHBENCH_MERGE_SAVE_BASELINE"),
        "folder" => option.env("AUTHBENCH_MERGE_BASELINES"),
        "force" => option.env("AUTHBENCH_MERGE_FORCE"),
        _ => option,
    }
}

/// Why there is nothing to merge.
#[derive(Debug, thiserror::Error)]
enum RecordsError {
    #[error("read the folder {}: {source}", .folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("find a record: expected files *.jsonl of shards, or folders with them")]
    None,
    #[error("read {}: {source}", .path.display())]
    File { path: PathBuf, source: FileError },
    #[error("merge {}: {source}", .path.display())]
    Unreadable { path: PathBuf, source: ReadError },
    #[error("merge {}: {source}", .path.display())]
    Unfit { path: PathBuf, source: MergeError },
    #[error("merge the records: {0}")]
    Merge(#[from] MergeError),
}

pub(super) fn run(arguments: &MergeArguments) -> Exit {
    match merged(arguments) {
        Ok(record) => reported(arguments, record),
        Err(error) => {
            print::error(&format!("error: failed to {error}"));
            // what is wrong with a record is nothing that other arguments could change
            if matches!(error, RecordsError::Merge(_)) { Exit::Broken } else { Exit::Usage }
        }
    }
}

/// Reads one record after another; none is kept whole.
fn merged(arguments: &MergeArguments) -> Result<Record, RecordsError> {
    let today = Wall::default().today();
    let mut merge = Merge::new(ExpectedShards { shards: arguments.expect, missing: arguments.allow_missing, today });
    let paths = waited(arguments)?;
    if paths.is_empty() {
        return Err(RecordsError::None);
    }
    for path in paths {
        let file =
            file::open(&path, RECORD_LIMIT).map_err(|source| RecordsError::File { path: path.clone(), source })?;
        let record = read_jsonl(BufReader::new(file))
            .map_err(|source| RecordsError::Unreadable { path: path.clone(), source })?;
        merge.add(record).map_err(|source| RecordsError::Unfit { path, source })?;
    }
    Ok(merge.finish()?)
}

/// The records, once there are whole ones of all shards, or nothing more is to be expected, or the time is over.
fn waited(arguments: &MergeArguments) -> Result<Vec<PathBuf>, RecordsError> {
    let end = clock::now() + arguments.wait;
    loop {
        let found = files(&arguments.records);
        let whole = found.as_ref().map_or(0, |found| found.iter().filter(|path| is_whole(path)).count());
        let quiet = || found.as_ref().is_ok_and(|found| found.iter().all(|path| age(path) > QUIET));
        if whole >= arguments.expect as usize || (whole > 0 && quiet()) || clock::now() >= end {
            return found;
        }
        std::thread::sleep(POLL);
    }
}

fn is_whole(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

/// How long ago a record was written to.
fn age(path: &Path) -> Duration {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.ok().and_then(|modified| clock::system().duration_since(modified).ok()).unwrap_or_default()
}

/// The records among files and folders, in order of names.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, RecordsError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |source| RecordsError::Folder { folder: path.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if is_record(&path) {
                found.push(path);
            }
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

fn is_record(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.is_file() && (name.ends_with(".jsonl") || name.ends_with(".jsonl.partial"))
}

fn reported(arguments: &MergeArguments, record: Record) -> Exit {
    let mut keeper = match arguments.baselines.keeper(false) {
        Ok(keeper) => keeper,
        Err(exit) => return exit,
    };
    let mut files = match reporters(&arguments.reports, None, arguments.evidence) {
        Ok(reporters) => reporters,
        Err(exit) => return exit,
    };
    let mut printer = ResultPrinter::new(Verbosity::Normal).within(print::output_columns());
    for event in record.events() {
        for event in keeper.take(event) {
            files.on_event(&event);
            printer.on_event(&event);
        }
    }
    let ended = keeper.record.finished.clone();
    let mut exit = ended.as_ref().and_then(|ended| Exit::of_code(ended.exit_code)).unwrap_or(Exit::Broken);
    let (written, ended_with) = files.finish(exit);
    printer.wrote(written);
    exit = if finish(&mut printer) { ended_with } else { ended_with.worst(Exit::Broken) };
    exit = arguments.baselines.save(&keeper.record, exit);
    let reason = ended.filter(|ended| ended.exit_code == exit.code()).map(|ended| ended.reason);
    print::error(&format!("exit {}: {}", exit.code(), reason.as_deref().unwrap_or(exit.reason())));
    exit
}
