//! Runs the load phases of a scenario, with tokens renewed beside the measured path.

use super::phase::Prepared;
use super::phase_error::PhaseError;
use super::renewal::Renewal;
use super::{Session, capacity, shards, threshold};
use crate::check::Verdict;
use crate::event::{Event, LoadInterval, LoadStarted, Note, NoteKind};
use crate::exit::Exit;
use crate::judge::abort::Aborted;
use crate::judge::{fails, lane};
use crate::observe::{ClockOffset, Interval, LoadFigures};
use crate::scenario::Position;
use crate::scenario::model::LoadPhase;

/// How the load of a scenario ended.
pub(super) struct LoadEnd {
    pub(super) selected: bool,
    pub(super) exit: Exit,
}

/// Runs all phases, one after another.
pub(super) async fn run(session: &Session<'_>, sink: &mut dyn FnMut(Event)) -> LoadEnd {
    let mut end = LoadEnd { selected: false, exit: Exit::Passed };
    let phases = &session.loaded.scenario.load;
    if !phases.is_empty() && !session.subject.owned {
        let text = "no load: the scenario does not say `owned: true`".to_owned();
        sink(Event::Note(Note { kind: NoteKind::Warning, text }));
        return end;
    }
    for (at, written) in phases.iter().enumerate() {
        if session.options.stop.is_requested() && !session.options.stop.time_is_over() {
            break;
        }
        end.selected = true;
        match Box::pin(one(session, (at, written), sink)).await {
            Ok((figures, aborted, resource)) => {
                if session.options.shard.splits() {
                    continue;
                }
                let judged = threshold::judge(session, &figures, aborted.as_ref(), sink);
                let mixed = lanes(session, (written.place, resource), &figures, sink);
                end.exit = end.exit.worst(judged).worst(mixed).worst(trusted(&figures));
            }
            Err(why) => {
                let text = match &why {
                    PhaseError::Ended(why) => format!("the load phase {} was not executed: {why}", written.name),
                    why => format!("the load phase {} did not run: {why}", written.name),
                };
                sink(Event::Note(Note { kind: NoteKind::Error, text }));
                let ended = matches!(why, PhaseError::Ended(_)) || session.options.stop.time_is_over();
                end.exit = end.exit.worst(if ended { Exit::Inconclusive } else { Exit::Broken });
            }
        }
    }
    end
}

/// Passes on what the lanes that should be refused came to.
fn lanes(
    session: &Session<'_>,
    (place, resource): (Position, usize),
    figures: &LoadFigures,
    sink: &mut dyn FnMut(Event),
) -> Exit {
    let resource = &session.subject.resources[resource];
    let verdicts = lane::verdicts(figures, (&resource.method, &resource.path), &session.place(place));
    verdicts.into_iter().fold(Exit::Passed, |exit, result| {
        let ended = match result.verdict {
            Verdict::Fail if fails(&result, session.options.fail_on) => Exit::Findings,
            Verdict::Inconclusive => Exit::Inconclusive,
            _ => Exit::Passed,
        };
        sink(Event::CheckFinished(Box::new(result)));
        exit.worst(ended)
    })
}

/// Figures that cannot be trusted prove nothing.
fn trusted(figures: &LoadFigures) -> Exit {
    if figures.inconclusive.is_some() { Exit::Inconclusive } else { Exit::Passed }
}

async fn one(
    session: &Session<'_>,
    (at, written): (usize, &LoadPhase),
    sink: &mut dyn FnMut(Event),
) -> Result<(LoadFigures, Option<Aborted>, usize), PhaseError> {
    let ended = || PhaseError::Ended(session.options.ended());
    let stop = &session.options.stop;
    if stop.is_requested() {
        return Err(ended());
    }
    let mut prepared =
        stop.unless_requested(Box::pin(Prepared::of(session, at, written))).await.ok_or_else(ended)??;
    if session.options.shard.splits() {
        prepared.clock = shards::clock_offset(session).await;
    }
    let takes = prepared.length() + prepared.limits.time;
    let round = format!("scenario-{}.phase-{}", session.turn.at + 1, at + 1);
    prepared.phase.gate = session.options.start.gate(round, takes);
    let search = written.capacity.as_ref().map(|objective| capacity::Range::of(written, objective));
    sink(Event::LoadStarted(LoadStarted {
        name: written.name.clone(),
        offered_rate: prepared
            .phase
            .arrivals
            .map(|arrivals| arrivals.mean_rate() / f64::from(prepared.phase.shard.count))
            .filter(|_| search.is_none()),
        length_s: prepared.length().as_secs_f64() * search.as_ref().map_or(1.0, capacity::Range::likely_steps),
    }));
    let renewal = Renewal::start(session, &prepared.good, prepared.resource);
    let ended = match &search {
        Some(range) => capacity::search(session, &prepared, range, sink).await.map(|figures| (figures, None)),
        None => once(session, &prepared, sink).await,
    };
    let (mut figures, aborted) = ended?;
    renewal.finish(&mut figures).await;
    if stop.time_is_over() {
        figures.inconclusive = Some(format!("cut before it finished: {}", session.options.ended()));
    }
    if let Some(timing) = figures.timing.as_mut().filter(|_| session.options.shard.splits()) {
        timing.clock = ClockOffset { folder_ms: timing.clock.folder_ms, ..prepared.clock };
    }
    sink(Event::LoadFinished(Box::new(figures.clone())));
    Ok((figures, aborted, prepared.resource))
}

/// Runs a phase that may be ended early by its thresholds.
async fn once(
    session: &Session<'_>,
    prepared: &Prepared,
    sink: &mut dyn FnMut(Event),
) -> Result<(LoadFigures, Option<Aborted>), PhaseError> {
    let stop = session.options.stop.below();
    // a shard sees a part of the load: it ends by no threshold
    let alone = !session.options.shard.splits();
    let (mut watch, mut aborted, mut until_s) = (threshold::watch(session), None, 0.0);
    let mut take = |interval: Interval| {
        until_s = interval.start_s + interval.length_s;
        if alone && aborted.is_none() {
            aborted = watch.add(&interval);
            aborted.is_some().then(|| stop.request());
        }
        sink(Event::LoadInterval(LoadInterval { phase: prepared.phase.name.clone(), interval }));
    };
    let mut figures = prepared.run(&prepared.phase, &stop, &mut take).await?;
    if let Some(aborted) = &aborted {
        figures.duration_s = figures.duration_s.min(until_s);
        figures.notes.push(format!("ended early: {} was broken after {:.0} s", aborted.condition, aborted.after_s));
    }
    Ok((figures, aborted))
}
