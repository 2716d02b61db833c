//! Claims: what the library validates, what it leaves to us, and whom they speak for.

use std::collections::HashSet;

use jsonwebtoken::{EncodingKey, Header, Validation};
use serde_json::{Map, Value};

use super::deployment::Deployment;
use crate::clock;
use crate::reference::jose::compact::Compact;
use crate::reference::random::random_text;
use crate::reference::state::{Principal, ReferenceState};
use crate::seed::{IDENTITIES, SeedState};

/// How far in the future a token may have been issued: clocks differ.
const ISSUED_AHEAD: f64 = 60.0;

/// Registered claims of a token whose signature was judged before, through a fault. The library validates claims only
/// together with a signature, so they are handed to it under a key that this process alone knows.
pub(super) fn registered_hold(deployment: &Deployment, compact: &Compact) -> bool {
    static KEY: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| random_text(64));
    let header = Header::new(jsonwebtoken::Algorithm::HS256);
    let signing = EncodingKey::from_secret(KEY.as_bytes());
    let Ok(token) = jsonwebtoken::encode(&header, &compact.claims, &signing) else { return false };
    let mut validation = deployment.validation.clone();
    validation.algorithms = vec![jsonwebtoken::Algorithm::HS256];
    let verifying = jsonwebtoken::DecodingKey::from_secret(KEY.as_bytes());
    jsonwebtoken::decode::<Value>(token, &verifying, &validation).is_ok()
}

/// What the library validates (RFC 9068 §4), of a token that it cannot read: its algorithm has a name that the library does
/// not know. [`registered_hold`] would add an HMAC to what an overhead study measures.
pub(super) fn hold(validation: &Validation, claims: &Map<String, Value>) -> bool {
    let now = clock::unix_seconds() as f64;
    let leeway = validation.leeway as f64;
    let margin = validation.reject_tokens_expiring_in_less_than as f64;
    // null is absent, and no time
    let given = |name: &str| claims.get(name).filter(|value| !value.is_null());
    let time = |name: &str| {
        let number = given(name)?.as_f64();
        number.filter(|number| (0.0..u64::MAX as f64).contains(number)).map(f64::round)
    };
    let texts = |name: &str| match given(name) {
        Some(Value::String(text)) => Some(vec![text.as_str()]),
        Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let is_there = |name: &String| match name.as_str() {
        "exp" | "nbf" => time(name).is_some(),
        "sub" => given(name).is_some_and(Value::is_string),
        _ => texts(name).is_some(),
    };
    let among = |name: &str, known: Option<&HashSet<String>>| {
        let named = texts(name);
        known.is_none_or(|known| named.is_none_or(|named| named.iter().any(|text| known.contains(*text))))
    };
    let soon = time("exp").is_some_and(|exp| exp < margin) && (validation.validate_exp || validation.validate_nbf);
    let ends = match time("exp") {
        Some(exp) => exp - margin >= now - leeway,
        None => !claims.contains_key("exp"),
    };
    let begins = match time("nbf") {
        Some(nbf) => nbf <= now + leeway,
        None => !claims.contains_key("nbf"),
    };
    // the library cannot read a token with such a time at all
    let reads =
        ["exp", "nbf"].iter().all(|name| !claims.get(*name).is_some_and(|time| time.is_array() || time.is_object()));
    validation.required_spec_claims.iter().all(is_there)
        && reads
        && !soon
        && (ends || !validation.validate_exp)
        && (begins || !validation.validate_nbf)
        && among("iss", validation.iss.as_ref())
        && (among("aud", validation.aud.as_ref()) || !validation.validate_aud)
}

/// Claims that the library leaves to us.
pub(super) fn ours_hold(state: &ReferenceState, compact: &Compact) -> bool {
    let now = clock::unix_seconds() as f64;
    let claims = &compact.claims;
    let is_text = |name: &str| claims.get(name).is_some_and(Value::is_string);
    let faulty = ["exp-string-coerced", "exp-zero-is-none", "exp-word-is-none"].iter().any(|name| state.fault(name));
    if faulty {
        let exp = match claims.get("exp") {
            Some(Value::String(text)) if state.fault("exp-string-coerced") => text.parse::<f64>().ok(),
            Some(Value::String(text)) if state.fault("exp-word-is-none") => {
                text.parse::<f64>().is_err().then_some(f64::INFINITY)
            }
            Some(Value::Number(number)) if state.fault("exp-zero-is-none") && number.as_f64() == Some(0.0) => {
                Some(f64::INFINITY)
            }
            Some(Value::Number(number)) => number.as_f64(),
            _ => None,
        };
        if exp.is_none_or(|exp| exp <= now) {
            return false;
        }
    }
    if state.fault("aud-string-only") && !is_text("aud") {
        return false;
    }
    // RFC 9068 §2.2: client_id and jti are required
    let whole = is_text("sub") && is_text("client_id") && is_text("jti");
    let issued = claims.get("iat").and_then(Value::as_f64);
    // RFC 7519 §4.1.6: a number
    let is_no_number = || claims.get("iat").is_some_and(|issued| !issued.is_number());
    let in_time =
        issued.is_some_and(|issued| issued <= now + ISSUED_AHEAD) || (state.fault("iat-of-any-type") && is_no_number());
    let scope = claims.get("scope").is_none_or(|scope| scope.is_string() || state.fault("scope-array-bypass"));
    whole && scope && (in_time || state.fault("ignores-iat"))
}

/// Whom the claims speak for; nobody where the account was closed.
pub(super) fn principal(state: &ReferenceState, claims: &Map<String, Value>) -> Option<Principal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("sub");
    let known = IDENTITIES.iter().find(|identity| identity.name == name);
    if known.is_some_and(|identity| identity.state == SeedState::Revoked) && !state.fault("introspection-cache-forever")
    {
        return None;
    }
    let everything = || vec![crate::seed::READ.to_owned(), crate::seed::WRITE.to_owned()];
    let scopes = match claims.get("scope") {
        Some(Value::Array(_)) if state.fault("scope-array-bypass") => everything(),
        None if state.fault("scope-absent-bypass") => everything(),
        _ => text("scope").split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
    };
    let tenant = claims.get("tenant").and_then(Value::as_str).unwrap_or("a").to_owned();
    Some(Principal { name, scopes, tenant })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reference::fault::Faults;
    use crate::reference::jose::algorithm::JwsAlgorithm;
    use crate::seed::keys::{AUDIENCE, ISSUER};

    /// Both ways to validate the registered claims agree: the library's, and the one for algorithms that it does not know.
    #[test]
    fn claims_are_validated_as_the_library_does() {
        let now = clock::unix_seconds();
        let good = json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "a", "exp": now + 60 });
        let changes = [
            ("none", Value::Null),
            ("exp", json!(now)),
            ("exp", json!(now + 60)),
            ("exp", json!(now as f64 + 60.4)),
            ("exp", json!(now - 30)),
            ("exp", json!(0)),
            ("exp", json!(-1)),
            ("exp", json!(1e30)),
            ("exp", json!((now + 60).to_string())),
            ("exp", json!([now + 60])),
            ("exp", Value::Null),
            ("nbf", json!(now)),
            ("nbf", json!(now + 60)),
            ("nbf", json!("later")),
            ("nbf", Value::Null),
            ("iss", json!("https://other.test")),
            ("iss", json!([ISSUER, "https://other.test"])),
            ("iss", json!(5)),
            ("iss", Value::Null),
            ("aud", json!([AUDIENCE])),
            ("aud", json!(["https://other.test"])),
            ("aud", json!([])),
            ("aud", json!([5])),
            ("aud", json!({})),
            ("sub", json!(5)),
            ("sub", Value::Null),
        ];
        let faults = [
            "",
            "one-hour-leeway",
            "exp-optional",
            "ignores-nbf",
            "issuer-ignored",
            "jwt-audience-ignored",
            "jwt-accepts-expired-token",
        ];
        for fault in faults {
            let faults = Faults::new([fault].into_iter().filter(|fault| !fault.is_empty()));
            let deployment = Deployment::seeded(JwsAlgorithm::Ed25519, &faults);
            for (name, value) in &changes {
                let mut claims = good.as_object().cloned().expect("an object");
                claims.insert((*name).to_owned(), value.clone());
                let compact = Compact { header: Map::new(), claims, signed: String::new(), signature: Vec::new() };
                let ours = hold(&deployment.validation, &compact.claims);
                assert_eq!(ours, registered_hold(&deployment, &compact), "{fault}: {name} {value}");
            }
        }
    }
}
