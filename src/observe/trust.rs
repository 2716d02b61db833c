//! What limited a load phase, and whether its measurements can be trusted.

use std::time::Duration;

use super::{Limit, LoadFigures, Model};

/// How long after the end the last answer may come before it counts against the rate: a pause, not a backlog.
const LAST_ANSWER: Duration = Duration::from_millis(250);
/// Share of the offered rate that has to be achieved, and of good requests that have to be granted.
const ENOUGH: f64 = 0.99;
/// Share of its time from which a worker is the limit.
const SATURATED: f64 = 0.95;

/// What was the limit, and why the figures cannot be trusted.
pub fn doubts(figures: &LoadFigures, late: Duration, bound: Duration) -> (Option<Limit>, Option<String>) {
    if figures.requests == 0 {
        return (None, Some("no request was answered or given up".to_owned()));
    }
    if figures.model == Model::Open && late > bound {
        let why = format!(
            "authbench itself sent 1 % of the requests more than {:.1} ms late (bound: {} ms): use a lower rate, or a machine \
             that is less busy",
            late.as_secs_f64() * 1000.0,
            bound.as_millis()
        );
        return (Some(Limit::Generator), Some(why));
    }
    let saturated = figures.generator_busy.is_some_and(|busy| busy >= SATURATED);
    let offered = figures.offered_rate.unwrap_or_default();
    let measured = figures.requests as f64 / offered.max(1e-9);
    let took = measured.max(figures.duration_s - LAST_ANSWER.as_secs_f64());
    if figures.achieved_rate * figures.duration_s / took.max(1e-9) < offered * ENOUGH {
        let who = if saturated { "authbench's own processor was the limit" } else { "the target did not keep up" };
        let achieved = figures.achieved_rate;
        let why = format!("{achieved:.0} of {offered:.0} requests a second were achieved, less than 99 %: {who}");
        return (Some(if saturated { Limit::Generator } else { Limit::Target }), Some(why));
    }
    let good = figures.lanes.iter().filter(|lane| lane.expects_grant);
    let (granted, sent) =
        good.fold((0, 0), |(granted, sent), lane| (granted + lane.outcomes.granted, sent + lane.outcomes.total()));
    let share = granted as f64 / f64::max(sent as f64, 1.0);
    if sent > 0 && share < ENOUGH {
        let why = format!("{:.1} % of the requests with a good credential were granted, less than 99 %", share * 100.0);
        return (Some(Limit::Target), Some(why));
    }
    (saturated.then_some(Limit::Generator), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{LaneFigures, Latency, Outcomes};

    /// A second of 1000 offered requests.
    fn second(achieved_rate: f64, granted: u64, generator_busy: f64) -> LoadFigures {
        let lane = LaneFigures {
            name: "valid".to_owned(),
            share: 1.0,
            expects_grant: true,
            outcomes: Outcomes { granted, refused: 1000 - granted, ..Outcomes::default() },
            statuses: Default::default(),
            first_granted_s: None,
            first_granted_rate: None,
        };
        LoadFigures {
            name: "steady".to_owned(),
            model: Model::Open,
            requests: 1000,
            duration_s: 1.0,
            warmup_s: 0.0,
            offered_rate: Some(1000.0),
            achieved_rate,
            http: 1,
            connections: 1,
            streams: None,
            threads: 1,
            lanes: vec![lane],
            response_time_us: Latency::default(),
            service_time_us: Latency::default(),
            lateness_us: Latency::default(),
            server_auth_us: None,
            token_acquisition_us: None,
            tokens_obtained: 0,
            backlog_max: 0,
            generator_busy: Some(generator_busy),
            target_cost: None,
            silences: Default::default(),
            limited_by: None,
            capacity: None,
            inconclusive: None,
            notes: Vec::new(),
            curve: Vec::new(),
            histograms: Default::default(),
            timing: None,
        }
    }

    #[test]
    fn who_was_the_limit_is_told_apart() {
        let (generator, target) = (Some(Limit::Generator), Some(Limit::Target));
        for (achieved, granted, busy, late_ms, limit, inconclusive) in [
            (1000.0, 1000, 0.3, 0, None, false),
            (991.0, 1000, 0.3, 5, None, false),
            (980.0, 1000, 0.3, 0, target, true),
            (980.0, 1000, 0.97, 0, generator, true),
            (1000.0, 1000, 0.97, 0, generator, false),
            (1000.0, 1000, 0.3, 6, generator, true),
            (1000.0, 980, 0.3, 0, target, true),
        ] {
            let (limited_by, why) =
                doubts(&second(achieved, granted, busy), Duration::from_millis(late_ms), Duration::from_millis(5));
            assert_eq!((limited_by, why.is_some()), (limit, inconclusive), "{achieved} {granted} {busy} {late_ms}");
        }
    }
}
