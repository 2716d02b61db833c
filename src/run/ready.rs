//! Scenarios with their values read: what can be told before anything starts.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Only, Options, overhead, phase, pool, receivers, shards, start};
use crate::check::profile::Effective;
use crate::plan::login_server::{checks_of, login_server};
use crate::plan::overhead::OverheadStudy;
use crate::plan::subject::Subject;
use crate::plan::{PlannedCheck, Selection, Values, resolve};
use crate::scenario::{Environment, LoadedScenario, ScenarioError};

/// A scenario with its values read, ready to run.
pub struct Ready {
    pub(super) loaded: LoadedScenario,
    pub(super) subject: Subject,
    pub(super) selection: Selection,
    pub(super) comparison: Option<OverheadStudy>,
    pub(super) launch: start::Wanted,
    /// Names of the variables that were read; where nothing is read, of those that a run needs.
    pub(super) variables: BTreeSet<String>,
}

/// Reads the values of all scenarios, before any runs.
///
/// # Errors
/// All mistakes of all scenarios: unset secrets, patterns that match nothing, unknown profiles.
pub fn prepare(
    loaded: Vec<LoadedScenario>,
    environment: Option<&dyn Environment>,
    options: &Options,
) -> Result<Vec<Ready>, Vec<ScenarioError>> {
    let (mut ready, mut errors) = (Vec::new(), Vec::new());
    for loaded in loaded {
        match prepare_one(loaded, environment, options) {
            Ok(one) => ready.push(one),
            Err(mistakes) => errors.extend(mistakes),
        }
    }
    // a mistake in a file of waivers is one mistake, however many scenarios name the file
    let mut told = BTreeSet::new();
    errors.retain(|error| told.insert(error.render(false)));
    if errors.is_empty() { Ok(ready) } else { Err(errors) }
}

fn prepare_one(
    mut loaded: LoadedScenario,
    environment: Option<&dyn Environment>,
    options: &Options,
) -> Result<Ready, Vec<ScenarioError>> {
    if let Some(base) = &options.base_url {
        loaded.scenario.target.value.0.aim_at(base.as_str());
    }
    let mut errors = crate::plan::mistakes(&loaded);
    errors.extend(shards::mistakes(&loaded, options));
    errors.extend(start::bad_faults(&loaded));
    let values = match environment {
        Some(environment) => Values::reading(&loaded, environment),
        None => Values::blind(&loaded),
    };
    let mut subject = resolve::subject(&loaded, &values);
    if !options.commands {
        subject.forbid_commands();
    }
    let mut comparison = crate::plan::overhead::comparison(&loaded, &values).unwrap_or_else(|mistakes| {
        errors.extend(mistakes);
        None
    });
    if let Some(study) = comparison.as_mut().filter(|_| !options.commands) {
        std::iter::once(&mut study.baseline).chain(&mut study.schemes).for_each(|side| side.subject.forbid_commands());
    }
    let launch = start::wanted(&loaded, (&subject, comparison.as_ref()), &values);
    let variables = values.used();
    if environment.is_some() {
        errors.extend(receivers::mistakes(&loaded, (&subject, comparison.as_ref()), &launch, options));
    }
    errors.extend(values.finish().err().unwrap_or_default());
    if environment.is_some() {
        errors.extend(start::bad_authorities(&loaded, &launch));
        errors.extend(start::bad_address(&loaded, &launch));
        errors.extend(start::bad_proxy(&loaded, &launch, options));
        errors.extend(start::bad_process(&loaded, &launch));
    }
    if environment.is_some() && options.wants(Only::Load) {
        errors.extend(pool::mistakes(&loaded));
    }
    if options.wants(Only::Load) {
        errors.extend(phase::few_connections(&loaded, &subject, options));
    }
    let selection = Selection::of(&loaded, &options.checks);
    match selection {
        Ok(selection) if errors.is_empty() => Ok(Ready { loaded, subject, selection, comparison, launch, variables }),
        Ok(_) => Err(errors),
        Err(more) => Err(errors.into_iter().chain(more).collect()),
    }
}

/// The checks that a scenario would run, for a dry run.
pub fn plan_of(ready: &Ready) -> Vec<PlannedCheck> {
    let profile = profile_of(&ready.loaded, &ready.subject);
    let selects = |id: &str| ready.selection.selects(id);
    let mut planned = crate::plan::checks(&ready.subject, &profile, selects);
    if let Some(server) = login_server(&ready.subject) {
        planned.extend(checks_of(&server, &profile, selects));
    }
    planned
}

impl Ready {
    /// Name of the scenario.
    pub fn name(&self) -> &str {
        &self.loaded.scenario.name
    }

    /// Its file.
    pub fn file(&self) -> &str {
        &self.loaded.file
    }

    /// Names of its load phases.
    pub fn phases(&self) -> impl Iterator<Item = &str> {
        self.loaded.scenario.load.iter().map(|phase| phase.name.as_str())
    }

    /// What its overhead study compares, the baseline first, and for how long; nothing where it has none.
    pub fn compared(&self) -> Option<(Vec<&str>, Duration)> {
        let comparison = self.comparison.as_ref()?;
        let sides = std::iter::once(&comparison.baseline).chain(&comparison.schemes);
        Some((sides.map(|side| side.name.as_str()).collect(), overhead::length(comparison)))
    }

    /// How long its load phases and its overhead study take, as far as they are asked for.
    pub fn measures(&self, options: &Options) -> Duration {
        if !options.checks.is_empty() {
            return Duration::ZERO;
        }
        let phases = self.loaded.scenario.load.iter().filter(|_| options.wants(Only::Load));
        let load = phases.map(|phase| super::phase::length(phase));
        let study = self.comparison.iter().filter(|_| options.wants(Only::Overhead)).map(overhead::length);
        load.chain(study).sum()
    }

    /// Variables that it needs and that an environment does not have.
    pub fn unset(&self, environment: &dyn Environment) -> Vec<String> {
        self.variables.iter().filter(|name| environment.variable(name).is_none()).cloned().collect()
    }
}

/// The profile of a scenario, with what it asks to relax or to add.
pub(super) fn profile_of(loaded: &LoadedScenario, subject: &Subject) -> Effective {
    let names =
        loaded.scenario.conformance.profile.as_ref().map(|profiles| profiles.value.0.clone()).unwrap_or_default();
    Effective::of(names.iter().map(String::as_str), subject.scheme.profile_name())
}
