//! Whether a registration gives the new account rights that nobody offered.

use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{Accept, RaisedBy, SessionAct, Step, login};
use crate::check::{Check, Doc, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, StepId};

/// What registrations must not give.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.registration-assigns-no-rights",
    title: "A registration gives the new account no right that the request adds",
    severity: Severity::Critical,
    tier: Tier::Extended,
    // accounts stay, and one of them may be an administrator's
    remote_safe: false,
    sources: &["OWASP API3:2023", "ASVS 15.3.3", "CWE-915", "WSTG-IDNT-02", "WSTG-INPV-20"],
    doc: Doc {
        sends: "The `registration` of the scenario for a new user, who logs in. The new account has to open a resource, and a credential of the scenario has to open another one that refuses the new account (at most 8 are read; where each of these is open, at most 8 are written that need `scopes`). Then the registration of four more users, each with other members beside the password, or fields of its form: `role`; `roles` and `groups`; `is_admin`, `isAdmin`, `admin`, `is_staff` and `is_superuser`; `scope`, `scopes` and `permissions` with what these resources need. What refuses the first account is tried by each of the others. At last one more user is registered as the scenario has it: where that is refused, the refusals before may be those of a limit. The six users stay.",
        matters: "A handler that binds whatever a body has to the account makes an administrator of anybody who registers.",
        fix: "Name the members that a registration takes, and ignore or refuse all others; set roles in a request of their own, which administrators alone may send.",
    },
    steps: &[
        login(SessionAct::RegisterPlain).granted(),
        login(SessionAct::RegisterRaised(RaisedBy::Role)).denied(REFUSED),
        login(SessionAct::RegisterRaised(RaisedBy::Roles)).denied(REFUSED),
        login(SessionAct::RegisterRaised(RaisedBy::Flags)).denied(REFUSED),
        login(SessionAct::RegisterRaised(RaisedBy::Scopes)).denied(REFUSED),
        login(SessionAct::RegisterPlainAgain).id(AT_LAST),
    ],
    any_refusal: true,
    expect: gives_no_rights,
    fault: "registration-assigns-role",
    ..REFUSAL
}];

/// A registration as the scenario has it, after the others.
const AT_LAST: StepId = StepId::new("at-last");
/// A registration with members that it is not for may be refused.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
/// What is said where no account shows anything.
const NOTHING_SHOWN: &str =
    "no account whose registration had more members shows what it may do: it does not log in, or opens nothing";

/// Each answer against what its step wants, where one registration at least shows something.
fn gives_no_rights(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (_, seen) in case.observations().filter(|(_, seen)| seen.exchange.status() == Some(429)) {
        judgement.leaves_open(format!("{}: 429; raise the limit of registrations for the run", seen.description));
    }
    let is_over = |(_, seen): &(usize, &Observation)| seen.outcome != Outcome::Granted;
    if let Some((_, seen)) = case.observations_of(AT_LAST).find(is_over) {
        judgement
            .leaves_open(format!("{}: refused as well, so what refused the others may be a limit", seen.description));
    }
    let is_raised =
        |step: &Step| matches!(step, Step::Session(step) if matches!(step.act, SessionAct::RegisterRaised(_)));
    if judgement.open.is_empty() && !case.observations().any(|(_, seen)| is_raised(case.step_of(seen))) {
        judgement.leaves_open(NOTHING_SHOWN.to_owned());
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    /// Violations, and what is left open.
    fn judged(outcomes: &[(usize, Outcome, u16)]) -> (usize, usize) {
        let check = find("login.registration-assigns-no-rights").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence::default();
        for (step, outcome, status) in outcomes {
            let answer = Response { status: *status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/register"), Silence::Closed);
            evidence.observe(Observation::in_test(*step, Exchange { answer: Ok(answer), ..asked }, *outcome));
        }
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        assert_eq!(found.protocol.len(), 0, "a status is no matter of this check");
        (found.access.len(), found.open.len())
    }

    #[test]
    fn what_opens_more_than_other_accounts_is_a_violation() {
        use Outcome::{Broke, Granted, Refused, Unclear};
        let plain = (0, Granted, 201);
        for (raised, expected) in [
            // an account like others, or none at all
            (vec![(1, Refused, 201), (2, Refused, 422), (3, Refused, 201), (4, Refused, 200)], (0, 0)),
            (vec![(1, Refused, 201), (2, Refused, 422), (3, Granted, 201), (4, Refused, 200)], (1, 0)),
            (vec![(1, Granted, 201), (4, Granted, 201)], (2, 0)),
            (vec![(1, Unclear, 429), (2, Broke, 500), (3, Refused, 201)], (0, 2)),
            // a limit of registrations
            (vec![(1, Refused, 403), (2, Refused, 403), (5, Refused, 403)], (0, 1)),
            (vec![(1, Granted, 201), (5, Refused, 403)], (1, 1)),
            (vec![(1, Refused, 201), (5, Granted, 201)], (0, 0)),
            // the others log in to nothing
            (vec![(2, Refused, 201)], (0, 0)),
            (vec![], (0, 1)),
        ] {
            let all: Vec<_> = [plain].into_iter().chain(raised).collect();
            assert_eq!(judged(&all), expected, "{all:?}");
        }
    }
}
