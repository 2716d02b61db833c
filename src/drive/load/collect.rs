//! From the records of workers to the figures of a phase.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::Phase;
use super::lane::Lane;
use crate::observe::{Interval, LaneFigures, Latency, LoadFigures, Model, Outcome, Outcomes};

/// The longest time that a histogram tells apart: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;
/// Lateness of the generator beyond which response times say more about authbench than about the target.
const LATENESS_BOUND: Duration = Duration::from_millis(5);
/// Share of the offered rate that has to be achieved.
const ACHIEVED: f64 = 0.99;

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds and three digits are lawful")
}

fn record(histogram: &mut Histogram<u64>, nanoseconds: u64) {
    histogram.saturating_record(nanoseconds.max(1));
}

fn nanoseconds(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// One request, as it is counted.
pub(super) struct Seen {
    pub(super) outcome: Outcome,
    pub(super) status: Option<u16>,
    pub(super) response: Duration,
    pub(super) service: Duration,
    /// When it was accepted in a lane that wants refusal, from the begin of measuring.
    pub(super) accepted_against: Option<Duration>,
}

/// One worker's part of one second.
pub(super) struct Slice {
    second: u64,
    outcomes: Outcomes,
    unexpected: u64,
    response: Histogram<u64>,
    last: bool,
}

impl Slice {
    fn of(second: u64) -> Self {
        Self { second, outcomes: Outcomes::default(), unexpected: 0, response: histogram(), last: false }
    }
}

/// What one worker recorded.
pub(super) struct Tally {
    lanes: Vec<LaneTally>,
    response: Histogram<u64>,
    service: Histogram<u64>,
    lateness: Histogram<u64>,
    generator_lateness: Histogram<u64>,
    server_auth: Histogram<u64>,
    slice: Slice,
    /// Seconds from the begin of measuring to the last answer.
    pub(super) last_done: f64,
    /// Requests that were due and never left.
    pub(super) abandoned: u64,
}

#[derive(Clone, Default)]
struct LaneTally {
    outcomes: Outcomes,
    statuses: BTreeMap<u16, u64>,
    first_accepted: Option<Duration>,
}

impl Tally {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lanes: vec![LaneTally::default(); lanes],
            response: histogram(),
            service: histogram(),
            lateness: histogram(),
            generator_lateness: histogram(),
            server_auth: histogram(),
            slice: Slice::of(0),
            last_done: 0.0,
            abandoned: 0,
        }
    }

    pub(super) fn record(&mut self, lane: usize, seen: &Seen) {
        let Seen { outcome, status, response, service, accepted_against } = *seen;
        let lane = &mut self.lanes[lane];
        count(&mut lane.outcomes, outcome);
        if let Some(status) = status {
            *lane.statuses.entry(status).or_default() += 1;
        }
        if lane.first_accepted.is_none() {
            lane.first_accepted = accepted_against;
        }
        record(&mut self.response, nanoseconds(response));
        record(&mut self.service, nanoseconds(service));
    }

    pub(super) fn record_lateness(&mut self, lateness: Duration, of_generator: Duration) {
        record(&mut self.lateness, nanoseconds(lateness));
        record(&mut self.generator_lateness, nanoseconds(of_generator));
    }

    pub(super) fn record_server_auth(&mut self, nanoseconds: u64) {
        record(&mut self.server_auth, nanoseconds);
    }

    /// Counts an answer into its second; a second that is over is sent away.
    pub(super) fn add_to_second(&mut self, second: u64, seen: &Seen, expected: Outcome, to: &Sender<Slice>) {
        if second > self.slice.second {
            self.flush(to, false);
            self.slice.second = second;
        }
        count(&mut self.slice.outcomes, seen.outcome);
        self.slice.unexpected += u64::from(seen.outcome != expected);
        record(&mut self.slice.response, nanoseconds(seen.response));
    }

    pub(super) fn flush(&mut self, to: &Sender<Slice>, last: bool) {
        let next = Slice::of(self.slice.second);
        let mut slice = std::mem::replace(&mut self.slice, next);
        slice.last = last;
        // nobody listens any more when the run was interrupted
        let _ = to.send(slice);
    }
}

fn count(outcomes: &mut Outcomes, outcome: Outcome) {
    match outcome {
        Outcome::Accepted => outcomes.accepted += 1,
        Outcome::Rejected => outcomes.rejected += 1,
        Outcome::Broke => outcomes.broke += 1,
        Outcome::Silent => outcomes.silent += 1,
    }
}

fn add(to: &mut Outcomes, other: &Outcomes) {
    to.accepted += other.accepted;
    to.rejected += other.rejected;
    to.broke += other.broke;
    to.silent += other.silent;
}

/// Merges the slices of all workers second by second, and passes a second on when it is two seconds old.
pub(super) fn intervals(receiver: &Receiver<Slice>, workers: usize, sink: &mut dyn FnMut(Interval)) {
    let mut seconds: BTreeMap<u64, Slice> = BTreeMap::new();
    let (mut ended, mut latest) = (0, 0);
    while ended < workers {
        let Ok(slice) = receiver.recv() else { break };
        ended += usize::from(slice.last);
        latest = latest.max(slice.second);
        match seconds.entry(slice.second) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(slice)),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                add(&mut entry.get_mut().outcomes, &slice.outcomes);
                entry.get_mut().unexpected += slice.unexpected;
                // equal bounds: both were made by `histogram`
                let _ = entry.get_mut().response.add(&slice.response);
            }
        }
        while let Some(entry) = seconds.first_entry().filter(|entry| *entry.key() + 2 <= latest) {
            pass(entry.remove(), sink);
        }
    }
    for slice in seconds.into_values() {
        pass(slice, sink);
    }
}

fn pass(slice: Slice, sink: &mut dyn FnMut(Interval)) {
    if slice.outcomes.total() == 0 {
        return;
    }
    sink(Interval {
        start_s: slice.second as f64,
        length_s: 1.0,
        outcomes: slice.outcomes,
        unexpected: slice.unexpected,
        response_time_us: Latency::of(&slice.response),
        histogram: encoded(&slice.response),
    });
}

/// V2, deflated, Base64: the form that HdrHistogram logs carry.
fn encoded(histogram: &Histogram<u64>) -> String {
    use base64::Engine as _;
    use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
    let mut bytes = Vec::new();
    match V2DeflateSerializer::new().serialize(histogram, &mut bytes) {
        Ok(_) => base64::engine::general_purpose::STANDARD.encode(bytes),
        Err(_) => String::new(),
    }
}

/// The figures of a phase from what its workers recorded.
pub(super) fn figures(
    phase: &Phase,
    model: Model,
    threads: usize,
    lanes: &[Lane],
    tallies: Vec<Tally>,
    mut notes: Vec<String>,
) -> LoadFigures {
    let mut sum = Tally::new(lanes.len());
    for tally in &tallies {
        for (total, part) in [
            (&mut sum.response, &tally.response),
            (&mut sum.service, &tally.service),
            (&mut sum.lateness, &tally.lateness),
            (&mut sum.generator_lateness, &tally.generator_lateness),
            (&mut sum.server_auth, &tally.server_auth),
        ] {
            let _ = total.add(part);
        }
        for (total, part) in sum.lanes.iter_mut().zip(&tally.lanes) {
            add(&mut total.outcomes, &part.outcomes);
            for (status, count) in &part.statuses {
                *total.statuses.entry(*status).or_default() += count;
            }
            total.first_accepted = [total.first_accepted, part.first_accepted].into_iter().flatten().min();
        }
        sum.abandoned += tally.abandoned;
        sum.last_done = sum.last_done.max(tally.last_done);
    }
    let requests: u64 = sum.lanes.iter().map(|lane| lane.outcomes.total()).sum();
    let silent: u64 = sum.lanes.iter().map(|lane| lane.outcomes.silent).sum();
    let measured = phase.duration.as_secs_f64();
    // what was answered after the end counts over the time that it took
    let took = sum.last_done.max(if requests == 0 { measured } else { measured.min(sum.last_done.max(1e-9)) });
    let answered = (requests - silent) as f64 / took.max(measured.min(sum.last_done.max(0.001)));
    let offered = phase.arrivals.map(super::Arrivals::mean_rate);
    if sum.abandoned > 0 {
        notes.push(format!("{} requests were due and never left; they are counted as silent", sum.abandoned));
    }
    if model == Model::Closed {
        notes.push(
            "closed model: a stall of the target holds requests back, so percentiles are service times".to_owned(),
        );
    }
    let mut figures = LoadFigures {
        name: phase.name.clone(),
        model,
        requests,
        duration_s: took.max(measured),
        warmup_s: phase.warmup.as_secs_f64(),
        offered_rate: offered,
        achieved_rate: answered,
        connections: phase.connections,
        threads,
        lanes: lanes.iter().zip(sum.lanes).map(|(lane, tally)| lane_figures(lane, tally)).collect(),
        response_time_us: Latency::of(&sum.response),
        service_time_us: Latency::of(&sum.service),
        lateness_us: Latency::of(&sum.lateness),
        server_auth_us: (!sum.server_auth.is_empty()).then(|| Latency::of(&sum.server_auth)),
        token_acquisition_us: None,
        tokens_obtained: 0,
        inconclusive: None,
        notes,
        curve: curve(&sum.response),
    };
    figures.inconclusive = inconclusive(&figures, &sum.generator_lateness);
    figures
}

fn lane_figures(lane: &Lane, tally: LaneTally) -> LaneFigures {
    LaneFigures {
        name: lane.name.clone(),
        share: lane.share,
        expects_accepted: lane.expects_accepted,
        outcomes: tally.outcomes,
        statuses: tally.statuses,
        first_accepted_s: tally.first_accepted.map(|at| at.as_secs_f64()),
    }
}

fn inconclusive(figures: &LoadFigures, generator_lateness: &Histogram<u64>) -> Option<String> {
    if figures.requests == 0 {
        return Some("no request was answered or given up".to_owned());
    }
    let late = Duration::from_nanos(generator_lateness.value_at_quantile(0.99));
    if late > LATENESS_BOUND {
        let bound = LATENESS_BOUND.as_millis();
        return Some(format!(
            "authbench itself sent 1 % of the requests more than {:.1} ms late (bound: {bound} ms): use fewer threads or a \
             lower rate",
            late.as_secs_f64() * 1000.0
        ));
    }
    let offered = figures.offered_rate?;
    (figures.achieved_rate < offered * ACHIEVED).then(|| {
        format!("{:.0} of {offered:.0} requests a second were achieved, less than 99 %", figures.achieved_rate)
    })
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
