//! How writes are judged whose CSRF token is not the one of their session.

use super::judgements::{ANY_REFUSAL, low_where_only};
use crate::check::judgement::{Judgement, ObservedCheck, expect, unclear};
use crate::check::step::Want;
use crate::observe::{Outcome, StepId};

/// A write without its CSRF token, ...
pub(super) const WITHOUT: StepId = StepId::new("without-token");
/// ... without it and the cookie that it repeats, ...
pub(super) const NO_PAIR: StepId = StepId::new("no-pair");
/// ... with nothing in either, ...
pub(super) const EMPTY_PAIR: StepId = StepId::new("empty-pair");
/// ... and without it as a form that has another media type.
pub(super) const AS_TEXT: StepId = StepId::new("without-token-as-text");
pub(super) const AS_FORM: StepId = StepId::new("without-token-as-form");

/// What each step wants. Where a write without its token is granted, the others say nothing more about it; and whether a body of another
/// media type is read at all is for the server to say. A browser sends an empty cookie only where somebody has set it.
pub(super) fn without_token(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let step = case.step_of(seen).step_id();
        let is_another_way = step.is_some_and(|step| [NO_PAIR, EMPTY_PAIR, AS_TEXT, AS_FORM].contains(&step));
        let is_of_media = step == Some(AS_TEXT) || step == Some(AS_FORM);
        let is_known = || case.beside(seen, WITHOUT).any(|(_, plain)| plain.outcome == Outcome::Granted);
        match seen.outcome {
            Outcome::Granted if is_another_way && is_known() => {}
            Outcome::Broke if is_of_media => {}
            _ if is_of_media => case.judge_as(index, Want::Denied(ANY_REFUSAL), &mut judgement),
            _ => case.judge(index, &mut judgement),
        }
    }
    let empty = case.observations_of(EMPTY_PAIR).map(|(index, _)| index).next();
    judgement.low_where(|deviation| Some(deviation.observation) == empty)
}

/// A write with the CSRF token of another user, and with the cookie that it repeats.
pub(super) const PAIR: StepId = StepId::new("pair");

/// Whoever needs the cookie of the token as well has to be able to set cookies.
pub(super) fn token_of_another(case: &ObservedCheck<'_>) -> Judgement {
    low_where_only(case, &[PAIR])
}

/// A write with the CSRF token of another session, ...
pub(super) const OF_ANOTHER: StepId = StepId::new("of-another");
/// ... and one with that of its own session.
pub(super) const OF_ITSELF: StepId = StepId::new("of-itself");

/// What each step wants, where the token of another session is refused: one that is good for others says nothing of its age.
pub(super) fn earlier_token(case: &ObservedCheck<'_>) -> Judgement {
    let of_others = || [OF_ANOTHER, PAIR].into_iter().flat_map(|id| case.observations_of(id));
    if of_others().any(|(_, seen)| seen.outcome == Outcome::Granted) {
        let why = "CSRF tokens are not bound to sessions (see session.csrf-token-bound)".to_owned();
        return Judgement { not_applicable: Some(why), ..Judgement::default() };
    }
    let mut judgement = expect::wants(case);
    for (_, seen) in of_others().filter(|(_, seen)| matches!(seen.outcome, Outcome::Unclear | Outcome::Broke)) {
        judgement.leaves_open(unclear(seen));
    }
    // the user of the login may lack a right to write
    for (_, seen) in case.observations_of(OF_ITSELF).filter(|(_, seen)| seen.outcome != Outcome::Granted) {
        judgement.leaves_open(format!("{}: not granted, so no refusal shows what became of a token", seen.description));
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::check::{Severity, find};
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn a_write_without_its_token_is_found_in_each_form_and_once() {
        use Outcome::{Broke, Granted, Refused, Unclear};
        let check = find("session.write-needs-csrf-token").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        // without the token, without its cookie, with nothing in both, as text, as a form; violations, deviations, open, whether it is low
        for (outcomes, expected) in [
            ([Refused, Refused, Refused, Refused, Refused], (0, 0, 0, true)),
            ([Granted, Granted, Granted, Granted, Granted], (1, 0, 0, false)),
            ([Refused, Granted, Refused, Refused, Refused], (1, 0, 0, false)),
            ([Refused, Refused, Granted, Refused, Refused], (1, 0, 0, true)),
            ([Refused, Granted, Granted, Refused, Refused], (2, 0, 0, false)),
            ([Refused, Refused, Refused, Granted, Granted], (2, 0, 0, false)),
            // what becomes of another media type is another matter
            ([Refused, Refused, Refused, Broke, Broke], (0, 0, 0, true)),
            ([Refused, Broke, Refused, Refused, Refused], (0, 1, 0, true)),
            ([Refused, Unclear, Refused, Refused, Refused], (0, 0, 1, true)),
            ([Refused, Refused, Refused, Unclear, Refused], (0, 0, 1, true)),
        ] {
            let mut evidence = Evidence::default();
            for (step, outcome) in (1..).zip(outcomes) {
                let status = match outcome {
                    Granted | Unclear => 201,
                    Broke => 500,
                    _ => 403,
                };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/"), Silence::Closed);
                let seen = Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome);
                evidence.observe(Observation { reproduced: outcome == Broke, ..seen });
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let is_low = found.at_most == Some(Severity::Low);
            let seen = (found.access.len(), found.protocol.len(), found.open.len(), is_low);
            assert_eq!(seen, expected, "{outcomes:?}: {:?}", found.open);
        }
    }

    #[test]
    fn an_earlier_token_is_judged_where_that_of_another_session_is_refused() {
        use Outcome::{Granted, Refused, Unclear};
        let check = find("session.csrf-token-changes-at-login").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        // of another session, with its cookie, of its own, from before the login; violations, open, not applicable
        for (outcomes, expected) in [
            ([Refused, Refused, Granted, Refused], (0, 0, false)),
            ([Refused, Refused, Granted, Granted], (1, 0, false)),
            ([Granted, Granted, Granted, Granted], (0, 0, true)),
            // a cookie that is compared with the token, whoever was given both
            ([Refused, Granted, Granted, Granted], (0, 0, true)),
            ([Unclear, Refused, Granted, Refused], (0, 1, false)),
            ([Refused, Refused, Refused, Refused], (0, 1, false)),
        ] {
            let mut evidence = Evidence::default();
            for (step, outcome) in [1, 2, 4, 5].into_iter().zip(outcomes) {
                let status = if outcome == Granted { 200 } else { 403 };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/"), Silence::Closed);
                evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
            }
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.open.len(), found.not_applicable.is_some());
            assert_eq!(seen, expected, "{outcomes:?}: {:?}", found.open);
        }
    }
}
