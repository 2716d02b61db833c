//! What shards send together is the schedule of one run.

use std::time::Duration;

use authbench::drive::load::{ArrivalProcess, Pacer, Stride};
use authbench::observe::{Latency, LoadFigures, ShardFigures, encode, histogram, unite};
use authbench::shard::Shard;
use hdrhistogram::Histogram;

use super::shards;
use crate::sample::figures::steady;

const LENGTH: Duration = Duration::from_secs(10);

/// Arrivals of a shard that has so many workers.
fn arrivals(arrivals: ArrivalProcess, shard: Shard, workers: usize) -> Vec<(Duration, u64)> {
    let of = |worker| {
        let pacer = Pacer::new(arrivals, (Duration::from_secs(1), LENGTH), Stride::of(shard, worker, workers), 7);
        pacer.map(|one| (one.due, one.number))
    };
    (0..workers).flat_map(of).collect()
}

/// A response time that belongs to an arrival.
fn time_of(number: u64) -> u64 {
    50_000 + number.wrapping_mul(2_654_435_761) % 40_000_000
}

fn times(arrivals: &[(Duration, u64)]) -> Histogram<u64> {
    let mut times = histogram();
    arrivals.iter().for_each(|(_, number)| times.saturating_record(time_of(*number)));
    times
}

#[test]
fn sixteen_shards_send_the_schedule_of_one_run_and_their_histograms_are_those_of_all_samples() {
    for kind in [
        ArrivalProcess::Constant(997.0),
        ArrivalProcess::Ramp(100.0, 2000.0),
        ArrivalProcess::Staircase(100.0, 900.0, 5),
        ArrivalProcess::Poisson(1000.0),
    ] {
        let mut whole = arrivals(kind, Shard::default(), 1);
        let parts: Vec<_> = shards(16).map(|shard| arrivals(kind, shard, 1 + shard.index as usize % 3)).collect();
        let mut united: Vec<_> = parts.concat();
        whole.sort_unstable();
        united.sort_unstable();
        assert!(whole == united, "{kind:?}: the arrivals differ");
        let figures: Vec<LoadFigures> = parts
            .iter()
            .map(|part| {
                let mut figures = LoadFigures { requests: part.len() as u64, ..steady().figures };
                let text = encode(&times(part));
                figures.histograms.response_time.clone_from(&text);
                figures.histograms.service_time.clone_from(&text);
                figures.histograms.scheduling_delay.clone_from(&text);
                figures.histograms.server_share = text;
                figures
            })
            .collect();
        let views: Vec<_> = shards(16).zip(&figures).map(|(shard, figures)| ShardFigures { shard, figures }).collect();
        let merged = unite(&views).expect("can be added");
        let (expected, histograms) = (encode(&times(&whole)), &merged.histograms);
        let all = [
            &histograms.response_time,
            &histograms.service_time,
            &histograms.scheduling_delay,
            &histograms.server_share,
        ];
        assert!(all.into_iter().all(|one| *one == expected), "{kind:?}: the histograms differ");
        assert_eq!(merged.requests, whole.len() as u64);
        assert_eq!(merged.response_time_us, Latency::of(&times(&whole)));
    }
}
