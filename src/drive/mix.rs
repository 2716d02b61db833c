//! What is sent next: lanes by their share, in an order that is random and a count that is exact.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

/// Requests in a block; after each block every lane has had its share to within one request.
const BLOCK: usize = 100;

/// The order of the lanes of one worker.
#[derive(Debug)]
pub struct Mix {
    shares: Vec<f64>,
    owed: Vec<f64>,
    block: Vec<usize>,
    random: StdRng,
}

impl Mix {
    /// An order for lanes with these weights, whatever they add up to. Weights that are not positive get nothing; with
    /// no positive weight the first lane gets everything.
    pub fn new(weights: &[f64], seed: u64) -> Self {
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight.max(0.0)).collect();
        let total: f64 = shares.iter().sum();
        if total > 0.0 {
            shares.iter_mut().for_each(|share| *share /= total);
        } else if let Some(first) = shares.first_mut() {
            *first = 1.0;
        }
        Self { owed: vec![0.0; shares.len()], shares, block: Vec::new(), random: StdRng::seed_from_u64(seed) }
    }

    /// Index of the lane that is next.
    pub fn draw(&mut self) -> usize {
        if self.shares.len() < 2 {
            return 0;
        }
        if self.block.is_empty() {
            self.refill();
        }
        self.block.pop().unwrap_or(0)
    }

    /// Gives each lane what it is owed in whole requests, and the largest fractions the rest of the block.
    fn refill(&mut self) {
        for (owed, share) in self.owed.iter_mut().zip(&self.shares) {
            *owed += share * BLOCK as f64;
        }
        while self.block.len() < BLOCK {
            let most = |a: &usize, b: &usize| self.owed[*a].total_cmp(&self.owed[*b]);
            let lane = (0..self.owed.len()).max_by(most).unwrap_or(0);
            self.owed[lane] -= 1.0;
            self.block.push(lane);
        }
        self.block.shuffle(&mut self.random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(weights: &[f64], requests: usize, seed: u64) -> Vec<usize> {
        let mut mix = Mix::new(weights, seed);
        let mut counts = vec![0; weights.len()];
        (0..requests).for_each(|_| counts[mix.draw()] += 1);
        counts
    }

    #[test]
    fn shares_are_exact() {
        assert_eq!(counts(&[95.0, 3.0, 2.0], 10_000, 1), [9500, 300, 200]);
        assert_eq!(counts(&[0.999, 0.001], 100_000, 1), [99_900, 100]);
        assert_eq!(counts(&[1.0, 1.0, 1.0], 3000, 1), [1000, 1000, 1000]);
        assert_eq!(counts(&[1.0], 10, 1), [10]);
        assert_eq!(counts(&[0.0, 0.0], 200, 1), [200, 0]);
        assert_eq!(counts(&[0.0, 2.0], 200, 1), [0, 200]);
    }

    #[test]
    fn the_order_is_random_and_repeats_with_its_seed() {
        let order = |seed| {
            let mut mix = Mix::new(&[0.5, 0.5], seed);
            (0..100).map(|_| mix.draw()).collect::<Vec<_>>()
        };
        assert_eq!(order(3), order(3));
        assert_ne!(order(3), order(4));
    }
}
