//! What an account still opens that has lost a right.

use crate::check::judgement::self_contained::excused;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Hook, INSUFFICIENT, INVALID, On, SessionAct, Step, Want, Who, login, send};
use crate::check::{Check, Doc, Explanation, Mode, REFUSAL, Tier};
use crate::observe::{Observation, Outcome, StepId};

/// For logins whose accounts a hook takes a right from.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.demoted-account-loses-right",
    title: "An account that loses a right loses it in its open sessions",
    tier: Tier::Extended,
    mode: Mode::Timed,
    remote_safe: false,
    sources: &["ASVS 8.3.2", "CWE-638", "CWE-613"],
    doc: Doc {
        sends: "A login, whose credential is sent to each resource with `scopes` that its account may use (at most 8; what is written is among them where it needs no `before` and is not deleted). Then `material.hooks.demote` with `on` and its user-id, which takes a right away. Once the tolerated delay has passed, the credential from before is sent to each of them, and so are what its refresh returns, where it has one, and a new login. What the new login may not use needs the right that was taken: the credential from before and what its refresh returned have to be refused there. Where the new login may use all of them, nothing shows what was taken away. The hook gives the right back, whatever happened. A JWT that ends by itself within `self_contained_life` (5 min) is a warning at most.",
        matters: "A former administrator keeps the rights until the session ends, for weeks where a refresh carries them on.",
        fix: "Read the rights of an account where it is decided about them, or end its sessions and tokens when they change.",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        send(Who::Slot("s"), On::EachRight)
            .granted()
            .id(BEFORE)
            .called("the credential before its account loses a right"),
        Step::Hook(Hook::Demote),
        Step::AwaitDemoted("s"),
        send(Who::Slot("s"), On::EachRight)
            .denied(REFUSED)
            .id(AFTER)
            .called("the credential from before its account lost a right"),
        login(SessionAct::TryRefresh("s")).id(REFRESH).called("its refresh after that"),
        send(Who::Refreshed("s"), On::EachRight)
            .id(REFRESHED)
            .called("what the refresh returned after that")
            .if_given(),
        login(SessionAct::LogIn("n")).granted().called("a new login after that"),
        send(Who::Slot("n"), On::EachRight).id(NEW).called("the new login"),
        Step::Hook(Hook::Promote),
        Step::AwaitPromoted("s"),
    ],
    expect: applied_at_once,
    shows: Explanation::Revocation,
    fault: "demoted-account-keeps-rights",
    ..REFUSAL
}];

/// The credential before a right is taken away, ...
const BEFORE: StepId = StepId::new("before");
/// ... after that, ...
const AFTER: StepId = StepId::new("after");
/// ... its refresh, ...
const REFRESH: StepId = StepId::new("refresh");
/// ... and what that returned.
const REFRESHED: StepId = StepId::new("refreshed");
/// The login that shows where the right is needed.
const NEW: StepId = StepId::new("new");

/// How it may be refused to whoever lacks a right: as that, or because the session has ended.
const REFUSED: &[Accept] = &[INSUFFICIENT, INVALID];

/// What is refused to a new login is refused to the one from before, if it was granted before.
fn applied_at_once(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let is_renewed = case.observations_of(REFRESH).any(|(_, seen)| seen.outcome == Outcome::Granted);
    let at = |seen: &Observation, step| case.beside(seen, step).last().map(|(_, seen)| seen.outcome);
    let needs_right =
        |seen: &Observation| at(seen, BEFORE) == Some(Outcome::Granted) && at(seen, NEW) == Some(Outcome::Refused);
    let mut is_shown = false;
    for (index, seen) in case.observations() {
        let decides = match case.step_of(seen).step_id() {
            Some(AFTER) => needs_right(seen),
            Some(REFRESHED) => is_renewed && needs_right(seen),
            // what the account could not use before shows nothing afterwards
            Some(BEFORE) if seen.outcome == Outcome::Refused => continue,
            Some(_) => false,
            None => {
                case.judge(index, &mut judgement);
                continue;
            }
        };
        is_shown |= decides;
        let want = match case.step_of(seen).step_id() {
            _ if decides => Want::Denied(REFUSED),
            Some(BEFORE) => Want::Granted,
            _ => Want::Either,
        };
        case.judge_as(index, want, &mut judgement);
    }
    if !is_shown {
        judgement.leaves_open(NOTHING_SHOWN.to_owned());
    }
    excused("its account lost a right", &[REFRESHED], case, judgement)
}

/// Why nothing is said where the hook seems to have done nothing.
const NOTHING_SHOWN: &str = "a new login is refused no resource that its account could use before: nothing shows what \
     `material.hooks.demote` took away (add a resource with the `scopes` that it takes)";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome::*, Request, Response, Silence};

    #[test]
    fn what_a_new_login_may_not_use_is_closed_to_the_one_from_before() {
        let check = find("login.demoted-account-loses-right").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is a step");
        let seen = |id: StepId, outcome: Outcome| {
            let status = if outcome == Refused { 403 } else { 200 };
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let unanswered = Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut);
            Observation::in_test(of(id), Exchange { answer: Ok(answer), ..unanswered }, outcome)
        };
        // before, after, the refresh with what it returned, and a new login; how long the token says that it lives
        for (outcomes, refresh, left, expected) in [
            // the hook took nothing from it
            ([Granted, Refused, Granted], None, None, (0, 0, 1)),
            ([Granted, Granted, Granted], None, None, (0, 0, 1)),
            ([Granted, Refused, Refused], None, None, (0, 0, 0)),
            ([Granted, Granted, Refused], None, None, (1, 0, 0)),
            ([Granted, Granted, Refused], None, Some(60), (0, 1, 0)),
            ([Granted, Granted, Refused], None, Some(3600), (1, 0, 0)),
            ([Granted, Unclear, Refused], None, None, (0, 0, 1)),
            // it was closed to the account before
            ([Refused, Refused, Refused], None, None, (0, 0, 1)),
            ([Granted, Refused, Refused], Some((Refused, Granted)), None, (0, 0, 0)),
            ([Granted, Refused, Refused], Some((Granted, Refused)), None, (0, 0, 0)),
            ([Granted, Refused, Refused], Some((Granted, Granted)), None, (1, 0, 0)),
            // what a refresh returns is made after the change, however soon it ends
            ([Granted, Granted, Refused], Some((Granted, Granted)), Some(60), (1, 1, 0)),
        ] {
            let mut evidence = Evidence { self_contained_life: Duration::from_secs(300), ..Evidence::default() };
            evidence.self_contained = left.map(Duration::from_secs);
            for (id, outcome) in [BEFORE, AFTER, NEW].into_iter().zip(outcomes) {
                evidence.observe(seen(id, outcome));
            }
            if let Some((refresh, refreshed)) = refresh {
                evidence.observe(seen(REFRESH, refresh));
                evidence.observe(seen(REFRESHED, refreshed));
            }
            let found = applied_at_once(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let counts = (found.access.len(), found.advice.len(), found.open.len());
            assert_eq!(counts, expected, "{outcomes:?} {refresh:?} {left:?}: {found:?}");
        }
    }
}
