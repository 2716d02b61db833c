//! Searches the highest rate that holds an objective: one open phase after another.

use super::Session;
use super::phase::Prepared;
use super::phase_error::PhaseError;
use crate::drive::load::{ArrivalProcess, Phase};
use crate::event::{Event, LoadInterval};
use crate::judge::capacity::Search;
use crate::judge::threshold;
use crate::observe::{CapacityFigures, CapacityStep, Interval, Limit, LoadFigures};
use crate::scenario::model::LoadPhase;
use crate::scenario::objective::Objective;

/// The first rate that is tried, and the highest, where the phase names none; requests a second.
const FIRST: f64 = 100.0;
const MOST: f64 = 1_000_000.0;
/// Steps that a search is expected to take, for the progress line.
const LIKELY: f64 = 14.0;

/// What is searched, and where.
pub(super) struct Range<'a> {
    first: f64,
    most: f64,
    objective: &'a Objective,
}

impl<'a> Range<'a> {
    pub(super) fn of(written: &LoadPhase, objective: &'a Objective) -> Self {
        let first = written.rate.map_or(FIRST, |rate| rate.0);
        Self { first, most: written.to.map_or(MOST, |to| to.0), objective }
    }

    pub(super) fn likely_steps(&self) -> f64 {
        LIKELY
    }
}

/// Tries rates until the highest that holds is known: its figures, with all steps. The search ends where authbench itself
/// is the limit: what it cannot offer, it cannot judge.
pub(super) async fn search(
    session: &Session<'_>,
    prepared: &Prepared,
    range: &Range<'_>,
    sink: &mut dyn FnMut(Event),
) -> Result<LoadFigures, PhaseError> {
    let stop = session.options.stop.below();
    let mut search = Search::new(range.first, range.most);
    let (mut best, mut last, mut steps, mut offset) = (None, None, Vec::new(), 0.0);
    let mut generator = false;
    while let Some(rate) = search.next().filter(|_| !generator && !stop.is_requested()) {
        let phase = Phase { arrivals: Some(ArrivalProcess::Constant(rate)), ..prepared.phase.clone() };
        let mut take = |interval: Interval| {
            let interval = Interval { start_s: interval.start_s + offset, ..interval };
            sink(Event::LoadInterval(LoadInterval { phase: phase.name.clone(), interval }));
        };
        let figures = prepared.run(&phase, &stop, &mut take).await?;
        offset += figures.duration_s.ceil();
        let why = broken(range.objective, &figures);
        generator = figures.limited_by == Some(Limit::Generator) && why.is_some();
        steps.push(CapacityStep {
            rate,
            achieved_rate: figures.achieved_rate,
            p99_us: figures.response_time_us.p99,
            held: why.is_none(),
            why: why.clone().unwrap_or_default(),
        });
        if !generator {
            search.take(rate, why.is_none());
        }
        if why.is_none() { best = Some(figures) } else { last = Some(figures) }
    }
    let mut figures = best.or(last).ok_or(PhaseError::SearchEnded)?;
    if generator {
        let text = "the search ended where authbench itself was the limit: the capacity may be higher".to_owned();
        figures.notes.push(text);
    }
    let objective = range.objective.text();
    figures.capacity = Some(CapacityFigures { objective, rate: search.held(), broken_at: search.broken(), steps });
    Ok(figures)
}

/// What of the objective did not hold; a rate that was not reached holds nothing.
fn broken(objective: &Objective, figures: &LoadFigures) -> Option<String> {
    let of_objective = objective.0.iter().find_map(|condition| {
        let measured = threshold::measured(condition.metric, figures)?;
        let text = format!("{} was {}", condition.text, threshold::shown(condition.metric, measured));
        (!threshold::holds(condition, measured)).then_some(text)
    });
    figures.inconclusive.clone().or(of_objective)
}
