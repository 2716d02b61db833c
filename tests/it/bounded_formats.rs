//! What reports promise about their sizes and about names that have to be unique.

use std::collections::BTreeSet;

use authbench::report::{Record, format, read_jsonl};

use crate::sample;

fn rendered(name: &str, record: &Record) -> String {
    String::from_utf8((format(name).expect(name).render)(record).expect(name)).expect("text")
}

/// The sample with its first scenario many times.
fn many(times: usize) -> Record {
    let mut record = sample::record();
    let first = record.scenarios[0].clone();
    record.scenarios.extend(std::iter::repeat_n(first, times));
    record
}

#[test]
fn a_summary_for_a_pull_request_has_one_table_and_is_bounded() {
    let small = rendered("md", &sample::record());
    let outside = small.split("<details>").map(|part| part.split("</details>").last().unwrap_or_default());
    assert_eq!(outside.map(|text| text.matches("| --- |").count().min(1)).sum::<usize>(), 1, "{small}");
    assert!(!small.contains("Cut at"), "{small}");
    let large = rendered("md", &many(200));
    assert!(large.len() <= 60_000, "{} bytes", large.len());
    assert!(large.contains("_Cut at 60 KB: ") && large.contains(" findings"), "{}", &large[large.len() - 400..]);
    assert_eq!(large.matches("<details>").count(), large.matches("</details>").count());
}

#[test]
fn junit_cases_of_scenarios_of_one_name_are_told_apart() {
    let report = rendered("junit", &many(3));
    let attribute = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    let cases = report.lines().filter(|line| line.trim_start().starts_with("<testcase "));
    let names: Vec<_> = cases.map(|line| (attribute(line, "classname"), attribute(line, "name"))).collect();
    let unique: BTreeSet<_> = names.iter().cloned().collect();
    assert!(names.len() > 20 && unique.len() == names.len(), "{} of {} are unique", unique.len(), names.len());
}

#[test]
fn code_scanning_gets_a_fingerprint_for_each_finding() {
    let report: serde_json::Value = serde_json::from_str(&rendered("sarif", &sample::record())).expect("is JSON");
    let results = report["runs"][0]["results"].as_array().expect("a list");
    let hashes: BTreeSet<_> = results
        .iter()
        .map(|result| result["partialFingerprints"]["primaryLocationLineHash"].as_str().expect("a hash").to_owned())
        .collect();
    assert!(results.len() > 3 && hashes.len() == results.len(), "{hashes:?}");
    assert!(hashes.iter().all(|hash| hash.len() == 18 && hash.ends_with(":1")), "{hashes:?}");
}

#[test]
fn a_record_holds_once_what_repeats() {
    let (one, several) = (rendered("jsonl", &many(1)), rendered("jsonl", &many(20)));
    for value in ["Unsigned tokens are refused", "\"a good token\"", "\"RFC 8725 §3.1\""] {
        let times = |text: &str| text.matches(value).count();
        assert_eq!(times(&one), times(&several), "{value} is stored again");
    }
    assert_eq!(read_jsonl(several.as_bytes()).expect("is a record"), many(20));
}

#[test]
fn a_report_leaves_out_exchanges_of_passed_checks_unless_all_are_asked_for() {
    let mut record = sample::record();
    let kept = |record: &Record| {
        let report: serde_json::Value = serde_json::from_str(&rendered("json", record)).expect("is JSON");
        let scenarios = report["scenarios"].as_array().expect("a list").clone();
        let checks: Vec<_> =
            scenarios.iter().flat_map(|one| one["checks"].as_array().cloned().unwrap_or_default()).collect();
        let with = |verdict: &str| {
            checks.iter().filter(|one| one["verdict"] == verdict && one.get("evidence").is_some()).count()
        };
        (with("pass"), with("fail"))
    };
    for scenario in &mut record.scenarios {
        let evidence =
            scenario.checks.iter().find(|check| !check.evidence.is_empty()).map(|check| check.evidence.clone());
        let passed = scenario.checks.iter_mut().filter(|check| check.verdict == authbench::check::Verdict::Pass);
        passed.for_each(|check| check.evidence = evidence.clone().unwrap_or_default());
    }
    let (passed, failed) = kept(&record);
    assert!(passed == 0 && failed > 0, "{passed} and {failed}");
    record.shows_all_evidence = true;
    assert!(kept(&record).0 > 0);
}
