//! Second factors by one-time codes (RFC 6238).

use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{Accept, CodeChange, SessionAct, Step, login};
use crate::check::{Check, Doc, Level, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

/// A code may be refused as one that is wrong, or as a request that has an error.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
/// Time steps whose codes no network delay explains: RFC 6238 §5.2 recommends to allow one at most, and a clock may be one more apart.
const STEPS: i64 = 3;
/// Seconds after which a code is of no use to anybody but a thief.
const LONG: u64 = 360;
/// The code of a time step that is long over.
const OLD: StepId = StepId::new("old");

/// What holds where a login sends a one-time code.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "login.second-factor-needed",
        title: "A login without its one-time code opens nothing",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["ASVS 6.3.3", "CWE-287", "CWE-308", "WSTG-ATHN-11", "OWASP API2:2023"],
        doc: Doc {
            sends: "The login of the scenario up to its first request with `{totp}`: each credential that it has got by then (its cookies, the values that a later request takes from answers, and members of JSON that are tokens by their names) is tried at a protected resource. Then the login without its code, with an empty one, with zeros and, in JSON, with null and with an array of two wrong codes and the right one. The right login follows. What a login returns is tried at a protected resource.",
            matters: "A second factor that can be left out is none: whoever has the password is in. An array of codes lets somebody guess thousands with one request.",
            fix: "Give out what opens resources after the last factor and not before, and take a text of as many digits as a code has and nothing else.",
        },
        steps: &[
            login(SessionAct::BeforeCode).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::Missing)).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::Empty)).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::Zeros)).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::Null)).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::List)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with its code"),
        ],
        any_refusal: true,
        fault: "otp-left-out",
        ..REFUSAL
    },
    Check {
        id: "login.otp-single-use",
        title: "A one-time code that was used is refused",
        level: Level::Must,
        severity: Severity::Medium,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6238 §5.2", "ASVS 6.5.1", "CWE-294"],
        doc: Doc {
            sends: "The login of the scenario with a code that was not sent before, whose credential has to open a protected resource, and the same login with the same code within the same time step. What the second login returns is tried at a protected resource.",
            matters: "Whoever watches a user type a code, or takes it from a page that imitates the right one, logs in with it as well, as long as it is good.",
            fix: "Keep for each user the time step of the last code that was taken, and refuse codes of that step and of those before it (RFC 6238 §5.2).",
        },
        steps: &[
            login(SessionAct::ChangedCode(CodeChange::Again)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with the next code"),
        ],
        any_refusal: true,
        fault: "otp-taken-again",
        ..REFUSAL
    },
    Check {
        id: "login.otp-window",
        title: "One-time codes of other times are refused",
        level: Level::Should,
        severity: Severity::Medium,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6238 §5.2", "ASVS 6.5.5", "CWE-613"],
        doc: Doc {
            sends: "The login of the scenario with the code of three time steps ago, once no later code was sent, with one that ended six minutes ago, and with that of three time steps ahead, each as the clock of this machine counts. A code that equals that of a step around the present one is replaced by that of the next step. The right login follows. That the code of three steps ago or ahead is accepted is a warning of low severity. What a login returns is tried at a protected resource.",
            matters: "Each time step that is accepted makes a guess easier, and gives a thief more time to use a code.",
            fix: "Compare with the present time step, and with one before it for the network delay (RFC 6238 §5.2).",
        },
        steps: &[
            login(SessionAct::ChangedCode(CodeChange::Beside(-STEPS))).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::Ago(LONG))).id(OLD).denied(REFUSED),
            login(SessionAct::ChangedCode(CodeChange::Beside(STEPS))).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with the present code"),
        ],
        any_refusal: true,
        expect: within_the_window,
        fault: "otp-of-any-time",
        ..REFUSAL
    },
    Check {
        id: "login.otp-of-another-user",
        title: "The one-time code of another user is refused",
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["RFC 6238 §3", "CWE-287", "WSTG-ATHN-11"],
        doc: Doc {
            sends: "The login of the scenario with its own password and the present code of another credential, whose `totp` is another secret. The right login follows. What a login returns is tried at a protected resource.",
            matters: "Whoever has any account with a second factor has that of everybody whose password is known.",
            fix: "Verify the code with the secret of the user whose password was verified: each has one of its own (RFC 6238 §3, R5).",
        },
        steps: &[
            login(SessionAct::ChangedCode(CodeChange::OfAnother)).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with its own code"),
        ],
        any_refusal: true,
        implied_by: &["login.second-factor-needed"],
        fault: "otp-of-any-user",
        ..REFUSAL
    },
];

/// Each answer against what its step wants. RFC 6238 §5.2 says RECOMMENDED of one step: what is accepted a few steps away is a warning.
fn within_the_window(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let is_of_a_code = |index: usize| match case.step_of(&case.evidence.observations[index]) {
        Step::Session(step) => step.act.is_about_codes(),
        _ => false,
    };
    let is_near = |index: usize| {
        let is_old = case.observations_of(OLD).any(|(old, _)| old == index);
        is_of_a_code(index) && !is_old && case.evidence.observations[index].outcome == Outcome::Granted
    };
    let near: Vec<_> = judgement.access.extract_if(.., |found| is_near(found.observation)).collect();
    if !near.is_empty() && judgement.access.is_empty() {
        judgement.at_most = Some(Severity::Low);
    }
    judgement.advice.extend(near);
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// What a check says of the outcomes of its steps, in order: violations, warnings, what is left open, and the highest severity.
    fn judged(id: &str, outcomes: &[Outcome]) -> (usize, usize, usize, Option<Severity>) {
        let check = find(id).expect("is in the catalogue");
        let profile = Effective::of(["strict-rfc"], "bearer");
        let mut evidence = Evidence::default();
        for (step, outcome) in outcomes.iter().enumerate() {
            let status = match outcome {
                Outcome::Granted => 200,
                Outcome::Broke => 500,
                Outcome::Unclear => 202,
                _ => 401,
            };
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/login"), Silence::TimedOut);
            let exchange = if *outcome == Outcome::Silent { asked } else { Exchange { answer: Ok(answer), ..asked } };
            evidence.observe(Observation::in_test(step, exchange, *outcome));
        }
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.advice.len(), found.open.len(), found.at_most)
    }

    #[test]
    fn a_code_of_a_few_steps_away_is_a_warning_and_an_old_one_a_violation() {
        use Outcome::{Broke, Granted, Refused, Silent, Unclear};
        let low = Some(Severity::Low);
        for (outcomes, expected) in [
            ([Refused, Refused, Refused, Granted], (0, 0, 0, None)),
            ([Granted, Refused, Refused, Granted], (0, 1, 0, low)),
            ([Granted, Refused, Granted, Granted], (0, 2, 0, low)),
            ([Granted, Granted, Refused, Granted], (1, 1, 0, None)),
            ([Refused, Granted, Refused, Granted], (1, 0, 0, None)),
            // no refusal, and none that shows anything
            ([Unclear, Refused, Refused, Granted], (0, 0, 1, None)),
            ([Refused, Silent, Broke, Granted], (0, 0, 2, None)),
            ([Refused, Refused, Refused, Unclear], (0, 0, 1, None)),
        ] {
            assert_eq!(judged("login.otp-window", &outcomes), expected, "{outcomes:?}");
        }
    }

    #[test]
    fn what_is_let_in_without_the_right_code_is_a_violation() {
        use Outcome::{Granted, Refused, Unclear};
        for (id, steps) in
            [("login.second-factor-needed", 6), ("login.otp-single-use", 1), ("login.otp-of-another-user", 1)]
        {
            let mut outcomes = vec![Refused; steps];
            outcomes.push(Granted);
            assert_eq!(judged(id, &outcomes), (0, 0, 0, None), "{id}");
            for at in 0..steps {
                let with = |outcome| {
                    let mut outcomes = outcomes.clone();
                    outcomes[at] = outcome;
                    judged(id, &outcomes)
                };
                assert_eq!(with(Granted), (1, 0, 0, None), "{id}: {at}");
                assert_eq!(with(Unclear), (0, 0, 1, None), "{id}: {at}");
            }
        }
    }
}
