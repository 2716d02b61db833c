//! Shards of a run: what they send together, and what a merge makes of their records.

use std::time::Duration;

use authbench::check::Verdict;
use authbench::drive::load::{Arrivals, Pacer, Stride};
use authbench::event::shards::{Answers, ShardPart as PartOf, Terms, WrittenPhase, WrittenThreshold};
use authbench::event::{Event, LoadInterval, LoadStarted, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted};
use authbench::exit::Exit;
use authbench::merge::{Expected, Merge};
use authbench::observe::{Interval, Latency, LoadFigures, Outcomes, PhaseTiming, ShardPart, encode, histogram, unite};
use authbench::report::Record;
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use authbench::shard::Shard;
use hdrhistogram::Histogram;

use crate::sample::figures::{outcomes, steady};

const LENGTH: Duration = Duration::from_secs(10);

fn shards(count: u32) -> impl Iterator<Item = Shard> {
    (1..=count).map(move |index| Shard::new(index, count).expect("is in range"))
}

/// Arrivals of a shard that has so many workers.
fn arrivals(arrivals: Arrivals, shard: Shard, workers: usize) -> Vec<(Duration, u64)> {
    let of = |worker| {
        let mut pacer = Pacer::new(arrivals, (Duration::from_secs(1), LENGTH), Stride::of(shard, worker, workers), 7);
        std::iter::from_fn(move || pacer.next().map(|one| (one.due, one.number)))
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
        Arrivals::Constant(997.0),
        Arrivals::Ramp(100.0, 2000.0),
        Arrivals::Staircase(100.0, 900.0, 5),
        Arrivals::Poisson(1000.0),
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
        let views: Vec<_> = shards(16).zip(&figures).map(|(shard, figures)| ShardPart { shard, figures }).collect();
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

/// The record of a shard that sent a thousand requests in each of ten seconds, late by so much.
fn record(shard: Shard, late_ms: i64, change: impl FnOnce(&mut LoadFigures)) -> Record {
    let planned: jiff::Timestamp = "2026-11-26T10:00:00Z".parse().expect("is a time");
    let started = planned + jiff::SignedDuration::from_millis(late_ms);
    let mut response = histogram();
    response.record_n(1_000_000 + u64::from(shard.index) * 1000, 1000).expect("is in range");
    let (second, mut all) = (encode(&response), histogram());
    (0..10).for_each(|_| all.add(&response).expect("has the same bounds"));
    let mut figures = LoadFigures {
        requests: 10_000,
        duration_s: 10.0,
        offered_rate: Some(1000.0),
        achieved_rate: 1000.0,
        inconclusive: None,
        notes: Vec::new(),
        ..steady().figures
    };
    figures.lanes.truncate(1);
    figures.lanes[0].outcomes = outcomes(10_000, 0, 0, 0);
    figures.histograms.response_time = encode(&all);
    figures.timing = Some(PhaseTiming {
        planned: Some(planned),
        started,
        first_send_us: Some(late_ms as f64 * 1000.0),
        planned_rate: Some(1000.0),
        lateness_bound_ms: 5.0,
        clock: Default::default(),
    });
    change(&mut figures);
    let terms = Terms {
        digest: "d1".to_owned(),
        thresholds: vec![WrittenThreshold {
            threshold: "p(99) < 2ms".to_owned(),
            only_warns: false,
            place: Default::default(),
        }],
        phases: vec![WrittenPhase {
            name: figures.name.clone(),
            method: "GET".to_owned(),
            path: "/orders".to_owned(),
            place: Default::default(),
        }],
        load: true,
        inconclusive: Exit::Inconclusive.code(),
        ..Terms::default()
    };
    let part = PartOf { shard, host: format!("node-{}", shard.index), options: String::new() };
    let name = figures.name.clone();
    let mut events = vec![
        Event::RunStarted(RunStarted {
            format: authbench::event::FORMAT,
            version: "0.1.0".to_owned(),
            catalogue: 1,
            started: planned,
            seed: 7,
            machine: Default::default(),
            shard: Some(part),
        }),
        Event::ScenarioStarted(ScenarioStarted {
            name: "load".to_owned(),
            file: "load.yaml".to_owned(),
            description: String::new(),
            tags: Vec::new(),
            target: "http://127.0.0.1:1/".to_owned(),
            scheme: "bearer".to_owned(),
            profile: "rfc6750".to_owned(),
            planned_checks: 0,
            terms: Some(Box::new(terms)),
        }),
        Event::LoadStarted(LoadStarted { name: name.clone(), offered_rate: Some(1000.0), length_s: 10.0 }),
    ];
    events.extend((0..10).map(|at| {
        let interval = Interval {
            start_s: f64::from(at),
            length_s: 1.0,
            outcomes: Outcomes { granted: 1000, ..Outcomes::default() },
            unexpected: 0,
            response_time_us: Latency::of(&response),
            histogram: second.clone(),
        };
        Event::LoadInterval(LoadInterval { phase: name.clone(), interval })
    }));
    events.push(Event::LoadFinished(Box::new(figures)));
    events.push(Event::ScenarioFinished(ScenarioFinished {
        applicable: 0,
        executed: 0,
        exit_code: 0,
        findings: None,
        answers: Some(Answers::default()),
    }));
    let finished = RunFinished { finished: planned, exit_code: 0, reason: String::new() };
    events.push(Event::RunFinished(finished));
    Record::from_events(&events)
}

fn merged(records: impl IntoIterator<Item = Record>, expect: u32, missing: u32) -> Record {
    let today = jiff::civil::date(2026, 11, 26);
    let mut merge = Merge::new(Expected { shards: expect, missing, today });
    records.into_iter().for_each(|record| merge.add(record).expect("belongs to the run"));
    merge.finish().expect("can be merged")
}

/// Exit code and reason.
fn end(record: &Record) -> (u8, String) {
    let finished = record.finished.as_ref().expect("came to its end");
    (finished.exit_code, finished.reason.clone())
}

#[test]
fn shards_that_agree_have_one_verdict() {
    let record = merged(shards(4).map(|shard| record(shard, 3, |_| {})), 4, 0);
    assert_eq!(end(&record).0, 0, "{}", end(&record).1);
    let phase = &record.scenarios[0].load[0];
    let figures = phase.figures.as_ref().expect("has figures");
    assert_eq!((figures.requests, figures.offered_rate, figures.connections), (40_000, Some(4000.0), 128));
    assert_eq!(phase.intervals.len(), 10);
    assert!(phase.intervals.iter().all(|second| second.outcomes.granted == 4000));
    assert_eq!(record.scenarios[0].thresholds[0].holds, Some(true));
    let shards = record.shards.as_ref().expect("has shards");
    assert_eq!((shards.shards.len(), shards.intervals.len()), (4, 1));
    // the merged record renders like any other, and reads back as itself
    for name in ["html", "json", "jsonl", "junit", "text", "md", "csv", "hlog", "openmetrics"] {
        let format = authbench::report::format(name).expect("is a format");
        assert!(!(format.render)(&record).expect("renders").is_empty(), "{name}");
    }
    let lines = (authbench::report::format("jsonl").expect("is a format").render)(&record).expect("renders");
    assert_eq!(authbench::report::read_jsonl(&lines[..]).expect("reads"), record);
}

#[test]
fn a_shard_that_is_missing_late_slow_or_doubtful_is_named() {
    let all = |late: i64| shards(4).map(move |shard| record(shard, if shard.index == 3 { late } else { 0 }, |_| {}));
    let slow = |figures: &mut LoadFigures| figures.achieved_rate = 900.0;
    let doubtful = |figures: &mut LoadFigures| figures.inconclusive = Some("it was busy".to_owned());
    let changed = |change: fn(&mut LoadFigures)| {
        shards(4)
            .map(move |shard| {
                record(shard, 0, |figures| {
                    if shard.index == 2 {
                        change(figures)
                    }
                })
            })
            .collect()
    };
    let cases: [(Vec<Record>, &str); 5] = [
        (all(0).take(3).collect(), "no record of the shards 4/4"),
        (all(2000).collect(), "shard 3/4 started the phase steady 2.0 s late"),
        (changed(slow), "shard 2/4 was slow in the phase steady: 900 of 1000 requests a second"),
        (changed(doubtful), "inconclusive"),
        (all(0).skip(2).collect(), "no record of the shards 1/4, 2/4"),
    ];
    for (records, expected) in cases {
        let record = merged(records, 4, 0);
        let (code, reason) = end(&record);
        assert_eq!(code, 5, "{expected}: {reason}");
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(record.scenarios[0].thresholds[0].holds, None, "{expected}: nothing is proved without the whole");
    }
}

#[test]
fn what_may_be_missing_is_stated_as_the_load_that_was_offered() {
    let record = merged(shards(4).take(3).map(|shard| record(shard, 0, |_| {})), 4, 1);
    assert_eq!(end(&record).0, 0, "{}", end(&record).1);
    let figures = record.scenarios[0].load[0].figures.as_ref().expect("has figures");
    assert_eq!(figures.notes, ["1 of 4 shards are missing: 3000 requests a second were offered"]);
}

#[test]
fn records_of_other_runs_are_refused() {
    let today = jiff::civil::date(2026, 11, 26);
    let one = || record(Shard { index: 1, count: 2 }, 0, |_| {});
    let two = || record(Shard { index: 2, count: 2 }, 0, |_| {});
    let with = |change: fn(&mut Record)| {
        let mut record = two();
        change(&mut record);
        record
    };
    for (other, expected) in [
        (one(), "shard 1/2 was given before"),
        (record(Shard { index: 2, count: 3 }, 0, |_| {}), "--expect says 2 shards"),
        (with(|record| record.started.as_mut().unwrap().seed = 8), "its seed differs"),
        (with(|record| record.started.as_mut().unwrap().version = "9".to_owned()), "its version of authbench differs"),
        (with(|record| record.started.as_mut().unwrap().shard = None), "the record of a whole run"),
        (
            with(|record| record.scenarios[0].started.terms.as_mut().unwrap().digest = "d2".to_owned()),
            "its scenario load differs",
        ),
    ] {
        let mut merge = Merge::new(Expected { shards: 2, missing: 0, today });
        merge.add(one()).expect("is the first");
        let why = merge.add(other).expect_err(expected);
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn a_shard_that_was_cut_off_is_named() {
    let mut records: Vec<_> = shards(4).map(|shard| record(shard, 0, |_| {})).collect();
    records[1].finished = None;
    records[1].scenarios[0].finished = None;
    records[1].scenarios[0].load[0].figures = None;
    let record = merged(records, 4, 0);
    let (code, reason) = end(&record);
    assert_eq!(code, 5, "{reason}");
    assert!(reason.contains("shard 2/4 was cut off before its end"), "{reason}");
}

/// Verdicts of a run by check.
fn verdicts(record: &Record) -> Vec<(String, Verdict)> {
    let mut verdicts: Vec<_> = record.checks().map(|(_, check)| (check.id.clone(), check.verdict)).collect();
    verdicts.sort();
    verdicts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_in_four_shards_come_to_the_verdicts_of_one_run() {
    let config =
        authbench::reference::Config { faults: vec!["bearer-accepts-any-token".to_owned()], ..Default::default() };
    let served = match authbench::reference::start(config).await {
        Ok(served) => served,
        Err(_) => authbench::reference::start(Default::default()).await.expect("starts"),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("checks.yaml");
    let yaml = format!(
        "authbench: 1\nname: checks\ntarget: {{ url: '{}', owned: true }}\nscheme: bearer\ncredentials:\n  service: {{ token: \
         abt_service_Lk29dMx7Qw3Zr8Tn, scopes: [read:orders, write:orders] }}\nresources:\n  - {{ request: GET /bearer/orders, \
         scopes: [read:orders] }}\n",
        served.url()
    );
    std::fs::write(&file, yaml).expect("writes");
    let recorded = |shard: Shard| {
        let file = file.clone();
        async move {
            let options = Options { only: Some(Only::Conformance), shard, ..Options::new(Launch::InProcess) };
            let ready = prepare(load_paths(&[file]).expect("is a scenario"), Some(&NoVariables), &options);
            let mut events = Vec::new();
            run(ready.expect("is ready"), &options, &mut |event| events.push(event)).await;
            Record::from_events(&events)
        }
    };
    let whole = recorded(Shard::default()).await;
    let mut records = Vec::new();
    for shard in shards(4) {
        records.push(recorded(shard).await);
    }
    served.stop().await;
    let record = merged(records, 4, 0);
    assert!(verdicts(&whole).len() > 10, "{:?}", verdicts(&whole));
    assert_eq!(verdicts(&whole), verdicts(&record));
    assert_eq!(end(&whole).0, end(&record).0, "{}", end(&record).1);
}
