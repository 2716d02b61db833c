//! Shards of a run: what they send together, and what a merge makes of their records.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use authbench::check::Verdict;
use authbench::drive::load::{ArrivalProcess, Pacer, Stride};
use authbench::event::shards::{Answers, ShardPart, Terms, WrittenPhase, WrittenThreshold};
use authbench::event::{
    Event, LoadInterval, LoadStarted, Note, NoteKind, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted,
};
use authbench::exit::Exit;
use authbench::merge::{ExpectedShards, Merge};
use authbench::observe::{
    Interval, Latency, LoadFigures, Outcomes, PhaseTiming, ShardFigures, encode, histogram, unite,
};
use authbench::report::Record;
use authbench::run::{Launch, Only, Options, Start, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use authbench::shard::Shard;
use hdrhistogram::Histogram;

use crate::binary::{Served, authbench, told};
use crate::sample::figures::{outcomes, steady};

/// A token of the reference.
const SERVICE: &str = "abt_service_Lk29dMx7Qw3Zr8Tn";
const LENGTH: Duration = Duration::from_secs(10);

fn shards(count: u32) -> impl Iterator<Item = Shard> {
    (1..=count).map(move |index| Shard::new(index, count).expect("is in range"))
}

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
    let part = ShardPart { shard, host: format!("node-{}", shard.index), options: String::new(), barrier: true };
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
        untestable: None,
        answers: Some(Answers::default()),
    }));
    let finished = RunFinished { finished: planned, exit_code: 0, reason: String::new() };
    events.push(Event::RunFinished(finished));
    Record::from_events(&events)
}

fn merged(records: impl IntoIterator<Item = Record>, expect: u32, missing: u32) -> Record {
    let today = jiff::civil::date(2026, 11, 26);
    let mut merge = Merge::new(ExpectedShards { shards: expect, missing, today });
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

/// What makes a record another one.
type Change = fn(&mut Record);

#[test]
fn a_shard_that_differs_is_left_out_and_named() {
    let of = |index: u32| record(Shard { index, count: 2 }, 0, |_| {});
    let changes: [(Change, &str); 5] = [
        (|record| record.started.as_mut().unwrap().seed = 8, "seed"),
        (|record| record.started.as_mut().unwrap().version = "9".to_owned(), "version of authbench"),
        (|record| record.started.as_mut().unwrap().catalogue = 9, "catalogue"),
        (|record| record.started.as_mut().unwrap().shard.as_mut().unwrap().shard.count = 3, "number of shards"),
        (
            |record| record.scenarios[0].started.terms.as_mut().unwrap().digest = "d2".to_owned(),
            "scenario load (its text, waivers or options)",
        ),
    ];
    for (change, what) in changes {
        let mut other = of(2);
        change(&mut other);
        let name = other.started.as_ref().unwrap().shard.as_ref().unwrap().shard;
        let record = merged([of(1), other], 2, 0);
        let (code, reason) = end(&record);
        assert_eq!(code, 5, "{what}: {reason}");
        let expected = format!("shard {name} is of another run than shard 1/2: its {what} differs");
        assert!(reason.contains(&expected), "{reason}");
        let figures = record.scenarios[0].load[0].figures.as_ref().expect("has figures");
        assert_eq!(figures.requests, 10_000, "{what}: what differs is not added");
    }
}

#[test]
fn a_record_that_is_none_of_a_shard_is_refused() {
    let one = || record(Shard { index: 1, count: 2 }, 0, |_| {});
    let mut whole = one();
    whole.started.as_mut().unwrap().shard = None;
    let today = jiff::civil::date(2026, 11, 26);
    for (records, expected) in [
        (vec![whole], "it is the record of a whole run, not of a shard"),
        (vec![one(), one()], "shard 1/2 was given before: each shard is merged once"),
        (vec![record(Shard { index: 2, count: 3 }, 0, |_| {})], "it is shard 2/3, but --expect says 2 shards"),
        (vec![Record::default()], "it has no start of a run"),
    ] {
        let mut merge = Merge::new(ExpectedShards { shards: 2, missing: 0, today });
        let why = records.into_iter().find_map(|record| merge.add(record).err()).expect(expected);
        assert_eq!(why.to_string(), expected);
    }
}

#[test]
fn a_shard_that_was_cut_off_is_named_and_counts_as_missing() {
    let records = || {
        let mut records: Vec<_> = shards(4).map(|shard| record(shard, 0, |_| {})).collect();
        records[1].finished = None;
        records[1].scenarios[0].finished = None;
        records[1].scenarios[0].load[0].figures = None;
        records
    };
    let (code, reason) = end(&merged(records(), 4, 0));
    assert_eq!((code, reason.as_str()), (5, "inconclusive: shard 2/4 was cut off before its end"));
    let record = merged(records(), 4, 1);
    assert_eq!(end(&record).0, 0, "{}", end(&record).1);
    assert!(record.notes.iter().any(|note| note.text == "shard 2/4 was cut off before its end"), "{:?}", record.notes);
}

#[test]
fn what_a_shard_could_not_do_makes_the_whole_inconclusive() {
    let mut records: Vec<_> = shards(4).map(|shard| record(shard, 0, |_| {})).collect();
    let text = "waited 300 s at the barrier b for the shards 1/4".to_owned();
    records[2].scenarios[0].notes.push(Note { kind: NoteKind::Error, text });
    let (code, reason) = end(&merged(records, 4, 0));
    assert_eq!(
        (code, reason.as_str()),
        (5, "inconclusive: shard 3/4: waited 300 s at the barrier b for the shards 1/4")
    );
}

/// Verdicts of a run by check.
fn verdicts(record: &Record) -> Vec<(String, Verdict)> {
    let mut verdicts: Vec<_> = record.checks().map(|(_, check)| (check.id.clone(), check.verdict)).collect();
    verdicts.sort();
    verdicts
}

/// A scenario for a reference that runs apart from it, with this beside its scheme.
fn scenario(folder: &Path, url: &str, more: &str) -> PathBuf {
    let file = folder.join("scenario.yaml");
    let text = format!(
        "authbench: 1\nname: shards\ntarget: {{ url: '{url}', owned: true }}\nscheme: bearer\ncredentials:\n  service: {{ \
         token: {SERVICE}, scopes: [read:orders, write:orders] }}\nresources:\n  - {{ request: GET /bearer/orders, scopes: \
         [read:orders] }}\n{more}"
    );
    std::fs::write(&file, text).expect("writes");
    file
}

/// Runs a shard in this process.
async fn recorded(file: &Path, only: Only, shard: Shard, start: Start) -> Record {
    let options = Options { only: Some(only), shard, start, seed: 7, ..Options::new(Launch::InProcess) };
    let ready = prepare(load_paths(&[file.to_owned()]).expect("is a scenario"), Some(&NoVariables), &options);
    let mut events = Vec::new();
    run(ready.expect("is ready"), &options, &mut |event| events.push(event)).await;
    Record::from_events(&events)
}

async fn served(faults: &[&str]) -> authbench::reference::ReferenceServer {
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let config = authbench::reference::Config { faults, ..Default::default() };
    authbench::reference::start(config).await.expect("starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_in_four_shards_come_to_the_verdicts_of_one_run() {
    for faults in [&[][..], &["bearer-accepts-expired-token", "bare-bearer"]] {
        let served = served(faults).await;
        let folder = tempfile::tempdir().expect("a folder");
        let case = "cases: [ { name: a case, with: service, request: GET /bearer/orders, expect: { status: 200 } } ]\n";
        let file = scenario(folder.path(), &served.url(), case);
        let whole = recorded(&file, Only::Conformance, Shard::default(), Start::Now).await;
        let mut records = Vec::new();
        for shard in shards(4) {
            records.push(recorded(&file, Only::Conformance, shard, Start::Now).await);
        }
        served.stop().await;
        let record = merged(records, 4, 0);
        assert!(verdicts(&whole).len() > 10, "{:?}", verdicts(&whole));
        assert_eq!(verdicts(&whole), verdicts(&record), "{faults:?}");
        assert_eq!(end(&whole).0, end(&record).0, "{faults:?}: {}", end(&record).1);
        let findings = |record: &Record| {
            let finished = record.scenarios[0].finished.clone().expect("came to its end");
            finished
                .findings
                .expect("has findings")
                .into_iter()
                .map(|finding| (finding.check, finding.endpoint))
                .collect::<Vec<_>>()
        };
        assert_eq!(findings(&whole), findings(&record), "{faults:?}");
        assert_eq!(findings(&record).is_empty(), faults.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_disturbs_does_not_run_where_a_shard_did_not_arrive() {
    let served = served(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = scenario(folder.path(), &served.url(), "");
    let last = Shard { index: 2, count: 2 };
    let start = Start::barrier(folder.path().join("barrier"), last, Duration::ZERO);
    let record = recorded(&file, Only::Conformance, last, start).await;
    served.stop().await;
    let why = "not all shards had run the checks before it";
    let held_back: Vec<_> = record.checks().filter(|(_, check)| check.summary.contains(why)).collect();
    assert!(!held_back.is_empty());
    assert!(held_back.iter().all(|(_, check)| check.verdict == Verdict::Inconclusive));
    let (code, reason) = end(&merged([record], 2, 1));
    assert_eq!(code, 5, "checks that are missing prove nothing: {reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_disturbs_beside_other_shards_makes_the_whole_inconclusive() {
    let served = served(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = scenario(folder.path(), &served.url(), "");
    let last = recorded(&file, Only::Conformance, Shard { index: 2, count: 2 }, Start::Now).await;
    let first = recorded(&file, Only::Conformance, Shard { index: 1, count: 2 }, Start::Now).await;
    served.stop().await;
    let (code, reason) = end(&merged([first, last], 2, 0));
    assert_eq!(code, 5, "{reason}");
    assert!(reason.contains("shard 2/2 ran checks that disturb while shard 1/2 was running"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_take_the_steps_of_a_search_together() {
    let served = served(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let load = "load: [ { name: search, rate: 50/s, to: 100/s, duration: 200ms, connections: 4, max_lateness: 10s, capacity: \
                { max: 1h } } ]\n";
    let file = scenario(folder.path(), &served.url(), load);
    let start = |shard| Start::barrier(folder.path().join("barrier"), shard, Duration::from_secs(120));
    let of = |index| {
        let shard = Shard { index, count: 2 };
        recorded(&file, Only::Load, shard, start(shard))
    };
    let (one, two) = tokio::join!(of(1), of(2));
    served.stop().await;
    let steps = |record: &Record| {
        let figures =
            record.scenarios[0].load[0].figures.clone().unwrap_or_else(|| panic!("{:?}", record.scenarios[0].notes));
        figures.capacity.expect("is a search").steps
    };
    assert!(!steps(&one).is_empty());
    assert_eq!(steps(&one), steps(&two), "what shard 1 decides holds for all");
    let record = merged([one, two], 2, 0);
    let figures = record.scenarios[0].load[0].figures.as_ref().expect("has figures");
    // each shard sent its half of a step of 200 ms
    let rate = steps(&record).last().expect("has steps").rate;
    assert_eq!(figures.requests as f64, rate / 5.0, "{figures:?}");
    let decisions = std::fs::read_dir(folder.path().join("barrier")).expect("is there");
    let decisions = decisions.filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|extension| extension == "decision"))
    });
    assert_eq!(decisions.count(), steps(&record).len(), "one decision file a round");
}

#[test]
fn a_mistake_with_shards_is_a_usage_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = "authbench: 1\nname: own\ntarget: reference\nscheme: bearer\n";
    std::fs::write(folder.path().join("own.yaml"), own).expect("writes");
    scenario(folder.path(), "http://127.0.0.1:9", "load: [ { name: search, duration: 1s, capacity: { max: 1s } } ]\n");
    for (arguments, expected) in [
        (&["run", "scenario.yaml", "--shard", "1/2"][..], "a shard needs --seed"),
        (&["run", "scenario.yaml", "--shard", "3/2", "--seed", "1"], "expected a shard such as 2/16"),
        (&["run", "scenario.yaml", "--shard", "1/2", "--seed", "1"], "the shards have to agree on each step"),
        (&["run", "own.yaml", "--shard", "1/2", "--seed", "1"], "every shard would start a target of its own"),
        (&["run", "scenario.yaml", "--start-at", "soon"], "expected a time such as 2026-11-26T09:30:00Z"),
        (&["emit", "slurm", "own.yaml", "--shards", "2"], "every shard would start a target of its own"),
        (&["merge", ".", "--expect", "2"], "failed to find a record"),
    ] {
        let output = authbench(folder.path()).args(arguments).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(expected), "{arguments:?}: {}", told(&output));
    }
    let output =
        authbench(folder.path()).args(["run", "scenario.yaml"]).env("SLURM_ARRAY_TASK_ID", "x").output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("SLURM_ARRAY_TASK_ID is not a number"), "{}", told(&output));
}

#[test]
fn two_shards_of_the_binary_are_one_load() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let load = "load: [ { name: steady, rate: 100/s, arrivals: poisson, warmup: 1s, duration: 2s, connections: 4, max_lateness: \
                10s, mix: { valid: 90%, no-credential: 10% } } ]\n";
    scenario(folder.path(), served.url(), load);
    let command = |shard: &str| {
        let mut command = authbench(folder.path());
        command.args(["run", "scenario.yaml", "--only", "load", "--seed", "5", "--shard", shard]);
        command
    };
    let shards: Vec<_> = ["1/2", "2/2"]
        .map(|shard| {
            let mut command = command(shard);
            command.args(["--barrier", "barrier", "--report", "jsonl=records/{shard}.jsonl"]).stdout(Stdio::null());
            command.spawn().expect("starts")
        })
        .into_iter()
        .map(|mut child| child.wait().expect("ends").code())
        .collect();
    assert_eq!(shards, [Some(0), Some(0)], "a shard has no verdict");
    let output = authbench(folder.path()).args(["merge", "records", "--expect", "2"]).output().expect("runs");
    assert!(matches!(output.status.code(), Some(0 | 5)), "{}", told(&output));
    let report = std::fs::read(folder.path().join("reports/report.json")).expect("is there");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("is JSON");
    let measured = (Duration::from_secs(1), Duration::from_secs(2));
    let pacer = Pacer::new(ArrivalProcess::Poisson(100.0), measured, Stride::of(Shard::default(), 0, 1), 5);
    let due = pacer.filter(|arrival| arrival.due >= measured.0).count();
    assert_eq!(report["scenarios"][0]["load"][0]["requests"], due, "as many as the schedule of one machine has");
    let html = std::fs::read_to_string(folder.path().join("reports/report.html")).expect("is there");
    assert!(html.contains("2 of 2 shards merged"));
    // a shard alone: the other one is named
    let output =
        authbench(folder.path()).args(["merge", "records/0002.jsonl", "--expect", "2"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(5), "{}", told(&output));
    assert!(told(&output).contains("no record of the shards 1/2"), "{}", told(&output));
}

#[test]
fn a_manifest_names_secrets_and_reads_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "authbench: 1\nname: load\ntarget: { url: 'http://127.0.0.1:9', owned: true }\nscheme: api-key\n\
                credentials: { service: { key: '${ORDERS_KEY}' } }\nresources: [ { request: GET /orders } ]\n\
                load: [ { name: steady, rate: 100/s, duration: 1s } ]\n";
    std::fs::write(folder.path().join("load.yaml"), text).expect("writes");
    for (scheduler, expected) in [
        ("kubernetes", "secretKeyRef: {name: authbench-secrets, key: ORDERS_KEY}"),
        ("slurm", "export ORDERS_KEY"),
        ("github", "ORDERS_KEY: ${{ secrets.ORDERS_KEY }}"),
        ("gitlab", "--shard \"$SHARD/4\""),
    ] {
        let output = authbench(folder.path())
            .args(["emit", scheduler, "load.yaml", "--shards", "4"])
            .env("ORDERS_KEY", "k-5f1e2d3c4b5a")
            .output()
            .expect("runs");
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let text = told(&output);
        assert!(text.contains(expected), "{scheduler}: {text}");
        assert!(!text.contains("k-5f1e2d3c4b5a"));
        assert!(!text.lines().any(|line| line.contains("@SHARDS@") || line.contains("@NAME@")), "{scheduler}: {text}");
    }
}
