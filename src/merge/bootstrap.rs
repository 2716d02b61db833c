//! Intervals of percentiles by drawing shards, and blocks of their time, again. Requests are not independent: those of one
//! machine and of one moment belong together.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::shard::Shard;
use crate::stats::Estimate;

/// Blocks that the time of each shard is cut into.
const BLOCKS: usize = 8;
/// Resamples behind an interval.
const RESAMPLES: usize = 400;
/// Percentiles that get an interval.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
/// Binary digits of a value that tell buckets apart: half a percent.
const DIGITS: u32 = 8;
/// The same shards give the same intervals.
const SEED: u64 = 1;

/// Counts by shard and block of time, in coarse buckets.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    shards: BTreeMap<Shard, [BTreeMap<u64, u64>; BLOCKS]>,
}

impl Blocks {
    /// Adds values of a shard at a share of its time.
    pub(super) fn add(&mut self, shard: Shard, share: f64, counts: &[(u64, u64)]) {
        let block = ((share * BLOCKS as f64) as usize).min(BLOCKS - 1);
        let buckets = &mut self.shards.entry(shard).or_default()[block];
        for (value, count) in counts {
            *buckets.entry(coarse(*value)).or_default() += count;
        }
    }

    /// How many blocks there are, and the percentiles with their 95 % intervals, in microseconds.
    pub(super) fn estimates(&self, requests: u64) -> Option<(usize, [Estimate; 3])> {
        let shards: Vec<Vec<&BTreeMap<u64, u64>>> = self
            .shards
            .values()
            .map(|blocks| blocks.iter().filter(|block| !block.is_empty()).collect())
            .filter(|blocks: &Vec<_>| !blocks.is_empty())
            .collect();
        let blocks: usize = shards.iter().map(Vec::len).sum();
        if requests == 0 || blocks < BLOCKS {
            return None;
        }
        let values = self.values();
        let places: BTreeMap<u64, usize> = values.iter().enumerate().map(|(place, value)| (*value, place)).collect();
        // each block as places and counts, looked up once
        let shards: Vec<Vec<Vec<(usize, u64)>>> = shards
            .into_iter()
            .map(|blocks| {
                let block =
                    |block: &BTreeMap<u64, u64>| block.iter().map(|(value, count)| (places[value], *count)).collect();
                blocks.into_iter().map(block).collect()
            })
            .collect();
        let whole = sum(shards.iter().flatten(), values.len());
        let point = QUANTILES.map(|quantile| at(&whole, &values, quantile));
        let mut drawn: [Vec<f64>; 3] = Default::default();
        let mut rng = StdRng::seed_from_u64(SEED);
        for _ in 0..RESAMPLES {
            let mut chosen = Vec::with_capacity(blocks);
            for _ in 0..shards.len() {
                let shard = &shards[rng.random_range(0..shards.len())];
                chosen.extend((0..shard.len()).map(|_| &shard[rng.random_range(0..shard.len())]));
            }
            let counts = sum(chosen.into_iter(), values.len());
            for (quantile, drawn) in QUANTILES.iter().zip(&mut drawn) {
                drawn.push(at(&counts, &values, *quantile));
            }
        }
        let mut estimates = [Estimate::default(); 3];
        for ((estimate, value), mut drawn) in estimates.iter_mut().zip(point).zip(drawn) {
            drawn.sort_unstable_by(f64::total_cmp);
            let share = |share: f64| drawn[((RESAMPLES - 1) as f64 * share).round() as usize];
            *estimate = Estimate { value, low: share(0.025).min(value), high: share(0.975).max(value) };
        }
        Some((blocks, estimates))
    }

    fn values(&self) -> Vec<u64> {
        let mut values: Vec<u64> = self.shards.values().flatten().flat_map(|block| block.keys().copied()).collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

/// A value with its upper binary digits alone.
fn coarse(value: u64) -> u64 {
    let drop = (u64::BITS - value.leading_zeros()).saturating_sub(DIGITS);
    value >> drop << drop
}

fn sum<'a>(blocks: impl Iterator<Item = &'a Vec<(usize, u64)>>, length: usize) -> Vec<u64> {
    let mut counts = vec![0; length];
    for (place, count) in blocks.flatten() {
        counts[*place] += count;
    }
    counts
}

/// A percentile in microseconds.
fn at(counts: &[u64], values: &[u64], quantile: f64) -> f64 {
    let total: u64 = counts.iter().sum();
    let wanted = (total as f64 * quantile).ceil().max(1.0) as u64;
    let mut seen = 0;
    for (count, value) in counts.iter().zip(values) {
        seen += count;
        if seen >= wanted {
            return *value as f64 / 1000.0;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(shards: u32, value: impl Fn(u32, usize) -> u64) -> Blocks {
        let mut blocks = Blocks::default();
        for index in 1..=shards {
            for block in 0..BLOCKS {
                let share = block as f64 / BLOCKS as f64 + 0.01;
                blocks.add(Shard::new(index, shards).unwrap(), share, &[(value(index, block), 100)]);
            }
        }
        blocks
    }

    #[test]
    fn shards_that_agree_give_a_narrow_interval_and_one_that_differs_a_wide_one() {
        let (_, same) = blocks(4, |_, _| 1_000_000).estimates(3200).unwrap();
        assert_eq!(same[0].low, same[0].high);
        let (count, differs) =
            blocks(4, |index, _| if index == 4 { 9_000_000 } else { 1_000_000 }).estimates(3200).unwrap();
        assert_eq!(count, 32);
        assert!(differs[2].low < 1_100.0 && differs[2].high > 8_900.0, "{:?}", differs[2]);
    }

    #[test]
    fn too_few_blocks_give_none() {
        assert!(Blocks::default().estimates(1).is_none());
    }
}
