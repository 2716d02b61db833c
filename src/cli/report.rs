//! `authbench report`: pages over many runs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::print;
use crate::exit::Exit;
use crate::file::{self, RECORD_LIMIT};
use crate::report::{PastRun, index, read_run, write_atomically};

/// Files that are looked for in each folder, the more telling first.
const FILES: [&str; 2] = ["run.jsonl", "report.json"];
/// The page of a run for people, beside its record.
const PAGE: &str = "report.html";
/// Folders within folders that are looked into.
const DEPTH: usize = 8;

/// Build a trend page from past runs.
///
/// Each folder with a record (run.jsonl) or a report (report.json) is a run.
#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// The page.
    #[arg(value_enum)]
    what: What,
    /// Folder that contains a folder for each run.
    #[arg(default_value = "reports")]
    folder: PathBuf,
    /// File to write (default: index.html in that folder).
    #[arg(short, long, env = "AUTHBENCH_REPORT_OUTPUT")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    Index,
}

pub(super) fn run(arguments: &ReportArguments) -> Exit {
    let What::Index = arguments.what;
    let mut runs = Vec::new();
    if let Err(why) = add_runs(&arguments.folder, &arguments.folder, DEPTH, &mut runs) {
        print::error(&format!("error: failed to {why}"));
        return Exit::Usage;
    }
    if runs.is_empty() {
        let help = "a run leaves one: authbench run … --report jsonl=reports/DAY/run.jsonl";
        print::error(&format!("error: no run is in {}\nhelp: {help}", arguments.folder.display()));
        return Exit::NothingSelected;
    }
    let (count, output) = (runs.len(), arguments.output.clone().unwrap_or_else(|| arguments.folder.join("index.html")));
    let written = index(runs).and_then(|page| write_atomically(&output, &page));
    match written {
        Ok(()) => {
            print::line(&format!("{}: {count} runs", output.display()));
            Exit::Passed
        }
        Err(error) => {
            print::error(&format!("error: failed to {error}"));
            Exit::Broken
        }
    }
}

/// A folder of runs that cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("read {}: {source}", .folder.display())]
struct FolderError {
    folder: PathBuf,
    source: std::io::Error,
}

/// Adds the runs of a folder and of those within it. What cannot be read as a run is reported and left out.
fn add_runs(root: &Path, folder: &Path, depth: usize, runs: &mut Vec<PastRun>) -> Result<(), FolderError> {
    let entries = std::fs::read_dir(folder).map_err(|source| FolderError { folder: folder.to_owned(), source })?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        // a link may lead back to where it stands
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    runs.extend(
        FILES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
            .and_then(|path| read(root, folder, &path)),
    );
    match depth.checked_sub(1) {
        Some(depth) => folders.iter().try_for_each(|folder| add_runs(root, folder, depth, runs)),
        None => Ok(()),
    }
}

fn read(root: &Path, folder: &Path, path: &Path) -> Option<PastRun> {
    let read = file::bytes(path, RECORD_LIMIT).map_err(|error| error.to_string());
    match read.and_then(|bytes| read_run(&bytes).map_err(|error| error.to_string())) {
        Ok(record) => {
            let within = folder.strip_prefix(root).unwrap_or(folder);
            let name = if within.as_os_str().is_empty() { "latest".to_owned() } else { within.display().to_string() };
            let link = folder.join(PAGE).is_file().then(|| address(&within.join(PAGE)));
            Some(PastRun { name, link, record })
        }
        Err(why) => {
            print::error(&format!("note: {} is left out: {why}", path.display()));
            None
        }
    }
}

/// A relative path as the address of a link: what would have a meaning in it is encoded.
fn address(path: &Path) -> String {
    let parts = path.components().map(|part| {
        let text = part.as_os_str().to_string_lossy().into_owned();
        percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
    });
    // dots need no encoding, and read better
    format!("./{}", parts.collect::<Vec<_>>().join("/").replace("%2E", "."))
}
