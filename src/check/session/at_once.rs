//! Uses of what serves once, at the same time: refresh tokens and authorization codes.

use super::judgements::although_bound;
use crate::check::judgement::{Judgement, ObservedCheck, expect, unclear};
use crate::observe::{Outcome, StepId};

/// A refresh, or the use of a code, that is sent several times at once.
pub(super) const AT_ONCE: StepId = StepId::new("at-once");

/// What several uses at the same time should bring.
pub(super) const ONE_GRANTED: &str = "one granted, the others refused";

/// No more than one of several uses of a refresh token at the same time is granted, unless an overlap is tolerated.
pub(super) fn at_once(case: &ObservedCheck<'_>) -> Judgement {
    let overlap = case.evidence.rotation_overlap;
    let judgement = used_at_once(case, "refresh token", |judgement, second, text| match overlap.is_zero() {
        true => judgement.deviates(second, text, ONE_GRANTED),
        false => {
            let text =
                format!("{text}, within the overlap of {} ms that `rotation_delay` tolerates", overlap.as_millis());
            judgement.not_applicable.get_or_insert(text);
        }
    });
    although_bound(case, judgement)
}

/// What several uses at the same time amount to, where more than one is granted by what is said of the second one.
pub(super) fn used_at_once(
    case: &ObservedCheck<'_>,
    what: &str,
    more_than_one: impl Fn(&mut Judgement, usize, String),
) -> Judgement {
    let mut judgement = expect::wants(case);
    let sent = case.observations_of(AT_ONCE).count();
    let granted: Vec<usize> = case
        .observations_of(AT_ONCE)
        .filter(|(_, seen)| seen.outcome == Outcome::Granted)
        .map(|(index, _)| index)
        .collect();
    let text = format!("{} of {sent} uses of one {what} at the same time were granted", granted.len());
    for (_, seen) in case.observations_of(AT_ONCE).filter(|(_, seen)| seen.outcome == Outcome::Unclear) {
        judgement.leaves_open(unclear(seen));
    }
    // one may have broken by chance, as it cannot be sent again alone
    let broken: Vec<_> = case.observations_of(AT_ONCE).filter(|(_, seen)| seen.outcome == Outcome::Broke).collect();
    match broken.as_slice() {
        [] => {}
        [(_, seen)] => {
            let status = seen.exchange.status().unwrap_or_default();
            judgement.leaves_open(format!("one of {sent} uses at the same time was answered with {status}"));
        }
        [(index, seen), ..] => {
            let status = seen.exchange.status().unwrap_or_default();
            let text = format!("{} of {sent} uses at the same time were answered with {status}", broken.len());
            judgement.deviates(*index, text, ONE_GRANTED);
        }
    }
    match granted.as_slice() {
        [] => judgement.remarks.push(text),
        [_] => {}
        [_, second, ..] => more_than_one(&mut judgement, *second, text),
    }
    judgement
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn a_server_that_breaks_on_uses_at_the_same_time_refuses_none_of_them() {
        let check = find("refresh.concurrent-use").expect("is in the catalogue");
        let step = check.steps.iter().position(|step| step.step_id() == Some(AT_ONCE)).expect("is there");
        let profile = Effective::of(["api-key-403"], "bearer");
        let tolerated = Duration::from_secs(2);
        for (statuses, overlap, expected) in [
            ([200, 400, 400], tolerated, (0, 0, true)),
            ([200, 400, 500], Duration::ZERO, (0, 1, true)),
            ([200, 500, 500], Duration::ZERO, (1, 0, true)),
            ([200, 200, 500], Duration::ZERO, (1, 1, true)),
            ([200, 200, 400], Duration::ZERO, (1, 0, true)),
            ([200, 200, 400], tolerated, (0, 0, false)),
        ] {
            let mut evidence = Evidence { rotation_overlap: overlap, ..Evidence::default() };
            for status in statuses {
                let outcome = match status {
                    200 => Outcome::Granted,
                    400 => Outcome::Refused,
                    _ => Outcome::Broke,
                };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/"), Silence::Closed);
                evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
            }
            let found = at_once(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let applies = found.not_applicable.is_none();
            assert_eq!((found.protocol.len(), found.open.len(), applies), expected, "{statuses:?} {overlap:?}");
        }
    }
}
