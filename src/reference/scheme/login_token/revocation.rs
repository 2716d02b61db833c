//! Revocation of the tokens of logins (RFC 7009).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::{clients, token_request};
use crate::reference::rejection::Rejection;
use crate::reference::scheme::Verifiers;

pub(super) async fn answer(Shared(verifiers): Shared<Arc<Verifiers>>, headers: HeaderMap, body: Bytes) -> Response {
    revoked(&verifiers, &headers, &body).map_or_else(Rejection::into_response, |()| StatusCode::OK.into_response())
}

fn revoked(verifiers: &Verifiers, headers: &HeaderMap, body: &[u8]) -> Result<(), Rejection> {
    let (families, faults) = (&verifiers.families, &verifiers.state.faults);
    let bad = |error| Err(Rejection::new(StatusCode::BAD_REQUEST, error));
    let form = token_request::fields(headers, body, faults)?;
    let client = clients::client_of(headers, &form, faults)?;
    let Some(token) = form.get("token") else { return bad("invalid_request") };
    let is_said_to_open = form.get("token_type_hint").is_some_and(|hint| hint == "access_token");
    let hint = form.get("token_type_hint").map_or("access_token", String::as_str);
    let is_known = ["access_token", "refresh_token"].contains(&hint);
    if !is_known && faults.on("grant-revocation-refuses-unknown-hint") {
        return bad("unsupported_token_type");
    }
    // RFC 7009 §2.1: a token that is not of the kind in the hint is looked for among all others
    let is_hidden = match hint {
        "access_token" => {
            is_said_to_open && families.renews(token) && faults.on("grant-revocation-refresh-token-hint-filter")
        }
        "refresh_token" => faults.on("grant-revocation-hint-filter"),
        _ => faults.on("grant-revocation-unknown-hint-filter"),
    };
    match families.client_of(token) {
        Some(_) if is_hidden => Ok(()),
        Some(_)
            if !form.contains_key("token_type_hint")
                && families.renews(token)
                && faults.on("grant-revocation-keeps-refresh-tokens") =>
        {
            Ok(())
        }
        None if faults.on("grant-revocation-names-tokens") => bad("invalid_request"),
        // RFC 7009 §2.2: a token that is not known is as good as revoked
        None => Ok(()),
        Some(owner) if owner != client && !faults.on("grant-revocation-of-any-client") => bad("unauthorized_client"),
        Some(_) if faults.on("grant-revocation-noop") => Ok(()),
        Some(_) => {
            families.end(token, faults);
            Ok(())
        }
    }
}
