//! One cause, one finding: what runs against faults of the reference come to, and what older records still show.

use authbench::check::{Mode, Verdict, catalogue};
use authbench::event::{FORMAT, Finding};
use authbench::exit::Exit;
use authbench::report::{FORMATS, format, read_jsonl, read_run};
use authbench::run::selftest::{Ended, Trial};
use authbench::scheme;

/// All quick checks of a scheme against the reference with these faults.
fn ended(scheme: &'static str, faults: &[&'static str]) -> Ended {
    let groups = scheme::find(scheme).map(|scheme| scheme.groups()).unwrap_or_default();
    let quick = catalogue().filter(|check| groups.contains(&check.group()) && check.mode == Mode::Deterministic);
    // what a token endpoint does two hundred times over says nothing about the faults here
    let quick = quick.filter(|check| !check.id.starts_with("token.") && !check.id.contains("throttle"));
    let checks = quick.map(|check| check.id).collect();
    let trial = Trial { profile: "api-key-403", faults: faults.to_vec(), checks, ..Trial::of(scheme) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(trial.run()).expect("the trial runs")
}

fn failing(ended: &Ended) -> Vec<&Finding> {
    ended.findings.iter().filter(|finding| finding.fails()).collect()
}

#[test]
fn each_fault_is_one_finding() {
    /// Scheme, faults, and the findings: check and cause.
    type Case = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);
    let cases: &[Case] = &[
        ("api-key", &["accepts-any-key"], &[("apikey.invalid-denied", "unknown-credential")]),
        ("api-key", &["scope-ignored"], &[("apikey.scope-enforced", "scope")]),
        ("basic", &["user-only-check"], &[("basic.wrong-password-denied", "unknown-credential")]),
        ("api-key", &["panics-on-bad-base64"], &[("common.malformed-credential-never-5xx", "server-error")]),
        ("jwt", &["decode-without-verify"], &[("bearer.garbage-token-401", "unknown-credential")]),
        ("jwt", &["accepts-alg-none"], &[("jwt.alg-none-refused", "unsigned")]),
        (
            "jwt",
            &["accepts-alg-none", "jwt-accepts-expired-token"],
            &[("jwt.alg-none-refused", "unsigned"), ("jwt.exp-enforced", "time")],
        ),
    ];
    for (scheme, faults, expected) in cases {
        let ended = ended(scheme, faults);
        let mut found: Vec<_> =
            failing(&ended).iter().map(|one| (one.check.clone(), one.cause.name().to_owned())).collect();
        found.sort();
        let expected: Vec<_> =
            expected.iter().map(|(check, cause)| ((*check).to_owned(), (*cause).to_owned())).collect();
        assert_eq!(found, expected, "{scheme} with {faults:?}: {:#?}", ended.findings);
        assert_eq!(ended.exit, Exit::Findings);
    }
}

#[test]
fn every_failing_check_belongs_to_a_finding() {
    let ended = ended("api-key", &["missing-key-is-anonymous"]);
    let failing_checks: Vec<_> = ended.results.iter().filter(|result| result.verdict == Verdict::Fail).collect();
    assert!(failing_checks.len() > 2 && ended.findings.iter().any(|one| !one.also_affected.is_empty()));
    for result in failing_checks {
        let belongs = |one: &Finding| one.check == result.id || one.also_affected.contains(&result.id);
        assert!(ended.findings.iter().any(belongs), "{} belongs to no finding", result.id);
    }
    // an open route is a cause of its own: one finding for each
    let mut routes: Vec<_> = failing(&ended).iter().map(|one| (&one.method, &one.endpoint, one.cause)).collect();
    routes.sort();
    routes.dedup();
    assert_eq!(routes.len(), failing(&ended).len(), "{:#?}", failing(&ended));
}

/// A record that authbench 0.1 wrote.
const FORMAT_1: &str = include_str!("../records/run-format-1.jsonl");

#[test]
fn a_record_of_format_1_is_read_and_shown_in_every_format() {
    let record = read_jsonl(FORMAT_1.as_bytes()).unwrap();
    assert_eq!(record.started.as_ref().map(|started| started.format), Some(1));
    let found: Vec<_> = record.findings().into_iter().map(|found| found.finding.check.clone()).collect();
    assert_eq!(found, ["apikey.invalid-denied", "apikey.near-miss-denied", "load.unknown-refused"]);
    for format in FORMATS {
        assert!((format.render)(&record).is_ok(), "{}", format.name);
    }
    let again = (format("jsonl").unwrap().render)(&record).unwrap();
    assert_eq!(read_jsonl(&again[..]).unwrap().started.map(|started| started.format), Some(FORMAT));
}

/// A record in which lines of their own hold what repeats.
const FORMAT_2: &str = include_str!("../records/run-format-2.jsonl");

#[test]
fn a_record_of_format_2_is_read_and_loses_nothing_when_it_is_written_again() {
    let record = read_jsonl(FORMAT_2.as_bytes()).unwrap();
    assert_eq!(record.started.as_ref().map(|started| started.format), Some(2));
    let answers: Vec<_> = record.checks().flat_map(|(_, check)| &check.evidence).map(|one| &one.exchange).collect();
    assert!(answers.len() > 20 && answers.iter().all(|one| !one.response_headers.is_empty()), "{answers:?}");
    assert!(answers.iter().any(|one| one.response_body.contains("invalid_api_key")));
    let again = (format("jsonl").unwrap().render)(&record).unwrap();
    assert!(again.len() < FORMAT_2.len() * 3 / 5, "{} bytes", again.len());
    let mut again = read_jsonl(&again[..]).unwrap();
    assert_eq!(again.started.as_mut().map(|started| std::mem::replace(&mut started.format, 2)), Some(FORMAT));
    assert_eq!(again, record);
}

#[test]
fn a_report_reads_back_with_its_findings_and_its_comparison() {
    let record = crate::sample::record();
    let report = (format("json").unwrap().render)(&record).unwrap();
    let read = read_run(&report).unwrap();
    assert_eq!(read.compared, record.compared);
    let findings = |record: &authbench::report::Record| {
        record.findings().into_iter().map(|found| found.finding.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(findings(&read), findings(&record));
}
