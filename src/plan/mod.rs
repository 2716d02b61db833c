//! Scenario and catalogue, resolved into what will be sent; pure.

pub mod cast;
mod label;
pub mod resolve;
mod seeded;
pub mod selection;
pub mod subject;

use crate::check::profile::Effective;
use crate::check::{Check, Level};

pub use cast::{Act, Action, Control, Missing, Part, Script, script};
pub use resolve::Values;
pub use selection::Selection;
pub use subject::Subject;

/// A check as it stands for one scenario.
#[derive(Clone, Debug)]
pub struct PlannedCheck {
    /// The check.
    pub check: &'static Check,
    /// Its level under the profile.
    pub level: Level,
    /// What is sent, or why nothing is.
    pub script: Result<Script, Missing>,
}

impl PlannedCheck {
    /// Whether it has to run alone: it writes, or changes what the target believes.
    pub fn runs_alone(&self, subject: &Subject) -> bool {
        let Ok(script) = &self.script else { return false };
        let writes = |resource: &usize| subject.resources[*resource].writes;
        let hooks = script.actions.iter().any(|action| matches!(action.act, Act::Hook(_)));
        let sends =
            script.actions.iter().any(|action| matches!(&action.act, Act::Send { resource, .. } if writes(resource)));
        let controls =
            script.controls.iter().any(|control| matches!(control, Control::Use { resource, .. } if writes(resource)));
        !self.check.remote_safe || hooks || sends || controls
    }
}

/// All checks that apply to a subject, in order: those that are selected, and the controls that prove them.
pub fn checks(subject: &Subject, profile: &Effective, selected: impl Fn(&str) -> bool) -> Vec<PlannedCheck> {
    let groups = subject.scheme.groups();
    let applicable = crate::check::catalogue().filter(|check| groups.contains(&check.group()));
    let chosen: Vec<&Check> = applicable.clone().filter(|check| selected(check.id)).collect();
    let needed = |check: &&'static Check| {
        selected(check.id) || (check.control && chosen.iter().any(|chosen| chosen.group() == check.group()))
    };
    let planned = applicable.filter(needed).map(|check| PlannedCheck {
        check,
        level: profile.level(check.id, check.level),
        script: script(check, subject),
    });
    planned.collect()
}
