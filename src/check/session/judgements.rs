//! How answers of logins are judged.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::check::Severity;
use crate::check::common::foreign_page::{self, Reach};
use crate::check::judgement::sameness::{AnswerShape, sent_in};
use crate::check::judgement::silence::{ENDED, ends_a_process};
use crate::check::judgement::{Judgement, ObservedCheck, expect, unclear};
use crate::check::step::{Accept, Want};
use crate::observe::{Outcome, StepId};

/// A login of a known user with a wrong password, ...
pub(super) const KNOWN: StepId = StepId::new("known");
/// ... the same again, ...
pub(super) const KNOWN_AGAIN: StepId = StepId::new("known-again");
/// ... and one of a user that does not exist.
pub(super) const UNKNOWN: StepId = StepId::new("unknown");
/// A refresh token that was used before.
pub(super) const REUSED: StepId = StepId::new("reused");
/// A refresh that is sent several times at once.
pub(super) const AT_ONCE: StepId = StepId::new("at-once");

/// A password with a space behind it, ...
pub(super) const SPACE_BEHIND: StepId = StepId::new("space-behind");
/// ... and one with NUL and more behind it.
pub(super) const NUL_BEHIND: StepId = StepId::new("nul-behind");

/// A password that is trimmed, or read up to NUL, loses nothing that its user had counted on.
pub(super) fn near_password(case: &ObservedCheck<'_>) -> Judgement {
    low_where_only(case, &[SPACE_BEHIND, NUL_BEHIND])
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

/// Characters of a cookie that are not in a body by chance.
const LEAST_SHOWN: usize = 12;

/// An answer whose body has the token says that nobody keeps it.
pub(super) fn token_not_stored(case: &ObservedCheck<'_>) -> Judgement {
    let value = |line: &str| line.split(';').next()?.split_once('=').map(|(_, value)| value.trim().to_owned());
    let values: Vec<String> = cookie_lines(case).filter_map(|(_, line)| value(&line)).collect();
    let shows = |body: &[u8]| {
        let body = String::from_utf8_lossy(body);
        values.iter().any(|value| value.len() >= LEAST_SHOWN && body.contains(value.as_str()))
    };
    if case.evidence.session_cookie.is_some() && !case.all_answers().any(|(_, answer)| shows(&answer.body)) {
        let why = "the credential is a cookie, and no part of a body".to_owned();
        return Judgement { not_applicable: Some(why), ..expect::wants(case) };
    }
    expect::no_store(case)
}

/// A write with the CSRF token of another user, and with the cookie that it repeats.
pub(super) const PAIR: StepId = StepId::new("pair");

/// Whoever needs the cookie of the token as well has to be able to set cookies.
pub(super) fn token_of_another(case: &ObservedCheck<'_>) -> Judgement {
    low_where_only(case, &[PAIR])
}

/// What each step wants; low at most, where only these were granted.
fn low_where_only(case: &ObservedCheck<'_>, ids: &[StepId]) -> Judgement {
    let slight: Vec<usize> = ids.iter().flat_map(|id| case.observations_of(*id)).map(|(index, _)| index).collect();
    expect::wants(case).low_where(|deviation| slight.contains(&deviation.observation))
}

/// No write that a page of another site can make a browser send has succeeded.
pub(super) fn foreign_page(case: &ObservedCheck<'_>) -> Judgement {
    foreign_page::judged(case, reach_of(case))
}

/// Which requests of pages of other sites have the cookie with them.
fn reach_of(case: &ObservedCheck<'_>) -> Reach {
    let attributes = cookie(case).map(|(_, attributes)| attributes).unwrap_or_default();
    let is = |value: &str| attributes.iter().any(|attribute| attribute.eq_ignore_ascii_case(value));
    match (is("samesite=strict"), is("samesite=lax")) {
        (true, _) => Reach::Nothing,
        // a link is followed with cookies that are Lax
        (false, true) => Reach::Links,
        (false, false) => Reach::Forms,
    }
}

/// Which refusal is right depends on what it is that is missed.
const ANY_REFUSAL: &[Accept] = &[Accept::Range(400, 499)];

/// RFC 6265 §4.1.2.5.
pub(super) fn secure(case: &ObservedCheck<'_>) -> Judgement {
    if !case.evidence.over_tls {
        let why = "the target is asked without TLS: a cookie with Secure would not come back".to_owned();
        return Judgement { not_applicable: Some(why), ..Judgement::default() };
    }
    attribute(case, "Secure")
}

/// RFC 6265 §4.1.2.6.
pub(super) fn http_only(case: &ObservedCheck<'_>) -> Judgement {
    attribute(case, "HttpOnly")
}

/// Whether the cookie names the sites that it belongs to; `None` needs Secure, and says that all sites do.
pub(super) fn same_site(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = attribute(case, "SameSite");
    if let Some((_, attributes)) = cookie(case)
        && attributes.iter().any(|attribute| attribute.eq_ignore_ascii_case("samesite=none"))
    {
        judgement.remarks.push("the cookie has SameSite=None: requests of every site carry the session".to_owned());
    }
    judgement
}

/// The cookie of the session has an attribute.
fn attribute(case: &ObservedCheck<'_>, wanted: &str) -> Judgement {
    let mut judgement = Judgement::default();
    let Some((index, attributes)) = cookie(case) else {
        judgement.open.push("no answer of the login sets the cookie of the session".to_owned());
        return judgement;
    };
    let named =
        |attribute: &String| attribute.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(wanted));
    if !attributes.iter().any(named) {
        judgement.deviates(index, format!("the cookie of the session is set without {wanted}"), wanted);
    }
    judgement
}

/// The answer that sets the cookie of the session last, and the attributes of the cookie.
fn cookie(case: &ObservedCheck<'_>) -> Option<(usize, Vec<String>)> {
    let (index, line) = cookie_lines(case).last()?;
    Some((index, line.split(';').skip(1).map(|attribute| attribute.trim().to_owned()).collect()))
}

/// The lines that set the cookie of the session, each with the number of its answer.
fn cookie_lines<'a>(case: &'a ObservedCheck<'_>) -> impl Iterator<Item = (usize, String)> + 'a {
    let name = case.evidence.session_cookie.as_deref();
    let lines = case.all_answers().flat_map(|(index, answer)| {
        answer.header_values("set-cookie").map(|line| (index, line.into_owned())).collect::<Vec<_>>()
    });
    lines.filter(move |(_, line)| name.is_some() && line.split('=').next().map(str::trim) == name)
}

/// Each login has an identifier of its own.
pub(super) fn new_at_each_login(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let value = |line: &str| line.split(';').next()?.split_once('=').map(|(_, value)| value.trim().to_owned());
    let given: BTreeMap<usize, String> =
        cookie_lines(case).filter_map(|(index, line)| Some((index, value(&line)?))).collect();
    let mut last_two = given.into_iter().rev();
    let (Some((index, again)), Some((_, first))) = (last_two.next(), last_two.next()) else {
        judgement.leaves_open("the answers of the logins do not both set the cookie".to_owned());
        return judgement;
    };
    if holds_the_session(&again) {
        judgement.not_applicable = Some("the cookie holds the session itself, and no identifier of one".to_owned());
    } else if again == first {
        let text = case.about(index, "the identifier is the one of the login before");
        judgement.deviates(index, text, "an identifier of its own for each login");
    }
    judgement
}

/// The session of a login within another session, ...
pub(super) const LATER: StepId = StepId::new("later");
/// ... and that other session.
pub(super) const FORMER: StepId = StepId::new("former");

/// The later login has another identifier, and ends the former session.
pub(super) fn changes_at_relogin(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let name = case.evidence.session_cookie.as_deref().unwrap_or_default();
    let sent = |step| {
        let (index, seen) = case.observations_of(step).next()?;
        let line = String::from_utf8_lossy(seen.exchange.request.value_of("cookie")?).into_owned();
        let pairs =
            line.split(';').filter_map(|pair| pair.trim().split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())));
        let value = pairs.into_iter().find(|(own, _)| own == name)?.1;
        Some((index, value, seen.outcome))
    };
    let (Some((later, identifier, _)), Some((former, before, outcome))) = (sent(LATER), sent(FORMER)) else {
        judgement.leaves_open("no login sets the cookie of the session".to_owned());
        return judgement;
    };
    if identifier == before {
        let text = case.about(later, "it has the identifier of the session that was open");
        judgement.violates(later, text, "a new identifier");
    } else if outcome == Outcome::Granted && !holds_the_session(&before) {
        let text = case.about(former, "it stays in force");
        match case.profile.strict_challenges() {
            true => judgement.advises(former, text, "refused (ASVS 7.2.4)"),
            false => {
                judgement.remarks.push("the session of the former login stays in force".to_owned());
                judgement.needs_review = true;
            }
        }
    }
    judgement
}

/// A logout that a page of another site sends, ...
pub(super) const FOREIGN_LOGOUT: StepId = StepId::new("foreign-logout");
/// ... and the session after it.
pub(super) const AFTER_LOGOUT: StepId = StepId::new("after-logout");

/// The session is still there.
pub(super) fn not_logged_out(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let reach = reach_of(case);
    let method = case.observations_of(FOREIGN_LOGOUT).next().map(|(_, seen)| seen.exchange.request.method.clone());
    if reach == Reach::Nothing || (reach == Reach::Links && method.as_deref() != Some("GET")) {
        judgement.not_applicable = Some(foreign_page::STAYS_AT_HOME.to_owned());
        return judgement;
    }
    for (index, seen) in case.observations_of(AFTER_LOGOUT) {
        match seen.outcome {
            Outcome::Refused => {
                let by = method.as_deref().unwrap_or("a request");
                let text = format!("{by} with the Origin of another site has ended the session");
                judgement.deviates(index, text, "the session goes on");
            }
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    judgement
}

/// No login leads to the other site that it is told.
pub(super) fn stays_here(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers() {
        let leads_away = |to: &str| {
            let to = to.trim_start_matches("https:").trim_start_matches("http:");
            to.starts_with("//authbench.example")
        };
        // the address is one of ours: it need not be shown
        if response.header("location").is_some_and(|to| leads_away(&to)) {
            judgement.violates(index, case.about(index, "it leads there"), "a path of the site itself");
        }
    }
    judgement
}

/// Whether the value of a cookie is JSON, also in Base64 and with a signature behind it.
fn holds_the_session(value: &str) -> bool {
    let start = value.trim_matches('"').split(['.', '%', '=', '|', ':']).next().unwrap_or_default();
    let decoded = [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].into_iter().find_map(|engine| engine.decode(start).ok());
    let is_json = |bytes: &[u8]| bytes.starts_with(b"{") || bytes.starts_with(b"[");
    is_json(value.as_bytes()) || value.starts_with("%7B") || decoded.is_some_and(|bytes| is_json(&bytes))
}

/// Each answer against what its step wants; and what both answers about a known user have is in the one about an unknown
/// user, and no more.
pub(super) fn indistinct(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let of_steps = [KNOWN, KNOWN_AGAIN, UNKNOWN].into_iter().filter_map(|step| case.observations_of(step).next());
    let sent = sent_in(of_steps.map(|(_, seen)| &seen.exchange));
    let shape = |step| {
        let (index, seen) = case.observations_of(step).next()?;
        Some((index, AnswerShape::of(&seen.exchange, &sent)?))
    };
    let (Some((_, known)), Some((_, again)), Some((index, unknown))) =
        (shape(KNOWN), shape(KNOWN_AGAIN), shape(UNKNOWN))
    else {
        return judgement;
    };
    if let Some(difference) = known.differs_in_head(&unknown) {
        if known.differs_in_head(&again).is_none() {
            let text = format!("an unknown user differs from a known one in {difference}");
            judgement.deviates(index, text, "answers that cannot be told apart");
        }
        return judgement;
    }
    let (known, again, unknown) = (lines(&known), lines(&again), lines(&unknown));
    // what changes from one answer about the same user to the next tells nothing
    let stable: BTreeSet<&&str> = known.intersection(&again).collect();
    if stable.is_empty() && !known.is_empty() {
        judgement
            .open
            .push("two answers about the same user have nothing in common: nothing can be compared".to_owned());
    } else if stable.iter().any(|line| !unknown.contains(**line)) {
        let text = "an unknown user differs from a known one in the body";
        judgement.deviates(index, text, "answers that cannot be told apart");
    }
    judgement
}

fn lines(shape: &AnswerShape) -> BTreeSet<&str> {
    shape.body().lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Each answer against what its step wants. A self-contained token that ends by itself soon is not asked for more: RFC 7009 §3
/// names short lives as the alternative to a verifier that asks whether a token was revoked.
pub(super) fn after_logout(case: &ObservedCheck<'_>) -> Judgement {
    let tolerated = case.evidence.self_contained_life;
    match case.evidence.self_contained.filter(|left| *left <= tolerated) {
        None => expect::wants(case),
        Some(left) => {
            let mut judgement = as_option(case);
            if judgement.advice.iter().any(|one| stays(case, one.observation)) {
                let (left, tolerated) = (left.as_secs(), tolerated.as_secs());
                judgement.remarks.push(format!(
                    "the token is self-contained and ends by itself {left} s after its logout (`self_contained_life` tolerates {tolerated} s)"
                ));
            }
            judgement
        }
    }
}

/// What a user has to be offered and a request may leave out (ASVS 7.4.3): what stays is a warning.
pub(super) fn as_option(case: &ObservedCheck<'_>) -> Judgement {
    recommended(case, expect::wants(case))
}

/// Whether an answer is that to access which stays.
fn stays(case: &ObservedCheck<'_>, observation: usize) -> bool {
    case.evidence.observations[observation].outcome == Outcome::Granted
}

/// Access that stays is a warning.
fn recommended(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let (stays, others) = judgement.access.into_iter().partition(|deviation| stays(case, deviation.observation));
    judgement.access = others;
    judgement.advice.extend::<Vec<_>>(stays);
    judgement
}

/// Each answer against what its step wants. A refresh that gives no new refresh token leaves the old one as the only one: that it
/// is accepted again is no reuse. RFC 9700 §2.2.2 asks for rotation where an OAuth client cannot authenticate.
pub(super) fn reuse(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    if case.evidence.refresh_token_stays {
        for again in std::mem::take(&mut judgement.access) {
            let text = "the refresh gives no new refresh token: refresh tokens do not rotate";
            judgement.advises(again.observation, text, "a new refresh token with each refresh");
        }
    }
    judgement
}

/// Each answer against what its step wants; where the used token was accepted, nothing shows what comes after its refusal.
pub(super) fn after_reuse(case: &ObservedCheck<'_>) -> Judgement {
    match case.observations_of(REUSED).find(|(_, seen)| seen.outcome == Outcome::Granted) {
        Some(_) => Judgement {
            not_applicable: Some("a used refresh token is accepted: see refresh.reuse-refused".to_owned()),
            ..Judgement::default()
        },
        // RFC 9700 §2.2.2: a client's authentication keeps others from using what was stolen
        None => {
            let most = case.evidence.refreshes_for_a_client.then_some(Severity::Medium);
            Judgement { at_most: most, ..expect::wants(case) }
        }
    }
}

/// RFC 9700 §4.14.2 has the server revoke the refresh token; what becomes of access tokens it leaves open.
/// Of a self-contained token that ends by itself soon nothing more is asked for (RFC 7009 §3).
pub(super) fn access_after_reuse(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = recommended(case, after_reuse(case));
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

/// No more than one of several uses of a refresh token at the same time is granted, unless an overlap is tolerated.
pub(super) fn at_once(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let sent = case.observations_of(AT_ONCE).count();
    let granted: Vec<usize> = case
        .observations_of(AT_ONCE)
        .filter(|(_, seen)| seen.outcome == Outcome::Granted)
        .map(|(index, _)| index)
        .collect();
    let text = format!("{} of {sent} uses of one refresh token at the same time were granted", granted.len());
    for (_, seen) in case.observations_of(AT_ONCE).filter(|(_, seen)| seen.outcome == Outcome::Unclear) {
        judgement.leaves_open(unclear(seen));
    }
    // one may have broken by chance, as it cannot be sent again alone
    let broken: Vec<_> = case.observations_of(AT_ONCE).filter(|(_, seen)| seen.outcome == Outcome::Broke).collect();
    match broken.as_slice() {
        [] => {}
        [(_, seen)] => {
            let status = seen.exchange.status().unwrap_or_default();
            judgement.leaves_open(format!("one of {sent} uses at the same time was answered with {status}"));
        }
        [(index, seen), ..] => {
            let status = seen.exchange.status().unwrap_or_default();
            let text = format!("{} of {sent} uses at the same time were answered with {status}", broken.len());
            judgement.deviates(*index, text, "one granted, the others refused");
        }
    }
    let overlap = case.evidence.rotation_overlap;
    match granted.as_slice() {
        [] => judgement.remarks.push(text),
        [_] => {}
        [_, second, ..] if overlap.is_zero() => judgement.deviates(*second, text, "one granted, the others refused"),
        [..] => {
            judgement
                .remarks
                .push(format!("{text}; `rotation_delay` tolerates an overlap of {} ms", overlap.as_millis()));
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
    use crate::check::step::Want;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// What a check says of one answer to a self-contained token that ends by itself: deviations of access and of protocol,
    /// advice, remarks.
    fn judged(id: &str, status: u16, outcome: Outcome, left: u64) -> (usize, usize, usize, usize) {
        let check = find(id).expect("is in the catalogue");
        let step = check
            .steps
            .iter()
            .rposition(|step| !matches!(step.wanted(), Want::Granted | Want::Either))
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
    fn a_cookie_that_holds_the_session_is_no_identifier() {
        for (value, holds) in [
            ("eyJ1c2VyIjoiYWxpY2UifQ.ZtQ1.c2lnbmF0dXJl", true),
            ("%7B%22user%22%3A%22alice%22%7D", true),
            ("{\"user\":1}", true),
            ("W3sidXNlciI6MX1d", true),
            ("s%3AqK3vX9w2.c2lnbmF0dXJl", false),
            ("node01x6f3v9q2m8s7abcd0.node0", false),
            ("6c1f0a8e52d94b37", false),
        ] {
            assert_eq!(holds_the_session(value), holds, "{value}");
        }
    }

    #[test]
    fn a_server_that_breaks_on_uses_at_the_same_time_refuses_none_of_them() {
        let check = find("refresh.concurrent-use").expect("is in the catalogue");
        let step = check.steps.iter().position(|step| step.step_id() == Some(AT_ONCE)).expect("is there");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (statuses, deviations, open) in
            [([200, 400, 400], 0, 0), ([200, 400, 500], 0, 1), ([200, 500, 500], 1, 0), ([200, 200, 500], 1, 1)]
        {
            let mut evidence = Evidence::default();
            for status in statuses {
                let outcome = match status {
                    200 => Outcome::Granted,
                    400 => Outcome::Refused,
                    _ => Outcome::Broke,
                };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/"), Silence::Closed);
                evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
            }
            let found = at_once(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.open.len()), (deviations, open), "{statuses:?}");
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
