//! How an answer is recognised while the load runs.

use std::sync::Arc;

use super::lane::{ANONYMOUS, Lane};
use crate::drive::wire::WireAnswer;
use crate::observe::{Answered, Asked, Fingerprint, Learned, Outcome, Recognition, Request, contains, media_type_of};

/// Longest body that is remembered to recognise the next answer by.
const REMEMBERED: usize = 16 * 1024;

/// How access granted is recognised without parsing a body: status, media type, the members by their names, the text.
/// What has not all of that is looked at like the answer to a probe.
#[derive(Clone, Debug)]
pub struct SuccessMarks {
    recognition: Arc<Recognition>,
    members: Vec<Vec<u8>>,
    /// Whether they decide by themselves.
    suffice: bool,
}

impl SuccessMarks {
    /// The marks of a fingerprint, where nothing else is known about the answers.
    pub fn of(fingerprint: &Fingerprint) -> Self {
        let recognition = Learned::default().recognition().with_success(fingerprint.clone());
        Self::learned(&Arc::new(recognition))
    }

    /// The marks of what is known about the answers of a resource.
    pub fn learned(recognition: &Arc<Recognition>) -> Self {
        let fingerprint = recognition.success();
        let pointed = fingerprint.pointer.iter().flat_map(|pointer| pointer.split('/').skip(1));
        // parts of the pointer that a body holds in the same form: no index of an array, nothing escaped
        let named = pointed.filter(|part| !part.contains('~') && part.parse::<u64>().is_err());
        let names = fingerprint.members.iter().map(String::as_str).chain(named);
        let text = fingerprint.text.iter().filter(|text| !text.is_empty()).map(|text| text.clone().into_bytes());
        let members: Vec<Vec<u8>> = names.filter_map(|name| serde_json::to_vec(name).ok()).chain(text).collect();
        Self { recognition: recognition.clone(), suffice: !members.is_empty() || recognition.marks_suffice(), members }
    }

    /// Whether an answer has the marks of success, as far as they show without parsing its body.
    fn show_in(&self, answer: &WireAnswer<'_>) -> bool {
        let fingerprint = self.recognition.success();
        let typed = |expected: &String| media_type_of(answer.content_type).eq_ignore_ascii_case(expected.as_bytes());
        answer.status == fingerprint.status
            && fingerprint.content_type.as_ref().is_none_or(typed)
            && self.members.iter().all(|member| contains(answer.body, member))
    }

    /// What the answer means, looked at in full.
    fn outcome(&self, answer: &WireAnswer<'_>, asked: &Asked<'_>) -> Outcome {
        let answered = Answered {
            status: answer.status,
            content_type: answer.content_type,
            content_encoding: answer.content_encoding,
            location: answer.location,
            body: answer.body,
            truncated: answer.truncated,
        };
        self.recognition.read_answer(&answered, asked).outcome
    }
}

/// Judges the answers of one lane. A target that answers the same again is recognised by that.
#[derive(Debug)]
pub(super) struct Judge {
    marks: SuccessMarks,
    expects_grant: bool,
    anonymous: bool,
    /// What the lane sends: an answer that repeats it shows nothing.
    request: Option<Arc<Request>>,
    last: Option<Judged>,
}

#[derive(Debug, Default)]
struct Judged {
    status: u16,
    content_type: Vec<u8>,
    location: Vec<u8>,
    body: Vec<u8>,
    outcome: Option<Outcome>,
}

impl Judge {
    pub(super) fn of(lane: &Lane) -> Self {
        let request = lane.requests.first().filter(|_| !lane.expects_grant).map(|request| request.request());
        Self {
            marks: lane.marks.clone(),
            expects_grant: lane.expects_grant,
            anonymous: lane.name == ANONYMOUS,
            request,
            last: None,
        }
    }

    /// What an answer means.
    pub(super) fn outcome(&mut self, answer: &WireAnswer<'_>) -> Outcome {
        let content_type = answer.content_type.unwrap_or_default();
        let location = answer.location.unwrap_or_default();
        if let Some(last) = &self.last
            && last.status == answer.status
            && last.body == answer.body
            && last.content_type == content_type
            && last.location == location
            && let Some(outcome) = last.outcome
        {
            return outcome;
        }
        let outcome = if self.expects_grant && self.marks.suffice && self.marks.show_in(answer) {
            Outcome::Granted
        } else {
            let (anonymous, entitled) = (self.anonymous, self.expects_grant);
            let asked = Asked {
                anonymous,
                entitled,
                request: self.request.as_deref(),
                readable: &[],
                own: false,
                by_content: false,
            };
            self.marks.outcome(answer, &asked)
        };
        if answer.body.len() <= REMEMBERED {
            let last = self.last.get_or_insert_default();
            last.status = answer.status;
            last.content_type.clear();
            last.content_type.extend_from_slice(content_type);
            last.location.clear();
            last.location.extend_from_slice(location);
            last.body.clear();
            last.body.extend_from_slice(answer.body);
            last.outcome = Some(outcome);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer<'a>(status: u16, content_type: &'a str, body: &'a str) -> WireAnswer<'a> {
        WireAnswer {
            status,
            content_type: Some(content_type.as_bytes()),
            content_encoding: None,
            location: None,
            cookie: None,
            challenge: None,
            nonce: None,
            auth_ns: None,
            body: body.as_bytes(),
            truncated: false,
            keeps_alive: true,
        }
    }

    fn judge(pointer: Option<&str>, members: &[&str], expects_grant: bool) -> Judge {
        let fingerprint = Fingerprint {
            status: 200,
            content_type: Some("application/json".to_owned()),
            pointer: pointer.map(str::to_owned),
            text: None,
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        };
        let name = if expects_grant { "valid" } else { "unknown" };
        Judge::of(&Lane {
            name: name.to_owned(),
            share: 1.0,
            expects_grant,
            requests: Vec::new(),
            marks: SuccessMarks::of(&fingerprint),
        })
    }

    #[test]
    fn marks_recognise_an_error_body_in_a_success() {
        let mut judge = judge(None, &["orders"], true);
        for (expected, status, media, body) in [
            (Outcome::Granted, 200, "application/json; charset=utf-8", r#"{"orders":[]}"#),
            (Outcome::Granted, 200, "application/json; charset=utf-8", r#"{"orders":[]}"#),
            (Outcome::Unclear, 200, "application/json", r#"{"error":"no"}"#),
            (Outcome::Refused, 401, "application/json", r#"{"orders":[]}"#),
            (Outcome::Unclear, 200, "text/html", r#"{"orders":[]}"#),
            (Outcome::Unclear, 200, "application/jsonp", r#"{"orders":[]}"#),
            (Outcome::Broke, 500, "application/json", r#"{"orders":[]}"#),
        ] {
            assert_eq!(judge.outcome(&answer(status, media, body)), expected, "{status} {media} {body}");
        }
    }

    #[test]
    fn a_pointer_through_an_array_is_recognised() {
        let mut judge = judge(Some("/orders/0"), &[], true);
        assert_eq!(judge.outcome(&answer(200, "application/json", r#"{"orders":[1]}"#)), Outcome::Granted);
    }

    #[test]
    fn a_finding_needs_the_whole_fingerprint() {
        let nested = r#"{"error":{"orders":"none"}}"#;
        assert_eq!(judge(None, &["orders"], false).outcome(&answer(200, "application/json", nested)), Outcome::Unclear);
        let granted = r#"{"orders":[]}"#;
        let mut refusing = judge(None, &["orders"], false);
        assert_eq!(refusing.outcome(&answer(200, "application/json", granted)), Outcome::Granted);
    }
}
