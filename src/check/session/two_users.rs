//! Logins with two user-ids, of which the password fits one.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, On, SessionAct, SessionStep, Step, UserOrder, Want, Who, login, send};
use crate::check::{Check, Doc, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, Response, StableState, StepId};

const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
/// What the session of the user shows whose password is sent, ...
const OWN: StepId = StepId::new("own");
/// ... the same again, ...
const OWN_AGAIN: StepId = StepId::new("own-again");
/// ... that of the other one, ...
const OTHERS: StepId = StepId::new("others");
/// ... and those of the logins with both.
const OWN_FIRST: StepId = StepId::new("own-first");
const OWN_LAST: StepId = StepId::new("own-last");

/// What holds where a login sends a user-id.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.field-once",
    title: "A login with two users opens no account but that of the password",
    severity: Severity::Critical,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["OWASP API2:2023", "CWE-235", "WSTG-INPV-04"],
    doc: Doc {
        sends: "The login of the scenario with its password and two users: its own and that of another credential, in either order; in a form the field comes twice, in JSON the member. What each protected resource that is read by GET (at most 16) answers to the login is compared with what it answers to a login of either user: with what only one of the two is shown. That the user of the password is logged in is information: the target reads one of the two.",
        matters: "Where one part of a server reads the first value and another one the last, the password of one account is verified and the session of another one is started: whoever has any account has all of them.",
        fix: "Refuse a login whose user or password comes more than once, or read it in one place and pass on what was verified.",
    },
    steps: &[
        login(SessionAct::LogInSecond("other")),
        login(SessionAct::LogIn("s")).granted().called("the login with one user"),
        // what changes as time goes on is no difference between the two: one is asked before the other and after
        send(Who::Slot("s"), On::EachGet).id(OWN).called("the session of the user"),
        send(Who::Slot("other"), On::EachGet).id(OTHERS).times(2).called("the session of the other user"),
        send(Who::Slot("s"), On::EachGet).id(OWN_AGAIN).called("the session of the user, again"),
        login(SessionAct::TwoUsers(UserOrder::OwnFirst, "first")),
        send(Who::IfKept("first"), On::EachGet).id(OWN_FIRST).called("the login with the other user behind"),
        login(SessionAct::TwoUsers(UserOrder::OwnLast, "last")),
        send(Who::IfKept("last"), On::EachGet).id(OWN_LAST).called("the login with the other user before"),
    ],
    compares_answers: true,
    expect: one_user,
    implied_by: &["login.wrong-password-refused"],
    fault: "login-reads-two-users",
    ..REFUSAL
}];

/// Whose session an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Own,
    Other,
    Either,
}

fn one_user(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match case.step_of(seen) {
            Step::Session(SessionStep { act: SessionAct::TwoUsers(..), .. }) if seen.outcome != Outcome::Granted => {
                case.judge_as(index, Want::Denied(REFUSED), &mut judgement);
            }
            Step::Session(SessionStep { act: SessionAct::TwoUsers(..), .. }) => {}
            _ => case.judge(index, &mut judgement),
        }
    }
    for step in [OWN_FIRST, OWN_LAST] {
        let seen: Vec<_> = case.observations_of(step).collect();
        let Some((granted, _)) = seen.iter().find(|(_, seen)| seen.outcome == Outcome::Granted) else { continue };
        let shown: Vec<_> = seen.iter().map(|(index, seen)| (*index, shows(case, seen))).collect();
        let of = |wanted: Shown| shown.iter().find(|(_, shown)| *shown == wanted).map(|(index, _)| *index);
        match (of(Shown::Own), of(Shown::Other)) {
            (None, Some(index)) => {
                let text = case.about(index, "it is logged in as the other user, whose password was not sent");
                judgement.violates(index, text, "refused, or logged in as the user of the password");
            }
            (Some(_), None) => {
                let description = &case.evidence.observations[*granted].description;
                judgement.remarks.push(format!("{description}: one of the two is read, and logged in by its password"));
            }
            _ => judgement.leaves_open("no resource shows which of the two users is logged in".to_owned()),
        }
    }
    judgement
}

/// Whose session the answer to one request shows, where that resource answers both users differently.
fn shows(case: &ObservedCheck<'_>, seen: &Observation) -> Shown {
    let of = |steps: &[StepId]| -> Vec<&Observation> {
        steps.iter().flat_map(|step| case.beside(seen, *step)).map(|(_, other)| other).collect()
    };
    let (own, others) = (of(&[OWN, OWN_AGAIN]), of(&[OTHERS]));
    let all = |seen: &[&Observation], outcome| !seen.is_empty() && seen.iter().all(|seen| seen.outcome == outcome);
    let answers = |seen: &[&'_ Observation]| -> Option<StableState> {
        let answers: Vec<&Response> = seen.iter().filter_map(|seen| seen.exchange.response()).collect();
        StableState::of(&answers)
    };
    use Outcome::{Granted, Refused};
    match seen.outcome {
        Granted if all(&own, Granted) && all(&others, Refused) => Shown::Own,
        Refused if all(&own, Granted) && all(&others, Refused) => Shown::Other,
        Granted if all(&own, Refused) && all(&others, Granted) => Shown::Other,
        Refused if all(&own, Refused) && all(&others, Granted) => Shown::Own,
        Granted if all(&own, Granted) && all(&others, Granted) => {
            let (Some(own), Some(others), Some(answer)) = (answers(&own), answers(&others), seen.exchange.response())
            else {
                return Shown::Either;
            };
            match own.likeness(&others, answer) {
                (true, false) => Shown::Own,
                (false, true) => Shown::Other,
                _ => Shown::Either,
            }
        }
        _ => Shown::Either,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Silence};

    /// What is said of a login whose session has this answer, where the sessions of the two users have those: violations, remarks,
    /// and what is left open.
    fn found(own: (u16, &str), others: (u16, &str), answer: (u16, &str)) -> (usize, usize, usize) {
        let check = find("login.field-once").expect("is in the catalogue");
        let mut evidence = Evidence::default();
        let mut see = |id: StepId, (status, body): (u16, &str)| {
            let step = check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
            let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/account"), Silence::Closed);
            let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
        };
        [(OWN, own), (OTHERS, others), (OTHERS, others), (OWN_AGAIN, own), (OWN_LAST, answer)]
            .into_iter()
            .for_each(|(id, answer)| see(id, answer));
        let profile = Effective::of(["api-key-403"], "session");
        let found = one_user(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.remarks.len(), found.open.len())
    }

    #[test]
    fn the_session_of_another_user_is_told_by_what_it_shows() {
        let (alice, bob, none) = ((200, r#"{"user":"alice"}"#), (200, r#"{"user":"bob"}"#), (403, "no"));
        for (own, others, answer, expected) in [
            (alice, bob, alice, (0, 1, 0)),
            (alice, bob, bob, (1, 0, 0)),
            (alice, bob, none, (0, 0, 0)),
            (alice, alice, alice, (0, 0, 1)),
            (none, bob, bob, (1, 0, 0)),
            (alice, none, alice, (0, 1, 0)),
            (alice, bob, (200, r#"{"user":"carol"}"#), (0, 0, 1)),
            // a token of each session belongs to neither user
            (
                (200, r#"{"user":"alice","csrf":"1f"}"#),
                (200, r#"{"user":"bob","csrf":"2e"}"#),
                (200, r#"{"user":"bob","csrf":"3d"}"#),
                (1, 0, 0),
            ),
            (
                (200, r#"{"user":"alice","csrf":"1f"}"#),
                (200, r#"{"user":"bob","csrf":"2e"}"#),
                (200, r#"{"user":"alice","csrf":"3d"}"#),
                (0, 1, 0),
            ),
            (
                (200, r#"{"n":1,"csrf":"1f"}"#),
                (200, r#"{"n":1,"csrf":"2e"}"#),
                (200, r#"{"n":1,"csrf":"3d"}"#),
                (0, 0, 1),
            ),
        ] {
            assert_eq!(found(own, others, answer), expected, "{own:?} {others:?} {answer:?}");
        }
    }
}
