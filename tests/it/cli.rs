//! The real binary: exit codes, reports, interruption, and what scripts rely on.

use crate::binary;
use crate::busy::{takes_samples, tried};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Stdio;

use binary::{Served, authbench, has_answers_of_load, told};
use serde_json::Value;

fn scenarios() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").display().to_string()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("the report is there")).expect("is JSON")
}

/// Writes a scenario and runs it; the folder, the exit code and what was told.
fn run(yaml: &str, arguments: &[&str]) -> (tempfile::TempDir, Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("scenario.yaml"), yaml).expect("writes");
    let output = authbench(folder.path()).args(["run", "scenario.yaml"]).args(arguments).output().expect("runs");
    (folder, output.status.code(), told(&output))
}

#[test]
fn the_shipped_scenarios_pass_and_leave_three_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = authbench(folder.path()).args(["run", &scenarios(), "--only", "conformance"]).output().expect("runs");
    for name in ["report.html", "report.json", "run.jsonl"] {
        assert!(folder.path().join("reports").join(name).is_file(), "{name} is missing");
    }
    sizes_are_bounded(&folder.path().join("reports"));
    let report = json(&folder.path().join("reports/report.json"));
    let checks = report["scenarios"].as_array().expect("a list").iter();
    let checks: Vec<&Value> = checks.flat_map(|one| one["checks"].as_array().expect("a list")).collect();
    let of = |verdict: &str| -> BTreeSet<&str> {
        checks.iter().filter(|check| check["verdict"] == verdict).filter_map(|check| check["id"].as_str()).collect()
    };
    assert!(of("pass").len() >= 45, "{} checks passed", of("pass").len());
    for verdict in ["fail", "warn"] {
        assert_eq!(of(verdict), BTreeSet::new(), "{verdict}");
    }
    // a busy machine leaves open what takes samples of time, and nothing else
    let open: Vec<&str> = of("inconclusive").into_iter().filter(|check| !takes_samples(check)).collect();
    assert_eq!(open, [""; 0]);
    let is_open = !of("inconclusive").is_empty();
    assert_eq!(output.status.code(), Some(if is_open { 5 } else { 0 }), "{}", told(&output));
}

/// Reports of these scenarios have the sizes that were promised; `overhead` belongs to them and has no checks.
fn sizes_are_bounded(reports: &Path) {
    let promised =
        ["api-key", "basic", "bearer", "jwt", "oauth2-client-credentials", "oauth2-jwt", "oauth2-private-key-jwt"];
    let promised = |file: &Value| {
        let stem = Path::new(file.as_str().expect("a path")).file_stem().and_then(std::ffi::OsStr::to_str);
        stem.is_some_and(|stem| promised.contains(&stem))
    };
    let page = std::fs::metadata(reports.join("report.html")).expect("is there").len();
    assert!(page <= 510_000, "report.html has {page} bytes");
    let report = json(&reports.join("report.json"));
    let scenarios = report["scenarios"].as_array().expect("a list").iter();
    let report: usize = scenarios.filter(|one| promised(&one["file"])).map(|one| one.to_string().len()).sum();
    assert!((100_000..550_000).contains(&report), "report.json has {report} bytes");
    let (mut record, mut counts) = (0, false);
    for line in std::fs::read_to_string(reports.join("run.jsonl")).expect("is there").lines() {
        if line.starts_with("{\"event\":\"scenario-started\"") {
            counts = promised(&serde_json::from_str::<Value>(line).expect("is JSON")["file"]);
        }
        record += if counts { line.len() + 1 } else { 0 };
    }
    // load and costs take 60 KB
    assert!((400_000..2_250_000).contains(&record), "run.jsonl has {record} bytes");
}

#[test]
fn a_load_report_has_the_members_that_scripts_read() {
    // a machine that stands still for seconds sends a token whose time is over
    let report = tried(
        || {
            let (folder, code, told) = run(
                "authbench: 1\nname: load\ntarget: { reference: { token_lifetime: 4s } }\nscheme: oauth2-client-credentials\n\
                 load: [{ name: steady, rate: 50/s, connections: 4, warmup: 200ms, duration: 9s, timeout: 60s }]\n",
                &["--only", "load", "--report", "json=out.json", "--threads", "1"],
            );
            // a machine under load may leave the figures inconclusive, and they are reported nevertheless
            assert!(matches!(code, Some(0 | 5)), "{told}");
            let report = json(&folder.path().join("out.json"));
            assert_eq!(report["exit_code"], code.unwrap());
            report
        },
        |report: &Value| report["scenarios"][0]["load"][0]["lanes"][0]["outcomes"]["refused"] == 0,
    );
    let phase = &report["scenarios"][0]["load"][0];
    for member in ["requests", "duration_s", "offered_rate", "achieved_rate"] {
        assert!(phase[member].is_number(), "{member}: {phase}");
    }
    for member in ["response_time_us", "service_time_us", "lateness_us"] {
        for figure in ["p50", "p90", "p95", "p99", "p999", "max", "mean"] {
            assert!(phase[member][figure].is_number(), "{member}.{figure}");
        }
    }
    let outcomes = &phase["lanes"][0]["outcomes"];
    // the phase outlives its tokens twice
    assert_eq!(outcomes["refused"], 0, "{outcomes}");
    assert_eq!(outcomes["granted"], phase["requests"], "{outcomes}");
    assert!(outcomes["broke"].is_number() && outcomes["silent"].is_number());
}

#[test]
fn tokens_that_authbench_signs_carry_load_too() {
    let (folder, code, told) = run(
        "authbench: 1\nname: load\ntarget: reference\nscheme: jwt\nload: [{ name: steady, rate: 50/s, duration: 500ms }]\n",
        &["--only", "load", "--report", "json=out.json"],
    );
    assert!(matches!(code, Some(0 | 5)), "{told}");
    let phase = &json(&folder.path().join("out.json"))["scenarios"][0]["load"][0];
    assert_eq!(phase["lanes"][0]["outcomes"]["granted"], phase["requests"], "{phase}");
}

#[test]
fn a_hole_is_a_finding_with_its_replay() {
    let (folder, code, told) = run(
        "authbench: 1\nname: hole\ntarget: { reference: { faults: [accepts-any-key] } }\nscheme: api-key\n",
        &["--check", "apikey.invalid-denied", "--report", "json=out.json"],
    );
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("FAIL apikey.invalid-denied") && told.contains("scenario.yaml:4"), "{told}");
    assert!(told.contains("authbench run scenario.yaml --replay apikey.invalid-denied"), "{told}");
    let report = json(&folder.path().join("out.json"));
    let checks = report["scenarios"][0]["checks"].as_array().expect("a list");
    let check = checks.iter().find(|check| check["id"] == "apikey.invalid-denied").expect("is there");
    assert_eq!(check["verdict"], "fail");
}

#[test]
fn mistakes_end_with_two_and_their_place() {
    let sound = "authbench: 1\nname: n\ntarget: { url: \"http://127.0.0.1:9\" }\nscheme: api-key\n";
    let resources = "resources: [{ request: GET /a }]\n";
    for (what, yaml, place) in [
        ("unset secret", format!("{sound}credentials: {{ a: {{ key: \"${{NOT_SET}}\" }} }}\n{resources}"), ":5:"),
        ("typo in a key", format!("{sound}schem: x\n"), ":5:"),
        ("wrong type", format!("{sound}tags: 5\n"), ":5:"),
        ("duplicate key", format!("{sound}name: again\n"), ":5:"),
        (
            "no such check",
            format!("{sound}{resources}credentials: {{ a: {{ key: x }} }}\nconformance: {{ include: [no.such] }}\n"),
            ":7:",
        ),
    ] {
        let (_folder, code, told) = run(&yaml, &[]);
        assert_eq!(code, Some(2), "{what}: {told}");
        assert!(told.contains(&format!("scenario.yaml{place}")), "{what}: {told}");
    }
}

#[test]
fn arguments_that_are_wrong_end_with_two() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        vec!["run"],
        vec!["run", "nowhere.yaml"],
        vec!["run", &scenarios(), "--check", "no.such.check"],
        vec!["run", &scenarios(), "--report", "nonsense=x"],
        vec!["explain", "no.such.check"],
        vec!["frobnicate"],
    ] {
        let output = authbench(folder.path()).args(&arguments).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
    }
}

#[test]
fn nothing_selected_ends_with_four() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["run", &scenarios(), "--tag", "no-scenario-has-this-tag"];
    let output = authbench(folder.path()).args(arguments).output().expect("runs");
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
}

#[test]
fn a_dead_target_ends_with_three_and_still_reports() {
    let closed = crate::ports::reserved();
    let yaml = format!(
        "authbench: 1\nname: dead\ntarget: {{ url: \"http://{closed}\" }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: \"${{K:-0123456789}}\" }} }}\nresources: [{{ request: GET /a }}]\n"
    );
    let (folder, code, told) = run(&yaml, &["--report", "json=out.json"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("refused the connection"), "{told}");
    assert_eq!(json(&folder.path().join("out.json"))["exit_code"], 3);
}

#[test]
fn a_report_that_cannot_be_written_is_told() {
    let (_folder, code, told) = run(
        "authbench: 1\nname: n\ntarget: reference\nscheme: api-key\n",
        &["--check", "apikey.valid-accepted", "--report", "json=/proc/no/such/folder.json"],
    );
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("/proc/no/such"), "{told}");
}

#[test]
fn an_interrupted_run_reports_what_it_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = "authbench: 1\nname: long\ntarget: reference\nscheme: api-key\n\
                load: [{ name: endless, rate: 50/s, connections: 2, warmup: 0s, duration: 10m }]\n";
    std::fs::write(folder.path().join("scenario.yaml"), yaml).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "scenario.yaml", "--report", "json=out.json", "--report", "jsonl=out.jsonl"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    // the record says when the load has begun
    let record = folder.path().join("out.jsonl");
    while !std::fs::read_dir(folder.path()).expect("is there").any(|entry| {
        let path = entry.expect("is readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.contains("out.jsonl") && has_answers_of_load(&std::fs::read_to_string(&path).unwrap_or_default())
    }) {
        assert!(child.try_wait().expect("is ours").is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("is interrupted");
    let status = child.wait().expect("ends");
    let mut said = String::new();
    BufReader::new(child.stderr.take().expect("has one")).read_to_string(&mut said).expect("is text");
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("partial reports will be written"), "{said}");
    let report = json(&folder.path().join("out.json"));
    assert_eq!(report["exit_code"], 130);
    assert!(report["scenarios"][0]["checks"].as_array().is_some_and(|checks| checks.len() > 20));
    assert!(report["scenarios"][0]["load"][0]["requests"].as_u64().is_some_and(|count| count > 0), "{report}");
    let lines = BufReader::new(std::fs::File::open(record).expect("is there")).lines();
    assert!(lines.last().expect("has lines").expect("is text").contains("run-finished"));
}

#[test]
fn a_record_renders_again_as_every_format() {
    let yaml = "authbench: 1\nname: n\ntarget: reference\nscheme: api-key\n";
    let (folder, code, told_run) =
        run(yaml, &["--check", "apikey.*-denied", "--report", "jsonl=run.jsonl", "--report", "json=a.json"]);
    assert_eq!(code, Some(0), "{told_run}");
    for format in authbench::report::FORMATS {
        let arguments = ["render", "run.jsonl", "--format", format.name];
        let output = authbench(folder.path()).args(arguments).output().expect("runs");
        assert!(output.status.success(), "{}: {}", format.name, told(&output));
        if format.name == "json" {
            let again: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
            assert_eq!(again, json(&folder.path().join("a.json")));
        }
    }
}

#[test]
fn lists_are_for_programs_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = authbench(folder.path()).args(["list", "checks", "--format", "json"]).output().expect("runs");
    let checks: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    let checks = checks.as_array().expect("a list");
    assert!(checks.len() >= 45 && checks.iter().all(|check| check["id"].is_string()));
}

#[test]
fn a_command_is_started_and_stopped() {
    let program = env!("CARGO_BIN_EXE_authbench");
    let yaml = format!(
        "authbench: 1\nname: command\ntarget: {{ owned: true, command: {{ run: [{program}, serve, --port, \"{{port}}\"], ready: /public }} }}\n\
         scheme: api-key\ncredentials: {{ a: {{ key: \"${{K:-abk_live_q7Wn2Zp4XcRt9Vb3}}\", scopes: [\"read:orders\"] }} }}\n\
         resources: [{{ request: GET /api-key/orders, scopes: [\"read:orders\"] }}]\n"
    );
    let (_folder, code, told) = run(&yaml, &["--check", "apikey.missing-denied"]);
    assert_eq!(code, Some(0), "{told}");
    let (_folder, code, told) = run(&yaml, &["--check", "apikey.missing-denied", "--no-command"]);
    assert_eq!(code, Some(3), "{told}");
    let (_folder, code, told) = run(&yaml.replace("serve, --port", "serve, --prt"), &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("it ended with") && told.contains("unexpected argument '--prt'"), "{told}");
}

#[test]
fn a_remote_target_gets_no_load_unless_it_is_owned() {
    let served = Served::start(&[]);
    let yaml = format!(
        "authbench: 1\nname: remote\ntarget: {{ url: \"{}\" }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: \"${{K:-abk_live_q7Wn2Zp4XcRt9Vb3}}\", scopes: [\"read:orders\"] }} }}\n\
         resources: [{{ request: GET /api-key/orders, scopes: [\"read:orders\"] }}]\n\
         load: [{{ name: steady, rate: 10/s, duration: 1s }}]\n",
        served.url()
    );
    let (folder, code, told) = run(&yaml, &["--report", "json=out.json"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("owned: true"), "{told}");
    let report = json(&folder.path().join("out.json"));
    assert_eq!(report["scenarios"][0]["load"], Value::Array(Vec::new()));

    let (_folder, code, told) = run(&yaml, &["--only", "load"]);
    assert_eq!(code, Some(4), "nothing ran, which is no pass: {told}");
    let bounded = format!("{yaml}thresholds: [\"p(99) < 1s\"]\n");
    let (_folder, code, told) = run(&bounded, &[]);
    assert_eq!(code, Some(5), "a threshold that nothing was measured for is no pass: {told}");
    assert!(told.contains("not measured"), "{told}");
}

#[test]
fn a_run_that_does_nothing_is_no_pass() {
    let yaml = "authbench: 1\nname: checks alone\ntarget: reference\nscheme: api-key\n";
    let (_folder, code, told) = run(yaml, &["--only", "overhead"]);
    assert_eq!(code, Some(4), "{told}");
}

#[test]
fn github_actions_are_told_by_annotations_and_a_summary() {
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = "authbench: 1\nname: hole\ntarget: { reference: { faults: [accepts-any-key] } }\nscheme: api-key\n";
    std::fs::write(folder.path().join("scenario.yaml"), yaml).expect("writes");
    std::fs::write(folder.path().join("summary.md"), "of another step\n").expect("writes");
    let mut command = authbench(folder.path());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "summary.md");
    let output = command.args(["run", "scenario.yaml", "--check", "apikey.invalid-denied"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.lines().any(|line| line.starts_with("::error file=scenario.yaml,line=")), "{stdout}");
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).expect("is there");
    assert!(summary.starts_with("of another step\n## ") && summary.contains("apikey.invalid-denied"), "{summary}");
}
