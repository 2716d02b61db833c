//! `authbench run`: runs scenarios and writes reports.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use super::baseline::Baselines;
use super::reports::reporters;
use super::select::Selecting;
use super::shard::Sharding;
use super::{ProcessEnvironment, github, print};
use crate::drive::stop::Stop;
use crate::event::Event;
use crate::exit::Exit;
use crate::plan::selection;
use crate::report::{FORMATS, Progress, Reporter, ResultPrinter, Verbosity, interject};
use crate::run::{Launch, Only, Options, plan_of, prepare};
use crate::scenario::text::Rate;
use crate::scenario::{LoadedScenario, ScenarioError, load_paths, load_waivers};

/// Run scenarios: checks, load phases, reports.
///
/// A folder is read without its subfolders, in order of names. All files are read before any runs.
#[derive(Debug, Args)]
#[command(after_help = more_help())]
pub(super) struct RunArguments {
    /// Scenario files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write a report in one of the formats below; repeatable. Without any: html, json and jsonl under reports/.
    #[arg(
        long = "report",
        value_name = "FORMAT=PATH",
        env = "AUTHBENCH_REPORT",
        value_delimiter = ',',
        help_heading = "Output"
    )]
    reports: Vec<String>,
    /// Run only one part of each scenario.
    #[arg(long, value_enum, env = "AUTHBENCH_ONLY", help_heading = "What runs")]
    only: Option<OnlyPart>,
    /// Run only checks whose id matches; repeatable; `bearer.*` selects a topic. No load runs then.
    #[arg(
        long = "check",
        value_name = "GLOB",
        env = "AUTHBENCH_CHECK",
        value_delimiter = ',',
        help_heading = "What runs"
    )]
    checks: Vec<String>,
    #[command(flatten)]
    select: Selecting,
    /// Waivers of a file, for every scenario whose target they name; repeatable.
    #[arg(
        long = "waivers",
        value_name = "FILE",
        env = "AUTHBENCH_WAIVERS",
        value_delimiter = ',',
        help_heading = "What it comes to"
    )]
    waivers: Vec<PathBuf>,
    /// Load workers; one less than the processors for a local target.
    #[arg(long, env = "AUTHBENCH_THREADS", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "How it runs")]
    threads: Option<u16>,
    /// Checks that run side by side; 1 for a delicate target.
    #[arg(long, default_value_t = 8, env = "AUTHBENCH_JOBS", value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "How it runs")]
    jobs: u16,
    /// Most requests that checks send in a time, such as 5/s, for a delicate target; load phases keep their own rates.
    #[arg(long, value_name = "N/s", env = "AUTHBENCH_RATE_LIMIT", help_heading = "How it runs")]
    rate_limit: Option<Rate>,
    /// How long an answer may take.
    #[arg(long, value_name = "TIME", default_value = "10s", env = "AUTHBENCH_TIMEOUT", value_parser = humantime::parse_duration, help_heading = "How it runs")]
    timeout: std::time::Duration,
    /// Seed of everything random; the report names it.
    #[arg(long, env = "AUTHBENCH_SEED", help_heading = "How it runs")]
    seed: Option<u64>,
    /// End at the first failure: a failed check, a broken threshold, a stale waiver.
    #[arg(long, conflicts_with = "max_failures", env = "AUTHBENCH_FAIL_FAST", value_parser = FalseyValueParser::new(), help_heading = "What it comes to")]
    fail_fast: bool,
    /// End after so many failures.
    #[arg(long, value_name = "N", env = "AUTHBENCH_MAX_FAILURES", value_parser = clap::value_parser!(u32).range(1..), help_heading = "What it comes to")]
    max_failures: Option<u32>,
    /// Judge no thresholds.
    #[arg(long, env = "AUTHBENCH_NO_THRESHOLDS", value_parser = FalseyValueParser::new(), help_heading = "What it comes to")]
    no_thresholds: bool,
    /// What an inconclusive run counts as; without it, it ends with 5.
    #[arg(long, value_enum, env = "AUTHBENCH_INCONCLUSIVE", help_heading = "What it comes to")]
    inconclusive: Option<CountsAs>,
    #[command(flatten)]
    baselines: Baselines,
    #[command(flatten)]
    sharding: Sharding,
    /// Print what would run, and send nothing. Reads no secret.
    #[arg(long, env = "AUTHBENCH_DRY_RUN", value_parser = FalseyValueParser::new(), help_heading = "What runs")]
    dry_run: bool,
    /// Start no command of a scenario: for files that are not trusted.
    #[arg(long, env = "AUTHBENCH_NO_COMMAND", value_parser = FalseyValueParser::new(), help_heading = "What runs")]
    no_command: bool,
    /// Annotate the lines of scenarios and write a step summary, as GitHub Actions shows them; on by itself there.
    #[arg(long, env = "AUTHBENCH_GITHUB", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    github: bool,
    /// List every check.
    #[arg(short, long, conflicts_with = "quiet", env = "AUTHBENCH_VERBOSE", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    verbose: bool,
    /// Show findings only.
    #[arg(short, long, env = "AUTHBENCH_QUIET", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    quiet: bool,
}

/// The formats of reports, and examples.
fn more_help() -> String {
    let formats = FORMATS.iter().map(|format| format!("  {:<12} {}\n", format.name, format.description));
    format!(
        "Report formats:\n{}\nExamples:\n  \
         authbench run scenarios/\n  \
         authbench run orders.yaml --check 'apikey.*' --verbose\n  \
         authbench run scenarios/ --report junit=junit.xml,sarif=authbench.sarif\n  \
         authbench run scenarios/ --tag nightly --save-baseline main",
        formats.collect::<String>()
    )
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnlyPart {
    Conformance,
    Load,
    Overhead,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CountsAs {
    Pass,
    Fail,
}

pub(super) fn run(arguments: RunArguments) -> Exit {
    let exit = match prepared(&arguments) {
        Ok((ready, options)) if arguments.dry_run => return dry_run(&ready, &options),
        Ok((ready, options)) => execute(&arguments, ready, &options),
        Err(exit) => (exit, exit.reason()),
    };
    let (exit, reason) = exit;
    if exit != Exit::Passed || !arguments.quiet {
        print::error(&format!("exit {}: {reason}", exit.code()));
    }
    exit
}

fn prepared(arguments: &RunArguments) -> Result<(Vec<crate::run::Ready>, Options), Exit> {
    for pattern in &arguments.checks {
        if !selection::matches_any(pattern) {
            print::error(&format!("error: no check is called {pattern:?}\nhelp: {}", selection::way_out(pattern)));
            return Err(Exit::Usage);
        }
    }
    let (shard, start) = arguments.sharding.of()?;
    if shard.splits() && arguments.seed.is_none() && !arguments.dry_run {
        print::error(
            "error: a shard needs --seed: its schedule is a part of the schedule of that seed\nhelp: give every shard of a run the same number, and each run another one",
        );
        return Err(Exit::Usage);
    }
    let loaded = load(arguments).map_err(|errors| super::tell(&errors))?;
    let loaded = arguments.select.of(loaded)?;
    let program = std::env::current_exe().map_err(|error| {
        print::error(&format!("error: failed to find this program: {error}"));
        Exit::Broken
    })?;
    let options = Options {
        only: arguments.only.map(|only| match only {
            OnlyPart::Conformance => Only::Conformance,
            OnlyPart::Load => Only::Load,
            OnlyPart::Overhead => Only::Overhead,
        }),
        checks: arguments.checks.clone(),
        threads: arguments.threads.map(usize::from),
        jobs: usize::from(arguments.jobs),
        time_limit: arguments.timeout,
        rate_limit: arguments.rate_limit.map(|rate| rate.0),
        seed: arguments.seed.unwrap_or_else(rand::random),
        narrowed: arguments.select.narrows(),
        max_failures: if arguments.fail_fast { Some(1) } else { arguments.max_failures.map(|borne| borne as usize) },
        thresholds: !arguments.no_thresholds,
        inconclusive: match arguments.inconclusive {
            None => Exit::Inconclusive,
            Some(CountsAs::Pass) => Exit::Passed,
            Some(CountsAs::Fail) => Exit::Findings,
        },
        commands: !arguments.no_command,
        path: std::env::var_os("PATH"),
        shard,
        start,
        ..Options::new(Launch::Child(program))
    };
    let environment = ProcessEnvironment;
    let environment = (!arguments.dry_run).then_some(&environment as &dyn crate::scenario::Environment);
    let ready = prepare(loaded, environment, &options).map_err(|errors| super::tell(&errors))?;
    Ok((ready, options))
}

fn load(arguments: &RunArguments) -> Result<Vec<LoadedScenario>, Vec<ScenarioError>> {
    let mut loaded = load_paths(&arguments.paths)?;
    for path in &arguments.waivers {
        let waivers = std::sync::Arc::new(load_waivers(path)?);
        loaded.iter_mut().for_each(|scenario| scenario.waiver_files.push(waivers.clone()));
    }
    Ok(loaded)
}

fn dry_run(ready: &[crate::run::Ready], _: &Options) -> Exit {
    for scenario in ready {
        print::line(scenario.name());
        for planned in plan_of(scenario) {
            match &planned.script {
                Ok(script) => print::line(&format!("  {:<44} {} steps", planned.check.id, script.actions.len())),
                Err(missing) => print::line(&format!("  {:<44} not tested: {}", planned.check.id, missing.0)),
            }
        }
        for phase in scenario.phases() {
            print::line(&format!("  load {phase}"));
        }
        if let Some((compared, length)) = scenario.compared() {
            print::line(&format!("  overhead of {}, about {:.0} s", compared.join(", "), length.as_secs_f64()));
        }
    }
    if ready.is_empty() { Exit::NothingSelected } else { Exit::Passed }
}

fn execute(arguments: &RunArguments, ready: Vec<crate::run::Ready>, options: &Options) -> (Exit, &'static str) {
    let exit = executed(arguments, ready, options);
    (exit, crate::run::reason(exit, options))
}

fn executed(arguments: &RunArguments, ready: Vec<crate::run::Ready>, options: &Options) -> Exit {
    let shard = options.shard.splits().then_some(options.shard);
    if shard.is_some() && arguments.baselines.is_asked() {
        print::error(
            "error: a shard is compared with no baseline and is none\nhelp: give the options of baselines to `authbench merge`",
        );
        return Exit::Usage;
    }
    let narrowed = arguments.only.is_some() || !arguments.checks.is_empty() || arguments.select.narrows();
    let partial = narrowed || arguments.fail_fast || arguments.max_failures.is_some();
    let mut keeper = match arguments.baselines.keeper(partial) {
        Ok(keeper) => keeper,
        Err(exit) => return exit,
    };
    let (mut reporters, paths) = match reporters(&arguments.reports, shard) {
        Ok(reporters) => reporters,
        Err(exit) => return exit,
    };
    let verbosity = match (arguments.quiet, arguments.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let live = live();
    let progress = RefCell::new((!arguments.quiet).then(|| Progress::new(live)));
    reporters.push(Box::new(ResultPrinter::new(verbosity, paths)));
    if github::is_wanted(arguments.github) {
        reporters.extend(github::reporters());
    }
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let mut exit = runtime.block_on(async {
        let signalled = watch_signals(options.stop.clone(), live && !arguments.quiet);
        let mut sink = |event: Event| {
            for event in keeper.take(event) {
                progress.borrow_mut().iter_mut().for_each(|progress| progress.on_event(&event));
                reporters.iter_mut().for_each(|reporter| reporter.on_event(&event));
            }
        };
        let exit = tokio::select! {
            exit = crate::run::run(ready, options, &mut sink) => keeper.worsened(exit),
            never = ticking(&progress) => match never {},
        };
        match signalled.load(std::sync::atomic::Ordering::Relaxed) {
            15 => exit.worst(Exit::Terminated),
            _ => exit,
        }
    });
    let progress = progress.into_inner().map(|progress| Box::new(progress) as Box<dyn Reporter>);
    for mut reporter in progress.into_iter().chain(reporters) {
        if let Err(error) = reporter.finish() {
            print::error(&format!("error: failed to {error}"));
            exit = exit.worst(Exit::Broken);
        }
    }
    exit = arguments.baselines.save(&keeper.record, exit);
    // what still waits for an answer is not waited for
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    exit
}

/// Whether somebody watches standard error, on a terminal that knows how to draw over a line.
fn live() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Keeps the progress alive beside a run.
async fn ticking(progress: &RefCell<Option<Progress>>) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(Progress::TICK);
    loop {
        ticks.tick().await;
        progress.borrow_mut().iter_mut().for_each(Progress::tick);
    }
}

/// Asks the run to end at the first signal; a second one ends the process.
fn watch_signals(stop: Stop, live: bool) -> std::sync::Arc<std::sync::atomic::AtomicU8> {
    let signalled = std::sync::Arc::new(std::sync::atomic::AtomicU8::new(0));
    let seen = signalled.clone();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        let number = tokio::select! { _ = interrupt.recv() => 2, _ = terminate.recv() => 15 };
        seen.store(number, std::sync::atomic::Ordering::Relaxed);
        stop.request();
        interject("stopping; partial reports will be written (press Ctrl-C again to quit)", live);
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        if live {
            interject("ended at once", live);
        }
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
    signalled
}
