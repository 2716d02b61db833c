//! Revocation (RFC 7009).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde_json::json;

use super::Authority;
use super::answer::{OAuthError, private};
use super::clients::{self, Caller};
use super::form::Params;
use crate::reference::fault::{Fault, row};

/// Holes of this endpoint.
pub(crate) const FAULTS: &[Fault] = &[
    row("revoke-noop", "revoke.valid-token", "answers 200 and revokes nothing"),
    row("open-revocation", "revoke.client-auth-required", "revokes for anybody"),
    row("cross-client-revocation", "revoke.foreign-token-refused", "revokes the tokens of other clients"),
];

pub(crate) async fn answer(
    State(authority): State<Arc<Authority>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let params = Params::read(&headers, &uri, &body, false)?;
    let caller = match clients::authenticate(&authority, &headers, &params) {
        Ok(Caller::Known(client)) => Some(client),
        _ if authority.fault("open-revocation") => None,
        Ok(Caller::Nobody) => return Err(OAuthError::invalid_client()),
        Err(error) => return Err(error),
    };
    let token = params.value("token").ok_or(OAuthError::bad("invalid_request"))?;
    // RFC 7009 §2.2: a token that is not known is as good as revoked
    if let Some(record) = authority.look_up(token) {
        let foreign = caller.is_some_and(|caller| caller.id != record.client);
        if foreign && !authority.fault("cross-client-revocation") {
            return Err(OAuthError::bad("unauthorized_client"));
        }
        if !authority.fault("revoke-noop") {
            record.revoke();
        }
    }
    Ok(private(StatusCode::OK, json!({})))
}
