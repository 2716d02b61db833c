//! Scenario and catalogue, resolved into what will be sent; pure.

pub mod cast;
mod label;
pub mod subject;

use crate::check::profile::Effective;
use crate::check::{Check, Level};

pub use cast::{Act, Action, Control, Missing, Part, Script, script};
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

/// All checks that apply to a subject, in order, filtered by id.
pub fn checks(subject: &Subject, profile: &Effective, selected: impl Fn(&str) -> bool) -> Vec<PlannedCheck> {
    let groups = subject.scheme.groups();
    let applicable = crate::check::catalogue().filter(|check| groups.contains(&check.group()));
    let selected = applicable.filter(|check| check.control || selected(check.id));
    let planned = selected.map(|check| PlannedCheck {
        check,
        level: profile.level(check.id, check.level),
        script: script(check, subject),
    });
    planned.collect()
}
