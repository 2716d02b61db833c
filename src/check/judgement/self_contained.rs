//! What a self-contained token opens after its revocation: RFC 7009 §3 leaves it to the server how soon it ends.

use std::time::Duration;

use super::{Judgement, ObservedCheck, expect};
use crate::observe::{Outcome, Place};

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
