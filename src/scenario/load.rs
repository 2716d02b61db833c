//! Reads scenario files, all of them before any runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::from_yaml;
use super::waivers::{WaiverFile, load_waivers};
use super::{Scenario, ScenarioError, validate};

/// Bytes of a scenario file.
const FILE_LIMIT: u64 = 1 << 20;

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
}

impl LoadedScenario {
    /// A mistake at a place of this file.
    pub fn error(&self, place: super::Position, message: impl Into<String>) -> ScenarioError {
        ScenarioError::new(&self.file, &self.source, Some(place), message)
    }

    /// Folder that paths in the scenario are relative to.
    pub fn folder(&self) -> PathBuf {
        Path::new(&self.file).parent().map(Path::to_path_buf).unwrap_or_default()
    }
}

/// Reads files, and the `.yaml` and `.yml` files of folders in order of their names, without subfolders.
///
/// # Errors
/// All mistakes of all files.
pub fn load_paths(paths: &[PathBuf]) -> Result<Vec<LoadedScenario>, Vec<ScenarioError>> {
    let (mut loaded, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match files(path) {
            Ok(files) => {
                for file in files {
                    match load(&file) {
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

fn whole(path: &Path, message: impl Into<String>) -> ScenarioError {
    ScenarioError::new(&path.display().to_string(), "", None, message)
}

fn files(path: &Path) -> Result<Vec<PathBuf>, ScenarioError> {
    let failed = |error: std::io::Error| whole(path, format!("cannot be read: {error}"));
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let yaml = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(whole(path, "the folder has no .yaml file").with_help("name a file, or a folder with scenarios"));
    }
    Ok(files)
}

fn load(path: &Path) -> Result<LoadedScenario, Vec<ScenarioError>> {
    let source = read(path).map_err(|error| vec![error])?;
    load_text(path.display().to_string(), source)
}

/// Reads a scenario from its text, as if it stood in a file of this name.
///
/// # Errors
/// All its mistakes.
pub fn load_text(file: String, source: String) -> Result<LoadedScenario, Vec<ScenarioError>> {
    let scenario = parse(&file, &source).map_err(|error| vec![error])?;
    let mut loaded = LoadedScenario { file, source, scenario, waiver_files: Vec::new() };
    let mut mistakes = validate::mistakes(&loaded);
    if let Some(named) = &loaded.scenario.conformance.waivers_file {
        match load_waivers(&loaded.folder().join(&named.value)) {
            Ok(waivers) => loaded.waiver_files.push(Arc::new(waivers)),
            Err(more) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() { Ok(loaded) } else { Err(mistakes) }
}

pub(super) fn read(path: &Path) -> Result<String, ScenarioError> {
    let failed = |error: std::io::Error| whole(path, format!("cannot be read: {error}"));
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > FILE_LIMIT {
        return Err(whole(path, format!("{length} bytes are too many for a scenario; the limit is {FILE_LIMIT}")));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|_| whole(path, "not text in UTF-8"))?;
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(whole(path, "control characters: not a scenario"));
    }
    Ok(text)
}

fn parse(file: &str, source: &str) -> Result<Scenario, ScenarioError> {
    let indented_by_tab = source.lines().position(|line| line.trim_start_matches(' ').starts_with('\t'));
    if let Some(line) = indented_by_tab {
        let place = super::Position { line: line + 1, column: 1 };
        let error = ScenarioError::new(file, source, Some(place), "a tab cannot indent a line of YAML");
        return Err(error.with_help("indent with spaces"));
    }
    let has_version = source.lines().any(|line| line.starts_with("authbench:"));
    if !has_version && !source.trim_start().starts_with('{') {
        let error = ScenarioError::new(file, source, None, "no `authbench:` key: not a scenario");
        return Err(error.with_help("begin the file with `authbench: 1`"));
    }
    serde_yaml::from_str_with_options(source, options()).map_err(|error| from_yaml(file, source, &error))
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
