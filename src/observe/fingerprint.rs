//! How access granted looks on one resource.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recognition::Answered;
use super::{Response, contains, media_type_of, parse_json};

/// What a granted answer carries: declared in the scenario, or learned from a good request against an anonymous one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fingerprint {
    /// Status of a granted answer.
    pub status: u16,
    /// Media type of a granted answer, if it has one.
    pub content_type: Option<String>,
    /// JSON pointer (RFC 6901) that resolves in a granted answer.
    pub pointer: Option<String>,
    /// Text that is in a granted body.
    #[serde(default)]
    pub text: Option<String>,
    /// Top-level members of a granted JSON object.
    pub members: BTreeSet<String>,
}

impl Fingerprint {
    /// What a good answer looks like, by itself.
    pub fn of(response: &Response) -> Self {
        let json = response.json();
        let members = json.as_ref().and_then(|json| json.as_object()).map(|object| object.keys().cloned().collect());
        Self {
            status: response.status,
            content_type: response.media_type(),
            pointer: None,
            text: None,
            members: members.unwrap_or_default(),
        }
    }

    /// A status and nothing else.
    pub fn of_status(status: u16) -> Self {
        Self { status, content_type: None, pointer: None, text: None, members: BTreeSet::new() }
    }

    /// Whether a response carries this fingerprint.
    pub fn matches(&self, response: &Response) -> bool {
        self.fits(&Answered::from_response(response))
    }

    /// Whether a complete answer carries this fingerprint.
    pub fn fits(&self, answer: &Answered<'_>) -> bool {
        answer.status == self.status && self.body_fits(answer)
    }

    fn body_fits(&self, answer: &Answered<'_>) -> bool {
        let typed = |expected: &String| media_type_of(answer.content_type).eq_ignore_ascii_case(expected.as_bytes());
        if !self.content_type.as_ref().is_none_or(typed) {
            return false;
        }
        if self.text.as_ref().is_some_and(|text| !contains(answer.body, text.as_bytes())) {
            return false;
        }
        if self.pointer.is_none() && self.members.is_empty() {
            return true;
        }
        let Some(json) = parse_json(answer.body) else { return false };
        let pointer_resolves = self.pointer.as_ref().is_none_or(|pointer| json.pointer(pointer).is_some());
        pointer_resolves && self.members.iter().all(|member| json.get(member).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        let headers = vec![("content-type".to_owned(), b"application/json; charset=utf-8".to_vec())];
        Response { status, headers, body: body.into(), truncated: false }
    }

    #[test]
    fn a_granted_answer_is_recognised_by_more_than_its_status() {
        let granted = Fingerprint::of(&response(200, r#"{"orders":[],"page":1}"#));
        for (matches, status, body) in [
            (true, 200, r#"{"orders":[1,2],"page":2,"more":true}"#),
            // half of a character, which somebody has stored
            (true, 200, r#"{"orders":["\ud800"],"page":1}"#),
            (false, 200, r#"{"error":"invalid_token"}"#),
            (false, 401, r#"{"orders":[],"page":1}"#),
            (false, 200, "not json"),
        ] {
            assert_eq!(granted.matches(&response(status, body)), matches, "{status} {body}");
        }
    }
}
