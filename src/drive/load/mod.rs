//! Load phases: when requests leave, what they carry, and what came of them.

mod collect;
mod connection;
mod lane;
mod pacer;
mod timer;
mod worker;

use std::sync::mpsc;
use std::time::Duration;

use super::stop::Stop;
use super::wire::{Destination, Limits};
use crate::clock;
use crate::observe::{Interval, LoadFigures, Model};

pub use lane::{Lane, LaneRequest, Marks};
pub use pacer::{Arrivals, Pacer};

/// What a phase is.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Name.
    pub name: String,
    /// When requests leave; none for the closed model.
    pub arrivals: Option<Arrivals>,
    /// Connections over all workers.
    pub connections: usize,
    /// Worker threads.
    pub threads: usize,
    /// Time that is not measured.
    pub warmup: Duration,
    /// Time that is measured.
    pub duration: Duration,
    /// Seed of the mix and of random arrivals.
    pub seed: u64,
}

/// Runs a phase to its end; blocks. Each measured second goes to the sink.
pub fn run(
    phase: &Phase,
    lanes: &[Lane],
    destination: &Destination,
    limits: Limits,
    stop: &Stop,
    sink: &mut dyn FnMut(Interval),
) -> LoadFigures {
    let threads = phase.threads.clamp(1, phase.connections.max(1));
    let (sender, receiver) = mpsc::channel();
    // every worker has time to start before the first request is due
    let begin = clock::now() + Duration::from_millis(20);
    let mut workers = Vec::new();
    for index in 0..threads {
        let task = worker::Task {
            index,
            workers: threads,
            connections: share(phase.connections, threads, index),
            phase: phase.clone(),
            lanes: lanes.to_vec(),
            destination: destination.clone(),
            limits,
            begin,
            stop: stop.clone(),
            intervals: sender.clone(),
        };
        let named = std::thread::Builder::new().name(format!("load-{index}"));
        workers.push(named.spawn(move || worker::work(task)));
    }
    drop(sender);
    collect::intervals(&receiver, threads, sink);
    let mut notes = Vec::new();
    let mut tallies = Vec::new();
    for worker in workers {
        match worker.map(std::thread::JoinHandle::join) {
            Ok(Ok(tally)) => tallies.push(tally),
            Ok(Err(_)) => notes.push("a worker broke; its requests are not counted".to_owned()),
            Err(error) => notes.push(format!("a worker was not started: {error}")),
        }
    }
    let model = if phase.arrivals.is_some() { Model::Open } else { Model::Closed };
    collect::figures(phase, model, threads, lanes, tallies, notes)
}

fn share(total: usize, parts: usize, index: usize) -> usize {
    total / parts + usize::from(index < total % parts)
}
