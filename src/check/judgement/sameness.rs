//! Judgements about refusals that must not be told apart.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Exchange, Place, Response, StepId, parse_challenges};

/// Header fields whose presence or value changes from answer to answer.
const VOLATILE: &[&str] = &[
    "age",
    "cf-ray",
    "connection",
    "content-length",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "report-to",
    "retry-after",
    "server-timing",
    "set-cookie",
    "traceparent",
    "tracestate",
    "x-correlation-id",
    "x-request-id",
    "x-response-time",
    "x-runtime",
];
/// Digits in a row that are taken for an identifier or a time.
const LONG_RUN: usize = 8;

/// Answers that are alike among themselves, and may be others than the rest.
pub(crate) const APART: [StepId; 2] = [StepId::new("apart"), StepId::new("apart-too")];

/// Each answer against what its step wants, and all of them alike.
pub(crate) fn all(case: &ObservedCheck<'_>) -> Judgement {
    let is_apart = |index: &usize| {
        case.step_of(&case.evidence.observations[*index]).step_id().is_some_and(|id| APART.contains(&id))
    };
    let (apart, rest): (Vec<usize>, Vec<usize>) = (0..case.evidence.observations.len()).partition(is_apart);
    expect::wants(case).and(alike(case, &rest)).and(alike(case, &apart))
}

/// The same, and no number tells apart the answers to two forgeries: one that all answers to the same forgery have, such as
/// the line of an error, while the others have another.
pub(crate) fn of_kinds(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = all(case);
    if judgement.access.is_empty() && judgement.protocol.is_empty() && judgement.open.is_empty() {
        numbers_alike(case, &mut judgement);
    }
    judgement
}

fn numbers_alike(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    let seen =
        || case.observations().filter(|(_, seen)| case.step_of(seen).step_id().is_none_or(|id| !APART.contains(&id)));
    let sent = sent_in(seen().map(|(_, seen)| &seen.exchange));
    let mut kinds: BTreeMap<&str, Vec<(usize, Vec<String>)>> = BTreeMap::new();
    for (index, one) in seen() {
        let (Some(forgery), Some(response)) = (one.forgery, one.exchange.response()) else { return };
        kinds.entry(forgery.as_str()).or_default().push((index, numbers(&response.body, &sent)));
    }
    let kinds: Vec<_> = kinds.into_values().collect();
    let [one, other] = kinds.as_slice() else { return };
    // one answer of a kind does not show what varies by itself
    if one.len() < 2 || other.len() < 2 {
        return;
    }
    let (first, (index, wanted)) = (&one[0].1, &other[0]);
    let stable =
        |kind: &[(usize, Vec<String>)], at: usize| kind.iter().all(|(_, all)| all.get(at) == kind[0].1.get(at));
    let tells = |at: usize| first.get(at) != wanted.get(at) && stable(one, at) && stable(other, at);
    if (0..first.len().max(wanted.len())).any(tells) {
        let description = |index: usize| &case.evidence.observations[index].description;
        let text = format!("{} differs from {} in a number of the body", description(*index), description(one[0].0));
        judgement.deviates(*index, text, "answers that cannot be told apart");
    }
}

/// Each answer against what its step wants, and the two answers of each pair of steps alike, at each place by itself. Each pair is
/// sent twice, one behind the other: what differs between equal requests varies by itself.
pub(crate) fn in_pairs(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (index, seen) in case.observations() {
        if let Place::Resource(at) = seen.place {
            groups.entry((seen.step / 4, at)).or_default().push(index);
        }
    }
    let seen = &case.evidence.observations;
    for indices in groups.into_values() {
        let sent = sent_in(indices.iter().map(|at| &seen[*at].exchange));
        let shape = |at: &usize| AnswerShape::of(&seen[*at].exchange, &sent);
        let [first, second, ..] = indices[..] else { continue };
        // an answer that is missing is judged as such
        let [Some(one), Some(other), Some(one_again), Some(other_again)] =
            &indices.iter().map(shape).collect::<Vec<_>>()[..]
        else {
            continue;
        };
        if let Some(difference) = AnswerShape::sides_differ([one, one_again], [other, other_again]) {
            let text = format!("{} differs from {} in {difference}", seen[second].description, seen[first].description);
            judgement.deviates(second, text, "answers that cannot be told apart");
        }
    }
    judgement
}

/// These observations cannot be told apart, what varies by itself aside.
fn alike(case: &ObservedCheck<'_>, indices: &[usize]) -> Judgement {
    let mut judgement = Judgement::default();
    let exchange = |index: &usize| &case.evidence.observations[*index].exchange;
    let sent = sent_in(indices.iter().map(exchange));
    let shapes = indices.iter().filter_map(|index| Some((*index, AnswerShape::of(exchange(index), &sent)?)));
    let mut shapes = shapes.collect::<Vec<_>>().into_iter();
    let Some((first, wanted)) = shapes.next() else { return judgement };
    for (index, shape) in shapes {
        if let Some(difference) = wanted.differs(&shape) {
            let description = |index: usize| &case.evidence.observations[index].description;
            let text = format!("{} differs from {} in {difference}", description(index), description(first));
            judgement.deviates(index, text, "answers that cannot be told apart");
        }
    }
    judgement
}

/// An answer without what changes by itself.
pub(crate) struct AnswerShape {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    /// Whether only the start of the body was kept.
    is_cut: bool,
}

impl AnswerShape {
    /// The shape of an answer, without what any of the requests that are compared said about who was asking: masked in one
    /// answer alone, a word that both have by themselves would make two equal answers different.
    pub(crate) fn of(exchange: &Exchange, sent: &[String]) -> Option<Self> {
        let response = exchange.response()?;
        let (headers, body) = (headers(response, sent), masked(&response.body, sent));
        Some(Self { status: response.status, headers, body, is_cut: response.truncated })
    }

    /// The body, what was sent and what looks like an identifier masked.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// Where it leads to, without its query.
    pub(crate) fn led_to(&self) -> Option<&str> {
        self.headers.get("location").and_then(|address| address.split('?').next())
    }

    /// In what the answers to two requests differ, each sent twice.
    fn sides_differ(one: [&Self; 2], other: [&Self; 2]) -> Option<String> {
        Self::sides_differ_in_head(one, other).or_else(|| {
            let (one, other) = (one.map(Self::parts), other.map(Self::parts));
            let most = one.iter().chain(&other).map(Vec::len).max().unwrap_or_default();
            let part_tells = |at: usize| {
                tells(one.each_ref().map(|parts| parts.get(at)), other.each_ref().map(|parts| parts.get(at)))
            };
            (0..most).any(part_tells).then(|| "the body".to_owned())
        })
    }

    /// In what the status or the header fields of the answers to two requests differ, each sent twice.
    pub(crate) fn sides_differ_in_head(one: [&Self; 2], other: [&Self; 2]) -> Option<String> {
        if tells(one.map(|shape| shape.status), other.map(|shape| shape.status)) {
            return Some(format!("the status, {} and {}", other[0].status, one[0].status));
        }
        let mut names = one.iter().chain(&other).flat_map(|shape| shape.headers.keys());
        let differs = |name: &&String| {
            tells(one.map(|shape| shape.headers.get(*name)), other.map(|shape| shape.headers.get(*name)))
        };
        names.find(differs).map(|name| format!("the field {name}"))
    }

    /// The lines of the body, and what commas separate in them: the members of JSON, mostly.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.body.split(['\n', ',']).map(str::trim).collect()
    }

    fn differs(&self, other: &Self) -> Option<String> {
        self.differs_in_head(other).or_else(|| self.body_differs(other).then(|| "the body".to_owned()))
    }

    /// Whether the bodies differ; where one is but a start, as far as it goes, without a word that may be cut in two.
    pub(crate) fn body_differs(&self, other: &Self) -> bool {
        let [(one, one_ends), (two, two_ends)] = [self, other].map(|shape| (shape.whole_words(), !shape.is_cut));
        let least = one.len().min(two.len());
        let ends_sooner = (one_ends && one.len() < two.len()) || (two_ends && two.len() < one.len());
        ends_sooner || one[..least] != two[..least]
    }

    /// The body, or what was kept of it up to its last word.
    fn whole_words(&self) -> &[u8] {
        let body = self.body.as_bytes();
        let is_part_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'#');
        let last = body.iter().rposition(|byte| !is_part_of_word(byte)).unwrap_or_default();
        if self.is_cut { &body[..last] } else { body }
    }

    /// In what the status or the header fields differ.
    pub(crate) fn differs_in_head(&self, other: &Self) -> Option<String> {
        if self.status != other.status {
            return Some(format!("the status, {} and {}", other.status, self.status));
        }
        let names = self.headers.keys().chain(other.headers.keys());
        for name in names {
            if self.headers.get(name) != other.headers.get(name) {
                return Some(format!("the field {name}"));
            }
        }
        None
    }
}

/// Whether two sides differ, and neither within itself.
pub(crate) fn tells<T: PartialEq>(one: [T; 2], other: [T; 2]) -> bool {
    one[0] == one[1] && other[0] == other[1] && one[0] != other[0]
}

fn headers(response: &Response, sent: &[String]) -> BTreeMap<String, String> {
    let stable = response.headers.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !VOLATILE.contains(&name.as_str()) && !name.contains("ratelimit")
    });
    stable.map(|(name, value)| (name.to_ascii_lowercase(), masked(&without_nonces(name, value), sent))).collect()
}

/// A challenge without what is new in each (RFC 7616 §3.3).
fn without_nonces(name: &str, value: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    if !name.eq_ignore_ascii_case("www-authenticate") {
        return value.to_vec();
    }
    let challenges = parse_challenges([&*text]).unwrap_or_default();
    let params = challenges.iter().flat_map(|challenge| &challenge.params);
    let fresh = params.filter(|(name, value)| matches!(name.as_str(), "nonce" | "opaque") && !value.is_empty());
    fresh.fold(text.to_string(), |text, (_, value)| text.replace(value.as_str(), "")).into_bytes()
}

/// What any of these requests says about who is asking, the longest first.
pub(crate) fn sent_in<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Vec<String> {
    let mut sent: Vec<String> = exchanges.flat_map(identifiers).collect();
    sent.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    sent.dedup();
    sent
}

/// What a request says about who is asking: an answer that repeats it tells nothing new.
fn identifiers(exchange: &Exchange) -> Vec<String> {
    let mut found = Vec::new();
    for header in exchange.request.headers.iter().filter(|header| header.sensitive) {
        let value = String::from_utf8_lossy(&header.value);
        let credential = value.split_once(' ').map_or(&*value, |(_, credential)| credential).to_owned();
        let decoded = STANDARD.decode(&credential).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((user, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            found.extend([user.to_owned(), password.to_owned()]);
        }
        found.push(credential);
    }
    found.extend(sent_in_body(exchange));
    let target = String::from_utf8_lossy(&exchange.request.target).into_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    found.extend([path.to_owned(), target.clone()]);
    found.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()));
    // many servers keep user-ids in lower case
    let in_lower_case: Vec<String> = found.iter().map(|value| value.to_lowercase()).collect();
    found.extend(in_lower_case);
    // a redirect to a login names where it came from
    let encoded: Vec<String> = found.iter().flat_map(|value| encodings(value)).collect();
    found.extend(encoded);
    found.retain(|value| value.len() > 2);
    found
}

/// A text as servers write it that somebody has sent: in lower case, and percent-encoded.
pub(crate) fn spellings(text: &str) -> Vec<String> {
    let both = [text.to_owned(), text.to_lowercase()];
    let encoded: Vec<String> = both.iter().flat_map(|value| encodings(value)).collect();
    both.into_iter().chain(encoded).filter(|value| value.len() > 2).collect()
}

/// How a text is percent-encoded in a query: with digits in upper and in lower case, slashes with it or as they are, as servers do.
fn encodings(text: &str) -> Vec<String> {
    let all: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let without_slashes = all.replace("%2F", "/");
    let in_lower_case = |text: &str| {
        let mut lower = String::with_capacity(text.len());
        let mut digits = 0;
        for c in text.chars() {
            lower.push(if digits > 0 { c.to_ascii_lowercase() } else { c });
            digits = if c == '%' { 2 } else { digits.max(1) - 1 };
        }
        lower
    };
    let lower = [in_lower_case(&all), in_lower_case(&without_slashes)];
    [vec![all, without_slashes], lower.to_vec()].concat()
}

/// What the body of a request says: values of a form, and of the members of JSON.
fn sent_in_body(exchange: &Exchange) -> Vec<String> {
    let request = &exchange.request;
    let media = request.value_of("content-type").unwrap_or_default();
    if media.starts_with(b"application/x-www-form-urlencoded") {
        return url::form_urlencoded::parse(&request.body).map(|(_, value)| value.into_owned()).collect();
    }
    texts_of(&serde_json::from_slice(&request.body).unwrap_or_default())
}

/// The texts of JSON, at any depth.
fn texts_of(json: &serde_json::Value) -> Vec<String> {
    match json {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(texts_of).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(texts_of).collect(),
        _ => Vec::new(),
    }
}

/// Text with what was sent, long runs of hexadecimal digits and all numbers taken out.
fn masked(bytes: &[u8], sent: &[String]) -> String {
    split(bytes, sent).0
}

/// What [`masked`] takes out of a text, in order, but for what was sent.
fn numbers(bytes: &[u8], sent: &[String]) -> Vec<String> {
    split(bytes, sent).1
}

fn split(bytes: &[u8], sent: &[String]) -> (String, Vec<String>) {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for value in sent {
        text = text.replace(value.as_str(), "#");
    }
    let (mut out, mut taken) = (String::with_capacity(text.len()), Vec::new());
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() || c == '-' {
            run.push(c);
            continue;
        }
        let number = !run.is_empty() && run.chars().all(|c| c.is_ascii_digit());
        let long = run.len() >= LONG_RUN && run.chars().any(|c| c.is_ascii_digit());
        if number || long {
            out.push('#');
            taken.push(std::mem::take(&mut run));
        } else {
            out.push_str(&run);
        }
        run.clear();
        out.push(c);
    }
    (out, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_is_compared_with_the_path_beside_it() {
        use crate::check::profile::Effective;
        use crate::observe::{Evidence, Observation, Outcome, Place, Silence};
        let check = crate::check::find("common.existence-oracle").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        // what the second object is answered with, and the path beside it; the first and its path are answered alike
        for ((there, absent), expected) in [((401, 401), vec![]), ((401, 404), vec![3])] {
            let mut evidence = Evidence::default();
            for (step, status) in [there, absent, there, absent].into_iter().enumerate() {
                for (place, status) in [(0, 401), (1, status)] {
                    let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                    let asked = Exchange::unanswered(crate::observe::Request::new("GET", "/a"), Silence::Closed);
                    let exchange = Exchange { answer: Ok(answer), ..asked };
                    let seen = Observation::in_test(step, exchange, Outcome::Refused);
                    evidence.observe(Observation { place: Place::Resource(place), ..seen });
                }
            }
            let found = in_pairs(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let at: Vec<usize> = found.protocol.iter().map(|deviation| deviation.observation).collect();
            assert_eq!(at, expected, "{there} {absent}: {found:?}");
        }
    }

    #[test]
    fn the_start_of_a_body_is_compared_with_that_of_the_whole() {
        let shape =
            |body: &str, is_cut| AnswerShape { status: 404, headers: BTreeMap::new(), body: body.into(), is_cut };
        for (one, other, differs) in [
            (("no such order", false), ("no such ord", true), false),
            (("no such order", true), ("no such order, and more", false), false),
            (("no such order", false), ("no order at all", true), true),
            (("no such", false), ("no such order here", true), true),
            (("no such order at", true), ("no such or", true), false),
            (("no such order", false), ("no such ord", false), true),
        ] {
            let [one, other] = [one, other].map(|(body, is_cut)| shape(body, is_cut));
            assert_eq!((one.body_differs(&other), other.body_differs(&one)), (differs, differs), "{}", other.body);
        }
    }

    #[test]
    fn equal_answers_are_equal_whatever_their_requests_said() {
        use crate::observe::Request;
        let exchange = |user: &str, body: &str| {
            let mut request = Request::new("GET", "/orders");
            request.push("Authorization", format!("Basic {}", STANDARD.encode(format!("{user}:pw-{user}"))), true);
            let response = Response { status: 401, headers: Vec::new(), body: body.into(), truncated: false };
            Exchange { answer: Ok(response), ..Exchange::unanswered(request, crate::observe::Silence::Closed) }
        };
        for (known, unknown, alike) in [
            // the name of the known user is a word of every refusal
            ("invalid user or password", "invalid user or password", true),
            ("user user: wrong password", "user nobody-1: wrong password", true),
            ("wrong password", "no such user", false),
        ] {
            let both = [exchange("user", known), exchange("nobody-1", unknown)];
            let sent = sent_in(both.iter());
            let [one, other] = both.each_ref().map(|one| AnswerShape::of(one, &sent).expect("is an answer"));
            assert_eq!(one.differs(&other).is_none(), alike, "{known} / {unknown}");
        }
    }

    #[test]
    fn what_differs_between_equal_requests_tells_nothing() {
        let shape = |(status, field, body): (u16, &str, &str)| {
            let headers = vec![("X-Run".to_owned(), field.as_bytes().to_vec())];
            let response = Response { status, headers, body: body.into(), truncated: false };
            let unanswered =
                Exchange::unanswered(crate::observe::Request::new("GET", "/"), crate::observe::Silence::Closed);
            AnswerShape::of(&Exchange { answer: Ok(response), ..unanswered }, &[]).expect("is an answer")
        };
        for (one, other, expected) in [
            ([(404, "a", "no"), (404, "a", "no")], [(404, "a", "no"), (404, "a", "no")], None),
            (
                [(404, "a", "no"), (404, "a", "no")],
                [(403, "a", "no"), (403, "a", "no")],
                Some("the status, 403 and 404"),
            ),
            ([(404, "a", "no"), (404, "a", "no")], [(404, "b", "no"), (404, "b", "no")], Some("the field x-run")),
            // of either side
            ([(404, "a", "no"), (404, "b", "no")], [(404, "c", "no"), (404, "c", "no")], None),
            ([(404, "a", "no"), (404, "a", "no")], [(404, "b", "no"), (404, "c", "no")], None),
            ([(404, "a", "no"), (404, "a", "no")], [(404, "a", "none"), (404, "a", "none")], Some("the body")),
            // a member that varies hides no other
            (
                [(404, "a", r#"{"e":"no","pad":"x"}"#), (404, "a", r#"{"e":"no","pad":"xx"}"#)],
                [(404, "a", r#"{"e":"no","pad":"xxx"}"#), (404, "a", r#"{"e":"no","pad":"x"}"#)],
                None,
            ),
            (
                [(404, "a", r#"{"e":"no","pad":"x"}"#), (404, "a", r#"{"e":"no","pad":"xx"}"#)],
                [(404, "a", r#"{"e":"none","pad":"xxx"}"#), (404, "a", r#"{"e":"none","pad":"x"}"#)],
                Some("the body"),
            ),
            (
                [(404, "a", "no\n"), (404, "a", "no\n")],
                [(404, "a", "no\nat all"), (404, "a", "no\nat all")],
                Some("the body"),
            ),
        ] {
            let sides = [one, other].map(|side| side.map(shape));
            let [one_of, other_of] = sides.each_ref().map(|side| side.each_ref());
            assert_eq!(AnswerShape::sides_differ(one_of, other_of).as_deref(), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_redirect_that_repeats_its_address_tells_nothing() {
        use crate::observe::Request;
        let redirected = |name: &str, location: &str| {
            let request = Request::new("GET", &format!("/wiki?name={name}"));
            let headers = vec![("location".to_owned(), location.as_bytes().to_vec())];
            let response = Response { status: 302, headers, body: Vec::new(), truncated: false };
            Exchange { answer: Ok(response), ..Exchange::unanswered(request, crate::observe::Silence::Closed) }
        };
        for (one, other, alike) in [
            ("/login?g=wiki%3fname%3Dreport", "/login?g=wiki%3fname%3Dnothing", true),
            ("/login?next=%2Fwiki%3Fname%3Dreport", "/login?next=%2Fwiki%3Fname%3Dnothing", true),
            ("/login?next=/wiki%3fname%3dreport", "/login?next=/wiki%3fname%3dnothing", true),
            ("/login", "/absent", false),
        ] {
            let both = [redirected("report", one), redirected("nothing", other)];
            let sent = sent_in(both.iter());
            let [one, other] = both.each_ref().map(|one| AnswerShape::of(one, &sent).expect("is an answer"));
            assert_eq!(one.differs(&other), (!alike).then(|| "the field location".to_owned()));
        }
    }

    #[test]
    fn what_varies_by_itself_is_masked_and_words_are_not() {
        for (one, other, alike) in [
            (r#"{"error":"no","id":"3f2a9c1e-77aa"}"#, r#"{"error":"no","id":"90bd11e2-0f31"}"#, true),
            ("at 1732435200", "at 1732435299", true),
            ("user alice", "user bob", true),
            ("no such user", "wrong password", false),
            ("dead", "beef", false),
        ] {
            let sent = ["alice".to_owned(), "bob".to_owned()];
            assert_eq!(masked(one.as_bytes(), &sent) == masked(other.as_bytes(), &sent), alike, "{one} {other}");
        }
    }
}
