//! Which reports a run writes, and where.

use std::path::{Path, PathBuf};

use super::print;
use crate::exit::Exit;
use crate::report::{self, FORMATS, Reporter};
use crate::shard::Shard;

/// Reports that are written where none is asked for.
const DEFAULT_REPORTS: [&str; 3] = ["html", "json", "jsonl"];

/// Reporters, and the files that they write.
pub(super) type Reporters = (Vec<Box<dyn Reporter>>, Vec<PathBuf>);

/// The reports that are asked for; without any: html, json and jsonl under reports/. A shard writes its record alone, and
/// `{shard}` in a path stands for its number.
pub(super) fn reporters(asked: &[String], shard: Option<Shard>) -> Result<Reporters, Exit> {
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
    let (mut reporters, mut paths): Reporters = (Vec::new(), Vec::new());
    for (format, path) in wanted {
        match report::to_file(format, &path) {
            Ok(reporter) => reporters.push(reporter),
            Err(error) => {
                print::error(&format!("error: failed to {error}"));
                return Err(Exit::Broken);
            }
        }
        paths.push(path);
    }
    Ok((reporters, paths))
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
            print::error(&format!("error: no report format is called {name:?}\nhelp: formats: {}", names.join(", ")));
            Err(Exit::Usage)
        }
    }
}
