//! One module for each report format; each a pure function of the record of a run.

pub mod comparison;
mod csv;
mod curl;
mod escape;
mod file;
mod github;
mod hlog;
mod html;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod openmetrics;
mod progress;
mod read;
mod record;
mod sarif;
mod shared;
mod summary;
mod terminal;
mod text;
mod units;
mod words;

use std::path::{Path, PathBuf};

use crate::event::Event;

pub use file::{FileReporter, write_atomically, write_for_all};
pub use html::{PastRun, index};
pub use json::{Report, report_schema};
pub use jsonl::{JsonLines, ReadError, read_jsonl};
pub use progress::{Progress, Watching, interject};
pub use read::read_run;
pub use record::{Counts, LoadRecord, Planned, Record, ScenarioRecord, ShownFinding, is_finding};
pub use terminal::ResultPrinter;
pub use text::{Verbosity, wrapped};

/// Something that follows a run event by event.
pub trait Reporter {
    /// Takes note of an event. A failure is kept for [`Reporter::finish`], so that one report cannot stop a run.
    fn on_event(&mut self, event: &Event);

    /// Completes the report.
    ///
    /// # Errors
    ///
    /// Where the report could not be made or written; what was there before is untouched.
    fn finish(&mut self) -> Result<(), ReportError>;
}

/// A report format.
#[derive(Debug)]
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// Extension of its files, without the dot.
    pub extension: &'static str,
    /// What it is for, in one line.
    pub description: &'static str,
    /// Makes the whole report.
    pub render: fn(&Record) -> Result<Vec<u8>, ReportError>,
}

/// All formats that can be written to a file, the most asked for first.
pub const FORMATS: &[Format] = &[
    Format { name: "html", extension: "html", description: "one page for people", render: html::render },
    Format { name: "json", extension: "json", description: "everything, for programs", render: json::render },
    Format {
        name: "jsonl",
        extension: "jsonl",
        description: "the record itself, event by event",
        render: jsonl::render,
    },
    Format { name: "junit", extension: "xml", description: "test results for CI servers", render: junit::render },
    Format { name: "sarif", extension: "sarif", description: "findings for code scanning", render: sarif::render },
    Format {
        name: "text",
        extension: "txt",
        description: "what the terminal shows, without colours",
        render: text::render,
    },
    Format {
        name: "md",
        extension: "md",
        description: "a summary for a pull request or a CI step",
        render: markdown::render,
    },
    Format {
        name: "github",
        extension: "annotations",
        description: "workflow commands that mark the scenario's lines in GitHub Actions",
        render: github::render,
    },
    Format { name: "csv", extension: "csv", description: "every result and measurement as a row", render: csv::render },
    Format {
        name: "openmetrics",
        extension: "prom",
        description: "gauges for a textfile collector",
        render: openmetrics::render,
    },
    Format {
        name: "hlog",
        extension: "hlog",
        description: "load intervals as an HdrHistogram log",
        render: hlog::render,
    },
];

fn names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name).collect()
}

/// The format of this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Makes a report of a record in the format of a name, such as `html`, `junit` or `sarif`.
///
/// # Errors
///
/// Where there is no such format, or the record cannot be expressed in it.
pub fn render(record: &Record, name: &str) -> Result<Vec<u8>, ReportError> {
    let format = format(name).ok_or_else(|| ReportError::Unknown(name.to_owned()))?;
    (format.render)(record)
}

/// The format that a file of this name is written in, by its extension.
pub fn format_of(path: &Path) -> Option<&'static Format> {
    let extension = path.extension()?.to_str()?;
    FORMATS.iter().find(|format| format.extension.eq_ignore_ascii_case(extension))
}

/// A reporter that writes this format to a file: the record as it comes, everything else at the end, with the exchanges of all
/// checks or without those of passed ones where they would be most of a report.
///
/// # Errors
///
/// Where the folder of the file cannot be made, or the file cannot be created there.
pub fn to_file(
    format: &'static Format,
    path: &Path,
    all_evidence: bool,
) -> Result<Box<dyn Reporter + Send>, ReportError> {
    if format.name == "jsonl" {
        return Ok(Box::new(JsonLines::create(path)?));
    }
    Ok(Box::new(FileReporter::create(format, path)?.with_evidence(all_evidence)))
}

/// A reporter that writes this format behind what a file already holds, such as the summary of a CI step.
pub fn append_to_file(format: &'static Format, path: &Path) -> FileReporter {
    FileReporter::appending(format, path)
}

/// Why a report could not be made or written. Each completes "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// No format has this name.
    #[error("make a {0} report: expected one of {known}", known = names().join(", "))]
    Unknown(String),
    /// The file system refused.
    #[error("{doing} {}: {source}", .path.display())]
    Write {
        /// What was being done, such as `write`.
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The record cannot be expressed in the format.
    #[error("make a {format} report: {why}")]
    Render {
        /// Name of the format.
        format: &'static str,
        /// Why not.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn formats_are_told_apart_by_name_and_extension() {
        let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name).collect();
        let extensions: BTreeSet<_> = FORMATS.iter().map(|format| format.extension).collect();
        assert_eq!((names.len(), extensions.len()), (FORMATS.len(), FORMATS.len()));
        for format in FORMATS {
            assert_eq!(
                format_of(&PathBuf::from(format!("a/b.{}", format.extension))).map(|found| found.name),
                Some(format.name)
            );
        }
    }
}
