//! What the token of a password reset is good for: one password, of one user.

use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{Accept, SessionAct, login};
use crate::check::{Check, Doc, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

/// What becomes of the tokens of resets.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "login.reset-token-single-use",
        title: "A token of a password reset that was used sets no other password",
        severity: Severity::High,
        tier: Tier::Extended,
        // it sends mails, and changes a password
        remote_safe: false,
        sources: &["OWASP Forgot Password Cheat Sheet", "CWE-640", "WSTG-ATHN-09"],
        doc: Doc {
            sends: "The `password_reset` of the scenario for the user of the credential, and its `reset_completion` with the token of the mail and a new password, which then logs in and opens a resource, while the former one is refused. The completion follows once more with the same token and another password. A login with that one alone shows that it was set: that the completion is answered as a success is a remark. The former password is put back. The user gets one or two mails.",
            matters: "A link of a reset stays in mailboxes, in the history of browsers and in logs of proxies: whoever finds it later takes the account over.",
            fix: "Invalidate the token in the same transaction that sets the password, and all others of the user with it.",
        },
        steps: &[
            login(SessionAct::CompleteReset).granted(),
            login(SessionAct::FormerPassword).id(FORMER),
            login(SessionAct::CompleteResetAgain).denied(REFUSED).id(AGAIN),
        ],
        expect: used_once,
        fault: "reset-token-used-twice",
        ..REFUSAL
    },
    Check {
        id: "login.reset-token-bound-to-user",
        title: "A token of a password reset does not set the password of another user",
        severity: Severity::Critical,
        tier: Tier::Extended,
        // it sends mails, and changes passwords
        remote_safe: false,
        sources: &["OWASP Forgot Password Cheat Sheet", "CWE-640", "WSTG-ATHN-09"],
        doc: Doc {
            sends: "A password reset of the user of the credential that is completed, and another one whose `reset_completion` has the token of that user's mail and the user-id of a second credential in place of `{username}`. A login of that second user with the new password alone shows that it was set. The former passwords are put back. The first user gets two or three mails, and the second one where the account has to be restored.",
            matters: "Whoever has an account asks for a reset of it, and sets the password of anybody whose user-id is known.",
            fix: "Take the user from the record of the token, and refuse a request that names another one.",
        },
        steps: &[
            login(SessionAct::CompleteReset).granted(),
            login(SessionAct::CompleteResetOfOther).denied(REFUSED).id(AGAIN),
        ],
        expect: used_once,
        fault: "reset-token-of-anybody",
        ..REFUSAL
    },
];

/// The login with the password from before the reset.
const FORMER: StepId = StepId::new("former-password");
/// The completion that must set no password.
const AGAIN: StepId = StepId::new("completed-again");
/// What is no good token is refused as a value that is wrong.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

/// Each answer against what its step wants. Where the former password logs in as well, a login says nothing about which one is set.
fn used_once(case: &ObservedCheck<'_>) -> Judgement {
    let former = case.observations_of(FORMER).find(|(_, seen)| seen.outcome == Outcome::Granted);
    if former.is_some() {
        let why = "the former password logs in after the reset, so no login shows which password was set: see login.reset-ends-former-password";
        return Judgement { open: vec![why.to_owned()], ..Judgement::default() };
    }
    let mut judgement = expect::wants(case);
    if !judgement.access.is_empty() {
        return judgement;
    }
    for (_, seen) in case.observations_of(AGAIN).filter(|(_, seen)| seen.outcome == Outcome::Refused) {
        if let Some(status) = seen.exchange.status().filter(|status| *status < 400) {
            judgement.remarks.push(format!(
                "{}: answered with {status}, and a login with that password is refused",
                seen.description
            ));
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// Violations, what is left open, and remarks.
    fn judged(former: Outcome, again: (Outcome, u16)) -> (usize, usize, usize) {
        let check = find("login.reset-token-single-use").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence::default();
        for (step, (outcome, status)) in [(Outcome::Granted, 200), (former, 401), again].into_iter().enumerate() {
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/reset"), Silence::Closed);
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
        }
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        assert_eq!(found.protocol.len(), 0, "a status is no matter of this check");
        (found.access.len(), found.open.len(), found.remarks.len())
    }

    #[test]
    fn a_password_that_logs_in_was_set() {
        use Outcome::{Granted, Refused, Unclear};
        for (former, again, expected) in [
            (Refused, (Refused, 400), (0, 0, 0)),
            (Refused, (Granted, 200), (1, 0, 0)),
            (Refused, (Granted, 400), (1, 0, 0)),
            // a success that sets nothing
            (Refused, (Refused, 200), (0, 0, 1)),
            (Refused, (Unclear, 200), (0, 1, 0)),
            // every password logs in
            (Granted, (Granted, 200), (0, 1, 0)),
            (Granted, (Refused, 400), (0, 1, 0)),
        ] {
            assert_eq!(judged(former, again), expected, "{former:?} {again:?}");
        }
    }
}
