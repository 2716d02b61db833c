//! Judgements about what answers repeat or give away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::{Explanation, Step};
use crate::observe::{Exchange, Response, contains, internals_in};

/// Credentials that are shorter are words that occur by themselves.
const SHORTEST: usize = 12;

/// No answer repeats the credential that its request carried.
pub(crate) fn credentials(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, observation) in case.observations() {
        let Some(response) = observation.exchange.response() else { continue };
        for secret in sent(&observation.exchange) {
            let in_cookie = observation.exchange.request.value_of("cookie").is_some();
            if let Some(form) = forms(&secret).into_iter().find(|form| occurs(response, &form.text, in_cookie)) {
                let text = case.about(index, format_args!("the answer repeats {}", form.says));
                judgement.deviates_by(Explanation::Secret, index, text, "no part of the credential");
                break;
            }
        }
    }
    judgement
}

/// No answer says how the server is built, to this check or to another one.
pub(crate) fn internals(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.all_answers() {
        let seen = &case.evidence.observations[index];
        let says = match case.step_of(seen) {
            Step::LookBack(_) => seen.why.clone(),
            _ => internals_in(response, || seen.exchange.request.to_bytes()),
        };
        if let Some(says) = says {
            let text = case.about(index, format_args!("the body shows {says}"));
            judgement.deviates(index, text, "an error without internals");
        }
    }
    judgement
}

/// No error of the run shows a secret that its request did not carry.
pub(crate) fn disclosures(case: &ObservedCheck<'_>) -> Judgement {
    shown(case, "the answer shows", "an error without secrets")
}

/// No answer of the run shows the hash of a password that its request did not carry.
pub(crate) fn password_hashes(case: &ObservedCheck<'_>) -> Judgement {
    shown(case, "the answer shows a hash of", "an answer without hashes of passwords")
}

/// Whatever the look back has found is a violation.
fn shown(case: &ObservedCheck<'_>, says: &str, expected: &str) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match (&seen.why, case.step_of(seen)) {
            (Some(what), Step::LookBack(_)) => {
                let text = case.about(index, format_args!("{says} {what}"));
                judgement.violates_by(Explanation::Secret, index, text, expected);
            }
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// What a request carried as a credential: without the scheme's name, and what Basic encodes.
fn sent(exchange: &Exchange) -> Vec<String> {
    let mut secrets = Vec::new();
    for header in exchange.request.headers.iter().filter(|header| header.sensitive) {
        let value = String::from_utf8_lossy(&header.value).into_owned();
        let credential = value.split_once(' ').map_or(value.as_str(), |(_, credential)| credential).trim();
        let decoded = STANDARD.decode(credential).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        secrets
            .extend(decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.to_owned()));
        secrets.push(credential.to_owned());
    }
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets
}

/// A form in which a credential may be repeated.
struct Form {
    says: &'static str,
    text: String,
}

fn forms(secret: &str) -> Vec<Form> {
    let half: String = secret.chars().take((secret.chars().count() / 2).max(SHORTEST)).collect();
    vec![
        Form { says: "the credential", text: secret.to_owned() },
        Form { says: "the credential in Base64", text: STANDARD.encode(secret) },
        Form { says: "the first half of the credential", text: half },
    ]
}

/// Whether an answer holds a text. A cookie that came and is set again goes back to where it is kept.
fn occurs(response: &Response, text: &str, in_cookie: bool) -> bool {
    let fields = response.headers.iter().filter(|(name, _)| !(in_cookie && name.eq_ignore_ascii_case("set-cookie")));
    contains(&response.body, text.as_bytes()) || fields.into_iter().any(|(_, value)| contains(value, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_set_as_it_came_is_not_repeated_to_anybody() {
        let of = |name: &str, in_cookie| {
            let headers = vec![(name.to_owned(), b"sid=0123456789abcdef; Path=/".to_vec())];
            let answer = Response { status: 401, headers, body: Vec::new(), truncated: false };
            occurs(&answer, "0123456789abcdef", in_cookie)
        };
        assert_eq!([of("Set-Cookie", true), of("Set-Cookie", false), of("X-Session", true)], [false, true, true]);
        let body =
            Response { status: 401, headers: Vec::new(), body: b"no 0123456789abcdef".to_vec(), truncated: false };
        assert!(occurs(&body, "0123456789abcdef", true));
    }
}
