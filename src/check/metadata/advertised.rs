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
            (Outcome::Refused, true) => judgement.remarks.push(format!("{method} is advertised; not for this client")),
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
