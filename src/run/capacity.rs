//! Searches the highest rate that holds an objective: one open phase after another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::phase::Prepared;
use super::phase_error::{PhaseError, TogetherError};
use super::{Session, shards};
use crate::drive::barrier::Barrier;
use crate::drive::load::{ArrivalProcess, Gate, Phase};
use crate::drive::stop::Stop;
use crate::event::{Event, LoadInterval};
use crate::judge::capacity::Search;
use crate::judge::threshold;
use crate::observe::{CapacityFigures, CapacityStep, Interval, Limit, LoadFigures, ShardFigures, unite};
use crate::scenario::model::LoadPhase;
use crate::scenario::objective::Objective;
use crate::shard::Shard;

/// The first rate that is tried, and the highest, where the phase names none; requests a second.
const FIRST: f64 = 100.0;
const MOST: f64 = 1_000_000.0;
/// Steps that a search is expected to take, for the progress line.
pub(super) const LIKELY: f64 = 14.0;

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
    let together = Together::of(session, prepared);
    while let Some(rate) = search.next().filter(|_| !generator && !stop.is_requested()) {
        let gate = match &together {
            Some(together) => together.gate(steps.len()),
            None if steps.is_empty() => prepared.phase.gate.clone(),
            None => Gate::Open,
        };
        let phase = Phase { arrivals: Some(ArrivalProcess::Constant(rate)), gate, ..prepared.phase.clone() };
        let mut take = |interval: Interval| {
            let interval = Interval { start_s: interval.start_s + offset, ..interval };
            sink(Event::LoadInterval(LoadInterval { phase: phase.name.clone(), interval }));
        };
        let figures = prepared.run(&phase, &stop, &mut take).await?;
        offset += figures.duration_s.ceil();
        if let (true, 0, Some(why)) = (together.is_some(), figures.requests, &figures.inconclusive) {
            return Err(TogetherError::NotStarted(session.options.shard, why.clone()).into());
        }
        let judged = match &together {
            Some(together) => together.judged(steps.len(), rate, &figures, range.objective).await?,
            None => judged(rate, &figures, range.objective),
        };
        let held = judged.step.held;
        generator = judged.by_generator;
        steps.push(judged.step);
        if !generator {
            search.take(rate, held);
        }
        if held { best = Some(figures) } else { last = Some(figures) }
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

/// What a step came to.
#[derive(Debug, Serialize, Deserialize)]
struct Judged {
    step: CapacityStep,
    /// Whether authbench itself was the limit, so that the search ends.
    by_generator: bool,
}

fn judged(rate: f64, figures: &LoadFigures, objective: &Objective) -> Judged {
    let why = broken(objective, figures);
    let by_generator = figures.limited_by == Some(Limit::Generator) && why.is_some();
    let step = CapacityStep {
        rate,
        achieved_rate: figures.achieved_rate,
        p99_us: figures.response_time_us.p99,
        held: why.is_none(),
        why: why.unwrap_or_default(),
    };
    Judged { step, by_generator }
}

/// Shards that take each step together: all offer their part, the first one judges what all measured.
struct Together {
    barrier: Arc<Barrier>,
    shard: Shard,
    round: String,
    stop: Stop,
}

impl Together {
    fn of(session: &Session<'_>, prepared: &Prepared) -> Option<Self> {
        let (barrier, stop) = (session.options.start.as_barrier()?, session.options.stop.clone());
        let Gate::Barrier(_, round) = &prepared.phase.gate else { return None };
        Some(Self { barrier, shard: session.options.shard, round: round.clone(), stop })
    }

    fn gate(&self, step: usize) -> Gate {
        Gate::Barrier(self.barrier.clone(), self.step(step))
    }

    fn step(&self, step: usize) -> String {
        format!("{}.step-{}", self.round, step + 1)
    }

    /// Delivers what this shard measured, and waits for what the first shard decides.
    async fn judged(
        &self,
        at: usize,
        rate: f64,
        figures: &LoadFigures,
        objective: &Objective,
    ) -> Result<Judged, TogetherError> {
        let (barrier, round, stop, first) =
            (self.barrier.clone(), self.step(at), self.stop.clone(), self.shard.index == 1);
        let own = serde_json::to_string(figures).map_err(TogetherError::Write)?;
        let (to, name) = (barrier.clone(), round.clone());
        shards::blocking(move || to.deliver(&name, &own)).await?;
        if first {
            let (from, name, until) = (barrier.clone(), round.clone(), stop.clone());
            let results = shards::blocking(move || from.collect(&name, &until)).await?;
            let decision = decided(rate, &results, self.shard.count, objective)?;
            let (to, name) = (barrier.clone(), round.clone());
            shards::blocking(move || to.decide(&name, &decision)).await?;
        }
        let decision = shards::blocking(move || barrier.decision(&round, &stop)).await?;
        serde_json::from_str(&decision).map_err(TogetherError::Decision)
    }
}

/// The decision of a step, from what all shards measured.
fn decided(rate: f64, results: &[String], count: u32, objective: &Objective) -> Result<String, TogetherError> {
    let read = |(index, text): (u32, &String)| {
        let shard = Shard { index, count };
        let figures = serde_json::from_str(text).map_err(|source| TogetherError::Result { shard, source })?;
        Ok::<(Shard, LoadFigures), TogetherError>((shard, figures))
    };
    let results = (1..).zip(results).map(read).collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<_> = results.iter().map(|(shard, figures)| ShardFigures { shard: *shard, figures }).collect();
    let united = unite(&parts)?;
    serde_json::to_string(&judged(rate, &united, objective)).map_err(TogetherError::Write)
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
