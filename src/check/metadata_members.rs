//! Judgements about metadata documents.

use serde_json::Value;

use super::judgement::{Case, Judgement};
use crate::observe::Outcome;

/// The document itself, or a deviation that says what came instead.
fn documents<'a>(case: &Case<'a>, judgement: &mut Judgement) -> Vec<(usize, Value)> {
    let mut documents = Vec::new();
    for (index, observation) in case.observations() {
        match (observation.outcome, observation.exchange.response()) {
            (Outcome::Accepted, Some(response)) => documents.extend(response.json().map(|json| (index, json))),
            (Outcome::Rejected, Some(response)) => {
                judgement.deviates(
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
pub(super) fn issuer_identical(case: &Case<'_>) -> Judgement {
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
pub(super) fn no_alg_none(case: &Case<'_>) -> Judgement {
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
