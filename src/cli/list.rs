//! `authbench list`: checks, schemes, profiles, faults, scenarios.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::print;
use crate::check::page::{self, CitedDocument, Clause, Section};
use crate::check::profile::PROFILES;
use crate::check::{Check, catalogue};
use crate::exit::Exit;
use crate::scenario::load_paths;
use crate::scheme::SCHEMES;

/// List checks, schemes, profiles, faults or scenarios.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// What to list.
    #[arg(value_enum)]
    what: What,
    /// Scenario files and folders, for `scenarios`.
    #[arg(default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Form::Text, env = "AUTHBENCH_LIST_FORMAT")]
    format: Form,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    Checks,
    Coverage,
    Schemes,
    Profiles,
    Faults,
    Scenarios,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
    Markdown,
}

/// One thing in a list: the members that are shown.
type Row = Vec<(&'static str, Value)>;

pub(super) fn run(arguments: &ListArguments) -> Exit {
    let rows: Vec<Row> = match arguments.what {
        What::Checks => catalogue().map(check).collect(),
        What::Coverage => page::clauses().iter().map(clause).collect(),
        What::Schemes => SCHEMES
            .iter()
            .map(|scheme| {
                vec![
                    ("id", json!(scheme.name())),
                    ("checks", json!(scheme.groups())),
                    ("forgeries", json!(scheme.forgeries().len())),
                ]
            })
            .collect(),
        What::Profiles => {
            PROFILES.iter().map(|profile| vec![("id", json!(profile.name)), ("for", json!(profile.why))]).collect()
        }
        What::Faults => crate::reference::faults()
            .into_iter()
            .map(|fault| vec![("id", json!(fault.name)), ("check", json!(fault.check)), ("opens", json!(fault.opens))])
            .collect(),
        What::Scenarios => match load_paths(&arguments.paths) {
            Ok(loaded) => {
                loaded.iter().map(|one| vec![("id", json!(one.file)), ("name", json!(one.scenario.name))]).collect()
            }
            Err(errors) => return super::tell(&errors),
        },
    };
    match arguments.format {
        Form::Json => {
            let objects =
                rows.into_iter().map(|row| row.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
            let list: Vec<serde_json::Map<String, Value>> = objects.collect();
            print::line(&serde_json::to_string_pretty(&list).unwrap_or_default());
        }
        Form::Text => text(&rows),
        Form::Markdown => markdown(arguments.what, &rows),
    }
    Exit::Passed
}

fn clause(((document, section), clause): (&(CitedDocument, Section), &Clause)) -> Row {
    vec![
        ("document", json!(document.to_string())),
        ("section", json!(section.1)),
        ("tested", json!(clause.tested)),
        ("untested", json!(clause.untested)),
    ]
}

fn check(check: &Check) -> Row {
    vec![
        ("id", json!(check.id)),
        ("severity", json!(check.severity.name())),
        ("level", json!(check.level.name())),
        ("title", json!(check.title)),
        ("tier", json!(check.tier.name())),
        ("mode", json!(check.mode.name())),
        ("remote_safe", json!(check.remote_safe)),
        ("sources", json!(check.sources)),
        ("fault", json!(check.fault)),
    ]
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn text(rows: &[Row]) {
    let columns = rows.first().map_or(0, |row| row.len().min(4));
    let width = |column: usize| rows.iter().map(|row| shown(&row[column].1).chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let cells =
            row.iter().take(columns).zip(&widths).map(|((_, value), width)| format!("{:<width$}", shown(value)));
        print::line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn markdown(what: What, rows: &[Row]) {
    match what {
        What::Checks => return print::line(page::checks().trim_end()),
        What::Coverage => return print::line(page::coverage().trim_end()),
        _ => {}
    }
    for row in rows {
        let cells: Vec<String> = row.iter().map(|(_, value)| shown(value)).collect();
        print::line(&format!("- `{}`: {}", cells[0], cells[1..].join("; ")));
    }
}
