//! What a self-contained token opens after its revocation, or after another end: RFC 7009 §3 leaves it to the server how soon it ends.

use std::time::Duration;

use super::{Judgement, ObservedCheck, expect};
use crate::observe::{Outcome, Place, StepId};

/// Access that stays is a warning, and for a person to look at where the token ends by itself soon.
pub(crate) fn self_contained(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let seen = |index: usize| &case.evidence.observations[index];
    // one that never ends is excused by nothing
    let Some(left) = case.evidence.self_contained.filter(|left| *left < Duration::MAX) else { return judgement };
    // a credential of the scenario that was revoked before the run is another one
    let is_it = |at: usize| seen(at).place != Place::Revocation && seen(at).credential.is_none();
    let works_on = |at: usize| is_it(at) && seen(at).outcome == Outcome::Granted;
    let (stays, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut judgement.access).into_iter().partition(|one| works_on(one.observation));
    judgement.access = others;
    if left > case.evidence.self_contained_life {
        judgement.advice.extend(stays);
    } else if !stays.is_empty() {
        let text = format!("the access token is self-contained, works on and ends by itself in {} s", left.as_secs());
        judgement.remarks.push(text);
        judgement.needs_review = true;
    }
    judgement
}

/// What each step wants of a token that its client has revoked.
pub(crate) fn after_revocation(case: &ObservedCheck<'_>) -> Judgement {
    self_contained(case, expect::wants(case))
}

/// What each step wants after an end that is named; what the steps with these ids send is looked up by the target, and ends at once.
pub(crate) fn ended_by(what: &str, looked_up: &[StepId], case: &ObservedCheck<'_>) -> Judgement {
    excused(what, looked_up, case, expect::wants(case))
}

/// A judgement of what comes after an end, in which access by a token that ends by itself soon is a warning.
pub(crate) fn excused(
    what: &str,
    looked_up: &[StepId],
    case: &ObservedCheck<'_>,
    mut judgement: Judgement,
) -> Judgement {
    let tolerated = case.evidence.self_contained_life;
    let Some(left) = case.evidence.self_contained.filter(|left| *left <= tolerated) else { return judgement };
    let is_other = |index| looked_up.iter().any(|id| case.observations_of(*id).any(|(other, _)| other == index));
    let others: Vec<_> = judgement.access.extract_if(.., |found| is_other(found.observation)).collect();
    let mut judgement = recommended(case, judgement);
    judgement.access.extend(others);
    if judgement.advice.iter().any(|one| stays(case, one.observation)) {
        let (left, tolerated) = (left.as_secs(), tolerated.as_secs());
        judgement.remarks.push(format!(
            "the token is self-contained and ends by itself {left} s after {what} (`self_contained_life` tolerates {tolerated} s)"
        ));
    }
    judgement
}

/// Whether an answer is that to access which stays.
pub(crate) fn stays(case: &ObservedCheck<'_>, observation: usize) -> bool {
    case.evidence.observations[observation].outcome == Outcome::Granted
}

/// Access that stays is a warning.
pub(crate) fn recommended(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let (stays, others) = judgement.access.into_iter().partition(|deviation| stays(case, deviation.observation));
    judgement.access = others;
    judgement.advice.extend::<Vec<_>>(stays);
    judgement
}
