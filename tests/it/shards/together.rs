//! Shards that run side by side in this process.

use std::path::Path;
use std::time::Duration;

use authbench::check::Verdict;
use authbench::report::Record;
use authbench::run::{Launch, Only, Options, Start, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use authbench::shard::Shard;

use super::{end, merged, scenario, shards};

/// Verdicts of a run by check.
fn verdicts(record: &Record) -> Vec<(String, Verdict)> {
    let mut verdicts: Vec<_> = record.checks().map(|(_, check)| (check.id.clone(), check.verdict)).collect();
    verdicts.sort();
    verdicts
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
