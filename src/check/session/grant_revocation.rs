//! What the revocation endpoint of an issuer makes of the tokens of a login (RFC 7009), where its metadata name one.

use crate::check::judgement::{Judgement, ObservedCheck, oauth};
use crate::check::step::{INVALID, LoginRevocation, On, SessionAct, Step, Want, Who, login, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, Place};

const fn revoked(slot: &'static str, by: LoginRevocation) -> Step {
    login(SessionAct::Revoke(slot, by))
}

const fn logged_in(slot: &'static str) -> Step {
    login(SessionAct::LogIn(slot)).granted().called("a login")
}

/// What holds where the scenario names the issuer of the tokens of a login.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "grant.revocation-ends-token",
        title: "The client of a login can revoke its access token, which ends",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2", "RFC 7009 §2"],
        doc: Doc {
            sends: "The login of the scenario; its access token, before and after its client has it revoked at the revocation endpoint of the metadata, authenticated as in the login. A client without a secret sends client_id alone. A revocation that is refused is a failure of medium severity at most; a JWT that works on is a warning, or information where it ends by itself within `self_contained_life` (5 min).",
            matters: "Revocation that answers 200 and does nothing is worse than none; a client that cannot revoke leaves tokens behind.",
            fix: "Authenticate clients as at the token endpoint, those without a secret by client_id (RFC 7009 §2.1), and mark the token as revoked where resource servers look.",
        },
        steps: &[
            logged_in("s"),
            send(Who::Slot("s"), On::Protected).granted().called("the token before its revocation"),
            revoked("s", LoginRevocation::Own).granted(),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::Protected).denied(&[INVALID]).called("the token after its revocation"),
        ],
        expect: ends_the_token,
        shows: Explanation::Revocation,
        fault: "grant-revocation-noop",
        ..REFUSAL
    },
    Check {
        id: "grant.revocation-by-others-refused",
        title: "No other client can revoke the token of a login",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7009 §2.1"],
        doc: Doc {
            sends: "A login, whose token its client revokes. Then another login, whose token a client that nobody has registered and, where the scenario has one, another client try to revoke; the token is used.",
            matters: "Clients that can revoke each other's tokens can shut each other's users out.",
            fix: "Authenticate the client, and compare it with the one to which the token was issued (RFC 7009 §2.1).",
        },
        steps: &[
            logged_in("own"),
            revoked("own", LoginRevocation::Own).granted(),
            Step::AwaitRefusal("own"),
            send(Who::Slot("own"), On::Protected).id(oauth::OWN_REVOKED).called("a token that its own client revoked"),
            logged_in("t"),
            revoked("t", LoginRevocation::UnknownClient),
            revoked("t", LoginRevocation::Other).if_given(),
            send(Who::Slot("t"), On::Protected).granted().called("the token afterwards"),
        ],
        expect: by_others,
        fault: "grant-revocation-of-any-client",
        ..PLAIN
    },
    Check {
        id: "grant.revocation-unknown-token-200",
        title: "Revoking an unknown or already revoked token of a login gives 200",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7009 §2.2"],
        doc: Doc {
            sends: "A login; by its client, the revocation of a token that was never issued, and of its access token twice.",
            matters: "What the client wants holds already: an error makes it try again, and shows which tokens exist.",
            fix: "Answer 200 where the token is not alive (RFC 7009 §2.2).",
        },
        steps: &[
            logged_in("s"),
            revoked("s", LoginRevocation::OwnOfUnknown).granted(),
            revoked("s", LoginRevocation::Own).granted().id(oauth::LIVE).called("the revocation of a live token"),
            revoked("s", LoginRevocation::Own).granted().called("the revocation of the same token again"),
        ],
        expect: oauth::lawful_revocations,
        fault: "grant-revocation-names-tokens",
        ..PLAIN
    },
];

/// RFC 7009 §2.1: the token cannot be used after its revocation. Where that was refused, nothing has ended it; of a self-contained
/// token, §3 leaves it to the server how soon it ends.
fn ends_the_token(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = oauth::revocations(case);
    let seen = |index: usize| &case.evidence.observations[index];
    let is_refused = |at: usize| seen(at).place == Place::Revocation && seen(at).outcome == Outcome::Refused;
    if judgement.access.iter().any(|found| is_refused(found.observation)) {
        judgement.access.retain(|found| is_refused(found.observation));
        judgement.at_most = Some(Severity::Medium);
        return judgement;
    }
    let Some(left) = case.evidence.self_contained else { return judgement };
    let works_on = |at: usize| seen(at).place != Place::Revocation && seen(at).outcome == Outcome::Granted;
    let (stays, others) = std::mem::take(&mut judgement.access).into_iter().partition(|one| works_on(one.observation));
    judgement.access = others;
    let stays: Vec<_> = stays;
    if left > case.evidence.self_contained_life {
        judgement.advice.extend(stays);
    } else if !stays.is_empty() {
        let text = format!("the access token is self-contained, works on and ends by itself in {} s", left.as_secs());
        judgement.remarks.push(text);
        judgement.needs_review = true;
    }
    judgement
}

/// Where the own client can revoke nothing either, nobody else's refusal shows anything.
fn by_others(case: &ObservedCheck<'_>) -> Judgement {
    let is_own = |index: usize| {
        let seen = &case.evidence.observations[index];
        seen.place == Place::Revocation && matches!(case.step_of(seen).wanted(), Want::Granted)
    };
    let refused = case.observations().any(|(index, seen)| is_own(index) && seen.outcome == Outcome::Refused);
    let mut judgement = oauth::foreign_revocation(case);
    if refused {
        judgement.access.retain(|found| !is_own(found.observation));
        if judgement.access.is_empty() {
            judgement = Judgement::default();
            judgement.leaves_open("the revocation by the own client of the token was refused as well".to_owned());
        } else {
            judgement.not_applicable = None;
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    fn observed(step: usize, place: Place, status: u16) -> Observation {
        let answer = Response { status, headers: Vec::new(), body: b"{}".to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("POST", "/revoke"), Silence::Closed);
        let outcome = if status < 300 { Outcome::Granted } else { Outcome::Refused };
        Observation { place, ..Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome) }
    }

    #[test]
    fn a_revoked_token_ends_unless_it_holds_itself() {
        const SOON: Duration = Duration::from_secs(60);
        const LATE: Duration = Duration::from_secs(3600);
        let check = find("grant.revocation-ends-token").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (revocation, after, self_contained, expected) in [
            (200, 401, None, (0, 0, 0)),
            (200, 200, None, (1, 0, 0)),
            (200, 200, Some(SOON), (0, 0, 1)),
            (200, 200, Some(LATE), (0, 1, 0)),
            // nothing has ended it
            (401, 200, None, (1, 0, 0)),
        ] {
            let life = Duration::from_secs(300);
            let mut evidence = Evidence { self_contained, self_contained_life: life, ..Evidence::default() };
            for (step, place, status) in
                [(1, Place::Resource(0), 200), (2, Place::Revocation, revocation), (4, Place::Resource(0), after)]
            {
                evidence.observe(observed(step, place, status));
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.advice.len(), found.remarks.len());
            assert_eq!(seen, expected, "{revocation} {after} {self_contained:?}");
            assert_eq!(found.at_most, (revocation == 401).then_some(Severity::Medium));
        }
    }
}
