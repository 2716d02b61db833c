//! What a merge makes of the records of shards.

use authbench::event::shards::{Answers, ShardPart, Terms, WrittenPhase, WrittenThreshold};
use authbench::event::{
    Event, LoadInterval, LoadStarted, Note, NoteKind, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted,
};
use authbench::exit::Exit;
use authbench::merge::{ExpectedShards, Merge};
use authbench::observe::{Interval, Latency, LoadFigures, Outcomes, PhaseTiming, encode, histogram};
use authbench::report::Record;
use authbench::shard::Shard;

use super::{end, merged, shards};
use crate::sample::figures::{outcomes, steady};

/// What makes a record another one.
type Change = fn(&mut Record);

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
