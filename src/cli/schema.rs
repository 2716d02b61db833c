//! `authbench schema`: JSON Schemas of what authbench reads and writes.

use clap::{Args, ValueEnum};

use super::print;
use crate::exit::Exit;

/// Print the JSON Schema of scenarios, or of report.json.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Of what.
    #[arg(long, value_enum, default_value_t = Of::Scenario)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    Scenario,
    Report,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let schema = match arguments.of {
        Of::Scenario => crate::scenario::schema(),
        Of::Report => crate::report::report_schema(),
    };
    print::line(&serde_json::to_string_pretty(&schema).unwrap_or_default());
    Exit::Passed
}
