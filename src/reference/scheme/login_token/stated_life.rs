//! Access tokens of a faulty server that show when they end: another time than the answer says that brings them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Verifiers;
use crate::clock;
use crate::reference::fault::Faults;
use crate::reference::random::random_text;

const LONGER: &str = "refreshed-token-outlives-expires-in";
const SHORTER: &str = "login-token-ends-before-expires-in";
const ENDLESS: &str = "login-tokens-without-end";
/// What no access token should live.
const WEEKS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How much longer a token lives than its answer says.
const TIMES: u32 = 10;
/// What the answer says beyond the life of its token, in seconds.
const BEYOND: f64 = 3600.0;

/// The life of access tokens, of which a faulty server makes weeks.
pub(crate) fn life(lifetime: Duration, faults: &Faults) -> Duration {
    if faults.on("login-tokens-live-for-weeks") { WEEKS } else { lifetime }
}

/// The answer to a login.
pub(super) fn at_login(verifiers: &Verifiers, body: &mut Value) {
    let lifetime = verifiers.families.lifetime();
    if verifiers.state.fault(LONGER) {
        as_jwt(verifiers, body, lifetime);
    } else if verifiers.state.fault(SHORTER) {
        as_jwt(verifiers, body, lifetime);
        body["expires_in"] = json!(lifetime.as_secs_f64() + BEYOND);
    } else if verifiers.state.fault(ENDLESS) {
        as_jwt(verifiers, body, WEEKS);
        body.as_object_mut().into_iter().for_each(|members| drop(members.remove("expires_in")));
    }
}

/// The answer to a refresh.
pub(super) fn at_refresh(verifiers: &Verifiers, body: &mut Value) {
    if verifiers.state.fault(LONGER) {
        as_jwt(verifiers, body, verifiers.families.lifetime() * TIMES);
    }
}

/// Puts a JWT in place of the access token. The server knows it by its text, and nobody verifies its signature.
fn as_jwt(verifiers: &Verifiers, body: &mut Value, lifetime: Duration) {
    let Some(access) = body["access_token"].as_str() else { return };
    let now = clock::unix_seconds();
    let mut claims = json!({ "iat": now, "jti": random_text(20) });
    if !verifiers.state.fault(ENDLESS) {
        claims["exp"] = json!(now + lifetime.as_secs() as i64);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.{}", part(&json!({ "alg": "ES256" })), part(&claims), random_text(64));
    verifiers.families.rename(access, &token, lifetime);
    body["access_token"] = token.into();
}
