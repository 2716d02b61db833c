//! What the refusal of another's object says of whose it is.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::check::judgement::ObservedCheck;
use crate::observe::{Observation, Outcome, Request, Response};

/// Members that say who somebody is. As letters and digits in lower case.
const PERSONAL: [&str; 23] = [
    "accountid",
    "accountname",
    "author",
    "createdby",
    "customer",
    "customerid",
    "customername",
    "email",
    "emailaddress",
    "firstname",
    "fullname",
    "lastname",
    "login",
    "mail",
    "owner",
    "owneremail",
    "ownerid",
    "ownername",
    "phone",
    "user",
    "userid",
    "username",
    "userprincipalname",
];

/// What a refusal shows of somebody, and the owner's own answer as well. Nothing where the answer is no refusal that carries something
/// protected: what anybody may know is no leak. Nor is what whoever asks has in an answer of his own, or has asked with.
pub(super) fn of(case: &ObservedCheck<'_>, seen: &Observation) -> Option<String> {
    let refusal = seen.exchange.response().filter(|answer| matches!(answer.status, 403 | 404 | 410))?;
    // whose body was not searched to its end is left open
    let is_searched = !refusal.truncated && refusal.header("content-encoding").is_none();
    if seen.outcome != Outcome::Unclear || seen.clean || !is_searched {
        return None;
    }
    let asked = &seen.exchange.request;
    let controls = case.evidence.controls.iter().filter(|control| control.outcome == Outcome::Granted);
    let is_owners = |request: &Request| request.method == asked.method && request.target == asked.target;
    let (good, others): (Vec<_>, Vec<_>) =
        controls.partition(|control| is_owners(&control.exchange.request) && control.credential != seen.credential);
    let own = others.into_iter().filter(|control| control.credential == seen.credential);
    let own: Vec<&Response> = own.filter_map(|control| control.exchange.response()).collect();
    let target = String::from_utf8_lossy(&asked.target);
    good.into_iter().find_map(|control| shown(refusal, control.exchange.response()?, &own, &target))
}

/// What a refusal and a good answer both say of somebody, and the others do not: a member with its value, or an address of mail.
fn shown(refusal: &Response, good: &Response, others: &[&Response], target: &str) -> Option<String> {
    let said: Vec<_> = others.iter().map(|other| Said::by(other)).collect();
    let [refused, granted] = [refusal, good].map(Said::by);
    let asked: Vec<_> =
        target.split(['/', '?', '&', '=']).map(|part| percent_decode_str(part).decode_utf8_lossy()).collect();
    let is_new = |text: &str| !asked.iter().any(|part| part == text);
    let pair = refused.members.iter().find(|pair| {
        granted.members.contains(pair) && is_new(&pair.1) && !said.iter().any(|own| own.has_value(&pair.1))
    });
    if let Some((name, _)) = pair {
        return Some(format!("the value of `{name}`"));
    }
    let address = refused.addresses.iter().find(|address| {
        granted.addresses.contains(address)
            && is_new(address)
            && !said.iter().any(|own| own.addresses.contains(address))
    });
    address.map(|_| "an address of mail".to_owned())
}

/// What an answer says of people.
struct Said {
    members: Vec<(String, String)>,
    addresses: Vec<String>,
}

impl Said {
    fn by(answer: &Response) -> Self {
        let mut members = Vec::new();
        answer.json().iter().for_each(|json| personal("", json, &mut members));
        let text = String::from_utf8_lossy(&answer.body);
        Self { members, addresses: addresses(&text).map(str::to_owned).collect() }
    }

    fn has_value(&self, value: &str) -> bool {
        self.members.iter().any(|(_, own)| own == value)
    }
}

/// The members of a value that say who somebody is, with their scalars.
fn personal(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| personal(name, value, pairs)),
        Value::Array(items) => items.iter().for_each(|item| personal(name, item, pairs)),
        Value::String(_) | Value::Number(_) => {
            let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let is_address = text.starts_with('/') || text.contains("://");
            if !is_address && PERSONAL.contains(&&*plain.to_ascii_lowercase()) && !text.trim().is_empty() {
                pairs.push((name.to_owned(), text));
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
}

/// The addresses of mail in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let is_of_an_address = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+');
    let words = text.split(move |c: char| !is_of_an_address(c)).map(|word| word.trim_matches('.'));
    words.filter(|word| word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_an_owner_by_a_member_or_an_address_that_the_good_answer_has() {
        let good = r#"{"id":7,"owner":"bob","user":"alice","username":"carol","total":1250,"contact":{"note":"write to bob@example.test or help@example.test"}}"#;
        let own = r#"{"id":3,"owner":"alice","support":"help@example.test"}"#;
        for (refusal, expected) in [
            (r#"{"error":"forbidden","owner":"bob"}"#, Some("the value of `owner`")),
            (r#"{"error":"forbidden","object":{"owner":"bob"}}"#, Some("the value of `owner`")),
            ("order 7 belongs to bob@example.test.", Some("an address of mail")),
            (r#"{"detail":"not for alice@example.test"}"#, None),
            (r#"{"error":"forbidden","owner":"alice"}"#, None),
            (r#"{"error":"forbidden","id":7,"total":1250}"#, None),
            // what whoever asks has himself, or has asked with
            (r#"{"error":"forbidden","user":"alice"}"#, None),
            ("write to help@example.test", None),
            (r#"{"error":"forbidden","username":"carol"}"#, None),
            ("", None),
        ] {
            let answer = |status, body: &str| Response {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
                truncated: false,
            };
            let (good, own) = (answer(200, good), answer(200, own));
            let found = shown(&answer(403, refusal), &good, &[&own], "/users/carol/orders/7");
            assert_eq!(found.as_deref(), expected, "{refusal}");
        }
    }
}
