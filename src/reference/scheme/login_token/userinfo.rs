//! The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Value, json};

use super::Verifiers;
use crate::reference::rejection::Rejection;
use crate::reference::scheme::bearer::{invalid, presented};

/// The claims of whoever logged in, for a token whose login asked for them.
pub(super) async fn answer(Shared(verifiers): Shared<Arc<Verifiers>>, parts: Parts) -> Result<Json<Value>, Rejection> {
    let state = &verifiers.state;
    let token = presented(state, &parts)?;
    let principal = verifiers.families.principal(&token, &state.faults).ok_or_else(invalid)?;
    if !verifiers.families.is_openid(&token) && !state.fault("userinfo-without-openid") {
        // RFC 6750 §3.1
        let challenge = "Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"openid\"";
        return Err(Rejection::new(StatusCode::FORBIDDEN, "insufficient_scope").with_challenge(challenge));
    }
    Ok(Json(json!({ "sub": principal.name })))
}
