//! What the metadata of an issuer (RFC 8414 §2) adds to a scenario. It is fetched once a run, and read here.

use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::plan::subject::{AuthorizationServer, ClientAuthMethod, Subject};

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadMetadata {
    /// An endpoint elsewhere: whoever writes the metadata would say where credentials go.
    #[error("{0} is not on the origin of the issuer; name it in the scenario if that is meant")]
    ForeignEndpoint(&'static str),
    /// No token endpoint.
    #[error("it names no token_endpoint")]
    NoTokenEndpoint,
}

/// Completes the endpoints that a scenario does not name.
///
/// # Errors
/// When an endpoint is on another origin than the issuer, or there is no token endpoint.
pub fn complete(server: &mut AuthorizationServer, issuer: &Url, metadata: &Value) -> Result<(), BadMetadata> {
    let alias = metadata["mtls_endpoint_aliases"]["token_endpoint"].as_str();
    let is_known = |alias: &&str| is_of(issuer, alias) || server.token.as_deref() == Some(*alias);
    server.token_alias = alias.filter(is_known).map(str::to_owned);
    // RFC 8705 §5: whoever means to present a certificate uses the alias in preference
    if server.client_auth.is_by_certificate() && server.token.is_none() {
        server.token = server.token_alias.clone();
    }
    for (endpoint, member) in [
        (&mut server.token, "token_endpoint"),
        (&mut server.introspection, "introspection_endpoint"),
        (&mut server.revocation, "revocation_endpoint"),
    ] {
        let Some(found) = metadata[member].as_str().filter(|_| endpoint.is_none()) else { continue };
        if !is_of(issuer, found) {
            return Err(BadMetadata::ForeignEndpoint(member));
        }
        *endpoint = Some(found.to_owned());
    }
    server.token.as_ref().map(drop).ok_or(BadMetadata::NoTokenEndpoint)
}

/// Where the issuer publishes its keys, on its own origin.
pub fn keys_at(issuer: &Url, metadata: &Value) -> Option<String> {
    metadata["jwks_uri"].as_str().filter(|found| is_of(issuer, found)).map(str::to_owned)
}

/// Algorithms that the scenario signs with and the metadata do not list (RFC 8414 §2, RFC 9449 §5.1), in words for a reader. Names
/// are compared as they are: `EdDSA` in a list is not `Ed25519` (RFC 9864 §2.2).
pub fn unlisted(subject: &Subject, metadata: &Value) -> Vec<String> {
    let Some(server) = &subject.authorization_server else { return Vec::new() };
    let signs = |method| matches!(method, ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::SecretJwt);
    let clients = subject.identities.iter().filter_map(|identity| identity.client());
    let clients = clients.filter(|client| signs(client.method(server.client_auth)));
    let assertions = clients.filter_map(|client| client.assertion_key(server.client_auth)).map(|key| key.alg);
    let assertions =
        assertions.map(|alg| ("client assertions", "token_endpoint_auth_signing_alg_values_supported", alg));
    let proofs = server.proof_alg.map(|alg| ("DPoP proofs", "dpop_signing_alg_values_supported", alg));
    let mut said = Vec::new();
    for (what, member, alg) in proofs.into_iter().chain(assertions) {
        let Some(listed) = metadata[member].as_array() else { continue };
        let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
        let names = if listed.is_empty() { "nothing".to_owned() } else { listed.join(", ") };
        let text = format!(
            "the metadata of the issuer list {names} for {what} (`{member}`), and the scenario signs with {}",
            alg.name()
        );
        if !listed.contains(&alg.name()) && !said.contains(&text) {
            said.push(text);
        }
    }
    said
}

fn is_of(issuer: &Url, address: &str) -> bool {
    address.parse::<Url>().is_ok_and(|found| found.origin() == issuer.origin())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn server() -> AuthorizationServer {
        AuthorizationServer {
            issuer: Some("https://as.test".to_owned()),
            token: None,
            introspection: Some("/own".to_owned()),
            revocation: None,
            client_auth: ClientAuthMethod::Basic,
            assertion_audience: None,
            token_params: Vec::new(),
            proof_alg: None,
            assertions_are_for_issuer: false,
            token_alias: None,
            used_by_logins: Vec::new(),
            is_discovered: false,
        }
    }

    #[test]
    fn metadata_completes_what_the_scenario_does_not_name() {
        let issuer: Url = "https://as.test".parse().expect("a URL");
        let mut completed = server();
        let metadata = json!({
            "token_endpoint": "https://as.test/token", "introspection_endpoint": "https://as.test/other",
            "jwks_uri": "https://as.test/keys",
        });
        assert_eq!(complete(&mut completed, &issuer, &metadata), Ok(()));
        assert_eq!(completed.token.as_deref(), Some("https://as.test/token"));
        assert_eq!((completed.introspection.as_deref(), completed.revocation), (Some("/own"), None));
        assert_eq!(keys_at(&issuer, &metadata).as_deref(), Some("https://as.test/keys"));
    }

    #[test]
    fn metadata_sends_credentials_nowhere_else() {
        let issuer: Url = "https://as.test".parse().expect("a URL");
        let elsewhere = json!({ "token_endpoint": "https://evil.test/token", "jwks_uri": "https://evil.test/keys" });
        assert_eq!(complete(&mut server(), &issuer, &elsewhere), Err(BadMetadata::ForeignEndpoint("token_endpoint")));
        assert_eq!(keys_at(&issuer, &elsewhere), None);
        assert_eq!(complete(&mut server(), &issuer, &json!({})), Err(BadMetadata::NoTokenEndpoint));
    }
}
