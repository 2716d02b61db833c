//! JUnit XML: a suite for each scenario, a case for each check, load phase, threshold and finding of the run.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::escape::line;
use super::summary::{self, FindingSource};
use super::text::block;
use super::units::restyled;
use super::{Record, ReportError, ScenarioRecord, ShownFinding};
use crate::check::Verdict;
use crate::event::{CheckResult, Note, NoteKind, ScenarioStarted, ThresholdResult};
use crate::observe::LoadFigures;

pub(super) fn render(record: &Record) -> Result<Vec<u8>, ReportError> {
    let mut report = Report::new("authbench");
    let mut run = TestSuite::new("authbench");
    run.add_test_cases(notes("authbench", &record.notes));
    if record.finished.is_none() {
        run.add_test_case(case("authbench", "run", error("cut off", &record.reason())));
    }
    let regressed = summary::beside_checks(record).into_iter().filter(|one| one.source == FindingSource::Regression);
    run.add_test_cases(
        regressed
            .map(|one| case(&format!("{}.regressions", one.scenario), &one.text, failure("regression", &one.text))),
    );
    if run.tests > 0 {
        report.add_test_suite(run);
    }
    let names = names(record);
    report.add_test_suites(record.scenarios.iter().zip(&names).map(|(scenario, name)| suite(record, scenario, name)));
    report.test_suites.iter_mut().for_each(tell_apart);
    let mut bytes = Vec::new();
    let failed = |error: quick_junit::SerializeError| ReportError::Render { format: "junit", why: error.to_string() };
    report.serialize(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// A name for each scenario that no other has: servers take tests of one name for one test.
fn names(record: &Record) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for scenario in &record.scenarios {
        let ScenarioStarted { name, file, .. } = &scenario.started;
        let shared = record.scenarios.iter().filter(|other| other.started.name == *name).count() > 1;
        let own = if shared { format!("{name} ({file})") } else { name.clone() };
        let before = names.iter().filter(|other| **other == own || other.starts_with(&format!("{own} #"))).count();
        names.push(if before == 0 { own } else { format!("{own} #{}", before + 1) });
    }
    names
}

/// Numbers cases of one class that have one name, such as two notes of the same text.
fn tell_apart(suite: &mut TestSuite) {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for case in &mut suite.test_cases {
        let class = case.classname.as_ref().map(|class| class.as_str().to_owned()).unwrap_or_default();
        let count = seen.entry((class, case.name.as_str().to_owned())).or_default();
        *count += 1;
        if *count > 1 {
            case.name = format!("{} #{count}", case.name.as_str()).into();
        }
    }
}

fn suite(record: &Record, scenario: &ScenarioRecord, name: &str) -> TestSuite {
    let started = &scenario.started;
    let mut suite = TestSuite::new(line(name));
    for (name, value) in [
        ("file", &started.file),
        ("target", &started.target),
        ("scheme", &started.scheme),
        ("profile", &started.profile),
    ] {
        suite.add_property((name.to_owned(), line(value)));
    }
    if let Some(started) = &record.started {
        suite.add_property(("seed".to_owned(), started.seed.to_string()));
        suite.extra.insert("timestamp".into(), started.started.to_string().into());
    }
    suite.set_time(scenario.checks.iter().map(took).sum());
    let findings = scenario.findings();
    suite.add_test_cases(scenario.checks.iter().map(|check| check_case((name, &started.target), check, &findings)));
    suite.add_test_cases(scenario.load.iter().map(|phase| phase_case(name, phase.name(), phase.figures.as_ref())));
    suite.add_test_cases(scenario.thresholds.iter().map(|threshold| threshold_case(name, threshold)));
    suite.add_test_cases(notes(name, &scenario.notes));
    suite
}

fn check_case((scenario, target): (&str, &str), check: &CheckResult, findings: &[ShownFinding<'_>]) -> TestCase {
    let status = match affected_by(check, findings) {
        Some(root) => skipped(&format!("affected by the cause that {root} shows: {}", check.summary)),
        None => check_status(check, target, also_affected(check, findings)),
    };
    let mut case = case(&format!("{scenario}.{}", check.group), &check.id, status);
    case.set_time(took(check));
    case.extra.insert("file".into(), line(&check.place.file).into());
    case.extra.insert("line".into(), check.place.line.to_string().into());
    if check.verdict == Verdict::Warn && check.waived.is_none() {
        // JUnit has no warnings: the case passes and says why it should not be forgotten
        case.set_system_out(block(check, target, also_affected(check, findings)));
    }
    case
}

/// Checks that fail for the cause that this one shows.
fn also_affected<'a>(check: &CheckResult, findings: &'a [ShownFinding<'_>]) -> &'a [String] {
    let shown = findings.iter().find(|found| found.finding.check == check.id);
    shown.map(|found| &found.finding.also_affected[..]).unwrap_or_default()
}

/// The check that shows the cause of a failure, where that is another one.
fn affected_by<'a>(check: &CheckResult, findings: &'a [ShownFinding<'_>]) -> Option<&'a str> {
    let fails = check.verdict == Verdict::Fail && check.waived.is_none();
    if !fails || findings.iter().any(|found| found.finding.check == check.id) {
        return None;
    }
    // the check that shows the cause is a failure of its own in this report
    let fails = |found: &&ShownFinding<'_>| {
        found.finding.fails() && found.check.verdict == Verdict::Fail && found.check.waived.is_none()
    };
    let of = findings.iter().filter(fails).find(|found| found.finding.also_affected.contains(&check.id))?;
    Some(&of.finding.check)
}

fn check_status(check: &CheckResult, target: &str, also_affected: &[String]) -> TestCaseStatus {
    if let Some(waived) = &check.waived {
        let until = format!("waived by {} until {}: {}", waived.owner, waived.expires, waived.reason);
        return skipped(&format!("{until} ({})", check.summary));
    }
    match check.verdict {
        Verdict::Pass | Verdict::Info | Verdict::Warn => TestCaseStatus::success(),
        Verdict::Fail => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(check.severity.name()).set_message(line(&check.summary));
            status.set_description(block(check, target, also_affected));
            status
        }
        Verdict::Inconclusive => error("inconclusive", &check.summary),
        Verdict::NotTested | Verdict::NotApplicable => skipped(&format!("{}: {}", check.verdict, check.summary)),
    }
}

/// A phase passes when its figures can be trusted; whether they are good is what thresholds say.
fn phase_case(scenario: &str, name: &str, figures: Option<&LoadFigures>) -> TestCase {
    let status = match figures {
        None => error("cut off", "the phase was cut off before its end"),
        Some(figures) => match &figures.inconclusive {
            Some(why) => error("inconclusive", why),
            None => TestCaseStatus::success(),
        },
    };
    let mut case = case(&format!("{scenario}.load"), name, status);
    case.set_time(seconds(figures.map_or(0.0, |figures| figures.warmup_s + figures.duration_s)));
    case
}

fn threshold_case(scenario: &str, result: &ThresholdResult) -> TestCase {
    let what = format!("{} on {}: measured {}", result.threshold, result.applied_to, restyled(&result.measured));
    let status = match result.holds {
        Some(false) if result.fails() => failure("threshold", &what),
        Some(_) => TestCaseStatus::success(),
        None => error("inconclusive", &what),
    };
    case(&format!("{scenario}.thresholds"), &format!("{} [{}]", result.threshold, result.applied_to), status)
}

/// Findings and errors of the run itself, such as a stale waiver.
fn notes(class: &str, notes: &[Note]) -> Vec<TestCase> {
    let mut cases = Vec::new();
    for note in notes {
        let status = match note.kind {
            NoteKind::Finding => failure("finding", &note.text),
            NoteKind::Error => error("error", &note.text),
            NoteKind::Info | NoteKind::Warning => continue,
        };
        cases.push(case(&format!("{class}.run"), &note.text, status));
    }
    cases
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(line(name), status);
    case.set_classname(line(class));
    case
}

fn failure(kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind).set_message(line(message));
    status
}

fn error(kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(kind).set_message(line(message));
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(line(message));
    status
}

fn took(check: &CheckResult) -> Duration {
    seconds(check.took_ms / 1000.0)
}

/// A record that was read back may hold any number.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or_default()
}
