//! One recorded run in every format, as people and programs read it.

mod sample;

use authbench::report::{FORMATS, Record, format, read_jsonl, report_schema};

fn rendered(name: &str, record: &Record) -> String {
    let format = format(name).unwrap_or_else(|| panic!("no format {name}"));
    String::from_utf8((format.render)(record).unwrap()).unwrap()
}

/// Snapshots of what changes with the sample only; histograms are long and have their own test.
fn snapshot(name: &str, extension: &str) {
    let text = rendered(name, &sample::record());
    insta::with_settings!({ snapshot_path => "snapshots/formats", prepend_module_to_snapshot => false, omit_expression => true }, {
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
fn sarif_has_what_code_scanning_requires() {
    let document: serde_json::Value = serde_json::from_str(&rendered("sarif", &sample::record())).unwrap();
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().starts_with("scenarios/"));
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert_eq!(result["partialFingerprints"]["authbench/v1"].as_str().unwrap().len(), 32);
    }
    let waived = results.iter().filter(|result| result["suppressions"].is_array()).count();
    assert_eq!(waived, 1);
}
