//! Times of two kinds of requests, interleaved on one connection, or on a new one for each where the target ends it.

use std::time::{Duration, Instant};

use rand::seq::SliceRandom as _;

use super::{Halt, Stage, described, in_time};
use crate::clock;
use crate::drive::probe::values;
use crate::drive::wire::Connection;
use crate::observe::{Asked, Effect, Evidence, Observation, Outcome, Place, TimingRun};
use crate::plan::{Action, Asker};
use crate::stats::timing::{low_quantile_difference, range_difference};

/// Runs that are kept.
const RUNS: usize = 2;
/// Runs that are made again because their A/A control showed an effect, a connection ended, or nothing could be told.
const AGAIN: usize = 3;
/// How long runs may take that are made again because nothing could be told: where one takes longer, an effect that
/// is worth something shows in it.
const QUICK: Duration = Duration::from_secs(1);
/// Samples of each kind in a run: no more than these, and no fewer, whatever the time.
const SAMPLES: (usize, usize) = (150, 45);
/// When a run with samples enough ends, or with fewer whose ranges tell the kinds apart: a hash of a password may take so long
/// that samples enough take minutes.
const LONG_ENOUGH: Duration = Duration::from_secs(3);
/// Samples that warm up connection and caches, and are not counted.
const WARM_UP: usize = 5;
/// When a run ends with so few samples that their ranges alone bound what there may be: a hash of a password may take so long.
const TOO_LONG: Duration = Duration::from_secs(8);
/// Those samples.
const FEWEST: usize = 12;
/// A round that takes as long needs no warm-up: what caches save does not show in it.
const SLOW_ROUND: Duration = Duration::from_millis(300);

/// How far a run has come.
#[derive(Debug)]
pub(super) struct Rounds {
    began: Instant,
    warm_up: usize,
    done: usize,
}

impl Rounds {
    pub(super) fn begin() -> Self {
        Self { began: clock::now(), warm_up: WARM_UP, done: 0 }
    }

    /// Whether one more is made.
    pub(super) fn go_on(&self, samples: &Samples) -> bool {
        let (counted, took) = (self.done.saturating_sub(self.warm_up), self.began.elapsed());
        let enough = counted > SAMPLES.1 || are_apart(samples);
        counted < SAMPLES.0 && !(enough && took > LONG_ENOUGH) && !(counted >= FEWEST && took > TOO_LONG)
    }

    /// Whether samples of this round count.
    pub(super) fn count(&self) -> bool {
        self.done >= self.warm_up
    }

    /// Whether it is the first.
    pub(super) fn are_at_start(&self) -> bool {
        self.done == 0
    }

    /// Ends one.
    pub(super) fn end_one(&mut self) {
        self.done += 1;
        if self.done == 1 && self.began.elapsed() > SLOW_ROUND {
            self.warm_up = 1;
        }
    }
}

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
        let mut runs = Runs::default();
        while runs.are_wanted(evidence) {
            let began = clock::now();
            let samples = self.run(action, [one, one, other], resource, evidence).await?;
            if !runs.keep(samples.as_ref(), began.elapsed(), evidence) {
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
        let mut rounds = Rounds::begin();
        while rounds.go_on(&samples) {
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
                let exchange = prober.send_on(&mut connection, &prober.equipment.base, &request).await;
                let reading = prober.read(resource, &exchange, &Asked::default()).await;
                let outcome = reading.outcome;
                if rounds.count() {
                    samples[kind].push(exchange.took.as_secs_f64() * 1e6);
                }
                // the first of each kind stand for the rest, and whatever was not refused stands for itself
                if (evidence.timings.is_empty() && rounds.are_at_start()) || outcome != Outcome::Refused {
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
            rounds.end_one();
        }
        Ok(Some(samples))
    }
}

/// Which runs are kept, and how many more may be made.
#[derive(Debug)]
pub(super) struct Runs {
    again: usize,
    are_quick: bool,
}

impl Default for Runs {
    fn default() -> Self {
        Self { again: AGAIN, are_quick: true }
    }
}

impl Runs {
    /// Whether another run is to be made: for want of runs, or of one that shows an effect or that there is none.
    pub(super) fn are_wanted(&self, evidence: &Evidence) -> bool {
        let runs = &evidence.timings;
        runs.len() < RUNS || (self.again > 0 && self.are_quick && runs.iter().any(TimingRun::is_undecided))
    }

    /// Keeps a run whose A/A control is quiet; whether to go on. Of more runs than are kept, the one with the widest interval is
    /// left out: how wide it is says nothing of where it lies.
    pub(super) fn keep(&mut self, samples: Option<&Samples>, took: Duration, evidence: &mut Evidence) -> bool {
        self.are_quick &= took <= QUICK;
        let runs = &mut evidence.timings;
        let is_further = runs.len() >= RUNS;
        let run = samples.and_then(measured);
        let is_quiet = |run: &TimingRun| run.control.beyond(TimingRun::LEAST_US) == 0;
        match run.filter(is_quiet) {
            Some(run) => runs.push(run),
            None if self.again > 0 || is_further => {}
            None => {
                runs.extend(run);
                return false;
            }
        }
        if is_further || run.filter(is_quiet).is_none() {
            self.again = self.again.saturating_sub(1);
        }
        let width = |run: &TimingRun| run.difference.high - run.difference.low;
        if runs.len() > RUNS
            && let Some(widest) =
                (0..runs.len()).max_by(|one, other| width(&runs[*one]).total_cmp(&width(&runs[*other])))
        {
            runs.remove(widest);
        }
        true
    }
}

/// Whether the other kind differs from the one kind by more than any two samples of the one kind differ, and the one kind not
/// from itself.
fn are_apart([one, again, other]: &Samples) -> bool {
    let (Some(difference), Some(control)) = (range_difference(one, other), range_difference(one, again)) else {
        return false;
    };
    let least = TimingRun::LEAST_US;
    let is_quiet = control.low <= least && control.high >= -least;
    is_quiet && (difference.low > control.high.max(least) || difference.high < control.low.min(-least))
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

    /// Samples of kinds that differ by so much, each scattered over a range.
    fn samples(difference: f64, range: f64) -> Samples {
        let kind = |floor: f64| (0..150).map(|at| floor + range * f64::from(at) / 150.0).collect::<Vec<_>>();
        [kind(1000.0), kind(1000.0), kind(1000.0 + difference)]
    }

    #[test]
    fn a_run_that_shows_nothing_is_made_again_and_the_narrowest_are_kept() {
        let soon = Duration::from_millis(200);
        let (noisy, quiet) = (samples(120.0, 2000.0), samples(120.0, 30.0));
        let mut evidence = Evidence::default();
        let mut runs = Runs::default();
        for one in [&noisy, &quiet] {
            assert!(runs.are_wanted(&evidence) && runs.keep(Some(one), soon, &mut evidence));
        }
        assert!(runs.are_wanted(&evidence), "one of them shows nothing");
        assert!(runs.keep(Some(&quiet), soon, &mut evidence));
        assert_eq!(evidence.timings.iter().map(TimingRun::direction).collect::<Vec<_>>(), [1, 1]);
        assert!(!runs.are_wanted(&evidence));
    }

    #[test]
    fn a_run_of_slow_answers_ends_with_few_samples() {
        let rounds = |done, seconds| Rounds {
            began: clock::now().checked_sub(Duration::from_secs(seconds)).expect("the clock has run longer"),
            warm_up: 1,
            done,
        };
        // what two kinds that cannot be told apart have in so many rounds
        let same = [vec![1.0; 12], vec![1.0; 12], vec![1.0; 12]];
        for (done, seconds, expected) in [(12, 9, true), (13, 9, false), (13, 1, true), (47, 1, true), (47, 4, false)] {
            assert_eq!(rounds(done, seconds).go_on(&same), expected, "{done} rounds in {seconds} s");
        }
    }

    #[test]
    fn noise_ends_by_itself_and_slow_runs_are_not_repeated() {
        for (took, made) in [(Duration::from_millis(200), RUNS + AGAIN), (Duration::from_secs(5), RUNS)] {
            let mut evidence = Evidence::default();
            let (mut runs, mut count) = (Runs::default(), 0);
            while runs.are_wanted(&evidence) {
                assert!(runs.keep(Some(&samples(120.0, 2000.0)), took, &mut evidence));
                count += 1;
            }
            assert_eq!((count, evidence.timings.len()), (made, RUNS));
        }
    }

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
