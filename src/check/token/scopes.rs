//! Whether the token endpoint gives a client what another client holds (RFC 6749 §3.3).

use crate::check::judgement::expect;
use crate::check::judgement::oauth;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Fill, FormAuth, INSUFFICIENT, INVALID, On, Who, send, token};
use crate::check::{Check, Doc, Explanation, Level, REFUSAL, Severity};
use crate::observe::{Observation, Outcome, Place, StepId};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "token.lacked-scope-opens-nothing",
    title: "A client that asks for the scope of another gets nothing that opens with it",
    level: Level::Must,
    severity: Severity::Critical,
    sources: &["RFC 6749 §3.3", "RFC 6749 §5.1", "ASVS 10.4.11"],
    doc: Doc {
        sends: "A request of the client with fewer scopes for one that it lacks, alone and behind its own scopes; a \
                token that comes back is used where that scope is needed.",
        matters: "A server that copies the requested scope into the token makes every client as mighty as the mightiest.",
        fix: "Intersect the requested scope with what the client is registered for, and state the scope that was granted.",
    },
    steps: &[
        // before anything else is written there: of two equal writes the second one may be refused, or break
        send(Who::LowScope, On::Scoped).id(WITHOUT).called("its good credential, which lacks the scope").if_given(),
        token(FormAuth::LowScope, &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::NeededScope)])
            .keep("t")
            .called("a client asks for a scope that it lacks"),
        send(Who::IfKept("t"), On::Scoped).denied(&[INSUFFICIENT, INVALID]).called("the token that it got"),
        token(
            FormAuth::LowScope,
            &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::LowAndNeededScope)],
        )
        .keep("u")
        .called("a client asks for its own scopes and for one that it lacks")
        .if_given(),
        send(Who::IfKept("u"), On::Scoped)
            .denied(&[INSUFFICIENT, INVALID])
            .called("the token that it got for its own scopes and another one"),
    ],
    expect: opens_nothing,
    shows: Explanation::Scope,
    implied_by: &["token.scope-not-escalated"],
    fault: "grants-lacked-scope",
    ..REFUSAL
}];

/// What its credential opens without the scope.
const WITHOUT: StepId = StepId::new("without");
/// Why a token shows nothing where the scope is needed.
const OPEN_WITHOUT: &str =
    "the client opens the resource without the scope as well: what its token has shows nothing there";

fn opens_nothing(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let escalated = oauth::scope_not_escalated(case);
    let is_used = |seen: &Observation| case.step_of(seen).step_id().is_none() && seen.place != Place::Token;
    match case.observations_of(WITHOUT).last().map(|(_, seen)| seen).filter(|seen| seen.outcome != Outcome::Refused) {
        // that a scope is not looked at is for other checks to say, and what the same write does a second time is for none
        Some(without) if without.outcome == Outcome::Granted && case.observations().any(|(_, seen)| is_used(seen)) => {
            judgement = Judgement { open: vec![OPEN_WITHOUT.to_owned()], ..Judgement::default() };
        }
        Some(without) if !judgement.access.is_empty() => {
            judgement.access.clear();
            judgement.leaves_open(unclear(without));
        }
        _ => {}
    }
    // what a token opens is a fault of who issued it
    for found in &mut judgement.access {
        let before = case.observations().take_while(|(index, _)| *index < found.observation);
        let is_issued = |seen: &Observation| seen.place == Place::Token && seen.outcome == Outcome::Granted;
        if let Some((by, _)) = before.filter(|(_, seen)| is_issued(seen)).last() {
            let request = &case.evidence.observations[found.observation].exchange.request;
            let target = String::from_utf8_lossy(&request.target);
            let path = target.split('?').next().unwrap_or_default();
            let text = case.about(by, format_args!("its token opens {} {path}", request.method));
            found.move_to(by, text, "a refusal, or a token without the scope");
        }
    }
    judgement.and(escalated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::check::step::Step;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    #[test]
    fn what_a_token_opens_is_shown_by_the_request_that_it_came_from() {
        let check = &CHECKS[0];
        let profile = Effective::of(["api-key-403"], "oauth2-client-credentials");
        let mut evidence = Evidence::default();
        for (step, method, target, place) in
            [(1, "POST", "/token", Place::Token), (2, "GET", "/orders?page=1", Place::Resource(0))]
        {
            let body = br#"{"access_token":"t","scope":"read"}"#.to_vec();
            let answer = Response { status: 200, headers: Vec::new(), body, truncated: false };
            let asked = Exchange::unanswered(Request::new(method, target), Silence::Closed);
            let seen = Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted);
            evidence.observe(Observation { place, ..seen });
        }
        let found = opens_nothing(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        let shown: Vec<_> = found.access.iter().map(|one| (one.observation, one.text.as_str())).collect();
        assert_eq!(shown, [(0, "a probe: its token opens GET /orders")]);
    }

    #[test]
    fn a_token_shows_nothing_where_its_client_needs_no_scope() {
        let check = &CHECKS[0];
        let profile = Effective::of(["api-key-403"], "oauth2-client-credentials");
        let used = check.steps.iter().position(|step| matches!(step, Step::Send(send) if send.id.is_none()));
        let without = check.steps.iter().position(|step| step.step_id() == Some(WITHOUT));
        for ((status, outcome), expected) in [
            ((403, Outcome::Refused), (1, 0)),
            ((200, Outcome::Granted), (0, 1)),
            // that of the second of two equal writes says nothing of the scope
            ((500, Outcome::Broke), (0, 1)),
        ] {
            let mut evidence = Evidence::default();
            for (step, status, outcome) in [(used, 200, Outcome::Granted), (without, status, outcome)] {
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("GET", "/orders"), Silence::Closed);
                let exchange = Exchange { answer: Ok(answer), ..asked };
                evidence.observe(Observation::in_test(step.expect("is there"), exchange, outcome));
            }
            let found = opens_nothing(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.open.len()), expected, "{status}: {found:?}");
        }
    }
}
