//! Metadata (RFC 8414, RFC 9728).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::assertions::{ALGORITHM, SECRET_ALGORITHM};
use super::server::Authority;
use crate::reference::jose::keys::name_of;
use crate::seed::{READ, WRITE};

pub(crate) async fn authorization_server(
    State(authority): State<Arc<Authority>>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    if authority.fault("well-known-appended") {
        return Err(StatusCode::NOT_FOUND);
    }
    let issuer = &authority.issuer;
    let by_certificate = ["tls_client_auth", "self_signed_tls_client_auth"];
    // certificates are presented in a handshake
    let by_certificate = by_certificate.into_iter().filter(|_| issuer.starts_with("https:"));
    let methods: Vec<&str> = ["client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"]
        .into_iter()
        .chain(by_certificate)
        .collect();
    // RFC 8414 §2: required beside private_key_jwt and client_secret_jwt
    let algorithms = [name_of(ALGORITHM), name_of(SECRET_ALGORITHM)];
    let slash = if authority.fault("issuer-trailing-slash") { "/" } else { "" };
    let mut document = json!({
        "issuer": format!("{issuer}{slash}"),
        "token_endpoint": authority.endpoint("token"),
        "introspection_endpoint": authority.endpoint("introspect"),
        "revocation_endpoint": authority.endpoint("revoke"),
        "grant_types_supported": ["client_credentials"],
        // RFC 8414 §2 requires the member; no response type is offered
        "response_types_supported": ["none"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "scopes_supported": [READ, WRITE],
    });
    if issuer.starts_with("https:") {
        // RFC 8705 §3.3 and §5
        document["tls_client_certificate_bound_access_tokens"] = json!(true);
        document["mtls_endpoint_aliases"] = json!({ "token_endpoint": authority.endpoint("mtls/token") });
    }
    super::jwt::describe(&authority, &mut document);
    // RFC 9449 §5.1
    if authority.keys.is_empty() {
        document["dpop_signing_alg_values_supported"] = json!(crate::reference::dpop::ALGORITHMS);
    }
    if authority.fault("advertises-none") {
        document["token_endpoint_auth_signing_alg_values_supported"] = json!(["RS256", "none"]);
    }
    if authority.fault("undeclared-post") {
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic", "private_key_jwt"]);
    }
    for (fault, endpoint) in
        [("undeclared-introspection-post", "introspection"), ("undeclared-revocation-post", "revocation")]
    {
        if authority.fault(fault) {
            let member = format!("{endpoint}_endpoint_auth_methods_supported");
            document[member] = json!(["client_secret_basic", "private_key_jwt"]);
        }
    }
    for (fault, member) in [
        ("logout-announced-elsewhere", "end_session_endpoint"),
        ("device-endpoint-announced", "device_authorization_endpoint"),
    ] {
        if authority.fault(fault) {
            document[member] = json!(authority.endpoint("not-there"));
        }
    }
    if authority.fault("undeclared-grant") {
        document["grant_types_supported"] = json!(["authorization_code"]);
    }
    move_to_named_host(&authority, &headers, &mut document);
    Ok(Json(document))
}

/// Puts the host that a client names in Host or forwarding fields into addresses, as faulty servers do.
fn move_to_named_host(authority: &Authority, headers: &HeaderMap, document: &mut Value) {
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = url::Url::parse(&authority.issuer).map(|issuer| issuer.origin().ascii_serialization());
    let Ok(origin) = origin else { return };
    let moved = |text: &str, host: &str| text.replace(&origin, &format!("http://{host}"));
    let forwarded = field("x-forwarded-host").filter(|_| authority.fault("metadata-of-forwarded-host"));
    let named = field("host").filter(|_| authority.fault("metadata-of-host"));
    if let Some(host) = forwarded.or(named) {
        let text = moved(&document.to_string(), host);
        *document = serde_json::from_str(&text).unwrap_or_default();
    }
    let forwarded = field("forwarded").and_then(|line| line.strip_prefix("host="));
    if let Some(host) = forwarded.filter(|_| authority.fault("endpoint-of-forwarded-host")) {
        document["token_endpoint"] = json!(moved(&authority.endpoint("token"), host));
    }
}

pub(crate) async fn protected_resource(State(authority): State<Arc<Authority>>) -> Json<Value> {
    let issuer = &authority.issuer;
    let elsewhere = authority.fault("prm-resource-mismatch");
    let host = if elsewhere { "https://elsewhere.invalid" } else { issuer.as_str() };
    Json(json!({
        "resource": format!("{host}{}", authority.resource_path()),
        "authorization_servers": [issuer],
        "scopes_supported": [READ, WRITE],
        "bearer_methods_supported": ["header"],
    }))
}
