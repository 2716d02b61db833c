//! What is known about a target before anything is sent: who may do what, where, and what else there is to test with.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::login::LoginProcedure;
use super::one_time::OneTimeSecret;
use crate::check::step::PeculiarAccount;
use crate::observe::ConnectionOf;
use crate::scheme::httpsig::AnswerRules;
use crate::scheme::jose::SigningKey;
use crate::scheme::jwt::Kit;
use crate::scheme::{Carrier, Proof, Scheme, mtls};
use crate::secret::Secret;

pub use super::client::{AuthorizationServer, ClientAuthMethod, ClientCredential};
pub use super::tolerances::Tolerances;
pub use crate::scenario::model::CredentialState;

/// What an identity logs in with.
#[derive(Clone, Debug)]
pub enum Login {
    /// Its credential as it is.
    Proof(Proof),
    /// A client of the client credentials grant (RFC 6749 §4.4): the credential has to be obtained.
    Client {
        /// Client identifier.
        id: String,
        /// Client secret.
        secret: Option<Secret>,
        /// The key that signs its assertions (RFC 7523 §2.2).
        key: Option<Arc<SigningKey>>,
        /// How it authenticates, where it does so in another way than others.
        method: Option<ClientAuthMethod>,
    },
    /// A login: the credential has to be obtained.
    Procedure(Arc<LoginProcedure>),
    /// Claims of a token that is minted with the issuer's key (RFC 7519 §4).
    Minted {
        /// Claims, beside issuer, audience and times.
        claims: Vec<(String, serde_json::Value)>,
    },
    /// A JWT that is given, with another scope: signed anew with the issuer's key.
    Rescoped {
        /// The token.
        token: Secret,
        /// Its scope.
        scope: String,
    },
    /// None is needed.
    Nothing,
}

/// Somebody whom the target knows.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Name in the scenario.
    pub name: String,
    /// What it logs in with.
    pub login: Login,
    /// Scopes it holds.
    pub scopes: BTreeSet<String>,
    /// Tenant, where the target has tenants.
    pub tenant: Option<String>,
    /// CredentialState of its credential.
    pub state: CredentialState,
    /// The certificate that its connections present, where it has one of its own.
    pub certificate: Option<Arc<IdentityCertificate>>,
    /// The user-id of the account that it belongs to, where the scenario says it apart.
    pub account: Option<String>,
    /// Whether it is a declared one that asks for fewer scopes: another principal it is not.
    pub asks_for_less: bool,
}

/// A certificate of an identity and its key: the contents of their files.
#[derive(Clone, Debug)]
pub struct IdentityCertificate {
    /// Name of the connections that present it.
    pub connection: String,
    /// Certificate in PEM, with those that lead to its CA.
    pub chain: Vec<u8>,
    /// Private key in PEM.
    pub key: Secret,
    /// Whether it is wrong on purpose: it is presented as it is.
    pub is_forged: bool,
}

impl Identity {
    /// Whose connections carry its requests.
    pub fn connection(&self) -> ConnectionOf {
        ConnectionOf(self.certificate.as_ref().map(|own| own.connection.as_str().into()))
    }

    /// Its user or client identifier, which an error page may name.
    pub fn account_name(&self) -> Option<String> {
        match &self.login {
            Login::Proof(Proof::Password { user, .. }) => Some(user.clone()),
            Login::Proof(Proof::Signing(own)) => Some(own.key_id.clone()),
            Login::Client { id, .. } => Some(id.clone()),
            Login::Procedure(procedure) => Some(procedure.account.0.clone()).filter(|name| !name.is_empty()),
            Login::Minted { claims } => {
                let subject = claims.iter().find(|(name, _)| name == "sub");
                subject.and_then(|(_, value)| value.as_str().map(str::to_owned))
            }
            Login::Proof(_) | Login::Rescoped { .. } | Login::Nothing => None,
        }
    }

    /// Whether its credential is obtained from somebody while a run goes on.
    pub fn is_obtained(&self) -> bool {
        matches!(self.login, Login::Client { .. } | Login::Procedure(_))
    }

    /// Its client, where its credential has to be obtained.
    pub fn client(&self) -> Option<ClientCredential> {
        let Login::Client { id, secret, key, method } = &self.login else { return None };
        let scope = self.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let scope = (!scope.is_empty()).then_some(scope);
        let (id, secret, key) = (id.clone(), secret.clone(), key.clone());
        Some(ClientCredential { id, secret, key, scope, own_method: *method, connection: self.connection() })
    }
}

/// Something that a request can be sent to.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Method.
    pub method: String,
    /// Path with its query; with the values of its variables and files, where those are read.
    pub path: String,
    /// Added header lines.
    pub headers: Vec<(String, String)>,
    /// Body with its media type.
    pub body: Option<(String, Vec<u8>)>,
    /// Scopes that it needs.
    pub scopes: BTreeSet<String>,
    /// Tenant that owns it.
    pub tenant: Option<String>,
    /// A path of the same shape that names nothing.
    pub absent: Option<String>,
    /// Whether it needs no credential.
    pub public: bool,
    /// Whether it changes state.
    pub writes: bool,
    /// How access granted looks, as the scenario declares it.
    pub success: Option<DeclaredAnswer>,
    /// The ways in which access refused looks, where its status does not say it.
    pub refusals: Vec<DeclaredAnswer>,
    /// What sets up what a write needs.
    pub before: Vec<Preparation>,
    /// What cleans up after it.
    pub after: Vec<Preparation>,
}

/// A request that sets up or cleans up what a write needs.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// Method.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Added header lines.
    pub headers: Vec<(String, String)>,
    /// Media type and body.
    pub body: Option<(String, Vec<u8>)>,
    /// Name of the identity whose credential it carries; none for the one that may use the resource.
    pub with: Option<String>,
    /// Values of its answer that later requests have by name.
    pub keep: Vec<KeptValue>,
}

/// An account with a peculiar password (RFC 7617).
#[derive(Clone, Debug)]
pub struct PeculiarLogin {
    /// What is peculiar about it.
    pub kind: PeculiarAccount,
    /// User-id.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Its tenant.
    pub tenant: Option<String>,
}

/// An account with a second factor that may be locked.
#[derive(Clone, Debug)]
pub struct ExpendableCodes {
    /// User-id.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// What its one-time codes are made of.
    pub one_time: Arc<OneTimeSecret>,
}

/// A value of an answer that later requests have by name.
#[derive(Clone, Debug)]
pub struct KeptValue {
    /// Its name: `{name}` stands for it.
    pub name: String,
    /// Where it is.
    pub position: ValuePosition,
}

/// Where a value is in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValuePosition {
    /// A JSON pointer (RFC 6901).
    Pointer(String),
    /// A header field.
    Header(String),
    /// An input of a page.
    Input(String),
}

impl Resource {
    /// Method and path, for a reader.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether other requests belong around a write.
    pub fn is_prepared(&self) -> bool {
        !self.before.is_empty() || !self.after.is_empty()
    }

    /// Values that `before` keeps of its answers.
    pub fn kept(&self) -> impl Iterator<Item = &KeptValue> {
        self.before.iter().flat_map(|preparation| &preparation.keep)
    }

    /// Whether it can be asked for several times: what is deleted is gone, unless something prepares it.
    pub fn can_be_repeated(&self) -> bool {
        self.method != "DELETE" || self.is_prepared()
    }

    /// Whether an identity may use it with the credential that it has.
    pub fn open_to(&self, identity: &Identity) -> bool {
        identity.state == CredentialState::Valid && self.would_be_open_to(identity)
    }

    /// The same but for the state of its credential.
    pub fn would_be_open_to(&self, identity: &Identity) -> bool {
        self.scopes.is_subset(&identity.scopes) && (self.tenant.is_none() || self.tenant == identity.tenant)
    }
}

/// How an answer is recognised, as the scenario declares it.
#[derive(Clone, Debug, Default)]
pub struct DeclaredAnswer {
    /// Status; not looked at where absent.
    pub status: Option<u16>,
    /// Media type.
    pub content_type: Option<String>,
    /// JSON pointer (RFC 6901) that resolves.
    pub pointer: Option<String>,
    /// Text that is in the body.
    pub text: Option<String>,
}

/// A refresh token and an access token of one grant.
#[derive(Clone, Debug)]
pub struct RefreshGrant {
    /// Refresh token.
    pub refresh_token: Secret,
    /// Access token.
    pub access_token: Secret,
}

/// What unlocks further checks.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The resource server's client at the introspection endpoint.
    pub introspection_client: Option<ClientCredential>,
    /// A resource server of another audience.
    pub foreign_introspection_client: Option<ClientCredential>,
    /// A public client.
    pub public_client_id: Option<String>,
    /// A second redirection URI of the client of a login.
    pub other_redirection_uri: Option<String>,
    /// A confidential client without the client credentials grant.
    pub client_without_grant: Option<ClientCredential>,
    /// A client whose identifier or secret needs form encoding.
    pub special_client: Option<ClientCredential>,
    /// A scope that exists and that the good client may not have.
    pub disallowed_scope: Option<String>,
    /// Scopes that look like a needed one, open nothing, and can be obtained by the client that lacks the needed one.
    pub lookalike_scopes: Vec<String>,
    /// A live token of the same issuer for another audience.
    pub other_audience_token: Option<Secret>,
    /// A refresh token of the same issuer.
    pub refresh_token: Option<Secret>,
    /// Secrets that sign tokens and assertions.
    pub signing_secrets: Vec<Secret>,
    /// Failures after which the target throttles.
    pub failure_budget: Option<u32>,
    /// Header by which the target tells sources of failures apart.
    pub source_header: Option<String>,
    /// Origins whose pages may read answers to requests with credentials.
    pub trusted_origins: Vec<String>,
    /// A client that may be locked out.
    pub expendable_client_id: Option<String>,
    /// The user-id of an account that may be locked.
    pub expendable_username: Option<String>,
    /// Its password.
    pub expendable_password: Option<Secret>,
    /// An account with a second factor that may be locked.
    pub expendable_codes: Option<ExpendableCodes>,
    /// The identifier of the protected resource, absolute or a path on the target (RFC 9728 §1.2).
    pub resource_identifier: Option<String>,
    /// A CA that signs client certificates which the target trusts.
    pub client_ca: Option<IdentityCertificate>,
    /// What the signatures of answers have to be.
    pub answer_rules: Option<Arc<AnswerRules>>,
    /// Tokens of one grant of the good client, which the run uses up.
    pub refresh_grant: Option<RefreshGrant>,
    /// Accounts with peculiar passwords: long, with colons, outside ASCII.
    pub accounts: Vec<PeculiarLogin>,
    /// Hooks.
    pub hooks: HookCalls,
}

impl Material {
    /// The clients of the authorization server that have an authentication of their own.
    pub(super) fn clients(&self) -> impl Iterator<Item = &ClientCredential> {
        let clients = [
            &self.introspection_client,
            &self.foreign_introspection_client,
            &self.client_without_grant,
            &self.special_client,
        ];
        clients.into_iter().flatten()
    }
}

/// Ways to make the target do what no client can ask for.
#[derive(Clone, Debug, Default)]
pub struct HookCalls {
    /// Takes the authentication backend away (`on`) and brings it back (`off`).
    pub outage: Option<HookCall>,
    /// Revokes a credential.
    pub revoke: Option<HookCall>,
    /// Disables an account (`on`) and enables it again (`off`).
    pub disable: Option<HookCall>,
    /// Takes a right away from an account (`on`) and gives it back (`off`).
    pub demote: Option<HookCall>,
    /// Rotates a key and prints the new one.
    pub rotate: Option<HookCall>,
    /// Variables of those that are commands; they get these, PATH and nothing else.
    pub env: Vec<(String, Secret)>,
}

impl HookCalls {
    /// Forbids those that are commands.
    pub fn forbid_commands(&mut self) {
        let calls = [&mut self.outage, &mut self.revoke, &mut self.rotate, &mut self.disable, &mut self.demote];
        for call in calls.into_iter().flatten() {
            if matches!(call, HookCall::Command(_)) {
                *call = HookCall::Forbidden;
            }
        }
    }
}

/// How a hook is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookCall {
    /// A command, without a shell; arguments are appended.
    Command(Vec<String>),
    /// A POST to this path of the reference; arguments become path segments.
    Post(String),
    /// A command that may not be started.
    Forbidden,
}

/// What is known about a target.
#[derive(Clone)]
pub struct Subject {
    /// Scheme under test.
    pub scheme: &'static dyn Scheme,
    /// Where its credential goes.
    pub carrier: Carrier,
    /// Whether probes that write, and load, are allowed.
    pub owned: bool,
    /// Origins of further servers at which such probes are allowed.
    pub owned_origins: Vec<url::Origin>,
    /// Who is known to it.
    pub identities: Vec<Identity>,
    /// What can be asked for.
    pub resources: Vec<Resource>,
    /// Its authorization server, under a scheme that has one.
    pub authorization_server: Option<AuthorizationServer>,
    /// What else there is.
    pub material: Material,
    /// What tokens are minted and forged with.
    pub kit: Kit,
    /// What is tolerated.
    pub tolerances: Tolerances,
    /// What each case of the scenario sends, in order.
    pub cases: Vec<CaseRequest>,
    /// Method and path of the resource that each load phase of the scenario names, in order.
    pub load_requests: Vec<Option<(String, String)>>,
    /// The resource that most checks use instead of the first, which was not there when the run looked.
    pub preferred: std::sync::OnceLock<usize>,
}

/// What a case sends.
#[derive(Clone, Debug, Default)]
pub struct CaseRequest {
    /// Method.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// JSON body.
    pub json: Option<String>,
}

/// An identity that is good for a resource, both by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Right {
    /// Index of the identity.
    pub identity: usize,
    /// Index of the resource.
    pub resource: usize,
}

/// Topics about logins: they apply where a login has what they are about.
const LOGIN_TOPICS: [&str; 6] = ["login", "session", "refresh", "grant", "code", "openid"];

impl Subject {
    /// Topics of the catalogue that apply: those of the scheme, and those about logins as far as a credential has one.
    pub fn topics(&self) -> Vec<&'static str> {
        let presents = |at: usize| self.identities[at].certificate.is_some();
        // of clients, certificates are a topic where the good one has one
        let certificates = self.scheme.proves_in_handshake() || self.endpoint_identity().is_some_and(presents);
        // an issuer names its registration endpoint in its metadata
        let names_issuer = self.authorization_server.as_ref().is_some_and(|server| server.issuer.is_some());
        let applies = |topic: &&str| match *topic {
            "mtls" => certificates,
            "register" => names_issuer,
            topic => !LOGIN_TOPICS.contains(&topic),
        };
        let of_scheme = self.scheme.groups().iter().copied().filter(applies);
        let procedure = self.login_identity().and_then(|at| self.procedure_of(at));
        let of_login = LOGIN_TOPICS.into_iter().filter(|topic| procedure.is_some_and(|login| login.is_about(topic)));
        of_scheme.chain(of_login).collect()
    }

    /// The identity whose login checks about logins use: one that may use the main resource.
    pub fn login_identity(&self) -> Option<usize> {
        let main = &self.resources[self.main_resource()?];
        let logs_in = |at: &usize| main.open_to(&self.identities[*at]) && self.procedure_of(*at).is_some();
        (0..self.identities.len()).find(logs_in)
    }

    /// The login of an identity, where it consists of requests.
    pub fn procedure_of(&self, identity: usize) -> Option<&Arc<LoginProcedure>> {
        let Login::Procedure(procedure) = &self.identities[identity].login else { return None };
        procedure.has_requests().then_some(procedure)
    }

    /// Resources that need a credential, can be used under the rules of ownership, and are open to somebody.
    pub fn protected(&self) -> impl Iterator<Item = usize> {
        let usable = |at: &usize| {
            let resource = &self.resources[*at];
            !resource.public && (self.owned || !resource.writes) && self.good_for(*at).is_some()
        };
        (0..self.resources.len()).filter(usable)
    }

    /// The protected resource that most checks use: one that is read, without a tenant where there is a choice.
    pub fn main_resource(&self) -> Option<usize> {
        if let Some(preferred) = self.preferred.get() {
            return Some(*preferred);
        }
        let reads = |at: &usize| !self.resources[*at].writes;
        let plain = |at: &usize| self.resources[*at].tenant.is_none();
        self.protected().filter(reads).find(plain).or_else(|| self.protected().find(reads))
    }

    /// Who asks the endpoints of the authorization server: whoever may use the main resource. Where there is nothing but an
    /// authorization server to test, the first valid client.
    pub fn endpoint_identity(&self) -> Option<usize> {
        if self.resources.is_empty() {
            let valid = |identity: &Identity| {
                identity.state == CredentialState::Valid && matches!(identity.login, Login::Client { .. })
            };
            return self.identities.iter().position(valid);
        }
        self.main_resource().and_then(|resource| self.good_for(resource))
    }

    /// Who signs the assertions that checks are about: whoever asks the endpoints, where that client has a key for it, else the
    /// first valid client that has one.
    pub fn assertion_identity(&self) -> Option<usize> {
        let usual = self.authorization_server.as_ref().map_or(ClientAuthMethod::Basic, |server| server.client_auth);
        let signs = |at: &usize| {
            let identity = &self.identities[*at];
            let client = identity.client().filter(|_| identity.state == CredentialState::Valid);
            client.is_some_and(|client| client.assertion_key(usual).is_some())
        };
        self.endpoint_identity().filter(signs).or_else(|| (0..self.identities.len()).find(signs))
    }

    /// The thumbprint of the certificate of the client that asks the authorization server (RFC 8705 §3.1).
    pub fn thumbprint(&self) -> Option<String> {
        let own = self.identities[self.endpoint_identity()?].certificate.as_ref()?;
        mtls::thumbprint_of(&own.chain)
    }

    /// The connections of another valid identity with a certificate of its own.
    pub fn connection_of_another(&self, own: &ConnectionOf) -> Option<ConnectionOf> {
        let valid = self.identities.iter().filter(|one| one.state == CredentialState::Valid && !one.asks_for_less);
        valid.map(Identity::connection).find(|other| other.0.is_some() && other != own)
    }

    /// The client that asks the endpoints of the authorization server, where its certificate authenticates it (RFC 8705 §2).
    pub fn client_by_certificate(&self) -> Option<usize> {
        let wanted = self.authorization_server.as_ref()?.client_auth;
        let by_certificate = |at: &usize| {
            let client = self.identities[*at].client();
            client.is_some_and(|client| client.method(wanted).is_by_certificate())
        };
        self.endpoint_identity().filter(by_certificate)
    }

    /// Whose connections carry a request without the credential of an identity: the certificate that it presents beside the
    /// credential stays, and one that is the credential itself does not.
    pub fn connection_beside(&self, identity: usize) -> ConnectionOf {
        match self.scheme.proves_in_handshake() {
            true => ConnectionOf::default(),
            false => self.identities[identity].connection(),
        }
    }

    /// The first valid identity that may use a resource.
    pub fn good_for(&self, resource: usize) -> Option<usize> {
        let resource = self.resources.get(resource)?;
        self.identities.iter().position(|identity| resource.open_to(identity))
    }

    /// Another valid identity that may use a resource.
    pub fn second_for(&self, resource: usize) -> Option<usize> {
        let first = self.good_for(resource)?;
        let resource = &self.resources[resource];
        let other = |at: &usize| *at != first && !self.identities[*at].asks_for_less;
        (0..self.identities.len()).filter(other).find(|at| resource.open_to(&self.identities[*at]))
    }

    /// The first identity in a state other than valid.
    pub fn in_state(&self, state: CredentialState) -> Option<usize> {
        self.identities.iter().position(|identity| identity.state == state)
    }

    /// A valid client other than the given one.
    pub fn second_client(&self, first: usize) -> Option<usize> {
        let other = |(at, identity): &(usize, &Identity)| {
            *at != first
                && !identity.asks_for_less
                && identity.state == CredentialState::Valid
                && matches!(identity.login, Login::Client { .. })
        };
        self.identities.iter().enumerate().find(other).map(|(at, _)| at)
    }

    /// Forbids commands: hooks and those that print credentials.
    pub fn forbid_commands(&mut self) {
        self.material.hooks.forbid_commands();
        for identity in &mut self.identities {
            if let Login::Procedure(procedure) = &mut identity.login {
                *procedure = procedure.without_command();
            }
        }
    }
}
