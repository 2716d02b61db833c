//! `authbench selftest`: the proof of the catalogue.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::print;
use crate::check::profile::{PROFILES, profile};
use crate::clock;
use crate::exit::Exit;
use crate::reference::faults;
use crate::run::selftest::{Effort, OthersBeside, SelftestProof, prove};
use crate::scenario::nearest;

/// Prove the catalogue: every fault of the reference is found by its check.
///
/// Opens each fault of the reference alone and runs the check that has to see it; runs every check against the correct
/// reference, on which none may fail; and runs every scheme against servers that refuse all, accept all, hang, reset, break
/// or lock the run out, where nothing may pass. Prints the kill matrix. Ends with 1 if a fault is not detected.
#[derive(Debug, Args)]
pub(super) struct SelftestArguments {
    /// Try only these faults; repeatable. `authbench list faults` shows all.
    #[arg(long = "fault", value_name = "NAME", value_delimiter = ',', env = "AUTHBENCH_SELFTEST_FAULT")]
    faults: Vec<String>,
    /// The profile under which everything is judged.
    #[arg(long, default_value = "strict-rfc", env = "AUTHBENCH_SELFTEST_PROFILE",
        value_parser = clap::builder::PossibleValuesParser::new(PROFILES.iter().map(|profile| profile.name)))]
    profile: String,
    /// Run the other checks of the scheme beside each fault, too, and show which of them see it: takes several times as long.
    #[arg(long, env = "AUTHBENCH_SELFTEST_OTHERS", value_parser = clap::builder::FalseyValueParser::new())]
    others: bool,
    /// Leave out the checks that sample: they need an idle machine.
    #[arg(long, env = "AUTHBENCH_SELFTEST_NO_STATISTICS", value_parser = clap::builder::FalseyValueParser::new())]
    no_statistics: bool,
    /// Trials that run side by side.
    #[arg(long, default_value_t = 4, env = "AUTHBENCH_SELFTEST_JOBS", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Form::Text, env = "AUTHBENCH_SELFTEST_FORMAT")]
    format: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(super) fn run(arguments: SelftestArguments) -> Exit {
    for name in &arguments.faults {
        let known: Vec<&str> = faults().into_iter().map(|fault| fault.name).collect();
        if !known.contains(&name.as_str()) {
            let near = nearest(name, known.into_iter());
            let help = near.map_or_else(
                || "`authbench list faults` shows all".to_owned(),
                |near| format!("did you mean {near:?}?"),
            );
            print::error(&format!("error: no fault is called {name:?}\nhelp: {help}"));
            return Exit::Usage;
        }
    }
    let Some(profile) = profile(&arguments.profile) else { return Exit::Usage };
    let effort = Effort {
        profile: profile.name,
        faults: arguments.faults,
        others: if arguments.others { OthersBeside::AllFaults } else { OthersBeside::Nothing },
        statistical: !arguments.no_statistics,
        jobs: usize::from(arguments.jobs),
    };
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let began = clock::now();
    let proof = runtime.block_on(prove(&effort));
    let took = clock::now() - began;
    runtime.shutdown_timeout(Duration::from_millis(200));
    match arguments.format {
        Form::Text => print::line(&format!("{}in {:.1} s", proof.text(), took.as_secs_f64())),
        Form::Json => print::line(&serde_json::to_string_pretty(&document(&proof, took)).unwrap_or_default()),
    }
    if proof.holds() { Exit::Passed } else { Exit::Findings }
}

fn document(proof: &SelftestProof, took: Duration) -> serde_json::Value {
    let kills = proof.kills.iter().map(|kill| {
        json!({ "fault": kill.fault, "check": kill.check, "scheme": kill.scheme, "killed": kill.killed, "also": kill.also, "said": kill.said })
    });
    let sound = proof
        .sound
        .iter()
        .map(|sound| json!({ "scheme": sound.scheme, "executed": sound.executed, "tripped": sound.tripped }));
    let hopeless = proof.hopes.iter().map(|hope| {
        json!({ "server": hope.manner.name(), "scheme": hope.scheme, "exit_code": hope.exit.code(), "fooled": hope.fooled })
    });
    json!({
        "holds": proof.holds(),
        "took_s": took.as_secs_f64(),
        "kills": kills.collect::<Vec<_>>(),
        "sound": sound.collect::<Vec<_>>(),
        "hopeless": hopeless.collect::<Vec<_>>(),
        "unproved": proof.unproved,
        "broken": proof.broken,
    })
}
