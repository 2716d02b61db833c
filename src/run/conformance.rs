//! Runs the checks of a scenario: side by side where they do not disturb each other, alone where they write.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};

use super::Session;
use super::isolate::{Crash, Isolated};
use super::shards::{self, Dealer};
use super::tally::{ConformanceEnd, ScenarioTally};
use super::testable::beside_the_point;
use crate::check::step::Endpoint;
use crate::check::{Check, Mode, Verdict};
use crate::clock;
use crate::drive::probe::Seat;
use crate::event::Event;
use crate::judge::not_tested;
use crate::observe::{Evidence, Outcome};
use crate::plan::subject::Login;
use crate::plan::{Act, Control, PlannedCheck, Subject};

/// What is said of a check that a wish to end interrupted.
fn cut(session: &Session<'_>) -> String {
    format!("cut before it finished: {}", session.options.ended())
}

/// Runs all planned checks and the scenario's own cases.
pub(super) async fn run(
    session: &Session<'_>,
    planned: Vec<PlannedCheck>,
    sink: &mut dyn FnMut(Event),
) -> ConformanceEnd {
    let mut tally = ScenarioTally::new(session, sink);
    let (mut together, mut alone, mut back) = (Vec::new(), Vec::new(), Vec::new());
    let mut refused: Vec<&Check> = Vec::new();
    let mut dealer = Dealer::new(session.options.shard);
    let mut own = Vec::new();
    for check in planned {
        let takes = check.check.control || check.looks_back() || dealer.takes(&check, &session.subject);
        if takes && session.options.max_time.is_some() {
            own.push(check.clone());
        }
        // of all checks, so that each shard says the same
        check.script.iter().for_each(|script| tally.leaves_out(&script.not_visited));
        match &check.script {
            _ if !takes => {}
            Err(missing) => {
                let result = not_tested(&check, &missing.why, &tally.context(Duration::ZERO));
                tally.take(result);
            }
            // controls first: what they do not prove, nothing else needs to ask
            Ok(_) if check.check.control && !refused.iter().any(|one| leans_on(&check, one, &session.subject)) => {
                let verdict = alone_now(session, &check, &mut tally).await;
                if session.untestable.is_some() && verdict == Some(Verdict::Inconclusive) {
                    refused.push(check.check);
                }
            }
            Ok(_) if check.looks_back() => back.push(check),
            Ok(_) if check.runs_alone(&session.subject) => alone.push(check),
            Ok(_) => together.push(check),
        }
    }
    for control in refused {
        let hopeless = |check: &mut PlannedCheck| leans_on(check, control, &session.subject);
        let nearer = together.extract_if(.., hopeless).chain(alone.extract_if(.., hopeless));
        for check in nearer.chain(back.extract_if(.., hopeless)) {
            let obstacle = Some(format!("{} did not pass: a refusal would prove nothing", control.id));
            tally.judged(&check, &Evidence { obstacle, ..Evidence::default() }, Duration::ZERO);
        }
    }
    // whose waiting is most of what they take: beside those that only read; those of other shards have to be done
    let beside = |check: &mut PlannedCheck| session.options.jobs > 1 && check.meets_others(&session.subject);
    let writers: Vec<PlannedCheck> = alone.extract_if(.., beside).collect();
    let (now, later) = if session.options.shard.splits() { (Vec::new(), writers) } else { (writers, Vec::new()) };
    // while those wait, and all others are done, the target is as quiet as comparisons of times need it
    let quiet = |check: &mut PlannedCheck| !now.is_empty() && check.needs_quiet();
    let quiet: Vec<PlannedCheck> = alone.extract_if(.., quiet).collect();
    Box::pin(side_by_side(session, together, Writers { checks: now, quiet }, &mut tally)).await;
    match shards::meet(session, "checks").await {
        Ok(()) => {
            tally.disturbing += later.len();
            let later = Writers { checks: later, quiet: Vec::new() };
            Box::pin(side_by_side(session, Vec::new(), later, &mut tally)).await;
            one_by_one(session, alone, &mut tally).await;
        }
        Err(why) => {
            // what disturbs would disturb the shards that are not done
            tally.error(why.to_string());
            let why = format!("not all shards had run the checks before it: {why}");
            for check in later.iter().chain(&alone).filter(|_| !session.options.stop.is_requested()) {
                tally.judged_without_answers(check, why.clone(), Duration::ZERO);
            }
        }
    }
    // on the heap: with all that runs it would be a large part of a stack
    Box::pin(super::login_server::run(session, &mut tally)).await;
    if let Err(why) = shards::meet(session, "last-checks").await {
        tally.error(why.to_string());
    }
    for check in back {
        alone_now(session, &check, &mut tally).await;
    }
    if session.options.stop.time_is_over() {
        let why = format!("not executed: {}", session.options.ended());
        for check in own.iter().filter(|check| !tally.has(check.check.id)).collect::<Vec<_>>() {
            tally.judged_without_answers(check, why.clone(), Duration::ZERO);
        }
    }
    tally.finish()
}

/// Runs the checks that write, lock out or disturb, and the cases: in the last shard, where there are several.
async fn one_by_one(session: &Session<'_>, checks: Vec<PlannedCheck>, tally: &mut ScenarioTally<'_>) {
    // what uses up the target's patience comes last: nothing else has to bear it
    let (last, alone): (Vec<_>, Vec<_>) = checks.into_iter().partition(PlannedCheck::runs_last);
    for check in alone {
        tally.disturbing += 1;
        if alone_now(session, &check, tally).await.is_none() {
            break;
        }
    }
    if session.options.shard.is_last() {
        let mut take = |result| {
            tally.disturbing += 1;
            tally.take(result);
        };
        super::cases::run(session, &mut take).await;
    }
    for check in last {
        tally.disturbing += 1;
        if alone_now(session, &check, tally).await.is_none() {
            break;
        }
    }
}

/// Whether a check is proved by what a positive control has failed to do: it asks the same endpoint, or a resource.
fn leans_on(check: &PlannedCheck, positive: &Check, subject: &Subject) -> bool {
    let Ok(script) = &check.script else { return false };
    let uses = |control: &Control| match control {
        Control::Use { identity, .. } | Control::Twin { identity, .. } => match positive.group() {
            "token" => matches!(subject.identities[*identity].login, Login::Client { .. }),
            group => !is_endpoint(group),
        },
        // the others fail for what they find as well: each check asks for itself
        Control::Endpoint { endpoint, .. } => *endpoint == Endpoint::Token && positive.group() == "token",
    };
    // what a client is to be granted needs no control of its own, and says nothing where that client is refused everything
    let asks = |act: &Act| matches!(act, Act::Form(form) if form.endpoint == Endpoint::Token);
    if positive.group() == "token" && script.actions.iter().any(|action| asks(&action.act)) {
        return true;
    }
    let sends = script.actions.iter().any(|action| matches!(action.act, Act::Send { .. } | Act::AwaitRefusal { .. }));
    script.controls.iter().any(uses) || (sends && !is_endpoint(positive.group()))
}

/// Whether a topic is about an endpoint of an authorization server, and not about resources.
fn is_endpoint(group: &str) -> bool {
    matches!(group, "token" | "introspect" | "revoke" | "meta")
}

/// Runs one check by itself, and says what it came to; none where the run was asked to end.
pub(super) async fn alone_now(
    session: &Session<'_>,
    check: &PlannedCheck,
    tally: &mut ScenarioTally<'_>,
) -> Option<Verdict> {
    let script = check.script.as_ref().ok()?.clone();
    if session.options.stop.is_requested() {
        return None;
    }
    let began = clock::now();
    let (prober, planned) = (session.prober.clone(), check.clone());
    let rehearse = rehearsal(session);
    let mut running = Isolated::start(async move {
        rehearse(planned.check.id);
        prober.run(&planned, &script, None).await
    });
    let ended = tokio::select! {
        ended = running.end() => ended,
        () = session.options.stop.requested() => {
            tally.judged_without_answers(check, cut(session), clock::now() - began);
            return None;
        }
    };
    Some(match ended {
        Ok(mut evidence) => {
            weigh(session, check, &mut evidence);
            tally.judged(check, &evidence, clock::now() - began)
        }
        Err(crash) => tally.crashed(check, &crash, clock::now() - began),
    })
}

/// A positive control that did not pass is a finding where something else proves that the scenario is as it should be:
/// a credential that opens one resource and is refused by another that it should open. Elsewhere it says why not.
fn weigh(session: &Session<'_>, check: &PlannedCheck, evidence: &mut Evidence) {
    let granted = |outcome: Outcome| outcome == Outcome::Granted;
    if !check.check.control {
        return;
    }
    evidence.unproven = match &session.untestable {
        Some(untestable) if !evidence.observations.iter().any(|seen| granted(seen.outcome)) => {
            Some(untestable.cause().to_owned())
        }
        Some(_) => None,
        None => beside_the_point(&session.subject, session.prober.base(), evidence),
    };
}

/// Fails in the check that a test of authbench names.
#[cfg(test)]
fn rehearsal(session: &Session<'_>) -> impl Fn(&str) + Send + 'static {
    let fails_in = session.options.fails_in;
    move |check| assert!(fails_in != Some(check), "a rehearsal in {check}")
}

#[cfg(not(test))]
fn rehearsal(_: &Session<'_>) -> impl Fn(&str) + Send + 'static {
    |_| ()
}

/// Checks that write beside others.
struct Writers {
    checks: Vec<PlannedCheck>,
    /// What runs while they wait for late effects, one after the other; they do not go on before.
    quiet: Vec<PlannedCheck>,
}

/// Runs checks that do not disturb each other. Those that wait take no place from the others, unless a new credential ends
/// the one before it.
///
/// Writers meet each other before what would disturb them. If all of them pass, no refused write had an effect; else it is
/// not known whose it was, and each runs again, alone.
async fn side_by_side(
    session: &Session<'_>,
    checks: Vec<PlannedCheck>,
    Writers { checks: writers, mut quiet }: Writers,
    tally: &mut ScenarioTally<'_>,
) {
    let wanted = writers.len();
    let mut seats = Seat::several(wanted + 1);
    let mut kept_apart = seats.pop().filter(|_| !quiet.is_empty());
    if let (Some(seat), Some(meetings)) = (&kept_apart, writers.iter().map(PlannedCheck::meetings).min()) {
        // allowed writes follow the last two
        seat.is_ahead(meetings.saturating_sub(2));
    }
    let seats = seats.into_iter().map(Some);
    let checks = writers.into_iter().zip(seats).chain(checks.into_iter().map(|check| (check, None)));
    let places = Arc::new(Semaphore::new(session.options.jobs.max(1)));
    // what waits would end the credential of what runs meanwhile
    let waits_aside = !session.prober.is_one_at_a_time();
    let mut running = JoinSet::new();
    let mut open: HashMap<Id, Open> = HashMap::new();
    for (check, seat) in checks {
        let writes = seat.is_some();
        let (prober, places) = (session.prober.clone(), places.clone());
        let began: Arc<OnceLock<Instant>> = Arc::default();
        let (planned, beginning, rehearse) = (check.clone(), began.clone(), rehearsal(session));
        let task = running.spawn(async move {
            let waits = writes || (waits_aside && planned.check.mode == Mode::Timed);
            let place = if waits { None } else { places.acquire().await.ok() };
            beginning.get_or_init(clock::now);
            rehearse(planned.check.id);
            let evidence = match &planned.script {
                Ok(script) => prober.run(&planned, script, seat).await,
                Err(_) => Evidence::default(),
            };
            drop(place);
            evidence
        });
        open.insert(task.id(), Open { check, began, writes });
    }
    let (mut again, mut written) = (Vec::new(), Vec::new());
    // looked at between two verdicts too: the one that was too many is the last
    while !session.options.stop.is_requested() {
        if open.values().all(|open| open.writes) {
            // on the heap: side by side with others it would lie on one stack with them
            Box::pin(compare_in_quiet(session, &mut quiet, tally)).await;
            drop(kept_apart.take());
        }
        let ended = tokio::select! {
            ended = running.join_next_with_id() => ended,
            () = session.options.stop.requested() => break,
        };
        let (id, ended) = match ended {
            None => break,
            Some(Ok((id, evidence))) => (id, Ok(evidence)),
            Some(Err(error)) => (error.id(), Err(Crash::from(error))),
        };
        let Some(Open { check, began, writes }) = open.remove(&id) else { continue };
        let took = began.get().map_or(Duration::ZERO, |began| clock::now() - *began);
        match ended {
            // a control may have broken because of a neighbour: once more, alone
            Ok(evidence) if evidence.broken_control().is_some() => again.push(check),
            Ok(evidence) if writes => written.push((check, evidence, took)),
            Ok(evidence) => drop(tally.judged(&check, &evidence, took)),
            Err(crash) => drop(tally.crashed(&check, &crash, took)),
        }
    }
    running.abort_all();
    if written.len() == wanted && written.iter().all(|(check, evidence, took)| tally.would_pass(check, evidence, *took))
    {
        for (check, evidence, took) in &written {
            tally.judged(check, evidence, *took);
        }
    } else {
        again.extend(written.into_iter().map(|(check, ..)| check));
    }
    // what had not started was not run, and whoever stopped the run knows; what had started came to nothing
    for (check, began) in open.into_values().filter_map(|open| Some((open.check, *open.began.get()?))) {
        tally.judged_without_answers(&check, cut(session), clock::now() - began);
    }
    for check in again {
        // it has run once: where it cannot run again, that is what is shown
        if session.options.stop.is_requested() {
            tally.judged_without_answers(&check, cut(session), Duration::ZERO);
        } else {
            alone_now(session, &check, tally).await;
        }
    }
}

/// Runs checks that compare times, one after the other.
async fn compare_in_quiet(session: &Session<'_>, checks: &mut Vec<PlannedCheck>, tally: &mut ScenarioTally<'_>) {
    for check in checks.drain(..) {
        tally.disturbing += 1;
        if alone_now(session, &check, tally).await.is_none() {
            break;
        }
    }
}

/// A check that runs side by side with others, and when it started.
struct Open {
    check: PlannedCheck,
    began: Arc<OnceLock<Instant>>,
    /// Whether it writes, beside others that do.
    writes: bool,
}
