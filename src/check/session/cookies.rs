//! How the cookies of sessions are judged (RFC 6265).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::foreign::is_ended_by;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::observe::{Observation, Outcome, Response, StableState, StepId};

/// Characters of a cookie that are not in a body by chance.
const LEAST_SHOWN: usize = 12;
/// Characters from which on a text of one word may be a key, a hash or a ciphertext.
const LEAST_OPAQUE: usize = 16;

/// An answer whose body has the token says that nobody keeps it, and so does one that sets the cookie of the session where caches
/// may keep it: Set-Cookie does not keep them from it (RFC 9111 §7.3).
pub(super) fn token_not_stored(case: &ObservedCheck<'_>) -> Judgement {
    let lines: Vec<(usize, String)> = cookie_lines(case).collect();
    let values: Vec<String> = lines.iter().filter_map(|(_, line)| value_of(line)).collect();
    let shows = |body: &[u8]| {
        let body = String::from_utf8_lossy(body);
        values.iter().any(|value| value.len() >= LEAST_SHOWN && body.contains(value.as_str()))
    };
    if case.evidence.session_cookie.is_none() || case.all_answers().any(|(_, answer)| shows(&answer.body)) {
        return expect::no_store(case);
    }
    let mut judgement = expect::wants(case);
    for (index, answer) in case.all_answers().filter(|(index, _)| lines.iter().any(|(at, _)| at == index)) {
        let directives = expect::directives(answer);
        let has = |wanted: &str| directives.iter().any(|(name, _)| name == wanted);
        if expect::forbid_storing(&directives) || has("private") || has("no-cache") {
            continue;
        }
        // RFC 9110 §9.3.3: the answer to POST is kept where it says how long it is fresh
        let is_fresh = has("max-age") || has("s-maxage") || has("public") || answer.header("expires").is_some();
        let is_read = case.evidence.observations[index].exchange.request.method == "GET";
        let text = format!("the answer that sets the cookie of the session: {}", expect::lack_of_no_store(&directives));
        match is_fresh || is_read {
            true => judgement.deviates(index, text, "Cache-Control: no-store"),
            false => {
                judgement.remarks.push(format!("{text} (no cache keeps an answer to POST without a lifetime)"));
                judgement.needs_review = true;
            }
        }
    }
    judgement
}

/// The answer that sets the cookie of the session last before an observation, and the attributes of the cookie. A line that ends the cookie says nothing of how browsers send it while it is there.
pub(super) fn cookie_before(case: &ObservedCheck<'_>, end: usize) -> Option<(usize, Vec<String>)> {
    let (index, line) = cookie_lines(case).filter(|(at, line)| *at < end && !is_ended_by(line)).last()?;
    Some((index, line.split(';').skip(1).map(|attribute| attribute.trim().to_owned()).collect()))
}

/// The lines that set the cookie of the session, each with the number of its answer.
pub(super) fn cookie_lines<'a>(case: &'a ObservedCheck<'_>) -> impl Iterator<Item = (usize, String)> + 'a {
    let name = case.evidence.session_cookie.as_deref();
    let lines = case.all_answers().flat_map(|(index, answer)| {
        answer.header_values("set-cookie").map(|line| (index, line.into_owned())).collect::<Vec<_>>()
    });
    lines.filter(move |(_, line)| name.is_some() && line.split('=').next().map(str::trim) == name)
}

/// The value that a line sets.
pub(super) fn value_of(line: &str) -> Option<String> {
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
        judgement.not_applicable = Some(format!("{HOLDS}, and no identifier of one"));
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
    let (Some((later, identifier, _)), Some((former, before, outcome))) = (sent(case, LATER), sent(case, FORMER))
    else {
        judgement.leaves_open("no login sets the cookie of the session".to_owned());
        return judgement;
    };
    if identifier == before {
        let text = |at| case.about(at, "it has the identifier of the session that was open");
        match shows_another_account(case, LATER) {
            Some(at) => judgement.violates(at, text(at), "a new identifier"),
            // the session shows what it showed before, so nothing shows that the other user was logged in
            None if case.evidence.logs_in_as_another => judgement.leaves_open(NO_LOGIN_SHOWN.to_owned()),
            None => judgement.deviates(later, text(later), "a new identifier"),
        }
    } else if let Some(at) = shows_another_account(case, FORMER) {
        let text = case.about(at, "it shows another account than before the later login");
        judgement.violates(at, text, "refused, or the account of the former login");
    } else if outcome == Outcome::Granted && holds_the_session(&before) {
        judgement.remarks.push(format!("{HOLDS}: a login cannot end the former one"));
    } else if outcome == Outcome::Granted {
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

/// What is said where the login of another user within a session changes neither its cookie nor what it shows.
const NO_LOGIN_SHOWN: &str = "after the login of the other user the cookie and what the session shows are as before: whether that login was \
     carried out, only a resource shows whose answer names the account";

/// The identifier that the request of a step sent, and what came of it.
fn sent(case: &ObservedCheck<'_>, step: StepId) -> Option<(usize, String, Outcome)> {
    let name = case.evidence.session_cookie.as_deref()?;
    let (index, seen) = case.observations_of(step).next()?;
    let line = String::from_utf8_lossy(seen.exchange.request.value_of("cookie")?).into_owned();
    let mut pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(own, _)| *own == name)?;
    Some((index, value.to_owned(), seen.outcome))
}

/// The first resource where the former session shows the account of the later login, of another user, and not its own: each in readings
/// that agree, so that what is random is none. A resource that was closed to the former one and is open to both now shows it as well;
/// one that the later login may not use shows it where the session that was asked is that login.
fn shows_another_account(case: &ObservedCheck<'_>, step: StepId) -> Option<usize> {
    let is_another = |(_, seen): &(usize, &Observation)| {
        let of = |steps: &[StepId]| -> Vec<&Observation> {
            steps.iter().flat_map(|step| case.beside(seen, *step)).map(|(_, one)| one).collect()
        };
        let (before, later, former) = (of(&[BEFORE, BEFORE_AGAIN]), of(&[LATER]), of(&[FORMER]));
        let all = |seen: &[&Observation], outcome| !seen.is_empty() && seen.iter().all(|one| one.outcome == outcome);
        if all(&before, Outcome::Refused) {
            return [&later, &former].into_iter().all(|now| all(now, Outcome::Granted));
        }
        if !all(&before, Outcome::Granted) {
            return false;
        }
        if step == LATER && all(&later, Outcome::Refused) {
            return true;
        }
        let answered = |seen: &[&Observation]| {
            let is_answer = |one: &&Observation| matches!(one.outcome, Outcome::Granted | Outcome::Unclear);
            let answers: Vec<&Response> =
                seen.iter().filter(|one| is_answer(one)).filter_map(|one| one.exchange.response()).collect();
            StableState::of(&answers).filter(|_| answers.len() == seen.len())
        };
        match (answered(&before), answered(&later), answered(&former)) {
            (Some(own), Some(other), Some(now)) => own.gave_way(&other, &now),
            _ => false,
        }
    };
    case.observations_of(step).filter(|_| case.evidence.logs_in_as_another).find(is_another).map(|(index, _)| index)
}

/// What is said of a cookie that is no identifier.
pub(super) const HOLDS: &str = "the cookie holds the session itself (a JWT, or JSON whose members can be read)";

/// Whether a cookie holds the session where it can be read: a JWT, or JSON with members that say something, also in Base64, percent-encoded
/// and with a signature behind it. What is encrypted holds it perhaps, and may as well hold an identifier.
pub(super) fn holds_the_session(value: &str) -> bool {
    let value = percent_decode_str(value.trim_matches('"')).decode_utf8_lossy();
    let value = value.strip_prefix("s:").or_else(|| value.strip_prefix("j:")).unwrap_or(&value);
    let decoded = |part: &str| -> Option<Value> {
        let part = part.trim_end_matches('=');
        let bytes = [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].into_iter().find_map(|engine| engine.decode(part).ok())?;
        serde_json::from_slice(&bytes).ok()
    };
    let dotted: Vec<&str> = value.split('.').collect();
    // RFC 7515 §3.1: of a JWT, the payload is the second part
    if let [header, payload, _] = dotted.as_slice()
        && decoded(header).is_some_and(|header| header.get("alg").is_some())
    {
        return decoded(payload).is_some_and(|claims| claims.is_object());
    }
    let first = value.split(['.', '|', ':', '-']).next().unwrap_or_default();
    let json = || serde_json::from_str(value).ok();
    let json = json().or_else(|| decoded(value)).or_else(|| decoded(dotted[0])).or_else(|| decoded(first));
    // RFC 7516 §4.1.2: the header of what is encrypted
    json.is_some_and(|json| json.get("enc").is_none() && json.get("alg").is_none() && says_something(&json))
}

/// Whether JSON has a member that can be read: a number, true or false, or a text that is no key, hash or ciphertext.
fn says_something(json: &Value) -> bool {
    match json {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => {
            let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
            !text.is_empty() && (text.len() < LEAST_OPAQUE || !text.bytes().all(is_encoded))
        }
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
    }
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
            // a JWT, and one that is encrypted
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl", true),
            ("eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aXZpdml2.Y2lwaGVydGV4dA.dGFn", false),
            // {"iv":"kQ2xV7mB4nR9tY1c","value":"aGVsbG8gd29ybGQgaGVsbG8","mac":"6c1f0a8e52d94b376c1f0a8e52d94b37"}
            (
                "eyJpdiI6ImtRMnhWN21CNG5SOXRZMWMiLCJ2YWx1ZSI6ImFHVnNiRzhnZDI5eWJHUWdhR1ZzYkc4IiwibWFjIjoiNmMxZjBhOGU1MmQ5NGIzNzZjMWYwYThlNTJkOTRiMzcifQ%3D%3D",
                false,
            ),
            // begins like JSON and is none
            ("eyJpdiI6Imt", false),
            ("s%3AqK3vX9w2.c2lnbmF0dXJl", false),
            ("node01x6f3v9q2m8s7abcd0.node0", false),
            ("6c1f0a8e52d94b37", false),
        ] {
            assert_eq!(holds_the_session(value), holds, "{value}");
        }
    }
}
