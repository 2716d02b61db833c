//! What a command line says about a run.

use std::time::Duration;

use url::Url;

use super::shards::Start;
use super::start::Launch;
use crate::check::Severity;
use crate::clock::Wall;
use crate::drive::stop::Stop;
use crate::drive::wire::Limits;
use crate::exit::Exit;
use crate::observe::Activity;
use crate::shard::Shard;
use crate::target::child::Spawner;
use crate::target::hosts::AllowedHosts;
use crate::target::proxy::Proxy;

/// How long a check may take where nothing is said, without what it waits for by itself.
const CHECK_TIME: Duration = Duration::from_secs(60);

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
    /// Whether the record has the exchanges of checks, and not their verdicts alone.
    pub exchanges: bool,
    /// Whether commands of scenarios may be started, hooks included.
    pub commands: bool,
    /// Whom the run may talk to, beside the servers that it starts itself.
    pub hosts: AllowedHosts,
    /// The proxy of every scenario that names an address, in place of its own.
    pub proxy: Option<std::sync::Arc<Proxy>>,
    /// The options of the command line that bound and aim scenarios, as they are written: a replay needs them.
    pub bounds: Vec<String>,
    /// The target of every scenario that names an address or a command.
    pub base_url: Option<Url>,
    /// How the reference is started.
    pub launch: Launch,
    /// Where commands of scenarios are searched.
    pub path: Option<std::ffi::OsString>,
    /// Wish to end early.
    pub stop: Stop,
    /// How long the run may take; no limit if none.
    pub max_time: Option<Duration>,
    /// How long a check may take, without what it waits for by itself.
    pub check_time: Duration,
    /// Check in which authbench is to fail, for tests of what becomes of it.
    #[cfg(test)]
    pub(crate) fails_in: Option<&'static str>,
    /// The part of the run that is done here.
    pub shard: Shard,
    /// When load phases start.
    pub start: Start,
    /// Where it is shown what is done and waited for.
    pub activity: Activity,
    /// The lowest severity of a failed check that fails the run.
    pub fail_on: Severity,
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
            exchanges: true,
            commands: true,
            hosts: AllowedHosts::default(),
            proxy: None,
            bounds: Vec::new(),
            base_url: None,
            launch,
            path: None,
            stop: Stop::default(),
            max_time: None,
            check_time: CHECK_TIME,
            #[cfg(test)]
            fails_in: None,
            shard: Shard::default(),
            start: Start::Now,
            activity: Activity::default(),
            fail_on: Severity::Low,
        }
    }

    /// Arguments that run one check again.
    pub(super) fn replay_of(&self, file: &str, check: &str) -> Vec<String> {
        let words = ["run", file, "--replay", check, "--seed"].map(str::to_owned);
        words.into_iter().chain([self.seed.to_string()]).chain(self.bounds.clone()).collect()
    }

    /// What starts the commands of scenarios.
    pub(super) fn spawner(&self) -> Spawner {
        let authbench = match &self.launch {
            Launch::Child(program) => Some(program.clone()),
            Launch::InProcess | Launch::Hopeless(_) => None,
        };
        let spawner = Spawner::new(self.path.clone(), authbench);
        if self.commands { spawner } else { spawner.forbidden() }
    }

    /// Whether all checks of all scenarios are asked for: only then can be said that something was not needed.
    pub(super) fn is_whole(&self) -> bool {
        self.checks.is_empty() && !self.narrowed && self.wants(Only::Conformance)
    }

    /// Why something was not executed, or cut.
    pub(super) fn ended(&self) -> String {
        match self.max_time.filter(|_| self.stop.time_is_over()) {
            Some(time) => format!("--max-time {} is over", humantime::format_duration(time)),
            None => "the run was stopped".to_owned(),
        }
    }

    pub(super) fn wants(&self, part: Only) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}
