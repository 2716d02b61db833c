//! Figures of load and overhead, from a fixed sequence of numbers.

use authbench::observe::{Interval, LaneFigures, Latency, LoadFigures, Model, Outcomes};
use authbench::stats::{Estimate, OverheadFigures, OverheadRow};
use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

/// A phase with its seconds.
pub(crate) struct Phase {
    pub(crate) figures: LoadFigures,
    pub(crate) intervals: Vec<Interval>,
}

/// Numbers from 0 to 1 that are the same in each run.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nanoseconds with a long tail, and a stall in one second.
    fn nanos(&mut self, stalled: bool) -> u64 {
        let micros = 180.0 * (-(1.0 - self.next()).ln()).powf(1.4) + 240.0;
        let stall = if stalled && self.next() < 0.25 { 45_000.0 * self.next() } else { 0.0 };
        ((micros + stall) * 1000.0) as u64
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap()
}

fn encoded(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).unwrap();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub(crate) fn outcomes(granted: u64, refused: u64, broke: u64, silent: u64) -> Outcomes {
    Outcomes { granted, refused, broke, silent, ..Outcomes::default() }
}

fn seconds(seed: u64, count: u64, stalled: Option<u64>) -> (Vec<Interval>, Histogram<u64>) {
    let (mut sequence, mut total) = (Sequence(seed), histogram());
    let intervals = (0..count).map(|second| {
        let mut histogram = histogram();
        for _ in 0..500 {
            histogram.record(sequence.nanos(stalled == Some(second))).unwrap();
        }
        total.add(&histogram).unwrap();
        Interval {
            start_s: second as f64,
            length_s: 1.0,
            outcomes: outcomes(1900, 98, u64::from(stalled == Some(second)) * 2, 0),
            unexpected: u64::from(stalled == Some(second)) * 2,
            response_time_us: Latency::of(&histogram),
            histogram: encoded(&histogram),
        }
    });
    (intervals.collect(), total)
}

fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    let quantiles = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1.0];
    quantiles.into_iter().map(|at| (at, histogram.value_at_quantile(at) as f64 / 1000.0)).collect()
}

/// An open phase with a stall in its seventh second, and forged requests that were let in under load.
pub(crate) fn steady() -> Phase {
    let (intervals, histogram) = seconds(7, 20, Some(7));
    let (_, service) = seconds(8, 20, None);
    let lateness = Latency { p50: 0.4, p90: 3.1, p95: 5.0, p99: 21.0, p999: 88.0, max: 312.0, mean: 1.2 };
    let figures = LoadFigures {
        name: "steady".to_owned(),
        model: Model::Open,
        requests: 40_000,
        duration_s: 20.0,
        warmup_s: 2.0,
        offered_rate: Some(2000.0),
        achieved_rate: 1999.2,
        http: 1,
        connections: 32,
        streams: None,
        threads: 2,
        lanes: vec![
            lane("valid", 0.95, true, outcomes(37_998, 0, 2, 0), &[(200, 37_998), (500, 2)], None),
            lane("expired", 0.03, false, outcomes(7, 1193, 0, 0), &[(200, 7), (401, 1193)], Some(7.21)),
            lane("flipped-bit", 0.02, false, outcomes(0, 799, 0, 1), &[(401, 799)], None),
        ],
        response_time_us: Latency::of(&histogram),
        service_time_us: Latency::of(&service),
        lateness_us: lateness,
        server_auth_us: Some(Latency {
            p50: 41.0,
            p90: 52.0,
            p95: 60.0,
            p99: 88.0,
            p999: 140.0,
            max: 900.0,
            mean: 44.0,
        }),
        token_acquisition_us: Some(Latency {
            p50: 2100.0,
            p90: 2400.0,
            p95: 2500.0,
            p99: 3000.0,
            p999: 3000.0,
            max: 3000.0,
            mean: 2200.0,
        }),
        tokens_obtained: 12,
        backlog_max: 0,
        generator_busy: None,
        target_cost: None,
        silences: Default::default(),
        limited_by: None,
        capacity: None,
        inconclusive: None,
        notes: vec!["the target runs on this machine: the load used 7 of 8 cores".to_owned()],
        curve: curve(&histogram),
        histograms: Default::default(),
        timing: None,
    };
    Phase { figures, intervals }
}

/// A closed phase whose figures cannot be trusted.
pub(crate) fn closed() -> Phase {
    let (intervals, histogram) = seconds(9, 5, None);
    let latency = Latency::of(&histogram);
    let figures = LoadFigures {
        name: "closed".to_owned(),
        model: Model::Closed,
        requests: 9000,
        duration_s: 5.0,
        warmup_s: 1.0,
        offered_rate: None,
        achieved_rate: 1800.0,
        http: 1,
        connections: 8,
        streams: None,
        threads: 1,
        lanes: vec![lane("valid", 1.0, true, outcomes(9000, 0, 0, 0), &[(200, 9000)], None)],
        response_time_us: latency,
        service_time_us: latency,
        lateness_us: Latency::default(),
        server_auth_us: None,
        token_acquisition_us: None,
        tokens_obtained: 0,
        backlog_max: 0,
        generator_busy: None,
        target_cost: None,
        silences: Default::default(),
        limited_by: None,
        capacity: None,
        inconclusive: Some("requests left up to 14 ms late: the machine was busy".to_owned()),
        notes: Vec::new(),
        curve: Vec::new(),
        histograms: Default::default(),
        timing: None,
    };
    Phase { figures, intervals }
}

fn lane(
    name: &str,
    share: f64,
    expects_grant: bool,
    outcomes: Outcomes,
    statuses: &[(u16, u64)],
    first_granted_s: Option<f64>,
) -> LaneFigures {
    let (name, statuses) = (name.to_owned(), statuses.iter().copied().collect());
    LaneFigures { name, share, expects_grant, outcomes, statuses, first_granted_s, first_granted_rate: None }
}

/// Presets of the reference over no authentication.
pub(crate) fn overhead() -> OverheadFigures {
    OverheadFigures {
        baseline: "none".to_owned(),
        rows: vec![
            row("none", 0.1, (-0.4, 0.5), false, 58.1, None),
            row("api-key", 0.6, (-0.2, 1.4), false, 58.7, Some(0.9)),
            row("basic", 31.4, (30.2, 32.8), true, 89.5, Some(30.1)),
            row("jwt-es256", 127.0, (124.9, 129.6), true, 185.2, Some(118.3)),
            row("opaque-introspection", 412.8, (398.0, 431.5), true, 470.9, None),
        ],
        control_us: Estimate { value: 0.1, low: -0.9, high: 1.0 },
        floor_us: 0.5,
        floor_share: 0.005,
        duration_s: 50.0,
        notes: vec!["the processor's clock was not fixed".to_owned()],
    }
}

fn row(
    name: &str,
    value: f64,
    (low, high): (f64, f64),
    distinguishable: bool,
    service: f64,
    server: Option<f64>,
) -> OverheadRow {
    let server_us = server.map(|value| Estimate { value, low: value * 0.97, high: value * 1.04 });
    OverheadRow {
        name: name.to_owned(),
        difference_us: Estimate { value, low, high },
        distinguishable,
        service_time_us: service,
        client_us: if name == "none" { 0.0 } else { 0.3 },
        rest_us: server.map(|server| value - server - 0.3),
        server_us,
        pairs: 18_240,
        first_request_us: Some(service * 4.0),
        token_acquisition_us: (name == "opaque-introspection").then_some(2140.0),
        requests_per_core_second: Some(1e6 / (service * 0.6)),
    }
}
