//! What one worker counts. Nothing here is shared while the load runs.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::observe::{Outcome, Outcomes, Silence, histogram};

fn record(histogram: &mut Histogram<u64>, time: Duration) {
    histogram.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1));
}

/// One request, as it is counted.
pub(super) struct CountedRequest {
    pub(super) lane: usize,
    pub(super) outcome: Outcome,
    /// Whether it is what its lane expects.
    pub(super) expected: bool,
    pub(super) status: Option<u16>,
    /// From the due time, or from the send in the closed model; none where the connection broke before an answer.
    pub(super) response: Option<Duration>,
    /// From the send; none where nothing was sent.
    pub(super) service: Option<Duration>,
    /// When it ended, from the start of measuring.
    pub(super) at: Duration,
    /// When it was granted in a lane that wants refusal, from the start of measuring.
    pub(super) accepted_against: Option<Duration>,
}

/// One worker's part of one second.
pub(super) struct Slice {
    pub(super) second: u64,
    pub(super) outcomes: Outcomes,
    /// Those that their lane does not expect.
    pub(super) unexpected: u64,
    pub(super) response: Histogram<u64>,
    pub(super) last: bool,
}

impl Slice {
    fn new(second: u64) -> Self {
        Self { second, outcomes: Outcomes::default(), unexpected: 0, response: histogram(), last: false }
    }
}

/// What one worker recorded. Response times are in the slices that it sent away.
pub(super) struct WorkerTally {
    pub(super) lanes: Vec<LaneTally>,
    /// Empty in the closed model, where it is the same as response time.
    pub(super) service: Histogram<u64>,
    pub(super) lateness: Histogram<u64>,
    pub(super) generator_lateness: Histogram<u64>,
    pub(super) server_auth: Histogram<u64>,
    pub(super) silences: BTreeMap<&'static str, u64>,
    slice: Slice,
    /// From the start of measuring to the last answer.
    pub(super) last_done: Duration,
    /// When the first request was sent.
    pub(super) first_sent: Option<Instant>,
    /// Requests that were due and never left.
    pub(super) abandoned: u64,
    /// Requests that were sent again, because the target had closed the connection before they came.
    pub(super) repeated: u64,
    /// Answers whose body was longer than what is kept.
    pub(super) cut: u64,
    /// Most requests that were due and had not left, at a time.
    pub(super) backlog_max: f64,
    /// Streams a connection, where connections have streams.
    pub(super) streams: Option<usize>,
    /// Share of its time in which the worker had something to do.
    pub(super) busy: Option<f64>,
}

/// One lane's part.
#[derive(Clone, Default)]
pub(super) struct LaneTally {
    pub(super) outcomes: Outcomes,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) first_granted: Option<Duration>,
}

impl WorkerTally {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lanes: vec![LaneTally::default(); lanes],
            service: histogram(),
            lateness: histogram(),
            generator_lateness: histogram(),
            server_auth: histogram(),
            silences: BTreeMap::new(),
            slice: Slice::new(0),
            last_done: Duration::ZERO,
            first_sent: None,
            abandoned: 0,
            repeated: 0,
            cut: 0,
            backlog_max: 0.0,
            streams: None,
            busy: None,
        }
    }

    /// Counts a request into its lane and its second; a second that is over is sent away.
    pub(super) fn record(&mut self, seen: &CountedRequest, to: &Sender<Slice>) {
        let lane = &mut self.lanes[seen.lane];
        count(&mut lane.outcomes, seen.outcome);
        if let Some(status) = seen.status {
            *lane.statuses.entry(status).or_default() += 1;
        }
        if lane.first_granted.is_none() {
            lane.first_granted = seen.accepted_against;
        }
        if let Some(service) = seen.service {
            record(&mut self.service, service);
        }
        self.last_done = self.last_done.max(seen.at);
        let second = seen.at.as_secs();
        if second > self.slice.second {
            self.flush(to, second, false);
        }
        count(&mut self.slice.outcomes, seen.outcome);
        self.slice.unexpected += u64::from(!seen.expected);
        if let Some(response) = seen.response {
            record(&mut self.slice.response, response);
        }
    }

    pub(super) fn record_lateness(&mut self, lateness: Duration, of_generator: Duration) {
        record(&mut self.lateness, lateness);
        record(&mut self.generator_lateness, of_generator);
    }

    pub(super) fn record_server_auth(&mut self, nanoseconds: u64) {
        record(&mut self.server_auth, Duration::from_nanos(nanoseconds));
    }

    pub(super) fn record_silence(&mut self, silence: &Silence) {
        *self.silences.entry(word(silence)).or_default() += 1;
    }

    /// Sends away what the last second, or the whole phase, still holds.
    pub(super) fn finish(&mut self, to: &Sender<Slice>) {
        self.flush(to, self.slice.second, true);
    }

    fn flush(&mut self, to: &Sender<Slice>, next: u64, last: bool) {
        let mut slice = std::mem::replace(&mut self.slice, Slice::new(next));
        slice.last = last;
        // nobody listens any more when the run was interrupted
        let _ = to.send(slice);
    }
}

/// Why there was no answer, without what differs from one to the next.
fn word(silence: &Silence) -> &'static str {
    match silence {
        Silence::Unreachable(_) => "no connection",
        Silence::Closed => "closed without a whole answer",
        Silence::TimedOut => "no whole answer in time",
        Silence::Malformed(_) => "not a usable HTTP answer",
        Silence::Handshake(_) => "TLS handshake failed",
        Silence::CertificateRefused(_) => "the client certificate was refused",
        Silence::NoCredential(_) => "no credential",
        Silence::Proxy(_) => "the proxy refused",
    }
}

fn count(outcomes: &mut Outcomes, outcome: Outcome) {
    match outcome {
        Outcome::Granted => outcomes.granted += 1,
        Outcome::Refused => outcomes.refused += 1,
        Outcome::Unclear => outcomes.unclear += 1,
        Outcome::Broke => outcomes.broke += 1,
        Outcome::Silent => outcomes.silent += 1,
    }
}
