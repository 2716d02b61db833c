//! Whether the target goes on answering, whatever it is sent.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{LookedFor, On, Step, Who, send};
use crate::check::{Check, Doc, PLAIN, Severity};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.keeps-answering",
    title: "The target goes on answering after every request",
    severity: Severity::High,
    sources: &["CWE-400", "CWE-248", "OWASP API4:2023"],
    doc: Doc {
        sends: "The good request, after all other checks. Where the target stopped answering for a time, the requests that were in flight then are sent again one by one, if the target is owned.",
        matters: "A request that ends a process or keeps it busy takes the service away from everybody, and needs no credential in most cases.",
        fix: "Find the request in the log, catch the failure where it arises, and bound what one request may use. Where a firewall blocks whoever sends such a request, let it answer 403 or 429 instead.",
    },
    steps: &[send(Who::Good, On::Protected).granted(), Step::LookBack(LookedFor::Outages)],
    expect: keeps_answering,
    fault: "stops-after-trace",
    ..PLAIN
}];

/// A cause is a request that stopped the target twice, the second time alone. Without one, nothing is known.
fn keeps_answering(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let (back, own): (Vec<_>, Vec<_>) =
        case.observations().partition(|(_, seen)| matches!(case.step_of(seen), Step::LookBack(_)));
    own.iter().for_each(|(index, _)| case.judge(*index, &mut judgement));
    let caused = case.evidence.outages.iter().filter(|outage| outage.cause.is_some());
    for ((index, _), outage) in back.iter().zip(caused) {
        let lasted = outage.lasted.as_secs_f64();
        let text = format_args!(
            "the target answered none of our requests for {lasted:.1} s, and again when this was sent alone"
        );
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
