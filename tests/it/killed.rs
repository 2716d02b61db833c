//! A run that is killed (SIGKILL) at any moment: what its record has is readable, each report is the old one or a whole new one, and no
//! process stays behind. `benches/kill.sh` does the same at a hundred moments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::binary::{authbench, told};
use crate::environment::in_time;

/// Checks against a reference, which is a child, and a load; then a command that never answers, and is a child too.
const FIRST: &str = "authbench: 1\nname: first\ntarget: { reference: { strict: true } }\nscheme: api-key\n\
    conformance: { include: [\"apikey.*\"] }\n\
    load: [{ name: short, rate: 200/s, connections: 2, warmup: 0s, duration: 300ms }]\n";
const SECOND: &str = "authbench: 1\nname: second\n\
    target: { command: { run: [sh, -c, \"exec sleep 1000\", \"{port}\"], ready: /, timeout: 300ms } }\n\
    scheme: api-key\ncredentials: { a: { key: k-0123456789abcdef } }\nresources: [{ request: GET /a }]\n";
/// Reports, with what the whole of each ends in.
const REPORTS: [(&str, &str); 5] =
    [("jsonl", "}\n"), ("json", "}\n"), ("html", "</html>\n"), ("junit", "</testsuites>\n"), ("sarif", "}\n")];

/// The command line of a run that writes all of them.
fn arguments(seed: u32) -> Vec<String> {
    let reports = REPORTS.map(|(format, _)| format!("{format}=out/{format}")).join(",");
    ["run", "a.yaml", "b.yaml", "--quiet", "--seed", &seed.to_string(), "--report", &reports].map(str::to_owned).into()
}

fn start(folder: &Path, seed: u32) -> Child {
    let mut command = authbench(folder);
    command.args(arguments(seed)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts")
}

/// The bytes of each report that is there.
fn reports(folder: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let there = REPORTS.iter().filter_map(|(format, _)| {
        let bytes = std::fs::read(folder.join("out").join(format)).ok()?;
        Some((*format, bytes))
    });
    there.collect()
}

/// Processes that have the folder for their working folder, as every child of a run has.
fn processes_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().expect("is there");
    let all = std::fs::read_dir("/proc").expect("is there").filter_map(Result::ok).map(|entry| entry.path());
    let within =
        all.filter(|process| std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder)));
    // one that ended and that nobody waited for is no process any more
    let status = |process: &PathBuf| std::fs::read_to_string(process.join("status")).unwrap_or_default();
    within
        .map(|process| status(&process))
        .filter(|status| !status.is_empty() && !status.contains("State:\tZ"))
        .collect()
}

/// Asserts that a report is whole.
fn is_whole(format: &str, bytes: &[u8]) {
    let end = REPORTS.iter().find(|(name, _)| *name == format).expect("is one").1;
    let text = String::from_utf8_lossy(bytes);
    assert!(
        text.ends_with(end) || text.trim_end().ends_with(end.trim_end()),
        "{format} ends in {:?}",
        text.get(text.len().saturating_sub(80)..)
    );
    match format {
        "json" | "sarif" => drop(serde_json::from_slice::<serde_json::Value>(bytes).expect("is JSON")),
        "jsonl" => {
            assert!(text.lines().last().expect("has lines").contains("run-finished"), "a record without its end")
        }
        _ => {}
    }
}

/// Asserts that a record that was cut renders with every whole line, and that the report says that it was cut. How many lines.
fn partial_record(folder: &Path, partial: &Path) -> usize {
    let text = std::fs::read(partial).expect("is readable");
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    for line in text.split(|byte| *byte == b'\n').take(lines) {
        let event: serde_json::Value = serde_json::from_slice(line).expect("a whole line is an event");
        assert!(event["event"].is_string(), "{event}");
    }
    let rendered = authbench(folder).arg("render").arg(partial).output().expect("runs");
    if lines == 0 {
        assert_eq!(rendered.status.code(), Some(2), "{}", told(&rendered));
        return 0;
    }
    assert_eq!(rendered.status.code(), Some(0), "{}", told(&rendered));
    let finished = String::from_utf8_lossy(&text).contains("\"event\":\"run-finished\"");
    let says = told(&rendered).to_lowercase();
    assert!(finished || says.contains("cut off before its end"), "{lines} lines: {says}");
    lines
}

/// Kills runs at moments that a seed chooses, and looks at what they left. How many events their records had.
fn killed(moments: u32) -> Vec<usize> {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::write(folder.join("a.yaml"), FIRST).expect("writes");
    std::fs::write(folder.join("b.yaml"), SECOND).expect("writes");
    let began = Instant::now();
    start(folder, 0).wait().expect("ends");
    let took = began.elapsed();
    let mut old = reports(folder);
    assert_eq!(old.len(), REPORTS.len(), "{:?}", old.keys());
    let mut rng = StdRng::seed_from_u64(9);
    let mut events = Vec::new();
    for moment in 1..=moments {
        let after = Duration::from_secs_f64(took.as_secs_f64() * rng.random_range(0.0..1.1));
        let mut run = start(folder, moment);
        let started = Instant::now();
        while started.elapsed() < after && run.try_wait().expect("is ours").is_none() {
            std::thread::yield_now();
        }
        run.kill().expect("kills");
        run.wait().expect("ends");
        let left = folder.to_owned();
        in_time("the end of every process of the run", move || {
            while !processes_in(&left).is_empty() {
                std::thread::yield_now();
            }
        });
        let new = reports(folder);
        assert_eq!(new.len(), REPORTS.len(), "{moment}: {:?}", new.keys());
        for (format, bytes) in &new {
            if old.get(format) != Some(bytes) {
                is_whole(format, bytes);
            }
        }
        old = new;
        let partial = folder.join("out/jsonl.partial");
        events.push(if partial.exists() { partial_record(folder, &partial) } else { 0 });
    }
    let last = authbench(folder).args(arguments(0)).output().expect("runs");
    assert!(!folder.join("out/jsonl.partial").exists(), "the next run takes the place: {}", told(&last));
    reports(folder).iter().for_each(|(format, bytes)| is_whole(format, bytes));
    events
}

#[test]
fn what_a_killed_run_leaves_is_whole_and_nothing_runs_on() {
    let events = killed(6);
    assert!(events.iter().any(|count| *count > 1), "{events:?}");
}

#[test]
#[ignore = "takes minutes: benches/kill.sh runs it; the test above tries six moments in every run"]
fn a_hundred_killed_runs() {
    let moments = std::env::var("AUTHBENCH_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(100);
    let events = killed(moments);
    let _ =
        std::io::Write::write_all(&mut std::io::stderr(), format!("events of the records: {events:?}\n").as_bytes());
    assert_eq!(events.len(), moments as usize);
}
