//! The token endpoint: client credentials (RFC 6749 §4.4).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::answer::{OAuthError, private};
use super::clients::{self, Caller, Client, LOOKALIKES};
use super::form::{Leniency, Params};
use super::{Authority, sloppy};
use crate::reference::fault::{Fault, row};
use crate::seed::{READ, WRITE};

/// Holes of this endpoint.
pub(crate) const FAULTS: &[Fault] = &[
    row("token-type-missing", "token.client-credentials-success", "omits token_type"),
    row("grants-requested-scope", "token.scope-not-escalated", "copies the requested scope into the token"),
    row(
        "invalid-client-400",
        "token.bad-secret-basic-401",
        "answers a failed client authentication with 400 and no challenge",
    ),
    row("secret-not-checked", "token.bad-secret-post", "accepts any secret in the body"),
    row("client-id-suffices", "token.missing-client-auth", "issues tokens for a bare client_id"),
    row("public-cc", "token.public-client-cc-refused", "issues tokens to public clients"),
    row("grant-allow-list-ignored", "token.grant-not-allowed", "lets any client use any grant"),
    row("ropc-enabled", "token.password-grant-disabled", "offers the password grant"),
    row(
        "merges-query-and-form",
        "token.query-credentials-refused",
        "reads parameters of the URL and of the body alike",
    ),
    row("expires-in-string", "token.expires-in-truthful", "spells expires_in as text, and the API does not keep it"),
    row("silent-downscope", "token.scope-returned-when-different", "drops a scope and does not say so"),
    row("scope-crash", "token.invalid-scope-error", "breaks on a scope outside ASCII"),
    row("default-grant", "token.unsupported-grant", "takes an unknown grant for client credentials"),
    row("grant-type-optional", "token.missing-grant-type", "takes no grant for client credentials"),
    row("empty-scope-is-error", "token.empty-param-is-omitted", "refuses an empty scope"),
    row("refresh-for-cc", "token.no-refresh-for-cc", "adds a refresh token"),
    row(
        "grants-lacked-scope",
        "token.lacked-scope-opens-nothing",
        "grants every scope that some client has, and does not say so",
    ),
    row("counter-token", "token.values-unique-and-long", "counts its tokens"),
];

pub(crate) async fn answer(
    State(authority): State<Arc<Authority>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let leniency = Leniency {
        merge_query: authority.fault("merges-query-and-form"),
        first_wins: authority.fault("first-value-wins"),
        json: authority.fault("json-token-request"),
    };
    let params = Params::read(&headers, &uri, &body, leniency);
    let decided = params.and_then(|params| {
        let empty_scope = url::form_urlencoded::parse(&body).any(|(name, value)| name == "scope" && value.is_empty());
        if empty_scope && authority.fault("empty-scope-is-error") {
            return Err(OAuthError::bad("invalid_scope"));
        }
        decide(&authority, &headers, &params)
    });
    sloppy::token_answer(&authority, decided.into_response())
}

fn decide(authority: &Authority, headers: &HeaderMap, params: &Params) -> Result<Response, OAuthError> {
    let client = match clients::authenticate(authority, headers, params)? {
        Caller::Known(client) => client,
        Caller::Nobody => return Err(OAuthError::invalid_client()),
    };
    if sloppy::minds(authority, params.names()) {
        return Err(OAuthError::bad("invalid_request"));
    }
    match params.value("grant_type") {
        None if authority.fault("grant-type-optional") => {}
        None => return Err(OAuthError::bad("invalid_request")),
        Some("client_credentials") => {}
        // RFC 6749 §5.2: an answer about the resource owner shows that the grant is live
        Some("password") if authority.fault("ropc-enabled") => return Err(OAuthError::bad("invalid_grant")),
        Some(grant) if grant != "password" && authority.fault("default-grant") => {}
        Some(_) => return Err(OAuthError::bad("unsupported_grant_type")),
    }
    let open = match client.id.as_str() {
        crate::seed::PUBLIC_CLIENT => authority.fault("public-cc"),
        _ => authority.fault("grant-allow-list-ignored") && client.serves.is_none(),
    };
    if !client.may_obtain && !open {
        return Err(OAuthError::bad("unauthorized_client"));
    }
    if authority.fault("scope-crash") && params.value("scope").is_some_and(|scope| !scope.is_ascii()) {
        return Err(OAuthError { status: StatusCode::INTERNAL_SERVER_ERROR, ..OAuthError::bad("server_error") });
    }
    let scopes = granted(authority, &client, params.value("scope"))?;
    let scope = scopes.join(" ");
    let (token, expires_in) = authority.issue(&client, scopes);
    let mut answer = json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires_in, "scope": scope });
    spoil(authority, &mut answer);
    Ok(private(StatusCode::OK, answer))
}

/// Faults of the answer.
fn spoil(authority: &Authority, answer: &mut Value) {
    if authority.fault("expires-in-string") {
        answer["expires_in"] = json!(answer["expires_in"].to_string());
    }
    if authority.fault("refresh-for-cc") {
        answer["refresh_token"] = json!(format!("abr_{}", super::random_text(43)));
    }
    let Some(members) = answer.as_object_mut() else { return };
    for (fault, member) in
        [("token-type-missing", "token_type"), ("silent-downscope", "scope"), ("grants-lacked-scope", "scope")]
    {
        if authority.fault(fault) {
            members.remove(member);
        }
    }
}

/// RFC 6749 §3.3: what the client may have of what it asks for; everything it may have if it asks for nothing.
fn granted(authority: &Authority, client: &Client, requested: Option<&str>) -> Result<Vec<String>, OAuthError> {
    let Some(requested) = requested else {
        return Ok(client.scopes.iter().map(|scope| (*scope).to_owned()).collect());
    };
    let in_scope = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    let mut granted: Vec<String> = Vec::new();
    for scope in requested.split(' ') {
        if scope.is_empty() || !scope.chars().all(in_scope) {
            return Err(OAuthError::bad("invalid_scope"));
        }
        let held = [READ, WRITE].contains(&scope) && authority.fault("grants-lacked-scope");
        let entitled = client.scopes.contains(&scope) || LOOKALIKES.contains(&scope) || held;
        if !entitled && authority.fault("silent-downscope") {
            continue;
        }
        if !entitled && !authority.fault("grants-requested-scope") {
            return Err(OAuthError::bad("invalid_scope"));
        }
        if !granted.iter().any(|other| other == scope) {
            granted.push(scope.to_owned());
        }
    }
    Ok(granted)
}
