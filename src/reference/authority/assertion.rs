//! Client assertions: `private_key_jwt` (RFC 7523 §2.2 and §3, OpenID Connect Core 1.0 §9).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jsonwebtoken::{Algorithm, Validation};
use serde_json::Value;

use super::Authority;
use super::answer::OAuthError;
use super::clients::{self, Client};
use super::form::Params;
use crate::clock;
use crate::reference::fault::{Fault, row};
use crate::reference::keys::{KeyPair, name_of};
use crate::reference::verify::jwt::compact::{Compact, Leniency};
use crate::reference::verify::jwt::deployment::verifies;
use crate::reference::verify::jwt::keyed_with_the_public_half;
use crate::seed::IDENTITIES;

/// Holes in how assertions are verified.
pub(crate) const FAULTS: &[Fault] = &[
    row("assertion-exp-ignored", "token.assertion-claims-verified", "verifies only the signature of assertions"),
    row(
        "assertion-alg-confusion",
        "token.assertion-signature-verified",
        "picks the verifier of assertions from the alg in their header",
    ),
    row("assertion-replay", "token.assertion-replay-refused", "keeps no jti of assertions"),
];

/// The type of an assertion that is a JWT.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The algorithm that clients are registered with.
pub(super) const ALGORITHM: Algorithm = Algorithm::ES256;
/// Seconds of life beyond which an assertion is unreasonable (RFC 7523 §3): its jti would have to be kept for as long.
const LONGEST: f64 = 3600.0;
/// How many are kept before those that have ended are swept away.
const SWEEP_AT: usize = 4096;

/// Keys of clients, and the assertions that they have used up.
pub(super) struct Assertions {
    keys: HashMap<&'static str, KeyPair>,
    /// Client and jti, with the end of the assertion in seconds since the epoch.
    used: Mutex<HashMap<(String, String), f64>>,
}

impl Assertions {
    /// The keys of the seed.
    pub(super) fn seeded() -> Self {
        let known = IDENTITIES.iter().filter_map(|identity| Some((identity.name, identity.client_key?)));
        let keys = known.map(|(name, key)| (name, KeyPair::of(key, ALGORITHM))).collect();
        Self { keys, used: Mutex::default() }
    }

    /// Takes a jti; false where it was taken before.
    fn take(&self, client: &str, jti: &str, ends: f64) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= SWEEP_AT {
            let now = clock::unix_seconds() as f64;
            used.retain(|_, ends| *ends >= now);
        }
        used.insert((client.to_owned(), jti.to_owned()), ends).is_none()
    }
}

/// Whether a request authenticates its client by an assertion.
pub(super) fn is_there(params: &Params) -> bool {
    params.value("client_assertion").is_some() || params.value("client_assertion_type").is_some()
}

/// The client of an assertion.
pub(super) fn authenticate(authority: &Authority, params: &Params) -> Result<Client, OAuthError> {
    let refused = OAuthError::invalid_client;
    if params.value("client_assertion_type") != Some(TYPE) {
        return Err(refused());
    }
    let token = params.value("client_assertion").ok_or_else(refused)?;
    let compact = Compact::read(token, Leniency::default()).ok_or_else(refused)?;
    let subject = compact.claim_text("sub").or_else(|| without_claims(authority, params)).unwrap_or_default();
    let client = clients::find(subject).ok_or_else(refused)?;
    let key = authority.assertions.keys.get(client.id.as_str()).ok_or_else(refused)?;
    if !is_signed(authority, &compact, key) || !claims_hold(authority, token, &compact, key, &client) {
        return Err(refused());
    }
    // RFC 7521 §4.2: it has to be the client that the assertion speaks for
    if params.value("client_id").is_some_and(|id| id != client.id) {
        return Err(refused());
    }
    Ok(client)
}

/// Through a hole: the client that the request names, where its assertion names none.
fn without_claims<'p>(authority: &Authority, params: &'p Params) -> Option<&'p str> {
    params.value("client_id").filter(|_| authority.fault("assertion-exp-ignored"))
}

/// RFC 8725 §3.1: algorithm and key are those of the registration, whatever the header says.
fn is_signed(authority: &Authority, compact: &Compact, key: &KeyPair) -> bool {
    let algorithm = compact.header_text("alg").unwrap_or_default();
    if authority.fault("assertion-alg-confusion") && algorithm != name_of(ALGORITHM) {
        return algorithm.eq_ignore_ascii_case("none") || keyed_with_the_public_half(key, compact);
    }
    let named = compact.header_text("kid").is_none_or(|kid| kid == key.kid);
    let understood = !compact.header.contains_key("crit");
    named && understood && algorithm == name_of(ALGORITHM) && verifies(compact, &key.verifying, ALGORITHM)
}

/// RFC 7523 §3: issuer and subject are the client, the audience is this server, the end lies ahead and not too far, and
/// the jti is new.
fn claims_hold(authority: &Authority, token: &str, compact: &Compact, key: &KeyPair, client: &Client) -> bool {
    let unread = authority.fault("assertion-exp-ignored") || compact.header_text("alg") != Some(name_of(ALGORITHM));
    let validated = || jsonwebtoken::decode::<Value>(token, &key.verifying, &validation(authority, client)).is_ok();
    if !unread && !validated() {
        return false;
    }
    let ends = compact.claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
    let Some(jti) = compact.claim_text("jti") else { return false };
    (unread || ends <= clock::unix_seconds() as f64 + LONGEST)
        && (authority.assertions.take(&client.id, jti, ends) || authority.fault("assertion-replay"))
}

fn validation(authority: &Authority, client: &Client) -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.leeway = 0;
    // RFC 7519 §4.1.4: on or after the time; the library alone would take the very second
    validation.reject_tokens_expiring_in_less_than = 1;
    validation.validate_nbf = true;
    validation.set_audience(&[authority.endpoint("token"), authority.issuer.clone()]);
    validation.set_issuer(&[&client.id]);
    validation.sub = Some(client.id.clone());
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jti_is_taken_once_by_each_client() {
        let kept = Assertions::seeded();
        let ends = clock::unix_seconds() as f64 + 60.0;
        assert!(kept.take("service", "a", ends) && kept.take("reader", "a", ends));
        assert!(!kept.take("service", "a", ends));
    }

    #[test]
    fn what_has_ended_is_swept_away() {
        let kept = Assertions::seeded();
        let now = clock::unix_seconds() as f64;
        for at in 0..SWEEP_AT {
            assert!(kept.take("service", &at.to_string(), now - 1.0));
        }
        assert!(kept.take("service", "last", now + 60.0));
        assert_eq!(kept.used.lock().expect("whole").len(), 1);
    }

    #[test]
    fn clients_that_cannot_log_in_have_no_key() {
        let names: Vec<&str> = Assertions::seeded().keys.into_keys().collect();
        assert!(names.contains(&"service") && !names.contains(&"retired") && !names.contains(&"lapsed"));
    }
}
