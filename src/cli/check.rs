//! `authbench check`: validates scenarios without running them and without secrets.

use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::exit::Exit;
use crate::run::{Launch, Options, plan_of, prepare};
use crate::scenario::load_paths;

/// Validate scenarios: nothing is sent, no secret is read.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Scenario files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

pub(super) fn run(arguments: &CheckArguments) -> Exit {
    let loaded = match load_paths(&arguments.paths) {
        Ok(loaded) => loaded,
        Err(errors) => return super::tell(&errors),
    };
    let ready = match prepare(loaded, None, &Options::new(Launch::InProcess)) {
        Ok(ready) => ready,
        Err(errors) => return super::tell(&errors),
    };
    for scenario in &ready {
        let planned = plan_of(scenario);
        let executable = planned.iter().filter(|check| check.script.is_ok()).count();
        let unknown =
            planned.iter().filter(|check| check.script.as_ref().is_err_and(|why| why.may_be_discovered)).count();
        let more = match unknown {
            0 => String::new(),
            unknown => format!("; {unknown} more if the issuer's metadata names what they need"),
        };
        let (file, name, all) = (scenario.file(), scenario.name(), planned.len());
        print::line(&format!("{file}: {name}: {executable} of {all} checks can run{more}"));
        for variable in scenario.unset(&super::ProcessEnvironment) {
            print::line(&format!("  note: {variable} is not set here; a run will need it"));
        }
    }
    Exit::Passed
}
