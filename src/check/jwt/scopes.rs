//! Judgements about forged scopes, which say something only where a scope decides.

use super::judgements::remarked_but;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Step, Want};
use crate::observe::{ForgeryId, Outcome};

/// A scope of nothing.
const NO_SCOPE: ForgeryId = ForgeryId::new("scope-other");

/// Why forged scopes say nothing: a token whose scope is of nothing opens the resource as well, because rights come from elsewhere.
fn without_deciding_scope(case: &ObservedCheck<'_>) -> Option<&'static str> {
    let mut others = case.observations().filter(|(_, seen)| seen.forgery == Some(NO_SCOPE));
    others
        .any(|(_, seen)| seen.outcome == Outcome::Granted)
        .then_some("a token with another scope opens the resource as well: its scope is not what decides")
}

/// As long as it is open whether a scope decides, a token that opens the resource shows nothing of scopes.
fn leave_open_where_scope_is_unclear(case: &ObservedCheck<'_>, judgement: &mut Judgement) {
    let others = case.observations().filter(|(_, seen)| seen.forgery == Some(NO_SCOPE));
    for (index, _) in others.filter(|(_, seen)| seen.outcome != Outcome::Refused) {
        case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), judgement);
        judgement.access.clear();
    }
}

/// Scopes that look like the right ones prove something only where one that does not is refused.
pub(super) fn lookalikes(case: &ObservedCheck<'_>) -> Judgement {
    if let Some(why) = without_deciding_scope(case) {
        return Judgement { not_applicable: Some(why.to_owned()), ..Judgement::default() };
    }
    let mut judgement = expect::wants(case);
    leave_open_where_scope_is_unclear(case, &mut judgement);
    judgement
}

/// Scopes of another type widen access only where a scope of nothing is refused. Other claims are recorded either way.
pub(super) fn mistyped(case: &ObservedCheck<'_>) -> Judgement {
    let why = without_deciding_scope(case);
    let is_about_scope = |index: usize| {
        let step = case.step_of(&case.evidence.observations[index]);
        matches!(step, Step::Send(send) if matches!(send.want, Want::Denied(_)))
    };
    // a scope of nothing that is accepted is no claim of another type
    let mut judgement = remarked_but(case, Some(NO_SCOPE));
    judgement.needs_review = !judgement.remarks.is_empty();
    match why {
        None => leave_open_where_scope_is_unclear(case, &mut judgement),
        Some(why) => {
            judgement.access.retain(|deviation| !is_about_scope(deviation.observation));
            let nothing_else = judgement.open.is_empty()
                && judgement.remarks.is_empty()
                && [&judgement.access, &judgement.protocol, &judgement.advice].iter().all(|found| found.is_empty());
            if nothing_else {
                judgement.not_applicable = Some(why.to_owned());
            } else {
                judgement.remarks.insert(0, why.to_owned());
            }
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::step::{Send, Who};

    #[test]
    fn a_scope_of_another_type_widens_nothing_where_no_scope_decides() {
        use crate::check::profile::Effective;
        use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};
        let check = crate::check::find("jwt.claim-type-confusion-safe").expect("is there");
        let profile = Effective::of(["api-key-403"], "jwt");
        let step_of = |forgery: &str| {
            let sends = |step: &Step| match step {
                Step::Send(Send { who: Who::EachForged(ids), .. }) => ids.iter().any(|id| id.as_str() == forgery),
                _ => false,
            };
            check.steps.iter().position(sends).expect("is sent")
        };
        use Outcome::{Broke, Granted, Refused, Unclear};
        // the scope of nothing, none, and a subject that is an object; then violations, deviations, remarks, and whether it applies
        for (other, absent, subject, expected) in [
            (Refused, Granted, Refused, (1, 0, 0, true)),
            (Refused, Refused, Granted, (0, 0, 1, true)),
            (Granted, Granted, Refused, (0, 0, 0, false)),
            // what opens the resource by the role of its user: a subject of another type is recorded as well
            (Granted, Granted, Granted, (0, 0, 2, true)),
            (Granted, Granted, Broke, (0, 1, 1, true)),
            // as long as that is open, nothing is found
            (Unclear, Granted, Refused, (0, 0, 0, true)),
        ] {
            let mut evidence = Evidence::default();
            for (forgery, outcome) in [("scope-other", other), ("scope-absent", absent), ("sub-object", subject)] {
                let status = match outcome {
                    Granted => 200,
                    Broke => 500,
                    Unclear => 302,
                    _ => 403,
                };
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
                let exchange = Exchange { answer: Ok(answer), ..asked };
                let seen = Observation::in_test(step_of(forgery), exchange, outcome);
                let (forgery, description) = (Some(ForgeryId::new(forgery)), crate::observe::Description::new(forgery));
                evidence.observe(Observation { forgery, description, reproduced: true, ..seen });
            }
            let found = mistyped(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let counts =
                (found.access.len(), found.protocol.len(), found.remarks.len(), found.not_applicable.is_none());
            assert_eq!(counts, expected, "{other:?} {absent:?} {subject:?}: {found:?}");
            assert_eq!(!found.open.is_empty(), other == Unclear, "{found:?}");
        }
    }
}
