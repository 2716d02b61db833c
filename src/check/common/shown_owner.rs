//! What the refusal of another's object says of whose it is.

use serde_json::Value;

use crate::check::judgement::ObservedCheck;
use crate::observe::{Observation, Outcome, Response};

/// Members that say who somebody is. As letters and digits in lower case.
const PERSONAL: [&str; 24] = [
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
    "name",
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
/// protected: what anybody may know is no leak.
pub(super) fn of(case: &ObservedCheck<'_>, seen: &Observation) -> Option<String> {
    let refusal = seen.exchange.response().filter(|answer| matches!(answer.status, 403 | 404 | 410))?;
    // whose body was not searched to its end is left open
    let is_searched = !refusal.truncated && refusal.header("content-encoding").is_none();
    if seen.outcome != Outcome::Unclear || seen.clean || !is_searched {
        return None;
    }
    let asked = &seen.exchange.request;
    let is_owners =
        |request: &crate::observe::Request| request.method == asked.method && request.target == asked.target;
    let controls = case.evidence.controls.iter().filter(|control| control.outcome == Outcome::Granted);
    let mut good = controls.filter(|control| is_owners(&control.exchange.request));
    good.find_map(|control| shown(refusal, control.exchange.response()?))
}

/// What a refusal and a good answer both say of somebody: a member with its value, or an address of mail.
fn shown(refusal: &Response, good: &Response) -> Option<String> {
    let [refused, granted] = [refusal, good].map(|answer| {
        let mut pairs = Vec::new();
        answer.json().iter().for_each(|json| personal("", json, &mut pairs));
        pairs
    });
    if let Some((name, _)) = refused.iter().find(|pair| granted.contains(pair)) {
        return Some(format!("the value of `{name}`"));
    }
    let known = String::from_utf8_lossy(&good.body).into_owned();
    let said = String::from_utf8_lossy(&refusal.body).into_owned();
    addresses(&said)
        .any(|address| addresses(&known).any(|other| other == address))
        .then(|| "an address of mail".to_owned())
}

/// The members of a value that say who somebody is, with their scalars.
fn personal(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| personal(name, value, pairs)),
        Value::Array(items) => items.iter().for_each(|item| personal(name, item, pairs)),
        Value::String(_) | Value::Number(_) => {
            let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if PERSONAL.contains(&&*plain.to_ascii_lowercase()) && !text.trim().is_empty() {
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
        let good = r#"{"id":7,"owner":"bob","total":1250,"contact":{"note":"write to bob@example.test"}}"#;
        for (refusal, expected) in [
            (r#"{"error":"forbidden","owner":"bob"}"#, Some("the value of `owner`")),
            (r#"{"error":"forbidden","object":{"owner":"bob"}}"#, Some("the value of `owner`")),
            ("order 7 belongs to bob@example.test.", Some("an address of mail")),
            (r#"{"detail":"not for alice@example.test"}"#, None),
            (r#"{"error":"forbidden","owner":"alice"}"#, None),
            (r#"{"error":"forbidden","id":7,"total":1250}"#, None),
            ("", None),
        ] {
            let answer = |status, body: &str| Response {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
                truncated: false,
            };
            assert_eq!(shown(&answer(403, refusal), &answer(200, good)).as_deref(), expected, "{refusal}");
        }
    }
}
