//! Judgements about what a request did, beside how it was answered.

use crate::check::Explanation;
use crate::check::judgement::expect;
use crate::check::judgement::sameness::{AnswerShape, sent_in};
use crate::check::judgement::{Deviation, Judgement, ObservedCheck, Wording};
use crate::check::step::{Step, Who};
use crate::observe::{Observation, Outcome, Response, StableState, StepId};

/// Readings of what a write would change: two before it, for what changes by itself, ...
pub(crate) const BEFORE: StepId = StepId::new("state-before");
/// ... the second of them, ...
pub(crate) const BEFORE_AGAIN: StepId = StepId::new("state-before-again");
/// ... at once after it, ...
pub(crate) const AFTER: StepId = StepId::new("state-after");
/// ... some time after it, ...
pub(crate) const LATER: StepId = StepId::new("state-later");
/// ... what whoever lacks the scope of the write reads there, ...
pub(crate) const AS_LOW: StepId = StepId::new("state-after-as-low");
/// ... and after a write that is allowed.
pub(crate) const AFTER_ALLOWED: StepId = StepId::new("state-after-allowed");

/// The write by whoever lacks its scope.
pub(crate) const BY_LOW: StepId = StepId::new("write-by-low");
/// The write by somebody of another tenant.
pub(crate) const BY_OTHER: StepId = StepId::new("write-by-other");

/// What the public resource answers without any of the headers.
pub(crate) const PUBLIC_AS_IT_IS: StepId = StepId::new("public-as-it-is");

/// Nothing changed between the readings, and an allowed write would have shown in them.
pub(crate) fn none(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let access = std::mem::take(&mut judgement.access);
    let (ignored, access) = access.into_iter().partition(|granted| is_ignored(case, granted.observation));
    judgement.access = access;
    judgement.remarks.extend(ignored.iter().map(|granted: &Deviation| {
        let seen = &case.evidence.observations[granted.observation];
        let status = seen.exchange.status().unwrap_or_default();
        format!("{}: answered with {status}, and nothing came of it", seen.description)
    }));
    // a write that was granted is no refused one
    if judgement.access.is_empty() {
        unchanged(case, &mut judgement, &|after| (after, "the refused request changed the state".into()));
    }
    judgement
}

/// Whether a success answers a write that changed nothing of an object which its path names to whoever sent it as well: it has an
/// owner, or both read the same.
fn is_ignored(case: &ObservedCheck<'_>, write: usize) -> bool {
    let read = |step| reading(case, step).map(|(_, one)| one);
    let before: Vec<&Response> = [BEFORE, BEFORE_AGAIN].into_iter().filter_map(read).collect();
    let Some(state) = StableState::of(&before).filter(|state| !state.is_empty()) else { return false };
    let is_same = |step| read(step).is_some_and(|one| !state.differs(one));
    let is_shown = read(AFTER_ALLOWED).is_some_and(|one| state.differs(one));
    let is_unchanged = is_same(AFTER) && is_same(LATER) && is_shown;
    let seen = &case.evidence.observations[write];
    let step = case.step_of(seen).step_id();
    // what an answer has in it was given away, whatever came of the write
    let is_bare = seen.exchange.response().is_some_and(|answer| answer.body.is_empty());
    is_bare && is_unchanged && (step == Some(BY_OTHER) || (step == Some(BY_LOW) && is_same(AS_LOW)))
}

/// The first answer to a reading.
pub(crate) fn reading<'a>(case: &ObservedCheck<'a>, step: StepId) -> Option<(usize, &'a Response)> {
    case.answers_of(step).next()
}

/// What is read is the same before and after; a change is shown by the reading after it, or by the request that this makes of it.
pub(crate) fn unchanged(
    case: &ObservedCheck<'_>,
    judgement: &mut Judgement,
    shown_by: &dyn Fn(usize) -> (usize, Wording),
) {
    let read = |step| reading(case, step);
    let before: Vec<&Response> = [BEFORE, BEFORE_AGAIN].into_iter().filter_map(read).map(|(_, one)| one).collect();
    let Some(state) = StableState::of(&before) else { return };
    if let Some((index, _)) = [AFTER, LATER].into_iter().filter_map(read).find(|(_, one)| state.differs(one)) {
        let expected = "the same representation before and after";
        let (index, text) = shown_by(index);
        judgement.violates_by(Explanation::ExecutedWrite, index, text, expected);
    } else if state.is_empty() {
        judgement.open.push("what is read back is another each time: nothing can be compared".to_owned());
    } else if read(AFTER_ALLOWED).is_some_and(|(_, one)| !state.differs(one)) {
        let text =
            "an allowed write does not show in what is read back: a refused one that happened would not show either";
        judgement.open.push(text.to_owned());
    }
}

/// Methods that nobody listed are refused.
pub(crate) fn methods(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers() {
        let observation = &case.evidence.observations[index];
        // without a body nothing protected can be in it, whatever the fingerprint says
        let options = observation.exchange.request.method == "OPTIONS" && !response.body.is_empty();
        if observation.outcome == Outcome::Granted && options {
            judgement.violates(
                index,
                "OPTIONS shows the protected representation",
                "rejected, or an answer without it",
            );
        }
    }
    judgement
}

/// What a path that names nothing is answered with.
pub(crate) const NOWHERE: StepId = StepId::new("nowhere");

/// What a path is answered with in its own spelling, to a credential that lacks a scope.
pub(crate) const AS_IT_IS: StepId = StepId::new("as-it-is");

/// Only a success that carries the protected representation is a bypass; what a path gets as well that names nothing is none.
pub(crate) fn spellings(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let step = case.step_of(seen);
        let is_nowhere = step.step_id() == Some(NOWHERE) && seen.exchange.response().is_some();
        // what is open as it is has another cause, which checks of rights are about
        let lacks_a_scope = matches!(step, Step::Send(send) if send.who == Who::LowScope);
        let mut as_it_is = case.beside(seen, AS_IT_IS).filter(|_| lacks_a_scope);
        if as_it_is.any(|(_, plain)| plain.outcome == Outcome::Granted) {
            if step.step_id() == Some(AS_IT_IS) {
                judgement.open.push(OPEN_AS_IT_IS.to_owned());
            }
            continue;
        }
        if !(is_nowhere || seen.outcome == Outcome::Unclear && is_of_nowhere(case, seen)) {
            case.judge(index, &mut judgement);
        }
    }
    judgement
}

/// Why other spellings show nothing.
const OPEN_AS_IT_IS: &str =
    "a credential that lacks a scope opens the path as it is: what other spellings of it get shows nothing";

/// Whether an answer is the one that a path beside the resource gets that names nothing.
fn is_of_nowhere(case: &ObservedCheck<'_>, seen: &Observation) -> bool {
    case.beside(seen, NOWHERE).any(|(_, nowhere)| {
        let sent = sent_in([&seen.exchange, &nowhere.exchange].into_iter());
        let shapes = [&seen.exchange, &nowhere.exchange].map(|exchange| AnswerShape::of(exchange, &sent));
        let [Some(one), Some(other)] = shapes else { return false };
        one.differs_in_head(&other).is_none() && one.body() == other.body()
    })
}

/// A header that leads to the protected resource shows only where that looks different from the public one.
pub(crate) fn rewritten(case: &ObservedCheck<'_>) -> Judgement {
    if let Some((_, seen)) = case.observations_of(PUBLIC_AS_IT_IS).find(|(_, seen)| seen.outcome == Outcome::Granted) {
        let named = |seen: &Observation| {
            let request = &seen.exchange.request;
            format!("{} {}", request.method, String::from_utf8_lossy(&request.target))
        };
        let public = named(seen);
        let protected = case.observations().map(|(_, other)| named(other)).find(|other| *other != public);
        let why = format!(
            "the answer to {public} looks like that of {}: declare a `success` of that one which tells them apart",
            protected.as_deref().unwrap_or("the protected resource")
        );
        return Judgement { open: vec![why], ..Judgement::default() };
    }
    expect::wants(case)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Silence};

    #[test]
    fn a_success_by_which_nothing_changes_is_no_access_to_what_its_path_names() {
        let check = find("common.denied-write-has-no-effect").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let seen = |id, status, body: &str| {
            let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let exchange = Exchange::unanswered(Request::new("PUT", "/ink"), Silence::Closed);
            Observation::in_test(of(id), Exchange { answer: Ok(response), ..exchange }, Outcome::Granted)
        };
        let (red, black, green) = (r#"{"ink":"red"}"#, r#"{"ink":"black"}"#, r#"{"ink":"green"}"#);
        // the write and its answer; what is read after it, by whoever lacks the scope as well, and after an allowed one; access
        for (write, answer, [after, as_low, after_allowed], access) in [
            (BY_LOW, "", [red, red, green], 0),
            (BY_OTHER, "", [red, black, green], 0),
            // another object, an answer that gives something away, a write that does not show, and one that was carried out
            (BY_LOW, "", [red, black, green], 1),
            (BY_LOW, red, [red, red, green], 1),
            (BY_OTHER, "", [red, red, red], 1),
            (BY_LOW, "", [green, green, green], 1),
        ] {
            let mut evidence = Evidence::default();
            for (id, body) in [(BEFORE, red), (BEFORE_AGAIN, red)] {
                evidence.observe(seen(id, 200, body));
            }
            evidence.observe(seen(write, if answer.is_empty() { 204 } else { 200 }, answer));
            for (id, body) in [(AFTER, after), (AS_LOW, as_low), (LATER, after), (AFTER_ALLOWED, after_allowed)] {
                evidence.observe(seen(id, 200, body));
            }
            let found = none(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(found.access.len(), access, "{write:?} {answer:?} {after} {as_low} {after_allowed}: {found:?}");
            assert_eq!(found.remarks.len(), 1 - access, "{found:?}");
        }
    }

    #[test]
    fn other_spellings_of_what_is_open_as_it_is_show_nothing() {
        let check = find("common.path-normalisation-not-a-bypass").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let plain = check.steps.iter().position(|step| step.step_id() == Some(AS_IT_IS)).expect("is there");
        let by = |who: Who| move |step: &Step| matches!(step, Step::Send(send) if send.who == who && send.id.is_none());
        let of = |who| check.steps.iter().position(by(who)).expect("is there");
        let answered = |step, status, outcome| {
            let response = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let exchange = Exchange::unanswered(Request::new("GET", "//orders"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(response), ..exchange }, outcome)
        };
        // the path as it is, and in another spelling, for whoever lacks a scope; without a credential; access, and what is open
        for (as_it_is, who, expected) in [
            ((200, Outcome::Granted), Who::LowScope, (0, 1)),
            ((403, Outcome::Refused), Who::LowScope, (1, 0)),
            ((200, Outcome::Granted), Who::Anonymous, (1, 1)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(answered(plain, as_it_is.0, as_it_is.1));
            evidence.observe(answered(of(who), 200, Outcome::Granted));
            let found = spellings(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.open.len()), expected, "{as_it_is:?} {who:?}: {found:?}");
        }
    }
}
