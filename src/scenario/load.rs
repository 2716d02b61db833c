//! Reads scenario files, all of them before any runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::from_yaml;
use super::waivers::{WaiverFile, named_waivers};
use super::{Scenario, ScenarioError, validate};
use crate::file::{FileError, Folder, SCENARIO_LIMIT};

/// A scenario with its file.
#[derive(Clone, Debug)]
pub struct LoadedScenario {
    /// File, as given.
    pub file: String,
    /// Its text.
    pub source: String,
    /// What it says.
    pub scenario: Scenario,
    /// Files of waivers that speak of it.
    pub waiver_files: Vec<Arc<WaiverFile>>,
    /// Whether it may read files of its own folder only.
    confined: bool,
}

impl LoadedScenario {
    /// A mistake at a place of this file.
    pub fn error(&self, place: super::Position, message: impl Into<String>) -> ScenarioError {
        ScenarioError::new(&self.file, &self.source, Some(place), message)
    }

    /// Folder that paths in the scenario are relative to.
    pub fn folder(&self) -> Folder {
        Folder::of(Path::new(&self.file), self.confined)
    }
}

/// Reads files, and the `.yaml` and `.yml` files of folders in order of their names, without subfolders.
///
/// # Errors
/// All mistakes of all files.
pub fn load_paths(paths: &[PathBuf]) -> Result<Vec<LoadedScenario>, Vec<ScenarioError>> {
    load_all(paths, false)
}

/// Reads files and folders as [`load_paths`] does, for scenarios that somebody else wrote: none of them reads a file outside
/// its own folder, nor is a link to such a file a scenario.
///
/// # Errors
/// All mistakes of all files.
pub fn load_untrusted(paths: &[PathBuf]) -> Result<Vec<LoadedScenario>, Vec<ScenarioError>> {
    load_all(paths, true)
}

fn load_all(paths: &[PathBuf], confined: bool) -> Result<Vec<LoadedScenario>, Vec<ScenarioError>> {
    let (mut loaded, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match files(path) {
            Ok(files) => {
                for file in files {
                    match load(&file, confined) {
                        Ok(scenario) => loaded.push(scenario),
                        Err(mistakes) => errors.extend(mistakes),
                    }
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(loaded) } else { Err(errors) }
}

fn whole(path: &Path, message: impl ToString) -> ScenarioError {
    ScenarioError::new(&path.display().to_string(), "", None, message.to_string())
}

fn files(path: &Path) -> Result<Vec<PathBuf>, ScenarioError> {
    let failed = |error: std::io::Error| {
        let absent = error.kind() == std::io::ErrorKind::NotFound;
        let unread = whole(path, format!("cannot be read: {error}"));
        if absent {
            unread.with_help("name a file or a folder that is there; `authbench init` creates a scenario")
        } else {
            unread
        }
    };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let yaml = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        // a link that leads nowhere is how some editors lock a file
        if yaml && file.exists() && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(whole(path, "the folder has no .yaml file").with_help("name a file, or a folder with scenarios"));
    }
    Ok(files)
}

fn load(path: &Path, confined: bool) -> Result<LoadedScenario, Vec<ScenarioError>> {
    let folder = Folder::of(path, confined);
    let source = read(&folder, path).map_err(|why| vec![whole(path, why)])?;
    load_source(path.display().to_string(), source, confined)
}

/// Reads a scenario from its text, as if it stood in a file of this name.
///
/// # Errors
/// All its mistakes.
pub fn load_text(file: String, source: String) -> Result<LoadedScenario, Vec<ScenarioError>> {
    load_source(file, source, false)
}

fn load_source(file: String, source: String, confined: bool) -> Result<LoadedScenario, Vec<ScenarioError>> {
    let scenario = parse(&file, &source).map_err(|error| vec![error])?;
    let mut loaded = LoadedScenario { file, source, scenario, waiver_files: Vec::new(), confined };
    let mut mistakes = validate::mistakes(&loaded);
    if let Some(named) = &loaded.scenario.conformance.waivers_file {
        match named_waivers(&loaded, named) {
            Ok(waivers) => loaded.waiver_files.push(Arc::new(waivers)),
            Err(more) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() { Ok(loaded) } else { Err(mistakes) }
}

/// The text of a file of scenarios or waivers; why it has none, as the end of a sentence about the file.
pub(super) fn read(folder: &Folder, path: &Path) -> Result<String, UnreadScenario> {
    // the folder is that of the file: its name alone leads to it
    let text = match path.file_name() {
        Some(name) => folder.text(name, SCENARIO_LIMIT)?,
        None => crate::file::text(path, SCENARIO_LIMIT)?,
    };
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(UnreadScenario::Control);
    }
    Ok(text)
}

/// Why a file has no text of a scenario.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnreadScenario {
    /// It is not read.
    #[error("cannot be read: {0}")]
    File(#[from] FileError),
    /// Bytes that no text has.
    #[error("control characters: not a scenario")]
    Control,
}

fn parse(file: &str, source: &str) -> Result<Scenario, ScenarioError> {
    // nothing of a file is shown before it is known to be a scenario
    if !has_key(source, "authbench") {
        let error = ScenarioError::new(file, "", None, "no `authbench:` key: not a scenario");
        return Err(error.with_help(
            "begin a scenario with `authbench: 1`; where a folder holds other YAML too, name the scenario files",
        ));
    }
    let indented_by_tab = source.lines().position(|line| line.trim_start_matches(' ').starts_with('\t'));
    if let Some(line) = indented_by_tab {
        let place = super::Position { line: line + 1, column: 1 };
        let error = ScenarioError::new(file, source, Some(place), "a tab cannot indent a line of YAML");
        return Err(error.with_help("indent with spaces"));
    }
    serde_yaml::from_str_with_options(source, options()).map_err(|error| from_yaml(file, source, &error))
}

/// Whether a text has a key at its top, in block style or between braces.
pub(super) fn has_key(source: &str, key: &str) -> bool {
    let source = source.trim_start_matches('\u{feff}');
    let is_key = |text: &str| {
        let text = text.trim_start();
        let quoted = ['"', '\'']
            .into_iter()
            .find_map(|quote| text.strip_prefix(quote)?.strip_prefix(key)?.strip_prefix(quote).map(str::trim_start));
        let rest = quoted.or_else(|| text.strip_prefix(key).map(str::trim_start));
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    match source.trim_start().strip_prefix('{') {
        // in one mapping, wherever the key is in it
        Some(inside) => inside.split(['{', ',', '\n']).any(is_key),
        None => source.lines().any(|line| !line.starts_with([' ', '\t']) && is_key(line)),
    }
}

/// Limits that no honest scenario meets.
pub(super) fn options() -> serde_yaml::Options {
    let mut budget = serde_yaml::Budget::default();
    budget.max_depth = 64;
    budget.flow_nesting_limit = 64;
    budget.max_nodes = 100_000;
    budget.max_events = 300_000;
    budget.max_aliases = 1000;
    budget.max_anchors = 1000;
    let mut options = serde_yaml::Options::default();
    options.budget = Some(budget);
    // `!env NAME` of another program would be read as the text NAME
    options.reject_unsupported_tags = true;
    options
}
