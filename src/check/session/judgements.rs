//! How answers of logins are judged.

use crate::check::judgement::self_contained::{ended_by, recommended, stays};
use crate::check::judgement::silence::{ENDED, ends_a_process};
use crate::check::judgement::{Deviation, Judgement, ObservedCheck, expect};
use crate::check::step::{Accept, SessionAct, Step, Want};
use crate::observe::{Observation, Outcome, RefreshTokenUser, StepId};

/// A refresh token that was used before.
pub(super) const REUSED: StepId = StepId::new("reused");
/// A password with a space behind it, ...
pub(super) const SPACE_BEHIND: StepId = StepId::new("space-behind");
/// ... and one with NUL and more behind it.
pub(super) const NUL_BEHIND: StepId = StepId::new("nul-behind");
/// A login with NUL alone behind the password.
pub(super) const NUL_ALONE: StepId = StepId::new("nul-alone");

/// A password that is trimmed, or read up to NUL, loses nothing that its user had counted on.
pub(super) fn near_password(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = low_where_only(case, &[SPACE_BEHIND, NUL_BEHIND]);
    // HMAC, and what is made of it, fills a key up with NUL (RFC 2104 §2)
    for (index, seen) in case.observations_of(NUL_ALONE) {
        match seen.outcome {
            Outcome::Granted if case.profile.strict_challenges() => {
                judgement.deviates(index, case.about(index, "access was granted"), "refused");
            }
            Outcome::Granted => {
                judgement.remarks.push(format!("{}: access was granted", seen.description));
                judgement.needs_review = true;
            }
            _ => case.judge_as(index, Want::Denied(ANY_REFUSAL), &mut judgement),
        }
    }
    judgement
}

/// No body breaks the server; one that is read as it would be without its fields may log in.
pub(super) fn malformed(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let is_lenient = matches!(case.step_of(seen).wanted(), Want::Either);
        match seen.outcome {
            Outcome::Silent if case.refusal_seen() && ends_a_process(seen) => {
                judgement.deviates(index, case.about(index, ENDED), "refused, as others are");
            }
            Outcome::Granted if is_lenient => {}
            _ if is_lenient => case.judge_as(index, Want::Denied(ANY_REFUSAL), &mut judgement),
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// What each step wants; low at most, where only these were granted.
pub(super) fn low_where_only(case: &ObservedCheck<'_>, ids: &[StepId]) -> Judgement {
    let slight: Vec<usize> = ids.iter().flat_map(|id| case.observations_of(*id)).map(|(index, _)| index).collect();
    expect::wants(case).low_where(|deviation| slight.contains(&deviation.observation))
}

/// Which refusal is right depends on what it is that is missed.
pub(super) const ANY_REFUSAL: &[Accept] = &[Accept::Range(400, 499)];

/// The cookies of a login but that of its session, after the logout.
pub(super) const OTHER_COOKIES: StepId = StepId::new("other-cookies");

/// Each answer against what its step wants. A self-contained token that ends by itself soon is not asked for more: RFC 7009 §3
/// names short lives as the alternative to a verifier that asks whether a token was revoked. That says nothing of other cookies.
pub(super) fn after_logout(case: &ObservedCheck<'_>) -> Judgement {
    ended_by("its logout", &[OTHER_COOKIES], case)
}

/// The access token from before a refresh, and before the logout.
pub(super) const FORMER: StepId = StepId::new("former");

/// The same of an access token from before a refresh. Where the refresh was refused there is none, and where the refresh ends it, no
/// logout has to.
pub(super) fn former_after_logout(case: &ObservedCheck<'_>) -> Judgement {
    if let Some(open) = not_renewed(case) {
        return open;
    }
    match case.observations_of(FORMER).next() {
        Some((_, seen)) if seen.outcome == Outcome::Refused => Judgement {
            not_applicable: Some("the refresh ends the access token from before it".to_owned()),
            ..Judgement::default()
        },
        _ => after_logout(case),
    }
}

/// What a user has to be offered and a request may leave out (ASVS 7.4.3): what stays is a warning.
pub(super) fn as_option(case: &ObservedCheck<'_>) -> Judgement {
    recommended(case, expect::wants(case))
}

/// Where the first refresh was not granted, no token was used: what comes after it shows nothing.
fn not_renewed(case: &ObservedCheck<'_>) -> Option<Judgement> {
    let is_first = |seen: &Observation| {
        let Step::Session(step) = case.step_of(seen) else { return false };
        matches!(step.act, SessionAct::Refresh(_)) && matches!(step.want, Want::Granted)
    };
    let (_, seen) = case.observations().find(|(_, seen)| is_first(seen) && seen.outcome != Outcome::Granted)?;
    let mut judgement = Judgement::default();
    judgement.leaves_open(format!("{}: not granted, so no refresh token was used", seen.description));
    Some(judgement)
}

/// Each answer against what its step wants. A refresh that gives no new refresh token leaves the old one as the only one: that it
/// is accepted again is no reuse. RFC 9700 §2.2.2 asks for rotation where an OAuth client cannot authenticate.
pub(super) fn reuse(case: &ObservedCheck<'_>) -> Judgement {
    if let Some(open) = not_renewed(case) {
        return open;
    }
    let mut judgement = expect::wants(case);
    if case.evidence.refresh_token_stays {
        for again in std::mem::take(&mut judgement.access) {
            let text = "the refresh gives no new refresh token: refresh tokens do not rotate";
            judgement.advises(again.observation, text, "a new refresh token with each refresh");
        }
    }
    although_bound(case, judgement)
}

/// The same, where the client authenticates at its refresh, and somebody else can use its refresh token. RFC 9700 §2.2.2 demands
/// rotation of public clients alone, and a client is as good as public where nobody asks who it is. That another client can use the
/// token violates RFC 6749 §6, which another check reports: that it is used twice is advice then.
pub(super) fn although_bound(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let Some(user) = case.evidence.refresh_token_user else { return judgement };
    let is_reuse = |found: &Deviation| {
        case.evidence.observations.get(found.observation).is_some_and(|seen| seen.outcome == Outcome::Granted)
    };
    let why = match user {
        RefreshTokenUser::Anybody(how) => {
            format!("the client authenticates, but {how} was granted, too (see grant.refresh-authenticates-client)")
        }
        RefreshTokenUser::OtherClient => {
            for list in [&mut judgement.access, &mut judgement.protocol] {
                let (reuse, others): (Vec<_>, Vec<_>) = std::mem::take(list).into_iter().partition(is_reuse);
                *list = others;
                judgement.advice.extend(reuse);
            }
            "the client authenticates, but a refresh by another client was granted, too (see grant.refresh-token-bound-to-client)"
                .to_owned()
        }
    };
    let Judgement { access, protocol, advice, .. } = &mut judgement;
    for found in access.iter_mut().chain(protocol).chain(advice).filter(|found| is_reuse(found)) {
        found.text = format!("{}; {why}", found.text);
    }
    judgement
}

/// Each answer against what its step wants; where the used token was accepted, nothing shows what comes after its refusal. The first
/// refresh uses a token up: where a later one was not granted, and the newest token is accepted after the reuse, it has outlived that;
/// where it is refused, the refresh that was not granted may have used it up.
pub(super) fn after_reuse(case: &ObservedCheck<'_>) -> Judgement {
    let is_renewal = |(_, seen): &(usize, &Observation)| {
        let Step::Session(step) = case.step_of(seen) else { return false };
        matches!(step.act, SessionAct::Refresh(_)) && matches!(step.want, Want::Granted)
    };
    let mut renewals = case.observations().filter(is_renewal).map(|(_, seen)| seen);
    let first = renewals.next();
    if first.is_some_and(|first| first.outcome != Outcome::Granted)
        && let Some(open) = not_renewed(case)
    {
        return open;
    }
    if let Some(failed) = renewals.find(|seen| seen.outcome != Outcome::Granted) {
        return despite_failed_renewal(case, failed);
    }
    match case.observations_of(REUSED).find(|(_, seen)| seen.outcome == Outcome::Granted) {
        Some(_) => Judgement {
            not_applicable: Some("a used refresh token is accepted: see refresh.reuse-refused".to_owned()),
            ..Judgement::default()
        },
        None => low_of_bound(case, expect::wants(case)),
    }
}

/// Low at most where the client authenticates: RFC 9700 §2.2.2 asks for the detection of reuse where one cannot.
fn low_of_bound(case: &ObservedCheck<'_>, judgement: Judgement) -> Judgement {
    if !case.evidence.refreshing_client_authenticates {
        return judgement;
    }
    judgement.low_where(|_| true)
}

/// The same where a refresh after the first one was not granted.
fn despite_failed_renewal(case: &ObservedCheck<'_>, failed: &Observation) -> Judgement {
    let mut judgement = Judgement::default();
    let reused = case.observations_of(REUSED).map(|(_, seen)| seen).last();
    let newest = case.observations().last().filter(|(_, seen)| reused.is_some_and(|reused| seen.step > reused.step));
    let failed = &failed.description;
    match (reused.map(|seen| seen.outcome), newest) {
        (Some(Outcome::Refused), Some((index, seen))) if seen.outcome == Outcome::Granted => {
            judgement.violates(index, case.about(index, "access was granted"), "refused");
            return low_of_bound(case, judgement);
        }
        (Some(Outcome::Granted), _) => {
            judgement.not_applicable = Some("a used refresh token is accepted: see refresh.reuse-refused".to_owned());
        }
        (Some(Outcome::Refused), Some((_, seen))) if seen.outcome == Outcome::Refused => judgement.leaves_open(format!(
            "{failed}: not granted, and it may have used the newest refresh token up: that this one is refused after the reuse may \
             come of either"
        )),
        _ => judgement.leaves_open(format!("{failed}: not granted, and what came after it shows no reuse of a refresh token")),
    }
    judgement
}

/// RFC 9700 §4.14.2 has the server revoke the refresh token; what becomes of access tokens it leaves open.
/// Of a self-contained token that ends by itself soon nothing more is asked for (RFC 7009 §3).
pub(super) fn access_after_reuse(case: &ObservedCheck<'_>) -> Judgement {
    of_self_contained(case, after_reuse(case))
}

/// Access that stays is a warning; that of a self-contained token that ends by itself soon is for a person to look at.
pub(super) fn of_self_contained(case: &ObservedCheck<'_>, judgement: Judgement) -> Judgement {
    let mut judgement = recommended(case, judgement);
    let tolerated = case.evidence.self_contained_life;
    if let Some(left) = case.evidence.self_contained.filter(|left| *left <= tolerated)
        && judgement.advice.iter().any(|one| stays(case, one.observation))
    {
        // a refusal with another status stays advice
        judgement.advice.retain(|one| !stays(case, one.observation));
        let (left, tolerated) = (left.as_secs(), tolerated.as_secs());
        judgement.remarks.push(format!(
            "the access token is self-contained and ends by itself {left} s after the reuse (`self_contained_life` tolerates {tolerated} s)"
        ));
        judgement.needs_review = true;
    }
    judgement
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::profile::Effective;
    use crate::check::step::Want;
    use crate::check::{Severity, find};
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn a_used_refresh_token_that_others_can_use_names_them() {
        let check = find("refresh.reuse-refused").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let step = check.steps.iter().position(|step| step.step_id() == Some(REUSED)).expect("is a step");
        for (outcome, stays, user, expected) in [
            (Outcome::Granted, false, None, (1, 0, false)),
            (Outcome::Granted, false, Some(RefreshTokenUser::Anybody("a refresh without")), (1, 0, true)),
            (Outcome::Granted, false, Some(RefreshTokenUser::OtherClient), (0, 1, true)),
            (Outcome::Granted, true, Some(RefreshTokenUser::OtherClient), (0, 1, true)),
            (Outcome::Refused, false, None, (0, 0, false)),
        ] {
            let status = if outcome == Outcome::Granted { 200 } else { 400 };
            let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/token"), Silence::Closed);
            let mut evidence = Evidence { refresh_token_stays: stays, refresh_token_user: user, ..Evidence::default() };
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
            let found = reuse(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let mut texts = found.access.iter().chain(&found.advice).map(|one| &one.text);
            let names = texts.any(|text| text.contains(" was granted, too (see grant."));
            assert_eq!((found.access.len(), found.advice.len(), names), expected, "{outcome:?} {stays} {user:?}");
        }
    }

    /// What a check says of one answer to a self-contained token that ends by itself: deviations of access and of protocol,
    /// advice, remarks.
    fn judged(id: &str, status: u16, outcome: Outcome, left: u64) -> (usize, usize, usize, usize) {
        let check = find(id).expect("is in the catalogue");
        let step = check
            .steps
            .iter()
            .rposition(|step| {
                let is_refused = !matches!(step.wanted(), Want::Granted | Want::Either);
                is_refused && step.step_id() != Some(OTHER_COOKIES)
            })
            .expect("a step that is refused");
        let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
        let exchange =
            Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut) };
        let mut evidence = Evidence {
            self_contained: Some(Duration::from_secs(left)),
            self_contained_life: Duration::from_secs(300),
            ..Evidence::default()
        };
        evidence.observe(Observation { reproduced: true, ..Observation::in_test(step, exchange, outcome) });
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.protocol.len(), found.advice.len(), found.remarks.len())
    }

    #[test]
    fn a_refresh_that_breaks_takes_nothing_from_what_came_after_it() {
        use Outcome::{Broke, Granted, Refused};
        // the refresh, the next one, the new credential, the used token, the newest one; violations, open, not applicable
        for (outcomes, expected, text) in [
            ([Granted, Granted, Granted, Refused, Refused], (0, 0, false), ""),
            ([Granted, Granted, Granted, Refused, Granted], (1, 0, false), ""),
            ([Granted, Granted, Granted, Granted, Granted], (0, 0, true), ""),
            ([Granted, Broke, Granted, Refused, Granted], (1, 0, false), ""),
            ([Granted, Broke, Granted, Granted, Granted], (0, 0, true), ""),
            ([Granted, Broke, Granted, Refused, Refused], (0, 1, false), "may have used the newest refresh token up"),
            ([Granted, Broke, Granted, Broke, Granted], (0, 1, false), "shows no reuse"),
            ([Granted, Refused, Granted, Refused, Refused], (0, 1, false), "may have used the newest refresh token up"),
            ([Broke, Granted, Granted, Refused, Granted], (0, 1, false), "so no refresh token was used"),
        ] {
            let check = find("refresh.reuse-ends-family").expect("is in the catalogue");
            let judged = |step: &Step| !matches!(step.wanted(), Want::Either);
            let steps = check.steps.iter().enumerate().filter(|(_, step)| judged(step)).map(|(at, _)| at);
            let steps: Vec<usize> = steps.collect();
            let steps = &steps[steps.len() - outcomes.len()..];
            let mut evidence = Evidence::default();
            for (step, outcome) in steps.iter().zip(outcomes) {
                let status = match outcome {
                    Granted => 200,
                    Broke => 500,
                    _ => 400,
                };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/token"), Silence::Closed);
                evidence.observe(Observation::in_test(*step, Exchange { answer: Ok(answer), ..asked }, outcome));
            }
            let profile = Effective::of(["api-key-403"], "bearer");
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.open.len(), found.not_applicable.is_some());
            assert_eq!(seen, expected, "{outcomes:?}: {:?}", found.open);
            // of a client that authenticates no more is asked than a token that is bound to it
            evidence.refreshing_client_authenticates = true;
            let bound = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert!(found.at_most.is_none() && (found.access.is_empty() || bound.at_most == Some(Severity::Low)));
            assert!(found.open.iter().all(|open| open.contains(text)), "{outcomes:?}: {:?}", found.open);
        }
    }

    #[test]
    fn other_cookies_are_excused_by_no_short_life() {
        let check = find("login.logout-ends-credential").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let step = check.steps.iter().position(|step| step.step_id() == Some(OTHER_COOKIES)).expect("is there");
        for left in [60, 3600] {
            let answer = Response { status: 200, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let mut evidence = Evidence {
                self_contained: Some(Duration::from_secs(left)),
                self_contained_life: Duration::from_secs(300),
                ..Evidence::default()
            };
            let exchange = Exchange { answer: Ok(answer), ..asked };
            evidence.observe(Observation::in_test(step, exchange, Outcome::Granted));
            let found = after_logout(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.advice.len()), (1, 0), "{left} s");
        }
    }

    #[test]
    fn a_credential_that_works_once_shows_nothing_by_its_refusal() {
        use Outcome::{Granted, Refused};
        // twice before the event, and after it; violations, open, not applicable
        for (id, outcomes, expected) in [
            ("login.logout-ends-credential", [Granted, Granted, Refused], (0, 0, false)),
            ("login.logout-ends-credential", [Granted, Granted, Granted], (1, 0, false)),
            ("login.logout-ends-credential", [Granted, Refused, Refused], (0, 1, false)),
            ("login.logout-ends-credential", [Granted, Refused, Granted], (1, 1, false)),
            ("login.logout-ends-credential", [Refused, Refused, Refused], (0, 1, false)),
            ("refresh.logout-ends-former-access-token", [Granted, Granted, Refused], (0, 0, false)),
            ("refresh.logout-ends-former-access-token", [Granted, Granted, Granted], (1, 0, false)),
            ("refresh.logout-ends-former-access-token", [Granted, Refused, Refused], (0, 1, false)),
            // the refresh has ended it
            ("refresh.logout-ends-former-access-token", [Refused, Refused, Refused], (0, 0, true)),
        ] {
            let check = find(id).expect("is in the catalogue");
            let lasts = |step: &Step| matches!(step, Step::Send(send) if send.lasts);
            let before = check.steps.iter().position(lasts).expect("is there");
            let denied = |step: &Step| matches!(step.wanted(), Want::Denied(_));
            let after = check.steps.iter().position(denied).expect("is there");
            let mut evidence = Evidence::default();
            for (step, outcome) in [before, before, after].into_iter().zip(outcomes) {
                let status = if outcome == Granted { 200 } else { 401 };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
                evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
            }
            let profile = Effective::of(["api-key-403"], "session");
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.open.len(), found.not_applicable.is_some());
            assert_eq!(seen, expected, "{id} {outcomes:?}: {:?}", found.open);
        }
    }

    #[test]
    fn access_that_stays_is_excused_by_a_short_life_and_what_breaks_never() {
        for (status, outcome, left, after_logout, after_reuse) in [
            // any refusal will do
            (401, Outcome::Refused, 60, (0, 0, 0, 0), (0, 0, 0, 0)),
            (404, Outcome::Refused, 60, (0, 0, 0, 0), (0, 0, 0, 0)),
            (500, Outcome::Broke, 60, (0, 1, 0, 0), (0, 1, 0, 0)),
            // access that ends by itself soon, and access that does not
            (200, Outcome::Granted, 60, (0, 0, 1, 1), (0, 0, 0, 1)),
            (200, Outcome::Granted, 3600, (1, 0, 0, 0), (0, 0, 1, 0)),
        ] {
            let seen = |id| judged(id, status, outcome, left);
            assert_eq!(seen("login.logout-ends-credential"), after_logout, "logout, {status}, {left} s");
            assert_eq!(seen("refresh.reuse-ends-access-token"), after_reuse, "reuse, {status}, {left} s");
        }
    }
}
