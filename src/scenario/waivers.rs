//! Waivers in a file of their own, for several scenarios.

use std::path::Path;

use super::error::from_yaml;
use super::load::{LoadedScenario, has_key, options, read};
use super::model::{Waiver, WaiverList};
use super::{At, Position, ScenarioError};
use crate::file::{Folder, SCENARIO_LIMIT};

/// Longest life of a waiver.
const WAIVER_DAYS: i32 = 180;

/// A file of waivers.
#[derive(Clone, Debug)]
pub struct WaiverFile {
    /// File, as given.
    pub file: String,
    /// Its text.
    pub source: String,
    /// What it says.
    pub waivers: Vec<At<Waiver>>,
}

impl WaiverFile {
    /// A mistake at a place of this file.
    pub fn error(&self, place: Position, message: impl Into<String>) -> ScenarioError {
        ScenarioError::new(&self.file, &self.source, Some(place), message)
    }
}

/// Reads a file of waivers: a mapping with the key `waivers`.
///
/// # Errors
/// All mistakes of the file.
pub fn load_waivers(path: &Path) -> Result<WaiverFile, Vec<ScenarioError>> {
    let file = path.display().to_string();
    let source = read(&Folder::of(path, false), path)
        .map_err(|why| vec![ScenarioError::new(&file, "", None, why.to_string())])?;
    parse(file, source)
}

/// Reads the file of waivers that a scenario names. That it cannot be read is a mistake of the scenario.
pub(super) fn named_waivers(loaded: &LoadedScenario, named: &At<String>) -> Result<WaiverFile, Vec<ScenarioError>> {
    let path = loaded.folder().join(&named.value);
    let source = loaded.folder().text(&named.value, SCENARIO_LIMIT).map_err(|why| {
        let error = loaded.error(named.place, format!("the file of waivers {} cannot be read: {why}", named.value));
        vec![error.with_help("name a file with the key `waivers`, relative to the scenario")]
    })?;
    parse(path.display().to_string(), source)
}

fn parse(file: String, source: String) -> Result<WaiverFile, Vec<ScenarioError>> {
    // nothing of a file is shown before it is known to be one of waivers
    if !has_key(&source, "waivers") {
        let error = ScenarioError::new(&file, "", None, "no `waivers:` key: not a file of waivers");
        return Err(vec![error.with_help("begin the file with `waivers:`")]);
    }
    let list: WaiverList = serde_yaml::from_str_with_options(&source, options())
        .map_err(|error| vec![from_yaml(&file, &source, &error)])?;
    let read = WaiverFile { file, source, waivers: list.waivers };
    let mut mistakes = Vec::new();
    for waiver in &read.waivers {
        let mut error = |message: String, help: &str| {
            mistakes.push(read.error(waiver.place, message).with_help(help));
        };
        tell_mistakes(waiver, &mut error);
        if waiver.target.is_none() {
            error("a waiver in a file names its `target`".to_owned(), "add `target: https://api.example.test`");
        }
    }
    if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
}

/// Tells what is wrong with a waiver by itself: a message and a way out.
pub(super) fn tell_mistakes(waiver: &Waiver, tell: &mut dyn FnMut(String, &str)) {
    let days = (waiver.expires.0 - waiver.created.0).get_days();
    if days <= 0 {
        tell("the waiver expires before it was created".to_owned(), "set `expires` to a day after `created`");
    } else if days > WAIVER_DAYS {
        let message = format!("a waiver holds {WAIVER_DAYS} days at most, this one {days}");
        tell(message, "set an earlier `expires`, and renew it when it is due");
    }
    for (key, text) in [("reason", &waiver.reason), ("owner", &waiver.owner)] {
        if text.trim().is_empty() {
            tell(format!("the waiver has an empty `{key}`"), "say why, and who answers for it");
        }
    }
    let second = waiver.approved_by.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if waiver.accept_risk && second.is_none_or(|name| name.eq_ignore_ascii_case(waiver.owner.trim())) {
        let message = "`accept_risk` needs a second name".to_owned();
        tell(message, "add `approved_by: …`, somebody other than the owner");
    }
    if waiver.observed.status.iter().any(|status| !(100..1000).contains(status)) {
        tell("a status has three digits".to_owned(), "write a status such as 401");
    }
}
