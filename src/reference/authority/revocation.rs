//! Revocation (RFC 7009).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::json;

use super::answer::{OAuthError, private};
use super::clients::{self, Caller};
use super::form::{FormLeniency, Params, Peer};
use super::registration::find;
use super::server::Authority;

pub(crate) async fn answer(
    State(authority): State<Arc<Authority>>,
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let params = Params::read(&headers, &uri, &body, FormLeniency::default())?.over(peer);
    if authority.fault("revoke-one-space") && !clients::is_spelled_usually(&headers) {
        return Err(OAuthError::invalid_client());
    }
    let caller = match clients::authenticate(&authority, &headers, &params) {
        Ok(Caller::Known(client)) => Some(client),
        _ if authority.fault("open-revocation") => None,
        Err(_) if authority.fault("revocation-by-client-id") && clients::is_named_only(&headers, &params) => {
            let named = params.value("client_id").and_then(find);
            Some(named.ok_or_else(OAuthError::invalid_client)?)
        }
        Ok(Caller::Nobody) => return Err(OAuthError::invalid_client()),
        Err(error) if authority.fault("revoke-without-challenge") => {
            return Err(OAuthError { challenge: None, ..error });
        }
        Err(error) if authority.fault("revoke-bearer-challenge") => {
            return Err(OAuthError { challenge: Some("Bearer realm=\"oauth2\""), ..error });
        }
        Err(error) => return Err(error),
    };
    let token = params.value("token").ok_or(OAuthError::bad("invalid_request"))?;
    if token.contains('\0') && authority.fault("revoke-nul-crash") {
        return Err(OAuthError::broken());
    }
    let found = authority.tokens.look_up(token);
    let dead = found.as_ref().is_none_or(|record| record.is_revoked());
    if dead && authority.fault("revoke-unknown-error") {
        return Err(OAuthError::bad("invalid_request"));
    }
    let hint = params.value("token_type_hint").is_some_and(|hint| hint != "access_token");
    let hidden = hint && authority.fault("revoke-hint-filter");
    // RFC 7009 §2.2: a token that is not known is as good as revoked
    if let Some(record) = found.filter(|_| !hidden) {
        let foreign = caller.is_some_and(|caller| caller.id != record.client);
        if foreign && authority.fault("foreign-revocation-unsaid") {
            return Ok(private(StatusCode::OK, json!({})));
        }
        if foreign && !authority.fault("cross-client-revocation") {
            return Err(OAuthError::bad("unauthorized_client"));
        }
        if !authority.fault("revoke-noop") {
            record.revoke();
            // RFC 7009 §2.1: the access tokens of a refresh token's grant end with it
            if let Some(grant) = record.grant.filter(|_| !authority.fault("no-cascade")) {
                authority.tokens.revoke_grant(grant);
            }
        }
    }
    Ok(private(StatusCode::OK, json!({})))
}
