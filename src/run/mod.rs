//! The whole pipeline on one page: scenario, plan, drive, observe, judge, event. The only module that knows every stage.

mod capacity;
mod cases;
mod conformance;
mod failures;
mod http2;
mod keys;
mod load;
mod mix;
mod overhead;
mod phase;
mod pool;
mod renewal;
pub mod selftest;
mod tally;
mod target;
mod threshold;
mod waiver;

use std::sync::Arc;
use std::time::Duration;

use crate::check::CATALOGUE_VERSION;
use crate::check::profile::Effective;
use crate::clock::{self, Wall};
use crate::drive::control::ControlPlane;
use crate::drive::listener::Listener;
use crate::drive::probe::{Equipment, Prober};
use crate::drive::rate::RateLimit;
use crate::drive::stop::Stop;
use crate::drive::wire::{self, Limits};
use crate::event::{
    CheckResult, Event, FORMAT, Machine, Note, NoteKind, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted,
    SourcePlace,
};
use crate::exit::Exit;
use crate::judge::waiver::WaivedTarget;
use crate::plan::overhead::Comparison;
use crate::plan::subject::Subject;
use crate::plan::{PlannedCheck, Selection, Values, resolve};
use crate::scenario::{Environment, LoadedScenario, Place, ScenarioError};
use crate::secret::Scrubber;

use failures::Failures;

pub use target::{Launch, StartFailure};
use waiver::Ledger;

/// Which parts of scenarios run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// Checks.
    Conformance,
    /// Load phases.
    Load,
    /// Overhead studies.
    Overhead,
}

/// What a command line says about a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Parts that run; all if none.
    pub only: Option<Only>,
    /// Patterns of check ids.
    pub checks: Vec<String>,
    /// Load workers; chosen by the machine if none.
    pub threads: Option<usize>,
    /// Checks that run side by side.
    pub jobs: usize,
    /// How long an answer may take.
    pub time_limit: Duration,
    /// Requests a second that checks may send; no limit if none. Load phases have rates of their own.
    pub rate_limit: Option<f64>,
    /// The clock by which waivers end.
    pub wall: Wall,
    /// Seed of everything random.
    pub seed: u64,
    /// Whether scenarios were left out.
    pub narrowed: bool,
    /// Failures that end the run; none for as many as there are.
    pub max_failures: Option<usize>,
    /// Whether thresholds are judged.
    pub thresholds: bool,
    /// What an inconclusive end counts as.
    pub inconclusive: Exit,
    /// Whether commands of scenarios may be started.
    pub commands: bool,
    /// How the reference is started.
    pub launch: Launch,
    /// Where commands of scenarios are searched.
    pub path: Option<std::ffi::OsString>,
    /// Wish to end early.
    pub stop: Stop,
}

impl Options {
    /// Options of a run that nothing narrows.
    pub fn new(launch: Launch) -> Self {
        Self {
            only: None,
            checks: Vec::new(),
            threads: None,
            jobs: 8,
            time_limit: Limits::default().time,
            rate_limit: None,
            wall: Wall::default(),
            seed: 1,
            narrowed: false,
            max_failures: None,
            thresholds: true,
            inconclusive: Exit::Inconclusive,
            commands: true,
            launch,
            path: None,
            stop: Stop::default(),
        }
    }

    /// Whether all checks of all scenarios are asked for: only then can be said that something was not needed.
    fn is_whole(&self) -> bool {
        self.checks.is_empty() && !self.narrowed && self.wants(Only::Conformance)
    }

    fn wants(&self, part: Only) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// A scenario with its values read, ready to run.
pub struct Ready {
    loaded: LoadedScenario,
    subject: Subject,
    selection: Selection,
    comparison: Option<Comparison>,
    launch: target::Wanted,
}

/// Reads the values of all scenarios, before any runs.
///
/// # Errors
/// All mistakes of all scenarios: unset secrets, patterns that match nothing, unknown profiles.
pub fn prepare(
    loaded: Vec<LoadedScenario>,
    environment: Option<&dyn Environment>,
    options: &Options,
) -> Result<Vec<Ready>, Vec<ScenarioError>> {
    let (mut ready, mut errors) = (Vec::new(), Vec::new());
    for loaded in loaded {
        match prepare_one(loaded, environment, options) {
            Ok(one) => ready.push(one),
            Err(mistakes) => errors.extend(mistakes),
        }
    }
    // a mistake in a file of waivers is one mistake, however many scenarios name the file
    let mut told = std::collections::BTreeSet::new();
    errors.retain(|error| told.insert(error.render(false)));
    if errors.is_empty() { Ok(ready) } else { Err(errors) }
}

fn prepare_one(
    loaded: LoadedScenario,
    environment: Option<&dyn Environment>,
    options: &Options,
) -> Result<Ready, Vec<ScenarioError>> {
    let mut errors = crate::plan::mistakes(&loaded);
    let values = match environment {
        Some(environment) => Values::reading(&loaded, environment),
        None => Values::blind(&loaded),
    };
    let subject = resolve::subject(&loaded, &values);
    let comparison = crate::plan::overhead::comparison(&loaded, &values).unwrap_or_else(|mistakes| {
        errors.extend(mistakes);
        None
    });
    let launch = target::wanted(&loaded, &values);
    errors.extend(values.finish().err().unwrap_or_default());
    let selection = Selection::of(&loaded, &options.checks);
    match selection {
        Ok(selection) if errors.is_empty() => Ok(Ready { loaded, subject, selection, comparison, launch }),
        Ok(_) => Err(errors),
        Err(more) => Err(errors.into_iter().chain(more).collect()),
    }
}

/// The checks that a scenario would run, for a dry run.
pub fn plan_of(ready: &Ready) -> Vec<PlannedCheck> {
    let profile = profile_of(&ready.loaded, &ready.subject);
    crate::plan::checks(&ready.subject, &profile, |id| ready.selection.selects(id))
}

/// Runs scenarios one after another; every result goes to the sink.
pub async fn run(scenarios: Vec<Ready>, options: &Options, sink: &mut dyn FnMut(Event)) -> Exit {
    sink(Event::RunStarted(RunStarted {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        catalogue: CATALOGUE_VERSION,
        started: clock::timestamp(),
        seed: options.seed,
        machine: machine(),
    }));
    // a limit of failures ends the parts; only a signal ends the whole as interrupted
    let part = Options { stop: options.stop.below(), ..options.clone() };
    let mut failures = Failures::new(options.max_failures, part.stop.clone());
    let mut counted = |event: Event| {
        let note = failures.count(&event);
        sink(event);
        note.into_iter().for_each(&mut *sink);
    };
    let mut exit = None;
    let ledger = Ledger::of(&scenarios, &part);
    for (at, scenario) in scenarios.into_iter().enumerate() {
        if part.stop.is_requested() {
            break;
        }
        let ended = one(scenario, &part, Turn { at, ledger: &ledger }, &mut counted).await;
        exit = Some(exit.map_or(ended, |exit: Exit| exit.worst(ended)));
    }
    if ledger.tell(None, &mut counted) > 0 {
        exit = exit.map(|exit| exit.worst(Exit::Findings));
    }
    let exit = exit.unwrap_or(Exit::NothingSelected);
    let exit = if options.stop.is_requested() { exit.worst(Exit::Interrupted) } else { exit };
    sink(Event::RunFinished(RunFinished {
        finished: clock::timestamp(),
        exit_code: exit.code(),
        reason: exit.reason().to_owned(),
    }));
    exit
}

fn machine() -> Machine {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu: model.map(|(_, name)| name.trim().to_owned()).unwrap_or_default(),
        cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

fn profile_of(loaded: &LoadedScenario, subject: &Subject) -> Effective {
    let names =
        loaded.scenario.conformance.profile.as_ref().map(|profiles| profiles.value.0.clone()).unwrap_or_default();
    Effective::of(names.iter().map(String::as_str), subject.scheme.profile_name())
}

/// What the parts of a scenario share while it runs.
struct Session<'a> {
    loaded: &'a LoadedScenario,
    subject: Arc<Subject>,
    prober: Arc<Prober>,
    profile: Effective,
    selection: &'a Selection,
    options: &'a Options,
    scrubber: Scrubber,
    target: &'a target::Running,
    turn: Turn<'a>,
}

/// A scenario's place in the run.
#[derive(Clone, Copy)]
struct Turn<'a> {
    at: usize,
    ledger: &'a Ledger,
}

impl Session<'_> {
    fn place(&self, place: Place) -> SourcePlace {
        SourcePlace { file: self.loaded.file.clone(), line: place.line, column: place.column }
    }

    /// Waives a result, if somebody answers for it.
    fn waive(&self, result: &mut CheckResult) {
        let target = WaivedTarget { name: &self.target.name, base: &self.target.base };
        self.turn.ledger.apply(self.turn.at, target, result);
    }
}

async fn one(ready: Ready, options: &Options, turn: Turn<'_>, sink: &mut dyn FnMut(Event)) -> Exit {
    let Ready { loaded, mut subject, selection, comparison, launch } = ready;
    let profile = profile_of(&loaded, &subject);
    let listener = match options.wants(Only::Conformance) {
        true => keys::listen(&mut subject, &launch).await,
        false => Ok(None),
    };
    let started = |target: String, planned: usize| {
        Event::ScenarioStarted(ScenarioStarted {
            name: loaded.scenario.name.clone(),
            file: loaded.file.clone(),
            description: loaded.scenario.description.clone(),
            tags: loaded.scenario.tags.clone(),
            target,
            scheme: subject.scheme.name().to_owned(),
            profile: profile.name().to_owned(),
            planned_checks: planned,
        })
    };
    let running = match target::start(&launch, options).await {
        Ok(running) => running,
        Err(failure) => {
            sink(started(launch.name(), 0));
            return broken(&failure.to_string(), sink);
        }
    };
    let exit = match equip(&subject, &running, listener, options).await {
        Ok((subject, prober)) => {
            let planned = crate::plan::checks(&subject, &profile, |id| selection.selects(id));
            let executable = planned.iter().filter(|check| check.script.is_ok()).count()
                + cases::planned(&loaded, subject.owned, &selection);
            let planned_checks = if options.wants(Only::Conformance) { executable } else { 0 };
            sink(started(running.name.clone(), planned_checks));
            let scrubber = scrubber_of(&subject);
            let session = Session {
                loaded: &loaded,
                subject,
                prober,
                profile,
                selection: &selection,
                options,
                scrubber,
                target: &running,
                turn,
            };
            parts(&session, planned, comparison.as_ref(), sink).await
        }
        Err(failure) => {
            sink(started(running.name.clone(), 0));
            broken(&failure, sink)
        }
    };
    running.stop().await;
    exit
}

fn broken(why: &str, sink: &mut dyn FnMut(Event)) -> Exit {
    sink(Event::Note(Note { kind: NoteKind::Error, text: why.to_owned() }));
    let exit_code = Exit::Broken.code();
    sink(Event::ScenarioFinished(ScenarioFinished { applicable: 0, executed: 0, exit_code }));
    Exit::Broken
}

fn scrubber_of(subject: &Subject) -> Scrubber {
    let mut scrubber = Scrubber::default();
    for secret in subject.secrets() {
        scrubber.add(secret.expose().as_bytes());
    }
    scrubber
}

/// Completes what is known about the target now that it runs, and makes what talks to it.
async fn equip(
    subject: &Subject,
    running: &target::Running,
    listener: Result<Option<Arc<Listener>>, String>,
    options: &Options,
) -> Result<(Arc<Subject>, Arc<Prober>), String> {
    let mut subject = subject.clone();
    let base = running.base.clone();
    let tls = wire::tls_config(running.ca_pem.as_deref()).map_err(|error| error.to_string())?;
    if let Some(server) = &mut subject.authorization_server {
        if let Some(path) = server.issuer.as_deref().filter(|issuer| issuer.starts_with('/')) {
            server.issuer = Some(format!("{}{}", base.as_str().trim_end_matches('/'), path.trim_end_matches('/')));
        }
        target::discover(server, running, options.time_limit).await?;
    }
    let rate_limit = RateLimit::new(options.rate_limit);
    let control = ControlPlane::new(&base, subject.authorization_server.as_ref(), running.ca_pem.as_deref());
    let control = control.map_err(|error| error.to_string())?.within(options.time_limit).paced(rate_limit.clone());
    let listener = listener?;
    keys::host(&mut subject, listener.as_ref(), &control, &base).await;
    keys::read_published(&mut subject, &control, &base).await;
    let subject = Arc::new(subject);
    let prober = Prober::new(Equipment {
        subject: subject.clone(),
        base,
        tls: Some(tls),
        limits: Limits::default().within(options.time_limit),
        control: Arc::new(control),
        listener,
        rate_limit,
        seed: options.seed,
    });
    Ok((subject, Arc::new(prober)))
}

async fn parts(
    session: &Session<'_>,
    planned: Vec<PlannedCheck>,
    comparison: Option<&Comparison>,
    sink: &mut dyn FnMut(Event),
) -> Exit {
    let options = session.options;
    let (mut exit, mut selected, mut loaded) = (Exit::Passed, false, false);
    let (mut applicable, mut executed) = (0, 0);
    if options.wants(Only::Conformance) {
        if let Some(departure) = session.profile.departure() {
            sink(Event::Note(Note { kind: NoteKind::Info, text: departure }));
        }
        let end = conformance::run(session, planned, sink).await;
        selected |= end.applicable > 0;
        (applicable, executed) = (end.applicable, end.executed);
        exit = exit.worst(end.exit);
    }
    if options.wants(Only::Load) && !options.stop.is_requested() && options.checks.is_empty() {
        let end = load::run(session, sink).await;
        loaded = end.selected;
        selected |= end.selected;
        exit = exit.worst(end.exit);
    }
    if options.wants(Only::Overhead) && !options.stop.is_requested() && options.checks.is_empty() {
        let end = overhead::run(session, comparison, sink).await;
        selected |= end.selected;
        exit = exit.worst(end.exit);
    }
    if !selected && exit == Exit::Passed {
        exit = Exit::NothingSelected;
    }
    // what is inconclusive because nothing ran stays so, whatever it is to count as
    if exit == Exit::Inconclusive && (executed > 0 || loaded) {
        exit = options.inconclusive;
    }
    sink(Event::ScenarioFinished(ScenarioFinished { applicable, executed, exit_code: exit.code() }));
    exit
}

impl Ready {
    /// Name of the scenario.
    pub fn name(&self) -> &str {
        &self.loaded.scenario.name
    }

    /// Its file.
    pub fn file(&self) -> &str {
        &self.loaded.file
    }

    /// Names of its load phases.
    pub fn phases(&self) -> impl Iterator<Item = &str> {
        self.loaded.scenario.load.iter().map(|phase| phase.name.as_str())
    }

    /// What its overhead study compares, the baseline first, and for how long; nothing where it has none.
    pub fn compared(&self) -> Option<(Vec<&str>, std::time::Duration)> {
        let comparison = self.comparison.as_ref()?;
        let sides = std::iter::once(&comparison.baseline).chain(&comparison.schemes);
        Some((sides.map(|side| side.name.as_str()).collect(), overhead::length(comparison)))
    }

    /// Variables that it needs and that an environment does not have.
    pub fn unset(&self, environment: &dyn Environment) -> Vec<String> {
        crate::plan::variables(&self.loaded).into_iter().filter(|name| environment.variable(name).is_none()).collect()
    }
}
