//! What the revocation endpoint of an issuer makes of the tokens of a login (RFC 7009), where its metadata name one.

use crate::check::judgement::self_contained::self_contained;
use crate::check::judgement::{Judgement, ObservedCheck, expect, oauth, unclear};
use crate::check::step::{INVALID, LoginRevocation, On, SessionAct, Step, Want, Who, login, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, Place, StepId};

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
            sends: "The login of the scenario; its access token, before and after its client has it revoked at the revocation endpoint of the metadata, authenticated as in the login, and then at each resource that writes nothing (at most 16). A client without a secret sends client_id alone. A revocation that is refused is a failure of medium severity at most; a JWT that works on is a warning, or information where it ends by itself within `self_contained_life` (5 min).",
            matters: "Revocation that answers 200 and does nothing is worse than none; a client that cannot revoke leaves tokens behind.",
            fix: "Authenticate clients as at the token endpoint, those without a secret by client_id (RFC 7009 §2.1), and mark the token as revoked where resource servers look.",
        },
        steps: &[
            logged_in("s"),
            send(Who::Slot("s"), On::Protected).lasting().called("the token before its revocation"),
            revoked("s", LoginRevocation::Own).granted(),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::Protected).denied(&[INVALID]).called("the token after its revocation"),
            send(Who::Slot("s"), On::EachRoute).denied(&[INVALID]).called("the token after its revocation"),
        ],
        expect: ends_the_token,
        shows: Explanation::Revocation,
        // a logout may be a revocation
        implied_by: &["login.logout-ends-credential"],
        fault: "grant-revocation-noop",
        ..REFUSAL
    },
    Check {
        id: "grant.revocation-ends-refresh-token",
        title: "The client of a login can revoke its refresh token, which ends",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7009 §2", "RFC 7009 §2.1"],
        doc: Doc {
            sends: "The login of the scenario; its client has the refresh token revoked at the revocation endpoint of the metadata, without a hint, and after the tolerated delay the refresh of the login is sent. A revocation that is refused shows nothing here.",
            matters: "Authorization servers MUST support the revocation of refresh tokens (RFC 7009 §2). Where one lives on after a 200, whoever has a copy of it goes on renewing the access.",
            fix: "Look for the token among the refresh tokens as well, whatever the hint is, and end it with its family.",
        },
        steps: &[
            logged_in("r"),
            revoked("r", LoginRevocation::OwnRefreshToken(None)).id(REFRESH_TOKEN_UNHINTED),
            // as long as the scenario tolerates
            Step::AwaitRefusal("r"),
            login(SessionAct::TryRefresh("r"))
                .id(REFRESH_UNHINTED)
                .called("the refresh after the revocation of its token"),
        ],
        expect: ends_the_refresh_token,
        shows: Explanation::Revocation,
        implied_by: &["grant.revocation-ends-token", "login.logout-ends-credential"],
        fault: "grant-revocation-keeps-refresh-tokens",
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
    Check {
        id: "grant.revocation-wrong-hint",
        title: "A wrong or unknown token_type_hint does not stop the revocation of the token of a login",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2"],
        doc: Doc {
            sends: "A login, whose access token its client revokes without a hint. Then two more logins, one after the other, whose access tokens it revokes with token_type_hint=refresh_token and with a hint that does not exist (`authbench`); each token is used before and after that. Where the login has a `refresh` at a token endpoint, two more logins, whose refresh tokens its client revokes without a hint and with token_type_hint=access_token, and then refreshes by. Where the revocation without a hint ends no token, the others of its kind show nothing.",
            matters: "A revocation that looks in one place only says 200 and leaves the token alive.",
            fix: "Search all kinds of tokens when the hinted kind does not have it (RFC 7009 §2.1), and ignore hints that are not known (RFC 7009 §2.2).",
        },
        steps: &[
            logged_in("own"),
            revoked("own", LoginRevocation::Own).id(UNHINTED).called("its revocation without a hint"),
            Step::AwaitRefusal("own"),
            send(Who::Slot("own"), On::Protected).id(oauth::OWN_REVOKED).called("a token revoked without a hint"),
            logged_in("t"),
            send(Who::Slot("t"), On::Protected).lasting().called("the token before its revocation"),
            revoked("t", LoginRevocation::OwnHinted("refresh_token"))
                .granted()
                .called("its revocation with a wrong hint"),
            Step::AwaitRefusal("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the token revoked with a wrong hint"),
            // a revocation may end all tokens of a user: one after the other
            logged_in("u"),
            send(Who::Slot("u"), On::Protected).lasting().called("another token before its revocation"),
            revoked("u", LoginRevocation::OwnHinted("authbench"))
                .granted()
                .called("its revocation with an unknown hint"),
            Step::AwaitRefusal("u"),
            send(Who::Slot("u"), On::Protected).denied(&[INVALID]).called("the token revoked with an unknown hint"),
            login(SessionAct::LogIn("r")).granted().called("a login").if_given(),
            revoked("r", LoginRevocation::OwnRefreshToken(None)).id(REFRESH_TOKEN_UNHINTED).if_given(),
            login(SessionAct::TryRefresh("r"))
                .id(REFRESH_UNHINTED)
                .called("the refresh by a token revoked without a hint")
                .if_given(),
            login(SessionAct::LogIn("v")).granted().called("a login").if_given(),
            revoked("v", LoginRevocation::OwnRefreshToken(Some("access_token"))).id(REFRESH_TOKEN_HINTED).if_given(),
            login(SessionAct::TryRefresh("v"))
                .id(REFRESH_HINTED)
                .called("the refresh by a token revoked with a wrong hint")
                .if_given(),
        ],
        expect: hints_of_both_kinds,
        shows: Explanation::Revocation,
        implied_by: &["grant.revocation-ends-token"],
        fault: "grant-revocation-hint-filter",
        ..REFUSAL
    },
];

/// RFC 7009 §2.1: the token cannot be used after its revocation. Where that was refused, nothing has ended it; of a self-contained
/// token, §3 leaves it to the server how soon it ends.
fn ends_the_token(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = oauth::wanted_of_revocations(case);
    let seen = |index: usize| &case.evidence.observations[index];
    let is_refused = |at: usize| seen(at).place == Place::Revocation && seen(at).outcome == Outcome::Refused;
    if judgement.access.iter().any(|found| is_refused(found.observation)) {
        judgement.access.retain(|found| is_refused(found.observation));
        judgement.at_most = Some(Severity::Medium);
        return judgement;
    }
    self_contained(case, judgement)
}

/// RFC 7009 §2, §2.1: a refresh token cannot be used after its revocation.
fn ends_the_refresh_token(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let of = |step| case.observations_of(step).last();
    let Some((_, revocation)) = of(REFRESH_TOKEN_UNHINTED) else { return judgement };
    if revocation.outcome != Outcome::Granted {
        let status = revocation.exchange.status().map_or("no answer".to_owned(), |status| status.to_string());
        judgement.leaves_open(format!("{}: {status}, so nothing has ended the token", revocation.description));
        return judgement;
    }
    match of(REFRESH_UNHINTED) {
        Some((at, refreshed)) if refreshed.outcome == Outcome::Granted => {
            judgement.violates(at, case.about(at, "granted"), "refused: the token was revoked");
        }
        Some((_, refreshed)) if refreshed.outcome != Outcome::Refused => judgement.leaves_open(unclear(refreshed)),
        Some(_) => {}
        None => judgement.leaves_open("the refresh was not sent".to_owned()),
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

/// A revocation without a hint.
const UNHINTED: StepId = StepId::new("unhinted");
/// The revocation of a refresh token without a hint, the refresh after it, and the same two with a wrong hint.
const REFRESH_TOKEN_UNHINTED: StepId = StepId::new("refresh-token-unhinted");
const REFRESH_UNHINTED: StepId = StepId::new("refresh-unhinted");
const REFRESH_TOKEN_HINTED: StepId = StepId::new("refresh-token-hinted");
const REFRESH_HINTED: StepId = StepId::new("refresh-hinted");

/// Tokens of one kind are judged where the others show nothing.
fn hints_of_both_kinds(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = hints_ignored(case);
    let Some(of_refresh_tokens) = hint_on_refresh_token(case) else { return judgement };
    judgement.remarks.extend(judgement.not_applicable.take());
    let mut of_refresh_tokens = of_refresh_tokens;
    // a server that goes by hints does so with both kinds: one cause
    if let Some(place) = judgement.access.first().map(|found| found.observation) {
        of_refresh_tokens.access.iter_mut().for_each(|found| found.observation = place);
    }
    judgement.and(of_refresh_tokens)
}

/// RFC 7009 §2.1: a server that does not find a token by the hint looks among all kinds that it has. None where it ends no refresh
/// token without a hint either.
fn hint_on_refresh_token(case: &ObservedCheck<'_>) -> Option<Judgement> {
    let outcome = |step| case.observations_of(step).next().map(|(_, seen)| seen.outcome);
    if (outcome(REFRESH_TOKEN_UNHINTED), outcome(REFRESH_UNHINTED)) != (Some(Outcome::Granted), Some(Outcome::Refused))
    {
        return None;
    }
    let (revocation, revoked) = case.observations_of(REFRESH_TOKEN_HINTED).next()?;
    let mut judgement = Judgement::default();
    match revoked.outcome {
        Outcome::Granted => {}
        Outcome::Refused => {
            let status = revoked.exchange.status().unwrap_or_default();
            judgement.deviates(revocation, case.about(revocation, format_args!("refused with {status}")), "200");
            return Some(judgement);
        }
        _ => {
            case.judge_as(revocation, Want::Granted, &mut judgement);
            return Some(judgement);
        }
    }
    let (refresh, refreshed) = case.observations_of(REFRESH_HINTED).next()?;
    match refreshed.outcome {
        Outcome::Refused => {}
        Outcome::Granted => {
            judgement.violates(refresh, case.about(refresh, "granted"), "refused: the token was revoked");
        }
        _ => judgement.leaves_open(unclear(refreshed)),
    }
    Some(judgement)
}

/// RFC 7009 §2.1, §2.2: what a hint says decides nothing, of a server that revokes such a token without one. Where a revocation was
/// refused, nothing has ended its token.
fn hints_ignored(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if let Some((_, seen)) = case.observations_of(UNHINTED).find(|(_, seen)| seen.outcome != Outcome::Granted) {
        match seen.exchange.response() {
            Some(answer) if oauth::not_revocable(answer) => {
                judgement.not_applicable = Some("the target does not revoke access tokens".to_owned());
            }
            Some(answer) => judgement.leaves_open(format!("{}: answered {}", seen.description, answer.status)),
            None => judgement.leaves_open(format!("{}: no answer", seen.description)),
        }
        return judgement;
    }
    for (_, seen) in case.observations_of(oauth::OWN_REVOKED) {
        match seen.outcome {
            Outcome::Refused => {}
            Outcome::Granted => {
                let why = "a token works on after its revocation without a hint: no hint can change that";
                judgement.not_applicable = Some(why.to_owned());
                return judgement;
            }
            _ => judgement.leaves_open(unclear(seen)),
        }
    }
    let mut judgement = judgement.and(expect::wants(case));
    let seen = |index: usize| &case.evidence.observations[index];
    let is_revocation = |index: usize| seen(index).place == Place::Revocation;
    let was_refused = |index: usize| {
        let last = (0..=index).rev().find(|before| is_revocation(*before));
        last.is_some_and(|last| seen(last).outcome != Outcome::Granted)
    };
    let refused: Vec<_> = judgement.access.extract_if(.., |found| was_refused(found.observation)).collect();
    for index in refused.iter().map(|found| found.observation).filter(|index| is_revocation(*index)) {
        let status = seen(index).exchange.status().unwrap_or_default();
        judgement.deviates(index, case.about(index, format_args!("refused with {status}")), "200");
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

    #[test]
    fn a_token_that_another_client_ended_is_shown_by_its_revocation() {
        let check = find("grant.revocation-by-others-refused").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let resource = Place::Resource(0);
        // by an unknown client and by another one; the token afterwards; access, the step that shows it
        for (unknown, other, after, expected) in [
            (401, 200, 401, Some(6)),
            (200, 401, 401, Some(5)),
            (401, 401, 200, None),
            // nobody was told that it ended
            (401, 401, 401, Some(7)),
        ] {
            let mut evidence = Evidence::default();
            for (step, place, status) in [
                (1, Place::Revocation, 200),
                (3, resource, 401),
                (5, Place::Revocation, unknown),
                (6, Place::Revocation, other),
                (7, resource, after),
            ] {
                evidence.observe(observed(step, place, status));
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let shown: Vec<usize> =
                found.access.iter().map(|one| evidence.observations[one.observation].step).collect();
            assert_eq!(shown, Vec::from_iter(expected), "{unknown} {other} {after}");
        }
    }

    #[test]
    fn hints_decide_nothing_where_a_revocation_without_one_ends_the_token() {
        let check = find("grant.revocation-wrong-hint").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        // revocation and token without a hint, with a wrong one and with an unknown one; access, protocol, open, not applicable
        for (statuses, expected) in [
            ([200, 401, 200, 401, 200, 401], (0, 0, 0, false)),
            ([200, 401, 200, 200, 200, 401], (1, 0, 0, false)),
            ([200, 401, 200, 200, 200, 200], (2, 0, 0, false)),
            // the client is informed, and nothing has ended the token
            ([200, 401, 200, 401, 400, 200], (0, 1, 0, false)),
            ([200, 200, 200, 200, 200, 200], (0, 0, 0, true)),
            ([401, 200, 401, 200, 401, 200], (0, 0, 1, false)),
        ] {
            let resource = Place::Resource(0);
            let places = [Place::Revocation, resource, Place::Revocation, resource, Place::Revocation, resource];
            let mut evidence = Evidence::default();
            for ((step, place), status) in [1, 3, 6, 8, 11, 13].into_iter().zip(places).zip(statuses) {
                evidence.observe(observed(step, place, status));
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.protocol.len(), found.open.len(), found.not_applicable.is_some());
            assert_eq!(seen, expected, "{statuses:?}");
        }
    }

    #[test]
    fn a_hint_hides_no_refresh_token() {
        let check = find("grant.revocation-wrong-hint").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of_access = [Some(200), Some(401), Some(200), Some(401), Some(200), Some(401)];
        let works_on = [Some(200); 6];
        // revocation and refresh without a hint and with a wrong one; access, protocol, not applicable
        for (first, more, expected) in [
            (of_access, [None, None, None, None], (0, 0, false)),
            (of_access, [Some(200), Some(400), Some(200), Some(400)], (0, 0, false)),
            (of_access, [Some(200), Some(400), Some(200), Some(200)], (1, 0, false)),
            (of_access, [Some(200), Some(400), Some(400), Some(200)], (0, 1, false)),
            // without a hint it is not ended either
            (of_access, [Some(200), Some(200), Some(200), Some(200)], (0, 0, false)),
            (of_access, [Some(400), Some(200), Some(400), Some(200)], (0, 0, false)),
            // access tokens hold themselves
            (works_on, [None, None, None, None], (0, 0, true)),
            (works_on, [Some(200), Some(400), Some(200), Some(400)], (0, 0, false)),
            (works_on, [Some(200), Some(400), Some(200), Some(200)], (1, 0, false)),
        ] {
            let of = |id: StepId| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("has one");
            let steps = [REFRESH_TOKEN_UNHINTED, REFRESH_UNHINTED, REFRESH_TOKEN_HINTED, REFRESH_HINTED].map(of);
            let (resource, login) = (Place::Resource(0), Place::Login);
            let places = [Place::Revocation, resource, Place::Revocation, resource, Place::Revocation, resource];
            let places = places.into_iter().chain([Place::Revocation, login, Place::Revocation, login]);
            let steps = [1, 3, 6, 8, 11, 13].into_iter().chain(steps);
            let mut evidence = Evidence::default();
            for ((step, place), status) in steps.zip(places).zip(first.into_iter().chain(more)) {
                status.into_iter().for_each(|status| evidence.observe(observed(step, place, status)));
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.protocol.len(), found.not_applicable.is_some());
            assert_eq!(seen, expected, "{first:?} {more:?}");
        }
    }

    #[test]
    fn a_server_that_revokes_no_access_tokens_is_not_judged_by_hints() {
        let check = find("grant.revocation-wrong-hint").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let mut evidence = Evidence::default();
        let mut refused = observed(1, Place::Revocation, 400);
        if let Ok(answer) = &mut refused.exchange.answer {
            answer.body = br#"{"error":"unsupported_token_type"}"#.to_vec();
        }
        evidence.observe(refused);
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        assert!(found.not_applicable.is_some() && found.open.is_empty());
    }
}
