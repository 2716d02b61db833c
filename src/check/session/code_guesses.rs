//! Whether guesses at one-time codes are limited, where the password is known (RFC 4226 §7.3).

use crate::check::common::throttling::{guesses, is_throttled, throttled};
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{SessionAct, login};
use crate::check::{Check, Doc, Level, Mode, PLAIN, Severity, Tier};
use crate::observe::{Outcome, StepId};

/// For logins that send a one-time code.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.otp-guesses-limited",
    title: "Logins with wrong one-time codes are slowed or blocked",
    level: Level::Should,
    severity: Severity::High,
    tier: Tier::Extended,
    mode: Mode::Timed,
    remote_safe: false,
    sources: &["RFC 4226 §7.3", "NIST SP 800-63B §3.2.2", "ASVS 6.3.1", "CWE-307", "WSTG-ATHN-11"],
    doc: Doc {
        sends: "The login of `expendable_code_account` by its password and its next one-time code, which has to open a protected resource. Once another code is due, whole logins of that account with the right password and another wrong code each, one more than the failure budget of the scenario, until 429 comes or each is answered after half a second or more. Where nothing holds them up, the login follows at once with the right password and that code, or the one of the present time step where that has ended: an account that is locked passes, however wrong codes are answered.",
        matters: "A code has a million values, and three of them are right at a time: whoever has the password tries them until one is, which takes hours where nothing limits it.",
        fix: "Count wrong codes by account, over all of its logins: neither a right password nor a new session sets the count back. Answer 429, or lock the second factor, after a few of them (RFC 4226 §7.3).",
    },
    steps: &[
        login(SessionAct::TryCodeAccount).granted().called("the login with the right one-time code"),
        login(SessionAct::GuessCodes),
        login(SessionAct::TryCodeAccount)
            .id(RIGHT)
            .called("the login with the right one-time code after the wrong ones"),
    ],
    expect: guesses_at_codes,
    fault: "otp-no-throttle",
    ..PLAIN
}];

/// The right password and the right code after the guesses.
const RIGHT: StepId = StepId::new("right");

/// Something holds the guesser up, or the right code is refused after the guesses.
fn guesses_at_codes(case: &ObservedCheck<'_>) -> Judgement {
    limited(case, RIGHT, ("wrong codes the right one is refused", "the account is locked"))
}

/// Something holds the guesser up, or what is right is refused after the guesses, in these words.
pub(super) fn limited(case: &ObservedCheck<'_>, right: StepId, (refused, so): (&str, &str)) -> Judgement {
    let mut judgement = throttled(case);
    let guessed = guesses(case);
    let is_groundwork = |index: &usize| guessed.iter().all(|(at, _)| at > index);
    let before = case.observations().map(|(index, _)| index).take_while(is_groundwork);
    before.for_each(|index| case.judge(index, &mut judgement));
    let Some((_, right)) = case.observations_of(right).next() else { return judgement };
    match right.outcome {
        Outcome::Granted => {}
        _ if right.outcome == Outcome::Refused || is_throttled(right) => {
            judgement.protocol.clear();
            judgement.remarks.push(format!("after {} {refused}: {so}", guessed.len()));
        }
        _ => {
            judgement.protocol.clear();
            judgement.leaves_open(unclear(right));
        }
    }
    judgement
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::common::throttling::tests::sent;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Observation};

    /// What a check of guesses finds, remarks and leaves open where so many wrong values are answered with this status, the last one with
    /// the other, and the right one after them with the third.
    pub(in super::super) fn judged_guesses(
        id: &str,
        many: usize,
        (status, last): (u16, u16),
        right: Option<u16>,
    ) -> (usize, usize, usize, usize) {
        let check = find(id).expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let mut evidence = Evidence::default();
        let soon = Duration::from_millis(20);
        evidence.observe(sent(0, "Basic x", 200, soon));
        (1..many).for_each(|_| evidence.observe(sent(1, "Basic x", status, soon)));
        evidence.observe(sent(1, "Basic x", last, soon));
        right.into_iter().for_each(|status| {
            let right = sent(2, "Basic x", status, soon);
            let outcome = if status == 500 { Outcome::Broke } else { right.outcome };
            evidence.observe(Observation { outcome, ..right });
        });
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.protocol.len(), found.remarks.len(), found.open.len())
    }

    fn judged(many: usize, answers: (u16, u16), right: Option<u16>) -> (usize, usize, usize, usize) {
        judged_guesses("login.otp-guesses-limited", many, answers, right)
    }

    #[test]
    fn a_limit_is_429_or_a_lock() {
        assert_eq!(judged(12, (401, 401), Some(200)), (0, 1, 0, 0), "nothing holds them up");
        assert_eq!(judged(12, (401, 429), None), (0, 0, 1, 0));
        assert_eq!(judged(12, (401, 401), Some(401)), (0, 0, 1, 0), "the account is locked");
        assert_eq!(judged(12, (401, 401), Some(429)), (0, 0, 1, 0), "for now");
        assert_eq!(judged(12, (401, 401), Some(500)), (0, 0, 0, 1));
        assert_eq!(judged(12, (401, 200), Some(200)).0, 1, "a wrong code lets in");
    }
}
