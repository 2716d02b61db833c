//! Whether two kinds of requests take different times, without a model of how times are spread.

use super::Estimate;

/// The quantile that is compared: low, because noise only ever adds time, and not the lowest, which is luck.
const QUANTILE: f64 = 0.25;
/// Standard deviations of a 99.9 % interval.
const DEVIATIONS: f64 = 3.29;

/// By how much the low quantile of `other` lies above that of `one`, with an interval of 99.9 % at least: the difference
/// of the two distribution-free intervals, which is wider than need be. None where there are too few samples.
pub fn low_quantile_difference(one: &[f64], other: &[f64]) -> Option<Estimate> {
    let (one, other) = (low_quantile(one)?, low_quantile(other)?);
    Some(Estimate { value: other.value - one.value, low: other.low - one.high, high: other.high - one.low })
}

/// Samples of each kind below which their ranges say nothing: by chance, all of 12 are below all of 12 others once in a million.
const FEWEST: usize = 12;

/// By how much `other` lies above `one`, between the least and the greatest difference of any two samples. None where there are
/// too few of them.
pub fn range_difference(one: &[f64], other: &[f64]) -> Option<Estimate> {
    if one.len().min(other.len()) < FEWEST {
        return None;
    }
    let least = |samples: &[f64]| samples.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = |samples: &[f64]| samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = (least(other) - greatest(one), greatest(other) - least(one));
    Some(Estimate { value: least(other) - least(one), low, high })
}

/// The quantile between two order statistics: the number of samples below it is binomial, whatever their distribution.
fn low_quantile(samples: &[f64]) -> Option<Estimate> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let (expected, spread) = (count * QUANTILE, DEVIATIONS * (count * QUANTILE * (1.0 - QUANTILE)).sqrt());
    let (low, high) = (expected - spread, expected + spread);
    if low < 1.0 || high > count - 1.0 {
        return None;
    }
    let at = |rank: f64| sorted[rank as usize];
    Some(Estimate { value: at(expected), low: at(low.floor() - 1.0), high: at(high.ceil()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times with a floor and a long tail, from a fixed sequence.
    fn times(floor: f64, count: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        (0..count).map(|_| floor - 40.0 * next().max(1e-9).ln()).collect()
    }

    #[test]
    fn equal_kinds_are_not_told_apart_and_different_ones_are() {
        for seed in 1..50 {
            let (one, same, slow) =
                (times(100.0, 150, seed), times(100.0, 150, seed + 99), times(180.0, 150, seed + 7));
            let none = low_quantile_difference(&one, &same).expect("is enough");
            assert!(none.low < 0.0 && none.high > 0.0, "{none:?}");
            let effect = low_quantile_difference(&one, &slow).expect("is enough");
            assert!(effect.low > 0.0 && effect.low < 80.0 && effect.high > 80.0, "{effect:?}");
        }
    }

    #[test]
    fn few_samples_say_nothing() {
        assert_eq!(low_quantile_difference(&times(1.0, 20, 1), &times(1.0, 20, 2)), None);
        assert_eq!(range_difference(&times(1.0, 11, 1), &times(1.0, 20, 2)), None);
    }

    #[test]
    fn ranges_tell_apart_what_overlaps_nowhere() {
        let apart = range_difference(&times(100.0, 12, 1), &times(9000.0, 12, 2)).expect("is enough");
        assert!(apart.low > 7000.0 && apart.low < apart.value && apart.value < apart.high, "{apart:?}");
        let same = range_difference(&times(100.0, 12, 1), &times(100.0, 12, 2)).expect("is enough");
        assert!(same.low < 0.0 && same.high > 0.0, "{same:?}");
    }
}
