//! Two runs beside each other, by the real binary: what changed, what that proves, how it ends.

use std::path::Path;

use crate::binary::{Served, authbench, told};
use crate::sample;
use authbench::check::Verdict;
use authbench::event::comparison::Comparison;
use authbench::report::{Record, comparison, format};
use authbench::stats::Estimate;

fn save(folder: &Path, name: &str, record: &Record) {
    let render = format("jsonl").expect("a format").render;
    std::fs::write(folder.join(name), render(record).expect("renders")).expect("writes");
}

/// The sample as it was before: one finding less, one check more, a cheaper scheme.
fn before() -> Record {
    let mut record = sample::record();
    for check in record.scenarios.iter_mut().flat_map(|scenario| &mut scenario.checks) {
        if check.verdict == Verdict::Fail && check.waived.is_none() {
            check.verdict = Verdict::Pass;
            break;
        }
    }
    let checks = &mut record.scenarios[0].checks;
    let mut gone = checks.iter().find(|check| check.verdict == Verdict::Pass).expect("one passes").clone();
    gone.id = "bearer.was-here-before".to_owned();
    checks.push(gone);
    for study in record.scenarios.iter_mut().flat_map(|scenario| &mut scenario.overhead) {
        for row in study.rows.iter_mut().filter(|row| row.name == "jwt-es256") {
            let Estimate { value, low, high } = row.difference_us;
            row.difference_us = Estimate { value: value - 40.0, low: low - 40.0, high: high - 40.0 };
        }
    }
    record
}

/// Compares the sample with what it was before; the exit code and what was told.
fn compare(change: impl Fn(&mut Record), arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut after = sample::record();
    change(&mut after);
    save(folder.path(), "before.jsonl", &before());
    save(folder.path(), "after.jsonl", &after);
    let output = authbench(folder.path()).args(["compare", "before.jsonl", "after.jsonl"]).args(arguments).output();
    let output = output.expect("runs");
    (output.status.code(), told(&output))
}

fn snapshot(name: &str, text: String) {
    insta::with_settings!({ snapshot_path => "../../snapshots/compare", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn regressions_stand_first_and_end_with_1() {
    let (code, text) = compare(|_| {}, &[]);
    assert_eq!(code, Some(1), "{text}");
    snapshot("text", text);
}

#[test]
fn programs_and_pull_requests_read_the_same() {
    let (code, json) = compare(|_| {}, &["--format", "json"]);
    assert_eq!(code, Some(1), "{json}");
    let document: serde_json::Value =
        serde_json::from_str(json.split("\nexit ").next().expect("the document")).expect("is JSON");
    let regressions = document["checks"].as_array().expect("a list").iter().filter(|check| check["regression"] == true);
    assert_eq!(regressions.count(), 2);
    let worse = document["figures"].as_array().expect("a list").iter().filter(|figure| figure["movement"] == "worse");
    let worse: Vec<_> = worse.map(|figure| figure["figure"].as_str().unwrap_or_default()).collect();
    assert_eq!(worse, ["overhead of jwt-es256"]);
    snapshot("markdown", compare(|_| {}, &["--format", "markdown"]).1);
}

#[test]
fn a_narrow_terminal_shows_each_measurement_on_lines_that_fit() {
    let (_, json) = compare(|_| {}, &["--format", "json"]);
    let document = json.split("\nexit ").next().expect("the document");
    let comparison: Comparison = serde_json::from_str(document).expect("is a comparison");
    let plain = |columns| anstream::adapter::strip_str(&comparison::text(&comparison, columns)).to_string();
    let narrow = plain(Some(60));
    assert!(narrow.contains("\n      87 µs → 127 µs, +40 µs (+35.2 µs … +44.8 µs)\n"), "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    assert_eq!(plain(Some(200)), plain(None));
}

#[test]
fn a_run_is_as_good_as_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    save(folder.path(), "run.jsonl", &sample::record());
    let output = authbench(folder.path()).args(["compare", "run.jsonl", "run.jsonl"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let json = format("json").expect("a format").render;
    std::fs::write(folder.path().join("report.json"), json(&sample::record()).expect("renders")).expect("writes");
    let output = authbench(folder.path()).args(["compare", "run.jsonl", "report.json"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("compare the records"), "{}", told(&output));
}

#[test]
fn a_catalogue_that_changed_takes_its_checks_along() {
    let newer = |record: &mut Record| record.started.as_mut().expect("a start").catalogue += 1;
    let (code, text) = compare(newer, &["--format", "json"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the catalogue changed"), "{text}");
    let document: serde_json::Value =
        serde_json::from_str(text.split("\nexit ").next().expect("one")).expect("is JSON");
    let vanished = document["checks"].as_array().expect("a list").iter().find(|check| check["change"] == "vanished");
    assert_eq!(vanished.expect("is reported")["regression"], false);
}

#[test]
fn figures_of_different_machines_are_refused() {
    let other = |record: &mut Record| record.started.as_mut().expect("a start").machine.cpu = "another".to_owned();
    let (code, text) = compare(other, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("different machines") && text.contains("--force"), "{text}");
    let (code, text) = compare(other, &["--force"]);
    assert_eq!(code, Some(1), "{text}");
}

/// The same run with its load over HTTP/2.
fn to_http2(record: &mut Record) {
    let phases = record.scenarios.iter_mut().flat_map(|scenario| &mut scenario.load);
    for figures in phases.filter_map(|phase| phase.figures.as_mut()) {
        (figures.http, figures.streams) = (2, Some(10));
    }
}

#[test]
fn a_phase_over_another_protocol_begins_another_course() {
    let mut over_http2 = sample::record();
    to_http2(&mut over_http2);
    for (runs, one, other) in [
        ([sample::record(), sample::record(), over_http2.clone()], true, false),
        ([sample::record(), over_http2.clone(), over_http2.clone()], false, true),
        ([over_http2.clone(), sample::record(), over_http2], false, true),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        for (day, record) in runs.iter().enumerate() {
            let past = folder.path().join(format!("past/{day}"));
            std::fs::create_dir_all(&past).expect("a folder");
            save(&past, "run.jsonl", record);
        }
        let output = authbench(folder.path()).args(["report", "index", "past"]).output().expect("runs");
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let page = std::fs::read_to_string(folder.path().join("past/index.html")).expect("is written");
        let has = ["steady: p50", "steady, HTTP/2: p50"].map(|title| page.contains(title));
        assert_eq!(has, [one, other]);
    }
}

#[test]
fn figures_of_two_protocols_are_not_compared() {
    let (_, text) = compare(to_http2, &["--format", "json"]);
    let document: serde_json::Value =
        serde_json::from_str(text.split("\nexit ").next().expect("one")).expect("is JSON");
    let figures = document["figures"].as_array().expect("a list").iter();
    let of_load: Vec<_> =
        figures.filter(|figure| figure["figure"].as_str().is_some_and(|name| name.contains(" of steady"))).collect();
    assert_eq!(of_load.len(), 3, "{text}");
    for figure in of_load {
        let why = figure["why"].as_str().unwrap_or_default();
        assert!(why.contains("not alike") && why.contains("HTTP/2") && why.contains("10 streams"), "{why}");
        assert_eq!((&figure["movement"], &figure["change"]), (&"inconclusive".into(), &serde_json::Value::Null));
    }
}

#[test]
fn what_is_no_run_is_a_mistake_of_the_user() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.json"), "{}").expect("writes");
    for (arguments, expected) in [
        (["a.json", "a.json"], "not an event of a run"),
        (["missing.jsonl", "a.json"], "missing.jsonl"),
        (["main", "a.json"], "baseline"),
    ] {
        let output = authbench(folder.path()).arg("compare").args(arguments).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(expected), "{arguments:?}: {}", told(&output));
    }
}

#[test]
fn past_runs_have_an_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = |arguments: &[&str]| {
        let output = authbench(folder.path()).args(["report", "index"]).args(arguments).output().expect("runs");
        (output.status.code(), told(&output))
    };
    assert_eq!(index(&["missing"]).0, Some(2));
    for (day, record) in [("1 monday", before()), ("2 <b>tuesday</b>", sample::record())] {
        let runs = folder.path().join("past").join(day);
        std::fs::create_dir_all(&runs).expect("a folder");
        save(&runs, "run.jsonl", &record);
        std::fs::write(runs.join("report.html"), "the page").expect("writes");
    }
    std::fs::create_dir_all(folder.path().join("past/broken")).expect("a folder");
    std::fs::write(folder.path().join("past/broken/run.jsonl"), "no run").expect("writes");
    let (code, told) = index(&["past"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("2 runs") && told.contains("broken"), "{told}");
    let page = std::fs::read_to_string(folder.path().join("past/index.html")).expect("is written");
    for words in [
        "href=\"./1%20monday/report.html\"",
        "What schemes cost: overhead of jwt-es256",
        "87 µs in the first of 2 runs, +127 µs in the last",
        "Findings of checks",
    ] {
        assert!(page.contains(words) || page.contains(&words.replace("87 µs", "+87 µs")), "{words} is missing");
    }
    assert!(!page.contains("<b>tuesday"), "what a folder is called is text");
    // the page's own, which its policy names by its hash
    assert_eq!(page.matches("<script").count(), 1, "what a folder is called is text");
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "the page asks nobody");
    std::fs::create_dir_all(folder.path().join("empty")).expect("a folder");
    assert_eq!(index(&["empty"]).0, Some(4));
}

/// A reference that is slowed on purpose says so on protected answers, and leaves the baseline of a study alone.
#[test]
fn a_slowed_reference_keeps_its_baseline() {
    use std::io::{Read as _, Write as _};

    let served = Served::start(&["--busy", "50us"]);
    let address = served.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let answer = |path: &str| {
        let mut stream = std::net::TcpStream::connect(&address).expect("connects");
        let key = "X-API-Key: abk_live_q7Wn2Zp4XcRt9Vb3";
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n{key}\r\nConnection: close\r\n\r\n").expect("writes");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answers");
        assert!(text.starts_with("HTTP/1.1 200"), "{path}: {text}");
        text
    };
    assert!(answer("/api-key/orders").contains("busy;dur="));
    assert!(!answer("/none/orders").contains("busy;dur="));
}
