//! Whether a refusal says why, where status and error code name two reasons (RFC 6750 §3.1).

use crate::check::judgement::challenges;
use crate::check::judgement::leeway;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::{Explanation, Severity};
use crate::observe::Response;

const INVALID_TOKEN: &str = "invalid_token";

/// Where the good token names no audience, the API tells none from others: a token for another one opens it, whoever it was for.
pub(crate) fn other_audience(case: &ObservedCheck<'_>) -> Judgement {
    let mut good = case.evidence.controls.iter().filter_map(|control| leeway::claims_in(&control.exchange.request));
    let names_none = good.any(|claims| claims.get("aud").is_none());
    Judgement { at_most: names_none.then_some(Severity::Medium), ..Judgement::default() }
}

/// The error code of a refusal, in its challenge or in its body.
fn error_of(response: &Response) -> Option<String> {
    let challenges = challenges::of(response);
    let in_challenge = challenges.iter().find_map(|challenge| challenge.param("error").map(str::to_owned));
    in_challenge.or_else(|| response.json_text("error"))
}

/// A token that lacks a scope is no invalid one: a client that reads 401 `invalid_token` asks for the same token again.
pub(crate) fn scope(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let mut named = Vec::new();
    for deviation in judgement.protocol.iter_mut().chain(&mut judgement.advice) {
        let Some(response) = case.evidence.observations[deviation.observation].exchange.response() else { continue };
        let is_status = deviation.explanation == Explanation::InsufficientStatus && response.status == 401;
        if is_status && error_of(response).as_deref() == Some(INVALID_TOKEN) {
            let description = &case.evidence.observations[deviation.observation].description;
            deviation.text = format!(
                "{description}: the missing scope is answered like an invalid token, with 401 and invalid_token"
            );
            deviation.described = true;
            named.push(deviation.observation);
        }
    }
    // the error code is part of what was said
    judgement
        .protocol
        .retain(|other| other.explanation == Explanation::InsufficientStatus || !named.contains(&other.observation));
    judgement
}

/// RFC 6750 §3.1: with `invalid_token` the status should be 401; 403 says that the token is good and its rights are not.
pub(crate) fn audience(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.refusals().filter(|(_, response)| response.status == 403) {
        if error_of(response).as_deref() == Some(INVALID_TOKEN) {
            let text = case.about(index, "the wrong audience is refused with 403 and invalid_token");
            judgement.advises_by(Explanation::InvalidStatus, index, text, "401 with invalid_token");
        }
    }
    judgement
}
