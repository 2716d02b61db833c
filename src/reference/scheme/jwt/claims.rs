//! Claims: what the library validates, what it leaves to us, and whom they speak for.

use jsonwebtoken::{EncodingKey, Header};
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
    let in_time = issued.is_some_and(|issued| issued <= now + ISSUED_AHEAD);
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
