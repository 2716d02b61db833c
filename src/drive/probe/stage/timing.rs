//! Times of two kinds of requests, interleaved on one connection, or on a new one for each where the target ends it.

use std::time::Duration;

use rand::seq::SliceRandom as _;

use super::{Halt, Stage, described, in_time};
use crate::clock;
use crate::drive::probe::values;
use crate::drive::wire::Connection;
use crate::observe::{Asked, Effect, Evidence, Observation, Outcome, Place, TimingRun};
use crate::plan::{Action, Asker};
use crate::stats::timing::{low_quantile_difference, range_difference};

/// Runs that are made.
pub(super) const RUNS: usize = 2;
/// Runs that are made again because their A/A control showed an effect, or a connection ended.
pub(super) const AGAIN: usize = 3;
/// Samples of each kind in a run: no more than these, and no fewer, whatever the time.
pub(super) const SAMPLES: (usize, usize) = (150, 45);
/// When a run with samples enough ends, or with fewer whose ranges tell the kinds apart: a hash of a password may take so long
/// that samples enough take minutes.
pub(super) const LONG_ENOUGH: Duration = Duration::from_secs(3);
/// Samples that warm up connection and caches, and are not counted.
pub(super) const WARM_UP: usize = 5;
/// An A/A control that shows this effect, in microseconds, is too noisy.
const NOISE_US: f64 = 20.0;

/// Times in microseconds: of the one kind, of the one kind again, and of the other.
pub(super) type Samples = [Vec<f64>; 3];

impl Stage<'_> {
    pub(super) async fn compare(
        &mut self,
        action: &Action,
        [one, other]: [&Asker; 2],
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        let mut again = AGAIN;
        while evidence.timings.len() < RUNS {
            let samples = self.run(action, [one, one, other], resource, evidence).await?;
            if !keeps(samples.as_ref(), &mut again, evidence) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// One run on a connection of its own; none where an answer was no refusal.
    async fn run(
        &mut self,
        action: &Action,
        kinds: [&Asker; 3],
        resource: usize,
        evidence: &mut Evidence,
    ) -> Result<Option<Samples>, Halt> {
        let prober = self.prober;
        let destination = prober
            .destination(&prober.equipment.base, &prober.bare_request(resource))
            .map_err(|why| Halt::Obstacle(why.to_string()))?;
        let open = async || {
            let opened = Connection::open(&destination, prober.limits()).await;
            opened.map_err(|silence| Halt::Obstacle(silence.to_string()))
        };
        let mut connection = open().await?;
        let mut samples = Samples::default();
        let began = clock::now();
        for round in 0..WARM_UP + SAMPLES.0 {
            if (round > WARM_UP + SAMPLES.1 || are_apart(&samples)) && began.elapsed() > LONG_ENOUGH {
                break;
            }
            in_time()?;
            let mut order = [0, 1, 2];
            order.shuffle(&mut self.rng);
            for kind in order {
                let mut request = prober.bare_request(resource);
                for credential in self.credentials(kinds[kind], resource, &prober.bare_request(resource)).await? {
                    for one in credential.carried {
                        values::note_carried(&one, evidence);
                        one.apply(&mut request);
                    }
                }
                let exchange = connection.exchange(&request).await;
                let reading = prober.read(resource, &exchange, &Asked::default()).await;
                let outcome = reading.outcome;
                if round >= WARM_UP {
                    samples[kind].push(exchange.took.as_secs_f64() * 1e6);
                }
                // the first of each kind stand for the rest, and whatever was not refused stands for itself
                if (evidence.timings.is_empty() && round == 0) || outcome != Outcome::Refused {
                    let (step, description, place) = (action.step, described(action), Place::Resource(resource));
                    let forgery = None;
                    let (at, reproduced) = (clock::unix_seconds(), false);
                    evidence.observe(Observation {
                        step,
                        credential: None,
                        forgery,
                        description,
                        place,
                        exchange,
                        outcome,
                        why: reading.why,
                        clean: reading.clean,
                        at,
                        reproduced,
                    });
                    if outcome != Outcome::Refused {
                        return Ok(None);
                    }
                }
                // what a target does with a new connection is a part of each time then, and the A/A control shows it
                if !connection.is_reusable() {
                    connection = open().await?;
                }
            }
        }
        Ok(Some(samples))
    }
}

/// Keeps a run whose A/A control is quiet; whether another one is to be made.
pub(super) fn keeps(samples: Option<&Samples>, again: &mut usize, evidence: &mut Evidence) -> bool {
    let run = samples.and_then(measured);
    let clean = run.filter(|run| run.control.low <= NOISE_US && run.control.high >= -NOISE_US);
    match clean {
        Some(run) => evidence.timings.push(run),
        None if *again > 0 => *again -= 1,
        None => {
            evidence.timings.extend(run);
            return false;
        }
    }
    true
}

/// Whether the other kind differs from the one kind by more than any two samples of the one kind differ, and the one kind not
/// from itself.
pub(super) fn are_apart([one, again, other]: &Samples) -> bool {
    let (Some(difference), Some(control)) = (range_difference(one, other), range_difference(one, again)) else {
        return false;
    };
    let is_quiet = control.low <= NOISE_US && control.high >= -NOISE_US;
    is_quiet && (difference.low > control.high.max(NOISE_US) || difference.high < control.low.min(-NOISE_US))
}

fn measured([one, again, other]: &Samples) -> Option<TimingRun> {
    let interval = |other: &[f64]| {
        let estimate = low_quantile_difference(one, other).or_else(|| range_difference(one, other))?;
        Some(Effect { value: estimate.value, low: estimate.low, high: estimate.high })
    };
    Some(TimingRun { difference: interval(other)?, control: interval(again)?, samples: one.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_apart_where_no_sample_of_one_reaches_the_other() {
        let hashed = |start: f64| (0..12).map(|at| start + f64::from(at)).collect::<Vec<_>>();
        assert!(are_apart(&[hashed(200_000.0), hashed(200_005.0), hashed(15_000.0)]));
        assert!(!are_apart(&[hashed(100.0), hashed(102.0), hashed(101.0)]), "they overlap");
        assert!(!are_apart(&[hashed(200_000.0), hashed(15_000.0), hashed(14_000.0)]), "the control differs, too");
        let run = measured(&[hashed(200_000.0), hashed(200_005.0), hashed(15_000.0)]).expect("is measured");
        assert!(run.difference.high < run.control.low, "{run:?}");
    }
}
