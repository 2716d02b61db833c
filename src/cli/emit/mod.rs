//! `authbench emit`: what a scheduler needs to run the shards of a run and to merge them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sha2::{Digest as _, Sha256};

use super::print;
use crate::exit::Exit;
use crate::run::{Launch, Options, Ready, prepare};
use crate::scenario::{LoadedScenario, load_paths};

/// Write a manifest for a scheduler: n shards, and one merge that decides the verdict.
///
/// The manifest goes to standard output, and names what it needs beside it. Secrets are named, never read.
#[derive(Debug, Args)]
pub(super) struct EmitArguments {
    /// The scheduler.
    #[arg(value_enum)]
    scheduler: Scheduler,
    /// Scenario files and folders, as the shards will find them.
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// Number of shards.
    #[arg(long, value_name = "N", env = "AUTHBENCH_EMIT_SHARDS", value_parser = clap::value_parser!(u32).range(2..=i64::from(crate::shard::MOST)))]
    shards: u32,
    /// Name of the run, for jobs and folders; a new one for each run.
    #[arg(long, default_value = "authbench", env = "AUTHBENCH_EMIT_NAME", value_parser = label)]
    name: String,
    /// Container image.
    #[arg(long, default_value = "ghcr.io/authbench/authbench:0.1.0", env = "AUTHBENCH_EMIT_IMAGE")]
    image: String,
    /// Part of the scenarios that runs, on Kubernetes and Slurm; CI jobs run checks alone (default: all parts).
    #[arg(long, value_name = "PART", env = "AUTHBENCH_EMIT_ONLY", value_enum)]
    only: Option<ShardedPart>,
    /// Folder of records that all shards and the merge see.
    #[arg(long, default_value = "/records", env = "AUTHBENCH_EMIT_RECORDS")]
    records: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheduler {
    Kubernetes,
    Slurm,
    Github,
    Gitlab,
}

/// What shards can run; an overhead study is paired on one machine.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShardedPart {
    Conformance,
    Load,
}

impl ShardedPart {
    fn name(self) -> &'static str {
        match self {
            ShardedPart::Conformance => "conformance",
            ShardedPart::Load => "load",
        }
    }
}

/// A text that is no name of a run.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected lower-case letters, digits and `-`, not at its ends, 50 at most")]
struct NotALabel;

/// Reads a name that Kubernetes takes as a label (RFC 1123).
fn label(text: &str) -> Result<String, NotALabel> {
    let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let inside = !text.starts_with('-') && !text.ends_with('-') && (1..=50).contains(&text.len());
    match inside && text.bytes().all(lawful) {
        true => Ok(text.to_owned()),
        false => Err(NotALabel),
    }
}

pub(super) fn run(arguments: &EmitArguments) -> Exit {
    let loaded = match load_paths(&arguments.scenarios) {
        Ok(loaded) => loaded,
        Err(errors) => return super::tell(&errors),
    };
    if let Some(why) = unfit(&loaded) {
        print::error(&format!("error: {why}"));
        return Exit::Usage;
    }
    // as `run` and `check` see them: what a comment or a default names is not needed
    let ready = match prepare(loaded, None, &Options::new(Launch::InProcess)) {
        Ok(ready) => ready,
        Err(errors) => return super::tell(&errors),
    };
    let variables: BTreeSet<&str> = ready.iter().flat_map(Ready::variables).map(String::as_str).collect();
    let variables: Vec<String> = variables.into_iter().map(str::to_owned).collect();
    let template = match arguments.scheduler {
        Scheduler::Kubernetes => include_str!("kubernetes.yaml"),
        Scheduler::Slurm => include_str!("slurm.sh"),
        Scheduler::Github => include_str!("github.yaml"),
        Scheduler::Gitlab => include_str!("gitlab.yaml"),
    };
    print::line(filled(template, arguments, &variables).trim_end());
    Exit::Passed
}

/// Why several shards cannot run scenarios.
fn unfit(loaded: &[LoadedScenario]) -> Option<String> {
    let own = |scenario: &&LoadedScenario| scenario.scenario.target.value.0.url.is_none();
    if let Some(scenario) = loaded.iter().find(own) {
        let file = &scenario.file;
        return Some(format!(
            "{file}: every shard would start a target of its own\nhelp: start the target once, and name its address with `url`"
        ));
    }
    None
}

/// A template with its places filled. A line that holds `@VARIABLE@` is repeated for each variable of the scenarios.
fn filled(template: &str, arguments: &EmitArguments, variables: &[String]) -> String {
    let shards = arguments.shards;
    let paths: Vec<String> = arguments.scenarios.iter().map(|path| path.display().to_string()).collect();
    let mut text = String::new();
    for line in template.lines() {
        if line.contains("@VARIABLE@") {
            for variable in variables {
                text.push_str(&line.replace("@VARIABLE@", variable));
                text.push('\n');
            }
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    // an environment of a container by names: `-e NAME`
    let flags = variables.iter().map(|variable| format!("-e {variable}")).collect::<Vec<_>>().join(" ");
    let flags = format!("{flags:?}");
    let before_last = (1..shards).map(|index| index.to_string()).collect::<Vec<_>>().join(", ");
    for (place, value) in [
        ("@NAME@", arguments.name.clone()),
        ("@SHARDS@", shards.to_string()),
        ("@ONLY@", arguments.only.map(|part| format!(" --only {}", part.name())).unwrap_or_default()),
        ("@ONLY_JSON@", arguments.only.map(|part| format!(" --only, {},", part.name())).unwrap_or_default()),
        ("@SEED@", seed(&arguments.name).to_string()),
        ("@BEFORE_LAST@", before_last),
        ("@FLAGS@", flags),
        ("@IMAGE@", arguments.image.clone()),
        ("@RECORDS@", shown(&arguments.records)),
        ("@MOUNTED@", mounted(&arguments.scenarios)),
        ("@SCENARIOS@", paths.iter().map(|path| quoted(path)).collect::<Vec<_>>().join(" ")),
    ] {
        text = text.replace(place, &value);
    }
    text
}

/// Scenarios as a pod finds them: the files of a ConfigMap, in one folder.
fn mounted(paths: &[PathBuf]) -> String {
    let file =
        |path: &PathBuf| path.file_name().filter(|_| !path.is_dir()).map(|name| name.to_string_lossy().into_owned());
    let places =
        paths.iter().map(|path| file(path).map_or("/scenarios".to_owned(), |name| format!("/scenarios/{name}")));
    places.map(|place| format!("{place:?}")).collect::<Vec<_>>().join(", ")
}

/// All shards need the same seed, and each run another one, as it has a name of its own.
fn seed(name: &str) -> u32 {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(name));
    u32::from_be_bytes([a, b, c, d])
}

fn shown(path: &Path) -> String {
    path.display().to_string().trim_end_matches('/').to_owned()
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
