//! Whether the target goes on answering, whatever it is sent.

use crate::check::judgement::silence::{ENDED, ends_a_process};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{LookedFor, On, Step, Want, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity};
use crate::observe::Outcome;

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.keeps-answering",
    title: "The target goes on answering after every request",
    severity: Severity::High,
    sources: &["CWE-400", "CWE-248", "OWASP API4:2023"],
    doc: Doc {
        sends: "The good request, after all other checks. Where the target stopped answering for a time, the requests that were in flight then are sent again one by one, if the target is owned. One that is owned and does not come back is a finding too, with the likeliest of those requests.",
        matters: "A request that ends a process or keeps it busy takes the service away from everybody, and needs no credential in most cases.",
        fix: "Find the request in the log, catch the failure where it arises, and bound what one request may use. Where a firewall blocks whoever sends such a request, let it answer 403 or 429 instead.",
    },
    // no control, and what was seen comes first: where the target is gone, that is what is looked for
    steps: &[Step::LookBack(LookedFor::Outages), send(Who::Good, On::Protected).called("the good request at the end")],
    expect: keeps_answering,
    fault: "stops-after-trace",
    ..PLAIN
}];

/// A cause is a request that stopped the target twice, the second time alone, or one without an answer after which an owned target
/// never came back. Without one, nothing is known.
fn keeps_answering(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let (back, own): (Vec<_>, Vec<_>) =
        case.observations().partition(|(_, seen)| matches!(case.step_of(seen), Step::LookBack(_)));
    for (index, seen) in own {
        match seen.outcome {
            // such as one that counts the failures of everybody
            Outcome::Refused => judgement.leaves_open(format!(
                "{}: refused: the target answers, but no longer accepts the good credential",
                seen.description
            )),
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    let caused = case.evidence.outages.iter().filter(|outage| outage.cause.is_some());
    for ((index, _), outage) in back.iter().zip(caused) {
        let lasted = outage.lasted.as_secs_f64();
        let then = match (outage.came_back, outage.suspects.len()) {
            (true, _) => ", and again when this was sent alone".to_owned(),
            (false, ..2) => " and was not back then".to_owned(),
            (false, _) => {
                let others = outage.suspects[1..].join(", or ");
                format!(" and was not back then; it may also have been {others}")
            }
        };
        let text = format_args!("the target answered none of our requests for {lasted:.1} s{then}");
        judgement.violates(*index, case.about(*index, text), "an answer, to this request and to others");
    }
    for outage in case.evidence.outages.iter().filter(|outage| outage.cause.is_none()) {
        let lasted = outage.lasted.as_secs_f64();
        let end = if outage.came_back { "then it was back" } else { "longer was not waited" };
        let which = match outage.suspects.is_empty() {
            true => "no request was on its way".to_owned(),
            false => format!("it may have been {}", outage.suspects.join(", or ")),
        };
        judgement.open.push(format!("the target answered none of our requests for {lasted:.1} s, {end}; {which}"));
    }
    judgement
}

/// Each value is refused in so many words. A closed connection may be a process that ended, a firewall, or a server that takes
/// the bytes for no request: beside refusals of other values it is a warning, of short values of printable ASCII alone.
pub(super) fn answered(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        if case.refusal_seen() && ends_a_process(seen) {
            judgement.advises(index, case.about(index, ENDED), "refused, as others are");
        } else {
            case.judge(index, &mut judgement);
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Header, Observation, Request, Response, Silence};

    fn sent(value: &[u8], answer: Result<u16, Silence>, reproduced: bool) -> Observation {
        let mut request = Request::new("GET", "/");
        request.headers.push(Header { name: "Authorization".to_owned(), value: value.to_vec(), sensitive: true });
        let outcome = if answer.is_ok() { Outcome::Refused } else { Outcome::Silent };
        let answer = answer.map(|status| Response { status, headers: Vec::new(), body: Vec::new(), truncated: false });
        let exchange = Exchange { answer, ..Exchange::unanswered(request, Silence::TimedOut) };
        Observation { reproduced, ..Observation::in_test(0, exchange, outcome) }
    }

    #[test]
    fn a_good_request_that_is_refused_at_the_end_is_answered() {
        let check = find("common.keeps-answering").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        for (outcome, answer, violations, open) in [
            (Outcome::Granted, Ok(200), 0, 0),
            (Outcome::Refused, Ok(403), 0, 1),
            (Outcome::Silent, Err(Silence::TimedOut), 0, 1),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(Observation { outcome, step: 1, ..sent(b"Bearer x", answer, false) });
            let judged = keeps_answering(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.access.len(), judged.open.len()), (violations, open), "{outcome:?}");
        }
    }

    #[test]
    fn a_connection_that_is_closed_on_plain_text_is_a_warning_beside_refusals() {
        let check = find("common.malformed-credential-never-5xx").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let judged = |observations: Vec<Observation>| {
            let mut evidence = Evidence::default();
            observations.into_iter().for_each(|observation| evidence.observe(observation));
            let case = ObservedCheck { check, evidence: &evidence, profile: &profile };
            let found = answered(&case);
            (found.advice.len(), found.open.len())
        };
        let refused = || sent(b"Bearer x", Ok(401), false);
        assert_eq!(judged(vec![refused(), sent(b"Bearer a=b", Err(Silence::Closed), true)]), (1, 0));
        assert_eq!(judged(vec![sent(b"Bearer a=b", Err(Silence::Closed), true)]), (0, 1));
        for (value, silence, reproduced) in [
            (b"Bearer a=b".to_vec(), Silence::Closed, false),
            (b"Bearer a=b".to_vec(), Silence::TimedOut, true),
            (b"Bearer a\0b".to_vec(), Silence::Closed, true),
            (vec![b'A'; 16_000], Silence::Closed, true),
        ] {
            assert_eq!(judged(vec![refused(), sent(&value, Err(silence), reproduced)]), (0, 1));
        }
    }
}
