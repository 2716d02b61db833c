//! Clients of an authorization server, what they authenticate with, and where.

use std::sync::Arc;

use crate::scheme::jose::{Alg, SigningKey};
use crate::secret::Secret;

/// How clients authenticate at the endpoints of the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthMethod {
    /// `client_secret_basic` (RFC 6749 §2.3.1).
    Basic,
    /// `client_secret_post` (RFC 6749 §2.3.1).
    Post,
    /// `private_key_jwt` (RFC 7523 §2.2, OpenID Connect Core 1.0 §9).
    PrivateKeyJwt,
}

/// The authorization server: addresses absolute, or paths on the target.
#[derive(Clone, Debug)]
pub struct AuthorizationServer {
    /// Issuer identifier (RFC 8414 §2), where its metadata is used.
    pub issuer: Option<String>,
    /// Token endpoint; discovered where absent.
    pub token: Option<String>,
    /// Introspection endpoint (RFC 7662 §2).
    pub introspection: Option<String>,
    /// Revocation endpoint (RFC 7009 §2).
    pub revocation: Option<String>,
    /// How clients authenticate.
    pub client_auth: ClientAuthMethod,
    /// Audience of client assertions; the token endpoint where absent (RFC 7523 §3).
    pub assertion_audience: Option<String>,
    /// Parameters that every token request carries beside grant and scope.
    pub token_params: Vec<(String, String)>,
    /// The algorithm of the keys that tokens are bound to, where they are (RFC 9449).
    pub proof_alg: Option<Alg>,
    /// Whether the metadata of the issuer was looked for.
    pub is_discovered: bool,
}

/// A client with what it authenticates with.
#[derive(Clone, Debug)]
pub struct ClientCredential {
    /// Client identifier.
    pub id: String,
    /// Client secret.
    pub secret: Option<Secret>,
    /// The key that signs its assertions.
    pub key: Option<Arc<SigningKey>>,
    /// Scope that it asks for; some servers grant none to who asks for none.
    pub scope: Option<String>,
    /// How it authenticates, where it does so in another way than others.
    pub own_method: Option<ClientAuthMethod>,
}

impl ClientCredential {
    /// A client with a secret.
    pub fn with_secret(id: impl Into<String>, secret: Secret) -> Self {
        Self { id: id.into(), secret: Some(secret), key: None, scope: None, own_method: None }
    }

    /// Its secret; empty where it has none.
    pub fn secret(&self) -> &str {
        self.secret.as_ref().map(Secret::expose).unwrap_or_default()
    }

    /// How it authenticates: as it states itself, else as the scenario says for all, unless it has nothing to do so with.
    pub fn method(&self, wanted: ClientAuthMethod) -> ClientAuthMethod {
        let wanted = self.own_method.unwrap_or(wanted);
        match (wanted, &self.key, &self.secret) {
            (ClientAuthMethod::PrivateKeyJwt, Some(_), _) | (_, Some(_), None) => ClientAuthMethod::PrivateKeyJwt,
            (ClientAuthMethod::PrivateKeyJwt, None, _) => ClientAuthMethod::Basic,
            (secret, ..) => secret,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_authenticates_with_what_it_has() {
        use ClientAuthMethod::{Basic, Post, PrivateKeyJwt};
        let secret = || Some(Secret::new("secret"));
        let key = || Some(Arc::new(SigningKey::generated(Alg::ES256, "k")));
        for (wanted, secret, key, expected) in [
            (Basic, secret(), None, Basic),
            (Post, secret(), None, Post),
            (Post, secret(), key(), Post),
            (PrivateKeyJwt, secret(), key(), PrivateKeyJwt),
            (PrivateKeyJwt, secret(), None, Basic),
            (Basic, None, key(), PrivateKeyJwt),
        ] {
            let client = ClientCredential { id: "c".to_owned(), secret, key, scope: None, own_method: None };
            assert_eq!(client.method(wanted), expected);
        }
    }
}
