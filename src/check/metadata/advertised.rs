//! Judgements about what metadata say that works, against what works (RFC 8414 §2).

use serde_json::Value;

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::metadata::{BY_BASIC, BY_CLIENT_CREDENTIALS, BY_PASSWORD, BY_POST};
use crate::observe::{Outcome, Place};

/// Client authentication at the token endpoint: without the member, `client_secret_basic` is what works.
pub(crate) fn at_token(case: &ObservedCheck<'_>) -> Judgement {
    methods(case, "token_endpoint_auth_methods_supported", Some("client_secret_basic"))
}

/// The same at the introspection endpoint: without the member, it is said elsewhere.
pub(crate) fn at_introspection(case: &ObservedCheck<'_>) -> Judgement {
    methods(case, "introspection_endpoint_auth_methods_supported", None)
}

/// The same at the revocation endpoint, with the default of the token endpoint.
pub(crate) fn at_revocation(case: &ObservedCheck<'_>) -> Judgement {
    methods(case, "revocation_endpoint_auth_methods_supported", Some("client_secret_basic"))
}

fn document(case: &ObservedCheck<'_>, judgement: &mut Judgement) -> Option<Value> {
    let document = case.observations().find_map(|(_, seen)| {
        (seen.place == Place::Metadata && seen.outcome == Outcome::Granted).then(|| seen.exchange.response()?.json())?
    });
    if document.is_none() {
        judgement.open.push("there is no metadata document".to_owned());
    }
    document
}

/// The values of a member that is a list; none without the member.
fn listed(document: &Value, member: &str) -> Option<Vec<String>> {
    let values = document.get(member)?.as_array()?;
    Some(values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
}

fn methods(case: &ObservedCheck<'_>, member: &str, without: Option<&str>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(document) = document(case, &mut judgement) else { return judgement };
    let listed = match (listed(&document, member), without) {
        (Some(listed), _) => listed,
        (None, Some(default)) => vec![default.to_owned()],
        (None, None) => {
            judgement.not_applicable = Some(format!("the metadata have no {member}"));
            return judgement;
        }
    };
    let tried = [(BY_BASIC, "client_secret_basic"), (BY_POST, "client_secret_post")];
    let tried = tried.into_iter().flat_map(|(step, method)| case.observations_of(step).map(move |seen| (method, seen)));
    for (method, (index, observation)) in tried {
        let is_listed = listed.iter().any(|listed| listed == method);
        match (observation.outcome, is_listed) {
            (Outcome::Granted, false) => {
                judgement.deviates(index, format!("{method} works and is not advertised"), "the methods that work");
            }
            // the client may be registered for another method
            (Outcome::Refused, true) => {
                judgement.remarks.push(format!(
                    "{method} is advertised, and the client was refused with it: look whether any client can use it"
                ));
                judgement.needs_review = true;
            }
            (Outcome::Broke | Outcome::Silent, _) => case.judge(index, &mut judgement),
            _ => {}
        }
    }
    judgement
}

/// Grants that work against those that are listed. Without the member the server says nothing of grants that RFC 8414 §2
/// does not name as its default.
pub(crate) fn grants(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(document) = document(case, &mut judgement) else { return judgement };
    // RFC 8414 §2: what is meant where there is no list
    let assumed = || ["authorization_code", "implicit"].map(str::to_owned).to_vec();
    let (listed, of_default) = match listed(&document, "grant_types_supported") {
        Some(listed) => (listed, ""),
        None => (assumed(), " (no grant_types_supported means authorization_code and implicit)"),
    };
    for (step, grant) in [(BY_CLIENT_CREDENTIALS, "client_credentials"), (BY_PASSWORD, "password")] {
        for (index, seen) in case.observations_of(step) {
            let error = seen.exchange.response().and_then(|response| response.json_text("error"));
            // RFC 6749 §5.2: whoever reads the user's credentials has the grant
            let works = seen.outcome == Outcome::Granted || error.as_deref() == Some("invalid_grant");
            match (works, listed.iter().any(|listed| listed == grant)) {
                (true, false) => {
                    let what = match seen.outcome {
                        Outcome::Granted => "works",
                        _ => "is refused for its user alone (invalid_grant)",
                    };
                    let text = format!("the grant {grant} {what} and is not advertised{of_default}");
                    judgement.deviates(index, text, "all grants");
                }
                (false, true) if error.as_deref() == Some("unsupported_grant_type") => {
                    judgement.deviates(
                        index,
                        format!("the grant {grant} is advertised and not supported"),
                        "all grants",
                    );
                }
                _ if matches!(seen.outcome, Outcome::Broke | Outcome::Silent) => case.judge(index, &mut judgement),
                _ => {}
            }
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

    fn answered(step: usize, place: Place, (status, body): (u16, &str)) -> Observation {
        let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("POST", "/"), Silence::Closed);
        let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
        Observation { place, ..Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome) }
    }

    #[test]
    fn a_method_that_is_advertised_and_refused_is_for_a_person_to_look_at() {
        let check = find("meta.auth-methods-truthful").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let both = r#"{"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]}"#;
        // by Basic and in the body; what deviates, remarks, whether they are the result
        for (document, by_basic, in_body, expected) in [
            (both, 200, 200, (0, 0, false)),
            (both, 200, 401, (0, 1, true)),
            (both, 401, 401, (0, 2, true)),
            ("{}", 200, 401, (0, 0, false)),
            ("{}", 200, 200, (1, 0, false)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(answered(0, Place::Metadata, (200, document)));
            evidence.observe(answered(1, Place::Token, (by_basic, "{}")));
            evidence.observe(answered(2, Place::Token, (in_body, "{}")));
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.protocol.len(), found.remarks.len(), found.needs_review);
            assert_eq!(seen, expected, "{document} {by_basic} {in_body}");
        }
    }
}
