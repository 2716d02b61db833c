//! Who gets requests of a scenario, and values of its variables, as far as its file says.

use std::collections::BTreeSet;

use url::Url;

use super::start::Wanted;
use super::{Options, Ready};
use crate::plan::overhead::OverheadStudy;
use crate::plan::subject::{HookCall, Login, Subject};
use crate::scenario::{LoadedScenario, Position, ScenarioError};
use crate::target::address::{authority, join};

/// Addresses that a scenario sends requests to, each with the place that names it: the target, if it names it, and what
/// else it does not leave to the target.
fn addresses(loaded: &LoadedScenario, subjects: &[&Subject], wanted: &Wanted) -> Vec<(Url, Position)> {
    let scenario = &loaded.scenario;
    let target = match wanted {
        Wanted::Url { url, .. } => url.as_ref().ok(),
        Wanted::Command { line, .. } => line.url.as_ref().and_then(|url| url.as_ref().ok()),
        Wanted::Reference(..) => None,
    };
    let mut found: Vec<(Url, Position)> = target.map(|url| (url.clone(), scenario.target.place)).into_iter().collect();
    // a path is one on the target, whatever its address comes to be
    let Ok(unknown) = "http://target.invalid/".parse::<Url>() else { return found };
    for subject in subjects {
        let server = subject.authorization_server.as_ref();
        let endpoints = server.map(|server| [&server.issuer, &server.token, &server.introspection, &server.revocation]);
        let others = [&subject.kit.keys_at, &subject.material.resource_identifier];
        for written in endpoints.into_iter().flatten().chain(others).flatten() {
            let absolute = join(&unknown, written).ok().filter(|url| url.origin() != unknown.origin());
            found.extend(absolute.map(|url| (url, scenario.scheme.place)));
        }
        for identity in &subject.identities {
            let Login::Procedure(procedure) = &identity.login else { continue };
            let place = scenario.credentials.get(&identity.name).map_or(scenario.scheme.place, |written| written.place);
            let addresses = procedure.steps().filter_map(|step| step.address.whole());
            let absolute = addresses.filter_map(|written| join(&unknown, written).ok());
            found.extend(absolute.filter(|url| url.origin() != unknown.origin()).map(|url| (url, place)));
        }
    }
    found
}

/// All subjects of a scenario.
fn subjects<'a>(subject: &'a Subject, comparison: Option<&'a OverheadStudy>) -> Vec<&'a Subject> {
    let sides = comparison.into_iter().flat_map(|study| std::iter::once(&study.baseline).chain(&study.schemes));
    std::iter::once(subject).chain(sides.map(|side| &side.subject)).collect()
}

/// Addresses that the options do not allow, before anything is sent.
pub(super) fn mistakes(
    loaded: &LoadedScenario,
    (subject, comparison): (&Subject, Option<&OverheadStudy>),
    wanted: &Wanted,
    options: &Options,
) -> Vec<ScenarioError> {
    let named = addresses(loaded, &subjects(subject, comparison), wanted).into_iter();
    let mut told = BTreeSet::new();
    let outside = named.filter(|(url, _)| !options.hosts.admit(url) && told.insert(authority(url)));
    let errors = outside.map(|(url, place)| {
        let host = authority(&url);
        let error = loaded.error(place, format!("the scenario sends requests to {host}, which no --allow-host allows"));
        error.with_help(format!("--allow-host {host} allows it; --base-url sets the address of the target"))
    });
    errors.collect()
}

impl Ready {
    /// Names of the variables whose values the scenario has got.
    pub fn variables(&self) -> &BTreeSet<String> {
        &self.variables
    }

    /// Who may get those values: hosts with their ports, and what the scenario starts, for a reader.
    pub fn receivers(&self) -> BTreeSet<String> {
        let known = addresses(&self.loaded, &subjects(&self.subject, self.comparison.as_ref()), &self.launch);
        let mut receivers: BTreeSet<String> = known.iter().map(|(url, _)| authority(url)).collect();
        match &self.launch {
            Wanted::Reference(..) => receivers.extend(["the built-in reference".to_owned()]),
            Wanted::Command { line, .. } => receivers.extend([format!("the command {}", line.program())]),
            Wanted::Url { proxy: Some(Ok(proxy)), .. } => receivers.extend([proxy.named()]),
            Wanted::Url { .. } => {}
        }
        let hooks = &self.subject.material.hooks;
        let commands =
            [&hooks.outage, &hooks.revoke, &hooks.rotate, &hooks.disable, &hooks.demote].into_iter().flatten();
        let identities = self.subject.identities.iter();
        receivers.extend(identities.filter_map(|identity| match &identity.login {
            Login::Procedure(procedure) => procedure.program().map(|program| format!("the login command {program}")),
            _ => None,
        }));
        receivers.extend(self.subject.identities.iter().filter_map(|identity| match &identity.login {
            Login::Procedure(procedure) => {
                procedure.mail_program().map(|program| format!("the mail command {program}"))
            }
            _ => None,
        }));
        receivers.extend(commands.filter_map(|call| match call {
            HookCall::Command(argv) => Some(format!("the hook {}", argv.first().map_or("", String::as_str))),
            HookCall::Post(_) | HookCall::Forbidden => None,
        }));
        receivers
    }
}
