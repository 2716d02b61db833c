//! `authbench schema`: JSON Schemas of what authbench reads and writes, and the documentation made from them.

use clap::{Args, ValueEnum};

use super::print;
use crate::exit::Exit;

/// Print the JSON Schema of scenarios, of files of waivers, or of report.json.
///
/// `authbench schema > schema.json` beside scenarios lets an editor with a YAML language server complete and check those that
/// begin with `# yaml-language-server: $schema=schema.json`.
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Which schema.
    #[arg(long, value_enum, default_value_t = Of::Scenario, env = "AUTHBENCH_SCHEMA_OF")]
    of: Of,
    /// Output format: a JSON Schema, or a page to read (scenarios only).
    #[arg(long, value_enum, default_value_t = Form::Json, env = "AUTHBENCH_SCHEMA_FORMAT")]
    format: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Of {
    Scenario,
    Report,
    Waivers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Json,
    Markdown,
}

pub(super) fn run(arguments: &SchemaArguments) -> Exit {
    match (arguments.of, arguments.format) {
        (Of::Scenario, Form::Markdown) => print::line(crate::scenario::manual::page().trim_end()),
        (Of::Report | Of::Waivers, Form::Markdown) => {
            print::error(
                "error: only scenarios have a page to read\nhelp: leave out `--format markdown` for the schema",
            );
            return Exit::Usage;
        }
        (Of::Waivers, Form::Json) => json(&crate::scenario::waivers_schema()),
        (Of::Scenario, Form::Json) => json(&crate::scenario::schema()),
        (Of::Report, Form::Json) => json(&crate::report::report_schema()),
    }
    Exit::Passed
}

fn json(schema: &serde_json::Value) {
    print::line(&serde_json::to_string_pretty(schema).unwrap_or_default());
}
