//! The figures of a phase from what its workers recorded, and whether they can be trusted.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::lane::Lane;
use super::tally::{LaneTally, WorkerTally, add};
use super::{Http, Phase};
use crate::observe::{LaneFigures, Latency, Limit, LoadFigures, Model};

/// How long after the end the last answer may come before it counts against the rate: a pause, not a backlog.
const LAST_ANSWER: Duration = Duration::from_millis(250);
/// Share of the offered rate that has to be achieved, and of good requests that have to be granted.
const ENOUGH: f64 = 0.99;
/// Share of its time from which a worker is the limit.
const SATURATED: f64 = 0.95;

/// The figures of a phase.
pub(super) fn of(
    phase: &Phase,
    threads: usize,
    lanes: &[Lane],
    tallies: Vec<WorkerTally>,
    response: Histogram<u64>,
    (mut notes, interrupted): (Vec<String>, Option<Duration>),
) -> LoadFigures {
    let model = if phase.arrivals.is_some() { Model::Open } else { Model::Closed };
    let sum = sum_of(lanes.len(), &tallies);
    let requests: u64 = sum.lanes.iter().map(|lane| lane.outcomes.total()).sum();
    let silent: u64 = sum.lanes.iter().map(|lane| lane.outcomes.silent).sum();
    let measured = interrupted.unwrap_or(phase.duration).min(phase.duration).as_secs_f64();
    // what was answered after the end counts over the time that it took
    let took = measured.max(sum.last_done.as_secs_f64());
    notes.extend(notes_of(&sum, model, phase));
    let times = Latency::of(&response);
    let mut figures = LoadFigures {
        name: phase.name.clone(),
        model,
        requests,
        duration_s: took,
        warmup_s: phase.warmup.as_secs_f64(),
        // what was due in the measured time; random arrivals are not exactly their mean
        offered_rate: phase.arrivals.map(|_| requests as f64 / measured.max(1e-9)),
        achieved_rate: (requests - silent) as f64 / took.max(1e-9),
        http: match phase.http {
            Http::One => 1,
            Http::Two { .. } => 2,
        },
        connections: phase.connections,
        streams: sum.streams,
        threads,
        lanes: lanes.iter().zip(&sum.lanes).map(|(lane, tally)| lane_figures(phase, lane, tally)).collect(),
        response_time_us: times,
        service_time_us: if model == Model::Open { Latency::of(&sum.service) } else { times },
        lateness_us: Latency::of(&sum.lateness),
        server_auth_us: (!sum.server_auth.is_empty()).then(|| Latency::of(&sum.server_auth)),
        token_acquisition_us: None,
        tokens_obtained: 0,
        backlog_max: sum.backlog_max.ceil() as u64,
        generator_busy: sum.busy,
        silences: sum.silences.iter().map(|(why, count)| ((*why).to_owned(), *count)).collect(),
        limited_by: None,
        capacity: None,
        inconclusive: None,
        notes,
        curve: curve(&response),
    };
    (figures.limited_by, figures.inconclusive) =
        doubts(&figures, Duration::from_nanos(sum.generator_lateness.value_at_quantile(0.99)), phase.lateness_bound);
    figures
}

fn sum_of(lanes: usize, tallies: &[WorkerTally]) -> WorkerTally {
    let mut sum = WorkerTally::new(lanes);
    for tally in tallies {
        for (total, part) in [
            (&mut sum.service, &tally.service),
            (&mut sum.lateness, &tally.lateness),
            (&mut sum.generator_lateness, &tally.generator_lateness),
            (&mut sum.server_auth, &tally.server_auth),
        ] {
            // equal bounds: all were made by `histogram`
            let _ = total.add(part);
        }
        for (total, part) in sum.lanes.iter_mut().zip(&tally.lanes) {
            add(&mut total.outcomes, &part.outcomes);
            for (status, count) in &part.statuses {
                *total.statuses.entry(*status).or_default() += count;
            }
            total.first_granted = [total.first_granted, part.first_granted].into_iter().flatten().min();
        }
        for (why, count) in &tally.silences {
            *sum.silences.entry(why).or_default() += count;
        }
        sum.abandoned += tally.abandoned;
        sum.repeated += tally.repeated;
        sum.cut += tally.cut;
        sum.backlog_max += tally.backlog_max;
        sum.last_done = sum.last_done.max(tally.last_done);
        sum.streams = [sum.streams, tally.streams].into_iter().flatten().min();
        // the busiest worker is the one that limits
        sum.busy = [sum.busy, tally.busy].into_iter().flatten().reduce(f64::max);
    }
    sum
}

fn notes_of(sum: &WorkerTally, model: Model, phase: &Phase) -> Vec<String> {
    let mut notes = Vec::new();
    if sum.abandoned > 0 {
        notes.push(format!("{} requests were due and never left; they are counted as silent", sum.abandoned));
    }
    if sum.cut > 0 {
        notes.push(format!("{} answers were longer than what is read of a body; they were cut", sum.cut));
    }
    if sum.repeated > 0 {
        let count = sum.repeated;
        notes
            .push(format!("{count} requests were sent again: the target had closed their connection before they came"));
    }
    if let (Http::Two { streams }, Some(allowed)) = (phase.http, sum.streams)
        && allowed < streams
    {
        notes.push(format!("the target allows {allowed} streams a connection at a time; {streams} were asked for"));
    }
    if !sum.silences.is_empty() {
        let parts: Vec<_> = sum.silences.iter().map(|(why, count)| format!("{why} ({count})")).collect();
        notes.push(format!("silent: {}", parts.join(", ")));
    }
    if model == Model::Closed {
        notes.push(
            "closed model: a stall of the target holds requests back, so percentiles are service times".to_owned(),
        );
    } else if !phase.spins {
        notes.push("the target shares the last processor: no wait is shortened by yielding".to_owned());
    }
    notes
}

fn lane_figures(phase: &Phase, lane: &Lane, tally: &LaneTally) -> LaneFigures {
    let rate_at = |at: Duration| phase.arrivals.map(|arrivals| arrivals.rate_at(at, phase.duration));
    LaneFigures {
        name: lane.name.clone(),
        share: lane.share,
        expects_grant: lane.expects_grant,
        outcomes: tally.outcomes,
        statuses: tally.statuses.clone(),
        first_granted_s: tally.first_granted.map(|at| at.as_secs_f64()),
        first_granted_rate: tally.first_granted.and_then(rate_at),
    }
}

/// What was the limit, and why the figures cannot be trusted.
fn doubts(figures: &LoadFigures, late: Duration, bound: Duration) -> (Option<Limit>, Option<String>) {
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

/// Quantiles for a curve: each next point halves the distance to 1.
fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let mut points = Vec::new();
    let mut rest = 1.0;
    while rest > 1.0 / (histogram.len() as f64 * 2.0) && points.len() < 64 {
        for step in 0..4 {
            let quantile = 1.0 - rest * (1.0 - f64::from(step) / 8.0);
            points.push((quantile, histogram.value_at_quantile(quantile) as f64 / 1000.0));
        }
        rest /= 2.0;
    }
    points.push((1.0, histogram.max() as f64 / 1000.0));
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Outcomes;

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
            silences: Default::default(),
            limited_by: None,
            capacity: None,
            inconclusive: None,
            notes: Vec::new(),
            curve: Vec::new(),
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
