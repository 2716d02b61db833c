//! One recorded run in every format, as people and programs read it.

use crate::sample;
use authbench::check::{Severity, Verdict};
use authbench::report::{FORMATS, Record, format, read_jsonl, report_schema};
use base64::Engine as _;

fn rendered(name: &str, record: &Record) -> String {
    let format = format(name).unwrap_or_else(|| panic!("no format {name}"));
    String::from_utf8((format.render)(record).unwrap()).unwrap()
}

/// Snapshots of what changes with the sample only; histograms are long and have their own test.
fn snapshot(name: &str, extension: &str) {
    let text = rendered(name, &sample::record());
    insta::with_settings!({ snapshot_path => "../snapshots/formats", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(format!("{name}.{extension}"), text);
    });
}

#[test]
fn json_is_complete_and_matches_its_schema() {
    let document: serde_json::Value = serde_json::from_str(&rendered("json", &sample::record())).unwrap();
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(document["exit_code"], 1);
    assert_eq!(document["scenarios"][0]["counts"]["waived"], 1);
    assert_eq!(document["scenarios"][2]["cut_off"][0], "soak");
}

#[test]
fn the_record_reads_back_to_itself() {
    let record = sample::record();
    let read = read_jsonl(rendered("jsonl", &record).as_bytes()).unwrap();
    assert_eq!(read, record);
}

#[test]
fn every_format_is_documented() {
    let page = include_str!("../../docs/reports.md");
    for format in FORMATS {
        assert!(page.contains(&format!("| `{}` |", format.name)), "docs/reports.md has no row for {}", format.name);
    }
}

#[test]
fn an_empty_record_has_every_report() {
    for format in FORMATS {
        let report = (format.render)(&Record::default());
        assert!(report.is_ok(), "{}: {report:?}", format.name);
    }
}

#[test]
fn no_format_lets_control_characters_through() {
    for format in FORMATS {
        let report = rendered(format.name, &sample::record());
        let acting = report.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(acting, None, "{}", format.name);
    }
}

#[test]
fn the_terminal_shows_findings_first() {
    snapshot("text", "txt");
}

#[test]
fn junit_reads_as_it_should() {
    snapshot("junit", "xml");
}

#[test]
fn markdown_reads_as_it_should() {
    snapshot("md", "md");
}

#[test]
fn annotations_read_as_they_should() {
    snapshot("github", "txt");
}

#[test]
fn csv_reads_as_it_should() {
    snapshot("csv", "csv");
}

#[test]
fn openmetrics_read_as_they_should() {
    snapshot("openmetrics", "prom");
}

#[test]
fn junit_counts_what_it_lists() {
    let report = quick_junit::Report::deserialize_from_str(&rendered("junit", &sample::record())).unwrap();
    assert_eq!(report.tests, report.test_suites.iter().map(|suite| suite.test_cases.len()).sum::<usize>());
    assert_eq!((report.failures, report.errors), (7, 5));
}

#[test]
fn sarif_reads_as_it_should() {
    snapshot("sarif", "json");
}

#[test]
fn sarif_matches_its_schema() {
    // a published pattern ends in a stray bracket, which only lenient engines forgive
    let published = include_str!("../schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}?$");
    let schema: serde_json::Value = serde_json::from_str(&published).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for record in [sample::record(), Record::default()] {
        let document: serde_json::Value = serde_json::from_str(&rendered("sarif", &record)).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let wrong = serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": {} }] });
    assert!(!validator.is_valid(&wrong), "the schema refuses nothing");
}

#[test]
fn the_log_of_intervals_holds_every_request() {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    let record = sample::record();
    let log = rendered("hlog", &record);
    let (mut deserializer, mut read) = (Deserializer::new(), std::collections::BTreeMap::new());
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let bytes = base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
        let histogram: hdrhistogram::Histogram<u64> = deserializer.deserialize(&mut &bytes[..]).unwrap();
        *read.entry(interval.tag().unwrap().as_str().to_owned()).or_insert(0) += histogram.len();
    }
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [("1.closed".to_owned(), 2500), ("1.steady".to_owned(), 10_000)]);
}

/// GitHub takes what follows `::` at the start of a line for a command, and nothing else may look like one.
#[test]
fn every_annotation_is_one_of_ours() {
    let report = rendered("github", &sample::record());
    assert!(report.lines().count() > 5);
    for line in report.lines() {
        assert!(
            ["::error file=", "::warning file=", "::notice file="].iter().any(|ours| line.starts_with(ours)),
            "{line}"
        );
    }
}

/// What a spreadsheet would take for a formula is text in every cell but those with our own numbers.
#[test]
fn no_cell_is_a_formula() {
    let report = rendered("csv", &sample::record());
    let mut reader = csv::Reader::from_reader(report.as_bytes());
    let head = reader.headers().unwrap().clone();
    let mut rows = 0;
    for row in reader.records() {
        rows += 1;
        for (name, cell) in head.iter().zip(&row.unwrap()) {
            let number = ["value", "low", "high"].contains(&name) && cell.parse::<f64>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@']), "{name}: {cell}");
        }
    }
    assert!(rows > 50);
}

#[test]
fn sarif_has_what_code_scanning_requires() {
    let document: serde_json::Value = serde_json::from_str(&rendered("sarif", &sample::record())).unwrap();
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        for description in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[description]["text"].as_str().unwrap().is_empty(), "{description} of {}", rule["id"]);
        }
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().starts_with("scenarios/"));
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        let fingerprints = &result["partialFingerprints"];
        let fingerprint = fingerprints["authbench/v2"].as_str().or(fingerprints["authbench/v1"].as_str());
        assert_eq!(fingerprint.unwrap().len(), 32);
    }
    let waived = results.iter().filter(|result| result["suppressions"].is_array()).count();
    assert_eq!(waived, 1);
}

/// A run whose only findings are regressions.
fn regressed() -> Record {
    use authbench::event::comparison::{
        Change, CheckChange, ComparedRun, Comparison, FigureChange, Movement, Scale, Unit,
    };
    let mut record = sample::record();
    record.scenarios.truncate(1);
    let scenario = &mut record.scenarios[0];
    scenario.checks.retain(|check| check.verdict == Verdict::Pass);
    (scenario.thresholds, scenario.notes) = (Vec::new(), Vec::new());
    let run = |name: &str| ComparedRun {
        name: name.to_owned(),
        started: "2026-11-22T09:30:00Z".parse().unwrap(),
        version: "0.1.0".to_owned(),
        catalogue: 1,
    };
    let name = scenario.started.name.clone();
    record.compared = Some(Comparison {
        before: run("yesterday"),
        after: run("this run"),
        checks: vec![CheckChange {
            scenario: name.clone(),
            id: "bearer.revoked-token-401".to_owned(),
            change: Change::Vanished,
            before: Some(Verdict::Pass),
            after: None,
            severity: Severity::High,
            regression: true,
            summary: sample::HOSTILE.to_owned(),
        }],
        unchanged: 6,
        figures: vec![FigureChange {
            scenario: name,
            figure: "overhead of basic".to_owned(),
            unit: Unit::Microseconds,
            before: 31.0,
            after: 52.0,
            scale: Scale::Difference,
            change: None,
            allowance: None,
            movement: Movement::Worse,
            why: "more than the machine explains".to_owned(),
        }],
        notes: Vec::new(),
    });
    record
}

#[test]
fn a_regression_is_a_finding_in_every_format() {
    let record = regressed();
    let html = rendered("html", &record);
    assert!(html.contains("<title>authbench: 2 findings</title>") && html.contains("Since yesterday"));
    let junit = quick_junit::Report::deserialize_from_str(&rendered("junit", &record)).unwrap();
    assert_eq!(junit.failures, 2);
    let sarif: serde_json::Value = serde_json::from_str(&rendered("sarif", &record)).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<_> = results.iter().map(|result| &result["ruleId"]).collect();
    assert_eq!(rules, ["regression", "regression"]);
    assert_eq!(rendered("github", &record).matches("::error file=scenarios/orders.yaml").count(), 2);
    assert!(rendered("openmetrics", &record).contains("authbench_findings{} 2.0"));
    for text in ["md", "text"].map(|name| rendered(name, &record)) {
        assert!(text.contains("bearer.revoked-token-401") && text.contains("overhead of basic"), "{text}");
    }
}
