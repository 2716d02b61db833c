//! Judgements about what a request did, beside how it was answered.

use crate::check::Explanation;
use crate::check::judgement::expect;
use crate::check::judgement::{Case, Judgement};
use crate::observe::Outcome;

/// Nothing changed between the readings called `the state before` and `the state after`.
pub(crate) fn none(case: &Case<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let before = case.answers("the state before").next();
    let after = case.answers("the state after").next();
    if let (Some((_, before)), Some((index, after))) = (before, after)
        && before.body != after.body
        // a write that was granted is no refused one
        && judgement.access.is_empty()
    {
        judgement.violates_by(
            Explanation::ExecutedWrite,
            index,
            "the refused request changed the state",
            "the same representation before and after",
        );
    }
    judgement
}

/// RFC 9110 §9.3.2: HEAD is answered like GET; a target that does not have HEAD says so to everybody.
pub(crate) fn head_like_get(case: &Case<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    if let Some((index, response)) = case.answers("HEAD with the good credential").next() {
        let observation = &case.evidence.observations[index];
        match (observation.outcome, response.status) {
            (Outcome::Granted, _) => {}
            (_, 405 | 501) if judgement.access.is_empty() => {
                judgement.not_applicable = Some("the target does not offer HEAD".to_owned());
            }
            (_, status) => judgement.deviates(index, format!("HEAD with the good credential: {status}"), "as GET"),
        }
    }
    judgement
}

/// Methods that nobody listed: refused, and 405 says which there are (RFC 9110 §15.5.6).
pub(crate) fn methods(case: &Case<'_>) -> Judgement {
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
pub(crate) fn spellings(case: &Case<'_>) -> Judgement {
    expect::wants(case)
}

/// What the public resource answers without any header is called this.
pub(crate) const PUBLIC_AS_IT_IS: &str = "the public resource as it is";

/// A header that leads to the protected resource shows only where that looks different from the public one.
pub(crate) fn rewritten(case: &Case<'_>) -> Judgement {
    if case.observations().any(|(_, seen)| seen.label == PUBLIC_AS_IT_IS && seen.outcome == Outcome::Granted) {
        let why = "the public resource looks like the protected one: declare a `success` that tells them apart";
        return Judgement { open: vec![why.to_owned()], ..Judgement::default() };
    }
    expect::wants(case)
}
