//! One server: a scheme, a behaviour, broken or correct. It counts what it did wrong, so that a test need not believe
//! authbench about it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::behaviour::Behaviour;
use super::content::{Shape, orders, receipt};
use super::correct::Route;
use super::http::{Answer, Connection, Reply, Request, Server};
use super::schemes::{Caller, Scheme, Verifier};
use super::token;

/// Time after which a refused write happens.
const LATE: Duration = Duration::from_millis(300);
/// Marks an answer that refuses nothing where it should: for the tests, no part of what is judged.
pub(crate) const MARK: &str = "x-unrefused";

/// Requests that were not refused and should have been.
#[derive(Default)]
pub(crate) struct Unrefused {
    anonymous: AtomicUsize,
    unknown: AtomicUsize,
    other: AtomicUsize,
}

impl Unrefused {
    fn count(&self, caller: Caller) {
        let counter = match caller {
            Caller::Nobody => &self.anonymous,
            Caller::Unknown => &self.unknown,
            Caller::Reader | Caller::Writer => &self.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Those without a credential and those with an unknown one, so far.
    pub(crate) fn of_lanes(&self) -> [usize; 2] {
        [self.anonymous.load(Ordering::Relaxed), self.unknown.load(Ordering::Relaxed)]
    }

    pub(crate) fn total(&self) -> usize {
        self.of_lanes().iter().sum::<usize>() + self.other.load(Ordering::Relaxed)
    }
}

struct Site {
    scheme: Scheme,
    behaviour: Behaviour,
    broken: bool,
    verifier: Verifier,
    /// Writes that happened.
    written: AtomicUsize,
    /// When refused writes happen.
    late: Mutex<Vec<Instant>>,
    /// Requests that had to be refused, by who asked: what each caller gets does not depend on what others ask beside it.
    refused: [AtomicUsize; 4],
    /// Of these, those without a credential.
    anonymous: AtomicUsize,
    unrefused: Arc<Unrefused>,
}

/// Starts a server, and says where it counts.
pub(crate) fn start(scheme: Scheme, behaviour: Behaviour, broken: bool) -> (Server, Arc<Unrefused>) {
    let unrefused = Arc::<Unrefused>::default();
    let site = Site {
        scheme,
        behaviour,
        broken,
        verifier: Verifier::of(scheme),
        written: AtomicUsize::default(),
        late: Mutex::default(),
        refused: Default::default(),
        anonymous: AtomicUsize::new(0),
        unrefused: unrefused.clone(),
    };
    (Server::start(move |request, connection| site.reply(request, connection)), unrefused)
}

impl Site {
    fn reply(&self, request: &Request, connection: &mut Connection) -> Reply {
        let writes = match Route::of(request) {
            Ok(Route::Token) => return self.token(request).into(),
            Ok(route) => route == Route::Write,
            Err(answer) => return answer.into(),
        };
        let caller = self.verifier.caller(request);
        let was_known = connection.known;
        connection.known |= matches!(caller, Caller::Reader | Caller::Writer);
        match self.scheme.refusal(caller) {
            Some(refusal) if writes || caller != Caller::Reader => {
                let turn = Turn {
                    caller,
                    writes,
                    is_head: request.method == "HEAD",
                    was_known,
                    odd: connection.number % 2 == 1,
                };
                self.refuse(refusal, &turn)
            }
            _ => self.good(writes).into(),
        }
    }

    fn good(&self, writes: bool) -> Answer {
        let written = self.written();
        self.written.fetch_add(usize::from(writes), Ordering::Relaxed);
        let shown = !(self.broken && self.behaviour == Behaviour::UnseenWrite);
        let data = if writes { receipt() } else { orders(shown.then_some(written)) };
        match self.broken {
            true => Shape::Same.fill(Answer::empty(200), &data),
            false => self.behaviour.good(&data),
        }
    }

    fn refuse(&self, refusal: Answer, turn: &Turn) -> Reply {
        let nth = self.refused[turn.caller as usize].fetch_add(1, Ordering::Relaxed);
        let is_first = turn.caller == Caller::Nobody && self.anonymous.fetch_add(1, Ordering::Relaxed) == 0;
        let correct = |refusal: Answer| {
            let nth = if self.behaviour == Behaviour::First { usize::from(!is_first) } else { nth };
            self.behaviour.refuses(refusal, nth, turn.was_known, turn.odd)
        };
        if !self.broken {
            return correct(refusal).into();
        }
        let data = if turn.writes { receipt() } else { orders(Some(self.written())) };
        if let Some(reply) = self.behaviour.breaks(refusal.clone(), &data) {
            // what comes without a body gives nothing away
            let refuses = turn.is_head && matches!(self.behaviour, Behaviour::RefusedWith(_) | Behaviour::Cut);
            return if refuses { reply } else { self.mark(reply, turn.caller) };
        }
        let grants = match self.behaviour {
            Behaviour::First => is_first,
            Behaviour::Tenth => nth % 10 == 9,
            Behaviour::SecondConnection => turn.odd,
            Behaviour::KnownConnection => turn.was_known,
            _ => false,
        };
        if grants {
            return self.mark(self.good(turn.writes).into(), turn.caller);
        }
        if turn.writes && matches!(self.behaviour, Behaviour::LateWrite | Behaviour::UnseenWrite) {
            self.unrefused.count(turn.caller);
            self.write_later();
        }
        Shape::Same.fill(refusal, &serde_json::json!({ "error": "access denied" })).into()
    }

    /// A refused write that happens nevertheless: at once and out of sight, or when its time has come.
    fn write_later(&self) {
        if self.behaviour == Behaviour::UnseenWrite {
            self.written.fetch_add(1, Ordering::Relaxed);
        } else {
            self.late.lock().expect("no panic").push(Instant::now() + LATE);
        }
    }

    /// Writes that have happened by now.
    fn written(&self) -> usize {
        let now = Instant::now();
        let late = self.late.lock().expect("no panic").iter().filter(|due| **due <= now).count();
        self.written.load(Ordering::Relaxed) + late
    }

    fn mark(&self, reply: Reply, caller: Caller) -> Reply {
        self.unrefused.count(caller);
        match reply {
            Reply::Whole(answer) => Reply::Whole(answer.header(MARK, "1")),
            Reply::Cut(answer) => Reply::Cut(answer.header(MARK, "1")),
            Reply::Endless(answer) => Reply::Endless(answer.header(MARK, "1")),
            other @ (Reply::Reset | Reply::Raw(_)) => other,
        }
    }

    fn token(&self, request: &Request) -> Answer {
        token::answer(&self.verifier, request, |refusal, mut error| {
            let leaks = self.broken && self.behaviour == Behaviour::TokenInRefusal;
            if leaks {
                self.unrefused.count(Caller::Reader);
                error["access_token"] = self.verifier.issue(Caller::Writer).into();
                error["token_type"] = "Bearer".into();
            }
            let answer = Shape::Same.fill(refusal, &error);
            if leaks { answer.header(MARK, "1") } else { answer }
        })
    }
}

/// A request that has to be refused.
struct Turn {
    caller: Caller,
    writes: bool,
    is_head: bool,
    was_known: bool,
    odd: bool,
}
