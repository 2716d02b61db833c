//! One module for each command.

mod baseline;
mod bounds;
mod check;
mod compare;
mod completions;
mod emit;
mod explain;
mod github;
mod init;
mod list;
mod man;
mod merge;
mod print;
mod profile;
mod render;
mod report;
mod reports;
mod run;
mod schema;
mod select;
mod selftest;
mod serve;
mod shard;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::exit::Exit;
use crate::scenario::{Environment, ScenarioError};
use crate::target::child::{CHILD, GUARD, NOT_EXECUTED, become_program, dismiss_guard, guard_groups};

/// Tests and measures how HTTP APIs authenticate.
///
/// Scenarios say what is tested: the built-in reference server, an address, or a command that is started. Checks prove
/// that what must be refused is refused, each between controls that prove that a good credential still works.
#[derive(Debug, Parser)]
#[command(name = "authbench", version, max_term_width = 110, after_help = more_help())]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Exit codes, and how to start.
fn more_help() -> String {
    let codes = Exit::ALL.iter().map(|exit| format!("  {:<4} {}\n", exit.code(), exit.meaning()));
    format!("Exit codes:\n{}\n{START}", codes.collect::<String>())
}

const START: &str = "\
Examples:
  authbench init                    a first scenario, or scenarios from openapi.yaml
  authbench run scenarios/          checks and load against the built-in reference
  authbench explain apikey.missing-denied
  authbench serve                   the reference alone, with its test credentials";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArguments),
    Run(Box<run::RunArguments>),
    Check(check::CheckArguments),
    Serve(serve::ServeArguments),
    List(list::ListArguments),
    Explain(explain::ExplainArguments),
    Profile(profile::ProfileArguments),
    Compare(compare::CompareArguments),
    Emit(emit::EmitArguments),
    Merge(merge::MergeArguments),
    Render(render::RenderArguments),
    Selftest(selftest::SelftestArguments),
    Report(report::ReportArguments),
    Schema(schema::SchemaArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

/// The command line, from arguments to exit code.
pub fn main() -> Exit {
    let mut words = std::env::args_os().skip(1);
    match words.next() {
        Some(word) if word == CHILD => return child(words.collect()),
        Some(word) if word == GUARD => {
            guard_groups(std::io::stdin().lock());
            return Exit::Passed;
        }
        _ => {}
    }
    let exit = command_of_user();
    dismiss_guard();
    exit
}

fn command_of_user() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let help = !error.use_stderr();
            let _ = error.print();
            if let Some(path) = path_for_a_command(&error) {
                print::error(&format!("\nhelp: to run scenarios, write `authbench run {path}`"));
            }
            return if help { Exit::Passed } else { Exit::Usage };
        }
    };
    match arguments.command {
        Command::Init(arguments) => init::run(&arguments),
        Command::Run(arguments) => run::run(*arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Profile(arguments) => profile::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Emit(arguments) => emit::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Selftest(arguments) => selftest::run(arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

/// What was written where a command belongs, if it looks like a path.
fn path_for_a_command(error: &clap::Error) -> Option<String> {
    let kinds = [clap::error::ErrorKind::InvalidSubcommand, clap::error::ErrorKind::UnknownArgument];
    if !kinds.contains(&error.kind()) {
        return None;
    }
    let word = std::env::args().nth(1)?;
    let is_path = word.ends_with(".yaml") || word.ends_with(".yml") || std::path::Path::new(&word).exists();
    is_path.then_some(word)
}

/// Becomes a command of a scenario that ends with the authbench that started it. It is no command for people, so that no
/// help shows it.
fn child(words: Vec<std::ffi::OsString>) -> Exit {
    let [parent, guards_input, argv @ ..] = words.as_slice() else { return Exit::Usage };
    let error = become_program(parent, guards_input, argv);
    let program = argv.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
    print::error(&format!("error: failed to start {program}: {error}"));
    std::process::exit(i32::from(NOT_EXECUTED))
}

/// The command line as data, for completions, manual pages and tests.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// The environment of this process.
struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Tells mistakes of scenarios, each with its place and a way out.
fn tell(errors: &[ScenarioError]) -> Exit {
    let colour = print::error_is_coloured();
    for error in errors {
        print::error(&format!("{}\n", error.render(colour)));
    }
    Exit::Usage
}

/// A runtime for everything but the load engine, which has its own.
fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| {
        print::error(&format!("error: failed to start: {error}"));
        Exit::Broken
    })
}
