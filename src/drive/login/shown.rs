//! What an answer to a login is, and what of it is shown.

use serde_json::Value;

use super::session::LoginSession;
use crate::drive::control::ControlAnswer;
use crate::plan::subject::DeclaredAnswer;
use crate::secret::{MASK, Secret};

/// Characters of an answer that an error shows.
const SHOWN: usize = 120;

impl LoginSession {
    /// An answer for a reader, without what was sent.
    pub(super) fn shown(&self, answer: &ControlAnswer) -> String {
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let said = json.as_ref().and_then(|json| {
            let members = ["error_description", "error", "message", "detail", "title"];
            let named = members.iter().find_map(|member| json.get(member)?.as_str().map(str::to_owned));
            named.or_else(|| first_sentence(json).filter(|_| answer.status >= 400))
        });
        let media = answer.header_values("content-type").next();
        let location = answer.header_values("location").next();
        let mut text = answer.status.to_string();
        if let Some(location) = location {
            text.push_str(&format!(" with Location: {}", location.split('?').next().unwrap_or_default()));
        } else if let Some(said) = said {
            text.push_str(&format!(" {said:?}"));
        } else if let Some(media) = media {
            text.push_str(&format!(" of the type {media}"));
        }
        self.masked(text).chars().filter(|c| !c.is_control()).take(SHOWN).collect()
    }

    /// A text for a reader, without what was sent.
    pub(super) fn masked(&self, text: String) -> String {
        let mut secrets: Vec<&str> = self.procedure.secrets().into_iter().map(Secret::expose).collect();
        secrets.extend(self.state.secrets().map(Secret::expose).chain([&*self.procedure.account.0]));
        secrets.extend(self.state.one_time_code.iter().map(Secret::expose));
        secrets.retain(|secret| secret.len() >= 4);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.into_iter().fold(text, |text, secret| text.replace(secret, MASK))
    }
}

/// The first text of JSON that is more than a word, such as what a framework says of a field: a credential is one word.
fn first_sentence(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()).filter(|text| text.contains(' ')),
        Value::Array(items) => items.iter().find_map(first_sentence),
        Value::Object(members) => members.values().find_map(first_sentence),
        _ => None,
    }
}

/// Whether an answer is the declared success.
pub(super) fn succeeds(answer: &ControlAnswer, declared: &DeclaredAnswer) -> bool {
    let media = || {
        let media = answer.header_values("content-type").next().unwrap_or_default();
        media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    };
    let json = || serde_json::from_slice::<Value>(&answer.body).ok();
    declared.status.is_none_or(|status| status == answer.status)
        && declared.content_type.as_ref().is_none_or(|wanted| *wanted == media())
        && declared.pointer.as_ref().is_none_or(|pointer| json().is_some_and(|json| json.pointer(pointer).is_some()))
        && declared.text.as_ref().is_none_or(|text| String::from_utf8_lossy(&answer.body).contains(text.as_str()))
}

pub(super) fn expected(declared: Option<&DeclaredAnswer>) -> String {
    let Some(declared) = declared else {
        return "a status below 400 is a success unless `success` says otherwise".to_owned();
    };
    let status = declared.status.map(|status| format!("status {status}"));
    let pointer = declared.pointer.as_ref().map(|pointer| format!("the JSON value {pointer}"));
    let text = declared.text.as_ref().map(|text| format!("the text {text:?}"));
    let media = declared.content_type.as_ref().map(|media| format!("the type {media}"));
    let all: Vec<String> = [status, pointer, text, media].into_iter().flatten().collect();
    format!("`success` names {}", all.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_says_is_found_however_deep_it_is() {
        for (json, text) in [
            (serde_json::json!({ "email": ["Enter a valid email address."] }), Some("Enter a valid email address.")),
            (serde_json::json!({ "errors": [{ "code": "7f3a", "text": "no user" }] }), Some("no user")),
            (serde_json::json!({ "token": "eyJhbGciOiJIUzI1NiJ9" }), None),
            (serde_json::json!([1, null, true]), None),
        ] {
            assert_eq!(first_sentence(&json).as_deref(), text, "{json}");
        }
    }
}
