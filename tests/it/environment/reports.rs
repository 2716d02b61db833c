//! Reports: for their owner alone, under names that nobody can take in advance, and listed only where they were written.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::binary::{authbench, has_answers_of_load, told};

const KEYS: &str = "authbench: 1\nname: n\ntarget: reference\nscheme: api-key\n";
const LOAD: &str = "authbench: 1\nname: long\ntarget: reference\nscheme: api-key\n\
    load: [{ name: endless, rate: 50/s, connections: 2, warmup: 0s, duration: 10m }]\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.yaml"), KEYS).expect("writes");
    std::fs::write(folder.path().join("load.yaml"), LOAD).expect("writes");
    folder
}

/// Files of a folder and of those within it.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).expect("is there").map(|entry| entry.expect("is readable").path());
    let mut found: Vec<_> = paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}

#[test]
fn reports_are_for_their_owner_alone() {
    let folder = folder();
    let program = authbench(folder.path());
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(program.get_program()).current_dir(folder.path());
    command.args([
        "run",
        "a.yaml",
        "--check",
        "apikey.missing-denied",
        "--save-baseline",
        "main",
        "--baselines",
        "kept",
    ]);
    command.args(["--report", "html=out/a.html", "--report", "jsonl=out/a.jsonl", "--report", "junit=out/a.xml"]);
    let output = command.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let written = [files(&folder.path().join("out")), files(&folder.path().join("kept"))].concat();
    assert_eq!(written.len(), 4, "{written:?}");
    for path in written {
        let mode = std::fs::metadata(&path).expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn no_link_is_followed_that_has_the_name_of_a_report() {
    let folder = folder();
    let victim = folder.path().join("victim");
    std::fs::write(&victim, "untouched").expect("writes");
    for name in ["run.jsonl", "run.jsonl.partial", "report.html"] {
        symlink("victim", folder.path().join(name)).expect("links");
    }
    let arguments =
        ["run", "a.yaml", "--check", "apikey.missing-denied", "--report", "jsonl=run.jsonl,html=report.html"];
    let output = authbench(folder.path()).args(arguments).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(std::fs::read_to_string(&victim).expect("is there"), "untouched");
    let record = std::fs::read_to_string(folder.path().join("run.jsonl")).expect("is there");
    assert!(record.lines().last().is_some_and(|line| line.contains("run-finished")));
    assert!(std::fs::symlink_metadata(folder.path().join("report.html")).expect("is there").is_file());
}

/// Names of scenarios in a whole record.
fn recorded(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("is there");
    let events: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("is an event")).collect();
    assert_eq!(events.first().map(|event| event["event"].clone()), Some("run-started".into()));
    assert_eq!(events.last().map(|event| event["event"].clone()), Some("run-finished".into()));
    let started = events.iter().filter(|event| event["event"] == "scenario-started");
    started.map(|event| event["name"].as_str().expect("has a name").to_owned()).collect()
}

#[test]
fn two_runs_in_one_folder_share_no_file() {
    let folder = folder();
    let record = folder.path().join("run.jsonl");
    let report = ["--report", "jsonl=run.jsonl"];
    let mut long = authbench(folder.path());
    long.args(["run", "load.yaml", "--only", "load"]).args(report).stdout(Stdio::null()).stderr(Stdio::null());
    let mut long = long.spawn().expect("starts");
    let partial = folder.path().join("run.jsonl.partial");
    while !has_answers_of_load(&std::fs::read_to_string(&partial).unwrap_or_default()) {
        assert!(long.try_wait().expect("is ours").is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let arguments = ["run", "a.yaml", "--check", "apikey.missing-denied"];
    let output = authbench(folder.path()).args(arguments).args(report).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(recorded(&record), ["n"]);
    kill_process(Pid::from_child(&long), Signal::TERM).expect("is sent");
    assert_eq!(long.wait().expect("ends").code(), Some(143));
    assert_eq!(recorded(&record), ["long"]);
    let names: Vec<_> = files(folder.path()).iter().map(|path| path.file_name().expect("has one").to_owned()).collect();
    assert_eq!(names, ["a.yaml", "load.yaml", "run.jsonl"]);
}

#[test]
fn what_a_killed_run_left_gives_way_to_the_next() {
    let folder = folder();
    std::fs::write(folder.path().join("run.jsonl.partial"), "{\"event\":\"run-started\"").expect("writes");
    let arguments = ["run", "a.yaml", "--check", "apikey.missing-denied", "--report", "jsonl=run.jsonl"];
    let output = authbench(folder.path()).args(arguments).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(recorded(&folder.path().join("run.jsonl")), ["n"]);
    assert!(!folder.path().join("run.jsonl.partial").exists());
}

#[test]
fn a_report_that_was_not_written_is_not_listed() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("in-the-way.json")).expect("makes");
    let arguments =
        ["run", "a.yaml", "--check", "apikey.missing-denied", "--report", "json=in-the-way.json,html=written.html"];
    let output = authbench(folder.path()).args(arguments).output().expect("runs");
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("written.html") && !stdout.contains("in-the-way.json"), "{stdout}");
    assert!(stderr.contains("failed to write in-the-way.json"), "{stderr}");
}
