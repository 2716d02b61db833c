//! What a command line says about a run: which scenarios, when to end, what to compare with.

use std::path::Path;
use std::process::Output;

use crate::binary::{authbench, told};
use serde_json::Value;

/// Two scenarios of the reference; the second has a hole that several checks find.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let sound = "authbench: 1\nname: Sound keys\ntags: [fast]\ntarget: reference\nscheme: api-key\n\
                 conformance: { include: [apikey.missing-denied, apikey.valid-accepted] }\n";
    let open = "authbench: 1\nname: Open doors\ntags: [fast, holes]\ntarget: { reference: { faults: [user-only-check, bcrypt-72] } }\n\
                scheme: basic\nconformance: { include: [basic.*] }\n";
    std::fs::write(folder.path().join("a.yaml"), sound).expect("writes");
    std::fs::write(folder.path().join("b.yaml"), open).expect("writes");
    folder
}

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = authbench(folder);
    command.args(["run", "a.yaml", "b.yaml", "--report", "json=out.json"]).args(arguments);
    command.envs(variables.iter().copied()).output().expect("runs")
}

/// Names of the scenarios that ran.
fn ran(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let output = run(folder, arguments, variables);
    let report = std::fs::read(folder.join("out.json")).unwrap_or_else(|_| panic!("{}", told(&output)));
    let report: Value = serde_json::from_slice(&report).expect("is JSON");
    let scenarios = report["scenarios"].as_array().expect("a list").iter();
    scenarios.filter_map(|one| one["name"].as_str()).map(str::to_owned).collect()
}

#[test]
fn scenarios_are_selected_by_tag_name_file_and_scheme() {
    let folder = folder();
    for (arguments, variables, expected) in [
        (&["--tag", "fast", "--skip-tag", "holes"][..], &[][..], &["Sound keys"][..]),
        (&["-k", "Open*"], &[], &["Open doors"]),
        (&["--filter", "a.yaml"], &[], &["Sound keys"]),
        (&["--scheme", "basic"], &[], &["Open doors"]),
        (&[], &[("AUTHBENCH_SKIP_TAG", "holes,other")], &["Sound keys"]),
        (&[], &[("AUTHBENCH_FILTER", "*doors,*keys"), ("AUTHBENCH_QUIET", "1")], &["Sound keys", "Open doors"]),
    ] {
        assert_eq!(ran(folder.path(), arguments, variables), expected, "{arguments:?} {variables:?}");
    }
}

#[test]
fn nothing_selected_ends_with_4_and_says_by_what() {
    let folder = folder();
    let output = run(folder.path(), &["--tag", "nothing-has-this"], &[]);
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("--tag nothing-has-this"), "{stderr}");
    assert_eq!(stderr.lines().last(), Some("exit 4: nothing was selected to run"));
    let output = run(folder.path(), &["--scheme", "basci"], &[]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("did you mean `basic`?"), "{}", told(&output));
}

#[test]
fn the_first_failure_may_end_a_run() {
    let folder = folder();
    let failures = |arguments: &[&str]| {
        let output = run(folder.path(), arguments, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("exit 1: there are findings: "), "{stderr}");
        let report = std::fs::read(folder.path().join("out.json")).expect("the report is there");
        let report: Value = serde_json::from_slice(&report).expect("is JSON");
        let checks = report["scenarios"].as_array().expect("a list").iter().flat_map(|one| one["checks"].as_array());
        checks.flatten().filter(|check| check["verdict"] == "fail").count()
    };
    let all = failures(&[]);
    assert!(all > 1, "{all} failures");
    let (first, limited) =
        (failures(&["--jobs", "1", "--fail-fast"]), failures(&["--jobs", "1", "--max-failures", "1"]));
    assert!(first < all && limited == first, "{first} and {limited} of {all}");
    // the hole is in the second scenario; where it is the first, the other does not run
    let mut command = authbench(folder.path());
    let output = command.args(["run", "b.yaml", "a.yaml", "--fail-fast"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(!told(&output).contains("Sound keys"), "{}", told(&output));
}

#[test]
fn colours_are_as_they_are_asked_for() {
    let folder = folder();
    let coloured = |variables: &[(&str, &str)]| {
        let output = run(folder.path(), &["-k", "Open*"], variables);
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[]) && coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn a_baseline_is_saved_and_compared_with() {
    let folder = folder();
    let output = run(folder.path(), &["-k", "Sound*", "--save-baseline", "main"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let saved = std::fs::read_to_string(folder.path().join("reports/baselines/main.jsonl")).expect("is saved");
    assert!(!saved.contains("\"evidence\""), "a baseline holds no exchanges");
    let output = run(folder.path(), &["-k", "Sound*", "--baseline", "main"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("no regression"), "{}", told(&output));

    // the same scenario with a hole, and without one of its checks
    let open = "authbench: 1\nname: Sound keys\ntarget: { reference: { faults: [accepts-any-key] } }\nscheme: api-key\n\
                conformance: { include: [apikey.invalid-denied, apikey.valid-accepted] }\n";
    std::fs::write(folder.path().join("a.yaml"), open).expect("writes");
    let mut command = authbench(folder.path());
    let output = command.args(["run", "a.yaml", "--baseline", "main", "--report", "json=out.json"]).output();
    let output = output.expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    for word in ["newly failing", "apikey.invalid-denied", "vanished", "apikey.missing-denied"] {
        assert!(told(&output).contains(word), "{word}: {}", told(&output));
    }
    let output = run(folder.path(), &["--baseline", "missing"], &[]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let output = run(folder.path(), &["--save-baseline", "../x"], &[]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
}
