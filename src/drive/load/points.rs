//! Random arrivals that every worker of every shard can compute by itself: a Poisson process drawn cell by cell.
//!
//! Time is cut into cells that hold [`MEAN`] arrivals on average. The number of arrivals of a cell is drawn from the Poisson
//! distribution, and each of them gets a uniform place in the cell by its own number: together that is a Poisson process.
//! A worker draws the count of each cell, and the places of its own arrivals only. Nothing but sums, products and quotients
//! decides, so that machines with other mathematical libraries draw the same.

use super::pacer::Stride;
use super::scatter::{scattered, unit};

/// Mean number of arrivals of a cell.
const MEAN: usize = 256;
/// Arrivals of a cell that the table of counts ends with: 28 standard deviations above the mean.
const MOST: usize = 700;
/// Draws of counts and draws of places come from two streams.
const COUNTS: u64 = 0x636f_756e_7473;

/// One worker's part of random arrivals, in order.
#[derive(Debug)]
pub(super) struct Points {
    seed: u64,
    stride: Stride,
    /// Seconds of a cell.
    length: f64,
    /// At each count, the probability of at most so many arrivals.
    at_most: Vec<f64>,
    /// The cell that is drawn next, and the number of its first arrival.
    cell: u64,
    first: u64,
    /// Own arrivals of the last cell, in descending order of time.
    own: Vec<(f64, u64)>,
}

impl Points {
    pub(super) fn new(rate: f64, stride: Stride, seed: u64) -> Self {
        let length = MEAN as f64 / rate;
        Self { seed, stride, length, at_most: at_most(), cell: 0, first: 0, own: Vec::with_capacity(MEAN) }
    }

    /// When the next own arrival is due, in seconds, and its number. It never ends.
    pub(super) fn next(&mut self) -> (f64, u64) {
        loop {
            match self.own.pop() {
                Some(point) => return point,
                None => self.draw(),
            }
        }
    }

    fn draw(&mut self) {
        let share = unit(scattered(self.seed ^ COUNTS, self.cell));
        let count = self.at_most.partition_point(|at_most| *at_most <= share) as u64;
        let (start, end) = (self.cell as f64 * self.length, self.first + count);
        let mut number = self.stride.at_or_above(self.first);
        while number < end {
            self.own.push((start + unit(scattered(self.seed, number)) * self.length, number));
            number += self.stride.step();
        }
        self.own.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
        (self.cell, self.first) = (self.cell + 1, end);
    }
}

/// The distribution function of the Poisson distribution with [`MEAN`], from the ratio of neighbours.
fn at_most() -> Vec<f64> {
    let mut weights = vec![1.0; MOST];
    for count in MEAN + 1..MOST {
        weights[count] = weights[count - 1] * MEAN as f64 / count as f64;
    }
    for count in (0..MEAN).rev() {
        weights[count] = weights[count + 1] * (count + 1) as f64 / MEAN as f64;
    }
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    weights
        .iter()
        .map(|weight| {
            sum += weight;
            sum / total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Shard;

    const RATE: f64 = 1000.0;

    fn points(shard: Shard, until: f64) -> Vec<f64> {
        let mut points = Points::new(RATE, Stride::of(shard, 0, 1), 11);
        std::iter::from_fn(|| Some(points.next().0)).take_while(|at| *at < until).collect()
    }

    #[test]
    fn counts_of_a_cell_have_the_mean_and_the_variance_of_poisson() {
        let table = at_most();
        let chance = |count: usize| table[count] - if count == 0 { 0.0 } else { table[count - 1] };
        let mean: f64 = (0..MOST).map(|count| count as f64 * chance(count)).sum();
        let variance: f64 = (0..MOST).map(|count| (count as f64 - mean).powi(2) * chance(count)).sum();
        assert!((mean - MEAN as f64).abs() < 1e-6, "{mean}");
        assert!((variance - MEAN as f64).abs() < 1e-3, "{variance}");
    }

    #[test]
    fn gaps_are_exponential_and_counts_of_any_window_scatter_as_they_must() {
        let due = points(Shard::default(), 200.0);
        let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        assert!((mean * RATE - 1.0).abs() < 0.02, "{mean}");
        for (multiple, expected) in [(0.5, 0.3935), (1.0, 0.6321), (2.0, 0.8647), (4.0, 0.9817)] {
            let share = gaps.iter().filter(|gap| **gap * RATE < multiple).count() as f64 / gaps.len() as f64;
            assert!((share - expected).abs() < 0.005, "{multiple}: {share}");
        }
        // windows that do not fit the cells
        for window in [0.01, 0.1, 0.7] {
            let mut counts = vec![0.0_f64; (200.0 / window) as usize];
            due.iter()
                .filter_map(|at| Some((at / window) as usize).filter(|at| *at < counts.len()))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|at| counts[at] += 1.0);
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64;
            let bound = 5.0 * (2.0 / counts.len() as f64).sqrt();
            assert!((variance / mean - 1.0).abs() < bound, "{window}: {}", variance / mean);
        }
    }

    #[test]
    fn shards_have_equal_parts_of_it() {
        for index in 1..=16 {
            let count = points(Shard::new(index, 16).unwrap(), 200.0).len();
            assert!((12_200..12_800).contains(&count), "{index}: {count}");
        }
    }
}
