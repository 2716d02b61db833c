//! Whether a JWT that is accepted after its end was accepted within the leeway that RFC 7519 allows.

use crate::check::Explanation;
use crate::check::judgement::oauth::claims_of;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Observation, Place, Request};

/// RFC 7519 §4.1.4: "usually no more than a few minutes".
pub(crate) const A_FEW_MINUTES: i64 = 300;

/// Takes an accepted JWT out of the violations where its end is a short while ago and the scenario does not say how long that
/// may be: RFC 7519 §4.1.4 allows a leeway, and whether the end counts at all is not known yet. The bound of the leeway is what
/// `jwt.exp-leeway-bounded` looks for.
pub(crate) fn allowed(case: &ObservedCheck<'_>, mut judgement: Judgement) -> Judgement {
    if case.evidence.leeway_is_declared {
        return judgement;
    }
    let violations = std::mem::take(&mut judgement.access);
    for violation in violations {
        let at = violation.observation;
        match since_end(&case.evidence.observations[at]).filter(|age| *age <= A_FEW_MINUTES) {
            // tokens that the scenario can mint show at the same place whether exp counts, and how long the leeway is; that this
            // one was accepted is for a person to see
            Some(age)
                if case.evidence.mints_tokens && matches!(case.evidence.observations[at].place, Place::Resource(_)) =>
            {
                judgement.remarks.push(format!(
                    "a JWT is accepted {age} s after its exp; jwt.exp-leeway-bounded shows how long the leeway is"
                ));
                judgement.needs_review = true;
            }
            Some(age) => {
                let text = format!(
                    "a JWT is accepted {age} s after its exp: within a leeway that RFC 7519 §4.1.4 allows, or exp does not \
                     count; `material.issuer_key` unlocks jwt.exp-leeway-bounded, which shows which of the two"
                );
                judgement.advises_by(Explanation::Time, at, text, "refused after its exp, but for a small leeway");
            }
            None => judgement.access.push(violation),
        }
    }
    judgement
}

/// Seconds between the end of the JWT that a request carries and its answer.
fn since_end(seen: &Observation) -> Option<i64> {
    let end = tokens(&seen.exchange.request).iter().find_map(|token| end_of(token))?;
    Some(seen.at - end)
}

/// The claims of the JWT that a request carries, unverified.
pub(crate) fn claims_in(request: &Request) -> Option<serde_json::Map<String, serde_json::Value>> {
    tokens(request).iter().find_map(|token| claims_of(token))?.as_object().cloned()
}

/// What may be a token in a request: credentials, and values of a form.
fn tokens(request: &Request) -> Vec<String> {
    let headers = request.headers.iter().filter(|header| header.sensitive);
    let values = headers.map(|header| String::from_utf8_lossy(&header.value).into_owned());
    let words: Vec<String> =
        values.flat_map(|value| value.split([' ', '=', ';']).map(str::to_owned).collect::<Vec<_>>()).collect();
    let query = request.target.iter().position(|byte| *byte == b'?').map(|at| &request.target[at + 1..]);
    let pairs =
        |bytes: &[u8]| url::form_urlencoded::parse(bytes).map(|(_, value)| value.into_owned()).collect::<Vec<_>>();
    [words, pairs(query.unwrap_or_default()), pairs(&request.body)].concat()
}

/// The end of a JWT (RFC 7519 §4.1.4), unverified.
fn end_of(token: &str) -> Option<i64> {
    claims_of(token)?.get("exp")?.as_f64().map(|end| end as i64)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_wherever_it_travels() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = format!("{}.{}.c2ln", part(r#"{"alg":"ES256"}"#), part(r#"{"exp":1000}"#));
        let bearer = |value: String| {
            let mut request = Request::new("GET", "/orders");
            request.push("Authorization", value, true);
            request
        };
        let form = format!("token={token}&token_type_hint=access_token");
        let posted = Request::new("POST", "/introspect").with_body("application/x-www-form-urlencoded", form);
        let query = Request::new("GET", &format!("/orders?access_token={token}"));
        for request in [bearer(format!("Bearer {token}")), bearer(token.clone()), posted, query] {
            assert_eq!(tokens(&request).iter().find_map(|token| end_of(token)), Some(1000), "{request:?}");
        }
        for other in ["Bearer opaque-token", "Bearer a.b.c", "Basic dXNlcjpwYXNzd29yZA=="] {
            assert_eq!(tokens(&bearer(other.to_owned())).iter().find_map(|token| end_of(token)), None, "{other}");
        }
    }
}
