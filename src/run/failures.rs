//! Counts failures, and ends a run that has had enough of them.

use crate::check::Verdict;
use crate::drive::stop::Stop;
use crate::event::{Event, Note, NoteKind};

/// Failures so far, against how many are borne.
pub(super) struct Failures {
    seen: usize,
    borne: Option<usize>,
    stop: Stop,
}

impl Failures {
    pub(super) fn new(borne: Option<usize>, stop: Stop) -> Self {
        Self { seen: 0, borne, stop }
    }

    /// Counts an event. The one that is too many ends the run; the note says so.
    pub(super) fn count(&mut self, event: &Event) -> Option<Event> {
        let borne = self.borne.filter(|_| is_failure(event) && !self.stop.is_requested())?;
        self.seen += 1;
        if self.seen < borne {
            return None;
        }
        self.stop.request();
        let failures = if self.seen == 1 { "the first failure".to_owned() } else { format!("{} failures", self.seen) };
        let text = format!("ended after {failures}, as was asked: what is missing was not run");
        Some(Event::Note(Note { kind: NoteKind::Warning, text }))
    }
}

/// Failed checks that are not waived, broken thresholds, findings of the run.
fn is_failure(event: &Event) -> bool {
    match event {
        Event::CheckFinished(result) => result.verdict == Verdict::Fail && result.waived.is_none(),
        Event::ThresholdJudged(result) => result.fails(),
        Event::Note(note) => note.kind == NoteKind::Finding,
        _ => false,
    }
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
            let mut failures = Failures::new(borne, stop.clone());
            assert!(failures.count(&remark).is_none());
            let told: Vec<_> = (0..5).filter(|_| failures.count(&finding).is_some()).collect();
            assert_eq!((told.first().copied(), stop.is_requested()), (expected, borne.is_some()), "{borne:?}");
            assert!(told.len() <= 1, "{told:?}");
        }
    }
}
