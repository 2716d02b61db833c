//! Who is known to the target.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ClientAuth, DeclaredLogin, SigningKeySource, Totp};
use crate::scenario::{At, JsonTemplate, Template};

/// A credential: the members that its scheme needs, with what it may do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// API key.
    #[serde(default)]
    pub key: Option<Template>,
    /// Bearer token.
    #[serde(default)]
    pub token: Option<Template>,
    /// Claims of a token that authbench mints with `material.issuer_key`, beside iss, aud, iat, exp and jti.
    #[serde(default)]
    pub claims: Option<BTreeMap<String, JsonTemplate>>,
    /// User-id.
    #[serde(default)]
    pub username: Option<Template>,
    /// Password.
    #[serde(default)]
    pub password: Option<Template>,
    /// Secret of its one-time codes, the second factor of its `login`: in Base32, as an `otpauth://` URI, or as a mapping. `{totp}`
    /// in a request of the login stands for the present code.
    #[serde(default)]
    pub totp: Option<At<Totp>>,
    /// Client identifier.
    #[serde(default)]
    pub client_id: Option<Template>,
    /// Client secret.
    #[serde(default)]
    pub client_secret: Option<Template>,
    /// Key that signs the client's assertions, where `client_auth` is `private-key-jwt`; beside a secret it unlocks the
    /// checks of assertions.
    #[serde(default)]
    pub client_key: Option<At<SigningKeySource>>,
    /// How the client authenticates, where it does so in another way than the scheme says.
    #[serde(default)]
    pub client_auth: Option<ClientAuth>,
    /// Identifier of the secret that signs requests.
    #[serde(default)]
    pub key_id: Option<Template>,
    /// Key that signs messages (RFC 9421); its `kid` is the parameter `keyid`.
    #[serde(default)]
    pub signing_key: Option<At<SigningKeySource>>,
    /// Access key of AWS: the identifier of the secret that signs requests.
    #[serde(default)]
    pub access_key: Option<Template>,
    /// Session token of temporary credentials of AWS, which travels with each request.
    #[serde(default)]
    pub session_token: Option<Template>,
    /// Secret that signs requests; it never travels.
    #[serde(default)]
    pub secret_key: Option<Template>,
    /// How the credential is obtained, where it is not written here.
    #[serde(default)]
    pub login: Option<At<DeclaredLogin>>,
    /// The certificate that is presented on connections of this credential, in place of that of `target.tls`.
    #[serde(default)]
    pub tls: Option<At<PresentedCertificate>>,
    /// Scopes that it holds.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Tenant that it belongs to.
    #[serde(default)]
    pub tenant: Option<String>,
    /// The user-id of the account that it belongs to, as `material.hooks` take it, where that is not its `username`. Of a key or a
    /// token it says that the credential has to end with the account: `common.disabled-account-loses-access` looks for that.
    #[serde(default)]
    pub account: Option<Template>,
    /// Its state. One that is revoked or expired is sent as it is written, and has to be refused, under each scheme whose
    /// credentials are written in the scenario; no check uses one with a `login` of requests, or one of
    /// `oauth2-client-credentials`.
    #[serde(default)]
    pub state: CredentialState,
}

/// A certificate that is presented in a TLS handshake. Requests without a credential, and forgeries, are sent with that of
/// the credential that they are compared with: what is refused then is refused for the credential. Under the scheme mtls the
/// certificate is the credential.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentedCertificate {
    /// File with the certificate in PEM, relative to the scenario, with those that lead to its CA behind it; or a variable that
    /// holds it.
    pub certificate: Template,
    /// File with its private key in PEM, relative to the scenario; or a variable that holds it.
    pub key: Template,
}

/// State of a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "State")]
pub enum CredentialState {
    /// Usable.
    #[default]
    Valid,
    /// Taken back before the run.
    Revoked,
    /// Past its end before the run.
    Expired,
}
