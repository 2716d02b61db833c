//! Scenario and catalogue, resolved into what will be sent; pure.

mod account_life;
mod accounts;
pub mod cast;
mod changed_grant;
mod changed_login;
mod changed_refresh;
mod client;
mod client_proof;
mod code_login;
mod describe;
mod foreign_login;
mod framing;
mod gap;
mod keys;
mod lanes;
pub mod login;
mod login_paths;
pub mod login_server;
mod malformed_grant;
mod malformed_login;
mod marked;
mod material;
pub mod members;
mod mixed_path;
mod narrowed;
mod near_password;
mod object_write;
pub mod one_time;
mod one_time_login;
mod other_redirection;
pub mod overhead;
mod parameters;
mod public_texts;
mod query_login;
mod raised_registration;
pub mod reset_completion;
pub mod resolve;
mod resolve_login;
mod return_address;
mod secrets;
mod seeded;
pub mod selection;
mod signing;
pub mod subject;
mod tolerances;
mod two_users;
mod unusual_login;
mod values;
mod without_openid;

use crate::check::profile::{Effective, PROFILES, profile};
use crate::check::{Check, Level, Mode, Step};
use crate::scenario::model::Waiver;
use crate::scenario::{LoadedScenario, ScenarioError, nearest};

pub use cast::{Act, Action, Asker, Control, Missing, OtherLines, Script, script};
pub use near_password::{near_secret, spelled};
pub use selection::Selection;
pub use subject::Subject;
pub use values::Values;

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

impl PlannedCheck {
    /// Whether it can write beside others that do, for it meets them before what would disturb them.
    /// What is prepared for one of them would disturb the others.
    pub fn meets_others(&self, subject: &Subject) -> bool {
        let Ok(script) = &self.script else { return false };
        self.meetings() > 0 && !script.written().any(|resource| subject.resources[resource].is_prepared())
    }

    /// How often it meets others.
    pub fn meetings(&self) -> usize {
        let actions = self.script.iter().flat_map(|script| &script.actions);
        actions.filter(|action| matches!(action.act, Act::Meet)).count()
    }

    /// Whether it needs a target to which nobody else sends, and changes nothing there: it compares times.
    pub fn needs_quiet(&self) -> bool {
        self.check.mode == Mode::Statistical && !self.runs_last() && self.meetings() == 0
    }

    /// Whether it looks back at what the others have seen: it runs after all of them, in every shard. One that uses up the target's
    /// patience as well runs among those that do, which are in one shard.
    pub fn looks_back(&self) -> bool {
        !self.runs_last() && self.check.steps.iter().any(|step| matches!(step, Step::LookBack(_)))
    }

    /// Whether it uses up the target's patience: it runs after all others.
    pub fn runs_last(&self) -> bool {
        self.check.steps.iter().any(|step| match step {
            Step::Send(send) => send.exhausts,
            Step::Form(form) => form.exhausts,
            Step::Session(session) => session.act.is_guessing(),
            _ => false,
        })
    }
}

/// All checks that apply to a subject, in order: those that are selected, and the controls that prove them.
pub fn checks(subject: &Subject, profile: &Effective, selected: impl Fn(&str) -> bool) -> Vec<PlannedCheck> {
    let groups = subject.topics();
    let has_codes = subject.has_one_time_codes();
    let applicable =
        crate::check::catalogue().filter(|check| check.is_of(&groups) && (has_codes || !check.needs_one_time_codes()));
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

/// What is wrong with a scenario in the light of the catalogue: unknown profiles, waivers of checks that do not exist.
pub fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let mut mistakes = Vec::new();
    let conformance = &loaded.scenario.conformance;
    if let Some(profiles) = &conformance.profile {
        for name in profiles.value.0.iter().filter(|name| profile(name).is_none()) {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            let near = nearest(name, names.iter().copied());
            let help = near.map_or_else(
                || format!("expected one of {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            mistakes.push(loaded.error(profiles.place, format!("there is no profile `{name}`")).with_help(help));
        }
    }
    let unknown = |waiver: &Waiver| !waiver.check.starts_with("case.") && crate::check::find(&waiver.check).is_none();
    let own = conformance.waivers.iter().map(|waiver| (waiver, loaded.error(waiver.place, no_check(waiver))));
    let in_files = loaded.waiver_files.iter();
    let in_files = in_files
        .flat_map(|file| file.waivers.iter().map(|waiver| (waiver, file.error(waiver.place, no_check(waiver)))));
    for (waiver, error) in own.chain(in_files).filter(|(waiver, _)| unknown(waiver)) {
        mistakes.push(error.with_help(selection::way_out(&waiver.check)));
    }
    mistakes.extend(lanes::mistakes(loaded));
    mistakes.extend(material::mistakes(loaded));
    mistakes.extend(framing::mistakes(loaded));
    mistakes
}

fn no_check(waiver: &Waiver) -> String {
    format!("there is no check `{}`", waiver.check)
}
