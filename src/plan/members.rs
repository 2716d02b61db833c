//! Bodies of which one member alone has another value.

use serde_json::Value;

use crate::scheme::jose::Members;

/// What names of members have in them whose value lets somebody in: with another one, who has the old value is locked out.
const CREDENTIALS: [&str; 9] =
    ["password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "credential", "apikey"];
/// Such names that are part of others.
const WHOLE: [&str; 4] = ["pass", "pin", "otp", "key"];
/// What holds the place of a text that no value of JSON has; no body has it.
const PLACE: &str = "authbench-one-member-a41c07";

/// A body with another value of one member.
#[derive(Debug, PartialEq, Eq)]
pub struct OneMember {
    /// The name of the member, behind those that it is in.
    pub name: String,
    /// Its other value.
    pub text: &'static str,
    /// The body.
    pub json: String,
}

/// A body with another value, as JSON text, of one member: those of the body in their order, and then those one level down, of
/// which the first element of an array is one. None where there are fewer, where the value is the same, and where the body is
/// no object. What is named like a credential is no such member.
pub fn with_one_member(body: &[u8], at: usize, value: fn(&Value) -> &'static str) -> Option<OneMember> {
    let mut changed: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
    let pointer = pointers(&changed, &Members::read(body)?).into_iter().nth(at)?;
    let member = changed.pointer_mut(&pointer)?;
    let text = value(member);
    if serde_json::from_str::<Value>(text).is_ok_and(|value| value == *member) {
        return None;
    }
    *member = Value::from(PLACE);
    let json = changed.to_string().replacen(&Value::from(PLACE).to_string(), text, 1);
    let name = pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~");
    Some(OneMember { name, text, json })
}

/// Where the members are (RFC 6901).
fn pointers(body: &Value, in_order: &Members) -> Vec<String> {
    let names = in_order.names().filter(|name| !is_of_credential(name));
    let mut all: Vec<String> = names.map(|name| below("", name)).collect();
    for at in 0..all.len() {
        match body.pointer(&all[at]) {
            Some(Value::Object(inner)) => {
                let inner: Vec<String> =
                    inner.keys().filter(|name| !is_of_credential(name)).map(|name| below(&all[at], name)).collect();
                all.extend(inner);
            }
            Some(Value::Array(elements)) if !elements.is_empty() => all.push(below(&all[at], "0")),
            _ => {}
        }
    }
    all
}

fn below(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Whether a member has the name of something that lets somebody in.
fn is_of_credential(name: &str) -> bool {
    let plain: String = name.chars().filter(|character| character.is_alphanumeric()).collect();
    let plain = plain.to_lowercase();
    CREDENTIALS.iter().any(|part| plain.contains(part)) || WHOLE.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_is_changed_and_the_others_stay() {
        let half: fn(&Value) -> &'static str = |_| r#""\ud800""#;
        let other: fn(&Value) -> &'static str = |member| if member.is_number() { r#""a""# } else { "5" };
        let object: fn(&Value) -> &'static str = |_| "{}";
        let order = r#"{"item":"lamp","count":1}"#;
        let nested = r#"{"user":{"email":"a@b","password":"p"},"tags":[["x"],"y"],"access_token":"t","a/b":{}}"#;
        for (body, at, value, expected) in [
            // in the order of the body
            (order, 0, half, Some(("item", r#"{"count":1,"item":"\ud800"}"#))),
            (order, 1, half, Some(("count", r#"{"count":"\ud800","item":"lamp"}"#))),
            (order, 0, other, Some(("item", r#"{"count":1,"item":5}"#))),
            (order, 1, other, Some(("count", r#"{"count":"a","item":"lamp"}"#))),
            (order, 2, other, None),
            // one level down behind the others, and nothing that lets somebody in
            (
                nested,
                1,
                other,
                Some(("tags", r#"{"a/b":{},"access_token":"t","tags":5,"user":{"email":"a@b","password":"p"}}"#)),
            ),
            (nested, 2, object, None),
            (
                nested,
                2,
                other,
                Some((
                    "a/b",
                    r#"{"a/b":5,"access_token":"t","tags":[["x"],"y"],"user":{"email":"a@b","password":"p"}}"#,
                )),
            ),
            (
                nested,
                3,
                other,
                Some((
                    "user.email",
                    r#"{"a/b":{},"access_token":"t","tags":[["x"],"y"],"user":{"email":5,"password":"p"}}"#,
                )),
            ),
            (
                nested,
                4,
                object,
                Some((
                    "tags.0",
                    r#"{"a/b":{},"access_token":"t","tags":[{},"y"],"user":{"email":"a@b","password":"p"}}"#,
                )),
            ),
            (nested, 5, other, None),
            (r#"{"a":5}"#, 0, |_| "5", None),
            (r#"{"a":null}"#, 0, |_| "null", None),
            (r#"{"apiKey":"k","pin":"1234"}"#, 0, half, None),
            (r#"{"pinned":true}"#, 0, object, Some(("pinned", r#"{"pinned":{}}"#))),
            (r#"["a"]"#, 0, half, None),
            ("item=lamp", 0, half, None),
            ("{}", 0, half, None),
        ] {
            let found = with_one_member(body.as_bytes(), at, value);
            let found = found.as_ref().map(|found| (found.name.as_str(), found.json.as_str()));
            assert_eq!(found, expected, "{body} {at}");
        }
    }
}
