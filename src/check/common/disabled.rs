//! What a key, a token or a password opens whose account an administrator has disabled.

use crate::check::judgement::self_contained::ended_by;
use crate::check::step::{AccountOf, Hook, INSUFFICIENT, INVALID, On, Step, Who, send};
use crate::check::{Check, Doc, Explanation, Mode, REFUSAL, Severity, Tier};

/// The last ones of their topic: a target may take the credentials of a disabled account back for good.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.disabled-account-loses-access",
    title: "A key, token or password of an account that is disabled opens nothing",
    severity: Severity::High,
    tier: Tier::Extended,
    mode: Mode::Timed,
    remote_safe: false,
    sources: &["ASVS 8.3.2", "CWE-285", "CWE-638"],
    doc: Doc {
        sends: "A credential that is written in the scenario (a key, a token, a user-id with a password or a token in its place, a key that signs) and names its account, by `account` or `username`: one that most checks do not use, where there is one. `material.hooks.disable` is called with `on` and that account. Once the tolerated delay has passed, the credential comes four times, and once at each other protected resource that it may read (at most 16 in all). The hook enables the account again, whatever happened, and the credential has to be let in after that: where the target has revoked it for good, the check is inconclusive. A JWT that ends by itself within `self_contained_life` (5 min) is a warning at most.",
        matters: "The account is disabled at the login page alone: whoever has left made a key before, and goes on with it for years.",
        fix: "Look whether the account is enabled wherever a key, a token or a password is verified, or end them all with the account.",
    },
    steps: &[
        send(Who::OfAccount, On::Protected).lasting().called("the credential before its account is disabled"),
        Step::Hook(Hook::Disable(AccountOf::IsGiven)),
        Step::AwaitDisabled,
        send(Who::OfAccount, On::Protected)
            .denied(&[INVALID, INSUFFICIENT])
            .times(4)
            .called("the credential after its account was disabled"),
        send(Who::OfAccount, On::EachRoute)
            .denied(&[INVALID, INSUFFICIENT])
            .called("the credential after its account was disabled"),
        Step::Hook(Hook::Enable(AccountOf::IsGiven)),
        Step::AwaitEnabled,
    ],
    expect: |case| ended_by("its account was disabled", &[], case),
    shows: Explanation::Revocation,
    fault: "disabled-account-keeps-keys",
    ..REFUSAL
}];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::check::find;
    use crate::check::judgement::ObservedCheck;
    use crate::check::profile::Effective;
    use crate::check::step::{Step, Want};
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Request, Response, Silence};

    #[test]
    fn a_credential_ends_with_its_account_and_a_token_that_ends_soon_may_live_on() {
        let check = find("common.disabled-account-loses-access").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "api-key");
        let denied = |step: &Step| matches!(step.wanted(), Want::Denied(_));
        let step = check.steps.iter().position(denied).expect("is a step");
        // what the credential gets, and how long it says that it lives; failures, warnings, and what stays open
        for (outcome, left, expected) in [
            (Outcome::Refused, None, (0, 0, 0)),
            (Outcome::Granted, None, (1, 0, 0)),
            (Outcome::Granted, Some(60), (0, 1, 0)),
            (Outcome::Granted, Some(3600), (1, 0, 0)),
            (Outcome::Unclear, None, (0, 0, 1)),
        ] {
            let status = if outcome == Outcome::Refused { 401 } else { 200 };
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let unanswered = Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut);
            let exchange = Exchange { answer: Ok(answer), ..unanswered };
            let mut evidence = Evidence { self_contained_life: Duration::from_secs(300), ..Evidence::default() };
            evidence.self_contained = left.map(Duration::from_secs);
            evidence.observe(Observation::in_test(step, exchange, outcome));
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let counts = (found.access.len(), found.advice.len(), found.open.len());
            assert_eq!(counts, expected, "{outcome:?} {left:?}: {found:?}");
        }
    }
}
