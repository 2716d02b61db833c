//! Judgements about metadata documents.

use serde_json::Value;

use crate::check::Explanation;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::metadata::{ANONYMOUS, APPENDED, OPENID, WELL_KNOWN};
use crate::observe::{Outcome, Place};

/// The document itself, or a deviation that says what came instead.
fn documents<'a>(case: &ObservedCheck<'a>, judgement: &mut Judgement) -> Vec<(usize, Value)> {
    let mut documents = Vec::new();
    for (index, observation) in case.observations().filter(|(_, seen)| seen.place == Place::Metadata) {
        match (observation.outcome, observation.exchange.response()) {
            (Outcome::Granted, Some(response)) => documents.extend(response.json().map(|json| (index, json))),
            (Outcome::Refused, Some(response)) => {
                judgement.deviates_by(
                    Explanation::DocumentAbsent,
                    index,
                    format!("the document is answered with {}", response.status),
                    "200 with a JSON object",
                );
            }
            _ => case.judge(index, judgement),
        }
    }
    documents
}

/// RFC 8414 §3.3: identical, code point by code point.
pub(crate) fn issuer_identical(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let configured = case.evidence.issuer.clone().unwrap_or_default();
    for (index, document) in documents(case, &mut judgement) {
        match document.get("issuer").and_then(Value::as_str) {
            Some(issuer) if issuer == configured => {}
            Some(issuer) => judgement.deviates(index, format!("the issuer is {issuer:?}"), format!("{configured:?}")),
            None => judgement.deviates(index, "there is no issuer", format!("{configured:?}")),
        }
    }
    judgement
}

/// RFC 8414 §2: `none` must not be used for client authentication; RFC 9449 §5.1: DPoP keys are asymmetric.
pub(crate) fn no_alg_none(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, document) in documents(case, &mut judgement) {
        let Some(members) = document.as_object() else { continue };
        if !["issuer", "token_endpoint"].iter().any(|member| members.contains_key(*member)) {
            judgement.open.push("the document is no metadata: it names neither an issuer nor an endpoint".to_owned());
        }
        for (name, value) in members {
            let algorithms: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let bad = |name: &str, algorithm: &str| match name {
                "dpop_signing_alg_values_supported" => algorithm == "none" || algorithm.starts_with("HS"),
                name => name.ends_with("_endpoint_auth_signing_alg_values_supported") && algorithm == "none",
            };
            for algorithm in algorithms.into_iter().filter(|algorithm| bad(name, algorithm)) {
                judgement.deviates(index, format!("{name} offers {algorithm}"), "signatures only");
            }
        }
    }
    judgement
}

/// RFC 8414 §2: the members that are required, and none without a value (§3.2).
pub(crate) fn complete(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    // OpenID Connect Discovery 1.0 §4 is the second place where clients look, and RFC 8414 obliges nobody to serve the first
    let served = |step| case.observations_of(step).any(|(_, seen)| seen.outcome == Outcome::Granted);
    let place = if !served(WELL_KNOWN) && served(OPENID) { OPENID } else { WELL_KNOWN };
    for (index, observation) in case.observations_of(place) {
        let Some(response) = observation.exchange.response() else {
            case.judge(index, &mut judgement);
            continue;
        };
        if observation.outcome != Outcome::Granted {
            let appended = case.answers_of(APPENDED).any(|(_, other)| other.status == 200);
            let elsewhere = if appended { "; it is served behind the issuer's path" } else { "" };
            let text = format!("the document is answered with {}{elsewhere}", response.status);
            judgement.deviates_by(Explanation::DocumentAbsent, index, text, "200 with a JSON object (RFC 8414 §3.1)");
            continue;
        }
        expect::media_type_is(&mut judgement, index, response, "application/json");
        let document = response.json().unwrap_or_default();
        // required by RFC 8414 §2 and left out when empty by §3.2: a server without response types cannot do both
        let has_no_types = document.get("authorization_endpoint").is_none();
        for member in ["issuer", "response_types_supported", "token_endpoint"] {
            if document.get(member).is_none() && !(has_no_types && member == "response_types_supported") {
                judgement.deviates(index, format!("there is no {member}"), "the members of RFC 8414 §2");
            }
        }
        for (name, value) in document.as_object().into_iter().flatten() {
            if !value.as_array().is_some_and(Vec::is_empty) {
                continue;
            }
            if !(has_no_types && name == "response_types_supported") {
                judgement.deviates(index, format!("{name} is an empty list"), "no member without a value");
            }
        }
    }
    judgement
}

/// RFC 9728 §3.3: `resource` is the identifier that the well-known address was made from.
pub(crate) fn protected_resource(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let identifier = case.evidence.resource_identifier.clone().unwrap_or_default();
    let mut address = String::new();
    for (index, document) in documents(case, &mut judgement) {
        let request = &case.evidence.observations[index].exchange.request;
        address = String::from_utf8_lossy(&request.target).into_owned();
        match document.get("resource").and_then(Value::as_str) {
            Some(resource) if resource == identifier => {}
            Some(other) => judgement.deviates(index, format!("resource is {other:?}"), format!("{identifier:?}")),
            None => judgement.deviates(index, "there is no resource", format!("{identifier:?}")),
        }
        let secure = identifier.starts_with("https:");
        for issuer in document.get("authorization_servers").and_then(Value::as_array).into_iter().flatten() {
            let url = issuer.as_str().and_then(|issuer| url::Url::parse(issuer).ok());
            if !url.is_some_and(|url| url.scheme() == "https" || !secure) {
                judgement.deviates(index, format!("{issuer} is no issuer"), "https addresses (RFC 8414 §2)");
            }
        }
    }
    for (index, _) in case.observations_of(ANONYMOUS) {
        case.judge(index, &mut judgement);
    }
    for (index, response) in case.answers_of(ANONYMOUS) {
        let challenges = crate::check::judgement::challenges::of(response);
        let named = challenges.iter().find_map(|challenge| challenge.param("resource_metadata"));
        let path = |url: &str| url::Url::parse(url).ok().map(|url| url.path().to_owned());
        if named.is_some_and(|named| !address.is_empty() && path(named).as_deref() != Some(&address)) {
            judgement.deviates(index, "resource_metadata points to another document", address.clone());
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    #[test]
    fn a_server_without_an_authorization_endpoint_has_no_response_types() {
        let check = find("meta.as-document").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "oauth2-client-credentials");
        let step = check.steps.iter().position(|step| step.step_id() == Some(WELL_KNOWN)).expect("is there");
        let of = |more: &str| format!(r#"{{"issuer":"https://a.test","token_endpoint":"https://a.test/t"{more}}}"#);
        let endpoint = r#","authorization_endpoint":"https://a.test/a""#;
        for (body, expected) in [
            (of(""), 0),
            (of(r#","response_types_supported":[]"#), 0),
            (of(endpoint), 1),
            (of(&format!(r#"{endpoint},"response_types_supported":[]"#)), 1),
            (of(&format!(r#"{endpoint},"response_types_supported":["code"]"#)), 0),
            (of(r#","grant_types_supported":[]"#), 1),
        ] {
            let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
            let answer = Response { status: 200, headers, body: body.clone().into(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/.well-known/x"), Silence::Closed);
            let mut evidence = Evidence::default();
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted));
            let found = complete(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.protocol.len(), found.advice.len()), (expected, 0), "{body}");
        }
    }
}
