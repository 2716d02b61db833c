//! The median of a series with a 95 % interval that believes nothing about its distribution.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Estimate;

/// Resamples behind an interval.
const RESAMPLES: usize = 2000;

/// The median; none of no values. Of an even number the mean of the middle two.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 0 => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
        _ => Some(sorted[middle]),
    }
}

/// The median of values that were measured in blocks, with its 95 % interval by the block bootstrap: whole blocks are
/// drawn again, so that values which belong together in time stay together and a slow moment counts once. Each value
/// comes with the number of its block; blocks may have different lengths. The same seed gives the same interval.
///
/// None of no values. Of a single block nothing can be said but its median: the interval is all values.
pub fn block_median(values: &[(u32, f64)], seed: u64) -> Option<Estimate> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(|one, other| one.1.total_cmp(&other.1));
    let ((_, least), (_, most)) = (*sorted.first()?, *sorted.last()?);
    let value = median(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>())?;
    let sizes = block_sizes(&mut sorted);
    if sizes.len() < 2 {
        return Some(Estimate { value, low: least, high: most });
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let mut weights = vec![0_u32; sizes.len()];
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            weights.fill(0);
            let mut total = 0;
            for _ in 0..sizes.len() {
                let drawn = rng.random_range(0..sizes.len());
                weights[drawn] += 1;
                total += sizes[drawn];
            }
            weighted_median(&sorted, &weights, total)
        })
        .collect();
    medians.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| medians[((RESAMPLES - 1) as f64 * share).round() as usize];
    // the median of the resamples may lie beside the median of the values: the interval holds both
    Some(Estimate { value, low: at(0.025).min(value), high: at(0.975).max(value) })
}

/// Numbers the blocks without gaps, in place, and says how many values each has.
fn block_sizes(values: &mut [(u32, f64)]) -> Vec<u64> {
    let mut numbers = std::collections::BTreeMap::new();
    let mut sizes: Vec<u64> = Vec::new();
    for (block, _) in values {
        let number = *numbers.entry(*block).or_insert_with(|| {
            sizes.push(0);
            sizes.len() - 1
        });
        sizes[number] += 1;
        *block = u32::try_from(number).unwrap_or(u32::MAX);
    }
    sizes
}

/// The median of sorted values of which each counts as often as its block was drawn.
fn weighted_median(sorted: &[(u32, f64)], weights: &[u32], total: u64) -> f64 {
    let (mut seen, mut lower) = (0_u64, None);
    for (block, value) in sorted {
        seen += u64::from(weights[*block as usize]);
        match lower {
            // an even number, and the lower of its middle two was the last of its kind
            Some(lower) if seen * 2 > total => return (lower + value) / 2.0,
            None if seen * 2 > total => return *value,
            None if seen * 2 == total => lower = Some(*value),
            _ => {}
        }
    }
    lower.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_in_the_middle() {
        for (values, expected) in [
            (&[][..], None),
            (&[3.0], Some(3.0)),
            (&[4.0, 1.0], Some(2.5)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
            (&[1.0, 100.0, 2.0, 3.0], Some(2.5)),
        ] {
            assert_eq!(median(values), expected, "{values:?}");
        }
    }

    #[test]
    fn blocks_weigh_as_often_as_they_were_drawn() {
        let sorted = [(0, 1.0), (1, 2.0), (0, 3.0), (1, 4.0)];
        for (weights, expected) in [([1, 1], 2.5), ([2, 0], 2.0), ([0, 2], 3.0), ([1, 3], 2.5)] {
            let total = u64::from(weights[0] + weights[1]) * 2;
            assert_eq!(weighted_median(&sorted, &weights, total), expected, "{weights:?}");
        }
    }

    #[test]
    fn few_values_say_little() {
        assert_eq!(block_median(&[], 1), None);
        let one_block = block_median(&[(7, 1.0), (7, 5.0), (7, 2.0)], 1).expect("has values");
        assert_eq!((one_block.value, one_block.low, one_block.high), (2.0, 1.0, 5.0));
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let values: Vec<(u32, f64)> = noise(1, 40, 10, 0.0);
        let (one, again, other) = (block_median(&values, 5), block_median(&values, 5), block_median(&values, 6));
        assert_eq!(one, again);
        assert_ne!(one, other);
    }

    /// Values around a truth: a heavy tail on both sides, as differences of two times have it, and a drift that the
    /// values of a block share.
    fn noise(seed: u64, blocks: u32, length: u32, truth: f64) -> Vec<(u32, f64)> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut values = Vec::new();
        for block in 0..blocks {
            let drift = rng.random_range(-0.5..0.5);
            for _ in 0..length {
                let tail = |rng: &mut StdRng| -rng.random_range(0.0_f64..1.0).ln().max(-12.0);
                let (late, early) = (tail(&mut rng).powi(2), tail(&mut rng).powi(2));
                values.push((block, truth + drift + late - early));
            }
        }
        values
    }

    #[test]
    fn intervals_cover_the_truth_as_often_as_they_say() {
        let covered = |blocks, length| {
            let estimates = (0..100).filter_map(|seed| block_median(&noise(seed, blocks, length, 20.0), seed));
            estimates.filter(|estimate| (estimate.low..=estimate.high).contains(&20.0)).count()
        };
        // 95 of 100 are expected, and the seeds are fixed
        for (blocks, length) in [(80, 4), (40, 12)] {
            let covered = covered(blocks, length);
            assert!((90..=99).contains(&covered), "{covered} of 100 with {blocks} blocks of {length}");
        }
    }

    #[test]
    fn values_that_stand_apart_do_not_move_the_median() {
        let mut values = noise(3, 100, 10, 5.0);
        let clean = block_median(&values, 1).expect("has values");
        for (at, value) in values.iter_mut().enumerate().filter(|(at, _)| at % 50 == 0) {
            value.1 += 1e6 * (at as f64 + 1.0);
        }
        let spoiled = block_median(&values, 1).expect("has values");
        assert!((spoiled.value - clean.value).abs() < 0.2, "{clean:?} {spoiled:?}");
        assert!(spoiled.high - spoiled.low < 2.0 * (clean.high - clean.low), "{clean:?} {spoiled:?}");
    }
}
