//! Load phases: when requests leave, what they carry, and what came of them.

mod ahead;
mod collect;
mod cost;
mod destination;
mod figures;
mod gate;
mod lane;
mod line;
mod marks;
mod pacer;
mod points;
mod processor;
mod scatter;
mod signer;
mod tally;
mod timer;
mod worker;

use std::sync::mpsc;
use std::time::Duration;

use super::process::ProcessCpu;
use super::stop::Stop;
use super::wire::{Destination, Limits};
use crate::clock;
use crate::observe::{Interval, LoadFigures};
use crate::shard::Shard;

pub use destination::LoadDestination;
pub use gate::Gate;
pub use lane::{Lane, LaneRequest};
pub use marks::SuccessMarks;
pub use pacer::{Arrival, ArrivalProcess, Pacer, Stride};
pub use signer::Signer;

/// The version of HTTP that a phase speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1: a connection has one request at a time.
    One,
    /// HTTP/2.
    Two {
        /// Requests that a connection has at a time, at most.
        streams: usize,
    },
}

/// What a phase is.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Name.
    pub name: String,
    /// When requests leave; none for the closed model.
    pub arrivals: Option<ArrivalProcess>,
    /// What is spoken.
    pub http: Http,
    /// Connections over all workers.
    pub connections: usize,
    /// Worker threads.
    pub threads: usize,
    /// Whether workers may wait by yielding for the last part: not where the target needs their processors.
    pub spins: bool,
    /// Time that is not measured.
    pub warmup: Duration,
    /// Time that is measured.
    pub duration: Duration,
    /// Whether an answer may have a body (RFC 9110 §9.3.2: not one to HEAD).
    pub may_have_body: bool,
    /// Whether a request may be sent again on a new connection, where the target had closed the old one (RFC 9110 §9.2.2).
    pub may_repeat: bool,
    /// How late the generator may be at its 99th percentile before the results are inconclusive.
    pub lateness_bound: Duration,
    /// Seed of the mix and of random arrivals.
    pub seed: u64,
    /// The part of all arrivals that is sent from here; connections are those of this part alone.
    pub shard: Shard,
    /// What decides when the phase starts.
    pub gate: Gate,
    /// The process of the target, where it is one of this machine.
    pub server: Option<ProcessCpu>,
}

impl Phase {
    /// When the first request of this shard is due, from the start of the phase; none in the closed model.
    fn first_due(&self) -> Option<Duration> {
        let stride = Stride::of(self.shard, 0, 1);
        let mut pacer = Pacer::new(self.arrivals?, (self.warmup, self.duration), stride, self.seed);
        pacer.next().map(|arrival| arrival.due)
    }
}

/// From all workers being ready to the start of the phase.
const LEAD: Duration = Duration::from_millis(2);

/// Runs a phase to its end; blocks. Each measured second goes to the sink.
pub fn run(
    phase: &Phase,
    lanes: &[Lane],
    destination: &Destination,
    limits: Limits,
    stop: &Stop,
    sink: &mut dyn FnMut(Interval),
) -> LoadFigures {
    let alone = LoadDestination { connection: Default::default(), destination: destination.clone() };
    run_over(phase, lanes, &[alone], limits, stop, sink)
}

/// The same over the connections of several certificates, which take turns; each lane has a request for each of them.
pub fn run_over(
    phase: &Phase,
    lanes: &[Lane],
    destinations: &[LoadDestination],
    limits: Limits,
    stop: &Stop,
    sink: &mut dyn FnMut(Interval),
) -> LoadFigures {
    let threads = phase.threads.clamp(1, phase.connections.max(1));
    let (sender, receiver) = mpsc::channel();
    let (ready, waiting) = mpsc::channel();
    let mut notes = Vec::new();
    let (mut workers, mut begins) = (Vec::new(), Vec::new());
    for index in 0..threads {
        let (begins_at, begin) = mpsc::channel();
        let task = worker::Task {
            index,
            workers: threads,
            connections: share(phase.connections, threads, index),
            phase: phase.clone(),
            lanes: lanes.to_vec(),
            destinations: destinations.to_vec(),
            limits,
            stop: stop.clone(),
            intervals: sender.clone(),
            ready: ready.clone(),
            begin,
        };
        let named = std::thread::Builder::new().name(format!("load-{index}"));
        let work = match phase.http {
            Http::One => worker::work::<line::http1::Alone>,
            Http::Two { .. } => worker::work::<line::http2::Shared>,
        };
        match named.spawn(move || work(task)) {
            Ok(worker) => {
                workers.push(worker);
                begins.push(begins_at);
            }
            Err(error) => notes.push(format!("a worker was not started: {error}")),
        }
    }
    drop((sender, ready));
    // the phase begins when the last connection is open
    let _ = waiting.iter().take(workers.len()).count();
    let opened = match phase.gate.open(LEAD, stop) {
        Ok(opened) => opened,
        // nothing was sent, and the workers end with their channels
        Err(why) => return figures::none(phase, threads, lanes, why.to_string()),
    };
    let begin = opened.start;
    for begins_at in begins {
        // a worker that broke does not listen
        let _ = begins_at.send(begin);
    }
    let cost = phase.server.map(|server| cost::Meter::start(server, begin + phase.warmup, stop));
    let response = collect::intervals(&receiver, workers.len(), sink);
    let mut tallies = Vec::new();
    for worker in workers {
        match worker.join() {
            Ok(tally) => tallies.push(tally),
            Err(_) => notes.push("a worker broke; its requests are not counted".to_owned()),
        }
    }
    let cost = cost.map(cost::Meter::finish);
    let interrupted = stop.is_requested().then(|| clock::now().saturating_duration_since(begin + phase.warmup));
    let mut figures = figures::of(phase, threads, lanes, (tallies, response), (notes, interrupted), &opened);
    if let Some(cost) = cost {
        cost.tell(&mut figures);
    }
    figures
}

fn share(total: usize, parts: usize, index: usize) -> usize {
    total / parts + usize::from(index < total % parts)
}
