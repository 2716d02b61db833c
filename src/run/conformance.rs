//! Runs the checks of a scenario: side by side where they do not disturb each other, alone where they write.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Session;
use super::waiver::Waivers;
use crate::check::{Mode, Verdict};
use crate::clock;
use crate::event::{CheckResult, Event, Note, NoteKind, SourcePlace};
use crate::exit::Exit;
use crate::judge::{Context, judge, not_tested};
use crate::observe::Evidence;
use crate::plan::{Act, Control, PlannedCheck};

/// Between two looks whether the run should end.
const STOP_POLL: Duration = Duration::from_millis(50);

/// How the checks of a scenario ended.
pub(super) struct End {
    pub(super) applicable: usize,
    pub(super) executed: usize,
    pub(super) exit: Exit,
}

/// Verdicts as they come in.
struct Tally<'a> {
    session: &'a Session<'a>,
    waivers: Waivers<'a>,
    applicable: usize,
    executed: usize,
    findings: usize,
    inconclusive: usize,
    sink: &'a mut dyn FnMut(Event),
}

impl Tally<'_> {
    fn take(&mut self, mut result: CheckResult) {
        self.waivers.apply(&mut result);
        self.applicable += usize::from(result.verdict != Verdict::NotApplicable);
        self.executed += usize::from(result.verdict.executed());
        self.findings += usize::from(result.verdict == Verdict::Fail && result.waived.is_none());
        self.inconclusive += usize::from(result.verdict == Verdict::Inconclusive);
        (self.sink)(Event::CheckFinished(Box::new(result)));
    }

    fn judged(&mut self, planned: &PlannedCheck, evidence: &Evidence, took: Duration) -> Verdict {
        let context = self.context(took);
        let result = judge(planned, evidence, &context);
        let verdict = result.verdict;
        self.take(result);
        verdict
    }

    fn context(&self, took: Duration) -> Context<'_> {
        Context {
            profile: &self.session.profile,
            scrubber: &self.session.scrubber,
            place: scheme_place(self.session),
            took,
        }
    }
}

fn scheme_place(session: &Session<'_>) -> SourcePlace {
    session.place(session.loaded.scenario.scheme.place)
}

/// Runs all planned checks and the scenario's own cases.
pub(super) async fn run(session: &Session<'_>, planned: Vec<PlannedCheck>, sink: &mut dyn FnMut(Event)) -> End {
    let waivers = Waivers::of(session);
    let mut tally = Tally { session, waivers, applicable: 0, executed: 0, findings: 0, inconclusive: 0, sink };
    let (mut together, mut alone, mut refused) = (Vec::new(), Vec::new(), None);
    for check in planned {
        match &check.script {
            Err(missing) => {
                let result = not_tested(&check, &missing.0, &tally.context(Duration::ZERO));
                tally.take(result);
            }
            // controls first: what they do not prove, nothing else needs to ask
            Ok(_) if check.check.control && !(refused.is_some() && asks_for_resource(&check)) => {
                let verdict = alone_now(session, &check, &mut tally).await;
                if verdict == Some(Verdict::Fail) && is_access_control(check.check.group()) {
                    refused = Some(check.check.id);
                }
            }
            Ok(_) if check.runs_alone(&session.subject) => alone.push(check),
            Ok(_) => together.push(check),
        }
    }
    if let Some(control) = refused {
        let (hopeless, rest): (Vec<_>, Vec<_>) = together.into_iter().chain(alone).partition(asks_for_resource);
        for check in hopeless {
            let obstacle = Some(format!("{control} failed: a refusal would prove nothing"));
            tally.judged(&check, &Evidence { obstacle, ..Evidence::default() }, Duration::ZERO);
        }
        (together, alone) = (rest, Vec::new());
    }
    side_by_side(session, together, &mut tally).await;
    for check in alone {
        if alone_now(session, &check, &mut tally).await.is_none() {
            break;
        }
    }
    super::cases::run(session, &mut |result| tally.take(result)).await;
    finish(session, tally)
}

/// Whether a check sends something to a resource, or stands between controls that do.
fn asks_for_resource(check: &PlannedCheck) -> bool {
    let Ok(script) = &check.script else { return false };
    script.controls.iter().any(|control| matches!(control, Control::Use { .. }))
        || script.actions.iter().any(|action| matches!(action.act, Act::Send { .. } | Act::AwaitRefusal { .. }))
}

fn is_access_control(group: &str) -> bool {
    matches!(group, "apikey" | "basic" | "bearer")
}

/// Runs one check by itself; none where the run was asked to end.
async fn alone_now(session: &Session<'_>, check: &PlannedCheck, tally: &mut Tally<'_>) -> Option<Verdict> {
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
    loop {
        tokio::select! {
            ended = running.join_next() => match ended {
                None => break,
                Some(Err(_)) => {}
                // a control may have broken because of a neighbour: once more, alone
                Some(Ok((check, evidence, _))) if evidence.broken_control().is_some() => again.push(check),
                Some(Ok((check, evidence, took))) => drop(tally.judged(&check, &evidence, took)),
            },
            () = stopped(session) => { running.abort_all(); return; }
        }
    }
    for check in again {
        alone_now(session, &check, tally).await;
    }
}

fn finish(session: &Session<'_>, tally: Tally<'_>) -> End {
    let stale = if session.options.checks.is_empty() { tally.waivers.findings() } else { Vec::new() };
    let mut findings = tally.findings + stale.len();
    for text in stale {
        (tally.sink)(Event::Note(Note { kind: NoteKind::Finding, text }));
    }
    let share = tally.executed as f64 / tally.applicable.max(1) as f64;
    if let Some(min) = session.loaded.scenario.conformance.min_coverage.filter(|min| share < min.0) {
        findings += 1;
        let text = format!(
            "{:.0} % of the applicable checks were executed; min_coverage is {:.0} %",
            share * 100.0,
            min.0 * 100.0
        );
        (tally.sink)(Event::Note(Note { kind: NoteKind::Finding, text }));
    }
    let exit = if findings > 0 {
        Exit::Findings
    } else if tally.inconclusive > 0 || (tally.applicable > 0 && tally.executed == 0) {
        Exit::Inconclusive
    } else {
        Exit::Passed
    };
    End { applicable: tally.applicable, executed: tally.executed, exit }
}
