//! Whether the token endpoint gives a client what another client holds (RFC 6749 §3.3).

use crate::check::judgement::expect;
use crate::check::judgement::oauth;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Fill, FormAuth, INSUFFICIENT, INVALID, On, Who, send, token};
use crate::check::{Check, Doc, Explanation, Level, REFUSAL, Severity};
use crate::observe::{Outcome, StepId};

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
        send(Who::LowScope, On::Scoped).id(WITHOUT).called("its good credential, which lacks the scope").if_given(),
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
    // that a scope is not looked at is for other checks to say
    if case.observations_of(WITHOUT).any(|(_, seen)| seen.outcome == Outcome::Granted) && !judgement.access.is_empty() {
        judgement.access.clear();
        judgement.open.push(OPEN_WITHOUT.to_owned());
    }
    judgement.and(oauth::scope_not_escalated(case))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::check::step::Step;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn a_token_shows_nothing_where_its_client_needs_no_scope() {
        let check = &CHECKS[0];
        let profile = Effective::of(["api-key-403"], "oauth2-client-credentials");
        let used = check.steps.iter().position(|step| matches!(step, Step::Send(send) if send.id.is_none()));
        let without = check.steps.iter().position(|step| step.step_id() == Some(WITHOUT));
        for ((status, outcome), expected) in [((403, Outcome::Refused), (1, 0)), ((200, Outcome::Granted), (0, 1))] {
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
