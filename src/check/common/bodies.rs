//! Bodies that show whether a server reads them before it knows who asks.

use crate::check::judgement::sameness::{AnswerShape, sent_in};
use crate::check::judgement::{Deviation, Judgement, ObservedCheck, expect};
use crate::check::step::{Accept, Alter, Fill, MISSING};
use crate::observe::{Observation, Outcome, StepId};

/// The body of the scenario without a credential.
pub(super) const THE_GOOD_BODY: StepId = StepId::new("good-body");
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

/// No answer shows that a body was read. A status that the good body has without a credential, too, says nothing about another,
/// unless it is that of a bad request, and the texts differ; and a body that is too long is refused for its length, whatever
/// is in it.
pub(super) fn unread(case: &ObservedCheck<'_>) -> Judgement {
    let sent = sent_in(case.observations().map(|(_, seen)| &seen.exchange));
    let is_same_text = |one: &Observation, other: &Observation| {
        let [one, other] = [one, other].map(|seen| AnswerShape::of(&seen.exchange, &sent));
        // without a text nothing is said
        one.zip(other).is_some_and(|(one, other)| other.body().is_empty() || one.body() == other.body())
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
    let mut judgement = expect::wants(case);
    judgement.protocol.retain(|deviation| !says_nothing(deviation));
    judgement.advice.retain(|deviation| !says_nothing(deviation));
    judgement
}
