//! Introspection (RFC 7662).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::answer::{OAuthError, private};
use super::clients::{self, Caller};
use super::form::{FormLeniency, Params, Peer};
use super::form_faults;
use super::registration::find;
use super::server::Authority;
use crate::reference::state::tokens::TokenRecord;

/// Bytes of a token beyond which a faulty server takes it for something else.
const LONGEST: usize = 16 * 1024;

pub(crate) async fn answer(
    State(authority): State<Arc<Authority>>,
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = Params::read(&headers, &uri, &body, FormLeniency::default()).map(|params| params.over(peer));
    let decided = params.and_then(|params| decide(&authority, &headers, &params));
    form_faults::introspection_answer(&authority, decided.into_response())
}

fn decide(authority: &Authority, headers: &HeaderMap, params: &Params) -> Result<Response, OAuthError> {
    if authority.fault("introspect-case-sensitive-scheme") && !clients::is_spelled_usually(headers) {
        return Err(OAuthError::invalid_client());
    }
    let caller = match clients::authenticate(authority, headers, params) {
        Err(_) if authority.fault("introspect-body-secret-unchecked") && params.value("client_secret").is_some() => {
            let named = params.value("client_id").and_then(find);
            Some(named.ok_or_else(OAuthError::invalid_client)?)
        }
        Err(_) if authority.fault("introspection-by-client-id") && clients::is_named_only(headers, params) => {
            let named = params.value("client_id").and_then(find);
            Some(named.ok_or_else(OAuthError::invalid_client)?)
        }
        Err(_) | Ok(Caller::Nobody) if authority.fault("open-introspection") => None,
        // what comes by POST says that it is a form
        Err(_) | Ok(Caller::Nobody)
            if authority.fault("introspect-get-open") && headers.contains_key(super::OF_QUERY) =>
        {
            None
        }
        Err(_) | Ok(Caller::Nobody) if authority.fault("introspection-inactive-for-anybody") => {
            return Ok(inactive(authority, None));
        }
        Err(error) if authority.fault("introspect-bearer-challenge") => {
            return Err(OAuthError { challenge: Some("Bearer realm=\"oauth2\""), ..error });
        }
        Err(error) if authority.fault("introspect-without-challenge") => {
            return Err(OAuthError { challenge: None, ..error });
        }
        Err(error) => return Err(error),
        Ok(Caller::Known(client)) if authority.fault("introspection-by-public-client") => Some(client),
        // a public client proves nothing
        Ok(Caller::Known(client)) if client.id != crate::seed::PUBLIC_CLIENT => Some(client),
        Ok(_) => return Err(OAuthError::invalid_client()),
    };
    let token = params.value("token").ok_or(OAuthError::bad("invalid_request"))?;
    if token.contains('\0') && authority.fault("introspect-nul-crash") {
        return Err(OAuthError::broken());
    }
    if token.len() > LONGEST && authority.fault("introspect-oversized-401") {
        return Err(OAuthError::invalid_client());
    }
    let Some(record) = authority.tokens.look_up(token) else {
        if let Some(error) = super::jwt::unusual(authority, token) {
            return Err(error);
        }
        if let Some(claims) = super::jwt::claims_of_unverified(authority, token) {
            return Ok(private(StatusCode::OK, claims));
        }
        return match authority.fault("error-on-unknown") {
            true => Err(OAuthError::bad("invalid_request")),
            false => Ok(inactive(authority, None)),
        };
    };
    // RFC 7662 §4: what a resource server may not use, it does not learn about
    let entitled = caller.is_none_or(|caller| {
        caller.serves == Some(record.audience) || (caller.serves.is_none() && caller.id == record.client)
    }) || authority.fault("introspect-any-rs");
    let expired = record.has_expired() && !authority.fault("introspect-ignores-exp");
    let kept = record.was_called_active() && authority.fault("introspect-keeps-active");
    let revoked = record.is_revoked() && !kept && !authority.fault("introspect-ignores-revocation");
    let of_refresh_tokens = params.value("token_type_hint").is_some_and(|hint| hint == "refresh_token");
    let revoked = revoked && !(of_refresh_tokens && authority.fault("hint-passes-revocation"));
    let hint = params.value("token_type_hint").is_some_and(|hint| hint != "access_token");
    let unhinted = params.value("token_type_hint").is_none();
    let hidden =
        hint && authority.fault("hint-is-filter") || (hint || unhinted) && authority.fault("introspection-needs-hint");
    if !entitled || expired || revoked || hidden || !record.is_access_token {
        return Ok(inactive(authority, Some(&record)));
    }
    record.call_active();
    Ok(private(StatusCode::OK, described(authority, &record)))
}

/// RFC 7662 §2.2: nothing but that it is inactive, whatever the reason.
fn inactive(authority: &Authority, record: Option<&TokenRecord>) -> Response {
    let leak = record.filter(|_| authority.fault("inactive-leaks-reason"));
    private(
        StatusCode::OK,
        match leak {
            None => json!({ "active": false }),
            Some(record) => json!({ "active": false, "reason": "revoked", "sub": record.principal.name }),
        },
    )
}

fn described(authority: &Authority, record: &TokenRecord) -> Value {
    let active = if authority.fault("active-string") { json!("true") } else { json!(true) };
    let mut described = json!({
        "active": active,
        "scope": record.principal.scopes.join(" "),
        "client_id": record.client,
        "token_type": "Bearer",
        "exp": record.expires_at,
        "iat": record.issued_at,
        "sub": record.principal.name,
        "aud": record.audience,
        "iss": authority.issuer,
    });
    if let Some(confirmation) = record.confirmation.shown(authority.fault("unbound-dpop")) {
        described["cnf"] = confirmation;
    }
    // RFC 9449 §6.2
    if record.confirmation.jkt.is_some() {
        described["token_type"] = json!("DPoP");
    }
    described
}
