//! Reports as the libraries of others read them: `tests/readers/read.py` under the interpreter that `AUTHBENCH_READERS`
//! names, else `python3`. Where its packages are not installed this is left out, and says so; with
//! `AUTHBENCH_REQUIRE_READERS=1` that is a failure.

use crate::sample;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use authbench::observe::Latency;
use authbench::report::format;
use serde_json::{Value, json};

/// What the reader saw; none where it is not installed.
fn read(name: &str) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    std::fs::write(&report, (format(name).unwrap().render)(&sample::record()).unwrap()).unwrap();
    let interpreter = std::env::var_os("AUTHBENCH_READERS").unwrap_or_else(|| "python3".into());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/readers/read.py");
    let output = match Command::new(interpreter).arg(script).arg(name).arg(&report).output() {
        Ok(output) if output.status.code() != Some(3) => output,
        Ok(output) => return left_out(name, String::from_utf8_lossy(&output.stderr).trim()),
        Err(error) => return left_out(name, &error.to_string()),
    };
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn left_out(name: &str, why: &str) -> Option<Value> {
    assert!(std::env::var_os("AUTHBENCH_REQUIRE_READERS").is_none(), "no reader for {name}: {why}");
    // written past the capture of passing tests, so that everybody sees it
    let _ = writeln!(std::io::stderr(), "left out: no reader for {name} ({why}); see tests/readers/requirements.txt");
    None
}

#[test]
fn junit_is_read_by_junitparser() {
    let Some(seen) = read("junit") else { return };
    let expected = json!({
        "suites": 3, "tests": 28, "cases": 28, "failures": 7, "errors": 5, "skipped": 5, "named": true,
    });
    assert_eq!(seen, expected);
}

#[test]
fn openmetrics_are_read_by_the_client_of_prometheus() {
    let Some(seen) = read("openmetrics") else { return };
    assert_eq!((&seen["exit_code"], &seen["findings"]), (&json!(1.0), &json!(7.0)));
    assert_eq!(seen["labels"], json!(["expired", "flipped-bit", "valid"]));
    assert!(seen["samples"].as_u64().unwrap() > 50);
    assert_eq!(seen["samples"], seen["older"]);
}

/// The same number of requests and the same p99, to the nanosecond.
#[test]
fn the_log_of_intervals_is_read_by_another_hdr_histogram() {
    let Some(seen) = read("hlog") else { return };
    let figures = |at: usize| sample::record().scenarios[0].load[at].figures.clone().unwrap();
    let nanos = |times: Latency| (times.p99 * 1000.0).round() as u64;
    let expected = json!({
        "1.steady": { "count": 10_000, "p99": nanos(figures(0).response_time_us) },
        "1.closed": { "count": 2500, "p99": nanos(figures(1).response_time_us) },
    });
    assert_eq!(seen, expected);
}
