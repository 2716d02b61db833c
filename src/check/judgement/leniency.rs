//! What nobody can send but who holds the good credential: whoever accepts it lets nobody in who should not be.

use super::{Judgement, ObservedCheck, expect};
use crate::check::step::Accept;
use crate::observe::{ForgeryId, Observation, Outcome};

/// Other spellings of a good credential.
const SPELLINGS: [ForgeryId; 7] = [
    ForgeryId::new("no-break-space"),
    ForgeryId::new("no-padding"),
    ForgeryId::new("padding-behind"),
    ForgeryId::new("left-over-bits"),
    ForgeryId::new("byte-a0"),
    ForgeryId::new("byte-85"),
    ForgeryId::new("byte-1f"),
];

impl ObservedCheck<'_> {
    /// Whether a good credential in another spelling was accepted that nearly every server takes, and whose holder alone can
    /// write it: bytes that libraries of text take for white space, and other Base64 of the same bytes (RFC 4648 §3.2, §3.5). It
    /// is for a person to look at then, and what a check makes of it in strict profiles.
    pub fn takes_a_spelling(&self, seen: &Observation, judgement: &mut Judgement) -> bool {
        let is_spelling = seen.forgery.is_some_and(|forgery| SPELLINGS.contains(&forgery));
        is_spelling && self.remarks_grant(seen, judgement)
    }

    /// Remarks that something was accepted, for a person to look at, unless the profile is strict; whether it did.
    pub fn remarks_grant(&self, seen: &Observation, judgement: &mut Judgement) -> bool {
        if seen.outcome != Outcome::Granted || self.profile.strict_challenges() {
            return false;
        }
        judgement.remarks.push(format!("{}: accepted", seen.description));
        judgement.needs_review = true;
        true
    }

    /// Judges an answer to something wrong that nobody can send but who holds the key, or what amounts to it. Whoever accepts
    /// it reads more leniently than the requirement allows, and lets nobody in who should not be: a warning, whatever the
    /// level. Any other answer is judged as that to a probe which has to be refused.
    pub fn judge_leniency(&self, index: usize, accepts: &[Accept], expected: &str, judgement: &mut Judgement) {
        match self.evidence.observations[index].outcome {
            Outcome::Granted => judgement.advises(index, self.about(index, "accepted"), expected),
            _ => self.judge_denied(index, accepts, judgement),
        }
    }

    /// The same for all observations of steps that may go either way, beside what the others want.
    pub fn judge_leniencies(&self, accepts: &[Accept], expected: &str) -> Judgement {
        let mut judgement = expect::wants(self);
        for (index, seen) in self.lenient() {
            if !self.takes_a_spelling(seen, &mut judgement) {
                self.judge_leniency(index, accepts, expected, &mut judgement);
            }
        }
        judgement
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::check::step::{Step, Want};
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    /// What the step of a check that may go either way was answered.
    fn seen(step: usize, status: Option<u16>, outcome: Outcome, clean: bool, reproduced: bool) -> Observation {
        let response =
            status.map(|status| Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
        let unanswered = Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut);
        let exchange = Exchange { answer: response.ok_or(Silence::TimedOut), ..unanswered };
        Observation { clean, reproduced, ..Observation::in_test(step, exchange, outcome) }
    }

    #[test]
    fn what_only_the_holder_of_the_key_can_send_is_a_warning_at_most() {
        let check = find("httpsig.key-and-alg-agreement").expect("is in the catalogue");
        let either = |step: &Step| matches!(step.wanted(), Want::Either);
        let lenient = check.steps.iter().position(either).expect("a step that may go either way");
        let strict = check.steps.iter().position(|step| !either(step)).expect("a step that has to be refused");
        let profile = Effective::of(["api-key-403"], "http-message-signatures");
        let accepts = &[Accept::Status(400), Accept::Status(401)];
        let judged = |observation: Observation| {
            let mut evidence = Evidence::default();
            evidence.observe(observation);
            let case = ObservedCheck { check, evidence: &evidence, profile: &profile };
            let found = case.judge_leniencies(accepts, "refused");
            (found.access.len(), found.protocol.len(), found.advice.len(), found.open.len())
        };
        for (status, outcome, clean, reproduced, expected) in [
            (Some(200), Outcome::Granted, true, false, (0, 0, 1, 0)),
            (Some(401), Outcome::Refused, true, false, (0, 0, 0, 0)),
            (Some(404), Outcome::Refused, true, false, (0, 1, 0, 0)),
            // an alert of the handshake
            (None, Outcome::Refused, true, false, (0, 0, 0, 0)),
            (Some(302), Outcome::Unclear, true, false, (0, 0, 0, 1)),
            // a status that refuses, beside something that keeps it from being a refusal
            (Some(401), Outcome::Unclear, false, false, (0, 0, 0, 1)),
            (Some(500), Outcome::Broke, true, true, (0, 1, 0, 0)),
            (Some(500), Outcome::Broke, true, false, (0, 0, 0, 1)),
            (None, Outcome::Silent, true, true, (0, 0, 0, 1)),
        ] {
            let seen = |step| seen(step, status, outcome, clean, reproduced);
            assert_eq!(judged(seen(lenient)), expected, "{status:?} {outcome:?}");
        }
        assert_eq!(judged(seen(strict, Some(200), Outcome::Granted, true, false)), (1, 0, 0, 0));
    }
}
