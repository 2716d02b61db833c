//! Whether a run proved anything at all: one in which nobody gets in looks secure and is not.

use crate::check::{Check, Mode, Step};
use crate::event::shards::Answers;
use crate::observe::{Evidence, Observation, Outcome};

/// Statuses that a server gives to everybody once it has had enough of a client.
const DENIALS: [u16; 3] = [401, 403, 429];
/// Share of denials among all answers that makes a run suspicious.
const SUSPICIOUS: f64 = 0.9;
/// Answers below which a share says nothing.
const FEW: usize = 20;

/// What all checks of a scenario were answered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vacuity {
    seen: Answers,
}

impl Vacuity {
    /// Counts what one check saw.
    pub(super) fn count(&mut self, check: &Check, evidence: &Evidence) {
        for control in &evidence.controls {
            self.control(control.outcome);
        }
        if check.control {
            evidence.observations.iter().for_each(|seen| self.control(seen.outcome));
        }
        // samples are many of a kind: their number says nothing about the target
        if check.mode != Mode::Statistical {
            let controls = evidence.controls.iter().map(|control| &control.exchange);
            // what other checks were answered has been counted
            let own = |seen: &&Observation| !matches!(check.steps[seen.step], Step::LookBack(_));
            let probes = evidence.observations.iter().filter(own).map(|seen| &seen.exchange);
            controls.chain(probes).filter_map(|exchange| exchange.status()).for_each(|status| self.answer(status));
        }
    }

    /// The numbers behind it.
    pub(super) fn answers(&self) -> Answers {
        self.seen
    }

    /// Adds what the checks of a shard were answered.
    pub(super) fn add(&mut self, other: &Answers) {
        self.seen.answers += other.answers;
        self.seen.denials += other.denials;
        self.seen.controls += other.controls;
        self.seen.granted += other.granted;
    }

    fn control(&mut self, outcome: Outcome) {
        self.seen.controls += 1;
        self.seen.granted += usize::from(outcome == Outcome::Granted);
    }

    fn answer(&mut self, status: u16) {
        self.seen.answers += 1;
        self.seen.denials += usize::from(DENIALS.contains(&status));
    }

    /// That not one good credential was granted: nothing that was refused proves anything.
    pub(super) fn nothing_proved(&self) -> Option<String> {
        let text = "None of your credentials was accepted, so refusals cannot be judged";
        (self.seen.controls > 0 && self.seen.granted == 0).then(|| text.to_owned())
    }

    /// That hardly anything but denials came back, to good credentials as well: a reason to doubt that the target listened to the
    /// end. Where each good credential was accepted, the denials are those that checks ask for.
    pub(super) fn suspicion(&self) -> Option<String> {
        let Answers { answers, denials, controls, granted, .. } = self.seen;
        let share = denials as f64 / answers.max(1) as f64;
        let refused = controls - granted.min(controls);
        (answers >= FEW && share > SUSPICIOUS && refused > 0).then(|| {
            format!(
                "{denials} of {answers} answers were 401, 403 or 429, and {refused} of {controls} requests with a good credential \
                 were not accepted: the target may have locked this run out"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(denials: usize, others: usize) -> Vacuity {
        let mut vacuity = Vacuity::default();
        (0..denials).for_each(|at| vacuity.answer(DENIALS[at % 3]));
        (0..others).for_each(|_| vacuity.answer(200));
        vacuity
    }

    #[test]
    fn more_than_nine_denials_in_ten_answers_are_suspicious() {
        for (denials, others, suspicious) in
            [(91, 9, true), (90, 10, false), (19, 0, false), (20, 0, true), (0, 0, false)]
        {
            let mut vacuity = answered(denials, others);
            vacuity.control(Outcome::Granted);
            assert_eq!(vacuity.suspicion(), None, "{denials} and {others}: each good credential is accepted");
            vacuity.control(Outcome::Refused);
            assert_eq!(vacuity.suspicion().is_some(), suspicious, "{denials} and {others}");
        }
    }

    #[test]
    fn one_accepted_control_proves_something_and_no_control_promises_nothing() {
        let mut vacuity = Vacuity::default();
        assert_eq!(vacuity.nothing_proved(), None);
        vacuity.control(Outcome::Refused);
        assert!(vacuity.nothing_proved().is_some());
        vacuity.control(Outcome::Granted);
        assert_eq!(vacuity.nothing_proved(), None);
    }
}
