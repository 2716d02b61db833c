//! The scenario file, as types. Field names are the format; docstrings are its documentation.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::either::{bare_or_map, name_or_map};
use super::text::{Condition, Day, Length, Rate, RequestLine, Share};
use super::{At, Template};

/// What authbench is to test, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this format: 1.
    pub authbench: At<u32>,
    /// Name, for reports.
    pub name: String,
    /// A few sentences, for reports.
    #[serde(default)]
    pub description: String,
    /// Words to select scenarios by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What is tested.
    pub target: At<Target>,
    /// How clients prove who they are.
    pub scheme: At<Scheme>,
    /// Who is known to the target, by free names. The reference has its own.
    #[serde(default)]
    pub credentials: BTreeMap<String, At<Credential>>,
    /// What unlocks further checks.
    #[serde(default)]
    pub material: Material,
    /// What can be asked for. The reference has its own.
    #[serde(default)]
    pub resources: Vec<At<Resource>>,
    /// Which checks run, and how strictly.
    #[serde(default)]
    pub conformance: Conformance,
    /// Checks of your own.
    #[serde(default)]
    pub cases: Vec<At<Case>>,
    /// Load phases, one after another.
    #[serde(default)]
    pub load: Vec<At<LoadPhase>>,
    /// Compares what schemes cost.
    #[serde(default)]
    pub overhead: Option<At<Overhead>>,
    /// What the figures have to hold.
    #[serde(default)]
    pub thresholds: Vec<At<Threshold>>,
}

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
    /// Whether it is yours: allows load, and probes that write, revoke or make it call out.
    #[serde(default)]
    pub owned: bool,
    /// How its certificate is verified.
    #[serde(default)]
    pub tls: Option<TargetTls>,
    /// Starts and stops it.
    #[serde(default)]
    pub command: Option<Command>,
}

bare_or_map!(
    /// What is tested.
    Target, TargetFields, "`reference`, or a mapping with `url`, `command` or `reference`",
    |word: &str| (word == "reference").then(|| TargetFields { reference: Some(Reference::default()), ..TargetFields::default() }),
    ["reference"]
);

/// The built-in server.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Holes to open, by name; `authbench serve --help` tells where they are listed.
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
}

/// How a certificate is verified.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTls {
    /// Certificate authorities in PEM, relative to the scenario.
    pub ca: String,
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

/// How clients prove who they are, with details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeFields {
    /// No authentication: a baseline.
    None(NoFields),
    /// A shared key.
    ApiKey(ApiKey),
    /// A bearer token that is given (RFC 6750).
    Bearer(NoFields),
    /// User-id and password (RFC 7617).
    Basic(NoFields),
    /// Tokens of the client credentials grant (RFC 6749 §4.4).
    #[serde(rename = "oauth2-client-credentials")]
    OAuth2ClientCredentials(OAuth2),
}

bare_or_map!(
    /// How clients prove who they are.
    Scheme, SchemeFields, "a scheme such as `basic`, or `api-key: { header: X-API-Key }`",
    |word: &str| match word {
        "none" => Some(SchemeFields::None(NoFields {})),
        "api-key" => Some(SchemeFields::ApiKey(ApiKey::default())),
        "bearer" => Some(SchemeFields::Bearer(NoFields {})),
        "basic" => Some(SchemeFields::Basic(NoFields {})),
        "oauth2-client-credentials" => Some(SchemeFields::OAuth2ClientCredentials(OAuth2::default())),
        _ => None,
    },
    ["none", "api-key", "bearer", "basic", "oauth2-client-credentials"]
);

impl Scheme {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self.0 {
            SchemeFields::None(_) => "none",
            SchemeFields::ApiKey(_) => "api-key",
            SchemeFields::Bearer(_) => "bearer",
            SchemeFields::Basic(_) => "basic",
            SchemeFields::OAuth2ClientCredentials(_) => "oauth2-client-credentials",
        }
    }
}

/// A scheme without details.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// Where an API key travels; one of the three.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Name of a header field; X-API-Key unless another place is named.
    #[serde(default)]
    pub header: Option<String>,
    /// Name of a query parameter.
    #[serde(default)]
    pub query: Option<String>,
    /// Name of a cookie.
    #[serde(default)]
    pub cookie: Option<String>,
}

/// An authorization server: addresses, or paths on the target.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// Issuer; what is not named here is read from its metadata (RFC 8414).
    #[serde(default)]
    pub issuer: Option<Template>,
    /// Token endpoint.
    #[serde(default)]
    pub token_url: Option<Template>,
    /// Introspection endpoint (RFC 7662).
    #[serde(default)]
    pub introspection_url: Option<Template>,
    /// Revocation endpoint (RFC 7009).
    #[serde(default)]
    pub revocation_url: Option<Template>,
    /// How clients authenticate.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Form of the access tokens.
    #[serde(default)]
    pub access_token: AccessToken,
}

/// How clients authenticate (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// HTTP Basic.
    #[default]
    Basic,
    /// Body parameters.
    Post,
}

/// Form of access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccessToken {
    /// Only the issuer can read them.
    #[default]
    Opaque,
}

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
    /// User-id.
    #[serde(default)]
    pub username: Option<Template>,
    /// Password.
    #[serde(default)]
    pub password: Option<Template>,
    /// Client identifier.
    #[serde(default)]
    pub client_id: Option<Template>,
    /// Client secret.
    #[serde(default)]
    pub client_secret: Option<Template>,
    /// Scopes that it holds.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Tenant that it belongs to.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Its state.
    #[serde(default)]
    pub state: State,
}

/// State of a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Usable.
    #[default]
    Valid,
    /// Taken back before the run.
    Revoked,
    /// Past its end before the run.
    Expired,
}

/// A client with its secret.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Client identifier.
    pub client_id: Template,
    /// Client secret.
    pub client_secret: Template,
}

/// An account with its password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// User-id.
    pub username: Template,
    /// Password.
    pub password: Template,
}

/// What unlocks further checks; what is missing is reported as not tested.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// The resource server's client at the introspection endpoint.
    #[serde(default)]
    pub introspection_client: Option<Client>,
    /// A resource server of another audience.
    #[serde(default)]
    pub foreign_introspection_client: Option<Client>,
    /// A public client.
    #[serde(default)]
    pub public_client_id: Option<Template>,
    /// A confidential client that may not use the client credentials grant.
    #[serde(default)]
    pub client_without_grant: Option<Client>,
    /// A client whose identifier or secret needs form encoding (RFC 6749 §2.3.1).
    #[serde(default)]
    pub special_client: Option<Client>,
    /// A scope that exists and that the good client may not have.
    #[serde(default)]
    pub disallowed_scope: Option<String>,
    /// Scopes that look like a needed one, open nothing, and may be had by the client that lacks the needed one.
    #[serde(default)]
    pub lookalike_scopes: Vec<String>,
    /// A live token of the same issuer for another audience.
    #[serde(default)]
    pub other_audience_token: Option<Template>,
    /// A refresh token of the same issuer.
    #[serde(default)]
    pub refresh_token: Option<Template>,
    /// An account with a password of more than 72 bytes.
    #[serde(default)]
    pub long_password_account: Option<Account>,
    /// An account with colons in its password.
    #[serde(default)]
    pub colon_password_account: Option<Account>,
    /// An account with a password outside ASCII.
    #[serde(default)]
    pub utf8_password_account: Option<Account>,
    /// Ways to make the target do what no client can ask for.
    #[serde(default)]
    pub hooks: Hooks,
}

/// Commands without a shell. Arguments are appended: `on` or `off` for an outage, a credential's name else.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Revokes a credential.
    #[serde(default)]
    pub revoke: Option<Vec<String>>,
    /// Rotates a key and prints the new one; a key on its input is the one to rotate to.
    #[serde(default)]
    pub rotate: Option<Vec<String>>,
    /// Takes the authentication backend away, or brings it back.
    #[serde(default)]
    pub outage: Option<Vec<String>>,
}

/// Something that can be asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Method and path.
    pub request: RequestLine,
    /// Scopes that it needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How access granted looks; learned from a good answer if absent.
    #[serde(default)]
    pub success: Option<Success>,
    /// JSON body.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// Form body.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// Body as text.
    #[serde(default)]
    pub body: Option<String>,
    /// Added header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether it changes state.
    #[serde(default)]
    pub writes: bool,
    /// Whether it needs no credential.
    #[serde(default)]
    pub public: bool,
    /// Tenant that owns it.
    #[serde(default)]
    pub tenant: Option<String>,
}

/// How access granted looks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// Status.
    #[serde(default)]
    pub status: Option<u16>,
    /// A JSON pointer (RFC 6901) that resolves in the body.
    #[serde(default)]
    pub json: Option<String>,
    /// Media type.
    #[serde(default)]
    pub content_type: Option<String>,
}

/// Which checks run, and how strictly.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conformance {
    /// Profile, or several, of which the last wins.
    #[serde(default)]
    pub profile: Option<At<Profiles>>,
    /// What is tolerated.
    #[serde(default)]
    pub tolerances: Tolerances,
    /// Ids or patterns such as `bearer.*`; all if empty.
    #[serde(default)]
    pub include: Vec<At<String>>,
    /// Ids or patterns that are left out.
    #[serde(default)]
    pub exclude: Vec<At<String>>,
    /// Share of the applicable checks that has to be executed.
    #[serde(default)]
    pub min_coverage: Option<Share>,
    /// Exceptions that somebody answers for.
    #[serde(default)]
    pub waivers: Vec<At<Waiver>>,
}

name_or_map!(
    /// One profile or several.
    Profiles, "the name of a profile, or a list of names"
);

/// What is tolerated.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tolerances {
    /// How long a token may live past its end; 1 s.
    #[serde(default)]
    pub max_leeway: Option<Length>,
    /// How long a revoked credential may live on; 1 s.
    #[serde(default)]
    pub revocation_delay: Option<Length>,
    /// How long a rotated key may live on; 2 s.
    #[serde(default)]
    pub rotation_delay: Option<Length>,
    /// How far the clocks may be apart; 2 s.
    #[serde(default)]
    pub max_clock_skew: Option<Length>,
}

/// An exception that somebody answers for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of the check, exactly.
    pub check: String,
    /// Target that it holds for: an address or its start.
    #[serde(default)]
    pub target: Option<String>,
    /// The failure that is excused; another failure of the same check is not.
    #[serde(default)]
    pub observed: Observed,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is followed up.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Day on which it was written.
    pub created: Day,
    /// Last day on which it holds, UTC; at most 180 days after `created`.
    pub expires: Day,
    /// Needed to excuse access of critical severity, together with a second name.
    #[serde(default)]
    pub accept_risk: Option<String>,
}

/// The shape of a failure.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// `access` or `protocol`.
    #[serde(default)]
    pub part: Option<ObservedPart>,
    /// Status of the answer that shows it.
    #[serde(default)]
    pub status: Option<u16>,
}

/// Part of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObservedPart {
    /// Access granted, or refused.
    Access,
    /// Status, headers, body.
    Protocol,
}

/// A check of your own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What must hold.
    pub name: String,
    /// Name of the credential that is sent; none for an anonymous request.
    #[serde(default)]
    pub with: Option<String>,
    /// Method and path.
    pub request: RequestLine,
    /// JSON body.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// Added header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether it changes state.
    #[serde(default)]
    pub writes: bool,
    /// What must come back.
    pub expect: Expected,
}

/// What must come back.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Status.
    #[serde(default)]
    pub status: Option<u16>,
    /// Text that a header contains, by its name.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Value at a JSON pointer.
    #[serde(default)]
    pub json: BTreeMap<String, serde_json::Value>,
    /// Text that the body contains.
    #[serde(default)]
    pub body: Option<String>,
}

/// A load phase.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadPhase {
    /// Name, for reports.
    pub name: String,
    /// Arrival rate: an open model. Without it each connection sends when its last request is answered.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// How requests arrive at that rate.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// Rate that the phase ends with, for a ramp.
    #[serde(default)]
    pub to: Option<Rate>,
    /// Connections.
    #[serde(default)]
    pub connections: Option<usize>,
    /// Time that is not measured.
    #[serde(default)]
    pub warmup: Option<Length>,
    /// Time that is measured.
    pub duration: Length,
    /// Lanes by share: `valid`, `expired`, `no-credential`, or the name of a forgery.
    #[serde(default)]
    pub mix: BTreeMap<String, Share>,
    /// Method and path of the resource, if it is not the first protected one that reads.
    #[serde(default)]
    pub request: Option<RequestLine>,
}

/// How requests arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// At equal distances.
    #[default]
    Constant,
    /// At random distances, as independent clients do.
    Poisson,
}

/// Compares what schemes cost.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overhead {
    /// What the others are compared with.
    pub baseline: String,
    /// Schemes of the reference: none, api-key, basic, basic-cached, bearer, oauth2.
    pub schemes: Vec<String>,
    /// Time for each.
    #[serde(default)]
    pub duration: Option<Length>,
}

/// What the figures have to hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdFields {
    /// The condition.
    pub threshold: Condition,
    /// Whether it fails the run or only warns.
    #[serde(default)]
    pub severity: ThresholdSeverity,
}

bare_or_map!(
    /// What the figures have to hold.
    Threshold, ThresholdFields, "a threshold such as `p(99) < 20ms`, or a mapping with `threshold` and `severity`",
    |text: &str| text.parse().ok().map(|threshold| ThresholdFields { threshold, severity: ThresholdSeverity::default() }),
    []
);

/// What a broken threshold does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdSeverity {
    /// Fails the run.
    #[default]
    Error,
    /// Is told, and does not fail the run.
    Warn,
}
