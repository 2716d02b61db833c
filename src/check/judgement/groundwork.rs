//! Good requests that say nothing about what a check is about when they are refused: their credential is at fault.

use super::ObservedCheck;
use crate::check::Step;
use crate::check::step::Who;
use crate::observe::{Observation, Outcome};

/// What is said of a credential that works once.
pub(super) const USED_UP: &str =
    "granted once and then refused: it works once only, so no refusal afterwards shows what has ended it";

impl ObservedCheck<'_> {
    /// Whether a good request was sent as it is, before anything that this check does: where it is refused, its credential or the
    /// target is at fault, which the positive controls are about.
    pub(super) fn is_groundwork(&self, observation: &Observation) -> bool {
        let is_plain = |step: &Step| match step {
            Step::Send(send) => {
                let is_good = match send.who {
                    Who::Good | Who::Second | Who::OfAccount | Who::LoggedIn | Who::OtherLoggedIn => true,
                    Who::Slot(slot) => self.check.steps.iter().any(|step| step.obtains_into(slot)),
                    _ => false,
                };
                is_good && send.alter.is_empty()
            }
            _ => false,
        };
        let prepares = |step: &Step| is_plain(step) || step.obtains() || step.only_reads();
        !self.check.control
            && is_plain(self.step_of(observation))
            && self.check.steps[..observation.step].iter().all(prepares)
    }

    /// Whether a credential was refused that the same step was granted before: it works once only, and nothing shows what ends it.
    pub(super) fn is_used_up(&self, index: usize) -> bool {
        let seen = &self.evidence.observations[index];
        let is_same = |other: &Observation| other.step == seen.step && other.place == seen.place;
        let before = || self.evidence.observations[..index].iter().filter(|other| is_same(other));
        matches!(self.step_of(seen), Step::Send(send) if send.lasts)
            && seen.outcome == Outcome::Refused
            && before().any(|other| other.outcome == Outcome::Granted)
    }

    /// Whether any credential was used up, so that its refusal later shows nothing.
    pub fn anything_used_up(&self) -> bool {
        (0..self.evidence.observations.len()).any(|index| self.is_used_up(index))
    }
}
