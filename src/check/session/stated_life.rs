//! Whether the access tokens of a login live as long as its answers say.

use serde_json::Value;

use crate::check::judgement::oauth::claims_of;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{SessionAct, login};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, Response};

/// Seconds that times may lie apart.
const SLACK: f64 = 5.0;
/// The part of a life that does not count beside that.
const ROUNDING: f64 = 0.01;
/// Numbers above this are a point in time, or count something smaller than seconds.
const LONGEST: f64 = 1e9;
/// What may count milliseconds: half a minute.
const LEAST_IN_MILLISECONDS: f64 = 3e4;
/// Members that have the access token: that of RFC 6749 §5.1, and what APIs of their own call it.
const TOKENS: [&str; 3] = ["access_token", "accessToken", "token"];

/// What holds where a login, or its refresh, says how long its token lives.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.expires-in-truthful",
    title: "The access tokens of a login and of its refresh live as long as expires_in says",
    level: Level::Should,
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["RFC 6749 §5.1", "RFC 7519 §4.1.4"],
    doc: Doc {
        sends: "The login of the scenario, and its refresh where it has one. Where an answer is JSON with `expires_in` and its access token is a JWT with `exp`, that is compared with the time of the answer (its Date, where it has one) plus `expires_in`, and with `iat` plus `expires_in`. 5 s and 1 % are tolerated, and a number of milliseconds is noted.",
        matters: "Clients renew by `expires_in` and forget the token after it: one that lives longer stays good for whoever has stolen it, long after anybody expects that. One that ends earlier is refused while its client believes in it.",
        fix: "Make `exp` and `expires_in` of one setting, at the login and at the refresh.",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::TryRefresh("s")).called("its refresh"),
    ],
    expect: truthful,
    fault: "refreshed-token-outlives-expires-in",
    ..PLAIN
}];

/// RFC 6749 §5.1: `expires_in` is the life of the access token in seconds from when the answer was made.
fn truthful(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let mut compared = false;
    for (index, seen) in case.observations().filter(|(_, seen)| seen.outcome == Outcome::Granted) {
        let Some(answer) = seen.exchange.response() else { continue };
        let Some((life, claims)) = stated(answer) else { continue };
        let Some(end) = claims.get("exp").and_then(Value::as_f64) else { continue };
        compared = true;
        let came = date_of(answer).unwrap_or(seen.at as f64);
        // an answer without a Date comes by another clock than that of the token, and some tokens are said to be older than they are
        let starts = [Some(came), claims.get("iat").and_then(Value::as_f64)];
        let lives: Vec<f64> = starts.into_iter().flatten().map(|start| end - start).collect();
        let fits = |life: f64| lives.iter().any(|own| (own - life).abs() <= SLACK + life.abs() * ROUNDING);
        if fits(life) {
            continue;
        }
        if life >= LEAST_IN_MILLISECONDS && lives.iter().any(|own| (own * 1e3 - life).abs() <= life * ROUNDING) {
            judgement.remarks.push(format!("{}: expires_in counts milliseconds", seen.description));
            continue;
        }
        let text = format!("expires_in is {life}, and by its exp the access token lives {:.0} s", lives[0]);
        judgement.deviates(index, case.about(index, text), "an exp that lies expires_in seconds ahead");
    }
    if !compared && judgement.open.is_empty() {
        let why = "no answer of the login has `expires_in` beside an access token that is a JWT with `exp`";
        judgement.not_applicable = Some(why.to_owned());
    }
    judgement
}

/// The `expires_in` of an answer, and the claims of its access token.
fn stated(answer: &Response) -> Option<(f64, Value)> {
    let json = answer.json()?;
    let stated = json.get("expires_in")?;
    let life = stated.as_f64().or_else(|| stated.as_str()?.trim().parse().ok()).filter(|life| life.is_finite())?;
    let claims = TOKENS.iter().find_map(|name| claims_of(json.get(name)?.as_str()?))?;
    (life < LONGEST).then_some((life, claims))
}

/// What the clock of the server showed (RFC 9110 §6.6.1).
fn date_of(answer: &Response) -> Option<f64> {
    let date = jiff::fmt::rfc2822::parse(&answer.header("date")?).ok()?;
    Some(date.timestamp().as_second() as f64)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    /// 2026-11-29T12:00:00Z
    const NOW: i64 = 1_795_953_600;

    /// What is said of an answer that came now: deviations, remarks, and whether the check applies.
    fn found(body: &Value, date: Option<&str>) -> (usize, usize, bool) {
        let check = find("login.expires-in-truthful").expect("is in the catalogue");
        let headers = date.map(|date| ("Date".to_owned(), date.as_bytes().to_vec())).into_iter().collect();
        let answer = Response { status: 200, headers, body: body.to_string().into_bytes(), truncated: false };
        let asked = Exchange::unanswered(Request::new("POST", "/login"), Silence::Closed);
        let seen = Observation::in_test(0, Exchange { answer: Ok(answer), ..asked }, Outcome::Granted);
        let mut evidence = Evidence::default();
        evidence.observe(Observation { at: NOW, ..seen });
        let profile = Effective::of(["api-key-403"], "jwt");
        let found = truthful(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.remarks.len(), found.not_applicable.is_none())
    }

    fn jwt(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(&json!({ "alg": "ES256" })), part(claims))
    }

    #[test]
    fn a_life_is_compared_with_what_the_answer_says() {
        let after = |life: i64| json!({ "exp": NOW + life, "iat": NOW });
        for (claims, said, expected) in [
            (after(600), json!(600), (0, 0, true)),
            (after(597), json!(600), (0, 0, true)),
            (after(600), json!("600"), (0, 0, true)),
            (after(86400), json!(600), (1, 0, true)),
            (after(60), json!(3600), (1, 0, true)),
            // one in a hundred
            (after(86400), json!(86000), (0, 0, true)),
            (after(600), json!(600_000), (0, 1, true)),
            (after(4), json!(3604), (1, 0, true)),
            // a clock that is a minute behind, and a token that is said to be older than it is
            (json!({ "exp": NOW + 540, "iat": NOW - 60 }), json!(600), (0, 0, true)),
            (json!({ "exp": NOW + 600, "iat": NOW - 300 }), json!(600), (0, 0, true)),
            // what is left of a token that is issued again
            (json!({ "exp": NOW + 100, "iat": NOW - 500 }), json!(100), (0, 0, true)),
            (json!({ "exp": NOW + 600 }), json!(600), (0, 0, true)),
            (json!({ "exp": NOW + 6000 }), json!(600), (1, 0, true)),
            (json!({ "sub": "alice" }), json!(600), (0, 0, false)),
            (after(600), json!(NOW + 600), (0, 0, false)),
            (after(600), Value::Null, (0, 0, false)),
        ] {
            let body = json!({ "access_token": jwt(&claims), "expires_in": said });
            assert_eq!(found(&body, None), expected, "{claims} {said}");
        }
        assert_eq!(found(&json!({ "access_token": "opaque", "expires_in": 600 }), None), (0, 0, false));
        assert_eq!(found(&json!({ "token": jwt(&after(6000)), "expires_in": 600 }), None), (1, 0, true));
        // by the clock of the server, which is an hour behind
        let body = json!({ "access_token": jwt(&json!({ "exp": NOW - 3000 })), "expires_in": 600 });
        assert_eq!(found(&body, Some("Sun, 29 Nov 2026 11:00:00 GMT")), (0, 0, true));
        assert_eq!(found(&body, None), (1, 0, true));
    }
}
