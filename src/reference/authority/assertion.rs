//! Client assertions: `private_key_jwt` and `client_secret_jwt` (RFC 7523 §2.2 and §3, OpenID Connect Core 1.0 §9).

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::answer::OAuthError;
use super::assertions::{ALGORITHM, SECRET_ALGORITHM};
use super::form::Params;
use super::registration::{self, RegisteredClient};
use super::server::Authority;
use crate::clock;
use crate::reference::jose::compact::{Compact, Leniency};
use crate::reference::jose::keys::name_of;
use crate::reference::jose::signature::{library_verifies, verifies_by_public_pem};

/// The type of an assertion that is a JWT.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The explicit type of an assertion that follows the successor of RFC 7523.
const TYPED: &str = "client-authentication+jwt";
/// Seconds of life beyond which an assertion is unreasonable (RFC 7523 §3): its jti would have to be kept for as long.
const LONGEST: f64 = 3600.0;

/// Whether a request authenticates its client by an assertion.
pub(super) fn is_there(params: &Params) -> bool {
    params.value("client_assertion").is_some() || params.value("client_assertion_type").is_some()
}

/// The client of an assertion.
pub(super) fn authenticate(authority: &Authority, params: &Params) -> Result<RegisteredClient, OAuthError> {
    let refused = OAuthError::invalid_client;
    let unread = authority.fault("assertion-parameters-unread");
    if params.value("client_assertion_type") != Some(TYPE) && !unread {
        return Err(refused());
    }
    let token = params.value("client_assertion").ok_or_else(refused)?;
    let compact = Compact::read(token, Leniency::default()).ok_or_else(refused)?;
    let subject = compact.claim_text("sub").or_else(|| without_claims(authority, params)).unwrap_or_default();
    let client = registration::find(subject).ok_or_else(refused)?;
    let key = by_secret(&compact, &client).or_else(|| by_key(authority, &client)).ok_or_else(refused)?;
    if !is_signed(authority, &compact, &key, &client) || !claims_hold(authority, token, &compact, &key, &client) {
        return Err(refused());
    }
    // RFC 7521 §4.2: it has to be the client that the assertion speaks for
    if params.value("client_id").is_some_and(|id| id != client.id)
        && !unread
        && !authority.fault("assertion-of-any-client")
    {
        return Err(refused());
    }
    let named = params.value("client_id").filter(|_| authority.fault("assertion-of-any-client"));
    Ok(named.and_then(registration::find).unwrap_or(client))
}

/// Through a fault: the client that the request names, where its assertion names none.
fn without_claims<'p>(authority: &Authority, params: &'p Params) -> Option<&'p str> {
    params.value("client_id").filter(|_| authority.fault("assertion-exp-ignored"))
}

/// What verifies the assertions of a client: one algorithm, and the key that is for it alone (RFC 8725 §3.1).
struct RegisteredKey {
    algorithm: Algorithm,
    verifying: DecodingKey,
    kid: Option<String>,
}

/// `client_secret_jwt`: the secret of the client, for the HMAC that it is registered with.
fn by_secret(compact: &Compact, client: &RegisteredClient) -> Option<RegisteredKey> {
    let secret = client.secret.filter(|_| compact.header_text("alg") == Some(name_of(SECRET_ALGORITHM)))?;
    let verifying = DecodingKey::from_secret(secret.as_bytes());
    // whatever the secret did not sign is no assertion of this kind
    library_verifies(compact, &verifying, SECRET_ALGORITHM).then_some(RegisteredKey {
        algorithm: SECRET_ALGORITHM,
        verifying,
        kid: None,
    })
}

/// `private_key_jwt`: the public key that the client is registered with.
fn by_key(authority: &Authority, client: &RegisteredClient) -> Option<RegisteredKey> {
    let key = authority.assertions.keys.get(client.id.as_str())?;
    let (verifying, kid) = (key.verifying.library()?.clone(), Some(key.kid.clone()));
    Some(RegisteredKey { algorithm: ALGORITHM, verifying, kid })
}

/// Algorithm and key are those of the registration, whatever the header says.
fn is_signed(authority: &Authority, compact: &Compact, key: &RegisteredKey, client: &RegisteredClient) -> bool {
    let algorithm = compact.header_text("alg").unwrap_or_default();
    if authority.fault("assertion-alg-confusion") && algorithm != name_of(key.algorithm) {
        let public = authority.assertions.keys.get(client.id.as_str());
        return algorithm.eq_ignore_ascii_case("none")
            || public.is_some_and(|public| verifies_by_public_pem(compact, public));
    }
    let named = compact.header_text("kid").is_none_or(|kid| key.kid.as_deref().is_none_or(|own| own == kid));
    let understood = !compact.header.contains_key("crit");
    named
        && understood
        && algorithm == name_of(key.algorithm)
        && library_verifies(compact, &key.verifying, key.algorithm)
}

/// RFC 7523 §3: issuer and subject are the client, the audience is this server, `exp` is in the future and not too far, and
/// the jti is new.
fn claims_hold(
    authority: &Authority,
    token: &str,
    compact: &Compact,
    key: &RegisteredKey,
    client: &RegisteredClient,
) -> bool {
    let unread = authority.fault("assertion-exp-ignored") || compact.header_text("alg") != Some(name_of(key.algorithm));
    let validation = || validation(authority, client, key.algorithm);
    let validated = || jsonwebtoken::decode::<Value>(token, &key.verifying, &validation()).is_ok();
    let holds = unread || (validated() && audience_holds(authority, compact));
    if !holds {
        return false;
    }
    let ends = compact.claims.get("exp").and_then(Value::as_f64).unwrap_or_default();
    let Some(jti) = compact.claim_text("jti") else { return false };
    (unread || ends <= clock::unix_seconds() as f64 + LONGEST)
        && (authority.assertions.take(&client.id, jti, ends) || authority.fault("assertion-replay"))
}

/// draft-ietf-oauth-rfc7523bis §4: an assertion of the type that this defines is for the issuer, and for nobody beside it. What
/// clients send that follow RFC 7523 may name the token endpoint.
fn audience_holds(authority: &Authority, compact: &Compact) -> bool {
    let typed = compact.header_text("typ").is_some_and(|typ| typ.eq_ignore_ascii_case(TYPED));
    let issuer = &authority.issuer;
    let alone = match compact.claims.get("aud") {
        Some(Value::String(audience)) => audience == issuer,
        Some(Value::Array(audiences)) => audiences.len() == 1 && audiences[0] == issuer.as_str(),
        _ => false,
    };
    !typed || alone || authority.fault("assertion-audience-loose")
}

fn validation(authority: &Authority, client: &RegisteredClient, algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
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
