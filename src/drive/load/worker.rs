//! One worker: a thread with its own reactor, its part of the connections and its own histograms.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use super::ahead::{LOOK_AHEAD, PreparedRequest, is_near};
use super::destination::LoadDestination;
use super::lane::{Copies, Lane, LaneRequest, Mix};
use super::line::{Line, Lines};
use super::marks::Judge;
use super::pacer::{Pacer, Stride};
use super::processor::Processor;
use super::tally::{CountedRequest, Slice, WorkerTally};
use super::timer::Timer;
use super::{Http, Phase};
use crate::clock;
use crate::drive::stop::Stop;
use crate::drive::wire::{Destination, Limits, WireAnswer};
use crate::observe::{Outcome, Request, Silence};
use crate::scheme::Turn;

/// After a connection that could not be opened: a dead target must not become a storm of connections.
const RECONNECT: Duration = Duration::from_millis(20);
/// How often one request is sent again at most, on connections that were closed before it came.
const REPEATS: usize = 3;
/// Lateness from which a backlog is counted.
const BACKLOG: Duration = Duration::from_micros(500);

/// What one worker does.
pub(super) struct Task {
    pub(super) index: usize,
    pub(super) workers: usize,
    pub(super) connections: usize,
    pub(super) phase: Phase,
    pub(super) lanes: Vec<Lane>,
    pub(super) destinations: Vec<LoadDestination>,
    pub(super) limits: Limits,
    pub(super) stop: Stop,
    pub(super) intervals: Sender<Slice>,
    /// Told once the connections are open; dropped if they never are.
    pub(super) ready: Sender<()>,
    /// When the phase begins, once every worker is ready.
    pub(super) begin: Receiver<Instant>,
}

impl Task {
    /// A destination by its number.
    fn destination(&self, number: usize) -> &Destination {
        &self.destinations[number].destination
    }

    /// The destination that carries a request.
    fn form_for(&self, request: &Request) -> &Destination {
        let of = self.destinations.iter().find(|destination| destination.carries(request));
        &of.unwrap_or(&self.destinations[0]).destination
    }
}

/// What the lines of a worker share.
struct Shared<L: Line> {
    task: Task,
    /// Marks of the phase: its start, the start and the end of measuring, and when the last answer is given up.
    marks: Marks,
    schedule: RefCell<Schedule>,
    /// Held by the connection that waits for the next due time, so that one timer is armed at a time.
    turn: tokio::sync::Mutex<()>,
    /// Whether requests of some lane are made one by one.
    signs: bool,
    /// Arrivals that a line took ahead of their time and did not send.
    unsent: RefCell<Vec<(Instant, u64)>>,
    timer: Timer,
    mix: RefCell<Mix>,
    copies: RefCell<Vec<Copies<L::Form>>>,
    judges: RefCell<Vec<Judge>>,
    tally: RefCell<WorkerTally>,
    /// When a connection may be tried again, after one could not be opened.
    retry: Cell<Instant>,
}

/// A line, and what its target asked for last.
struct Challenged<L> {
    line: L,
    /// The number of its destination.
    destination: usize,
    turn: Turn,
    /// How many challenges came before that one.
    turns: u64,
}

/// A request that was made for a line ahead of its time, and for which identity.
type Signed<F> = (Arc<LaneRequest>, PreparedRequest<F>);

/// An arrival that a line took ahead of its time; unless it is sent, it is given up with the rest.
struct Claim<'a> {
    due: Instant,
    number: u64,
    unsent: Option<&'a RefCell<Vec<(Instant, u64)>>>,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(unsent) = self.unsent {
            unsent.borrow_mut().push((self.due, self.number));
        }
    }
}

struct Marks {
    begin: Instant,
    measured: Instant,
    end: Instant,
    give_up: Instant,
}

/// Which requests this worker sends, and when.
struct Schedule {
    /// None in the closed model.
    pacer: Option<Pacer>,
    stride: Stride,
    /// Requests of the closed model so far.
    taken: u64,
}

/// What a connection is about to send.
struct Ticket {
    /// Its number over all workers of all shards.
    number: u64,
    /// When it is due; none in the closed model.
    due: Option<Instant>,
    /// When it was taken, which is when it leaves if a connection is open.
    taken: Instant,
    /// How late that is through the generator and not through a connection that was busy.
    of_generator: Duration,
}

impl Schedule {
    /// The number of the next request of the closed model.
    fn take_next(&mut self) -> u64 {
        self.taken += 1;
        self.stride.number(self.taken - 1)
    }
}

/// What came of it.
struct Answered {
    outcome: Outcome,
    status: Option<u16>,
    auth_ns: Option<u64>,
    cut: bool,
}

/// Works a phase to its end.
pub(super) fn work<L: Line>(task: Task) -> WorkerTally {
    let lanes = task.lanes.len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return WorkerTally::new(lanes) };
    let local = tokio::task::LocalSet::new();
    // what is left of connections ends with `local`, whether their targets listen or not
    local.block_on(&runtime, async {
        let timer = Timer::new();
        if task.phase.arrivals.is_some() && task.phase.spins {
            timer.calibrate().await;
        }
        let stop = task.stop.clone();
        let opened = tokio::select! {
            opened = opened::<L>(&task) => Some(opened),
            () = over(&stop) => None,
        };
        let Some((Lines { lines, streams }, destinations)) = opened else { return WorkerTally::new(lanes) };
        let _ = task.ready.send(());
        let Ok(begin) = task.begin.recv() else { return WorkerTally::new(lanes) };
        let shared = Rc::new(Shared::<L>::new(task, timer, begin));
        // one wait at a time: the timer is shared
        let begun = shared.timer.wait_until(begin, &shared.task.stop).await;
        let processor = Processor::begin();
        let mut sending = tokio::task::JoinSet::new();
        for (line, destination) in lines.into_iter().zip(destinations) {
            sending.spawn_local(send_on(shared.clone(), (line, destination), begun));
        }
        tokio::select! {
            () = async { while sending.join_next().await.is_some() {} } => {}
            () = over(&stop) => sending.shutdown().await,
        }
        shared.give_up_rest();
        let mut tally = shared.tally.replace(WorkerTally::new(lanes));
        (tally.busy, tally.streams) = (processor.busy(shared.timer.spun()), streams);
        tally.finish(&shared.task.intervals);
        tally
    })
}

/// Returns when the time of the run is over: no answer is waited for then.
async fn over(stop: &Stop) {
    match stop.deadline() {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// The connections of a worker, opened before the phase begins, each with the number of its destination.
async fn opened<L: Line>(task: &Task) -> (Lines<L>, Vec<usize>) {
    let streams = match task.phase.http {
        Http::One => 1,
        Http::Two { streams } => streams,
    };
    let (mut all, mut of) = (Lines { lines: Vec::new(), streams: None }, Vec::new());
    let count = task.destinations.len();
    for (at, one) in task.destinations.iter().enumerate() {
        // the connections of all workers take turns, so that each destination has as many as the next
        let turn = |line: &usize| (task.index + line * task.workers) % count == at;
        let connections = (0..task.connections).filter(turn).count();
        let opened = L::opened(connections, streams, &one.destination, task.limits).await;
        of.extend(opened.lines.iter().map(|_| at));
        all.lines.extend(opened.lines);
        all.streams = all.streams.or(opened.streams);
    }
    (all, of)
}

/// Sends requests on one line until there are no more.
async fn send_on<L: Line>(shared: Rc<Shared<L>>, (line, destination): (L, usize), begun: Instant) {
    let mut free = begun;
    let mut line = Challenged { line, destination, turn: Turn::of(None), turns: 0 };
    let Some(sent) = send_one(&shared, &mut line, &mut free).await else { return };
    let first = shared.tally.borrow().first_sent;
    shared.tally.borrow_mut().first_sent = Some(first.map_or(sent, |first| first.min(sent)));
    while send_one(&shared, &mut line, &mut free).await.is_some() {}
}

/// Sends the next request of a line that is free, and says when it was sent; none at the end.
async fn send_one<L: Line>(shared: &Shared<L>, line: &mut Challenged<L>, free: &mut Instant) -> Option<Instant> {
    let (ticket, signed) = match shared.signs {
        true => shared.signed_ticket(line, *free).await?,
        false => (shared.ticket(*free).await?, None),
    };
    let lane = shared.mix.borrow_mut().lane(ticket.number);
    let (sent, answer) = match signed {
        Some(signed) => shared.send_signed(line, lane, signed, ticket.taken).await,
        None => shared.send((&mut line.line, line.destination), lane, ticket.taken).await,
    };
    *free = clock::now();
    match &answer {
        Ok(answered) => shared.record(lane, &ticket, (sent, *free), answered),
        Err(silence) => shared.record_silent(lane, &ticket, (sent, *free), silence),
    }
    if answer.is_err() && ticket.due.is_none() && !line.line.is_used() {
        tokio::time::sleep(RECONNECT).await;
        *free = clock::now();
    }
    Some(sent)
}

impl<L: Line> Shared<L> {
    fn new(task: Task, timer: Timer, begin: Instant) -> Self {
        let phase = &task.phase;
        let stride = Stride::of(phase.shard, task.index, task.workers);
        let pacer =
            phase.arrivals.map(|arrivals| Pacer::new(arrivals, (phase.warmup, phase.duration), stride, phase.seed));
        let (measured, end) = (begin + phase.warmup, begin + phase.warmup + phase.duration);
        let copies = task.lanes.iter().map(|lane| {
            let form = |request: &Request| L::form(request, task.form_for(request));
            Copies::of(lane, (task.index, task.workers), &task.destinations, form)
        });
        let judges = task.lanes.iter().map(Judge::of);
        Self {
            marks: Marks { begin, measured, end, give_up: end + task.limits.time },
            schedule: RefCell::new(Schedule { pacer, stride, taken: 0 }),
            turn: tokio::sync::Mutex::new(()),
            signs: task.lanes.iter().flat_map(|lane| &lane.requests).any(|request| request.signer().is_some()),
            unsent: RefCell::default(),
            timer,
            mix: RefCell::new(Mix::new(&task.lanes, phase.seed)),
            copies: RefCell::new(copies.collect()),
            judges: RefCell::new(judges.collect()),
            tally: RefCell::new(WorkerTally::new(task.lanes.len())),
            retry: Cell::new(begin),
            task,
        }
    }

    /// The next request to send, at its due time; none at the end. A connection asks that is free since some time.
    async fn ticket(&self, free: Instant) -> Option<Ticket> {
        let stop = &self.task.stop;
        if self.task.phase.arrivals.is_none() {
            let over = free >= self.marks.end || stop.is_requested();
            let number = self.schedule.borrow_mut().take_next();
            return (!over).then_some(Ticket { number, due: None, taken: free, of_generator: Duration::ZERO });
        }
        let _turn = self.turn.lock().await;
        if stop.is_requested() || clock::now() >= self.marks.give_up {
            return None;
        }
        let (due, number) = self.next_due()?;
        let taken = self.timer.wait_until(due, stop).await;
        if taken < due {
            return None;
        }
        let late = taken - due;
        if late > BACKLOG {
            self.note_backlog(late);
        }
        Some(Ticket { number, due: Some(due), taken, of_generator: taken.saturating_duration_since(due.max(free)) })
    }

    /// The same where requests are made one by one: the arrival is taken as soon as the line is free, so that its request is
    /// made ahead of its due time, and for the line that will send it.
    async fn signed_ticket(&self, line: &Challenged<L>, free: Instant) -> Option<(Ticket, Option<Signed<L::Form>>)> {
        let stop = &self.task.stop;
        if self.task.phase.arrivals.is_none() {
            let ticket = self.ticket(free).await?;
            let signed = self.signed(line, ticket.number);
            // what making it took is not the target's time
            return Some((Ticket { taken: clock::now(), ..ticket }, signed));
        }
        let over = || stop.is_requested() || clock::now() >= self.marks.give_up;
        if over() {
            return None;
        }
        let (due, number) = self.next_due()?;
        let mut claim = Claim { due, number, unsent: Some(&self.unsent) };
        let mut signed = is_near(due, clock::now()).then(|| self.signed(line, number));
        // lines wait in the order of their arrivals: a budget of the runtime must not make one queue later
        let _turn = tokio::task::unconstrained(self.turn.lock()).await;
        if over() {
            return None;
        }
        if signed.is_none() {
            self.timer.wait_until(due - LOOK_AHEAD, stop).await;
            signed = Some(self.signed(line, number));
        }
        let taken = self.timer.wait_until(due, stop).await;
        if taken < due {
            return None;
        }
        claim.unsent = None;
        let late = taken - due;
        if late > BACKLOG {
            self.note_backlog(late);
        }
        let of_generator = taken.saturating_duration_since(due.max(free));
        Some((Ticket { number, due: Some(due), taken, of_generator }, signed.flatten()))
    }

    /// The request of an arrival with a credential made for it alone, as an answer to the last challenge of its line; none
    /// for a lane that sends no credential.
    fn signed(&self, line: &Challenged<L>, number: u64) -> Option<Signed<L::Form>> {
        let lane = self.mix.borrow_mut().lane(number);
        let request = self.copies.borrow_mut()[lane].next_signed(line.destination)?;
        let signed = request.signer()?.signed(&request.request(), &line.turn);
        let form = L::form(&signed, self.task.destination(line.destination));
        Some((request, PreparedRequest::new(form, clock::now(), line.turns)))
    }

    fn next_due(&self) -> Option<(Instant, u64)> {
        let arrival = self.schedule.borrow_mut().pacer.as_mut()?.next()?;
        Some((self.marks.begin + arrival.due, arrival.number))
    }

    fn note_backlog(&self, late: Duration) {
        if let Some(pacer) = &self.schedule.borrow().pacer {
            let mut tally = self.tally.borrow_mut();
            tally.backlog_max = tally.backlog_max.max(pacer.own_rate() * late.as_secs_f64());
        }
    }

    /// Sends the next request of a lane, on a new connection if need be; when it left, and what came.
    async fn send(
        &self,
        (line, destination): (&mut L, usize),
        lane: usize,
        taken: Instant,
    ) -> (Instant, Result<Answered, Silence>) {
        let form = |request: &Request| L::form(request, self.task.destination(destination));
        let request = self.copies.borrow_mut()[lane].next(destination, form);
        let (mut sent, mut repeats) = (taken, 0);
        loop {
            if !line.is_open() {
                if let Err(silence) = self.open(line, destination).await {
                    return (sent, Err(silence));
                }
                sent = clock::now();
            }
            let deadline = (sent + self.task.limits.time).min(self.marks.give_up);
            let silence = match line.exchange(&request, self.task.phase.may_have_body, deadline).await {
                Ok(answer) => return (sent, Ok(self.judged(lane, &answer))),
                Err(silence) => silence,
            };
            if repeats == REPEATS || !line.may_repeat(&silence, self.task.phase.may_repeat) {
                return (sent, Err(silence));
            }
            repeats += 1;
            self.tally.borrow_mut().repeated += 1;
        }
    }

    /// Sends a request with a credential made for it alone. Where the target asks for another first, that is answered at
    /// once, and counts in the time of the response.
    async fn send_signed(
        &self,
        Challenged { line, destination, turn, turns }: &mut Challenged<L>,
        lane: usize,
        (request, prepared): Signed<L::Form>,
        taken: Instant,
    ) -> (Instant, Result<Answered, Silence>) {
        let Some(signer) = request.signer() else { return (taken, Err(Silence::Closed)) };
        let bare = request.request();
        let (mut sent, mut repeats, mut asked) = (None, 0, false);
        let mut prepared = Some(prepared);
        loop {
            if !line.is_open() {
                if let Err(silence) = self.open(line, *destination).await {
                    return (sent.unwrap_or(taken), Err(silence));
                }
                sent = sent.or_else(|| Some(clock::now()));
            }
            let form = match prepared.take().and_then(|prepared| prepared.fresh(clock::now(), *turns)) {
                Some(form) => form,
                None => {
                    let form = L::form(&signer.signed(&bare, turn), self.task.destination(*destination));
                    sent = sent.or_else(|| Some(clock::now()));
                    form
                }
            };
            let began = *sent.get_or_insert(taken);
            let deadline = (began + self.task.limits.time).min(self.marks.give_up);
            let silence = match line.exchange(&form, self.task.phase.may_have_body, deadline).await {
                Ok(answer) => match signer.asked(&answer, turn).filter(|_| !asked) {
                    Some(next) => {
                        (*turn, asked) = (next, true);
                        *turns += 1;
                        continue;
                    }
                    None => return (began, Ok(self.judged(lane, &answer))),
                },
                Err(silence) => silence,
            };
            if repeats == REPEATS || !line.may_repeat(&silence, self.task.phase.may_repeat) {
                return (began, Err(silence));
            }
            repeats += 1;
            self.tally.borrow_mut().repeated += 1;
        }
    }

    fn judged(&self, lane: usize, answer: &WireAnswer<'_>) -> Answered {
        let outcome = self.judges.borrow_mut()[lane].outcome(answer);
        Answered { outcome, status: Some(answer.status), auth_ns: answer.auth_ns, cut: answer.truncated }
    }

    /// Opens a connection, unless one could not be opened a moment ago.
    async fn open(&self, line: &mut L, destination: usize) -> Result<(), Silence> {
        if clock::now() < self.retry.get() {
            return Err(Silence::Unreachable(String::new()));
        }
        let opened = line.open(self.task.destination(destination), self.task.limits).await;
        if opened.is_err() {
            self.retry.set(clock::now() + RECONNECT);
        }
        opened
    }

    fn record(&self, lane: usize, ticket: &Ticket, (sent, done): (Instant, Instant), answered: &Answered) {
        let Some((start, at)) = self.measured(ticket, done) else { return };
        let mut tally = self.tally.borrow_mut();
        let wanted = if self.task.lanes[lane].expects_grant { Outcome::Granted } else { Outcome::Refused };
        let against = answered.outcome == Outcome::Granted && wanted == Outcome::Refused;
        let seen = CountedRequest {
            lane,
            outcome: answered.outcome,
            expected: answered.outcome == wanted,
            status: answered.status,
            response: Some(ticket.due.map_or(done - sent, |due| done - due)),
            service: ticket.due.map(|_| done - sent),
            at,
            accepted_against: against.then_some(start),
        };
        tally.record(&seen, &self.task.intervals);
        tally.cut += u64::from(answered.cut);
        if let Some(due) = ticket.due {
            tally.record_lateness(sent - due, ticket.of_generator);
        }
        if let Some(auth_ns) = answered.auth_ns {
            tally.record_server_auth(auth_ns);
        }
    }

    /// A request without an answer: what was waited for to the end counts with its time, what broke off has none.
    fn record_silent(&self, lane: usize, ticket: &Ticket, (sent, done): (Instant, Instant), silence: &Silence) {
        let waited = *silence == Silence::TimedOut;
        let since = ticket.due.unwrap_or(sent);
        self.record_end(lane, ticket, done, waited.then(|| done - since), silence);
        if let (Some(due), Some(_)) = (ticket.due, self.measured(ticket, done)) {
            self.tally.borrow_mut().record_lateness(sent - due, ticket.of_generator);
        }
    }

    fn record_end(&self, lane: usize, ticket: &Ticket, done: Instant, response: Option<Duration>, silence: &Silence) {
        let Some((_, at)) = self.measured(ticket, done) else { return };
        let mut tally = self.tally.borrow_mut();
        let (outcome, expected) = (Outcome::Silent, false);
        let (status, service, accepted_against) = (None, None, None);
        tally.record(
            &CountedRequest { lane, outcome, expected, status, response, service, at, accepted_against },
            &self.task.intervals,
        );
        tally.record_silence(silence);
    }

    /// When a request began and when it ended, from the start of measuring; none for the warm-up.
    fn measured(&self, ticket: &Ticket, done: Instant) -> Option<(Duration, Duration)> {
        let start = ticket.due.unwrap_or(ticket.taken).checked_duration_since(self.marks.measured)?;
        Some((start, done - self.marks.measured))
    }

    /// What was due and never left: told as silent, with the time it waited.
    fn give_up_rest(&self) {
        if self.task.stop.is_requested() {
            return;
        }
        let now = clock::now();
        let mut unsent = self.unsent.take().into_iter();
        while let Some((due, number)) = unsent.next().or_else(|| self.next_due()) {
            let lane = self.mix.borrow_mut().lane(number);
            let ticket = Ticket { number, due: Some(due), taken: now, of_generator: Duration::ZERO };
            if self.measured(&ticket, now).is_some() {
                let waited = now.saturating_duration_since(due);
                self.record_end(lane, &ticket, now, Some(waited), &Silence::TimedOut);
                self.tally.borrow_mut().abandoned += 1;
            }
        }
    }
}
