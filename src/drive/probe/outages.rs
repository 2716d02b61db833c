//! Whether the target still answers anybody, and which request ended that. A request without an answer may be one that the
//! target refuses by silence; where a plain request beside it gets no answer either, the target has stopped answering. Then
//! nothing else is sent until it is back, and what was on its way is sent again: to an owned target first one by one, to see
//! which request stops it, and then by the checks that had sent it, so that none of them bears what another one did.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Prober, allowance};
use crate::clock;
use crate::drive::wire::{self, Limits};
use crate::observe::{Exchange, Outage, Request, SentBy, Silence};
use crate::target::address::host_field;

/// Exchanges that are remembered, so that those on their way are among them.
const REMEMBERED: usize = 32;
/// Answered requests that may have stopped the target after their answer.
const ANSWERED_SUSPECTS: usize = 4;
/// Requests that are sent again one by one.
const SUSPECTS: usize = 16;
/// Outages whose cause is looked for, each of which costs the target another one: so many in any case, and more as long as they
/// are short.
const LOOKED_INTO: (usize, usize) = (3, 12);
/// The longest time that all of them together last where more than the first few are looked into.
const SHORT: Duration = Duration::from_secs(20);
/// Between two looks whether the target is back.
const LOOK: Duration = Duration::from_millis(150);
/// The longest time that the plainest request may take.
const BEAT: Duration = Duration::from_secs(5);
/// How many times as long it may take a target that answers late, and the longest time of that.
const SLOW: u32 = 4;
const SLOWEST: Duration = Duration::from_secs(30);
/// Bytes of an answer that are kept of it: that there is one is enough.
const BEAT_BODY: usize = 64 << 10;
/// Looks in a row that have to be answered before a target is called back.
const STEADY: usize = 3;
/// The shortest and the longest time that a target is waited for.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));

tokio::task_local! {
    static SENDER: Mutex<SentBy>;
}

/// Notes for which check everything inside is sent.
pub(super) async fn sent_by<F: Future>(check: &'static str, future: F) -> F::Output {
    SENDER.scope(Mutex::new(SentBy { check, request: String::new() }), future).await
}

/// Notes what is sent from now on inside.
pub(super) fn calls(request: String) {
    let _ = SENDER.try_with(|sender| sender.lock().unwrap_or_else(PoisonError::into_inner).request = request);
}

/// The check that sends, with what; none outside of checks.
pub(super) fn sender() -> SentBy {
    SENDER.try_with(|sender| sender.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
}

/// What a request without an answer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    /// The target answers others.
    Alive,
    /// It answered nobody, and is back.
    Back,
    /// It answers nobody.
    Gone,
}

/// A request that was sent.
#[derive(Clone)]
struct SentRequest {
    number: u64,
    by: SentBy,
    request: Request,
    /// Whether it reached the target and got no answer; none while it is on its way.
    unanswered: Option<bool>,
    /// What came where an answer was due, if nothing did.
    silence: Option<Silence>,
    /// Whether others were on their way at the same time.
    beside_others: bool,
}

#[derive(Default)]
struct Log {
    next: u64,
    /// Requests that were answered, by what they are: the same again stops nobody.
    answered: HashSet<u64>,
    /// A reading that was granted last: a target that answers no stranger may still answer that.
    granted: Option<Request>,
    gone: bool,
    recent: VecDeque<SentRequest>,
    /// Requests that may have stopped a target that is not to be stopped again.
    withheld: Vec<Request>,
    /// Up to which request it was looked whether the target answers, and what came of it.
    examined: Option<(u64, Pulse)>,
    outages: Vec<Outage>,
}

/// The outages of one target.
#[derive(Default)]
pub(super) struct Outages {
    /// Shared by whoever sends; alone by whoever looks into an outage.
    gate: RwLock<()>,
    log: Mutex<Log>,
}

impl Outages {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody looks into an outage.
    pub(super) async fn open(&self) -> RwLockReadGuard<'_, ()> {
        allowance::apart(self.gate.read()).await
    }

    pub(super) async fn closed(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Notes that a request is on its way; its number.
    pub(super) fn begins(&self, request: &Request) -> u64 {
        let mut log = self.log();
        let number = log.next;
        log.next += 1;
        if log.recent.len() == REMEMBERED {
            log.recent.pop_front();
        }
        let mut beside_others = false;
        for other in log.recent.iter_mut().filter(|other| other.unanswered.is_none()) {
            (other.beside_others, beside_others) = (true, true);
        }
        let request = request.clone();
        log.recent.push_back(SentRequest {
            number,
            by: sender(),
            request,
            unanswered: None,
            silence: None,
            beside_others,
        });
        number
    }

    /// Notes what came of it.
    pub(super) fn ends(&self, number: u64, exchange: &Exchange) {
        let mut log = self.log();
        let answered = !matches!(
            exchange.answer,
            Err(Silence::TimedOut | Silence::Closed | Silence::Unreachable(_) | Silence::Handshake(_))
        );
        if answered {
            log.answered.insert(identity(&exchange.request));
            log.gone = false;
            let granted = exchange.status().is_some_and(|status| (200..300).contains(&status));
            if granted && exchange.request.method == "GET" {
                log.granted = Some(exchange.request.clone());
            }
        }
        let delivered = matches!(exchange.answer, Err(Silence::TimedOut | Silence::Closed));
        if let Some(sent) = log.recent.iter_mut().find(|sent| sent.number == number) {
            sent.unanswered = Some(delivered);
            sent.silence = exchange.answer.as_ref().err().cloned();
        }
        // what was never delivered has done nothing
        if matches!(exchange.answer, Err(Silence::Unreachable(_) | Silence::Handshake(_))) {
            log.recent.retain(|sent| sent.number != number);
        }
    }

    /// Whether others were on their way at the same time as a request.
    pub(super) fn was_beside_others(&self, number: u64) -> bool {
        self.log().recent.iter().any(|sent| sent.number == number && sent.beside_others)
    }

    /// Whether a request is known to stop the target, or may have done so where that may not be tried again.
    pub(super) fn are_caused_by(&self, request: &Request) -> bool {
        let log = self.log();
        let is_cause = |outage: &Outage| outage.cause.as_ref().is_some_and(|(cause, _)| cause.request == *request);
        log.outages.iter().any(is_cause) || log.withheld.contains(request)
    }

    /// Whether silence may mean that the target has stopped answering.
    fn may_have_stopped(&self, exchange: &Exchange) -> bool {
        matches!(exchange.answer, Err(Silence::TimedOut | Silence::Closed | Silence::Unreachable(_)))
            && !self.log().answered.is_empty()
    }

    /// What is known of a request by what others have found out since.
    fn known(&self, number: u64) -> Option<Pulse> {
        let log = self.log();
        let examined = log.examined.filter(|(upto, _)| number < *upto).map(|(_, pulse)| pulse);
        examined.or_else(|| log.gone.then_some(Pulse::Gone))
    }

    fn conclude(&self, upto: u64, pulse: Pulse) {
        let mut log = self.log();
        log.examined = Some((upto, pulse));
        log.gone = pulse == Pulse::Gone;
        if pulse != Pulse::Alive {
            log.recent.clear();
        }
    }

    /// Requests that may have stopped the target, the likeliest first: those without an answer in the order in which they
    /// were sent, and those that were answered last.
    fn suspects(&self) -> Vec<SentRequest> {
        let log = self.log();
        let is_known = |sent: &&SentRequest| log.answered.contains(&identity(&sent.request));
        let unanswered = log.recent.iter().filter(|sent| sent.unanswered != Some(false) && !is_known(sent));
        let answered = log.recent.iter().rev().filter(|sent| sent.unanswered == Some(false)).take(ANSWERED_SUSPECTS);
        let mut suspects: Vec<SentRequest> = Vec::new();
        for sent in unanswered.chain(answered) {
            if suspects.len() < SUSPECTS && !suspects.iter().any(|known| known.request == sent.request) {
                suspects.push(sent.clone());
            }
        }
        suspects
    }

    fn are_enough(&self) -> bool {
        let log = self.log();
        let (some, most) = LOOKED_INTO;
        let lasted: Duration = log.outages.iter().map(|outage| outage.lasted).sum();
        log.outages.len() >= if lasted < SHORT { most } else { some }
    }

    fn keep(&self, outage: Outage) {
        self.log().outages.push(outage);
    }

    /// What may have stopped a target that is not to be stopped again is not sent again.
    fn withhold(&self, suspects: Vec<SentRequest>) {
        let unanswered = suspects.into_iter().filter(|sent| sent.unanswered != Some(false));
        self.log().withheld.extend(unanswered.map(|sent| sent.request));
    }

    /// How many there were so far.
    pub(super) fn count(&self) -> usize {
        self.log().outages.len()
    }

    /// All of them.
    pub(super) fn seen(&self) -> Vec<Outage> {
        self.log().outages.clone()
    }
}

fn identity(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.to_bytes().hash(&mut hasher);
    hasher.finish()
}

impl Prober {
    /// Looks whether the target answers anybody, where a request to it got no answer.
    pub(super) async fn pulse(&self, number: u64, exchange: &Exchange) -> Pulse {
        let Some(beat) = self.beat() else { return Pulse::Alive };
        if !self.outages.may_have_stopped(exchange) {
            return Pulse::Alive;
        }
        let looked = async {
            let _alone = self.outages.closed().await;
            if let Some(known) = self.outages.known(number) {
                return known;
            }
            let upto = self.outages.log().next;
            let granted = self.outages.log().granted.clone();
            let target = BeatenTarget { prober: self, beat: &beat, granted };
            let pulse = if target.answers().await { Pulse::Alive } else { target.look_into().await };
            self.outages.conclude(upto, pulse);
            pulse
        };
        // on the heap: this is rare, and every request would carry the room for it
        allowance::apart(Box::pin(looked)).await
    }

    /// Looks whether the target answers anybody, where the last request of a login got no answer. Those that were answered are not
    /// noted: sent again, they would count as failed logins.
    pub(super) async fn pulse_after_login(&self, exchanges: &[Exchange]) {
        let host = host_field(&self.equipment.base);
        let is_silent = |exchange: &&Exchange| {
            exchange.answer.is_err() && exchange.request.value_of("host") == Some(host.as_bytes())
        };
        let Some(silent) = exchanges.last().filter(is_silent) else { return };
        let number = self.outages.begins(&silent.request);
        self.outages.ends(number, silent);
        self.pulse(number, silent).await;
    }

    /// The plainest request that there is: any answer to it is a sign of life.
    fn beat(&self) -> Option<Request> {
        let subject = self.subject();
        let plain = |at: &usize| !subject.resources[*at].writes;
        let at = subject.main_resource().or_else(|| (0..subject.resources.len()).find(plain))?;
        Some(self.bare_request(at))
    }
}

/// A target that is asked whether it lives, while nothing else is sent.
struct BeatenTarget<'a> {
    prober: &'a Prober,
    beat: &'a Request,
    /// A reading that it granted before.
    granted: Option<Request>,
}

impl BeatenTarget<'_> {
    /// Sends a request over the connections of its own credential: what was closed on a forged certificate closes on it again.
    async fn send(&self, request: &Request, limits: Limits) -> Exchange {
        let destination = match self.prober.destination(&self.prober.equipment.base, request) {
            Ok(destination) => destination,
            Err(why) => return Exchange::unanswered(request.clone(), Silence::Unreachable(why.to_string())),
        };
        self.prober.equipment.rate_limit.wait().await;
        wire::send_once(&destination, &limits, request).await
    }

    /// Limits of the plainest request.
    fn limits(&self) -> Limits {
        let limits = self.prober.equipment.limits;
        Limits { body: BEAT_BODY, ..limits.within(limits.time.min(BEAT)) }
    }

    /// Whether it answers the plainest request, or, where it may refuse that by silence, one that it granted before.
    async fn beats(&self) -> bool {
        if self.asked(self.limits()).await.is_ok() {
            return true;
        }
        match &self.granted {
            Some(granted) => self.sent(granted, self.limits()).await.is_ok(),
            None => false,
        }
    }

    /// Sends the plainest request; why it had no answer, if it had none.
    async fn asked(&self, limits: Limits) -> Result<(), Silence> {
        self.sent(self.beat, limits).await
    }

    async fn sent(&self, request: &Request, limits: Limits) -> Result<(), Silence> {
        match self.send(request, limits).await.answer {
            Ok(_) | Err(Silence::Malformed(_)) => self.prober.patience.count(None),
            Err(silence) => return Err(silence),
        }
        Ok(())
    }

    /// Whether one of two requests in a row is answered: a single one may be lost. A target that takes them may still be busy
    /// with what was given up before; it is asked once more, with a longer time, before it is taken for gone.
    async fn answers(&self) -> bool {
        if self.beats().await {
            return true;
        }
        tokio::time::sleep(LOOK).await;
        let limits = self.limits();
        match self.asked(limits).await {
            Ok(()) => true,
            Err(Silence::TimedOut) => self.asked(limits.within((limits.time * SLOW).min(SLOWEST))).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Waits until the target answers again, and goes on answering.
    async fn is_back(&self) -> bool {
        let (shortest, longest) = WAIT;
        let wait = (self.prober.equipment.limits.time * 3).clamp(shortest, longest);
        let end = clock::after(clock::now(), wait);
        let _shown = self.prober.equipment.activity.waits("the target to answer again", Some(end));
        let mut steady = 0;
        while clock::now() < end {
            steady = if self.beats().await { steady + 1 } else { 0 };
            if steady == STEADY {
                return true;
            }
            tokio::time::sleep(LOOK).await;
        }
        false
    }

    /// Waits for a target that has stopped answering, and looks which request stops it again.
    async fn look_into(&self) -> Pulse {
        let outages = &self.prober.outages;
        let began = clock::now();
        let suspects = outages.suspects();
        let came_back = self.is_back().await;
        if outages.are_enough() {
            outages.withhold(suspects);
            return if came_back { Pulse::Back } else { Pulse::Gone };
        }
        let lasted = clock::now() - began;
        let named = suspects.iter().map(|sent| named(&sent.request, &sent.by));
        let mut outage = Outage { lasted, came_back, suspects: named.collect(), cause: None };
        let mut pulse = if came_back { Pulse::Back } else { Pulse::Gone };
        // whoever runs the target has to agree that it may be stopped once more
        if came_back && self.prober.subject().owned {
            for sent in suspects {
                let exchange = self.send(&sent.request, self.prober.equipment.limits).await;
                if self.answers().await {
                    continue;
                }
                outage.cause = Some((exchange, sent.by.clone()));
                if !self.is_back().await {
                    pulse = Pulse::Gone;
                }
                break;
            }
        } else if !came_back
            && self.prober.subject().owned
            && let Some(likeliest) = suspects.iter().find(|sent| sent.unanswered == Some(true))
            && let Some(silence) = likeliest.silence.clone()
        {
            let exchange = Exchange::unanswered(likeliest.request.clone(), silence);
            outage.cause = Some((exchange, likeliest.by.clone()));
        } else {
            outages.withhold(suspects);
        }
        outages.keep(outage);
        pulse
    }
}

/// Method and path of a request, and who sent it.
pub(super) fn named(request: &Request, by: &SentBy) -> String {
    format!("{} {}{by}", request.method, path_of(request))
}

/// The path of a request, which may be in absolute form (RFC 9112 §3.2.2).
pub(super) fn path_of(request: &Request) -> String {
    let target = String::from_utf8_lossy(&request.target);
    let path = target.split('?').next().unwrap_or_default();
    match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or_else(|| "/".to_owned(), |at| rest[at..].to_owned()),
        None => path.to_owned(),
    }
}
