//! Answers that are a good one but for what changes by itself: a time, a measurement, a nonce.

use std::collections::BTreeMap;

use serde_json::Value;

use super::atoms::{is_date, without_bom};
use super::{Answered, body};
use crate::observe::{Response, is_a_time, parse_json};

/// Bytes of a body that is compared member by member.
const LONGEST: usize = 64 << 10;
/// Scalars of such a body.
const MOST_SCALARS: usize = 512;

/// The scalars of a body of JSON by where they are.
type Scalars = BTreeMap<String, Value>;

/// What all good answers of JSON have in common: the same members at all levels, and the values that none of them changes.
#[derive(Clone)]
pub(super) struct GoodMembers {
    /// The value of each scalar, from one good answer; whether the others have it too.
    scalars: BTreeMap<String, (Value, bool)>,
}

impl GoodMembers {
    /// What two good answers or more share. One does not show what changes by itself.
    pub(super) fn of(good: &[Response]) -> Option<Self> {
        let mut answers = good.iter().map(|answer| scalars_of(&Answered::from_response(answer)));
        let mut scalars: BTreeMap<String, (Value, bool)> =
            answers.next()??.into_iter().map(|(at, value)| (at, (value, true))).collect();
        if good.len() < 2 {
            return None;
        }
        for other in answers {
            let other = other?;
            if other.len() != scalars.len() {
                return None;
            }
            for (at, (value, is_stable)) in &mut scalars {
                *is_stable &= other.get(at)? == value;
            }
        }
        let known = Self { scalars };
        known.has_mostly_stable_values().then_some(known)
    }

    /// Whether more values are stable than change; times aside, which say nothing of whose answer it is.
    fn has_mostly_stable_values(&self) -> bool {
        let (stable, changing): (Vec<_>, Vec<_>) = self.scalars.values().partition(|(_, is_stable)| *is_stable);
        stable.len() > changing.iter().filter(|(value, _)| !is_time(value)).count()
    }

    /// Whether an answer has exactly these members, the stable values, and values of the same kind in place of the others.
    pub(super) fn are_those_of(&self, answer: &Answered<'_>) -> bool {
        let Some(other) = scalars_of(answer) else { return false };
        other.len() == self.scalars.len()
            && self.scalars.iter().all(|(at, (value, is_stable))| {
                other.get(at).is_some_and(|other| if *is_stable { other == value } else { are_of_a_kind(value, other) })
            })
    }
}

/// `None` where it is not JSON, or too large to be compared.
fn scalars_of(answer: &Answered<'_>) -> Option<Scalars> {
    let decoded = body::decoded(answer.body, answer.content_encoding);
    if answer.truncated || !decoded.whole || decoded.bytes.len() > LONGEST {
        return None;
    }
    let json = parse_json(without_bom(&decoded.bytes))?;
    let mut scalars = Scalars::new();
    collect(&json, String::new(), &mut scalars)?;
    Some(scalars)
}

fn collect(json: &Value, at: String, into: &mut Scalars) -> Option<()> {
    match json {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{at}/{name}"), into)?;
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                collect(value, format!("{at}/{index}"), into)?;
            }
        }
        // an empty list and an empty object are values too
        scalar => {
            into.insert(at, scalar.clone());
        }
    }
    (into.len() <= MOST_SCALARS).then_some(())
}

/// Whether one value may stand in the place of another that changes by itself: what a refusal writes there (nothing, zero, an
/// explanation) is of another kind.
fn are_of_a_kind(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => {
            let is_zero = |value: &Value| value.as_f64() == Some(0.0);
            is_time(one) == is_time(other) && is_zero(one) == is_zero(other)
        }
        (Value::String(one), Value::String(other)) => {
            let is_word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
            (is_date(one) && is_date(other)) || (one.len() == other.len() && is_word(one) && is_word(other))
        }
        _ => false,
    }
}

fn is_time(value: &Value) -> bool {
    match value {
        // seconds with a fraction too
        Value::Number(number) => {
            let text = number.to_string();
            text.split('.').next().and_then(|whole| whole.parse().ok()).is_some_and(is_a_time)
        }
        Value::String(text) => is_date(text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &str) -> Response {
        let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
        Response { status: 200, headers, body: body.into(), truncated: false }
    }

    #[test]
    fn an_answer_is_a_good_one_but_for_what_changes_by_itself() {
        let measured = [r#"{"m1":21.4,"m2":19.9,"at":1795959653644}"#, r#"{"m1":21.4,"m2":19.9,"at":1795959653702}"#];
        let nonce = [r#"{"user":"ann","room":"B7","id":"a91f"}"#, r#"{"user":"ann","room":"B7","id":"07cc"}"#];
        let verse = [r#"{"app":"verses","verse":"fog"}"#, r#"{"app":"verses","verse":"reed"}"#];
        let counted = [r#"{"unit":"jobs","page":"1","count":17}"#, r#"{"unit":"jobs","page":"1","count":18}"#];
        for (good, other, alike) in [
            (measured, r#"{"at":1795959653999,"m1":21.4,"m2":19.9}"#, true),
            (measured, r#"{"m1":21.4,"m2":19.8,"at":1795959653999}"#, false),
            (measured, r#"{"m1":21.4,"m2":19.9,"at":0}"#, false),
            (measured, r#"{"m1":21.4,"m2":19.9,"at":null}"#, false),
            (measured, r#"{"m1":21.4,"m2":19.9}"#, false),
            (measured, r#"{"m1":21.4,"m2":19.9,"at":1795959653999,"error":"no"}"#, false),
            (nonce, r#"{"user":"ann","room":"B7","id":"55d0"}"#, true),
            (nonce, r#"{"user":null,"room":"B7","id":"55d0"}"#, false),
            (nonce, r#"{"user":"ann","room":"B7","id":"log in"}"#, false),
            // as much changes as is stable: an envelope with something else inside looks like that
            (verse, r#"{"app":"verses","verse":"moor"}"#, false),
            (counted, r#"{"unit":"jobs","page":"1","count":19}"#, true),
            // what is filtered for somebody who may see nothing
            (counted, r#"{"unit":"jobs","page":"1","count":0}"#, false),
        ] {
            let known = GoodMembers::of(&good.map(response));
            let seen = response(other);
            let is_alike = known.is_some_and(|known| known.are_those_of(&Answered::from_response(&seen)));
            assert_eq!(is_alike, alike, "{good:?} {other}");
        }
        for good in [
            vec![measured[0]],
            vec![r#"{"list":[1,2]}"#, r#"{"list":[1,2,3]}"#],
            vec![r#"{"a":"x"}"#, r#"{"b":"x"}"#],
            vec!["no JSON", "no JSON"],
        ] {
            let good: Vec<Response> = good.into_iter().map(response).collect();
            assert!(GoodMembers::of(&good).is_none(), "{good:?}");
        }
    }
}
