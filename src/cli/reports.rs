//! Which reports a run writes, and where.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::print;
use crate::event::Event;
use crate::exit::Exit;
use crate::report::{self, FORMATS, Reporter};
use crate::shard::Shard;

/// Reports that are written where none is asked for.
const DEFAULT_REPORTS: [&str; 3] = ["html", "json", "jsonl"];

/// Of which checks `report.json` holds the exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EvidenceOf {
    /// Those that did not pass.
    Findings,
    /// All of them.
    All,
}

impl EvidenceOf {
    pub(super) fn is_all(self) -> bool {
        self == EvidenceOf::All
    }
}

/// Reporters that write files, each with its file.
pub(super) struct ReportFiles(Vec<(Box<dyn Reporter>, PathBuf)>);

impl ReportFiles {
    /// No files.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        self.0.iter_mut().for_each(|(reporter, _)| reporter.on_event(event));
    }

    /// Completes all reports; those that were written, and the exit that counts.
    pub(super) fn finish(self, exit: Exit) -> (Vec<PathBuf>, Exit) {
        let (mut written, mut exit) = (Vec::new(), exit);
        for (mut reporter, path) in self.0 {
            match finish(reporter.as_mut()) {
                true => written.push(path),
                false => exit = exit.worst(Exit::Broken),
            }
        }
        (written, exit)
    }
}

/// Completes a reporter; whether it did not fail, which is said.
pub(super) fn finish(reporter: &mut dyn Reporter) -> bool {
    let finished = reporter.finish();
    finished.map_err(|error| print::error(&format!("error: failed to {error}"))).is_ok()
}

/// The reports that are asked for; without any: html, json and jsonl under reports/. A shard writes its record alone, and
/// `{shard}` in a path stands for its number.
pub(super) fn reporters(asked: &[String], shard: Option<Shard>, evidence: EvidenceOf) -> Result<ReportFiles, Exit> {
    let mut wanted: Vec<(&'static report::Format, PathBuf)> = Vec::new();
    for one in asked {
        let one = match shard {
            Some(shard) => one.replace("{shard}", &format!("{:04}", shard.index)),
            None => one.clone(),
        };
        wanted.push(parse(&one)?);
    }
    if let (true, Some(shard)) = (asked.is_empty(), shard) {
        let path = PathBuf::from(format!("reports/shard-{:04}.jsonl", shard.index));
        wanted.extend(report::format("jsonl").map(|format| (format, path)));
    } else if asked.is_empty() {
        let defaults = DEFAULT_REPORTS.iter().filter_map(|name| report::format(name));
        wanted.extend(defaults.map(|format| {
            let stem = if format.name == "jsonl" { "run" } else { "report" };
            (format, Path::new("reports").join(format!("{stem}.{}", format.extension)))
        }));
    }
    let mut reporters: Vec<(Box<dyn Reporter>, PathBuf)> = Vec::new();
    for (format, path) in wanted {
        match report::to_file(format, &path, evidence.is_all()) {
            Ok(reporter) => reporters.push((reporter, path)),
            Err(error) => {
                print::error(&format!("error: failed to {error}"));
                return Err(Exit::Broken);
            }
        }
    }
    Ok(ReportFiles(reporters))
}

fn parse(asked: &str) -> Result<(&'static report::Format, PathBuf), Exit> {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let Some((name, path)) = asked.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        print::error(&format!("error: a report is FORMAT=PATH, not {asked:?}\nhelp: formats: {}", names.join(", ")));
        return Err(Exit::Usage);
    };
    match report::format(name) {
        Some(format) => Ok((format, PathBuf::from(path))),
        None => {
            let near = crate::scenario::nearest(name, names.iter().copied());
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            print::error(&format!(
                "error: no report format is called {name:?}\nhelp: {near}formats: {}",
                names.join(", ")
            ));
            Err(Exit::Usage)
        }
    }
}
