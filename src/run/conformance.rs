//! Runs the checks of a scenario: side by side where they do not disturb each other, alone where they write.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Session;
use super::tally::{End, Tally};
use crate::check::{Check, Mode};
use crate::clock;
use crate::event::{Event, Part};
use crate::judge::not_tested;
use crate::observe::Evidence;
use crate::plan::subject::Login;
use crate::plan::{Act, Control, PlannedCheck, Subject};

/// Between two looks whether the run should end.
const STOP_POLL: Duration = Duration::from_millis(50);

/// Runs all planned checks and the scenario's own cases.
pub(super) async fn run(session: &Session<'_>, planned: Vec<PlannedCheck>, sink: &mut dyn FnMut(Event)) -> End {
    let mut tally = Tally::new(session, sink);
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    let mut refused: Vec<&Check> = Vec::new();
    for check in planned {
        match &check.script {
            Err(missing) => {
                let result = not_tested(&check, &missing.0, &tally.context(Duration::ZERO));
                tally.take(result);
            }
            // controls first: what they do not prove, nothing else needs to ask
            Ok(_) if check.check.control && !refused.iter().any(|one| leans_on(&check, one, &session.subject)) => {
                if alone_now(session, &check, &mut tally).await == Some(Some(Part::Access)) {
                    refused.push(check.check);
                }
            }
            Ok(_) if check.runs_alone(&session.subject) => alone.push(check),
            Ok(_) => together.push(check),
        }
    }
    for control in refused {
        let hopeless = |check: &mut PlannedCheck| leans_on(check, control, &session.subject);
        for check in together.extract_if(.., hopeless).chain(alone.extract_if(.., hopeless)) {
            let obstacle = Some(format!("{} failed: a refusal would prove nothing", control.id));
            tally.judged(&check, &Evidence { obstacle, ..Evidence::default() }, Duration::ZERO);
        }
    }
    side_by_side(session, together, &mut tally).await;
    // what uses up the target's patience comes last: nothing else has to bear it
    let (last, alone): (Vec<_>, Vec<_>) = alone.into_iter().partition(PlannedCheck::runs_last);
    for check in alone {
        if alone_now(session, &check, &mut tally).await.is_none() {
            break;
        }
    }
    super::cases::run(session, &mut |result| tally.take(result)).await;
    for check in last {
        if alone_now(session, &check, &mut tally).await.is_none() {
            break;
        }
    }
    tally.finish()
}

/// Whether a check is proved by what a positive control has failed to do: it asks the same endpoint, or a resource.
fn leans_on(check: &PlannedCheck, positive: &Check, subject: &Subject) -> bool {
    let Ok(script) = &check.script else { return false };
    let uses = |control: &Control| match control {
        Control::Use { identity, .. } | Control::Twin { identity, .. } => match positive.group() {
            "token" => matches!(subject.identities[*identity].login, Login::Client { .. }),
            group => !is_endpoint(group),
        },
        Control::Token | Control::Assertion => positive.group() == "token",
        // these fail for what they find as well: each check asks for itself
        Control::Introspection | Control::Revocation => false,
    };
    let sends = script.actions.iter().any(|action| matches!(action.act, Act::Send { .. } | Act::AwaitRefusal { .. }));
    script.controls.iter().any(uses) || (sends && !is_endpoint(positive.group()))
}

/// Whether a topic is about an endpoint of an authorization server, and not about resources.
fn is_endpoint(group: &str) -> bool {
    matches!(group, "token" | "introspect" | "revoke" | "meta")
}

/// Runs one check by itself, and says whether and how it failed; none where the run was asked to end.
async fn alone_now(session: &Session<'_>, check: &PlannedCheck, tally: &mut Tally<'_>) -> Option<Option<Part>> {
    let script = check.script.as_ref().ok()?;
    let began = clock::now();
    tokio::select! {
        evidence = session.prober.run(check, script) => Some(tally.judged(check, &evidence, clock::now() - began)),
        () = stopped(session) => None,
    }
}

async fn stopped(session: &Session<'_>) {
    while !session.options.stop.is_requested() {
        tokio::time::sleep(STOP_POLL).await;
    }
}

/// Runs checks that do not disturb each other. Those that wait take no place from the others.
async fn side_by_side(session: &Session<'_>, checks: Vec<PlannedCheck>, tally: &mut Tally<'_>) {
    let places = Arc::new(Semaphore::new(session.options.jobs.max(1)));
    let mut running = JoinSet::new();
    for check in checks {
        let (prober, places) = (session.prober.clone(), places.clone());
        running.spawn(async move {
            let waits = check.check.mode == Mode::Timed;
            let place = if waits { None } else { places.acquire().await.ok() };
            let began = clock::now();
            let evidence = match &check.script {
                Ok(script) => prober.run(&check, script).await,
                Err(_) => Evidence::default(),
            };
            drop(place);
            (check, evidence, clock::now() - began)
        });
    }
    let mut again = Vec::new();
    // looked at between two verdicts too: the one that was too many is the last
    while !session.options.stop.is_requested() {
        tokio::select! {
            ended = running.join_next() => match ended {
                None => break,
                Some(Err(_)) => {}
                // a control may have broken because of a neighbour: once more, alone
                Some(Ok((check, evidence, _))) if evidence.broken_control().is_some() => again.push(check),
                Some(Ok((check, evidence, took))) => drop(tally.judged(&check, &evidence, took)),
            },
            () = stopped(session) => {}
        }
    }
    running.abort_all();
    for check in again {
        alone_now(session, &check, tally).await;
    }
}
