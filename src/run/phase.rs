//! A load phase made ready: its lanes, where they go, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::phase_error::PhaseError;
use super::renewal::Good;
use super::{Options, Session, descriptors, http2, pool};
use crate::drive::load::{self, ArrivalProcess, Http, Lane, LaneRequest, LoadDestination, Phase, SuccessMarks};
use crate::drive::process::ProcessCpu;
use crate::drive::stop::Stop;
use crate::drive::wire::Limits;
use crate::observe::{ClockOffset, Interval, LoadFigures};
use crate::plan::subject::Subject;
use crate::scenario::model::{self, LoadPhase, Pool};
use crate::scenario::{LoadedScenario, ScenarioError, text};

/// Connections of a phase that names no number.
const CONNECTIONS: usize = 8;
/// The lane that has to be granted.
pub(super) const VALID: &str = "valid";
/// Streams of a connection of HTTP/2 where it names none.
const STREAMS: usize = 10;

/// A phase that can be run, and run again at other rates.
pub(super) struct Prepared {
    pub(super) phase: Phase,
    pub(super) lanes: Vec<Lane>,
    /// What the valid lane sends, and what has to be renewed of it.
    pub(super) good: Good,
    pub(super) resource: usize,
    destinations: Vec<LoadDestination>,
    pub(super) limits: Limits,
    /// How far the target's clock is from ours, where that is asked.
    pub(super) clock: ClockOffset,
}

/// How long a phase is likely to take as it is written.
pub(super) fn length(written: &LoadPhase) -> Duration {
    let once = written.warmup.map_or(Duration::ZERO, |length| length.0) + written.duration.0;
    if written.capacity.is_some() { once.mul_f64(super::capacity::LIKELY) } else { once }
}

impl Prepared {
    /// Obtains what the lanes send.
    ///
    /// # Errors
    /// When a lane's credential is not there, or its forgery cannot be made.
    pub(super) async fn of(session: &Session<'_>, at: usize, written: &LoadPhase) -> Result<Self, PhaseError> {
        let resource = resource_of(&session.subject, at)?;
        let recognition = session.prober.recognition(resource).await;
        let identity = session.subject.good_for(resource).ok_or(PhaseError::NoCredential)?;
        let mut lanes = Vec::new();
        let mix: Vec<(String, f64)> = match written.mix.is_empty() {
            true => vec![(VALID.to_owned(), 1.0)],
            false => written.mix.iter().map(|(name, share)| (name.clone(), share.0)).collect(),
        };
        let identities = pool::identities(session, written.pool.as_ref(), (identity, resource))?;
        let identities = session.options.shard.members(identities);
        // what has to be waited for comes first: the valid lane begins with credentials that are fresh
        let mut refused = BTreeMap::new();
        for (name, _) in mix.iter().filter(|(name, _)| name != VALID) {
            let who = &session.subject.identities[identity];
            let request = match session.prober.signer(name, who, None).await? {
                Some(signer) => LaneRequest::signed(session.prober.unsigned_request(who, resource), signer),
                None => LaneRequest::new(session.prober.lane_request(name, identity, resource).await?),
            };
            refused.insert(name.clone(), vec![request]);
        }
        let good = Box::pin(Good::obtain(session, &identities, resource)).await?;
        for (name, share) in mix {
            let expects_grant = name == VALID;
            let requests = refused.remove(&name).unwrap_or_else(|| good.requests.clone());
            lanes.push(Lane { name, share, expects_grant, requests, marks: SuccessMarks::learned(&recognition) });
        }
        let phase = phase_of(session, written, resource);
        let streams = if let Http::Two { streams } = phase.http { streams } else { 1 };
        let limits = Limits::default().shared_by(phase.connections.saturating_mul(streams));
        let limits = written.timeout.map_or(limits, |timeout| limits.within(timeout.0));
        descriptors::enough_for(phase.connections)?;
        let requests: Vec<_> = lanes.iter().flat_map(|lane| &lane.requests).map(|request| request.request()).collect();
        let mut destinations: Vec<LoadDestination> = Vec::new();
        for request in &requests {
            if destinations.iter().all(|known| !known.carries(request)) {
                let (connection, to) =
                    (request.connection.clone(), session.target.destination_of(&request.connection)?);
                destinations.push(LoadDestination { connection, destination: to });
            }
        }
        // a connection has one certificate: every lane needs a request for each of them
        let is_carried = |lane: &Lane, by: &LoadDestination| lane.requests.iter().any(|one| by.carries(&one.request()));
        let all_carried = lanes.iter().all(|lane| destinations.iter().all(|by| is_carried(lane, by)));
        if !all_carried || (destinations.len() > 1 && phase.http != Http::One) {
            return Err(PhaseError::Certificates);
        }
        if phase.connections < destinations.len() {
            return Err(PhaseError::FewConnections(destinations.len()));
        }
        if let (Http::Two { .. }, Some(only)) = (phase.http, destinations.first_mut()) {
            only.destination = only.destination.clone().over_http2();
            http2::ready(&lanes, &only.destination, &limits).await?;
        }
        Ok(Self { phase, lanes, good, resource, destinations, limits, clock: ClockOffset::default() })
    }

    /// How long one run takes.
    pub(super) fn length(&self) -> Duration {
        self.phase.warmup + self.phase.duration
    }

    /// Runs a phase with these lanes; each second is passed on as it comes.
    ///
    /// # Errors
    /// When authbench failed inside its load engine.
    pub(super) async fn run(
        &self,
        phase: &Phase,
        stop: &Stop,
        take: &mut dyn FnMut(Interval),
    ) -> Result<LoadFigures, PhaseError> {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<Interval>();
        let (phase, lanes, destinations) = (phase.clone(), self.lanes.clone(), self.destinations.clone());
        let (limits, stop) = (self.limits, stop.clone());
        let engine = tokio::task::spawn_blocking(move || {
            let mut pass = |interval| drop(sender.send(interval));
            load::run_over(&phase, &lanes, &destinations, limits, &stop, &mut pass)
        });
        while let Some(interval) = receiver.recv().await {
            take(interval);
        }
        engine.await.map_err(|_| PhaseError::Engine)
    }
}

/// Phases whose declared credentials present more certificates than there are connections, reported before anything is sent.
pub(super) fn few_connections(loaded: &LoadedScenario, subject: &Subject, options: &Options) -> Vec<ScenarioError> {
    let mut mistakes = Vec::new();
    // a shard has its part of the credentials
    if options.shard.splits() {
        return mistakes;
    }
    let phases = loaded.scenario.load.iter().enumerate();
    for (at, written) in phases.filter(|(_, written)| matches!(written.pool, Some(Pool::Declared))) {
        let Ok(resource) = resource_of(subject, at) else { continue };
        let open = pool::declared(subject, resource);
        let certificates: BTreeSet<_> = open.map(|one| one.connection().0).collect();
        if connections(options, written) < certificates.len() {
            let error = loaded.error(written.place, PhaseError::FewConnections(certificates.len()).to_string());
            mistakes.push(error);
        }
    }
    mistakes
}

/// The connections of this part of the load: the scenario describes the whole of it.
fn connections(options: &Options, written: &LoadPhase) -> usize {
    options.shard.part_of(written.connections.unwrap_or(CONNECTIONS)).max(1)
}

/// The resource of a phase, by the index of the phase.
fn resource_of(subject: &Subject, phase: usize) -> Result<usize, PhaseError> {
    match subject.load_requests.get(phase).and_then(Option::as_ref) {
        None => subject.main_resource().ok_or(PhaseError::NoResource),
        Some((method, path)) => subject
            .resources
            .iter()
            .position(|resource| resource.method == *method && resource.path == *path)
            .ok_or_else(|| PhaseError::UnknownResource { method: method.clone(), path: path.clone() }),
    }
}

/// Lateness of the generator beyond which response times say more about authbench than about the target.
const LATENESS_BOUND: Duration = Duration::from_millis(5);

fn phase_of(session: &Session<'_>, written: &LoadPhase, resource: usize) -> Phase {
    let arrivals = written.rate.map(|rate| match (written.to, written.arrivals) {
        (Some(to), _) => match written.steps {
            Some(steps) => ArrivalProcess::Staircase(rate.0, to.0, steps),
            None => ArrivalProcess::Ramp(rate.0, to.0),
        },
        (None, model::Arrivals::Constant) => ArrivalProcess::Constant(rate.0),
        (None, model::Arrivals::Poisson) => ArrivalProcess::Poisson(rate.0),
    });
    // a local target needs a processor of its own
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let spare = if session.target.local { cpus.saturating_sub(1) } else { cpus };
    let threads = session.options.threads.unwrap_or(spare).max(1);
    let method = session.subject.resources[resource].method.as_str();
    Phase {
        name: written.name.clone(),
        arrivals,
        http: match written.http {
            text::HttpVersion::One => Http::One,
            text::HttpVersion::Two => Http::Two { streams: written.streams.unwrap_or(STREAMS) },
        },
        connections: connections(session.options, written),
        threads,
        spins: threads <= spare,
        warmup: written.warmup.map_or(Duration::ZERO, |length| length.0),
        duration: written.duration.0,
        may_have_body: method != "HEAD",
        may_repeat: matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"),
        lateness_bound: written.max_lateness.map_or(LATENESS_BOUND, |length| length.0),
        seed: session.options.seed,
        shard: session.options.shard,
        gate: Default::default(),
        server: session.target.process().and_then(ProcessCpu::of),
    }
}
