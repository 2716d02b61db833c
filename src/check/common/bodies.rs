//! Bodies that show whether a server reads them before it knows who asks.

use crate::check::judgement::sameness::{AnswerShape, sent_in};
use crate::check::judgement::{Deviation, Judgement, ObservedCheck};
use crate::check::step::{Accept, Alter, Fill, MISSING};
use crate::observe::{Observation, Outcome, StepId};

/// The body of the scenario without a credential.
pub(super) const THE_GOOD_BODY: StepId = StepId::new("good-body");
/// A read without a credential.
pub(super) const THE_READ: StepId = StepId::new("read");
/// The same with a path and a query that are no UTF-8, with a word for a number in the path, and with a query that no schema
/// allows ...
pub(super) const MISREAD: [StepId; 4] = [
    StepId::new("undecodable-path"),
    StepId::new("undecodable-query"),
    StepId::new("word-for-number"),
    StepId::new("limit"),
];
/// ... and the first two where there is nothing that a guard would be before.
pub(super) const NOWHERE: [StepId; 2] = [StepId::new("path-nowhere"), StepId::new("query-nowhere")];
/// A body that is nested deeply ...
pub(super) const A_DEEP_BODY: StepId = StepId::new("deep-body");
/// ... and one that is as long, and not nested.
pub(super) const A_LONG_BODY: StepId = StepId::new("long-body");
/// Blanks, which JSON allows behind a value, up to the length of [`DEEP`].
pub(super) const LONG: &str = match std::str::from_utf8(&filled::<10_000>(b"{}", b' ')) {
    Ok(long) => long,
    Err(_) => "{}",
};
/// A field whose value is long, up to the length of [`DEEP_FORM`].
pub(super) const LONG_FORM: &str = match std::str::from_utf8(&filled::<603>(b"a=", b'a')) {
    Ok(long) => long,
    Err(_) => "a=1",
};
const fn filled<const LENGTH: usize>(start: &[u8; 2], with: u8) -> [u8; LENGTH] {
    let mut text = [with; LENGTH];
    (text[0], text[1]) = (start[0], start[1]);
    text
}
/// Arrays in arrays: deeper than parsers descend.
pub(super) const DEEP: &str = match std::str::from_utf8(&nested::<10_000>()) {
    Ok(deep) => deep,
    Err(_) => "[]",
};

/// As many brackets that open as that close.
const fn nested<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut text = [b']'; LENGTH];
    let mut at = 0;
    while at < LENGTH / 2 {
        text[at] = b'[';
        at += 1;
    }
    text
}
/// A field whose name nests as deeply as parsers of forms do not.
pub(super) const DEEP_FORM: &str = match std::str::from_utf8(&deep_name()) {
    Ok(deep) => deep,
    Err(_) => "a=1",
};

/// The body as it is, not compressed, though it says so.
pub(super) const NO_GZIP: &[Alter] = &[Alter::Replaced("Content-Encoding", Fill::Text("gzip"))];

const fn deep_name() -> [u8; 603] {
    let mut name = [b'a'; 603];
    let mut at = 1;
    while at < 601 {
        (name[at], name[at + 2]) = (b'[', b']');
        at += 3;
    }
    (name[601], name[602]) = (b'=', b'1');
    name
}
/// Refusals that say nothing about a body: which of them is right without a credential is for other checks to say.
pub(super) const UNREAD: &[Accept] = &[MISSING, Accept::Status(401), Accept::Status(403), Accept::Status(404)];

/// No answer shows that a body, a path or a query was read. A status that the good body has without a credential, too, says
/// nothing about another, unless it is that of a bad request, and the texts differ; and a body that is too long is refused for
/// its length, whatever is in it.
pub(super) fn unread(case: &ObservedCheck<'_>) -> Judgement {
    let sent = sent_in(case.observations().map(|(_, seen)| &seen.exchange));
    let is_same_text = |one: &Observation, other: &Observation| {
        let [one, other] = [one, other].map(|seen| AnswerShape::of(&seen.exchange, &sent));
        // without a text nothing is said
        one.zip(other).is_some_and(|(one, other)| other.body().is_empty() || !one.body_differs(&other))
    };
    let says_nothing = |deviation: &Deviation| {
        let seen = &case.evidence.observations[deviation.observation];
        let status = seen.exchange.status();
        let is_refused_alike = |step| {
            case.beside(seen, step).any(|(_, other)| {
                let is_refused = other.outcome == Outcome::Refused && other.exchange.status() == status;
                is_refused && (!matches!(status, Some(400 | 422)) || is_same_text(other, seen))
            })
        };
        let is_deep = case.step_of(seen).step_id() == Some(A_DEEP_BODY);
        is_refused_alike(THE_GOOD_BODY) || (is_deep && is_refused_alike(A_LONG_BODY))
    };
    let mut judgement = Judgement::default();
    // of a path or a query that nobody reads any answer may come
    let is_misread = |seen: &Observation| {
        let step = case.step_of(seen).step_id();
        step.is_some_and(|step| MISREAD.contains(&step) || NOWHERE.contains(&step))
    };
    for (index, _) in case.observations().filter(|(_, seen)| !is_misread(seen) || seen.exchange.response().is_none()) {
        case.judge(index, &mut judgement);
    }
    judgement.protocol.retain(|deviation| !says_nothing(deviation));
    judgement.advice.retain(|deviation| !says_nothing(deviation));
    for (at, step) in MISREAD.into_iter().enumerate() {
        for (index, seen) in case.observations_of(step) {
            let nowhere = NOWHERE.get(at).and_then(|nowhere| case.beside(seen, *nowhere).next());
            if let Some(status) = misread(case, seen, nowhere.map(|(_, seen)| seen), &is_same_text) {
                let text = case.about(index, format_args!("answered with {status}"));
                judgement.deviates(index, text, format!("refused {}", case.statuses(UNREAD)));
            }
        }
    }
    judgement
}

/// The status that shows that a path or a query was read before it was asked who sends it: one of a bad request, or of a server that
/// breaks each time, where the same read is refused in another way. What the server or its router answers where there is nothing as
/// well, it answers before there is a guard to ask.
fn misread(
    case: &ObservedCheck<'_>,
    seen: &Observation,
    nowhere: Option<&Observation>,
    is_same_text: &dyn Fn(&Observation, &Observation) -> bool,
) -> Option<u16> {
    let status = seen.exchange.status().filter(|status| matches!(status, 400 | 422 | 500 | 502..))?;
    let is_alike =
        |other: &Observation| other.exchange.status() == Some(status) && (status >= 500 || is_same_text(other, seen));
    let is_refused_otherwise =
        case.beside(seen, THE_READ).any(|(_, other)| other.outcome == Outcome::Refused && !is_alike(other));
    let comes_again = status < 500 || seen.reproduced;
    (is_refused_otherwise && comes_again && !nowhere.is_some_and(is_alike)).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn a_read_that_is_refused_for_its_path_was_read_before_its_guard() {
        let check = crate::check::find("common.auth-before-input-validation").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        // the read, the path that is no UTF-8 where there is nothing, and at the resource
        for (read, nowhere, path, found) in [
            ((401, "no"), (404, ""), (400, "path"), 1),
            ((401, "no"), (404, ""), (500, ""), 1),
            ((401, "no"), (404, ""), (404, ""), 0),
            ((401, "no"), (404, ""), (401, "no"), 0),
            // refused before there is a guard
            ((401, "no"), (400, "path"), (400, "path"), 0),
            ((401, "no"), (500, ""), (500, ""), 0),
            // a resource that refuses with 400 whoever has no credential
            ((400, "no"), (404, ""), (400, "no"), 0),
            ((400, "no"), (404, ""), (400, "path"), 1),
            // open to everybody
            ((200, "orders"), (404, ""), (400, "path"), 0),
            ((302, ""), (200, "page"), (200, "page"), 0),
        ] {
            let mut evidence = Evidence::default();
            for (step, (status, body)) in [(1, read), (2, nowhere), (4, path)] {
                let response =
                    Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
                let asked = Exchange::unanswered(Request::new("GET", "/orders"), Silence::Closed);
                let outcome = if body == "orders" { Outcome::Granted } else { Outcome::Refused };
                let seen = Observation::in_test(step, Exchange { answer: Ok(response), ..asked }, outcome);
                evidence.observe(Observation { reproduced: true, ..seen });
            }
            let judged = unread(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.protocol.len(), judged.open.len()), (found, 0), "{read:?} {nowhere:?} {path:?}");
        }
    }
}
