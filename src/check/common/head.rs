//! HEAD, which is decided on as GET is (RFC 9110 §9.3.2).

use crate::check::common::effects::NOWHERE;
use crate::check::judgement::sameness::{AnswerShape, sent_in};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, Want};
use crate::observe::{Observation, Outcome, Response, StepId};

/// HEAD on a connection that ends with it, so that what follows the header section is seen (RFC 9110 §9.3.2 has nothing there).
pub(crate) const TO_THE_END: &[Alter] = &[Alter::Method("HEAD"), Alter::Replaced("Connection", Fill::Text("close"))];
/// The same of a path beside it that names nothing.
pub(crate) const NOWHERE_TO_THE_END: &[Alter] = &[TO_THE_END[0], TO_THE_END[1], Alter::Path(super::nowhere)];
/// HEAD by somebody who has access.
pub(crate) const GOOD_HEAD: StepId = StepId::new("good-head");
/// GET by somebody who has access, beside HEAD.
pub(crate) const GOOD_GET: StepId = StepId::new("good-get");
/// GET without a credential, beside HEAD.
pub(crate) const ANONYMOUS_GET: StepId = StepId::new("anonymous-get");
/// HEAD and GET with a credential that was never issued.
pub(crate) const UNKNOWN_HEAD: StepId = StepId::new("unknown-head");
/// The second of them.
pub(crate) const UNKNOWN_GET: StepId = StepId::new("unknown-get");

/// RFC 9110 §9.3.2: HEAD is answered like GET; a target that does not have HEAD says so to everybody.
pub(crate) fn head_like_get(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let status = seen.exchange.status().unwrap_or_default();
        let whose = match seen.forgery {
            Some(_) => "the same credential",
            None => "no credential",
        };
        let is_granted = |get: &Observation| get.outcome == Outcome::Granted;
        if seen.outcome != Outcome::Refused && gets_beside(case, seen).any(is_granted) {
            // the same decision, which other checks are about; a refusal was not seen
            judgement.leaves_open(format!("{}: GET with {whose} is granted as well", seen.description));
            continue;
        }
        match OtherDecision::of(case, seen) {
            Some(OtherDecision::Shown(what)) => {
                let text = format_args!("{status} with {what}; GET with {whose} is refused");
                judgement.violates(index, case.about(index, text), "refused, as GET");
            }
            Some(OtherDecision::Bare(get)) => {
                let text = format_args!(
                    "{status} without a field that only a good answer has; GET with {whose} is refused with {get}"
                );
                judgement.deviates(index, case.about(index, text), "refused, as GET");
            }
            None => case.judge(index, &mut judgement),
        }
    }
    let heads: Vec<_> = case.answers_of(GOOD_HEAD).collect();
    for (index, response) in &heads {
        let granted = case.evidence.observations[*index].outcome == Outcome::Granted;
        if granted || is_absent(case, *index) {
            continue;
        }
        let seen = &case.evidence.observations[*index];
        let by_get: Vec<_> = case.beside(seen, GOOD_GET).map(|(_, get)| get.outcome).collect();
        if by_get.is_empty() || by_get.contains(&Outcome::Granted) {
            judgement.deviates(*index, case.about(*index, response.status), "as GET");
        } else {
            // such as one that is good once
            let why = "not granted, and neither was GET behind it: the credential may have ended";
            judgement.leaves_open(format!("{}: {why}", seen.description));
        }
    }
    if !heads.is_empty() && heads.iter().all(|(index, _)| is_absent(case, *index)) && judgement.access.is_empty() {
        // RFC 9110 §9.1: general-purpose servers support GET and HEAD; an API may be none
        judgement
            .remarks
            .push("the target does not offer HEAD, which general-purpose servers have to support".to_owned());
        judgement.needs_review = true;
    }
    judgement
}

/// GET with what an HEAD that has to be refused was sent with; GET without a credential where that was not sent.
fn gets_beside<'a>(case: &ObservedCheck<'a>, seen: &'a Observation) -> impl Iterator<Item = &'a Observation> {
    let must_be_refused = matches!(case.step_of(seen).wanted(), Want::Denied(_));
    let is_of_unknown = case.step_of(seen).step_id() == Some(UNKNOWN_HEAD);
    let is_sent = is_of_unknown && case.beside(seen, UNKNOWN_GET).next().is_some();
    let step = if is_sent { UNKNOWN_GET } else { ANONYMOUS_GET };
    case.beside(seen, step).filter(move |_| must_be_refused).map(|(_, get)| get)
}

/// A success that HEAD is answered with where the same GET is refused: HEAD is another decision then (RFC 9110 §9.3.2).
enum OtherDecision {
    /// It has what only whoever has access gets.
    Shown(String),
    /// It has nothing of that; the status of the refusal of GET.
    Bare(u16),
}

impl OtherDecision {
    /// None where the answer to HEAD may be one, or GET is not refused. What a target answers to each HEAD, whatever the path names,
    /// shows nothing.
    fn of(case: &ObservedCheck<'_>, seen: &Observation) -> Option<Self> {
        let must_be_refused =
            matches!(case.step_of(seen).wanted(), Want::Denied(_)) && seen.outcome == Outcome::Unclear;
        let response = seen.exchange.response().filter(|response| must_be_refused && is_success(response))?;
        let gets = || gets_beside(case, seen);
        if gets().next().is_none() || gets().any(|get| get.outcome != Outcome::Refused) {
            return None;
        }
        let nowhere = || case.beside(seen, NOWHERE).map(|(_, one)| one);
        let looks_at_paths =
            nowhere().next().is_some() && nowhere().all(|one| matches!(one.exchange.status(), Some(400..500)));
        if looks_at_paths && is_head_of_the_good_answer(case, seen, response) && gets().all(|get| tells_from(seen, get))
        {
            return Some(Self::Shown("the fields that the good credential gets".to_owned()));
        }
        let others = || gets().chain(nowhere()).filter_map(|other| other.exchange.response());
        let field = ["ETag", "Content-Length"].into_iter().find(|name| is_of_the_good_answer(case, seen, name));
        match field.filter(|name| others().all(|other| other.header(name) != response.header(name))) {
            Some(name) if looks_at_paths => Some(Self::Shown(format!("the {name} of the good answer"))),
            _ => match gets().find_map(|get| get.exchange.status()) {
                Some(status @ (401 | 403)) => Some(Self::Bare(status)),
                _ => None,
            },
        }
    }
}

fn is_success(response: &Response) -> bool {
    (200..300).contains(&response.status)
}

/// Whether a field of an answer to HEAD is that of GET with the good credential. Of no content, the length says nothing.
fn is_of_the_good_answer(case: &ObservedCheck<'_>, seen: &Observation, name: &str) -> bool {
    let value = seen.exchange.response().and_then(|response| response.header(name));
    let Some(value) = value.filter(|value| !matches!(value.trim(), "" | "0")) else { return false };
    let granted = case.beside(seen, GOOD_GET).filter(|(_, good)| good.outcome == Outcome::Granted);
    let answers = granted.filter_map(|(_, good)| good.exchange.response());
    answers.into_iter().any(|good| is_success(good) && good.header(name).is_some_and(|good| good == value))
}

/// Whether an answer to HEAD has all the fields of the answer to HEAD of whoever has access, and they are those of a content.
fn is_head_of_the_good_answer(case: &ObservedCheck<'_>, seen: &Observation, response: &Response) -> bool {
    let is_that_of_good = |(_, good): (usize, &Observation)| {
        let is_granted = good.outcome == Outcome::Granted && good.exchange.response().is_some_and(is_success);
        let sent = sent_in([&seen.exchange, &good.exchange].into_iter());
        let shapes = [&seen.exchange, &good.exchange].map(|exchange| AnswerShape::of(exchange, &sent));
        let [Some(one), Some(other)] = shapes else { return false };
        is_granted && one.differs_in_head(&other).is_none()
    };
    describes_content(response) && case.beside(seen, GOOD_HEAD).any(is_that_of_good)
}

/// Whether the status and the fields of an answer to HEAD tell it from a refusal of GET. One that is a success may show in its body
/// alone, and what describes that body, such as its length, need not be in an answer to HEAD.
fn tells_from(seen: &Observation, get: &Observation) -> bool {
    if get.exchange.response().is_some_and(is_success) {
        return false;
    }
    let sent = sent_in([&seen.exchange, &get.exchange].into_iter());
    let shapes = [&seen.exchange, &get.exchange].map(|exchange| AnswerShape::of(exchange, &sent));
    let [Some(one), Some(other)] = shapes else { return true };
    one.differs_in_head(&other).is_some()
}

/// Whether the fields of an answer to HEAD are those of a content (RFC 9110 §8.3, §8.6).
fn describes_content(response: &Response) -> bool {
    let length = response.header("content-length");
    response.media_type().is_some_and(|media| !media.is_empty()) && length.is_none_or(|length| length.trim() != "0")
}

/// Whether an answer to HEAD says that there is no such method. The same error whoever asks, and none that asks for a credential,
/// says so as well.
fn is_absent(case: &ObservedCheck<'_>, index: usize) -> bool {
    let seen = &case.evidence.observations[index];
    match seen.exchange.status() {
        Some(405 | 501) => true,
        status @ Some(400 | 404) => {
            let is_beside = |step: Option<StepId>| {
                step.is_some_and(|step| [ANONYMOUS_GET, UNKNOWN_GET, GOOD_GET, NOWHERE].contains(&step))
            };
            let mut others = case.observations().filter(|(_, other)| {
                other.step != seen.step && other.place == seen.place && !is_beside(case.step_of(other).step_id())
            });
            let same = |(_, other): (usize, &Observation)| other.exchange.status() == status;
            others.next().is_some_and(same) && others.all(same)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Silence};

    fn seen(step: usize, status: u16, fields: &[(&str, &str)], outcome: Outcome) -> Observation {
        let headers = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let response = Response { status, headers, body: Vec::new(), truncated: false };
        let unanswered = Exchange::unanswered(Request::new("HEAD", "/"), Silence::Closed);
        Observation::in_test(step, Exchange { answer: Ok(response), ..unanswered }, outcome)
    }

    #[test]
    fn head_that_has_the_fields_of_the_good_answer_is_open_where_get_is_refused() {
        let check = find("common.head-same-decision-as-get").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let json = &[("Content-Type", "application/json"), ("Content-Length", "80")][..];
        let longer = &[("Content-Type", "application/json"), ("Content-Length", "82")][..];
        let (html, empty) = (&[("Content-Type", "text/html")][..], &[("Content-Length", "0")][..]);
        let no_content = &[("Content-Type", "application/json"), ("Content-Length", "0")][..];
        let (tag, other_tag) = (&[("ETag", "\"5250\"")][..], &[("ETag", "\"6361\"")][..]);
        let length = &[("Content-Length", "80")][..];
        let (refused, unclear) = (Outcome::Refused, Outcome::Unclear);
        let get = (401, refused, &[][..]);
        // how many answers to HEAD are access, how many another decision alone, and how many are left open
        for (head, good, get, nowhere, expected) in [
            (json, json, get, (404, &[][..]), (2, 0, 0)),
            (longer, json, get, (401, &[]), (2, 0, 0)),
            (&json[..1], &json[..1], get, (404, &[]), (2, 0, 0)),
            // a refusal that shows in its body alone
            (json, json, (200, refused, json), (404, &[]), (0, 0, 2)),
            (
                html,
                html,
                (200, refused, &[("Content-Type", "text/html"), ("Content-Length", "31")]),
                (404, &[]),
                (0, 0, 2),
            ),
            // one field of the good answer to GET
            (tag, tag, get, (404, &[]), (2, 0, 0)),
            (length, length, get, (404, &[]), (2, 0, 0)),
            (length, length, (403, refused, &[("Content-Length", "67")]), (404, &[]), (2, 0, 0)),
            // the refusal has it as well, or what names nothing, or the good answer has another
            (length, length, (401, refused, length), (404, &[]), (0, 2, 0)),
            (tag, tag, get, (404, tag), (0, 2, 0)),
            (tag, other_tag, get, (404, &[]), (0, 2, 0)),
            (html, json, get, (404, &[]), (0, 2, 0)),
            // an empty success, whoever asks
            (empty, empty, get, (404, &[]), (0, 2, 0)),
            (no_content, no_content, get, (404, &[]), (0, 2, 0)),
            (&[], &[], get, (404, &[]), (0, 2, 0)),
            // a success, whatever the path names
            (json, json, get, (200, &[]), (0, 2, 0)),
            (tag, tag, get, (200, &[]), (0, 2, 0)),
            // GET is no refusal either, or one that the scenario declares
            (json, json, (200, unclear, &[]), (404, &[]), (0, 0, 2)),
            (empty, empty, (200, refused, &[]), (404, &[]), (0, 0, 2)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(seen(0, 200, head, unclear));
            evidence.observe(seen(1, 200, head, unclear));
            evidence.observe(seen(2, 200, good, Outcome::Granted));
            evidence.observe(seen(3, get.0, get.2, get.1));
            evidence.observe(seen(4, nowhere.0, nowhere.1, if nowhere.0 == 200 { unclear } else { refused }));
            evidence.observe(seen(5, 200, good, Outcome::Granted));
            let found = head_like_get(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let told = (found.access.len(), found.protocol.len(), found.open.len() * 2);
            assert_eq!(told, expected, "{head:?} {good:?} {get:?} {nowhere:?}: {found:?}");
        }
    }

    /// A route that takes a wrong credential takes it by each method: other checks are about that.
    #[test]
    fn head_is_no_finding_where_get_is_granted_to_the_same_credential() {
        let check = find("common.head-same-decision-as-get").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let answered = |step, status, outcome| seen(step, status, &[("ETag", "\"5250\"")], outcome);
        let (granted, refused, unclear) = (Outcome::Granted, Outcome::Refused, Outcome::Unclear);
        // HEAD and GET with the wrong credential, and findings
        for (head, get, expected) in [
            (granted, Some(granted), 0),
            (unclear, Some(granted), 0),
            (granted, Some(refused), 1),
            (unclear, Some(refused), 1),
            (granted, None, 1),
            (refused, None, 0),
            (refused, Some(granted), 0),
        ] {
            let mut evidence = Evidence::default();
            let status = |outcome| if outcome == refused { 401 } else { 200 };
            evidence.observe(answered(of(UNKNOWN_HEAD), status(head), head));
            evidence.observe(answered(of(GOOD_HEAD), 200, granted));
            evidence.observe(answered(of(ANONYMOUS_GET), 401, refused));
            evidence.observe(answered(of(NOWHERE), 404, refused));
            evidence.observe(answered(of(GOOD_GET), 200, granted));
            get.into_iter().for_each(|get| evidence.observe(answered(of(UNKNOWN_GET), status(get), get)));
            let found = head_like_get(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let open = usize::from(get == Some(granted) && head != refused);
            let seen = (found.access.len() + found.protocol.len(), found.open.len());
            assert_eq!(seen, (expected, open), "{head:?} {get:?}");
        }
    }

    /// A credential that is good once says nothing of the method with which it was used up.
    #[test]
    fn a_credential_that_has_ended_tells_nothing_of_head() {
        let check = find("common.head-same-decision-as-get").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        // what GET behind HEAD comes to; findings, and what is open
        for ((status, outcome), expected) in [((200, Outcome::Granted), (1, 0)), ((303, Outcome::Refused), (0, 1))] {
            let mut evidence = Evidence::default();
            evidence.observe(seen(of(GOOD_HEAD), 303, &[], Outcome::Refused));
            evidence.observe(seen(of(GOOD_GET), status, &[], outcome));
            let found = head_like_get(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.open.len()), expected, "{status}: {found:?}");
        }
    }

    #[test]
    fn head_is_not_offered_where_everybody_gets_the_same_error() {
        let check = find("common.head-same-decision-as-get").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let seen = |step, status| seen(step, status, &[], Outcome::Refused);
        let judged = |without: &[u16], good: u16| {
            let mut evidence = Evidence::default();
            without.iter().enumerate().for_each(|(step, status)| evidence.observe(seen(step, *status)));
            evidence.observe(seen(2, good));
            let found = head_like_get(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let is_about_head = |deviation: &&crate::check::judgement::Deviation| deviation.expected == "as GET";
            (found.needs_review, found.protocol.iter().filter(is_about_head).count())
        };
        assert_eq!(judged(&[400, 400], 400), (true, 0));
        assert_eq!(judged(&[404, 404], 404), (true, 0));
        assert_eq!(judged(&[401, 401], 405), (true, 0));
        // what asks for a credential is no error of the method, and one answer alone is nobody else's
        for (without, good) in [(&[401, 401][..], 401), (&[401, 401], 404), (&[400, 401], 400), (&[], 404)] {
            assert_eq!(judged(without, good), (false, 1), "{without:?} {good}");
        }
    }
}
