//! `authbench compare`: what changed between two runs.

use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::{baseline, print};
use crate::event::comparison::Comparison;
use crate::exit::Exit;
use crate::report::{ReportError, comparison, write_atomically};

/// Compare two runs: checks that broke or vanished, and what their measurements prove.
///
/// A run is a record (run.jsonl), a report (report.json, which lacks the distributions behind percentiles), or the name of
/// a saved baseline. A regression ends with 1.
#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// The run to compare with, such as a baseline.
    before: String,
    /// The run to judge.
    after: String,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Form::Text, env = "AUTHBENCH_COMPARE_FORMAT")]
    format: Form,
    /// File to write (default: standard output).
    #[arg(short, long, env = "AUTHBENCH_COMPARE_OUTPUT")]
    output: Option<PathBuf>,
    /// Folder of saved baselines.
    #[arg(long, value_name = "FOLDER", default_value = baseline::FOLDER, env = "AUTHBENCH_COMPARE_BASELINES")]
    baselines: PathBuf,
    /// Compare measurements even if the machines differ.
    #[arg(long, env = "AUTHBENCH_COMPARE_FORCE", value_parser = FalseyValueParser::new())]
    force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(arguments: &CompareArguments) -> Exit {
    let read = |name: &str| baseline::read(&arguments.baselines, name);
    let compared = read(&arguments.before).and_then(|before| {
        let after = read(&arguments.after)?;
        let mut comparison = baseline::compared(&before, &after, false, arguments.force)?;
        comparison.notes.extend(baseline::notes_on_lost(&before.record, &after.record));
        let exit = baseline::exit_between(&comparison, &before, &after);
        Ok((comparison, exit))
    });
    let (comparison, exit) = match compared {
        Ok(compared) => compared,
        Err(why) => {
            print::error(&format!("error: failed to {why}"));
            return Exit::Usage;
        }
    };
    if let Err(why) = write(arguments, &comparison) {
        print::error(&format!("error: failed to {why}"));
        return Exit::Broken;
    }
    print::error(&format!("exit {}: {}", exit.code(), comparison::outcome(&comparison)));
    exit
}

/// Why a comparison cannot be printed. Each completes "failed to …".
#[derive(Debug, thiserror::Error)]
enum OutputError {
    #[error("express the comparison in JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    File(#[from] ReportError),
    #[error("write standard output: {0}")]
    Standard(std::io::Error),
}

fn write(arguments: &CompareArguments, comparison: &Comparison) -> Result<(), OutputError> {
    let columns = if arguments.output.is_some() { None } else { print::output_columns() };
    let text = match arguments.format {
        Form::Text => comparison::text(comparison, columns),
        Form::Markdown => comparison::as_markdown(comparison),
        Form::Json => serde_json::to_string_pretty(comparison)? + "\n",
    };
    match &arguments.output {
        Some(path) => {
            let plain = anstream::adapter::strip_str(&text).to_string();
            Ok(write_atomically(path, plain.as_bytes())?)
        }
        None => match anstream::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(OutputError::Standard),
        },
    }
}
