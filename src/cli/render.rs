//! `authbench render`: makes any report again from the record of a run.

use std::io::{BufReader, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::print;
use super::reports::EvidenceOf;
use crate::exit::Exit;
use crate::file::{self, RECORD_LIMIT};
use crate::report::{FORMATS, format, read_jsonl, write_atomically};

/// Render a report again from the record of a run (run.jsonl).
#[derive(Debug, Args)]
pub(super) struct RenderArguments {
    /// The record: run.jsonl.
    record: PathBuf,
    /// Format of the report.
    #[arg(long, default_value = "text", env = "AUTHBENCH_RENDER_FORMAT", value_parser = clap::builder::PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    format: String,
    /// Checks whose requests and answers report.json holds; run.jsonl has those of all.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = EvidenceOf::Findings, env = "AUTHBENCH_RENDER_EVIDENCE")]
    evidence: EvidenceOf,
    /// File to write (default: standard output).
    #[arg(short, long, env = "AUTHBENCH_RENDER_OUTPUT")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &RenderArguments) -> Exit {
    let fail = |exit: Exit, text: String| {
        print::error(&format!("error: failed to {text}"));
        exit
    };
    let file = match file::open(&arguments.record, RECORD_LIMIT) {
        Ok(file) => file,
        Err(error) => return fail(Exit::Usage, format!("read {}: {error}", arguments.record.display())),
    };
    let mut record = match read_jsonl(BufReader::new(file)) {
        Ok(record) => record,
        Err(error) => return fail(Exit::Usage, format!("read {}: {error}", arguments.record.display())),
    };
    record.shows_all_evidence = arguments.evidence.is_all();
    let Some(format) = format(&arguments.format) else { return Exit::Usage };
    let bytes = match (format.render)(&record) {
        Ok(bytes) => bytes,
        Err(error) => return fail(Exit::Broken, error.to_string()),
    };
    let written = match &arguments.output {
        Some(path) => write_atomically(path, &bytes).map_err(|error| error.to_string()),
        None => std::io::stdout().write_all(&bytes).map_err(|error| format!("write standard output: {error}")),
    };
    match written {
        Ok(()) => Exit::Passed,
        Err(why) => fail(Exit::Broken, why),
    }
}
