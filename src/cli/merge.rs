//! `authbench merge`: the records of all shards, merged into one result.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;

use super::baseline::Baselines;
use super::print;
use super::reports::reporters;
use crate::clock::{self, Wall};
use crate::exit::Exit;
use crate::merge::{Expected, Merge};
use crate::report::{Record, ResultPrinter, Verbosity, read_jsonl};
use crate::shard::MOST;

/// Between two looks for records.
const POLL: std::time::Duration = std::time::Duration::from_secs(1);

/// Merge the records of all shards of a run, and decide its verdict.
///
/// Histograms are added, outcomes and findings are united, and thresholds, coverage, waivers, baselines and the exit code are
/// decided here alone. A shard that is missing, late, slow or different makes the result inconclusive (exit 5) and is named.
#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    /// Records of shards, or folders of them (*.jsonl, and *.jsonl.partial of shards that were cut off).
    #[arg(required = true)]
    records: Vec<PathBuf>,
    /// How many shards the run was split into.
    #[arg(long, value_name = "N", env = "AUTHBENCH_EXPECT", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    expect: u32,
    /// How many shards may be missing; the result states the load that was really offered.
    #[arg(long, value_name = "K", default_value_t = 0, env = "AUTHBENCH_ALLOW_MISSING")]
    allow_missing: u32,
    /// How long to wait until there are records of all shards that came to their end.
    #[arg(long, value_name = "TIME", default_value = "0s", env = "AUTHBENCH_MERGE_WAIT", value_parser = humantime::parse_duration)]
    wait: std::time::Duration,
    /// Write a report in one of the formats of `authbench run`; repeatable. Without any: html, json and jsonl under reports/.
    #[arg(long = "report", value_name = "FORMAT=PATH", env = "AUTHBENCH_REPORT", value_delimiter = ',')]
    reports: Vec<String>,
    #[command(flatten)]
    baselines: Baselines,
}

pub(super) fn run(arguments: &MergeArguments) -> Exit {
    match merged(arguments) {
        Ok(record) => reported(arguments, record),
        Err((exit, why)) => {
            print::error(&format!("error: failed to {why}"));
            exit
        }
    }
}

/// Reads one record after another; none is kept whole.
fn merged(arguments: &MergeArguments) -> Result<Record, (Exit, String)> {
    let usage = |why: String| (Exit::Usage, why);
    let today = Wall::default().today();
    let mut merge = Merge::new(Expected { shards: arguments.expect, missing: arguments.allow_missing, today });
    let paths = waited(arguments).map_err(usage)?;
    if paths.is_empty() {
        return Err(usage("find a record: expected files run.jsonl of shards, or folders with them".to_owned()));
    }
    for path in paths {
        let failed = |why: String| usage(format!("merge {}: {why}", path.display()));
        let file = File::open(&path).map_err(|error| failed(error.to_string()))?;
        match read_jsonl(BufReader::new(file)) {
            Ok(record) => merge.add(record).map_err(failed)?,
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    merge.finish().map_err(|why| (Exit::Broken, format!("merge the records: {why}")))
}

/// The records, once there are whole ones of all shards, or the time is over.
fn waited(arguments: &MergeArguments) -> Result<Vec<PathBuf>, String> {
    let end = clock::now() + arguments.wait;
    loop {
        let found = files(&arguments.records);
        let whole = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "jsonl");
        let all = found.as_ref().is_ok_and(|found| found.iter().filter(whole).count() >= arguments.expect as usize);
        if all || clock::now() >= end {
            return found;
        }
        std::thread::sleep(POLL);
    }
}

/// The records among files and folders, in order of names.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |error: std::io::Error| format!("read the folder {}: {error}", path.display());
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
    let (mut reporters, paths) = match reporters(&arguments.reports, None) {
        Ok(reporters) => reporters,
        Err(exit) => return exit,
    };
    reporters.push(Box::new(ResultPrinter::new(Verbosity::Normal, paths)));
    for event in record.events() {
        for event in keeper.take(event) {
            reporters.iter_mut().for_each(|reporter| reporter.on_event(&event));
        }
    }
    let ended = keeper.record.finished.clone();
    let mut exit = ended.as_ref().and_then(|ended| Exit::of_code(ended.exit_code)).unwrap_or(Exit::Broken);
    for mut reporter in reporters {
        if let Err(error) = reporter.finish() {
            print::error(&format!("error: failed to {error}"));
            exit = exit.worst(Exit::Broken);
        }
    }
    exit = arguments.baselines.save(&keeper.record, exit);
    let reason = ended.filter(|ended| ended.exit_code == exit.code()).map(|ended| ended.reason);
    print::error(&format!("exit {}: {}", exit.code(), reason.as_deref().unwrap_or(exit.reason())));
    exit
}
