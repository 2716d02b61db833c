//! The figures of a phase from what its workers recorded, and whether they can be trusted.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::gate::PhaseStart;
use super::lane::Lane;
use super::tally::{LaneTally, WorkerTally};
use super::{Http, Phase};
use crate::clock;
use crate::observe::{
    ClockOffset, Histograms, LaneFigures, Latency, LoadFigures, Model, PhaseTiming, curve, doubts, encode_unless_empty,
    histogram,
};

/// The figures of a phase.
pub(super) fn of(
    phase: &Phase,
    threads: usize,
    lanes: &[Lane],
    (tallies, response): (Vec<WorkerTally>, Histogram<u64>),
    (mut notes, interrupted): (Vec<String>, Option<Duration>),
    opened: &PhaseStart,
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
        target_cost: None,
        silences: sum.silences.iter().map(|(why, count)| ((*why).to_owned(), *count)).collect(),
        limited_by: None,
        capacity: None,
        inconclusive: None,
        notes,
        curve: curve(&response),
        histograms: Histograms {
            response_time: encode_unless_empty(&response),
            service_time: encode_unless_empty(&sum.service),
            scheduling_delay: encode_unless_empty(&sum.lateness),
            generator_delay: encode_unless_empty(&sum.generator_lateness),
            server_share: encode_unless_empty(&sum.server_auth),
            token_acquisition: String::new(),
        },
        timing: Some(timing_of(phase, &sum, opened)),
    };
    (figures.limited_by, figures.inconclusive) =
        doubts(&figures, Duration::from_nanos(sum.generator_lateness.value_at_quantile(0.99)), phase.lateness_bound);
    figures
}

/// When the phase was sent from here.
fn timing_of(phase: &Phase, sum: &WorkerTally, opened: &PhaseStart) -> PhaseTiming {
    let started = clock::wall_of(opened.start);
    // with a plan, what counts is how late the first request left against it
    let behind = opened.planned.map_or(0.0, |planned| started.duration_since(planned).as_secs_f64());
    let first = sum.first_sent.map(|sent| sent.saturating_duration_since(opened.start).as_secs_f64() + behind);
    let due = phase.first_due().unwrap_or_default().as_secs_f64();
    PhaseTiming {
        planned: opened.planned,
        started,
        first_send_us: first.map(|first| (first - due) * 1e6),
        planned_rate: phase.arrivals.map(|arrivals| arrivals.mean_rate() / f64::from(phase.shard.count)),
        lateness_bound_ms: phase.lateness_bound.as_secs_f64() * 1000.0,
        clock: ClockOffset { folder_ms: opened.folder_ms, ..ClockOffset::default() },
    }
}

/// The figures of a phase in which nothing was sent.
pub(super) fn none(phase: &Phase, threads: usize, lanes: &[Lane], why: String) -> LoadFigures {
    let opened = PhaseStart { start: clock::now(), planned: None, folder_ms: None };
    let nothing = (Vec::new(), Some(Duration::ZERO));
    let figures = of(phase, threads, lanes, (Vec::new(), histogram()), nothing, &opened);
    LoadFigures { inconclusive: Some(why), ..figures }
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
            total.outcomes.add(&part.outcomes);
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
        sum.first_sent = [sum.first_sent, tally.first_sent].into_iter().flatten().min();
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
