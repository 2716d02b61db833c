//! Judgements about the answers of an introspection endpoint (RFC 7662).

use serde_json::Value;

use super::oauth::{matching_challenges, names_no_scheme, nothing_told};
use crate::check::Severity;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::judgement::{challenges, expect};
use crate::check::step::{Accept, Want};
use crate::observe::{Observation, Outcome, Place, Response, StepId};

/// RFC 7662 §2.2: members of an active answer have their types.
pub(crate) fn active_answer(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in introspections(case) {
        expect::media_type_is(&mut judgement, index, response, "application/json");
        let Some(json) = response.json() else { continue };
        match json.get("active") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => judgement.violates(index, "a live token is inactive", "active true"),
            other => {
                let seen = other.map_or_else(|| "missing".to_owned(), Value::to_string);
                judgement.deviates(index, format!("active is {seen}"), "active as the boolean true");
            }
        }
        for member in ["exp", "iat", "nbf"] {
            if json.get(member).is_some_and(|value| value.as_i64().is_none()) {
                judgement.deviates(index, format!("{member} is no integer"), "seconds since 1970 as an integer");
            }
        }
        if json.get("scope").is_some_and(|scope| !scope.is_string()) {
            judgement.deviates(index, "scope is no string", "scope values in one string, separated by spaces");
        }
    }
    judgement
}

/// RFC 7662 §2.2: what cannot be used is inactive, which is no error.
pub(crate) fn inactive(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, observation) in case.observations() {
        judge_inactive(case, (index, observation), &mut judgement);
    }
    judgement
}

fn judge_inactive(case: &ObservedCheck<'_>, (index, seen): (usize, &Observation), judgement: &mut Judgement) {
    match seen.outcome {
        Outcome::Granted => match active_member(seen) {
            Some(Value::Bool(false)) => {}
            Some(Value::Bool(true)) => judgement.violates(index, case.about(index, "active"), "active false"),
            _ => judgement.deviates(index, "active is no boolean", "active as the boolean false"),
        },
        Outcome::Refused => {
            let status = seen.exchange.status().unwrap_or_default();
            let text = case.about(index, format_args!("answered {status}"));
            judgement.deviates(index, text, "200 with active false");
        }
        _ => case.judge_as(index, Want::Denied(MALFORMED_TOKEN), judgement),
    }
}

/// The member `active` of an introspection.
fn active_member(seen: &Observation) -> Option<Value> {
    seen.exchange.response()?.json()?.get("active").cloned()
}

/// What was active is inactive after its revocation. What was never active shows nothing by being inactive.
pub(crate) fn revoked_inactive(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let is_before = case.step_of(seen).step_id() == Some(NOT_YET_REVOKED);
        // how it spells that is for `introspect.active-response`
        let says_inactive = active_member(seen).is_none_or(|active| active == Value::Bool(false));
        match seen.outcome {
            _ if !is_before => judge_inactive(case, (index, seen), &mut judgement),
            Outcome::Granted | Outcome::Refused if says_inactive => {
                judgement.leaves_open("the token was not active before its revocation".to_owned());
            }
            Outcome::Granted => {}
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    judgement
}

/// RFC 7662 §2.2: whether a token is active or not is an answer; only who asks can be refused.
pub(crate) fn introspected(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match seen.outcome {
            Outcome::Granted => {}
            Outcome::Refused => {
                let status = seen.exchange.status().unwrap_or_default();
                judgement.deviates(
                    index,
                    case.about(index, format_args!("answered {status}")),
                    "200 with active false",
                );
            }
            _ => case.judge_as(index, Want::Denied(MALFORMED_TOKEN), &mut judgement),
        }
    }
    judgement
}

/// What is no token is not active and not alive, or a malformed request; it is no failure of the client to authenticate.
pub(crate) fn hostile(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let active = || seen.exchange.response()?.json()?.get("active").cloned();
        match seen.outcome {
            Outcome::Granted if active() == Some(Value::Bool(true)) => {
                judgement.violates(index, case.about(index, "active"), "active false");
            }
            Outcome::Granted => {}
            _ => case.judge_as(index, Want::Denied(MALFORMED_TOKEN), &mut judgement),
        }
    }
    judgement
}

fn introspections<'a>(case: &ObservedCheck<'a>) -> impl Iterator<Item = (usize, &'a Response)> {
    let of_endpoint = case.observations().filter(|(_, seen)| seen.place == Place::Introspection);
    of_endpoint.filter_map(|(index, seen)| Some((index, seen.exchange.response()?)))
}

/// A request that names a public client and proves nothing.
pub(crate) const PUBLIC: StepId = StepId::new("public");
/// One by whoever names a client that has to prove who it is.
pub(crate) const NAMED: StepId = StepId::new("named");

/// A GET by nobody.
pub(crate) const BY_GET: StepId = StepId::new("by-get");

/// A request with a wrong secret, sent in another way than the scenario sends the good one.
pub(crate) const OTHERWISE: StepId = StepId::new("otherwise");

/// RFC 7662 §2.3: invalid_client for clients, invalid_token in the challenge for a bearer token.
pub(crate) fn introspection_refused(case: &ObservedCheck<'_>) -> Judgement {
    let is_of = |index: usize, id| case.step_of(&case.evidence.observations[index]).step_id() == Some(id);
    let is_public = |index: usize| is_of(index, PUBLIC);
    let mut wanted = expect::wants(case);
    // RFC 7662 §2.1: whoever names a public client needs nothing else, and would learn of the tokens of that one
    let by_anybody: Vec<_> = wanted.access.extract_if(.., |found| is_public(found.observation)).collect();
    let mut judgement = nothing_told(case, wanted).and(matching_challenges(case));
    let is_inactive = |index: usize| {
        let json = case.evidence.observations[index].exchange.response().and_then(|response| response.json());
        json.is_some_and(|json| json.get("active") == Some(&Value::Bool(false)))
    };
    if judgement.access.is_empty() && by_anybody.iter().all(|found| is_inactive(found.observation)) {
        judgement.at_most = by_anybody.first().map(|_| Severity::Medium);
    }
    judgement.access.extend(by_anybody);
    // how a method is refused that an endpoint need not have is not asked either
    for (index, response) in case.refusals().filter(|(index, _)| !is_of(*index, BY_GET)) {
        let request = &case.evidence.observations[index].exchange.request;
        let bearer = request.value_of("authorization").is_some_and(|value| value.starts_with(b"Bearer"));
        names_no_scheme(case, (index, response), &mut judgement);
        if !bearer {
            // a client that is known and may not ask has an error of its own (RFC 6749 §5.2)
            let errors = ["invalid_client", "invalid_request", "unauthorized_client", "access_denied"];
            let errors = if is_public(index) || is_of(index, NAMED) { &errors[..] } else { &errors[..2] };
            expect::error_is_one_of(&mut judgement, index, response, errors);
        } else if response.status == 401 {
            let named =
                challenges::of(response).iter().any(|challenge| challenge.param("error") == Some("invalid_token"));
            let in_body = response.json_text("error").is_some();
            if !named && !in_body {
                judgement.deviates(
                    index,
                    "a wrong bearer token is not named",
                    "error=\"invalid_token\" in the challenge",
                );
            }
        }
    }
    // how a way to authenticate is refused that the target may not offer is not asked
    let is_refused = |index: usize| case.evidence.observations[index].outcome == Outcome::Refused;
    judgement.protocol.retain(|found| !is_of(found.observation, OTHERWISE) || !is_refused(found.observation));
    judgement
}

/// RFC 7662 §2.2: an inactive answer should hold nothing else.
pub(crate) fn inactive_is_minimal(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = inactive(case);
    for (index, response) in introspections(case) {
        let json = response.json().unwrap_or_default();
        let others = json.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let others: Vec<&str> = others.filter(|name| *name != "active").collect();
        if !others.is_empty() {
            judgement.deviates(
                index,
                format!("an inactive answer has {}", others.join(", ")),
                "active and nothing else",
            );
        }
    }
    judgement
}

/// RFC 7662 §4: a resource server that a token is not meant for sees it as inactive. One that is not known at all, or
/// not let in, proves nothing.
pub(crate) fn foreign_inactive(case: &ObservedCheck<'_>) -> Judgement {
    match case.evidence.observations.iter().find_map(|seen| seen.exchange.status()) {
        Some(403) => Judgement::default(),
        Some(401) => {
            let open = vec!["the other resource server was not authenticated".to_owned()];
            Judgement { open, ..Judgement::default() }
        }
        _ => inactive(case),
    }
}

fn says_inactive(seen: &Observation) -> bool {
    let body = seen.exchange.response().and_then(Response::json);
    body.is_some_and(|body| body.get("active") == Some(&Value::Bool(false)))
}

/// The introspection of a token that will be revoked.
pub(crate) const NOT_YET_REVOKED: StepId = StepId::new("not-yet-revoked");

/// What a value that is no token may be refused with.
const MALFORMED_TOKEN: &[Accept] =
    &[Accept::Status(400), Accept::Status(413), Accept::Status(414), Accept::Status(431)];

/// An introspection request with its parameter `token` twice.
pub(crate) const TOKEN_TWICE: StepId = StepId::new("token-twice");

/// A request with two tokens is better refused: whoever reads the first and whoever reads the last differ.
pub(crate) fn one_token(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations_of(TOKEN_TWICE) {
        match seen.exchange.status() {
            // RFC 7662 §2.2: inactive is what it says of whatever is not one live token
            Some(200) if says_inactive(seen) => {}
            Some(200) => judgement.advises(index, case.about(index, "answered 200"), "400 invalid_request"),
            _ => case.judge_as(index, Want::Denied(MALFORMED_TOKEN), &mut judgement),
        }
    }
    judgement
}
