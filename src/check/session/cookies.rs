//! How the cookies of sessions are judged (RFC 6265).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::check::judgement::state::StableState;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::observe::{Outcome, Response, StepId};

/// Characters of a cookie that are not in a body by chance.
const LEAST_SHOWN: usize = 12;

/// An answer whose body has the token says that nobody keeps it.
pub(super) fn token_not_stored(case: &ObservedCheck<'_>) -> Judgement {
    let values: Vec<String> = cookie_lines(case).filter_map(|(_, line)| value_of(&line)).collect();
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
pub(super) fn cookie(case: &ObservedCheck<'_>) -> Option<(usize, Vec<String>)> {
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

/// The value that a line sets.
fn value_of(line: &str) -> Option<String> {
    line.split(';').next()?.split_once('=').map(|(_, value)| value.trim().to_owned())
}

/// Each login has an identifier of its own.
pub(super) fn new_at_each_login(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let given: BTreeMap<usize, String> =
        cookie_lines(case).filter_map(|(index, line)| Some((index, value_of(&line)?))).collect();
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

/// What the session of a login shows, twice, ...
pub(super) const BEFORE: StepId = StepId::new("before");
pub(super) const BEFORE_AGAIN: StepId = StepId::new("before-again");
/// ... the session of a login within it, ...
pub(super) const LATER: StepId = StepId::new("later");
/// ... and the former one after that login.
pub(super) const FORMER: StepId = StepId::new("former");

/// The later login has another identifier, and ends the former session. Where the identifier is the same and opens another account
/// than before, whoever knew it is in that account; where it opens the same one, the login may not have been looked at.
pub(super) fn changes_at_relogin(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let (Some((later, identifier, seen)), Some((former, before, outcome))) = (sent(case, LATER), sent(case, FORMER))
    else {
        judgement.leaves_open("no login sets the cookie of the session".to_owned());
        return judgement;
    };
    if identifier == before {
        let text = case.about(later, "it has the identifier of the session that was open");
        match shows_another_account(case, later, seen) {
            true => judgement.violates(later, text, "a new identifier"),
            false => judgement.deviates(later, text, "a new identifier"),
        }
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

/// The identifier that the request of a step sent, and what came of it.
fn sent(case: &ObservedCheck<'_>, step: StepId) -> Option<(usize, String, Outcome)> {
    let name = case.evidence.session_cookie.as_deref()?;
    let (index, seen) = case.observations_of(step).next()?;
    let line = String::from_utf8_lossy(seen.exchange.request.value_of("cookie")?).into_owned();
    let mut pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(own, _)| *own == name)?;
    Some((index, value.to_owned(), seen.outcome))
}

/// Whether an answer differs from both that the session had before, in what these have in common.
fn shows_another_account(case: &ObservedCheck<'_>, later: usize, outcome: Outcome) -> bool {
    let before: Vec<&Response> =
        [BEFORE, BEFORE_AGAIN].into_iter().flat_map(|step| case.answers_of(step)).map(|(_, one)| one).collect();
    let answer = case.evidence.observations[later].exchange.response();
    match (StableState::of(&before), answer) {
        (Some(state), Some(answer)) => outcome == Outcome::Refused || state.differs(answer),
        _ => false,
    }
}

/// Whether the value of a cookie is JSON, also in Base64 and with a signature behind it.
fn holds_the_session(value: &str) -> bool {
    let start = value.trim_matches('"').split(['.', '%', '=', '|', ':']).next().unwrap_or_default();
    let decoded = [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].into_iter().find_map(|engine| engine.decode(start).ok());
    let is_json = |bytes: &[u8]| bytes.starts_with(b"{") || bytes.starts_with(b"[");
    is_json(value.as_bytes()) || value.starts_with("%7B") || decoded.is_some_and(|bytes| is_json(&bytes))
}

#[cfg(test)]
mod tests {
    use super::holds_the_session;

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
}
