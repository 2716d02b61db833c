//! What a run came to, in the words with which every format for people begins.

use super::comparison::{cells, verdicts};
use super::units::{count, counted, length, restyled};
use super::{Planned, Record, ScenarioRecord};
use crate::check::{Severity, Verdict};
use crate::event::comparison::{Change, Comparison, Movement};
use crate::event::{NoteKind, SourcePlace, ThresholdResult};

/// Severities, the worst first.
pub(super) const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

/// Where a finding comes from that no check made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FindingSource {
    /// A broken threshold.
    Threshold,
    /// The run itself, such as a stale waiver.
    Run,
    /// A comparison with a baseline. Newly failing checks are findings of their own.
    Regression,
}

impl FindingSource {
    /// The word for it, where a check has its severity.
    pub(super) fn word(self) -> &'static str {
        match self {
            FindingSource::Threshold => "threshold",
            FindingSource::Run => "run",
            FindingSource::Regression => "regression",
        }
    }
}

/// A finding that no check made.
pub(super) struct Beside {
    /// Where it comes from.
    pub(super) source: FindingSource,
    /// Name of its scenario.
    pub(super) scenario: String,
    /// What was found, in one line.
    pub(super) text: String,
    /// Where the scenario asked for it; line 0 stands for the whole file.
    pub(super) place: SourcePlace,
}

/// The end of a run in two or three words.
pub(super) fn verdict(record: &Record) -> String {
    let found = found(record);
    match record.finished.as_ref().map(|finished| finished.exit_code) {
        None => "Cut off before its end".to_owned(),
        Some(0) if found > 0 => format!("Passed, with {}", counted(found, "finding")),
        _ if found > 0 => counted(found, "finding"),
        Some(0) => "All checks passed".to_owned(),
        Some(_) => "No verdict".to_owned(),
    }
}

/// The verdict whose colour and sign the end of the run takes.
pub(super) fn grade(record: &Record) -> Verdict {
    match record.finished.as_ref().map(|finished| finished.exit_code) {
        Some(0) => Verdict::Pass,
        Some(5) | None => Verdict::Inconclusive,
        Some(_) => Verdict::Fail,
    }
}

/// Findings that are not waived, broken thresholds, findings of the run, regressions.
pub(super) fn found(record: &Record) -> usize {
    failed(record).len() + beside_checks(record).len()
}

/// Severities of the findings that fail the run.
fn failed(record: &Record) -> Vec<Severity> {
    let failing = record.findings().into_iter().filter(|found| found.finding.fails());
    failing.map(|found| found.finding.severity).collect()
}

/// How many findings checks made that fail the run.
pub(super) fn found_by_checks(record: &Record) -> usize {
    failed(record).len()
}

/// Thresholds that do not hold.
pub(super) fn broken(scenario: &ScenarioRecord) -> impl Iterator<Item = &ThresholdResult> {
    scenario.thresholds.iter().filter(|threshold| threshold.fails())
}

/// Findings that no check made, scenario by scenario, and regressions behind them.
pub(super) fn beside_checks(record: &Record) -> Vec<Beside> {
    let mut all = Vec::new();
    for scenario in &record.scenarios {
        let of = |source, text, place| Beside { source, scenario: scenario.started.name.clone(), text, place };
        all.extend(broken(scenario).map(|one| of(FindingSource::Threshold, threshold(one), one.place.clone())));
        let notes = scenario.notes.iter().filter(|note| note.kind == NoteKind::Finding);
        all.extend(
            notes.map(|note| of(FindingSource::Run, note.text.clone(), file_of(record, &scenario.started.name))),
        );
    }
    all.extend(record.compared.iter().flat_map(regressions).map(|(scenario, text)| {
        let place = file_of(record, &scenario);
        Beside { source: FindingSource::Regression, scenario, text, place }
    }));
    all
}

/// The file of a scenario as a whole.
fn file_of(record: &Record, scenario: &str) -> SourcePlace {
    let named = record.scenarios.iter().find(|one| one.started.name == scenario);
    let file = named.map(|one| one.started.file.clone()).unwrap_or_default();
    SourcePlace { file, line: 0, column: 0 }
}

/// What became worse since the baseline, with its scenario.
fn regressions(compared: &Comparison) -> Vec<(String, String)> {
    let since = &compared.before.name;
    let checks = compared.checks.iter().filter(|check| check.regression && check.change != Change::NewlyFailing);
    let checks = checks.map(|check| {
        let text = format!("{}: {} since {since} ({})", check.id, check.change.name(), verdicts(check));
        (check.scenario.clone(), text)
    });
    let figures = compared.figures.iter().filter(|figure| figure.movement == Movement::Worse);
    let figures = figures.map(|figure| {
        let [before, after, change, interval] = cells(figure);
        let text = format!("{} is worse than in {since}: {before} → {after}, {change} ({interval})", figure.figure);
        (figure.scenario.clone(), text)
    });
    checks.chain(figures).collect()
}

/// A broken threshold in one line.
pub(super) fn threshold(one: &ThresholdResult) -> String {
    format!("{} does not hold on {}: measured {}", one.threshold, one.applied_to, restyled(&one.measured))
}

/// `2 critical, 1 low`: findings that nobody answers for.
pub(super) fn by_severity(record: &Record) -> String {
    let failed = failed(record);
    let texts: Vec<_> = SEVERITIES
        .into_iter()
        .map(|severity| (failed.iter().filter(|one| **one == severity).count(), severity))
        .filter(|(number, _)| *number > 0)
        .map(|(number, severity)| format!("{number} {}", severity.name()))
        .collect();
    if texts.is_empty() { "no requirement was violated".to_owned() } else { texts.join(", ") }
}

/// `675 planned = 650 executed + 16 not tested + 9 not applicable`
pub(super) fn equation(planned: &Planned) -> String {
    let parts = planned.parts().into_iter().map(|(number, words)| format!("{} {words}", count(number as u64)));
    format!("{} planned = {}", count(planned.planned as u64), parts.collect::<Vec<_>>().join(" + "))
}

/// When the run began: for machines, and for people.
pub(super) fn began(record: &Record) -> Option<(String, String)> {
    let started = record.started.as_ref()?.started;
    Some((started.to_string(), started.strftime("%-d %B %Y, %H:%M UTC").to_string()))
}

/// How long the run took.
pub(super) fn took(record: &Record) -> Option<String> {
    let (started, finished) = (record.started.as_ref()?, record.finished.as_ref()?);
    Some(length(finished.finished.duration_since(started.started).as_secs_f64()))
}
