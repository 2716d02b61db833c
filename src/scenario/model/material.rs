//! What unlocks further checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ClientAuth, Totp};
use crate::scenario::{At, Template};

/// A client with its secret, or with the key that signs its assertions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Client identifier.
    pub client_id: Template,
    /// Client secret.
    #[serde(default)]
    pub client_secret: Option<Template>,
    /// Key that signs its assertions (RFC 7523).
    #[serde(default)]
    pub client_key: Option<At<SigningKeySource>>,
    /// How it authenticates, where it does so in another way than the scheme says.
    #[serde(default)]
    pub client_auth: Option<ClientAuth>,
}

/// An account with a second factor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAccount {
    /// User-id.
    pub username: Template,
    /// Password.
    pub password: Template,
    /// Secret of its one-time codes: in Base32, as an `otpauth://` URI, or a mapping with `secret`.
    pub totp: Totp,
}

/// An account with its password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// User-id.
    pub username: Template,
    /// Password.
    pub password: Template,
    /// Its tenant, as that of a credential: it is asked at the first protected resource that is read and is of no other tenant.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// A key that signs tokens, or a client's assertions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SigningKey")]
pub struct SigningKeySource {
    /// File with the private key in PEM or as a JWK, or with the secret itself; relative to the scenario.
    #[serde(default)]
    pub file: Option<Template>,
    /// The key itself: the secret of an HMAC key, or a private key in PEM or as a JWK, such as one from a variable.
    #[serde(default)]
    pub secret: Option<Template>,
    /// Key identifier in the header of what it signs.
    #[serde(default)]
    pub kid: Option<String>,
    /// Algorithm, such as ES256, Ed25519 or ML-DSA-65 (default: that of the key, HS256 for a secret); docs/algorithms.md lists all.
    #[serde(default)]
    pub alg: Option<String>,
    /// Name of its issuer; only for the second issuer.
    #[serde(default)]
    pub issuer: Option<String>,
}

/// A listener of authbench that the target can reach.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Listener")]
pub struct ListenerAddress {
    /// Address that it listens on.
    pub bind: std::net::SocketAddr,
    /// Its address as the target sees it.
    pub url: Template,
}

/// Tokens of one grant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Refresh token.
    pub refresh_token: Template,
    /// Access token.
    pub access_token: Template,
}

/// What unlocks further checks; what is missing is reported as not tested.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Material")]
pub struct DeclaredMaterial {
    /// The resource server's client at the introspection endpoint.
    #[serde(default)]
    pub introspection_client: Option<Client>,
    /// A resource server of another audience.
    #[serde(default)]
    pub foreign_introspection_client: Option<Client>,
    /// A public client.
    #[serde(default)]
    pub public_client_id: Option<Template>,
    /// A second redirection URI that is registered for the client of a login that ends with a code.
    #[serde(default)]
    pub other_redirection_uri: Option<Template>,
    /// A confidential client that may not use the client credentials grant.
    #[serde(default)]
    pub client_without_grant: Option<Client>,
    /// A client whose identifier or secret needs form encoding (RFC 6749 §2.3.1).
    #[serde(default)]
    pub special_client: Option<Client>,
    /// A scope that exists and that the good client may not have.
    #[serde(default)]
    pub disallowed_scope: Option<String>,
    /// Scopes that look like a needed one, open nothing, and can be obtained by the client that lacks the needed one.
    #[serde(default)]
    pub lookalike_scopes: Vec<String>,
    /// A live token of the same issuer for another audience.
    #[serde(default)]
    pub other_audience_token: Option<Template>,
    /// A refresh token of the same issuer.
    #[serde(default)]
    pub refresh_token: Option<Template>,
    /// Failures in a row after which the target should throttle; unlocks the checks that guess so often.
    #[serde(default)]
    pub failure_budget: Option<u32>,
    /// A header by which the target tells sources of failures apart, such as the one that its proxy sets. Without it the
    /// checks that use up the failure budget lock out where authbench runs.
    #[serde(default)]
    pub source_header: Option<String>,
    /// Origins whose pages the target lets read answers to requests with credentials (CORS), such as that of the front end. With
    /// the first one, authbench makes origins that look like it; the others are not counted as such.
    #[serde(default)]
    pub trusted_origins: Vec<Template>,
    /// A client whose secret may be guessed at until it is locked out.
    #[serde(default)]
    pub expendable_client_id: Option<Template>,
    /// The user-id of an account whose password may be guessed at by its login until it is locked. Without one a user-id is
    /// taken that nobody has, and logins that are not slowed down are a warning.
    #[serde(default)]
    pub expendable_username: Option<Template>,
    /// The password of that account, which may read a protected resource: by it is seen whether the account is locked where failed logins
    /// are answered as before. With it, the failed logins whose times are compared are those of this account, and so are the password
    /// resets at whose tokens checks guess.
    #[serde(default)]
    pub expendable_password: Option<Template>,
    /// An account whose one-time codes may be guessed at by the login of the scenario until it is locked. Checks of logins with
    /// `{totp}` need it. Where it is `expendable_username`, guesses at its codes may lock it before those at its password.
    #[serde(default)]
    pub expendable_code_account: Option<CodeAccount>,
    /// The identifier of the protected resource (RFC 9728 §1.2), absolute or a path on the target, where it publishes
    /// its metadata.
    #[serde(default)]
    pub resource_identifier: Option<Template>,
    /// A CA that signs client certificates which the target trusts, of tests alone: with its key, authbench makes
    /// certificates that have expired, are not valid yet, or are for servers.
    #[serde(default)]
    pub client_ca: Option<At<super::PresentedCertificate>>,
    /// The key that verifies the signatures of answers (RFC 9421): in `file` or `secret` a public key in PEM or as a JWK, or the
    /// secret of an HMAC key. Its `kid` is the `keyid` of the signatures; without one the first signature counts.
    #[serde(default)]
    pub answer_key: Option<At<SigningKeySource>>,
    /// A refresh token of the good client and an access token of the same grant; a run revokes both.
    #[serde(default)]
    pub refresh_grant: Option<Grant>,
    /// An account with a password of more than 72 bytes.
    #[serde(default)]
    pub long_password_account: Option<Account>,
    /// An account with colons in its password.
    #[serde(default)]
    pub colon_password_account: Option<Account>,
    /// An account with a password outside ASCII.
    #[serde(default)]
    pub utf8_password_account: Option<Account>,
    /// The key that signs for the issuer: with it, authbench mints correctly signed wrong tokens.
    #[serde(default)]
    pub issuer_key: Option<At<SigningKeySource>>,
    /// Another key of the issuer.
    #[serde(default)]
    pub second_key: Option<At<SigningKeySource>>,
    /// The key of another issuer that the target trusts.
    #[serde(default)]
    pub second_issuer_key: Option<At<SigningKeySource>>,
    /// Where authbench waits for requests that tokens ask the target to make.
    #[serde(default)]
    pub listener: Option<ListenerAddress>,
    /// Ways to make the target do what no client can ask for.
    #[serde(default)]
    pub hooks: Hooks,
}

/// Commands without a shell, none of which runs under `--no-command`. Arguments are appended: `on` or `off` for an outage, these and a user-id for an account, a
/// credential's name else.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Revokes a credential. No check calls it, so it is an error under every scheme.
    #[serde(default)]
    pub revoke: Option<Vec<String>>,
    /// Disables (`on`) the account of the user-id behind it, as an administrator does, or enables it again (`off`): the account of
    /// whoever logs in, or the name of the credential where its login has no user-id; and that of a credential which is written in
    /// the scenario and has an `account` or a `username`.
    #[serde(default)]
    pub disable: Option<Vec<String>>,
    /// Takes a right away (`on`) from the account of whoever logs in, as an administrator does, or gives it back (`off`): one that a
    /// resource with `scopes` needs.
    #[serde(default)]
    pub demote: Option<Vec<String>>,
    /// Rotates a key and prints the new one; a key on its input is the one to rotate to.
    #[serde(default)]
    pub rotate: Option<Vec<String>>,
    /// Takes the authentication backend away, or brings it back.
    #[serde(default)]
    pub outage: Option<Vec<String>>,
    /// Variables; the commands get these, PATH and nothing else.
    #[serde(default)]
    pub env: BTreeMap<String, Template>,
}
