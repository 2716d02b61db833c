//! The token endpoint: client credentials (RFC 6749 §4.4).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::answer::{OAuthError, private};
use super::clients::{self, Caller};
use super::form::{FormLeniency, Params, Peer};
use super::form_faults;
use super::proof;
use super::registration::{LOOKALIKES, RegisteredClient};
use super::server::Authority;
use crate::reference::random::random_text;
use crate::reference::state::tokens::Confirmation;
use crate::seed::{IDENTITIES, READ, WRITE};

/// At the alias for clients with certificates (RFC 8705 §5); through a fault its host asks for none.
pub(crate) async fn answer_at_alias(
    authority: State<Arc<Authority>>,
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let peer = peer.filter(|_| !authority.fault("dead-alias"));
    answer(authority, peer, uri, headers, body).await
}

pub(crate) async fn answer(
    State(authority): State<Arc<Authority>>,
    peer: Peer,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let leniency = FormLeniency {
        merge_query: authority.fault("merges-query-and-form"),
        first_wins: authority.fault("first-value-wins"),
        json: authority.fault("json-token-request"),
    };
    let params = Params::read(&headers, &uri, &body, leniency);
    let decided = params.and_then(|params| {
        if form_faults::breaks(&authority, &headers, &params, &body) {
            return Err(OAuthError { status: StatusCode::INTERNAL_SERVER_ERROR, ..OAuthError::bad("server_error") });
        }
        let empty_scope = url::form_urlencoded::parse(&body).any(|(name, value)| name == "scope" && value.is_empty());
        if empty_scope && authority.fault("empty-scope-is-error") {
            return Err(OAuthError::bad("invalid_scope"));
        }
        decide(&authority, (&headers, &uri), &params.over(peer))
    });
    let decided = decided.or_else(|error| refused_with_token(&authority, (&headers, &uri), error).ok_or(error));
    let refused = decided.as_ref().err().copied();
    let mut response = form_faults::token_answer(&authority, &headers, decided.into_response());
    form_faults::talkative(&authority, refused.as_ref(), &mut response);
    proof::name_nonce(&authority, refused.as_ref(), &mut response);
    response
}

fn decide(authority: &Authority, (headers, uri): (&HeaderMap, &Uri), params: &Params) -> Result<Response, OAuthError> {
    let client = match clients::authenticate(authority, headers, params)? {
        Caller::Known(client) => client,
        Caller::Nobody => return Err(OAuthError::invalid_client()),
    };
    if form_faults::minds(authority, params.names()) {
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
    let jkt = proof::bound(authority, headers, uri)?;
    let token_type = if jkt.is_some() { "DPoP" } else { "Bearer" };
    // RFC 8705 §3: what comes over a connection with a certificate is bound to that
    let of_pem = authority.fault("thumbprint-of-pem");
    let certificate = params.certificate.as_ref().map(|certificate| certificate.thumbprint(of_pem));
    let (token, expires_in) = authority.issue(&client, scopes, Confirmation { jkt, certificate });
    let mut answer =
        json!({ "access_token": token, "token_type": token_type, "expires_in": expires_in, "scope": scope });
    apply_faults(authority, &mut answer);
    Ok(private(StatusCode::OK, answer))
}

/// A failed client authentication of a server that puts a token into its answer.
fn refused_with_token(
    authority: &Authority,
    (headers, uri): (&HeaderMap, &Uri),
    error: OAuthError,
) -> Option<Response> {
    if error.status != StatusCode::UNAUTHORIZED || !authority.fault("token-in-401") {
        return None;
    }
    let token = match proof::bound(authority, headers, uri).ok().flatten() {
        Some(jkt) => authority.issue_bound(IDENTITIES[0].name, &jkt)?,
        None => authority.issue_to(IDENTITIES[0].name)?,
    };
    let life = authority.lifetime.as_secs();
    let body = json!({ "error": error.error, "access_token": token, "token_type": "Bearer", "expires_in": life });
    let headers = error.into_response().headers().clone();
    let (mut parts, body) = private(StatusCode::UNAUTHORIZED, body).into_parts();
    parts.headers.extend(headers.get(header::WWW_AUTHENTICATE).map(|line| (header::WWW_AUTHENTICATE, line.clone())));
    Some(Response::from_parts(parts, body))
}

/// Changes the answer as the open faults do.
fn apply_faults(authority: &Authority, answer: &mut Value) {
    if authority.fault("expires-in-string") || authority.fault("expires-in-quoted") {
        answer["expires_in"] = json!(answer["expires_in"].to_string());
    }
    if authority.fault("refresh-for-cc") {
        answer["refresh_token"] = json!(format!("abr_{}", random_text(43)));
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
fn granted(
    authority: &Authority,
    client: &RegisteredClient,
    requested: Option<&str>,
) -> Result<Vec<String>, OAuthError> {
    let Some(requested) = requested else {
        return Ok(client.scopes.iter().map(|scope| (*scope).to_owned()).collect());
    };
    let in_scope = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    let mut granted: Vec<String> = Vec::new();
    let knows_first = authority.fault("reads-first-scope")
        && requested.split(' ').next().is_some_and(|first| client.scopes.contains(&first));
    for scope in requested.split(' ') {
        if scope.is_empty() || !scope.chars().all(in_scope) {
            return Err(OAuthError::bad("invalid_scope"));
        }
        let held = [READ, WRITE].contains(&scope) && authority.fault("grants-lacked-scope");
        let entitled = client.scopes.contains(&scope) || LOOKALIKES.contains(&scope) || held || knows_first;
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
