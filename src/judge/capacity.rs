//! Which rate to try next, on the way to the highest one that holds an objective; pure.

/// Between the highest rate that held and the lowest that did not, at the end.
const CLOSE: f64 = 1.05;
/// Steps after which the search ends wherever it is.
const STEPS: usize = 40;
/// Below this many requests a second nothing is tried.
const LEAST: f64 = 1.0;

/// A search by doubling, then by halving the gap. A rate is broken when it broke twice: once may be chance.
#[derive(Clone, Debug)]
pub struct Search {
    first: f64,
    most: f64,
    held: Option<f64>,
    broken: Option<f64>,
    doubted: Option<f64>,
    steps: usize,
}

impl Search {
    /// A search that begins with one rate and goes no higher than another; requests a second.
    pub fn new(first: f64, most: f64) -> Self {
        Self { first: first.min(most), most, held: None, broken: None, doubted: None, steps: 0 }
    }

    /// The next rate to try; none at the end.
    pub fn next(&self) -> Option<f64> {
        if self.steps >= STEPS {
            return None;
        }
        match (self.doubted, self.held, self.broken) {
            (Some(again), ..) => Some(again),
            (None, None, None) => Some(self.first),
            (None, Some(held), None) => (held < self.most).then(|| (held * 2.0).min(self.most)),
            (None, None, Some(broken)) => (broken / 2.0 >= LEAST).then_some(broken / 2.0),
            (None, Some(held), Some(broken)) => (broken / held > CLOSE).then(|| (held * broken).sqrt()),
        }
    }

    /// Takes note of what came of a rate.
    pub fn take(&mut self, rate: f64, held: bool) {
        self.steps += 1;
        if held {
            self.held = Some(rate);
            self.doubted = None;
        } else if self.doubted.take().is_none() {
            self.doubted = Some(rate);
        } else {
            self.broken = Some(rate);
        }
    }

    /// The highest rate that held.
    pub fn held(&self) -> Option<f64> {
        self.held
    }

    /// The lowest rate that broke, twice.
    pub fn broken(&self) -> Option<f64> {
        self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(first: f64, most: f64, holds: impl Fn(f64, usize) -> bool) -> (Option<f64>, Option<f64>, usize) {
        let mut search = Search::new(first, most);
        let mut steps = 0;
        while let Some(rate) = search.next() {
            search.take(rate, holds(rate, steps));
            steps += 1;
        }
        (search.held(), search.broken(), steps)
    }

    #[test]
    fn the_highest_rate_that_holds_is_found() {
        for (capacity, first) in [(777.0, 100.0), (777.0, 5000.0), (100.0, 100.0), (12_345.0, 10.0)] {
            let (held, broken, steps) = found(first, 1e6, |rate, _| rate <= capacity);
            let (held, broken) = (held.expect("one holds"), broken.expect("one breaks"));
            assert!(held <= capacity && capacity < broken, "{held} {capacity} {broken}");
            assert!(broken / held <= CLOSE, "{held} {broken}");
            assert!(steps < 30, "{steps}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_told() {
        assert_eq!(found(100.0, 1000.0, |_, _| true), (Some(1000.0), None, 5));
        assert_eq!(found(100.0, 1000.0, |_, _| false).0, None);
    }

    #[test]
    fn one_bad_step_is_tried_again() {
        let (held, _, _) = found(100.0, 800.0, |_, step| step != 1);
        assert_eq!(held, Some(800.0));
    }
}
