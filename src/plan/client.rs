//! Clients of an authorization server, what they authenticate with, and where.

use std::sync::Arc;

use crate::observe::ConnectionOf;
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
    /// `client_secret_jwt` (RFC 7523 §2.2, OpenID Connect Core 1.0 §9).
    SecretJwt,
    /// `tls_client_auth` (RFC 8705 §2.1).
    TlsClientAuth,
    /// `self_signed_tls_client_auth` (RFC 8705 §2.2).
    SelfSignedTlsClientAuth,
}

impl ClientAuthMethod {
    /// Whether the certificate of the connection authenticates the client.
    pub fn is_by_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }

    /// What authenticates a client, for a reader.
    pub fn described(self) -> &'static str {
        match self {
            Self::Basic => "HTTP Basic",
            Self::Post => "body parameters",
            Self::PrivateKeyJwt => "a signed assertion",
            Self::SecretJwt => "an assertion under an HMAC",
            Self::TlsClientAuth => "its certificate",
            Self::SelfSignedTlsClientAuth => "its self-signed certificate",
        }
    }
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
    /// Whether they follow the successor of RFC 7523 (draft-ietf-oauth-rfc7523bis): the issuer alone is their audience.
    pub assertions_are_for_issuer: bool,
    /// Parameters that every token request carries beside grant and scope.
    pub token_params: Vec<(String, String)>,
    /// The algorithm of the keys that tokens are bound to, where they are (RFC 9449).
    pub proof_alg: Option<Alg>,
    /// The token endpoint for clients with certificates that the metadata name (RFC 8705 §5).
    pub token_alias: Option<String>,
    /// Addresses that requests of logins go to, without their queries.
    pub used_by_logins: Vec<String>,
    /// Whether the metadata of the issuer was looked for.
    pub is_discovered: bool,
}

impl Default for AuthorizationServer {
    fn default() -> Self {
        Self {
            issuer: None,
            token: None,
            introspection: None,
            revocation: None,
            client_auth: ClientAuthMethod::Basic,
            assertion_audience: None,
            assertions_are_for_issuer: false,
            token_params: Vec::new(),
            proof_alg: None,
            token_alias: None,
            used_by_logins: Vec::new(),
            is_discovered: false,
        }
    }
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
    /// Whose connections carry its requests: those that present its certificate, where it has one.
    pub connection: ConnectionOf,
}

impl ClientCredential {
    /// A client with a secret.
    pub fn with_secret(id: impl Into<String>, secret: Secret) -> Self {
        let (id, secret) = (id.into(), Some(secret));
        Self { id, secret, key: None, scope: None, own_method: None, connection: ConnectionOf::default() }
    }

    /// Its secret; empty where it has none.
    pub fn secret(&self) -> &str {
        self.secret.as_ref().map(Secret::expose).unwrap_or_default()
    }

    /// Bytes of its identifier and secret in HTTP Basic, before Base64: both form-encoded (RFC 6749 §2.3.1), and a colon.
    pub fn basic_pair_len(&self) -> usize {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum::<usize>();
        encoded(&self.id) + 1 + encoded(self.secret())
    }

    /// How it authenticates: as it states itself, else as the scenario says for all, unless it has nothing to do so with.
    pub fn method(&self, wanted: ClientAuthMethod) -> ClientAuthMethod {
        use ClientAuthMethod::{Basic, Post, PrivateKeyJwt, SecretJwt, SelfSignedTlsClientAuth, TlsClientAuth};
        let wanted = self.own_method.unwrap_or(wanted);
        let has_certificate = self.connection.0.is_some();
        let has_it = match wanted {
            Basic | Post | SecretJwt => self.secret.is_some(),
            PrivateKeyJwt => self.key.is_some(),
            TlsClientAuth | SelfSignedTlsClientAuth => has_certificate,
        };
        match (&self.secret, &self.key) {
            _ if has_it => wanted,
            (None, Some(_)) => PrivateKeyJwt,
            (None, None) if has_certificate => TlsClientAuth,
            // a public client names itself where the others do
            (None, None) if wanted == Post => Post,
            _ => Basic,
        }
    }

    /// The key of its assertions: its own, or its secret where it authenticates with that.
    pub fn assertion_key(&self, wanted: ClientAuthMethod) -> Option<Arc<SigningKey>> {
        match self.method(wanted) {
            ClientAuthMethod::SecretJwt => {
                Some(Arc::new(SigningKey::secret(self.secret().as_bytes(), Alg::HS256, None)))
            }
            _ => self.key.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_authenticates_with_what_it_has() {
        use ClientAuthMethod::{Basic, Post, PrivateKeyJwt, SecretJwt, TlsClientAuth};
        let secret = || Some(Secret::new("secret"));
        let key = || Some(Arc::new(SigningKey::generated(Alg::ES256, "k")));
        for (wanted, secret, key, expected) in [
            (Basic, secret(), None, Basic),
            (Post, secret(), None, Post),
            (Post, secret(), key(), Post),
            (Post, None, None, Post),
            (PrivateKeyJwt, secret(), key(), PrivateKeyJwt),
            (PrivateKeyJwt, secret(), None, Basic),
            (Basic, None, key(), PrivateKeyJwt),
            (SecretJwt, secret(), key(), SecretJwt),
            (SecretJwt, None, key(), PrivateKeyJwt),
            (TlsClientAuth, secret(), key(), Basic),
        ] {
            let connection = ConnectionOf::default();
            let client =
                ClientCredential { id: "c".to_owned(), secret, key, scope: None, own_method: None, connection };
            assert_eq!(client.method(wanted), expected);
            let presenting = ClientCredential { connection: ConnectionOf(Some("c".into())), ..client };
            assert_eq!(presenting.method(TlsClientAuth), TlsClientAuth);
        }
    }
}
