//! The ratio of a quantile of two runs, with an interval by the block bootstrap over their seconds.

use hdrhistogram::Histogram;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Estimate;

/// Resamples behind an interval.
const RESAMPLES: usize = 1000;

/// Seconds of a run, each a distribution, over the values that occur in any of them.
#[derive(Clone, Debug)]
pub struct Seconds {
    values: Vec<f64>,
    /// For each second, where in `values` how many lie.
    counts: Vec<Vec<(u32, u32)>>,
}

impl Seconds {
    /// Reads the seconds of a run; those without a value are left out.
    pub fn of(seconds: &[Histogram<u64>]) -> Self {
        let mut values: Vec<u64> =
            seconds.iter().flat_map(|second| second.iter_recorded().map(|step| step.value_iterated_to())).collect();
        values.sort_unstable();
        values.dedup();
        let place = |value: u64| u32::try_from(values.partition_point(|other| *other < value)).unwrap_or(u32::MAX);
        let count = |second: &Histogram<u64>| {
            let steps = second.iter_recorded();
            let counted = steps.map(|step| {
                (place(step.value_iterated_to()), u32::try_from(step.count_at_value()).unwrap_or(u32::MAX))
            });
            counted.collect::<Vec<_>>()
        };
        let counts = seconds.iter().filter(|second| !second.is_empty()).map(count).collect();
        Self { counts, values: values.iter().map(|value| *value as f64).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Quantiles of some seconds together, each as often as it is named.
    fn quantiles(&self, picked: &[usize], wanted: &[f64]) -> Vec<f64> {
        let mut sums = vec![0_u64; self.values.len()];
        for second in picked {
            for (at, count) in &self.counts[*second] {
                sums[*at as usize] += u64::from(*count);
            }
        }
        let total: u64 = sums.iter().sum();
        let at = |quantile: &f64| {
            let rank = ((total as f64 * quantile).ceil() as u64).max(1);
            let mut seen = 0;
            let found = sums.iter().position(|count| {
                seen += count;
                seen >= rank
            });
            self.values[found.unwrap_or(self.values.len() - 1)]
        };
        wanted.iter().map(at).collect()
    }

    /// Seconds drawn again in circular blocks, so that neighbours, which share what the machine did, stay together.
    fn draw(&self, rng: &mut StdRng) -> Vec<usize> {
        let (count, mut drawn) = (self.len(), Vec::with_capacity(self.len()));
        let block = (count as f64).cbrt().ceil() as usize;
        while drawn.len() < count {
            let start = rng.random_range(0..count);
            drawn.extend((start..start + block).map(|at| at % count).take(count - drawn.len()));
        }
        drawn
    }
}

/// For each quantile, what `after` is of `before`, with its interval at a level of confidence such as 0.95. The same seed
/// gives the same intervals. None where one of them has fewer than two seconds.
pub fn quantile_ratios(
    before: &Seconds,
    after: &Seconds,
    quantiles: &[f64],
    level: f64,
    seed: u64,
) -> Option<Vec<Estimate>> {
    if before.len() < 2 || after.len() < 2 {
        return None;
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let logs = |before_picked: &[usize], after_picked: &[usize]| -> Vec<f64> {
        let (old, new) = (before.quantiles(before_picked, quantiles), after.quantiles(after_picked, quantiles));
        old.iter().zip(&new).map(|(old, new)| (new / old).ln()).collect()
    };
    let all = |seconds: &Seconds| (0..seconds.len()).collect::<Vec<_>>();
    let measured = logs(&all(before), &all(after));
    let drawn: Vec<Vec<f64>> = (0..RESAMPLES).map(|_| logs(&before.draw(&mut rng), &after.draw(&mut rng))).collect();
    let fewest = before.len().min(after.len()) as f64;
    // few seconds know little of their own spread: Student's t, and the n/(n-1) that resampling leaves out
    let reach = student_t(0.5 + level / 2.0, fewest - 1.0) * (fewest / (fewest - 1.0)).sqrt();
    let estimate = |(at, measured): (usize, &f64)| {
        let mean = drawn.iter().map(|logs| logs[at]).sum::<f64>() / RESAMPLES as f64;
        let variance = drawn.iter().map(|logs| (logs[at] - mean).powi(2)).sum::<f64>() / (RESAMPLES - 1) as f64;
        let half = reach * variance.sqrt();
        Estimate { value: measured.exp(), low: (measured - half).exp(), high: (measured + half).exp() }
    };
    Some(measured.iter().enumerate().map(estimate).collect())
}

/// Quantile of the standard normal distribution for a probability above a half, by the approximation 26.2.23 of
/// Abramowitz and Stegun: its error is below 4.5e-4.
pub fn normal_quantile(probability: f64) -> f64 {
    let t = (-2.0 * (1.0 - probability).max(f64::MIN_POSITIVE).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
}

/// Quantile of Student's t, by the expansion 26.7.5 of Abramowitz and Stegun around the normal quantile.
fn student_t(probability: f64, freedom: f64) -> f64 {
    let z = normal_quantile(probability);
    let (cubed, fifth, seventh) = (z.powi(3), z.powi(5), z.powi(7));
    let first = (cubed + z) / 4.0;
    let second = (5.0 * fifth + 16.0 * cubed + 3.0 * z) / 96.0;
    let third = (3.0 * seventh + 19.0 * fifth + 17.0 * cubed - 15.0 * z) / 384.0;
    z + first / freedom + second / freedom.powi(2) + third / freedom.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of times around 200 us with a tail, each second a little slower or faster than the others.
    fn run(seed: u64, seconds: usize, factor: f64) -> Seconds {
        let mut rng = StdRng::seed_from_u64(seed);
        let histograms: Vec<_> = (0..seconds)
            .map(|_| {
                let shared: f64 = rng.random_range(0.95..1.05);
                let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
                for _ in 0..100 {
                    let tail = -rng.random_range(1e-9_f64..1.0).ln();
                    let micros = (150.0 + 50.0 * tail) * shared * factor;
                    histogram.record((micros * 1000.0) as u64).unwrap();
                }
                histogram
            })
            .collect();
        Seconds::of(&histograms)
    }

    #[test]
    fn quantiles_of_known_distributions() {
        for (probability, expected) in [(0.95, 1.645), (0.975, 1.960), (0.995, 2.576), (0.9995, 3.291)] {
            assert!((normal_quantile(probability) - expected).abs() < 2e-3, "{probability}");
        }
        for (freedom, expected) in [(4.0, 2.776), (9.0, 2.262), (29.0, 2.045)] {
            assert!((student_t(0.975, freedom) - expected).abs() < 0.02, "{freedom}");
        }
        let mut histogram = Histogram::<u64>::new_with_bounds(1, 1_000_000, 3).unwrap();
        (1..=100).for_each(|value| histogram.record(value).unwrap());
        let seconds = Seconds::of(&[histogram.clone(), histogram]);
        assert_eq!(seconds.quantiles(&[0, 1], &[0.5, 0.99, 1.0]), [50.0, 99.0, 100.0]);
    }

    #[test]
    fn intervals_cover_the_truth_as_often_as_they_say() {
        let quantiles = [0.5, 0.99];
        for factor in [1.0, 1.2] {
            let mut missed = [0; 2];
            for seed in 0..60 {
                let (before, after) = (run(seed, 10, 1.0), run(1000 + seed, 10, factor));
                let ratios = quantile_ratios(&before, &after, &quantiles, 0.95, seed).unwrap();
                for (missed, ratio) in missed.iter_mut().zip(ratios) {
                    *missed += usize::from(!(ratio.low..=ratio.high).contains(&factor));
                }
            }
            // 5 % of 60 are 3; more than 8 come up once in two hundred series of an interval that keeps its word
            assert!(missed.iter().all(|missed| *missed <= 8), "{missed:?} of 60 at {factor}");
        }
    }

    #[test]
    fn a_change_is_seen_and_the_same_seed_sees_the_same() {
        let (before, after) = (run(1, 20, 1.0), run(2, 20, 1.3));
        let one = quantile_ratios(&before, &after, &[0.5], 0.99, 7).unwrap();
        assert!(one[0].low > 1.1 && one[0].high < 1.5, "{one:?}");
        assert_eq!(quantile_ratios(&before, &after, &[0.5], 0.99, 7).unwrap(), one);
        assert_eq!(quantile_ratios(&before, &run(3, 1, 1.0), &[0.5], 0.99, 7), None);
    }
}
