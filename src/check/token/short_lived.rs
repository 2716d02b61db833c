//! How long access tokens live that nothing but their end takes from a thief.

use serde_json::Value;

use crate::check::judgement::oauth::claims_of;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{FormAuth, SessionAct, login, token};
use crate::check::token::GRANT;
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Response};

/// What RFC 6750 §5.3 calls short, in seconds; more is noted.
const SHORT: f64 = 3600.0;
/// What no reading of that calls short.
const LONG: f64 = 24.0 * SHORT;
/// Seconds that clocks may lie apart.
const SLACK: f64 = 60.0;
/// Members that have the access token: that of RFC 6749 §5.1, and what APIs of their own call it.
const TOKENS: [&str; 3] = ["access_token", "accessToken", "token"];
/// Beginnings of the names of members that say when a token ends, in one way or another.
const ENDS: [&str; 4] = ["exp", "ttl", "lifetime", "valid"];

const FOR_BOTH: Doc = Doc {
    sends: "",
    matters: "A bearer token opens resources for whoever has it, and one that leaked from a log, a browser or a proxy does so until it ends. A token that is verified by its signature alone cannot be taken back before.",
    fix: "Issue access tokens that live an hour or less (RFC 6750 §5.3), and let clients renew them.",
};

/// What holds of the tokens of a token endpoint.
pub(crate) const TOKEN: &[Check] = &[Check {
    id: "token.short-lived",
    sources: &["RFC 6750 §5.3", "CWE-613"],
    doc: Doc {
        sends: "A correct client credentials request; `expires_in` of its answer, and `exp` and `iat` of an access token that is a JWT, are read. More than 24 hours is a failure, and so is a JWT without `exp` in an answer without `expires_in`; more than an hour is noted. Tokens that are bound to a key or a certificate are left out.",
        ..FOR_BOTH
    },
    steps: &[token(FormAuth::Good, &[GRANT]).granted().called("a client credentials request")],
    fault: "tokens-live-for-weeks",
    ..LIVES_SHORT
}];

/// The same of the tokens of a login.
pub(crate) const LOGIN: &[Check] = &[Check {
    id: "login.short-lived-token",
    sources: &["RFC 6750 §5.3", "CWE-613"],
    doc: Doc {
        sends: "The login of the scenario, and its refresh where it has one; `expires_in` of an answer of a token endpoint (RFC 6749 §5.1), the place of the answer that the scenario names for the end (`expires_in`, `expires_in_ms` or `expires_at` of the login), and `exp` and `iat` of an access token that is a JWT, are read. More than 24 hours is a failure, and so is a JWT without `exp` in an answer that says no end; more than an hour is noted. Tokens that are bound to a key or a certificate are left out.",
        ..FOR_BOTH
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::TryRefresh("s")).called("its refresh"),
    ],
    implied_by: &["token.short-lived"],
    fault: "login-tokens-live-for-weeks",
    ..LIVES_SHORT
}];

const LIVES_SHORT: Check = Check {
    title: "Access tokens live for a day at most",
    level: Level::Should,
    severity: Severity::Low,
    tier: Tier::Extended,
    expect: short_lived,
    ..PLAIN
};

/// How long an access token lives.
#[derive(Debug, PartialEq)]
enum Life {
    Seconds(f64),
    /// Neither the token nor its answer says an end.
    Endless,
}

/// RFC 6750 §5.3: "Token servers SHOULD issue short-lived (one hour or less) bearer tokens".
fn short_lived(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut is_said = false;
    for (index, seen) in case.observations().filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        let stated = case.evidence.stated_lives.iter().find(|(at, _)| *at == index).map(|(_, life)| life.as_secs_f64());
        // how long a session in a cookie may last is another matter
        let stated = stated.filter(|_| case.evidence.credential_cookie.is_none());
        let life = seen.exchange.response().and_then(|answer| life_of(answer, seen.at as f64, stated));
        let Some(life) = life else { continue };
        is_said = true;
        match life {
            Life::Seconds(seconds) if seconds > LONG + SLACK => {
                let text = format!("the access token lives {:.0} hours", seconds / SHORT);
                judgement.deviates(index, case.about(index, text), "an hour or less");
            }
            Life::Seconds(seconds) if seconds > SHORT + SLACK => {
                let hours = seconds / SHORT;
                judgement.remarks.push(format!(
                    "{}: the access token lives {hours:.1} hours, more than the hour of RFC 6750 §5.3",
                    seen.description
                ));
            }
            Life::Seconds(_) => {}
            Life::Endless => {
                let text = "the access token is a JWT without exp, and the answer says no end of it";
                judgement.deviates(index, case.about(index, text), "an end within an hour");
            }
        }
    }
    if !is_said && judgement.open.is_empty() {
        let why = "no answer with a bearer token says when that ends";
        judgement.not_applicable = Some(why.to_owned());
    }
    judgement
}

/// The life of the bearer token that an answer brings, as far as that or the token says it, or the place of the answer that the
/// scenario names. A text without a meaning may end whenever its server wants (RFC 6749 §5.1).
fn life_of(answer: &Response, came: f64, stated: Option<f64>) -> Option<Life> {
    let stated = stated.filter(|life| life.is_finite()).map(Life::Seconds);
    let Some(json) = answer.json() else { return stated };
    let kind = json.get("token_type").and_then(Value::as_str);
    let is_of_another_type = kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"));
    let named = TOKENS.iter().find_map(|name| Some((*name, json.get(*name)?.as_str()?)));
    let Some((name, text)) = named else {
        return match ending_in(&json) {
            Some(claims) if claims.get("cnf").is_some() => None,
            Some(claims) => left_of(&claims, came).map(Life::Seconds).or(stated),
            None => stated.filter(|_| !is_of_another_type),
        };
    };
    let claims = claims_of(text);
    let is_bound = claims.as_ref().is_some_and(|claims| claims.get("cnf").is_some()) || is_of_another_type;
    if is_bound {
        return None;
    }
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    if let Some(left) = claims.as_ref().and_then(|claims| left_of(claims, came)) {
        return Some(Life::Seconds(left));
    }
    // elsewhere than at a token endpoint it may count anything
    let of_token_endpoint = name == TOKENS[0] && kind.is_some();
    let said = json.get("expires_in").and_then(number).filter(|life| of_token_endpoint && life.is_finite());
    let says_an_end = || {
        let mut names = json.as_object().into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase());
        names.any(|name| ENDS.iter().any(|end| name.starts_with(end)))
    };
    let said = said.map(Life::Seconds).or(stated);
    said.or_else(|| (claims.is_some() && !says_an_end()).then_some(Life::Endless))
}

/// How long a JWT lives by its claims. Of one that is issued again, or is said to be older than it is, what is left counts.
fn left_of(claims: &Value, came: f64) -> Option<f64> {
    let end = claims.get("exp")?.as_f64()?;
    let start = claims.get("iat").and_then(Value::as_f64).unwrap_or(came);
    Some((end - start).min(end - came))
}

/// The claims of the first JWT with an end in an answer that calls it by a name of its own. Refresh tokens and ID tokens are others.
fn ending_in(json: &Value) -> Option<Value> {
    match json {
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let name = name.to_ascii_lowercase();
            let is_other = name.contains("refresh") || name.starts_with("id");
            if is_other { None } else { ending_in(member) }
        }),
        Value::Array(items) => items.iter().find_map(ending_in),
        Value::String(text) => claims_of(text).filter(|claims| claims.get("exp").is_some()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    /// 2026-11-29T12:00:00Z
    const NOW: i64 = 1_795_953_600;
    const DAY: i64 = 86_400;

    /// Deviations, remarks, and whether the check applies.
    fn found(body: &Value) -> (usize, usize, bool) {
        found_where(body, None, None)
    }

    /// The same where the scenario names a place that says so many seconds, and the credential travels in a cookie.
    fn found_where(body: &Value, stated: Option<u64>, cookie: Option<&str>) -> (usize, usize, bool) {
        let answer =
            Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes(), truncated: false };
        let asked = Exchange::unanswered(Request::new("POST", "/token"), Silence::Closed);
        let seen = Observation::in_test(0, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted);
        let mut evidence = Evidence::default();
        evidence.observe(Observation { at: NOW, ..seen });
        evidence.stated_lives.extend(stated.map(|seconds| (0, std::time::Duration::from_secs(seconds))));
        evidence.credential_cookie = cookie.map(str::to_owned);
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = short_lived(&ObservedCheck { check: &TOKEN[0], evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.remarks.len(), found.not_applicable.is_none())
    }

    fn jwt(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(&json!({ "alg": "ES256" })), part(claims))
    }

    #[test]
    fn a_life_is_read_from_the_token_or_from_its_answer() {
        let of = |seconds: i64| json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": seconds });
        let signed = |claims: &Value| json!({ "access_token": jwt(claims), "token_type": "Bearer" });
        let after = |seconds: i64| json!({ "iat": NOW, "exp": NOW + seconds });
        for (body, expected) in [
            (of(3600), (0, 0, true)),
            (of(36_000), (0, 1, true)),
            (of(DAY), (0, 1, true)),
            (of(30 * DAY), (1, 0, true)),
            (signed(&after(600)), (0, 0, true)),
            (signed(&after(DAY + 600)), (1, 0, true)),
            (signed(&json!({ "exp": NOW + 2 * DAY })), (1, 0, true)),
            // what is left of it
            (signed(&json!({ "iat": NOW - 2 * DAY, "exp": NOW + 600 })), (0, 0, true)),
            (signed(&json!({ "sub": "alice" })), (1, 0, true)),
            (json!({ "token": jwt(&json!({ "sub": "alice" })) }), (1, 0, true)),
            (json!({ "token": jwt(&after(7 * DAY)) }), (1, 0, true)),
            (json!({ "token": jwt(&json!({ "sub": "alice" })), "expiresAt": "2026-11-29T13:00:00Z" }), (0, 0, false)),
            // by another name, and deeper
            (json!({ "jwt": jwt(&after(30 * DAY)), "user": { "id": 1 } }), (1, 0, true)),
            (json!({ "data": { "auth": jwt(&after(600)) } }), (0, 0, true)),
            (json!({ "data": { "refresh": jwt(&after(30 * DAY)), "id_token": jwt(&after(30 * DAY)) } }), (0, 0, false)),
            (json!({ "jwt": jwt(&json!({ "sub": "alice" })) }), (0, 0, false)),
            // an end that is not said is not none
            (json!({ "access_token": "opaque", "token_type": "Bearer" }), (0, 0, false)),
            // milliseconds, maybe
            (json!({ "token": "opaque", "expires_in": 3_600_000 }), (0, 0, false)),
            (json!({ "access_token": "opaque", "token_type": "DPoP", "expires_in": 30 * DAY }), (0, 0, false)),
            (signed(&json!({ "exp": NOW + 2 * DAY, "cnf": { "jkt": "x" } })), (0, 0, false)),
            (json!({ "orders": [] }), (0, 0, false)),
        ] {
            assert_eq!(found(&body), expected, "{body}");
        }
    }

    #[test]
    fn a_life_is_read_at_the_place_that_the_scenario_names() {
        const LONG: Option<u64> = Some(2_764_800);
        let vault = json!({ "auth": { "client_token": "opaque", "lease_duration": 2_764_800 } });
        let opaque = json!({ "token": "opaque", "ttl": 2_764_800 });
        let bound = json!({ "access_token": "opaque", "token_type": "DPoP", "ttl": 2_764_800 });
        let signed = |claims: &Value| json!({ "data": { "jwt": jwt(claims) } });
        for (body, stated, cookie, expected) in [
            (&vault, None, None, (0, 0, false)),
            (&vault, LONG, None, (1, 0, true)),
            (&vault, Some(600), None, (0, 0, true)),
            (&vault, Some(7200), None, (0, 1, true)),
            (&opaque, LONG, None, (1, 0, true)),
            // a session in a cookie, and a token that is bound to a key
            (&vault, LONG, Some("sid"), (0, 0, false)),
            (&bound, LONG, None, (0, 0, false)),
            (&signed(&json!({ "exp": NOW + 2 * DAY, "cnf": { "jkt": "x" } })), LONG, None, (0, 0, false)),
            // what the token says itself goes before
            (&signed(&json!({ "iat": NOW, "exp": NOW + 600 })), LONG, None, (0, 0, true)),
        ] {
            assert_eq!(found_where(body, stated, cookie), expected, "{body} {stated:?} {cookie:?}");
        }
    }
}
