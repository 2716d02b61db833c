//! What the metadata of an issuer promise to clients of authorization codes, and whether its answers keep it.

use serde_json::Value;

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::session::authorization::{answer_parameter, is_changed};
use crate::check::step::{AuthorizationChange, MetadataDocument, SessionAct, fetch, login};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Place};

/// What holds where the scenario names the issuer of a login that ends with the use of a code.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "code.issuer-in-answers",
        title: "Answers to authorization requests name the issuer, where its metadata say so",
        level: Level::Must,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 9207 §2", "RFC 9207 §3", "RFC 9700 §2.1"],
        doc: Doc {
            sends: "The metadata document, the authorization request of the login, and the same with a response type that does not exist. The `iss` of the answers is compared with the issuer. Where neither the metadata nor the answers have it, the check does not apply.",
            matters: "A client of several servers that reads `iss` refuses answers without it; one that finds another issuer takes the answer for an attack.",
            fix: "Add `iss` to every redirect to a client, those with errors too, and set authorization_response_iss_parameter_supported to true.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::Nothing)),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::UnknownResponseType)),
        ],
        expect: names_its_issuer,
        fault: "authorization-without-issuer",
        ..PLAIN
    },
    Check {
        id: "code.challenge-methods-published",
        title: "The metadata say that challenges of authorization requests are supported",
        level: Level::Should,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9700 §2.1.1", "RFC 8414 §2"],
        doc: Doc {
            sends: "The metadata document, and the login of the scenario, whose authorization request has a code challenge. code_challenge_methods_supported is read.",
            matters: "A client that cannot see that its challenge counts must protect its users by other means, or leaves them without any.",
            fix: "List the methods in code_challenge_methods_supported (RFC 9700 §2.1.1 recommends it).",
        },
        steps: &[fetch(MetadataDocument::Discovered), login(SessionAct::LogIn("s")).granted().called("the login")],
        expect: lists_the_method,
        fault: "challenge-methods-unpublished",
        ..PLAIN
    },
];

/// The metadata document; without one nothing is said.
pub(super) fn document(case: &ObservedCheck<'_>, judgement: &mut Judgement) -> Option<(usize, Value)> {
    let documents = case.observations().filter(|(_, seen)| seen.place == Place::Metadata);
    let mut granted = documents.filter(|(_, seen)| seen.outcome == Outcome::Granted);
    let document = granted.find_map(|(index, seen)| Some((index, seen.exchange.response()?.json()?)));
    if document.is_none() {
        judgement.leaves_open("there is no metadata document".to_owned());
    }
    document
}

/// RFC 9207 §2: a server that supports it must add `iss` to all answers to the client. §3: the metadata say whether it does.
fn names_its_issuer(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some((place, document)) = document(case, &mut judgement) else { return judgement };
    let issuer = case.evidence.issuer.clone().unwrap_or_default();
    let promised = document["authorization_response_iss_parameter_supported"] == Value::Bool(true);
    let (mut leads_back, mut has_it) = (false, false);
    for (index, seen) in case.observations().filter(|(_, seen)| seen.place == Place::Login) {
        let answer = seen.exchange.response().filter(|_| is_changed(case, seen));
        let Some(answer) = answer else {
            case.judge(index, &mut judgement);
            continue;
        };
        let is_of_client = ["code", "error"].iter().any(|name| answer_parameter(answer, name).is_some());
        if seen.outcome != Outcome::Granted || !is_of_client {
            // whether errors reach the client is another matter: see code.request-errors
            continue;
        }
        leads_back = true;
        match answer_parameter(answer, "iss") {
            Some(named) => {
                has_it = true;
                if named != issuer {
                    let text = case.about(index, format_args!("the answer has the issuer {named:?}"));
                    judgement.deviates(index, text, format!("{issuer:?}"));
                }
            }
            None if promised => {
                let text = case.about(index, "the answer has no iss, which the metadata promise");
                judgement.deviates(index, text, format!("iss={issuer}"));
            }
            None => {}
        }
    }
    if !leads_back {
        judgement.leaves_open("no authorization request led back to the client".to_owned());
    }
    if has_it && !promised {
        let text =
            "the answers have iss, and authorization_response_iss_parameter_supported is not true in the metadata";
        judgement.advises(place, text, "true (RFC 9207 §3)");
    }
    if !has_it && !promised {
        let why = "neither the metadata nor the answers to authorization requests name an issuer (RFC 9207)";
        judgement.not_applicable = judgement.open.is_empty().then(|| why.to_owned());
    }
    judgement
}

/// RFC 9700 §2.1.1: publishing the methods is recommended, and another way to find them out is allowed.
fn lists_the_method(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, _) in case.observations().filter(|(_, seen)| seen.place == Place::Login) {
        case.judge(index, &mut judgement);
    }
    let Some((index, document)) = document(case, &mut judgement) else { return judgement };
    let Some(method) = case.evidence.authorization.as_ref().and_then(|asked| asked.challenge_method.as_deref()) else {
        judgement.not_applicable = Some("the authorization request of the login has no code challenge".to_owned());
        return judgement;
    };
    let listed: Vec<&str> = document["code_challenge_methods_supported"]
        .as_array()
        .map(|listed| listed.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if !listed.contains(&method) {
        let text = match listed.as_slice() {
            [] => "there is no code_challenge_methods_supported".to_owned(),
            listed => format!("code_challenge_methods_supported lists {}", listed.join(", ")),
        };
        judgement.deviates(index, text, format!("{method}, which the server takes"));
    }
    judgement
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{AuthorizationRequest, Evidence, Exchange, Observation, Request, Response, Silence};

    const ISSUER: &str = "https://as.test";

    fn observed(
        step: usize,
        (status, place): (u16, Place),
        headers: Vec<(String, Vec<u8>)>,
        body: &Value,
    ) -> Observation {
        let answer = Response { status, headers, body: body.to_string().into_bytes(), truncated: false };
        let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
        let seen = Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted);
        Observation { place, ..seen }
    }

    fn judged(id: &str, metadata: &Value, redirects: &[&str]) -> (usize, bool) {
        let check = find(id).expect("is in the catalogue");
        let authorization = AuthorizationRequest { challenge_method: Some("S256".to_owned()), ..Default::default() };
        let mut evidence =
            Evidence { issuer: Some(ISSUER.to_owned()), authorization: Some(authorization), ..Evidence::default() };
        evidence.observe(observed(0, (200, Place::Metadata), Vec::new(), metadata));
        for (at, location) in redirects.iter().enumerate() {
            let headers = vec![("Location".to_owned(), location.as_bytes().to_vec())];
            evidence.observe(observed(2 + at, (303, Place::Login), headers, &json!({})));
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let judgement = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        let open = judgement.open.len();
        assert_eq!(
            open > 0,
            check.id == "code.issuer-in-answers" && !redirects.iter().any(|to| to.contains("app.test"))
        );
        (judgement.protocol.len() + judgement.advice.len(), judgement.not_applicable.is_some())
    }

    #[test]
    fn answers_name_the_issuer_that_the_metadata_promise() {
        let promised = json!({ "authorization_response_iss_parameter_supported": true });
        let silent = json!({});
        const NAMED: &str = "https://app.test/cb?code=1&iss=https%3A%2F%2Fas.test";
        const BARE: &str = "https://app.test/cb?code=1";
        const ERROR: &str = "https://app.test/cb?error=unsupported_response_type";
        const OTHER: &str = "https://app.test/cb?code=1&iss=https%3A%2F%2Fevil.test";
        for (metadata, redirects, expected) in [
            (&promised, vec![NAMED], (0, false)),
            (&promised, vec![BARE], (1, false)),
            (&promised, vec![NAMED, ERROR], (1, false)),
            (&promised, vec![OTHER], (1, false)),
            (&silent, vec![NAMED], (1, false)),
            (&silent, vec![BARE, ERROR], (0, true)),
            // nothing is promised to a browser that stays at the server
            (&promised, vec!["https://as.test/consent"], (0, false)),
        ] {
            assert_eq!(judged("code.issuer-in-answers", metadata, &redirects), expected, "{metadata} {redirects:?}");
        }
    }

    #[test]
    fn the_method_of_the_login_is_listed() {
        for (metadata, expected) in [
            (json!({ "code_challenge_methods_supported": ["plain", "S256"] }), 0),
            (json!({ "code_challenge_methods_supported": ["plain"] }), 1),
            (json!({}), 1),
        ] {
            assert_eq!(judged("code.challenge-methods-published", &metadata, &[]), (expected, false), "{metadata}");
        }
    }
}
