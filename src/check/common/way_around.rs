//! Ways around a limit of guesses: what takes a guess out of the count.

use super::throttling::{guesses, is_throttled};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{SessionAct, Step};
use crate::observe::{Observation, Outcome, StepId};

/// A guess that names another source, ...
pub(super) const ELSEWHERE: StepId = StepId::new("elsewhere");
/// ... and one as before, after that or after another spelling.
pub(super) const AGAIN: StepId = StepId::new("again");

/// What is said of headers that a server may believe from its own host alone.
pub(super) const FROM_HERE: &str =
    "; the target is on the host that this was sent from, and may believe headers from there alone";

/// Guesses that are throttled go on with another spelling of a user-id that is the same user's, or with a header that names another
/// source.
pub(super) fn gone_around(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    let evaluated: Vec<_> = guesses(case).iter().filter_map(|(_, seen)| answered(seen)).collect();
    for (index, seen) in case.observations() {
        let step = case.step_of(seen);
        let is_elsewhere = step.step_id() == Some(ELSEWHERE);
        if is_elsewhere && seen.outcome == Outcome::Granted {
            judgement.violates(index, case.about(index, "access was granted"), "refused");
        }
        let is_spelled = matches!(step, Step::Session(session) if matches!(session.act, SessionAct::GuessSpelled(_)));
        if !(is_elsewhere || is_spelled) || answered(seen).is_none_or(|status| !evaluated.contains(&status)) {
            continue;
        }
        // before that, time may have passed: the next guess as before is still held up
        let next = case.observations().find(|(again, seen)| *again > index && is_as_before(case.step_of(seen)));
        if !next.is_some_and(|(_, again)| is_throttled(again)) {
            continue;
        }
        let text = "answered as the first guesses were, while others are answered 429";
        let expected = match is_elsewhere {
            true => "429, whatever the request says of where it comes from",
            false => "429, in whichever way the user-id is spelled",
        };
        match is_elsewhere && case.evidence.target_is_here {
            true => judgement.advises(index, case.about(index, format_args!("{text}{FROM_HERE}")), expected),
            false => judgement.deviates(index, case.about(index, text), expected),
        }
    }
}

/// Whether a guess is sent as those before the limit, after one that is not.
fn is_as_before(step: &Step) -> bool {
    step.step_id() == Some(AGAIN) || matches!(step, Step::Session(session) if session.act == SessionAct::GuessOnceMore)
}

/// The status of a guess that was evaluated, and was wrong.
fn answered(seen: &Observation) -> Option<u16> {
    seen.exchange.status().filter(|_| seen.outcome == Outcome::Refused && !is_throttled(seen))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::common::throttling::tests::sent;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::Evidence;

    #[test]
    fn another_spelling_of_the_user_id_is_no_way_around_the_limit() {
        let check = find("login.guessing-throttled").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        // guesses before the limit, at the limit, in the other spelling, and once more as before
        for (guesses, spelled, again, found) in [
            ([401, 429], Some(401), Some(429), 1),
            ([401, 429], Some(429), Some(429), 0),
            // it may be over by then, or what is answered is no failure of a login
            ([401, 429], Some(401), Some(401), 0),
            ([401, 429], Some(401), None, 0),
            ([401, 429], Some(403), Some(429), 0),
            ([401, 429], Some(200), Some(429), 0),
            ([401, 429], None, None, 0),
        ] {
            let mut evidence = Evidence::default();
            let mut see = |step, status| evidence.observe(sent(step, "Basic x", status, Duration::ZERO));
            see(0, 200);
            see(1, 200);
            guesses.into_iter().for_each(|status| see(4, status));
            spelled.into_iter().for_each(|status| see(8, status));
            again.into_iter().for_each(|status| see(10, status));
            let judged = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(judged.protocol.len(), found, "{guesses:?} {spelled:?} {again:?}: {judged:?}");
        }
    }

    #[test]
    fn a_header_that_names_another_source_is_no_way_around_the_limit() {
        let check = find("login.guessing-throttled").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let last = check.steps.len() - 1;
        assert_eq!(check.steps[last].step_id(), Some(AGAIN));
        // the guess from elsewhere, the one after it, and whether the target is on this host; failures, and warnings
        for (elsewhere, again, here, found) in [
            (401, 429, false, (1, 0)),
            (401, 429, true, (0, 1)),
            (429, 429, false, (0, 0)),
            (401, 401, false, (0, 0)),
            (400, 429, false, (0, 0)),
        ] {
            let mut evidence = Evidence { target_is_here: here, ..Evidence::default() };
            for (step, status) in [(0, 200), (4, 401), (4, 429), (of(ELSEWHERE), elsewhere), (last, again)] {
                evidence.observe(sent(step, "Basic x", status, Duration::ZERO));
            }
            let judged = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.protocol.len(), judged.advice.len()), found, "{elsewhere} {again} {here}: {judged:?}");
        }
    }

    #[test]
    fn at_resources_the_same_counts_for_what_can_be_guessed() {
        let check = find("common.failed-auth-throttled").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "basic");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let (short, long) = ("Basic YWxpY2U6cGFzcw==", "Bearer 3f2a9c1e77aa90bd11e20f31");
        // what is guessed, the guess from elsewhere, the one after it, and whether the target is on this host; access granted,
        // failures, warnings and remarks (one is about the limit itself)
        for (field, elsewhere, again, here, found) in [
            (short, 401, 429, false, (0, 1, 0, 1)),
            (short, 401, 429, true, (0, 0, 1, 1)),
            (short, 429, 429, false, (0, 0, 0, 1)),
            (short, 401, 401, false, (0, 0, 0, 1)),
            (long, 401, 429, false, (0, 0, 0, 2)),
            (long, 401, 429, true, (0, 0, 0, 2)),
            (long, 200, 429, true, (1, 0, 0, 1)),
        ] {
            let mut evidence = Evidence { target_is_here: here, ..Evidence::default() };
            for (step, status) in [(0, 200), (1, 401), (1, 429), (of(ELSEWHERE), elsewhere), (of(AGAIN), again)] {
                evidence.observe(sent(step, field, status, Duration::ZERO));
            }
            let judged = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let counted = (judged.access.len(), judged.protocol.len(), judged.advice.len(), judged.remarks.len());
            assert_eq!(counted, found, "{field} {elsewhere} {again} {here}: {judged:?}");
        }
    }
}
