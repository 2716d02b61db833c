//! Runs the load phases of a scenario, with tokens renewed beside the measured path.

use std::sync::Arc;
use std::time::Duration;

use super::{Session, threshold};
use crate::clock;
use crate::drive::control::Token;
use crate::drive::load::{self, Arrivals, Lane, LaneRequest, Marks, Phase};
use crate::drive::wire::{Destination, Limits, tls_config};
use crate::event::{Event, LoadInterval, LoadStarted, Note, NoteKind};
use crate::exit::Exit;
use crate::judge::abort::Aborted;
use crate::observe::{Interval, Latency, LoadFigures};
use crate::scenario::model::{self, LoadPhase};

/// Connections of a phase that names no number.
const CONNECTIONS: usize = 8;
/// After a renewal that failed.
const RETRY: Duration = Duration::from_millis(200);

/// How the load of a scenario ended.
pub(super) struct End {
    pub(super) selected: bool,
    pub(super) exit: Exit,
}

/// Runs all phases, one after another.
pub(super) async fn run(session: &Session<'_>, sink: &mut dyn FnMut(Event)) -> End {
    let mut end = End { selected: false, exit: Exit::Passed };
    let phases = &session.loaded.scenario.load;
    if !phases.is_empty() && !session.subject.owned {
        let text = "no load: the scenario does not say `owned: true`".to_owned();
        sink(Event::Note(Note { kind: NoteKind::Warning, text }));
        return end;
    }
    for written in phases {
        if session.options.stop.is_requested() {
            break;
        }
        end.selected = true;
        match one(session, written, sink).await {
            Ok((figures, aborted)) => {
                let judged = threshold::judge(session, &figures, aborted.as_ref(), sink);
                end.exit = end.exit.worst(judged).worst(verdict(&figures, sink));
            }
            Err(why) => {
                sink(Event::Note(Note {
                    kind: NoteKind::Error,
                    text: format!("the load phase {} did not run: {why}", written.name),
                }));
                end.exit = end.exit.worst(Exit::Broken);
            }
        }
    }
    end
}

/// A lane that should be refused and was not is a finding; figures that cannot be trusted prove nothing.
fn verdict(figures: &LoadFigures, sink: &mut dyn FnMut(Event)) -> Exit {
    let mut exit = if figures.inconclusive.is_some() { Exit::Inconclusive } else { Exit::Passed };
    for lane in figures.lanes.iter().filter(|lane| !lane.expects_accepted && lane.outcomes.accepted > 0) {
        let text = format!(
            "critical: {} of {} requests of the lane {} were accepted under load, the first {:.3} s into the phase",
            lane.outcomes.accepted,
            lane.outcomes.total(),
            lane.name,
            lane.first_accepted_s.unwrap_or_default()
        );
        sink(Event::Note(Note { kind: NoteKind::Finding, text }));
        exit = exit.worst(Exit::Findings);
    }
    exit
}

async fn one(
    session: &Session<'_>,
    written: &LoadPhase,
    sink: &mut dyn FnMut(Event),
) -> Result<(LoadFigures, Option<Aborted>), String> {
    let resource = resource_of(session, written)?;
    let identity = session.subject.good_for(resource).ok_or("no valid credential for its resource")?;
    let fingerprint = session.prober.fingerprint(resource).await;
    let mut lanes = Vec::new();
    let mix: Vec<(String, f64)> = match written.mix.is_empty() {
        true => vec![("valid".to_owned(), 1.0)],
        false => written.mix.iter().map(|(name, share)| (name.clone(), share.0)).collect(),
    };
    for (name, share) in mix {
        let request = session.prober.lane_request(&name, identity, resource).await?;
        let expects_accepted = name == "valid";
        let (requests, marks) = (vec![LaneRequest::new(request.to_bytes())], Marks::of(&fingerprint));
        lanes.push(Lane { name, share, expects_accepted, requests, marks });
    }
    let phase = phase_of(session, written, resource);
    let destination = destination_of(session)?;
    sink(Event::LoadStarted(LoadStarted {
        name: phase.name.clone(),
        offered_rate: phase.arrivals.map(Arrivals::mean_rate),
        length_s: (phase.warmup + phase.duration).as_secs_f64(),
    }));
    let renewal = Renewal::start(session, identity, resource, &lanes);
    let stop = session.options.stop.below();
    let ending = stop.clone();
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<Interval>();
    let name = phase.name.clone();
    let engine = tokio::task::spawn_blocking(move || {
        let mut pass = |interval| drop(sender.send(interval));
        load::run(&phase, &lanes, &destination, Limits::default(), &stop, &mut pass)
    });
    let (mut watch, mut aborted, mut until_s) = (threshold::watch(session), None, 0.0);
    while let Some(interval) = receiver.recv().await {
        until_s = interval.start_s + interval.length_s;
        if aborted.is_none() {
            aborted = watch.add(&interval);
            aborted.is_some().then(|| ending.request());
        }
        sink(Event::LoadInterval(LoadInterval { phase: name.clone(), interval }));
    }
    let mut figures = engine.await.map_err(|_| "the engine broke".to_owned())?;
    renewal.finish(&mut figures).await;
    if let Some(aborted) = &aborted {
        figures.duration_s = figures.duration_s.min(until_s);
        figures.notes.push(format!("ended early: {} was broken after {:.0} s", aborted.condition, aborted.after_s));
    }
    sink(Event::LoadFinished(Box::new(figures.clone())));
    Ok((figures, aborted))
}

fn resource_of(session: &Session<'_>, written: &LoadPhase) -> Result<usize, String> {
    let subject = &session.subject;
    match &written.request {
        None => {
            subject.main_resource().ok_or_else(|| "no protected resource that a valid credential may read".to_owned())
        }
        Some(line) => subject
            .resources
            .iter()
            .position(|resource| resource.method == line.method && resource.path == line.path)
            .ok_or_else(|| format!("{} {} is not among the resources", line.method, line.path)),
    }
}

fn phase_of(session: &Session<'_>, written: &LoadPhase, resource: usize) -> Phase {
    let arrivals = written.rate.map(|rate| match (written.to, written.arrivals) {
        (Some(to), _) => Arrivals::Ramp(rate.0, to.0),
        (None, model::Arrivals::Constant) => Arrivals::Constant(rate.0),
        (None, model::Arrivals::Poisson) => Arrivals::Poisson(rate.0),
    });
    // a local target needs a processor of its own
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let spare = if session.target.local { cpus.saturating_sub(1) } else { cpus };
    let threads = session.options.threads.unwrap_or(spare).max(1);
    let method = session.subject.resources[resource].method.as_str();
    Phase {
        name: written.name.clone(),
        arrivals,
        connections: written.connections.unwrap_or(CONNECTIONS),
        threads,
        spins: threads <= spare,
        warmup: written.warmup.map_or(Duration::ZERO, |length| length.0),
        duration: written.duration.0,
        may_have_body: method != "HEAD",
        may_repeat: matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"),
        seed: session.options.seed,
    }
}

fn destination_of(session: &Session<'_>) -> Result<Destination, String> {
    let tls = tls_config(session.target.ca_pem.as_deref()).map_err(|error| error.to_string())?;
    Destination::of(&session.target.base, Some(tls)).map_err(|error| error.to_string())
}

/// Renews the token of the valid lane before it ends, so that no request waits for it.
struct Renewal {
    task: Option<tokio::task::JoinHandle<()>>,
    took: Arc<std::sync::Mutex<Vec<Duration>>>,
}

impl Renewal {
    fn start(session: &Session<'_>, identity: usize, resource: usize, lanes: &[Lane]) -> Self {
        let took = Arc::new(std::sync::Mutex::new(Vec::new()));
        let valid = lanes.iter().find(|lane| lane.expects_accepted).map(|lane| lane.requests[0].clone());
        let client = session.subject.identities[identity].client();
        let (Some(valid), Some(client)) = (valid, client) else { return Self { task: None, took } };
        let (prober, kept) = (session.prober.clone(), took.clone());
        let task = tokio::spawn(async move {
            loop {
                let wait = match prober.renew(&client).await {
                    Ok(token) => {
                        valid.renew(prober.request_with(&token, resource).to_bytes());
                        if let Ok(mut kept) = kept.lock() {
                            kept.push(token.took);
                        }
                        until(&token)
                    }
                    Err(_) => RETRY,
                };
                tokio::time::sleep(wait).await;
            }
        });
        Self { task: Some(task), took }
    }

    async fn finish(self, figures: &mut LoadFigures) {
        if let Some(task) = self.task {
            task.abort();
            let _ = task.await;
        }
        let took = self.took.lock().map(|took| took.clone()).unwrap_or_default();
        figures.tokens_obtained = took.len() as u64;
        if let Ok(mut histogram) = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 3_600_000_000_000, 3)
            && !took.is_empty()
        {
            for one in took {
                histogram.saturating_record(u64::try_from(one.as_nanos()).unwrap_or(u64::MAX));
            }
            figures.token_acquisition_us = Some(Latency::of(&histogram));
        }
    }
}

fn until(token: &Token) -> Duration {
    token.renew_at().saturating_duration_since(clock::now())
}
