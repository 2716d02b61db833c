//! Shards, merges and manifests of the real binary.

use std::process::Stdio;
use std::time::Duration;

use authbench::drive::load::{ArrivalProcess, Pacer, Stride};
use authbench::shard::Shard;

use super::scenario;
use crate::binary::{Served, authbench, told};

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
    let load = "load: [ { name: steady, rate: 100/s, arrivals: poisson, warmup: 1s, duration: 2s, connections: 4, timeout: 60s, max_lateness: \
                60s, mix: { valid: 90%, no-credential: 10% } } ]\n";
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

#[test]
fn a_manifest_names_the_variables_that_a_run_needs_and_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "authbench: 1 # ${IN_A_COMMENT}\nname: load ${IN_A_NAME}\ntarget: { url: 'http://127.0.0.1:9', owned: true }\n\
                scheme: api-key\ncredentials: { service: { key: '${ORDERS_KEY}' } }\n\
                resources: [ { request: POST /orders, json: { item: '${ORDERS_ITEM}', of: '${SHOP:-mine}' } } ]\n\
                load: [ { name: steady, rate: 100/s, duration: 1s } ]\n";
    std::fs::write(folder.path().join("load.yaml"), text).expect("writes");
    let run = |arguments: &[&str]| told(&authbench(folder.path()).args(arguments).output().expect("runs"));
    let manifest = run(&["emit", "slurm", "load.yaml", "--shards", "2"]);
    let checked = run(&["check", "load.yaml"]);
    for (variable, needed) in
        [("ORDERS_KEY", true), ("ORDERS_ITEM", true), ("SHOP", false), ("IN_A_COMMENT", false), ("IN_A_NAME", false)]
    {
        assert_eq!(manifest.contains(&format!("export {variable}")), needed, "{variable}: {manifest}");
        assert_eq!(checked.contains(&format!("note: {variable} ")), needed, "{variable}: {checked}");
    }
}
