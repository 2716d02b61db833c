//! What is said at the end of a run: how many findings fail it, and what it passed with; pure.

use std::collections::BTreeMap;

use super::Conclusion;
use crate::check::{Severity, Verdict};
use crate::event::{Event, NoteKind};

/// Findings of a run, as far as its last line names them.
#[derive(Debug)]
pub struct Ending {
    fail_on: Severity,
    failing: BTreeMap<Severity, usize>,
    /// Failures below the severity that fails a run.
    below: usize,
    warnings: usize,
    thresholds: usize,
    /// Findings of the run itself, such as a stale waiver.
    beside: usize,
    /// Counts for the reason of an inconclusive end.
    open: Open,
}

/// What came to no verdict.
#[derive(Debug, Default)]
struct Open {
    /// Checks of the scenario that runs.
    running: usize,
    checks: usize,
    phases: usize,
    thresholds: usize,
    /// Scenarios that cannot be tested as they are written; their checks are none of their own.
    scenarios: usize,
}

impl Open {
    fn count(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted(_) => self.running = 0,
            Event::CheckFinished(check) => self.running += usize::from(check.verdict == Verdict::Inconclusive),
            Event::LoadFinished(figures) => self.phases += usize::from(figures.inconclusive.is_some()),
            Event::ThresholdJudged(result) => self.thresholds += usize::from(result.holds.is_none()),
            Event::ScenarioFinished(finished) if finished.untestable.is_some() => self.scenarios += 1,
            Event::ScenarioFinished(_) => self.checks += std::mem::take(&mut self.running),
            _ => {}
        }
    }

    fn named(&self) -> String {
        let cannot = (self.scenarios > 0)
            .then(|| format!("{} cannot be tested as written", counted(self.scenarios, "scenario")));
        let phases = (self.phases > 0).then(|| counted(self.phases, "load phase"));
        // thresholds on a phase that proves nothing are none of their own
        let thresholds = (self.thresholds > 0 && self.phases == 0).then(|| counted(self.thresholds, "threshold"));
        let checks = (self.checks > 0).then(|| counted(self.checks, "check"));
        [cannot, phases, thresholds, checks].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Ending {
    /// Nothing yet, where failures count from a severity on.
    pub fn new(fail_on: Severity) -> Self {
        Self {
            fail_on,
            failing: BTreeMap::new(),
            below: 0,
            warnings: 0,
            thresholds: 0,
            beside: 0,
            open: Open::default(),
        }
    }

    /// Counts an event.
    pub fn count(&mut self, event: &Event) {
        self.open.count(event);
        match event {
            Event::ScenarioFinished(finished) => {
                for finding in finished.findings.iter().flatten().filter(|finding| finding.waived.is_none()) {
                    match finding.verdict {
                        Verdict::Fail if finding.severity.max(Severity::Low) >= self.fail_on => {
                            *self.failing.entry(finding.severity).or_default() += 1;
                        }
                        Verdict::Fail => self.below += 1,
                        _ => self.warnings += 1,
                    }
                }
            }
            Event::ThresholdJudged(result) if result.holds == Some(false) => {
                let count = if result.fails() { &mut self.thresholds } else { &mut self.warnings };
                *count += 1;
            }
            Event::Note(note) if note.kind == NoteKind::Finding => self.beside += 1,
            _ => {}
        }
    }

    /// The reason of an end, with what was found; an end of another kind has its own reason.
    pub fn reason(&self, conclusion: Option<Conclusion>, reason: &str) -> String {
        let with = joined(&[
            (self.below > 0)
                .then(|| format!("{} below --fail-on {}", counted(self.below, "failure"), self.fail_on.name())),
            (self.warnings > 0).then(|| counted(self.warnings, "warning")),
        ]);
        match conclusion {
            Some(Conclusion::Passed) if !with.is_empty() => format!("passed, with {with}"),
            Some(Conclusion::Findings) => {
                let by_severity =
                    self.failing.iter().rev().map(|(severity, count)| format!("{count} {}", severity.name()));
                let beside = [
                    (self.thresholds > 0).then(|| counted(self.thresholds, "broken threshold")),
                    (self.beside > 0).then(|| format!("{} of the run", counted(self.beside, "finding"))),
                ];
                let named: Vec<_> = by_severity.chain(beside.into_iter().flatten()).collect();
                match named.is_empty() {
                    true => reason.to_owned(),
                    false => format!("{reason}: {}", named.join(", ")),
                }
            }
            Some(Conclusion::Inconclusive) => match self.open.named() {
                named if named.is_empty() => reason.to_owned(),
                named => format!("inconclusive: {named}"),
            },
            _ => reason.to_owned(),
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn joined(parts: &[Option<String>]) -> String {
    parts.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CheckResult, Finding, Note, Part, ScenarioFinished, sample};

    fn scenario(found: &[(Verdict, Severity)]) -> Event {
        let finding = |(verdict, severity): &(Verdict, Severity)| {
            let failing = sample::failing(vec![sample::cell("/a", Part::Access, *verdict)]);
            Finding::alone(&CheckResult { verdict: *verdict, severity: *severity, ..failing })
        };
        let findings = Some(found.iter().map(finding).collect());
        Event::ScenarioFinished(ScenarioFinished {
            applicable: 9,
            executed: 9,
            exit_code: 0,
            findings,
            untestable: None,
            answers: None,
        })
    }

    #[test]
    fn the_end_names_what_was_found() {
        let of = |fail_on, conclusion, events: &[Event]| {
            let mut ending = Ending::new(fail_on);
            events.iter().for_each(|event| ending.count(event));
            ending.reason(conclusion, "reason")
        };
        let passed = Some(Conclusion::Passed);
        use Severity::{Critical, High, Low};
        let note = Event::Note(Note { kind: NoteKind::Finding, text: "stale".to_owned() });
        assert_eq!(of(Low, passed, &[scenario(&[])]), "reason");
        assert_eq!(of(Low, passed, &[scenario(&[(Verdict::Warn, High)])]), "passed, with 1 warning");
        let mixed = scenario(&[(Verdict::Fail, Low), (Verdict::Fail, Low), (Verdict::Warn, Low), (Verdict::Warn, Low)]);
        assert_eq!(of(High, passed, &[mixed]), "passed, with 2 failures below --fail-on high and 2 warnings");
        let worse = scenario(&[(Verdict::Fail, Low), (Verdict::Fail, Critical), (Verdict::Fail, Critical)]);
        assert_eq!(
            of(Low, Some(Conclusion::Findings), &[worse, note]),
            "reason: 2 critical, 1 low, 1 finding of the run"
        );
        assert_eq!(of(Low, None, &[scenario(&[(Verdict::Fail, Low)])]), "reason");
    }

    #[test]
    fn the_end_names_what_came_to_no_verdict() {
        let of = |events: &[Event]| {
            let mut ending = Ending::new(Severity::Low);
            events.iter().for_each(|event| ending.count(event));
            ending.reason(Some(Conclusion::Inconclusive), "reason")
        };
        let check = Event::CheckFinished(Box::new(CheckResult {
            verdict: Verdict::Inconclusive,
            ..sample::failing(Vec::new())
        }));
        let Event::ScenarioFinished(finished) = scenario(&[]) else { panic!("a scenario") };
        let untestable =
            Event::ScenarioFinished(ScenarioFinished { untestable: Some("no path".to_owned()), ..finished.clone() });
        assert_eq!(of(&[]), "reason");
        assert_eq!(of(&[check.clone(), check.clone(), scenario(&[])]), "inconclusive: 2 checks");
        assert_eq!(of(&[check.clone(), untestable]), "inconclusive: 1 scenario cannot be tested as written");
    }
}
