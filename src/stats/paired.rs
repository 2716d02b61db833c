//! Pairs of requests, one of the baseline and one of a scheme, and what their differences say. Times in microseconds.

use super::bootstrap::{block_median, median};
use super::{Estimate, OverheadRow};

/// Systematic error of the busy-polled pairs that no interval sees, as measured against a server that knows its own time
/// (docs/methodology.md): this much, and [`FLOOR_SHARE`] of the difference. Added to both sides of each interval.
pub const FLOOR_US: f64 = 0.1;
/// The part of the systematic error that grows with the difference: after a longer wait the way back is a little slower.
pub const FLOOR_SHARE: f64 = 0.01;

/// Two requests, one after the other: differences are the scheme's minus the baseline's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Block of time that it was measured in.
    pub block: u32,
    /// Difference from the first step of preparing to the last byte of the answer.
    pub difference: f64,
    /// Difference of the time to prepare the request, on the client.
    pub client: f64,
    /// Difference of the time that the server says it spent on authentication, where it says so.
    pub server: Option<f64>,
    /// Time of the scheme's request from the first byte sent to the last byte read.
    pub service_time: f64,
}

/// What was measured about a scheme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Name of the scheme.
    pub name: String,
    /// Pairs in order.
    pub pairs: Vec<Pair>,
    /// Times from connecting to the last byte of the first answer.
    pub first_requests: Vec<f64>,
    /// Times to obtain a token, where the scheme needs one.
    pub token_acquisitions: Vec<f64>,
    /// Answers of saturated runs, and the server's CPU seconds for them, where they can be read.
    pub saturated: Option<(u64, f64)>,
}

impl Series {
    /// The median of the differences with its interval; all zero where there are no pairs.
    pub fn difference(&self, seed: u64) -> Estimate {
        self.estimate(seed, |pair| Some(pair.difference)).unwrap_or_default()
    }

    fn estimate(&self, seed: u64, of: impl Fn(&Pair) -> Option<f64>) -> Option<Estimate> {
        let values: Vec<(u32, f64)> = self.pairs.iter().filter_map(|pair| Some((pair.block, of(pair)?))).collect();
        block_median(&values, seed)
    }

    fn typical(&self, of: impl Fn(&Pair) -> f64) -> f64 {
        median(&self.pairs.iter().map(of).collect::<Vec<_>>()).unwrap_or_default()
    }
}

/// The baseline against itself: what no difference looks like here, and how much of it is systematic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BaselineControl {
    /// The difference that should be none; its interval includes the floor.
    pub difference: Estimate,
    /// What is added to both sides of every interval, beside a share of the difference: [`FLOOR_US`], or what the
    /// baseline differed from itself by.
    pub floor: f64,
}

impl BaselineControl {
    /// Reads the pairs of the baseline with itself.
    pub fn of(series: &Series, seed: u64) -> Self {
        let difference = series.difference(seed);
        let floor = FLOOR_US.max(difference.value.abs());
        Self { difference: widened(difference, floor), floor }
    }

    /// Whether a difference, its interval widened, can be told from none: it has a sign, and lies outside of what the
    /// baseline against itself shows.
    pub fn tells_apart(&self, difference: &Estimate) -> bool {
        difference.low > self.difference.high.max(0.0) || difference.high < self.difference.low.min(0.0)
    }
}

fn widened(estimate: Estimate, by: f64) -> Estimate {
    Estimate { value: estimate.value, low: estimate.low - by, high: estimate.high + by }
}

/// The row of a scheme.
pub fn row(series: &Series, control: &BaselineControl, seed: u64) -> OverheadRow {
    let difference = series.difference(seed);
    let difference = widened(difference, control.floor + FLOOR_SHARE * difference.value.abs());
    let client_us = series.typical(|pair| pair.client);
    let server_us = series.estimate(seed, |pair| pair.server);
    OverheadRow {
        name: series.name.clone(),
        difference_us: difference,
        distinguishable: control.tells_apart(&difference),
        service_time_us: series.typical(|pair| pair.service_time),
        client_us,
        server_us,
        rest_us: server_us.map(|server| difference.value - client_us - server.value),
        pairs: series.pairs.len() as u64,
        first_request_us: median(&series.first_requests),
        token_acquisition_us: median(&series.token_acquisitions),
        requests_per_core_second: series
            .saturated
            .filter(|(answers, seconds)| *answers > 0 && *seconds > 0.0)
            .map(|(answers, seconds)| answers as f64 / seconds),
    }
}

/// The row of the baseline itself: its control.
pub fn baseline_row(series: &Series, control: &BaselineControl, seed: u64) -> OverheadRow {
    OverheadRow { difference_us: control.difference, distinguishable: false, ..row(series, control, seed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(differences: &[f64]) -> Series {
        let pairs = differences.iter().enumerate().map(|(at, difference)| Pair {
            block: u32::try_from(at / 4).expect("few"),
            difference: *difference,
            client: 0.25,
            server: Some(difference * 0.5),
            service_time: 50.0 + difference,
        });
        Series { name: "scheme".to_owned(), pairs: pairs.collect(), ..Series::default() }
    }

    /// Differences around a value, symmetric and the same in each run.
    fn around(value: f64, spread: f64) -> Vec<f64> {
        (0..400).map(|at| value + spread * f64::from(at * 37 % 101 - 50) / 50.0).collect()
    }

    #[test]
    fn what_lies_within_the_control_is_not_told_apart() {
        for (difference, spread, expected) in
            [(0.0, 1.0, false), (0.15, 0.05, false), (0.3, 0.05, true), (5.0, 1.0, true), (-5.0, 1.0, true)]
        {
            let control = BaselineControl::of(&series(&around(0.0, 0.05)), 1);
            let row = row(&series(&around(difference, spread)), &control, 1);
            assert_eq!(row.distinguishable, expected, "{difference} ± {spread}: {row:?}");
        }
    }

    #[test]
    fn a_control_that_differs_from_itself_widens_every_interval() {
        let (good, bad) =
            (BaselineControl::of(&series(&around(0.0, 0.1)), 1), BaselineControl::of(&series(&around(3.0, 0.1)), 1));
        assert_eq!(good.floor, FLOOR_US);
        assert!((bad.floor - 3.0).abs() < 0.1);
        let scheme = series(&around(5.0, 0.1));
        let (narrow, wide) = (row(&scheme, &good, 1), row(&scheme, &bad, 1));
        assert!(narrow.distinguishable && !wide.distinguishable, "{narrow:?} {wide:?}");
        assert_eq!(narrow.difference_us.value, wide.difference_us.value);
    }

    #[test]
    fn the_split_adds_up() {
        let mut measured = series(&around(10.0, 1.0));
        measured.saturated = Some((5000, 0.25));
        measured.first_requests = vec![300.0, 200.0, 1000.0];
        let row = row(&measured, &BaselineControl::of(&series(&around(0.0, 0.1)), 1), 1);
        let (server, rest) = (row.server_us.expect("the server says so").value, row.rest_us.expect("follows"));
        assert!((row.client_us + server + rest - row.difference_us.value).abs() < 1e-9);
        assert_eq!((row.requests_per_core_second, row.first_request_us), (Some(20_000.0), Some(300.0)));
        assert!(row.difference_us.low < 10.0 && row.difference_us.high > 10.0);
    }
}
