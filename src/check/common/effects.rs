//! Judgements about requests that are routed in another way than they are guarded.

use crate::check::judgement::expect;
use crate::check::judgement::sameness::{AnswerShape, sent_in};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Step, Who};
use crate::observe::{Observation, Outcome, StepId};

/// What the public resource answers without any of the headers.
pub(crate) const PUBLIC_AS_IT_IS: StepId = StepId::new("public-as-it-is");

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

/// Only what carries the protected representation is a bypass; an error, or what says nothing, that a path gets as well which names
/// nothing is none: the page of an error has what all pages of a site have.
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
        let is_error = seen.exchange.status().is_some_and(|status| status >= 400);
        let may_be_of_nowhere = seen.outcome == Outcome::Unclear || (seen.outcome == Outcome::Granted && is_error);
        if !(is_nowhere || may_be_of_nowhere && is_of_nowhere(case, seen)) {
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
        one.differs_in_head(&other).is_none() && !one.body_differs(&other)
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
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn an_error_that_a_path_gets_which_names_nothing_is_no_access() {
        let check = find("common.path-normalisation-not-a-bypass").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let nowhere = check.steps.iter().position(|step| step.step_id() == Some(NOWHERE)).expect("is there");
        let spelled = |step: &Step| matches!(step, Step::Send(send) if send.who == Who::Anonymous && send.id.is_none());
        let spelled = check.steps.iter().position(spelled).expect("is there");
        let answered = |step, (status, body): (u16, &str)| {
            let response = Response { status, headers: Vec::new(), body: body.into(), truncated: false };
            let exchange = Exchange::unanswered(Request::new("GET", "//orders"), Silence::Closed);
            Observation::in_test(step, Exchange { answer: Ok(response), ..exchange }, Outcome::Granted)
        };
        // what a path beside the resource is answered with, and another spelling; access
        for (beside, other, access) in [
            ((404, "<nav>Shop</nav>"), (404, "<nav>Shop</nav>"), 0),
            ((404, "<nav>Shop</nav>"), (404, "<nav>Shop</nav> seven orders"), 1),
            ((404, "<nav>Shop</nav>"), (200, "<nav>Shop</nav>"), 1),
            // a guard that compares whole paths lets everybody in behind them
            ((200, "<nav>Shop</nav>"), (200, "<nav>Shop</nav>"), 1),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(answered(nowhere, beside));
            evidence.observe(answered(spelled, other));
            let found = spellings(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(found.access.len(), access, "{beside:?} {other:?}: {found:?}");
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
