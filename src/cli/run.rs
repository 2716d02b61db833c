//! `authbench run`: runs scenarios and writes reports.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::builder::{FalseyValueParser, UnknownArgumentValueParser};
use clap::{Args, ValueEnum};

use super::baseline::Baselines;
use super::bounds::Bounds;
use super::reports::{EvidenceOf, ReportFiles, finish, reporters};
use super::select::Selecting;
use super::shard::Sharding;
use super::{github, print};
use crate::check::Severity;
use crate::drive::stop::Stop;
use crate::event::{Event, RunFinished};
use crate::exit::Exit;
use crate::plan::selection;
use crate::report::{FORMATS, Progress, Reporter, ResultPrinter, Verbosity, Watching, interject};
use crate::run::{Launch, Only, Options, plan_of, prepare};
use crate::scenario::text::Rate;
use crate::scenario::{LoadedScenario, ScenarioError, ValueError, load_paths, load_untrusted, load_waivers};

/// Run scenarios: checks, load phases, reports.
///
/// A folder is read without its subfolders, in order of names. All files are read before any runs.
#[derive(Debug, Args)]
#[command(after_help = more_help())]
pub(super) struct RunArguments {
    /// Scenario files and folders.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write a report in one of the formats below; repeatable (default: html, json and jsonl
    /// under reports/).
    #[arg(
        long = "report",
        value_name = "FORMAT=PATH",
        env = "AUTHBENCH_REPORT",
        value_delimiter = ',',
        help_heading = "Output"
    )]
    reports: Vec<String>,
    /// What other programs call the option; it is refused with the name that it has here.
    #[arg(
        long = "out-dir",
        aliases = ["output", "out", "output-dir", "report-dir"],
        hide = true,
        value_name = "FOLDER",
        num_args = 0..=1,
        default_missing_value = "",
        value_parser = UnknownArgumentValueParser::suggest_arg("--report")
            .and_suggest("such as `--report html=reports/report.html --report json=reports/report.json`")
    )]
    _out_dir: Option<String>,
    /// Checks whose requests and answers report.json holds; run.jsonl has those of all.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = EvidenceOf::Findings, env = "AUTHBENCH_EVIDENCE", help_heading = "Output")]
    evidence: EvidenceOf,
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
    /// Run one check again and show each request with its answer; writes no report that --report does not name. Findings print it with their seed.
    #[arg(long, value_name = "CHECK", env = "AUTHBENCH_REPLAY", conflicts_with_all = ["checks", "only", "quiet"], help_heading = "What runs")]
    replay: Option<String>,
    #[command(flatten)]
    select: Selecting,
    /// Waivers of a file, for every scenario whose target they name; repeatable.
    #[arg(
        long = "waivers",
        value_name = "FILE",
        env = "AUTHBENCH_WAIVERS",
        value_delimiter = ',',
        help_heading = "Verdict and exit code"
    )]
    waivers: Vec<PathBuf>,
    /// Number of load workers (default: one for each processor, one less for a local target).
    #[arg(long, env = "AUTHBENCH_THREADS", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Execution")]
    threads: Option<u16>,
    /// Checks that run side by side; 1 for a delicate target.
    #[arg(long, default_value_t = 8, env = "AUTHBENCH_JOBS", value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Execution")]
    jobs: u16,
    /// Maximum request rate for checks, such as 5/s, for a delicate target; load phases keep their own rates.
    #[arg(long, value_name = "N/s", env = "AUTHBENCH_RATE_LIMIT", value_parser = some_rate, help_heading = "Execution")]
    rate_limit: Option<Rate>,
    /// Timeout for each request.
    #[arg(long, value_name = "TIME", default_value = "10s", env = "AUTHBENCH_TIMEOUT", value_parser = some_time, help_heading = "Execution")]
    timeout: std::time::Duration,
    /// Stop the run after this time, such as 10m: what runs is cut, the rest is inconclusive, and the run ends with 5 unless there are findings.
    #[arg(long, value_name = "TIME", env = "AUTHBENCH_MAX_TIME", value_parser = some_time, help_heading = "Execution")]
    max_time: Option<std::time::Duration>,
    /// Maximum time for each check, without the time that it has to wait, such as for a token to expire.
    #[arg(long, value_name = "TIME", default_value = "60s", env = "AUTHBENCH_MAX_CHECK_TIME", value_parser = some_time, help_heading = "Execution")]
    max_check_time: std::time::Duration,
    /// Seed for everything random (default: a new one, which the report names).
    #[arg(long, env = "AUTHBENCH_SEED", help_heading = "Execution")]
    seed: Option<u64>,
    /// Stop at the first failure: a failed check, a broken threshold, a stale waiver.
    #[arg(long, conflicts_with = "max_failures", env = "AUTHBENCH_FAIL_FAST", value_parser = FalseyValueParser::new(), help_heading = "Verdict and exit code")]
    fail_fast: bool,
    /// Lowest severity of a failed check that fails the run; lesser failures are reported, and the run passes.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Low, env = "AUTHBENCH_FAIL_ON", help_heading = "Verdict and exit code")]
    fail_on: FailOn,
    /// Stop after this number of failures.
    #[arg(long, value_name = "N", env = "AUTHBENCH_MAX_FAILURES", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Verdict and exit code")]
    max_failures: Option<u32>,
    /// Ignore thresholds.
    #[arg(long, env = "AUTHBENCH_NO_THRESHOLDS", value_parser = FalseyValueParser::new(), help_heading = "Verdict and exit code")]
    no_thresholds: bool,
    /// What an inconclusive run counts as (default: exit code 5).
    #[arg(long, value_enum, env = "AUTHBENCH_INCONCLUSIVE", help_heading = "Verdict and exit code")]
    inconclusive: Option<CountsAs>,
    #[command(flatten)]
    baselines: Baselines,
    #[command(flatten)]
    sharding: Sharding,
    /// Print what would run, and send nothing. Reads no secret.
    #[arg(long, env = "AUTHBENCH_DRY_RUN", value_parser = FalseyValueParser::new(), help_heading = "What runs")]
    dry_run: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// Annotate the lines of scenarios and write a step summary, as GitHub Actions shows them; on automatically in GitHub Actions.
    #[arg(long, env = "AUTHBENCH_GITHUB", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    github: bool,
    /// List every check.
    #[arg(short, long, conflicts_with = "quiet", env = "AUTHBENCH_VERBOSE", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    verbose: bool,
    /// Show findings and errors only.
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

/// The longest time that anything is given.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);

/// A length of time that is not zero.
fn some_time(text: &str) -> Result<std::time::Duration, BadTime> {
    match humantime::parse_duration(text) {
        Ok(time) if time.is_zero() => Err(BadTime::Zero),
        Ok(time) if time <= LONGEST => Ok(time),
        Ok(_) | Err(humantime::DurationError::NumberOverflow) => Err(BadTime::TooLong),
        Err(_) => Err(BadTime::Unreadable),
    }
}

/// A rate, or what to write instead.
fn some_rate(text: &str) -> Result<Rate, BadRate> {
    text.parse().map_err(BadRate)
}

/// Why a text is no rate.
#[derive(Debug, thiserror::Error)]
#[error("{0}; write a rate such as 5/s or 30/m")]
struct BadRate(ValueError);

/// Why a text is no time that something can take.
#[derive(Debug, thiserror::Error)]
enum BadTime {
    #[error("must be greater than 0")]
    Zero,
    #[error("must be at most 7d")]
    TooLong,
    #[error("expected a number with its unit, such as 500ms, 90s, 10m or 1h")]
    Unreadable,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnlyPart {
    Conformance,
    Load,
    Overhead,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Low,
    Medium,
    High,
    Critical,
}

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            FailOn::Low => Severity::Low,
            FailOn::Medium => Severity::Medium,
            FailOn::High => Severity::High,
            FailOn::Critical => Severity::Critical,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CountsAs {
    Pass,
    Fail,
}

pub(super) fn run(arguments: RunArguments) -> Exit {
    let exit = match prepared(&arguments) {
        Ok((ready, options)) if arguments.dry_run => return dry_run(&ready, &options),
        Ok((ready, options)) => {
            if !arguments.quiet {
                announce(&ready);
            }
            execute(&arguments, ready, &options)
        }
        Err(exit) => (exit, exit.reason().to_owned()),
    };
    let (exit, reason) = exit;
    if exit != Exit::Passed || !arguments.quiet {
        print::error(&format!("exit {}: {reason}", exit.code()));
    }
    exit
}

fn prepared(arguments: &RunArguments) -> Result<(Vec<crate::run::Ready>, Options), Exit> {
    for pattern in arguments.checks.iter().chain(&arguments.replay) {
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
        checks: arguments.checks.iter().chain(&arguments.replay).cloned().collect(),
        threads: arguments.threads.map(usize::from),
        jobs: usize::from(arguments.jobs),
        time_limit: arguments.timeout,
        max_time: arguments.max_time,
        check_time: arguments.max_check_time,
        rate_limit: arguments.rate_limit.map(|rate| rate.0),
        seed: arguments.seed.unwrap_or_else(rand::random),
        narrowed: arguments.select.narrows(),
        max_failures: if arguments.fail_fast { Some(1) } else { arguments.max_failures.map(|borne| borne as usize) },
        thresholds: !arguments.no_thresholds,
        fail_on: arguments.fail_on.severity(),
        inconclusive: match arguments.inconclusive {
            None => Exit::Inconclusive,
            Some(CountsAs::Pass) => Exit::Passed,
            Some(CountsAs::Fail) => Exit::Findings,
        },
        path: std::env::var_os("PATH"),
        shard,
        start,
        ..Options::new(Launch::Child(program))
    };
    let options = arguments.bounds.applied(options);
    let environment = arguments.bounds.environment().map_err(|error| {
        print::error(&format!("error: --allow-env: {error}"));
        Exit::Usage
    })?;
    let environment = (!arguments.dry_run).then_some(&environment as &dyn crate::scenario::Environment);
    let ready = prepare(loaded, environment, &options).map_err(|errors| super::tell(&errors))?;
    Ok((ready, options))
}

fn load(arguments: &RunArguments) -> Result<Vec<LoadedScenario>, Vec<ScenarioError>> {
    let load_all = if arguments.bounds.confine() { load_untrusted } else { load_paths };
    let mut loaded = load_all(&arguments.paths)?;
    for path in &arguments.waivers {
        let waivers = std::sync::Arc::new(load_waivers(path)?);
        loaded.iter_mut().for_each(|scenario| scenario.waiver_files.push(waivers.clone()));
    }
    Ok(loaded)
}

/// Says which values of the environment each scenario has got, and who may get them from it.
fn announce(ready: &[crate::run::Ready]) {
    for scenario in ready.iter().filter(|scenario| !scenario.variables().is_empty()) {
        let list = |words: Vec<&str>| words.join(", ");
        let variables = list(scenario.variables().iter().map(String::as_str).collect());
        let receivers = scenario.receivers();
        let receivers = list(receivers.iter().map(String::as_str).collect());
        print::error(&format!("{}: sends values of {variables} to {receivers}", scenario.file()));
    }
}

fn dry_run(ready: &[crate::run::Ready], _: &Options) -> Exit {
    for scenario in ready {
        print::line(scenario.name());
        for planned in plan_of(scenario) {
            match &planned.script {
                Ok(script) => print::line(&format!("  {:<44} {} steps", planned.check.id, script.actions.len())),
                Err(missing) => print::line(&format!("  {:<44} not tested: {}", planned.check.id, missing.why)),
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

fn execute(arguments: &RunArguments, ready: Vec<crate::run::Ready>, options: &Options) -> (Exit, String) {
    let (exit, recorded) = match executed(arguments, ready, options) {
        Ok(ended) => ended,
        Err(exit) => (exit, None),
    };
    // what ended it later, such as a report that could not be written, has its own reason
    let recorded = recorded.filter(|recorded| recorded.exit_code == exit.code()).map(|recorded| recorded.reason);
    (exit, recorded.unwrap_or_else(|| crate::run::reason(exit, options).to_owned()))
}

/// Runs and reports; how it ended, and what the record says about that.
fn executed(
    arguments: &RunArguments,
    ready: Vec<crate::run::Ready>,
    options: &Options,
) -> Result<(Exit, Option<RunFinished>), Exit> {
    let shard = options.shard.splits().then_some(options.shard);
    if shard.is_some() && arguments.baselines.is_asked() {
        print::error(
            "error: a shard is compared with no baseline and is none\nhelp: give the options of baselines to `authbench merge`",
        );
        return Err(Exit::Usage);
    }
    let narrowed = arguments.only.is_some() || !options.checks.is_empty() || arguments.select.narrows();
    let partial = narrowed || arguments.fail_fast || arguments.max_failures.is_some();
    let mut keeper = arguments.baselines.keeper(partial)?;
    let mut files = match arguments.replay {
        Some(_) if arguments.reports.is_empty() => ReportFiles::none(),
        _ => reporters(&arguments.reports, shard, arguments.evidence)?,
    };
    let verbosity = match (arguments.quiet, arguments.verbose) {
        _ if arguments.replay.is_some() => Verbosity::Exchanges,
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let live = live();
    let watching = || Watching {
        live,
        coloured: print::error_is_coloured(),
        columns: print::error_columns,
        rows: print::error_rows,
        activity: options.activity.clone(),
        measured_s: ready.iter().map(|scenario| scenario.measures(options).as_secs_f64()).collect(),
    };
    let progress = RefCell::new((!arguments.quiet).then(|| Progress::new(watching())));
    let mut printer = ResultPrinter::new(verbosity).within(print::output_columns());
    let mut annotations = Vec::new();
    if github::is_wanted(arguments.github) {
        annotations.extend(github::reporters());
    }
    if !arguments.quiet && !arguments.bounds.has_proxy() {
        tell_ignored_proxies();
    }
    let runtime = super::runtime()?;
    let mut exit = runtime.block_on(async {
        watch_signals(options.stop.clone(), live && !arguments.quiet);
        let mut sink = |event: Event| {
            for event in keeper.take(event) {
                progress.borrow_mut().iter_mut().for_each(|progress| progress.on_event(&event));
                files.on_event(&event);
                printer.on_event(&event);
                annotations.iter_mut().for_each(|reporter| reporter.on_event(&event));
            }
        };
        tokio::select! {
            exit = crate::run::run(ready, options, &mut sink) => keeper.worsened(exit),
            never = ticking(&progress) => match never {},
        }
    });
    let mut whole = progress.into_inner().is_none_or(|mut progress| finish(&mut progress));
    let (written, ended_with) = files.finish(exit);
    printer.wrote(written);
    whole &= finish(&mut printer);
    for mut reporter in annotations {
        whole &= finish(reporter.as_mut());
    }
    exit = if whole { ended_with } else { ended_with.worst(Exit::Broken) };
    exit = arguments.baselines.save(&keeper.record, exit);
    // what still waits for an answer is not waited for
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    Ok((exit, keeper.record.finished))
}

/// Says that proxies of the environment are not used: what a proxy answers, changes or keeps would be taken for the target.
fn tell_ignored_proxies() {
    let set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let names: Vec<&str> = names.into_iter().filter(set).collect();
    if !names.is_empty() {
        let verb = if names.len() == 1 { "is" } else { "are" };
        print::error(&format!(
            "{} {verb} set and ignored: --proxy or `target.proxy` names the proxy to use",
            names.join(", ")
        ));
    }
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

/// The number of SIGHUP.
const HANGUP: i32 = 1;

/// Asks the run to end at the first signal; a second one ends the process, unless it is SIGHUP.
fn watch_signals(stop: Stop, live: bool) {
    use tokio::signal::unix::{SignalKind, signal};
    let wanted = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let wanted = wanted.into_iter().filter(|kind| *kind != SignalKind::hangup() || !outlives_its_terminal());
    let signals = wanted.filter_map(|kind| Some((kind.as_raw_value(), signal(kind).ok()?)));
    let (came, mut coming) = tokio::sync::mpsc::unbounded_channel();
    for (number, mut signal) in signals {
        let came = came.clone();
        tokio::spawn(async move { while signal.recv().await.is_some() && came.send(number).is_ok() {} });
    }
    tokio::spawn(async move {
        let Some(number) = coming.recv().await else { return };
        stop.request_by(number);
        interject("stopping; partial reports will be written (press Ctrl-C again to quit)", live);
        // one terminal that closes may be told by the system and by a shell
        let number = loop {
            match coming.recv().await {
                Some(HANGUP) => {}
                Some(number) => break number,
                None => return,
            }
        };
        if live {
            interject("ended at once", live);
        }
        std::process::exit(i32::from(Exit::of_signal(Some(number)).code()));
    });
}

/// Whether whoever started this wants it to outlive the terminal, as `nohup` does: SIGHUP is ignored.
fn outlives_its_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & 1 == 1)
}
