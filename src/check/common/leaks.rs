//! Judgements about what answers repeat or give away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::LookedFor;
use crate::check::{Deviation, Explanation, Severity, Step};
use crate::observe::{Evidence, Exchange, Response, contains, internals_in, without_pair};

/// Credentials that are shorter are words that occur by themselves.
const SHORTEST: usize = 12;

/// No answer repeats the credential that its request carried.
pub(crate) fn credentials(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, observation) in case.observations() {
        let Some(response) = observation.exchange.response() else { continue };
        let parameter = case.evidence.credential_parameter.as_deref();
        for secret in sent(&observation.exchange, case.evidence) {
            let in_cookie = observation.exchange.request.value_of("cookie").is_some();
            let response = &parameter.map_or_else(|| response.clone(), |name| without_links(response, name, &secret));
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
    let judgement = shown(case, "the answer shows", "an error without secrets");
    let is_foreign = |found: &Deviation| {
        let seen = &case.evidence.observations[found.observation];
        matches!(case.step_of(seen), Step::LookBack(LookedFor::ForeignSecrets))
    };
    // what opens another system does not open this API
    let at_most = judgement.access.iter().all(is_foreign).then_some(Severity::High);
    Judgement { at_most, ..judgement }
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

/// What a request carried as a credential: without the scheme's name, and what Basic encodes; of its cookies and of its query
/// only what carries a credential.
fn sent(exchange: &Exchange, evidence: &Evidence) -> Vec<String> {
    let mut secrets = Vec::new();
    if let Some(name) = &evidence.credential_parameter {
        let query = exchange.request.target.splitn(2, |byte| *byte == b'?').nth(1).unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query).filter(|(own, _)| own == name.as_str());
        secrets.extend(pairs.map(|(_, value)| value.into_owned()));
    }
    for header in exchange.request.headers.iter().filter(|header| header.sensitive) {
        let value = String::from_utf8_lossy(&header.value).into_owned();
        if header.name.eq_ignore_ascii_case("cookie") {
            let pairs = value.split(';').filter_map(|pair| pair.trim().split_once('='));
            let own = pairs.filter(|(name, _)| evidence.credential_cookie.as_deref() == Some(*name));
            secrets.extend(own.map(|(_, value)| value.to_owned()));
            continue;
        }
        let credential = value.split_once(' ').map_or(value.as_str(), |(_, credential)| credential).trim();
        let decoded = STANDARD.decode(credential).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        secrets
            .extend(decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.to_owned()));
        secrets.push(credential.to_owned());
    }
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets
}

/// An answer without links that keep the query of their request.
fn without_links(response: &Response, name: &str, secret: &str) -> Response {
    let without = |bytes: &[u8]| without_pair(bytes, name, secret);
    let headers = response.headers.iter().map(|(field, value)| (field.clone(), without(value))).collect();
    Response { headers, body: without(&response.body), ..response.clone() }
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
    use crate::observe::{Request, Silence};

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

    #[test]
    fn a_credential_is_looked_for_wherever_a_request_carries_it() {
        const KEY: &str = "0123456789abcdef";
        let asked = |target: &str, field: (&str, &str)| {
            let mut request = Request::new("GET", target).header(field.0, field.1);
            request.headers.iter_mut().for_each(|header| header.sensitive = true);
            Exchange::unanswered(request, Silence::Closed)
        };
        let cookie = format!("lang=en; csrf=fedcba9876543210; sid={KEY}");
        let evidence = Evidence {
            credential_parameter: Some("key".to_owned()),
            credential_cookie: Some("sid".to_owned()),
            ..Evidence::default()
        };
        for (target, field) in [
            ("/a", ("X-Key", KEY)),
            ("/a", ("Authorization", "Bearer 0123456789abcdef")),
            ("/a", ("Cookie", &*cookie)),
            ("/a?page=0123456789abcdeg&key=0123456789abcdef", ("X-A", "b")),
        ] {
            assert_eq!(sent(&asked(target, field), &evidence), [KEY], "{target} {field:?}");
        }
        for (target, field) in [("/a?key=0123456789abcdef", ("X-A", "b")), ("/a", ("Cookie", &*cookie))] {
            assert_eq!(sent(&asked(target, field), &Evidence::default()), Vec::<String>::new(), "{target} {field:?}");
        }
        let answer = |body: &str| Response { status: 200, headers: Vec::new(), body: body.into(), truncated: false };
        for (body, occurring) in [("/a?key=0123456789abcdef&page=2", false), ("your key 0123456789abcdef", true)] {
            assert_eq!(occurs(&without_links(&answer(body), "key", KEY), KEY, false), occurring, "{body}");
        }
    }
}
