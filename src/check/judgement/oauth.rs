//! Judgements about the answers of an authorization server.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::check::Explanation;
use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::self_contained::self_contained;
use crate::check::judgement::{Deviation, Judgement, ObservedCheck, unclear};
use crate::check::step::{Accept, Want};
use crate::observe::{Observation, Outcome, Place, Response, StepId};

/// RFC 6749 §5.1: members and media type of a token answer.
pub(crate) fn token_answer(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers().filter(|(_, response)| response.status == 200) {
        expect::media_type_is(&mut judgement, index, response, "application/json");
        let token_type = response.json_text("token_type").unwrap_or_default();
        // RFC 6749 §5.1: the value is case insensitive
        if !["bearer", "dpop"].contains(&token_type.to_ascii_lowercase().as_str()) {
            judgement.deviates(index, format!("token_type is {token_type:?}"), "token_type Bearer or DPoP");
        }
        // RFC 6749 §5.1: numerical values are JSON numbers; appendix A.14: digits. How long null is, is judged elsewhere.
        let lifetime = response.json().and_then(|json| json.get("expires_in").cloned());
        if let Some(other) = lifetime.filter(|lifetime| !lifetime.is_null() && lifetime.as_u64().is_none()) {
            judgement.deviates(index, format!("expires_in is {other}"), "a number of whole seconds");
        }
    }
    judgement
}

/// A client gets none of a scope that it is not entitled to: refusal, or a token that says it has another scope. The first request
/// is for that scope alone, and others are for scopes of its own as well.
pub(crate) fn scope_not_escalated(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let requests = || case.observations().filter(|(_, seen)| seen.place == Place::Token);
    let requested = requests().next().map(|(_, first)| requested_scope(first)).unwrap_or_default();
    for (index, observation) in requests() {
        match observation.outcome {
            Outcome::Granted => {
                let scope = observation.exchange.response().and_then(|response| response.json_text("scope"));
                match scope {
                    // RFC 6749 §5.1: without the member the scope is the one that was asked for; what the token opens
                    // cannot be seen here unless it says so itself
                    None => match claimed_scope(observation) {
                        Some(claimed) if requested.iter().any(|scope| claimed.contains(scope)) => {
                            judgement.violates(index, "the token claims the scope", REDUCED);
                        }
                        _ => {
                            let text = "a token without a scope member: it says that it has what was asked for";
                            judgement.deviates(index, text, REDUCED);
                        }
                    },
                    Some(scope) if scope.split(' ').any(|one| requested.contains(one)) => {
                        judgement.violates(index, "the token has the scope", REDUCED);
                    }
                    // RFC 6749 §3.3: a scope is one value at least
                    Some(scope) if scope.is_empty() => {
                        judgement.deviates(
                            index,
                            "a token with an empty scope member",
                            "invalid_scope, or the scope that was granted",
                        );
                    }
                    Some(_) => {}
                }
            }
            Outcome::Refused => {
                let response = observation.exchange.response();
                if let Some(response) = response.filter(|response| response.status == 400) {
                    expect::error_is_one_of(&mut judgement, index, response, &["invalid_scope"]);
                } else {
                    judgement.deviates(index, "refused, but not with 400", "rejected 400 or a token without the scope");
                }
            }
            _ => case.judge_as(index, Want::Denied(&[Accept::Status(400)]), &mut judgement),
        }
    }
    judgement
}

/// Header and claims of a token that is a JWT (RFC 7519 §3); nothing is verified.
pub(crate) fn objects_of(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = token.split('.');
    let mut object = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok();
    Some((object()?, object()?))
}

/// The claims of a token, where it is a JWT that names an algorithm; nothing is verified.
pub(crate) fn claims_of(token: &str) -> Option<Value> {
    let (header, claims) = objects_of(token)?;
    header.get("alg").map(|_| Value::Object(claims))
}

/// The scope values in the claims of an access token that is a JWT, as RFC 9068 §2.2.3 and others write them.
pub(crate) fn claimed_scope(observation: &Observation) -> Option<BTreeSet<String>> {
    let token = observation.exchange.response()?.json_text("access_token")?;
    let claims = claims_of(&token)?;
    let values = ["scope", "scp"].into_iter().filter_map(|name| claims.get(name)).flat_map(|value| match value {
        Value::String(text) => text.split(' ').map(str::to_owned).collect(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    });
    Some(values.collect())
}

const REDUCED: &str = "rejected 400, or a token whose scope member leaves it out";

/// The values of the scope that a token request asks for.
pub(crate) fn requested_scope(observation: &Observation) -> BTreeSet<String> {
    let body = &observation.exchange.request.body;
    let mut pairs = url::form_urlencoded::parse(body);
    let requested = pairs.find(|(name, _)| name == "scope").map(|(_, scope)| scope.into_owned());
    requested.unwrap_or_default().split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// RFC 6749 §5.2: a client that used the Authorization header gets 401 and a challenge of the scheme that it used.
pub(crate) fn basic_client_refused(case: &ObservedCheck<'_>) -> Judgement {
    expect::wants_error(case, &["invalid_client"]).and(matching_challenges(case)).and(realms(case))
}

/// The same at every endpoint that authenticates clients (RFC 7009 §2.2.1, RFC 7662 §2.3). Of the two statuses that refuse a
/// client, 401 alone is right here, and it names the scheme of the credentials that it refuses; any other status is a
/// deviation of its step.
pub(crate) fn matching_challenges(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.refusals() {
        let request = &case.evidence.observations[index].exchange.request;
        let by_basic = request.value_of("authorization").is_some_and(|value| value.starts_with(b"Basic "));
        if !by_basic {
            continue;
        }
        if response.status == 400 {
            let text = case.about(index, "refused with 400");
            judgement.deviates_by(Explanation::ClientStatus, index, text, "401");
        } else if response.status == 401
            && !challenges::of(response).iter().any(|challenge| challenge.scheme == "basic")
        {
            judgement.deviates_by(
                challenges::absence(response),
                index,
                case.about(index, "401 without a Basic challenge"),
                "WWW-Authenticate: Basic",
            );
        }
    }
    judgement
}

/// A request without client credentials: where it is answered like one with them, the endpoint does not read them.
pub(crate) const NOBODY: StepId = StepId::new("nobody");

/// RFC 9110 §11.1: client credentials are granted behind the name of their scheme in any case of letters, and behind no
/// other. Of the spaces after it (§11.4) many read exactly one; that shuts nobody out who writes what clients write,
/// and is worth knowing.
pub(crate) fn client_scheme(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    if case.observations_of(NOBODY).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        let why =
            "the endpoint answers a request without client credentials alike, so their scheme name decides nothing";
        return Judgement { not_applicable: Some(why.to_owned()), ..judgement };
    }
    let asked = |seen: &Observation| case.step_of(seen).step_id() != Some(NOBODY);
    for (index, seen) in case.observations().filter(|(_, seen)| asked(seen)) {
        let spelling = Explanation::ClientSchemeSpelling;
        let text = || case.about(index, format_args!("refused with {}", seen.exchange.status().unwrap_or_default()));
        match (case.step_of(seen).wanted(), seen.outcome) {
            (Want::Granted, Outcome::Refused) => judgement.deviates_by(spelling, index, text(), "granted"),
            (Want::Either, Outcome::Refused) if case.profile.strict_challenges() => {
                judgement.deviates_by(spelling, index, text(), "granted");
            }
            (Want::Either, Outcome::Refused) => {
                judgement.remarks.push(format!("{}: refused", seen.description));
                judgement.needs_review = true;
            }
            (Want::Either, _) => case.judge_as(index, Want::Granted, &mut judgement),
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// RFC 7617 §2: a Basic challenge has a realm.
pub(crate) fn realms(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, response) in case.refusals().filter(|(_, response)| response.status == 401) {
        if challenges::of(response).iter().any(|one| one.scheme == "basic" && one.param("realm").is_none()) {
            judgement.deviates(index, "a Basic challenge without realm", "WWW-Authenticate: Basic realm=…");
        }
    }
    judgement
}

/// RFC 9110 §15.5.2: a 401 has a challenge, also where no client credentials or a bearer token came; that of HTTP Basic is looked
/// at elsewhere.
pub(super) fn names_no_scheme(
    case: &ObservedCheck<'_>,
    (index, response): (usize, &Response),
    judgement: &mut Judgement,
) {
    let request = &case.evidence.observations[index].exchange.request;
    let by_basic = request.value_of("authorization").is_some_and(|value| !value.starts_with(b"Bearer"));
    if response.status == 401 && !by_basic && challenges::of(response).is_empty() {
        judgement.deviates_by(
            challenges::absence(response),
            index,
            "401 without a challenge",
            "WWW-Authenticate for the scheme that was used",
        );
    }
}

/// Whoever learns of a live token that it is not active has learned nothing of it: the answer has another status than that of
/// RFC 7662 §2.3, and shows no more.
pub(crate) fn nothing_told(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    let tells_nothing = |deviation: &mut Deviation| {
        let seen = &case.evidence.observations[deviation.observation];
        let json = seen.exchange.response().and_then(|response| serde_json::from_slice::<Value>(&response.body).ok());
        json.is_some_and(|json| json["active"] == Value::Bool(false))
    };
    let silent: Vec<Deviation> = judgement.access.extract_if(.., tells_nothing).collect();
    for deviation in silent {
        let at = deviation.observation;
        judgement.deviates(at, case.about(at, "200 that calls the token inactive"), deviation.expected);
    }
    judgement
}

/// RFC 7009 §2.2.1: a server may not revoke tokens of some kind at all, and says so.
pub(crate) fn not_revocable(response: &Response) -> bool {
    response.status == 400 && response.json_text("error").as_deref() == Some("unsupported_token_type")
}

/// What is wanted of revocations, of a server that revokes tokens of this kind.
pub(crate) fn revocations(case: &ObservedCheck<'_>) -> Judgement {
    self_contained(case, wanted_of_revocations(case))
}

/// The same, whatever kind of token it is.
pub(crate) fn wanted_of_revocations(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let of_endpoint =
        case.all_answers().filter(|(index, _)| case.evidence.observations[*index].place == Place::Revocation);
    let answers: Vec<(usize, &Response)> = of_endpoint.collect();
    let other_success = answers.iter().find(|(_, response)| (201..300).contains(&response.status));
    if let (true, Some((at, response))) = (case.check.control, other_success) {
        let text = case.about(*at, format_args!("answered {}, which RFC 7009 §2.2 does not name", response.status));
        judgement.advises(*at, text, "200");
    }
    let Some((first, _)) = answers.iter().find(|(_, response)| not_revocable(response)) else { return judgement };
    if answers.iter().any(|(_, response)| (200..300).contains(&response.status)) {
        return judgement;
    }
    let mut lawful = Judgement::default();
    if case.check.control {
        // RFC 7009 §2: access tokens should be revocable
        lawful.advises(*first, "the server does not revoke access tokens: unsupported_token_type", "200");
    } else {
        lawful.not_applicable = Some("the target does not revoke tokens of this kind".to_owned());
    }
    lawful
}

/// The revocation of a token that lives.
pub(crate) const LIVE: StepId = StepId::new("live");

/// What is wanted of each revocation, but for those that are refused for the kind of their token. Where even a live token is
/// refused, whoever asks may be what is refused.
pub(crate) fn lawful_revocations(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let is_refused =
        |seen: &Observation| seen.outcome == Outcome::Refused && !seen.exchange.response().is_some_and(not_revocable);
    if let Some((_, seen)) = case.observations_of(LIVE).find(|(_, seen)| is_refused(seen)) {
        let status = seen.exchange.status().unwrap_or_default();
        judgement = Judgement::default();
        judgement.leaves_open(format!("the revocation of a live token was refused as well, with {status}"));
        return judgement;
    }
    let answer = |at: usize| case.evidence.observations[at].exchange.response();
    judgement.access.retain(|deviation| !answer(deviation.observation).is_some_and(not_revocable));
    judgement
}

/// A token that somebody else tried to revoke.
pub(crate) const STILL_HELD: StepId = StepId::new("still-held");

/// RFC 7009 §2.1: the client is authenticated before anything else, and one whose request is refused is informed. Where the
/// token lives on, nobody has revoked anything: then the answer is wrong, and access is not.
pub(crate) fn revocation_refused(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case).and(matching_challenges(case));
    if case.observations_of(STILL_HELD).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        for claimed in std::mem::take(&mut judgement.access) {
            let seen = &case.evidence.observations[claimed.observation];
            let status = seen.exchange.status().unwrap_or_default();
            let text =
                case.about(claimed.observation, format_args!("answered {status}, and the token was not revoked"));
            judgement.deviates(claimed.observation, text, claimed.expected);
        }
    }
    for (index, response) in case.refusals() {
        if case.evidence.observations[index].place == Place::Revocation {
            names_no_scheme(case, (index, response), &mut judgement);
            expect::error_is_one_of(&mut judgement, index, response, &["invalid_client", "invalid_request"]);
        }
    }
    judgement
}

/// A token that its own client has revoked: if it lives on, nobody can revoke anything here.
pub(crate) const OWN_REVOKED: StepId = StepId::new("own-revoked");

/// RFC 7009 §2.1: whatever the endpoint says to a foreign client, the token lives on. That decides.
pub(crate) fn foreign_revocation(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    if case.observations_of(OWN_REVOKED).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        let why =
            "a token works on after its own client has revoked it: there is nothing that another client could end";
        judgement.not_applicable = Some(why.to_owned());
    }
    for (_, seen) in case.observations_of(OWN_REVOKED).filter(|(_, seen)| seen.outcome == Outcome::Unclear) {
        judgement.leaves_open(unclear(seen));
    }
    // that of its own client is another matter
    let by_another =
        |seen: &Observation| seen.place == Place::Revocation && !matches!(case.step_of(seen).wanted(), Want::Granted);
    // a token that is refused afterwards was ended by the request of the other client
    let is_used = |index: usize| matches!(case.evidence.observations[index].place, Place::Resource(_));
    for found in judgement.access.iter_mut().filter(|found| is_used(found.observation)) {
        let before = case.observations().take_while(|(index, _)| *index < found.observation);
        if let Some((by, _)) = before.filter(|(_, seen)| by_another(seen) && seen.outcome == Outcome::Granted).last() {
            found.move_to(by, case.about(by, "the token ended"), "a refusal, and a token that lives on");
        }
    }
    for (index, response) in case.all_answers() {
        let seen = &case.evidence.observations[index];
        let revocation = by_another(seen);
        if revocation && ![200, 400, 401, 403].contains(&response.status) {
            judgement.deviates(index, format!("answered {}", response.status), "200, 400, 401 or 403");
        }
        // RFC 7009 §2.1: the request is refused and the client is informed; where the token ended, that says more
        if revocation && response.status == 200 && judgement.access.is_empty() {
            let text = case.about(index, "answered 200, and the token was not revoked: the client is not informed");
            judgement.advises(index, text, "400 or 403 with an error");
        }
    }
    judgement
}

/// RFC 6749 §5.2: what is refused with 400 is an invalid_request.
pub(crate) fn bad_request(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.refusals().filter(|(_, response)| response.status == 400) {
        expect::error_is_one_of(&mut judgement, index, response, &["invalid_request"]);
    }
    judgement
}
