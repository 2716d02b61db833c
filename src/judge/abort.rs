//! Whether what a load phase measured so far is reason to end it; pure.

use hdrhistogram::Histogram;

use crate::judge::threshold::holds;
use crate::observe::Interval;
use crate::scenario::text::{Condition, Metric};

/// Values that have to lie beyond a percentile, and outcomes that have to be unexpected, before they end a phase: fewer
/// may be chance.
const ENOUGH: f64 = 10.0;

/// Follows a phase second by second, against the thresholds that may end it.
#[derive(Debug)]
pub struct Watch<'a> {
    conditions: Vec<&'a Condition>,
    times: Option<Histogram<u64>>,
    requests: u64,
    unexpected: u64,
    until_s: f64,
}

/// Why a phase ends early.
#[derive(Clone, Debug, PartialEq)]
pub struct Aborted {
    /// The condition, as it is written.
    pub condition: String,
    /// What was measured by then, in the unit of the figure.
    pub measured: f64,
    /// Seconds after the warm-up.
    pub after_s: f64,
}

impl<'a> Watch<'a> {
    /// A watch for some conditions; figures that are known only at the end are left to the end.
    pub fn of(conditions: impl IntoIterator<Item = &'a Condition>) -> Self {
        let conditions = conditions.into_iter().collect();
        Self { conditions, times: None, requests: 0, unexpected: 0, until_s: 0.0 }
    }

    /// Adds a second, and says whether a condition is broken by now.
    pub fn add(&mut self, interval: &Interval) -> Option<Aborted> {
        if self.conditions.is_empty() {
            return None;
        }
        self.requests += interval.outcomes.total();
        self.unexpected += interval.unexpected;
        self.until_s = interval.start_s + interval.length_s;
        if let Some(second) = interval.distribution() {
            match &mut self.times {
                // seconds of one phase have equal bounds
                Some(times) => drop(times.add(second)),
                None => self.times = Some(second),
            }
        }
        self.conditions.iter().find_map(|condition| self.broken(condition))
    }

    fn broken(&self, condition: &Condition) -> Option<Aborted> {
        let measured = self.measured(condition.metric)?;
        let aborted = Aborted { condition: condition.text.clone(), measured, after_s: self.until_s };
        (!holds(condition, measured)).then_some(aborted)
    }

    /// A figure of the seconds so far; none while it rests on too little.
    fn measured(&self, metric: Metric) -> Option<f64> {
        let times = self.times.as_ref();
        let micros = |nanoseconds: f64| nanoseconds / 1000.0;
        match metric {
            Metric::Percentile(quantile) => {
                let times = times.filter(|times| times.len() as f64 * (1.0 - quantile) >= ENOUGH)?;
                Some(micros(times.value_at_quantile(quantile) as f64))
            }
            Metric::Mean => {
                times.filter(|times| times.len() as f64 >= ENOUGH * ENOUGH).map(|times| micros(times.mean()))
            }
            // it can only grow
            Metric::Max => times.map(|times| micros(times.max() as f64)),
            Metric::ErrorRate => {
                (self.unexpected as f64 >= ENOUGH).then(|| self.unexpected as f64 / self.requests as f64)
            }
            Metric::AchievedRate | Metric::Capacity | Metric::Overhead => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

    use super::*;
    use crate::observe::{Latency, Outcomes};

    /// A second of `count` requests that took `micros` each, of which some were not as expected.
    fn second(at: u64, count: u64, micros: u64, unexpected: u64) -> Interval {
        let mut times = Histogram::<u64>::new_with_bounds(1, 3_600_000_000_000, 3).unwrap();
        times.record_n(micros * 1000, count).unwrap();
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&times, &mut bytes).unwrap();
        Interval {
            start_s: at as f64,
            length_s: 1.0,
            outcomes: Outcomes { granted: count - unexpected, broke: unexpected, ..Outcomes::default() },
            unexpected,
            response_time_us: Latency::of(&times),
            histogram: base64::engine::general_purpose::STANDARD.encode(bytes),
        }
    }

    fn ends_after(condition: &str, seconds: &[Interval]) -> Option<f64> {
        let condition: Condition = condition.parse().unwrap();
        let mut watch = Watch::of([&condition]);
        seconds.iter().find_map(|second| watch.add(second)).map(|aborted| aborted.after_s)
    }

    #[test]
    fn a_phase_ends_where_what_was_measured_breaks_a_condition() {
        let errors = [second(0, 100, 50, 0), second(1, 100, 50, 6), second(2, 100, 50, 6), second(3, 100, 50, 0)];
        let slow = [second(0, 600, 50, 0), second(1, 700, 9000, 0)];
        for (condition, seconds, expected) in [
            ("error_rate < 3%", &errors[..], Some(3.0)),
            ("error_rate < 10%", &errors, None),
            ("p(50) < 1ms", &slow, Some(2.0)),
            ("p(99) < 10ms", &slow, None),
            ("max < 1ms", &slow, Some(2.0)),
            ("mean < 1ms", &slow, Some(2.0)),
            ("achieved_rate > 900000/s", &slow, None),
        ] {
            assert_eq!(ends_after(condition, seconds), expected, "{condition}");
        }
    }

    #[test]
    fn little_is_no_reason_to_end() {
        assert_eq!(ends_after("p(99) < 1ms", &[second(0, 900, 9000, 0)]), None);
        assert_eq!(ends_after("p(99) < 1ms", &[second(0, 900, 9000, 0), second(1, 200, 9000, 0)]), Some(2.0));
        assert_eq!(ends_after("error_rate < 0.1%", &[second(0, 900, 50, 9)]), None);
    }
}
