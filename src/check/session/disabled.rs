//! What an account that an administrator has disabled still opens.

use crate::check::judgement::self_contained::ended_by;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, AccountOf, Hook, INVALID, On, SessionAct, Step, Who, login, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, REFUSAL, Severity, Tier};
use crate::observe::StepId;

/// For logins whose accounts a hook disables.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.disabled-account-loses-access",
    title: "An account that is disabled loses its access",
    level: Level::Practice,
    severity: Severity::High,
    tier: Tier::Extended,
    mode: Mode::Timed,
    remote_safe: false,
    sources: &["ASVS 7.4.2", "CWE-613", "CWE-285"],
    doc: Doc {
        sends: "A login, and then `material.hooks.disable` with `on` and its user-id. Once the tolerated delay has passed, its credential comes four times, each on a new connection, and once at each other protected resource that is read (at most 16 in all); then its refresh, where it has one, and the login as it is. The hook enables the account again, whatever happened, and a good credential has to be let in after that. A JWT that ends by itself within `self_contained_life` (5 min) is a warning at most.",
        matters: "Whoever has left goes on reading, for weeks where a refresh token lives that long: the account was disabled at the login page alone.",
        fix: "End the sessions and the refresh tokens of an account when it is disabled or deleted, and look whether it is enabled wherever a credential is verified.",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        send(Who::Slot("s"), On::Protected).lasting().called("the credential before its account is disabled"),
        Step::Hook(Hook::Disable(AccountOf::LogsIn)),
        Step::AwaitRefusal("s"),
        send(Who::Slot("s"), On::Protected)
            .denied(&[INVALID])
            .times(4)
            .called("the credential after its account was disabled"),
        send(Who::Slot("s"), On::EachRoute).denied(&[INVALID]).called("the credential after its account was disabled"),
        login(SessionAct::RefreshIfAny("s"))
            .denied(REFUSED)
            .id(REFRESH)
            .called("the refresh after the account was disabled"),
        login(SessionAct::TryLogIn).denied(REFUSED).id(LOGIN).called("the login after the account was disabled"),
        Step::Hook(Hook::Enable(AccountOf::LogsIn)),
    ],
    expect: loses_access,
    shows: Explanation::Revocation,
    fault: "disabled-account-keeps-sessions",
    ..REFUSAL
}];

/// What the target looks up, however long a token lives.
const REFRESH: StepId = StepId::new("refresh");
const LOGIN: StepId = StepId::new("login");

fn loses_access(case: &ObservedCheck<'_>) -> Judgement {
    ended_by("its account was disabled", &[REFRESH, LOGIN], case)
}

/// How a login or a refresh of such an account may be refused.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Request, Response, Silence};

    #[test]
    fn what_is_looked_up_ends_at_once_and_a_token_that_ends_soon_may_live_on() {
        let check = find("login.disabled-account-loses-access").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let credential = check.steps.len() - 5;
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is a step");
        let life = Duration::from_secs(300);
        let seen = |step: usize, is_granted: bool| {
            let status = if is_granted { 200 } else { 401 };
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let exchange =
                Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut) };
            Observation::in_test(step, exchange, if is_granted { Outcome::Granted } else { Outcome::Refused })
        };
        // what the token, the refresh and the login got, and how long the token says that it lives; failures, and warnings
        for (granted, left, expected) in [
            ([false, false, false], None, (0, 0)),
            ([true, false, false], None, (1, 0)),
            ([true, false, false], Some(60), (0, 1)),
            ([true, false, false], Some(3600), (1, 0)),
            ([true, true, false], Some(60), (1, 1)),
            ([false, false, true], Some(60), (1, 0)),
        ] {
            let mut evidence = Evidence { self_contained_life: life, ..Evidence::default() };
            evidence.self_contained = left.map(Duration::from_secs);
            for (step, granted) in [credential, of(REFRESH), of(LOGIN)].into_iter().zip(granted) {
                evidence.observe(seen(step, granted));
            }
            let found = loses_access(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.advice.len()), expected, "{granted:?} {left:?}: {found:?}");
        }
    }
}
