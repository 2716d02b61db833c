//! Challenges that are their own verifiers (RFC 7636 §4.2), at a server whose metadata do not list that method.

use super::published::document;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{
    Accept, GrantChange, MetadataDocument, PlainMethod, SessionAct, SessionStep, Step, Want, fetch, login,
};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome, Place};

/// What holds where the scenario names the issuer of a login whose authorization request has a challenge.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "code.challenge-method-listed",
    title: "A challenge by the method plain brings no tokens where the metadata do not list it",
    severity: Severity::Low,
    tier: Tier::Extended,
    remote_safe: false,
    // RFC 7636 §4.4.1 has an error for a method that the server does not support; RFC 8414 §2 says which those are
    sources: &["ASVS 10.4.6", "RFC 8414 §2", "RFC 7636 §4.4.1", "RFC 7636 §4.3", "RFC 9700 §2.1.1"],
    doc: Doc {
        sends: "The metadata document, and the login of the scenario, whose authorization request has a `code_challenge`: with `code_challenge_method=plain`, and without a method, which means `plain` (RFC 7636 §4.3); in the request with its code, the challenge is the `code_verifier`. Where the metadata list `plain`, or no methods, the check does not apply.",
        matters: "Whoever has seen the address of an authorization request knows the verifier of a plain challenge. Where a server takes one, an attacker who can change that address makes the challenge of a client with S256 a plain one, and uses the code that he catches.",
        fix: "Answer error=invalid_request to every authorization request whose method is not S256, those without a method too (RFC 7636 §4.4.1).",
    },
    steps: &[
        fetch(MetadataDocument::Discovered),
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::ChangedGrant(GrantChange::PlainVerifier(PlainMethod::Named))),
        login(SessionAct::ChangedGrant(GrantChange::PlainVerifier(PlainMethod::Unnamed))),
    ],
    expect: listed_alone,
    fault: "plain-challenges",
    ..PLAIN
}];

/// The member of metadata with the methods (RFC 8414 §2).
const METHODS: &str = "code_challenge_methods_supported";
const PLAIN_METHOD: &str = "plain";

/// Whether an observation is of a login whose challenge is its verifier.
fn is_plain(case: &ObservedCheck<'_>, seen: &Observation) -> bool {
    let change = |step: &SessionStep| matches!(step.act, SessionAct::ChangedGrant(GrantChange::PlainVerifier(_)));
    matches!(case.step_of(seen), Step::Session(step) if change(step))
}

fn listed_alone(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some((_, document)) = document(case, &mut judgement) else { return judgement };
    let methods: Option<Vec<&str>> =
        document[METHODS].as_array().map(|all| all.iter().filter_map(|one| one.as_str()).collect());
    let why = match &methods {
        None => Some(format!("the metadata have no {METHODS} (see code.challenge-methods-published)")),
        Some(methods) if methods.contains(&PLAIN_METHOD) => Some("the metadata list the method plain".to_owned()),
        Some(_) => None,
    };
    if why.is_some() {
        judgement.not_applicable = why;
        return judgement;
    }
    let listed = methods.unwrap_or_default().join(", ");
    let mut sent = 0;
    for (index, seen) in case.observations().filter(|(_, seen)| seen.place == Place::Login) {
        if !is_plain(case, seen) {
            case.judge(index, &mut judgement);
            continue;
        }
        sent += 1;
        match seen.outcome {
            Outcome::Granted => {
                let text = case.about(index, format_args!("tokens were issued; {METHODS} lists {listed}"));
                judgement.deviates(index, text, "error=invalid_request");
            }
            _ => case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), &mut judgement),
        }
    }
    if sent == 0 {
        let why = "no request of the login has a `code_challenge` and a `code_challenge_method` that are written out, other than plain";
        judgement.not_applicable = Some(why.to_owned());
    }
    judgement
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    fn observed(step: usize, place: Place, status: u16, body: &Value) -> Observation {
        let answer = Response { status, headers: Vec::new(), body: body.to_string().into_bytes(), truncated: false };
        let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
        let asked = Exchange::unanswered(Request::new("POST", "/token"), Silence::Closed);
        Observation { place, ..Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome) }
    }

    /// Deviations, what is left open, and whether it applies.
    fn found(metadata: &Value, statuses: &[u16]) -> (usize, usize, bool) {
        let mut evidence = Evidence::default();
        evidence.observe(observed(0, Place::Metadata, 200, metadata));
        evidence.observe(observed(1, Place::Login, 200, &json!({})));
        for (at, status) in statuses.iter().enumerate() {
            evidence.observe(observed(2 + at, Place::Login, *status, &json!({})));
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = listed_alone(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
        (found.protocol.len() + found.access.len(), found.open.len(), found.not_applicable.is_none())
    }

    #[test]
    fn a_method_that_is_not_listed_is_refused() {
        let s256 = json!({ METHODS: ["S256"] });
        let both = json!({ METHODS: ["S256", "plain"] });
        for (metadata, statuses, expected) in [
            (&s256, vec![400, 400], (0, 0, true)),
            (&s256, vec![200, 400], (1, 0, true)),
            (&s256, vec![400, 200], (1, 0, true)),
            (&s256, vec![200, 200], (2, 0, true)),
            (&s256, vec![], (0, 0, false)),
            (&both, vec![200, 200], (0, 0, false)),
            (&json!({}), vec![200, 200], (0, 0, false)),
        ] {
            assert_eq!(found(metadata, &statuses), expected, "{metadata} {statuses:?}");
        }
    }
}
