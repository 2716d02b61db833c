//! Judgements about what a request did, beside how it was answered.

use crate::check::Explanation;
use crate::check::judgement::expect;
use crate::check::judgement::state::StableState;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Observation, Outcome, Response, StepId};

/// Readings of what a write would change: two before it, for what changes by itself, ...
pub(crate) const BEFORE: StepId = StepId::new("state-before");
/// ... the second of them, ...
pub(crate) const BEFORE_AGAIN: StepId = StepId::new("state-before-again");
/// ... at once after it, ...
pub(crate) const AFTER: StepId = StepId::new("state-after");
/// ... some time after it, ...
pub(crate) const LATER: StepId = StepId::new("state-later");
/// ... and after a write that is allowed.
pub(crate) const AFTER_ALLOWED: StepId = StepId::new("state-after-allowed");

/// HEAD by somebody who has access.
pub(crate) const GOOD_HEAD: StepId = StepId::new("good-head");
/// What the public resource answers without any of the headers.
pub(crate) const PUBLIC_AS_IT_IS: StepId = StepId::new("public-as-it-is");

/// Nothing changed between the readings, and an allowed write would have shown in them.
pub(crate) fn none(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    // a write that was granted is no refused one
    if !judgement.access.is_empty() {
        return judgement;
    }
    let reading = |step| case.answers_of(step).next();
    let before: Vec<&Response> = [BEFORE, BEFORE_AGAIN].into_iter().filter_map(reading).map(|(_, one)| one).collect();
    let Some(state) = StableState::of(&before) else { return judgement };
    if let Some((index, _)) = [AFTER, LATER].into_iter().filter_map(reading).find(|(_, one)| state.differs(one)) {
        judgement.violates_by(
            Explanation::ExecutedWrite,
            index,
            "the refused request changed the state",
            "the same representation before and after",
        );
    } else if state.is_empty() {
        judgement.open.push("what is read back is another each time: nothing can be compared".to_owned());
    } else if reading(AFTER_ALLOWED).is_some_and(|(_, one)| !state.differs(one)) {
        let text =
            "an allowed write does not show in what is read back: a refused one that happened would not show either";
        judgement.open.push(text.to_owned());
    }
    judgement
}

/// RFC 9110 §9.3.2: HEAD is answered like GET; a target that does not have HEAD says so to everybody.
pub(crate) fn head_like_get(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let heads: Vec<_> = case.answers_of(GOOD_HEAD).collect();
    // the same error whoever asks, and none that asks for a credential, is about the method
    let absent = |index: usize, status: u16| {
        let seen = &case.evidence.observations[index];
        let others = case.observations().filter(|(_, other)| other.step != seen.step && other.place == seen.place);
        let same = |(_, other): (usize, &Observation)| other.exchange.status() == Some(status);
        matches!(status, 405 | 501) || (matches!(status, 400 | 404) && others.into_iter().all(same))
    };
    for (index, response) in &heads {
        let granted = case.evidence.observations[*index].outcome == Outcome::Granted;
        if !granted && !absent(*index, response.status) {
            judgement.deviates(*index, case.about(*index, response.status), "as GET");
        }
    }
    let is_absent = heads.iter().all(|(index, response)| absent(*index, response.status));
    if !heads.is_empty() && is_absent && judgement.access.is_empty() {
        judgement.not_applicable = Some("the target does not offer HEAD".to_owned());
    }
    judgement
}

/// Methods that nobody listed: refused, and 405 says which there are (RFC 9110 §15.5.6).
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
        if response.status == 405 && response.header("allow").is_none() {
            judgement.deviates(index, "405 without Allow", "405 with Allow");
        }
    }
    judgement
}

/// Only a success that carries the protected representation is a bypass.
pub(crate) fn spellings(case: &ObservedCheck<'_>) -> Judgement {
    expect::wants(case)
}

/// A header that leads to the protected resource shows only where that looks different from the public one.
pub(crate) fn rewritten(case: &ObservedCheck<'_>) -> Judgement {
    if case.observations_of(PUBLIC_AS_IT_IS).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        let why = "the public resource looks like the protected one: declare a `success` that tells them apart";
        return Judgement { open: vec![why.to_owned()], ..Judgement::default() };
    }
    expect::wants(case)
}
