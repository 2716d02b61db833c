//! Counts failures, and ends a run that has had enough of them.

use crate::check::Severity;
use crate::drive::stop::Stop;
use crate::event::{Event, Note, NoteKind};
use crate::judge::cause::{self, FailedCheck};
use crate::judge::fails;

/// Failures so far, against how many are borne.
pub(super) struct Failures {
    /// Failures of scenarios that are over, and failures of this one that no check made.
    seen: usize,
    /// Failing checks of this scenario: those of one cause count once.
    failing: Vec<FailedCheck>,
    borne: Option<usize>,
    /// The lowest severity that counts.
    fail_on: Severity,
    stop: Stop,
}

impl Failures {
    pub(super) fn new(borne: Option<usize>, fail_on: Severity, stop: Stop) -> Self {
        Self { seen: 0, failing: Vec::new(), borne, fail_on, stop }
    }

    /// Counts an event. The one that is too many ends the run; the note says so.
    pub(super) fn count(&mut self, event: &Event) -> Option<Event> {
        let borne = self.borne?;
        match event {
            Event::CheckFinished(result) if fails(result, self.fail_on) => {
                self.failing.extend(FailedCheck::of(result));
            }
            Event::ThresholdJudged(result) if result.fails() => self.seen += 1,
            Event::Note(note) if note.kind == NoteKind::Finding => self.seen += 1,
            Event::ScenarioFinished(_) => {
                self.seen += failing(&self.failing);
                self.failing.clear();
                return None;
            }
            _ => return None,
        }
        let seen = self.seen + failing(&self.failing);
        if seen < borne || self.stop.is_requested() {
            return None;
        }
        self.stop.request();
        let failures = if seen == 1 { "the first failure".to_owned() } else { format!("{seen} failures") };
        let text = format!("stopped after {failures} (--max-failures); the remaining checks did not run");
        Some(Event::Note(Note { kind: NoteKind::Warning, text }))
    }
}

/// How many causes of failures nobody answers for.
fn failing(failing: &[FailedCheck]) -> usize {
    cause::findings(failing).iter().filter(|finding| finding.fails()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_is_too_many_ends_the_run_once() {
        let finding = Event::Note(Note { kind: NoteKind::Finding, text: "stale".to_owned() });
        let remark = Event::Note(Note { kind: NoteKind::Info, text: "seen".to_owned() });
        for (borne, expected) in [(None, None), (Some(1), Some(0)), (Some(3), Some(2))] {
            let stop = Stop::default();
            let mut failures = Failures::new(borne, Severity::Low, stop.clone());
            assert!(failures.count(&remark).is_none());
            let told: Vec<_> = (0..5).filter(|_| failures.count(&finding).is_some()).collect();
            assert_eq!((told.first().copied(), stop.is_requested()), (expected, borne.is_some()), "{borne:?}");
            assert!(told.len() <= 1, "{told:?}");
        }
    }
}
