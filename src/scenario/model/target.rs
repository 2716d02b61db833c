//! What is tested.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::either::bare_or_map;
use crate::scenario::text::Length;
use crate::scenario::{At, Position, Template};

/// What is tested: `reference`, a URL, or a command.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFields {
    /// The built-in server.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Address of the target.
    #[serde(default)]
    pub url: Option<Template>,
    /// Process id of a target that already runs on this machine: its processor time, with that of its child processes, is
    /// reported for load phases and overhead studies.
    #[serde(default)]
    pub pid: Option<Template>,
    /// Whether it is yours: allows load, and probes that write, revoke or make it call out.
    #[serde(default)]
    pub owned: bool,
    /// Addresses of further servers that are yours, such as that of an issuer elsewhere (`https://login.example.test`): those of the
    /// checks `token.*` and `meta.*` that guess secrets, revoke or disturb are sent there, too. Those of logins (such as `login.*`,
    /// `refresh.*`, `grant.*` and `code.*`) are sent wherever the login goes if the target is `owned: true`. Of each address the origin counts (scheme,
    /// host and port).
    #[serde(default)]
    pub owned_origins: Vec<Template>,
    /// How its certificate is verified, and which one is presented to it.
    #[serde(default)]
    pub tls: Option<At<TargetTls>>,
    /// Starts and stops it.
    #[serde(default)]
    pub command: Option<Command>,
    /// The HTTP proxy that every request to `url`, and to other hosts that the scenario names, goes through.
    #[serde(default)]
    pub proxy: Option<At<TargetProxy>>,
}

bare_or_map!(
    /// A proxy of HTTP.
    TargetProxy, TargetProxyFields, "the address of an HTTP proxy, or a mapping with `url`, `username` and `password`",
    |word: &str| {
        let url = Template::at(word.to_owned(), Position::default()).ok()?;
        Some(TargetProxyFields { url, ..TargetProxyFields::default() })
    },
    []
);

/// A proxy of HTTP.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetProxyFields {
    /// Its address, such as `http://proxy.example.test:3128`.
    pub url: Template,
    /// User name of HTTP Basic (RFC 7617).
    #[serde(default)]
    pub username: Option<Template>,
    /// Password; name a variable.
    #[serde(default)]
    pub password: Option<Template>,
}

bare_or_map!(
    /// What is tested.
    Target, TargetFields, "`reference`, or a mapping with `url`, `command` or `reference`",
    |word: &str| (word == "reference").then(|| TargetFields { reference: Some(Reference::default()), ..TargetFields::default() }),
    ["reference"]
);

impl TargetFields {
    /// Puts an address in place of the one that is written, of a command and of a process. The built-in server stays.
    pub fn aim_at(&mut self, address: &str) {
        if self.reference.is_none() {
            (self.url, self.command, self.pid) = (Some(Template::literal(address, self.place())), None, None);
        }
    }

    /// Where the address is written; nowhere for one that a command has.
    fn place(&self) -> Position {
        self.url.as_ref().map(Template::place).unwrap_or_default()
    }
}

/// The built-in server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Faults of the reference, by name (`authbench list faults`).
    #[serde(default)]
    pub faults: Vec<String>,
    /// Whether it speaks TLS.
    #[serde(default)]
    pub tls: bool,
    /// Life of its access tokens.
    #[serde(default)]
    pub token_lifetime: Option<Length>,
    /// Busy-wait on protected answers.
    #[serde(default)]
    pub busy: Option<Length>,
    /// Whether a wrong API key is answered 401 with a challenge, as RFC 9110 §11.4 suggests, and not 403.
    #[serde(default)]
    pub strict: bool,
}

/// How certificates are verified, and which one is presented.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTls {
    /// File with certificates in PEM, relative to the scenario: of authorities, or of the target itself. A certificate that
    /// is named itself is trusted as it is, whatever hosts, dates and marks of a CA it has.
    #[serde(default)]
    pub ca: Option<Template>,
    /// File with the certificate in PEM that authbench presents to the target on every connection, relative to the scenario,
    /// with the certificates that lead to its CA behind it. An authorization server on another origin does not see it.
    #[serde(default)]
    pub certificate: Option<Template>,
    /// File with the private key of `certificate` in PEM, relative to the scenario.
    #[serde(default)]
    pub key: Option<Template>,
    /// Groups for the key exchange that authbench offers in each handshake, the preferred one first, and no others (default
    /// x25519, secp256r1, secp384r1, X25519MLKEM768).
    #[serde(default)]
    pub key_exchange: Vec<KeyExchangeGroup>,
}

/// Groups for the key exchange, by the names in the registry of TLS (RFC 8446 §4.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum KeyExchangeGroup {
    /// X25519 combined with ML-KEM-768, only in TLS 1.3 (draft-ietf-tls-ecdhe-mlkem).
    #[serde(rename = "X25519MLKEM768")]
    X25519MlKem768,
    /// X25519.
    #[serde(rename = "x25519")]
    X25519,
    /// P-256.
    #[serde(rename = "secp256r1")]
    Secp256r1,
    /// P-384.
    #[serde(rename = "secp384r1")]
    Secp384r1,
}

/// Starts and stops the service under test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Arguments, without a shell; `{port}` is a free port.
    pub run: Vec<String>,
    /// Variables; the child gets these, PATH and nothing else.
    #[serde(default)]
    pub env: BTreeMap<String, Template>,
    /// Path that answers when the service is ready.
    pub ready: String,
    /// How long it may take to be ready.
    #[serde(default)]
    pub timeout: Option<Length>,
}
