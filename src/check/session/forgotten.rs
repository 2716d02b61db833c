//! What an application says to whoever has forgotten the password of an account, or of none.

use super::indistinct::{KNOWN, KNOWN_AGAIN, UNKNOWN, UNKNOWN_AGAIN, breaks_for_one, users_alike};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{SessionAct, Want, login};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::Outcome;

/// What the answer to a forgotten password says.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.reset-indistinct",
    title: "The answer to a password reset does not reveal whether the user exists",
    severity: Severity::Low,
    tier: Tier::Extended,
    // it sends mails
    remote_safe: false,
    sources: &["ASVS 6.3.8", "OWASP Forgot Password Cheat Sheet", "CWE-204", "WSTG-IDNT-04"],
    doc: Doc {
        sends: "A login, and the `password_reset` of the scenario in turn twice for the user of the credential, and for two users that nobody has; these have the domain of that user where the user-id is an e-mail address. What the two answers about the known user have in common is compared with those about the others, without what was sent. 429 and 503 say nothing, and neither does a reset that fails for the known user. Another server error says who exists where it is the same one each time for the known user, or for those that nobody has, and never comes for the others. The user may get mails.",
        matters: "Whoever learns which users exist needs to guess passwords of those only, and knows whom to write to in the name of the application.",
        fix: "Answer every request for another password with one status and one text, such as \"if there is an account with this address, we have sent a mail\", and tell the rest in the mail.",
    },
    steps: &[
        // the user is known
        login(SessionAct::LogIn("s")).granted().called("the login of the user"),
        login(SessionAct::AskForReset).id(KNOWN).called("a password reset of a known user"),
        login(SessionAct::AskForResetOfNobody).id(UNKNOWN).called("a password reset of an unknown user"),
        login(SessionAct::AskForReset).id(KNOWN_AGAIN).called("a password reset of a known user, again"),
        login(SessionAct::AskForResetOfNobody).id(UNKNOWN_AGAIN).called("a password reset of another unknown user"),
    ],
    expect: resets_alike,
    fault: "reset-names-unknown-user",
    ..PLAIN
}];

/// The answers about users that nobody has are those about a known one, each at its place among the answers to its reset.
fn resets_alike(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let logins = case.observations().filter(|(_, seen)| case.step_of(seen).step_id().is_none());
    logins.for_each(|(index, _)| case.judge(index, &mut judgement));
    if let Some(broken) = breaks_for_one(case) {
        judgement.deviates(broken.index, broken.text, "answers that cannot be told apart");
        return judgement;
    }
    for (index, seen) in case.observations().filter(|(_, seen)| case.step_of(seen).step_id().is_some()) {
        let status = seen.exchange.status().unwrap_or_default();
        if status != 429 && status < 500 {
            case.judge_as(index, Want::Either, &mut judgement);
        } else {
            judgement.leaves_open(format!(
                "{}: {status} says nothing about users; raise the limit of password resets for the run, or look at the log of the target",
                seen.description
            ));
        }
    }
    for step in [KNOWN, KNOWN_AGAIN] {
        if let Some((_, seen)) = case.observations_of(step).last()
            && seen.outcome != Outcome::Granted
        {
            let status = seen.exchange.status().map_or("no answer".to_owned(), |status| status.to_string());
            judgement.leaves_open(format!(
                "{}: {status} is no success, so nothing can be compared; write `password_reset` as the application takes it, with the page before it that has a CSRF token",
                seen.description
            ));
        }
    }
    if !judgement.open.is_empty() {
        return judgement;
    }
    let most = [KNOWN, UNKNOWN].map(|step| case.observations_of(step).count());
    let found = (0..most[0].max(most[1])).map(|at| users_alike(case, at));
    let mut found: Vec<Judgement> = found.collect();
    match found.iter().position(|one| !one.protocol.is_empty()) {
        // later answers follow from that one
        Some(at) => judgement.and(found.swap_remove(at)),
        None => found.into_iter().fold(judgement, Judgement::and),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// Answers to one reset: status, body.
    type Answers<'a> = &'a [(u16, &'a str)];

    /// Deviations, and whether it is left open.
    fn judged(known: Answers<'_>, unknown: Answers<'_>) -> (usize, bool) {
        let check = find("login.reset-indistinct").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence::default();
        let of_steps = [known, unknown, known, unknown];
        for (step, (answers, user)) in (1..).zip(of_steps.into_iter().zip(["alice", "xqzvjk", "alice", "wkpvhr"])) {
            for (status, body) in answers {
                let body = body.replace("USER", user).into_bytes();
                let answer = Response { status: *status, headers: Vec::new(), body, truncated: false };
                let request = Request::new("POST", "/forgot")
                    .with_body("application/json", format!("{{\"a\":{{\"user\":\"{user}\"}}}}").into_bytes());
                let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::TimedOut) };
                let outcome = if *status < 400 { Outcome::Granted } else { Outcome::Refused };
                evidence.observe(Observation::in_test(step, exchange, outcome));
            }
        }
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), !found.open.is_empty())
    }

    #[test]
    fn unknown_users_are_answered_as_known_ones() {
        for (known, unknown, expected) in [
            (&[(200, "sent")][..], &[(200, "sent")][..], (0, false)),
            // the user-id itself tells nothing
            (&[(200, "sent to USER")], &[(200, "sent to USER")], (0, false)),
            (&[(200, "sent")], &[(404, "unknown")], (1, false)),
            (&[(200, "sent")], &[(200, "unknown")], (1, false)),
            // a redirect for all, and a page that tells
            (&[(302, ""), (200, "sent")], &[(302, ""), (200, "unknown")], (1, false)),
            (&[(302, ""), (200, "sent")], &[(404, "unknown")], (1, false)),
            (&[(200, "sent")], &[(429, "later")], (0, true)),
            (&[(200, "sent")], &[(503, "")], (0, true)),
            // what breaks for the one kind of users and not for the other says who exists
            (&[(500, "")], &[(200, "sent")], (1, false)),
            (&[(500, "")], &[(404, "unknown")], (1, false)),
            (&[(302, ""), (500, "")], &[(302, ""), (200, "sent")], (1, false)),
            (&[(200, "sent")], &[(500, "")], (1, false)),
            (&[(500, "")], &[(500, "")], (0, true)),
            (&[(503, "")], &[(200, "sent")], (0, true)),
            (&[(500, "")], &[(429, "later")], (0, true)),
            // no control
            (&[(403, "csrf")], &[(403, "csrf")], (0, true)),
            (&[(403, "csrf")], &[(404, "unknown")], (0, true)),
        ] {
            assert_eq!(judged(known, unknown), expected, "{known:?} {unknown:?}");
        }
    }
}
