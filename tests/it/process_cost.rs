//! What a request costs the process of a local target that somebody else started.

use std::path::Path;

use serde_json::Value;

use crate::binary::{Served, authbench, told};

/// Runs a scenario with parts at a target with a process; its exit code, its report, and what it said.
fn run(folder: &Path, target: &str, parts: &str) -> (Option<i32>, Value, String) {
    let scenario = format!(
        "authbench: 1\nname: cost\ntarget: {{ {target}, owned: true }}\nscheme: bearer\n\
         credentials:\n  service: {{ token: abt_service_Lk29dMx7Qw3Zr8Tn }}\n\
         resources:\n  - request: GET /bearer/orders\n{parts}"
    );
    std::fs::write(folder.join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder);
    command.args(["run", "a.yaml", "--seed", "1", "--report", "json=out.json"]);
    let output = command.output().expect("runs");
    let report = std::fs::read(folder.join("out.json")).unwrap_or_default();
    (output.status.code(), serde_json::from_slice(&report).unwrap_or_default(), told(&output))
}

const LOAD: &str = "load: [{ name: steady, duration: 1s, connections: 4, max_lateness: 5s }]\n";

#[test]
fn a_named_process_has_its_cost_in_load_and_in_the_overhead_study() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("url: \"{}\", pid: {}", served.url(), served.pid());
    let overhead = "overhead:\n  baseline: open\n  duration: 400ms\n  schemes:\n    \
                    - { name: open, scheme: none, request: GET /public }\n    \
                    - { name: ours, scheme: bearer, credentials: { service: { token: abt_service_Lk29dMx7Qw3Zr8Tn } }, \
                    request: GET /bearer/orders }\n";
    let parts = format!("conformance: {{ include: [bearer.valid-accepted] }}\n{LOAD}{overhead}");
    let (_, report, said) = run(folder.path(), &target, &parts);
    let cost = &report["scenarios"][0]["load"][0]["target_cost"];
    let (seconds, rate) = (cost["cpu_s"].as_f64(), cost["requests_per_core_second"].as_f64());
    let answered = report["scenarios"][0]["load"][0]["requests"].as_f64().expect("sends");
    // a server cannot use more processors than there are
    assert!(seconds.is_some_and(|seconds| seconds > 0.0 && seconds < 60.0), "{cost}\n{said}");
    assert!(
        rate.is_some_and(|rate| (rate * seconds.unwrap_or_default() / answered - 1.0).abs() < 0.01),
        "{cost}\n{said}"
    );
    assert!(said.contains("answers for each core second"), "{said}");
    let rows = report["scenarios"][0]["overhead"]["rows"].as_array().cloned().unwrap_or_default();
    let ours = rows.iter().find(|row| row["name"] == "ours").unwrap_or_else(|| panic!("no row: {report}\n{said}"));
    assert!(ours["requests_per_core_second"].as_f64().is_some_and(|rate| rate > 0.0), "{ours}\n{said}");
}

#[test]
fn without_a_process_nothing_is_said_of_a_cost() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("url: \"{}\"", served.url());
    let parts = format!("conformance: {{ include: [bearer.valid-accepted] }}\n{LOAD}");
    let (_, report, said) = run(folder.path(), &target, &parts);
    assert!(report["scenarios"][0]["load"][0]["requests"].as_u64().is_some_and(|sent| sent > 0), "{said}");
    assert!(report["scenarios"][0]["load"][0]["target_cost"].is_null(), "{said}");
}

#[test]
fn a_process_that_is_not_there_is_a_mistake_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = "conformance: { include: [bearer.valid-accepted] }\n";
    // no process has this id: it is beyond what Linux gives
    for (target, expected) in [
        ("url: \"http://127.0.0.1:9\", pid: 4194999", "there is no process 4194999 on this machine"),
        ("url: \"http://127.0.0.1:9\", pid: own", "expected a process id such as 4242"),
        ("url: \"http://api.example.test\", pid: 1", "the target is not on this machine"),
    ] {
        let (code, _, said) = run(folder.path(), target, parts);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected) && said.contains("a.yaml:3:"), "{said}");
    }
}
