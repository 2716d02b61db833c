//! Two runs beside each other; pure.

mod checks;
mod figures;
mod phases;

use crate::event::comparison::{ComparedRun, Comparison};
use crate::event::{CheckResult, RunStarted};
use crate::observe::{Interval, LoadFigures};
use crate::stats::OverheadFigures;

/// A run, as far as a comparison looks at it.
#[derive(Clone, Debug)]
pub struct RunSide<'a> {
    /// Name of the baseline, or the file.
    pub name: &'a str,
    /// How it began.
    pub started: &'a RunStarted,
    /// Its scenarios.
    pub scenarios: Vec<ScenarioSide<'a>>,
    /// Whether only a part of the scenarios or checks was asked for: what is missing is no regression then.
    pub partial: bool,
}

/// A scenario of a run.
#[derive(Clone, Debug)]
pub struct ScenarioSide<'a> {
    /// Its name: scenarios of two runs belong together by it.
    pub name: &'a str,
    /// The target, for a reader.
    pub target: &'a str,
    /// Its checks.
    pub checks: &'a [CheckResult],
    /// Its load phases that came to their end.
    pub phases: Vec<(&'a LoadFigures, &'a [Interval])>,
    /// Its overhead studies.
    pub studies: &'a [OverheadFigures],
}

impl<'a> RunSide<'a> {
    fn scenario(&self, name: &str) -> Option<&ScenarioSide<'a>> {
        self.scenarios.iter().find(|scenario| scenario.name == name)
    }

    fn has_figures(&self) -> bool {
        self.scenarios.iter().any(|scenario| !scenario.phases.is_empty() || !scenario.studies.is_empty())
    }

    fn compared(&self) -> ComparedRun {
        ComparedRun {
            name: self.name.to_owned(),
            started: self.started.started,
            version: self.started.version.clone(),
            catalogue: self.started.catalogue,
        }
    }
}

/// Why figures of two runs must not be compared: they come from different machines. None where neither has figures.
pub fn different_machines(before: &RunSide<'_>, after: &RunSide<'_>) -> Option<String> {
    let (one, other) = (&before.started.machine, &after.started.machine);
    if one == other || !before.has_figures() || !after.has_figures() {
        return None;
    }
    let shown = |machine: &crate::event::Machine| {
        format!("{} {}, {} processors, {}", machine.os, machine.arch, machine.cpus, machine.cpu)
    };
    Some(format!("the runs come from different machines: {} and {}", shown(one), shown(other)))
}

/// Everything that changed from one run to another. The same seed gives the same intervals.
pub fn compare(before: &RunSide<'_>, after: &RunSide<'_>, seed: u64) -> Comparison {
    let (checks, unchanged) = checks::changes(before, after);
    let mut notes = Vec::new();
    if before.started.catalogue != after.started.catalogue {
        notes.push(format!(
            "the catalogue changed from version {} to {}: checks that came or went with it are no regression",
            before.started.catalogue, after.started.catalogue
        ));
    }
    if before.started.version != after.started.version {
        let (old, new) = (&before.started.version, &after.started.version);
        notes.push(format!("the runs were made by authbench {old} and {new}"));
    }
    notes.extend(different_machines(before, after));
    Comparison {
        before: before.compared(),
        after: after.compared(),
        checks,
        unchanged,
        figures: figures::changes(before, after, seed),
        notes,
    }
}
