//! One worker: a thread with its own reactor, its part of the connections and its own histograms.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::Phase;
use super::collect::{Seen, Slice, Tally};
use super::connection::{Answer, Connection};
use super::lane::{Lane, Mix};
use super::pacer::Pacer;
use super::timer::Timer;
use crate::clock;
use crate::drive::stop::Stop;
use crate::drive::wire::{Destination, Limits};
use crate::observe::Outcome;

/// After a connection that could not be opened.
const RECONNECT: Duration = Duration::from_millis(20);

/// What one worker does.
pub(super) struct Task {
    pub(super) index: usize,
    pub(super) workers: usize,
    pub(super) connections: usize,
    pub(super) phase: Phase,
    pub(super) lanes: Vec<Lane>,
    pub(super) destination: Destination,
    pub(super) limits: Limits,
    pub(super) begin: Instant,
    pub(super) stop: Stop,
    pub(super) intervals: Sender<Slice>,
}

/// What the connections of a worker share.
struct Shared {
    task: Task,
    schedule: RefCell<Option<Schedule>>,
    /// Held by the connection that waits for the next due time, so that one timer is armed at a time.
    turn: tokio::sync::Mutex<()>,
    timer: Timer,
    mix: RefCell<Mix>,
    tally: RefCell<Tally>,
}

struct Schedule {
    pacer: Pacer,
    next: u64,
}

/// What a connection is about to send.
struct Ticket {
    /// When it is due; none in the closed model.
    due: Option<Instant>,
    /// When a connection was ready to take it.
    ready: Instant,
    lane: usize,
}

/// Works a phase to its end.
pub(super) fn work(task: Task) -> Tally {
    let lanes = task.lanes.len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return Tally::new(lanes) };
    runtime.block_on(async {
        let length = task.phase.warmup + task.phase.duration;
        let seed = task.phase.seed ^ task.index as u64;
        let pacer = task.phase.arrivals.map(|arrivals| Pacer::new(arrivals, length, task.index, task.workers, seed));
        let shared = Rc::new(Shared {
            schedule: RefCell::new(pacer.map(|pacer| Schedule { pacer, next: 0 })),
            turn: tokio::sync::Mutex::new(()),
            timer: Timer::new(),
            mix: RefCell::new(Mix::new(&task.lanes, seed)),
            tally: RefCell::new(Tally::new(lanes)),
            task,
        });
        let local = tokio::task::LocalSet::new();
        for _ in 0..shared.task.connections {
            local.spawn_local(connection(shared.clone()));
        }
        local.await;
        shared.give_up_rest();
        let mut tally = shared.tally.replace(Tally::new(lanes));
        tally.flush(&shared.task.intervals, true);
        tally
    })
}

async fn connection(shared: Rc<Shared>) {
    let mut open: Option<Connection> = None;
    let mut requests: Vec<(u64, Arc<[u8]>)> =
        shared.task.lanes.iter().map(|lane| (lane.request.version(), lane.request.bytes())).collect();
    while let Some(ticket) = shared.ticket().await {
        if open.as_ref().is_none_or(|connection| !connection.reusable) {
            open = Connection::open(&shared.task.destination, shared.task.limits).await;
        }
        let lane = &shared.task.lanes[ticket.lane];
        let version = lane.request.version();
        let request = &mut requests[ticket.lane];
        if request.0 != version {
            *request = (version, lane.request.bytes());
        }
        let sent = clock::now();
        let answer = match &mut open {
            None => None,
            Some(connection) => {
                let limit = shared.task.limits.time;
                tokio::time::timeout(limit, connection.exchange(&request.1, &lane.marks)).await.ok().flatten()
            }
        };
        let done = clock::now();
        if answer.is_none() {
            open = None;
        }
        shared.record(&ticket, sent, done, answer);
        if open.is_none() && answer.is_none() {
            // a dead target must not become a storm of connections
            tokio::time::sleep(RECONNECT).await;
        }
    }
}

impl Shared {
    /// The next request to send, at its due time; none at the end.
    async fn ticket(&self) -> Option<Ticket> {
        let end = self.task.begin + self.task.phase.warmup + self.task.phase.duration;
        if self.schedule.borrow().is_none() {
            let now = clock::now();
            self.timer.wait_until(self.task.begin).await;
            let over = now >= end || self.task.stop.is_requested();
            return (!over).then(|| Ticket { due: None, ready: now, lane: self.mix.borrow_mut().next() });
        }
        let _turn = self.turn.lock().await;
        let ready = clock::now();
        if self.task.stop.is_requested() || ready > end + self.task.limits.time {
            return None;
        }
        let due = self.next_due()?;
        self.timer.wait_until(due).await;
        Some(Ticket { due: Some(due), ready, lane: self.mix.borrow_mut().next() })
    }

    fn next_due(&self) -> Option<Instant> {
        let mut schedule = self.schedule.borrow_mut();
        let schedule = schedule.as_mut()?;
        let due = schedule.pacer.due(schedule.next)?;
        schedule.next += 1;
        Some(self.task.begin + due)
    }

    fn record(&self, ticket: &Ticket, sent: Instant, done: Instant, answer: Option<Answer>) {
        let outcome = answer.map_or(Outcome::Silent, |answer| answer.outcome);
        let start = ticket.due.unwrap_or(sent);
        let measured = self.task.begin + self.task.phase.warmup;
        let Some(at) = start.checked_duration_since(measured) else { return };
        let mut tally = self.tally.borrow_mut();
        let accepted_against = outcome == Outcome::Accepted && !self.task.lanes[ticket.lane].expects_accepted;
        let service = done - sent;
        let response = ticket.due.map_or(service, |due| done - due);
        let status = answer.map(|answer| answer.status);
        let accepted_against = accepted_against.then_some(at);
        let seen = Seen { outcome, status, response, service, accepted_against };
        tally.record(ticket.lane, &seen);
        if let Some(due) = ticket.due {
            // late by the generator is what remains when no connection was waited for
            tally.record_lateness(sent - due, sent.saturating_duration_since(due.max(ticket.ready)));
        }
        if let Some(server_auth) = answer.and_then(|answer| answer.server_auth) {
            tally.record_server_auth(server_auth);
        }
        tally.last_done = tally.last_done.max((done - measured).as_secs_f64());
        let second = (done - measured).as_secs();
        let accepts = self.task.lanes[ticket.lane].expects_accepted;
        let expected = if accepts { Outcome::Accepted } else { Outcome::Rejected };
        tally.add_to_second(second, &seen, expected, &self.task.intervals);
    }

    /// What was due and never left: told as silent, with the time it waited.
    fn give_up_rest(&self) {
        if self.task.stop.is_requested() {
            return;
        }
        let now = clock::now();
        let measured = self.task.begin + self.task.phase.warmup;
        while let Some(due) = self.next_due() {
            if due < measured {
                continue;
            }
            let lane = self.mix.borrow_mut().next();
            let waited = now.saturating_duration_since(due);
            let mut tally = self.tally.borrow_mut();
            let outcome = Outcome::Silent;
            let (service, accepted_against) = (Duration::ZERO, None);
            tally.record(lane, &Seen { outcome, status: None, response: waited, service, accepted_against });
            tally.abandoned += 1;
        }
    }
}
