//! What clients may do that anybody registers for themselves (RFC 7591 §5).

use super::{GOOD_REGISTRATION, REGISTRATION, of_accepting};
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{ClientRegistration, MetadataDocument, fetch, register};
use crate::check::{Check, Doc, Severity};
use crate::observe::{Observation, Outcome, Place, StepId};

/// What their tokens open.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "register.newcomer-opens-nothing",
    title: "A client that anybody may register opens no resource that needs a scope",
    severity: Severity::High,
    sources: &["RFC 7591 §5", "RFC 6749 §3.3", "OWASP API5:2023"],
    doc: Doc {
        sends: "The metadata document, and registrations without any credential: of a client that acts for itself (`client_credentials`), with the scopes that protected resources of the scenario need (at most 4 that are read), with those of all of them and then of each one, and a good one of the authorization code grant. A client for itself that is registered asks for a token with its scopes and, where that is refused, without any; the token is used at these resources. The client is removed where the answer says how (RFC 7592).",
        matters: "Where anybody may register, whatever a client asks for is its own word: one that is given a scope for the asking makes the scope, and the resource behind it, public.",
        fix: "Register clients of the client credentials grant with an initial access token (RFC 7591 §3) or by an administrator alone, and give clients that register themselves no scope but those that are harmless.",
    },
    steps: &[
        fetch(MetadataDocument::Discovered),
        register(ClientRegistration::ForItself).id(FOR_ITSELF).called("a client that acts for itself"),
        GOOD_REGISTRATION,
    ],
    expect: opens_nothing,
    fault: "newcomers-read-orders",
    ..REGISTRATION
}];

/// The registration of a client that acts for itself, and what it does then.
const FOR_ITSELF: StepId = StepId::new("for-itself");

/// Access to a resource is a finding; a refusal on the way to it is what is wanted.
fn opens_nothing(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        let mut refused = None;
        for (index, seen) in case.observations_of(FOR_ITSELF) {
            match (seen.place, seen.outcome) {
                (Place::Resource(_), Outcome::Granted) => {
                    let text = case.about(index, "its token was granted access");
                    judgement.violates(index, text, "refused: 401 or 403");
                }
                (_, Outcome::Granted) => {}
                (Place::Resource(_), Outcome::Refused) => refused = Some("its token opens nothing"),
                (Place::Token, Outcome::Refused) if is_unauthenticated(seen) => judgement.leaves_open(format!(
                    "{}: the token endpoint does not take its secret, so nothing shows what it may do",
                    seen.description
                )),
                (Place::Token, Outcome::Refused) => refused = Some("it gets no token"),
                (_, Outcome::Refused) => refused = Some("it is not registered"),
                _ => judgement.leaves_open(unclear(seen)),
            }
        }
        match refused {
            _ if !judgement.access.is_empty() || !judgement.open.is_empty() => {}
            Some(how) => judgement.remarks.push(format!("a client that acts for itself: {how}")),
            None => {
                let asked = case.observations_of(FOR_ITSELF).any(|(_, seen)| seen.place == Place::Token);
                let why = match asked {
                    true => "the token of the client that was registered for itself cannot be sent",
                    false => "the client that was registered for itself has no secret to ask for a token with",
                };
                judgement.leaves_open(why.to_owned());
            }
        }
    })
}

/// Whether a refusal is one of how the client authenticates (RFC 6749 §5.2).
fn is_unauthenticated(seen: &Observation) -> bool {
    let error = seen.exchange.response().and_then(|answer| answer.json_text("error"));
    error.as_deref() == Some("invalid_client")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence, meaning_of_status};

    #[test]
    fn what_a_newcomer_opens_is_a_finding_and_a_refusal_on_the_way_is_none() {
        const REGISTERED: (Place, u16) = (Place::Metadata, 201);
        const ISSUED: (Place, u16) = (Place::Token, 200);
        let resource = |status| (Place::Resource(0), status);
        for (answers, expected) in [
            (&[REGISTERED, ISSUED, resource(200)][..], (1, 0, 0)),
            (&[REGISTERED, ISSUED, resource(403)], (0, 0, 1)),
            (&[REGISTERED, ISSUED, resource(403), resource(200)], (1, 0, 0)),
            (&[REGISTERED, (Place::Token, 400), ISSUED, resource(401)], (0, 0, 1)),
            (&[REGISTERED, (Place::Token, 400), (Place::Token, 400)], (0, 0, 1)),
            (&[(Place::Metadata, 400)], (0, 0, 1)),
            // nothing was shown
            (&[REGISTERED], (0, 1, 0)),
            (&[REGISTERED, ISSUED, resource(500)], (0, 1, 0)),
            (&[REGISTERED, (Place::Token, 429)], (0, 1, 0)),
        ] {
            let check = find("register.newcomer-opens-nothing").expect("is in the catalogue");
            let mut evidence = Evidence::default();
            let before = [(0, (Place::Metadata, 200)), (2, (Place::Metadata, 201))];
            let after = answers.iter().map(|answer| (1, *answer));
            for (step, (place, status)) in before.into_iter().chain(after) {
                let body = b"{\"client_id\":\"c\"}".to_vec();
                let answer = Response { status, headers: Vec::new(), body, truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/clients"), Silence::Closed);
                let exchange = Exchange { answer: Ok(answer), ..asked };
                let outcome = if status < 300 { Outcome::Granted } else { meaning_of_status(status) };
                evidence.observe(Observation { place, ..Observation::in_test(step, exchange, outcome) });
            }
            let profile = Effective::of(["strict-rfc"], "bearer");
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let counted = (found.access.len(), found.open.len(), found.remarks.len());
            assert_eq!(counted, expected, "{answers:?}: {found:?}");
        }
    }
}
