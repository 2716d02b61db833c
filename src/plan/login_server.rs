//! The authorization server of logins, judged as that of a scheme with one is: the token endpoint of those by the client
//! credentials grant, and the metadata of the issuer that the scenario names; and why other token endpoints are not judged.

use super::PlannedCheck;
use super::login::{CredentialSource, LoginBody, LoginProcedure, LoginStep};
use super::marked::{has_mark, marked};
use super::subject::{AuthorizationServer, CredentialState, Identity, Login, Subject, Tolerances};
use crate::check::Check;
use crate::check::profile::Effective;
use crate::check::step::{MetadataDocument, Step};
use crate::scheme;
use crate::scheme::jwt::Kit;

/// The topic of token endpoints, and that of metadata.
const TOKEN: &str = "token";
const METADATA: &str = "meta";
/// The grant that they use (RFC 6749 §4.4).
const GRANT: &str = "client_credentials";

/// An authorization server without resources, whose clients are those of the logins that ask it; none where no login has a
/// token endpoint that can be judged, and the scenario names no issuer.
pub fn login_server(subject: &Subject) -> Option<Subject> {
    if subject.scheme.groups().contains(&TOKEN) {
        return None;
    }
    let issuer = subject.authorization_server.as_ref().and_then(|server| server.issuer.clone());
    let first = subject.identities.iter().find_map(client_of);
    let address = first.as_ref().map(|(address, _)| address.clone());
    // the keys by which tokens are verified are somebody's, whoever that is
    let keys_at = subject.kit.keys_at.clone().filter(|_| issuer.is_none());
    if issuer.is_none() && address.is_none() && keys_at.is_none() {
        return None;
    }
    let mut clients: Vec<Identity> = Vec::new();
    for (other, client) in subject.identities.iter().filter_map(client_of) {
        let known = clients.iter().any(|known| known.account_name() == client.account_name());
        if Some(&other) == address.as_ref() && !known {
            clients.push(client);
        }
    }
    let used_by_logins = subject.identities.iter().flat_map(addresses_of).collect();
    let mut server = AuthorizationServer { issuer, token: address, used_by_logins, ..AuthorizationServer::default() };
    if let Some((_, client)) = &first {
        let grant = grant_of(subject, client)?;
        server.client_auth = method_of(client);
        server.assertion_audience = grant.assertion_audience.clone();
        server.token_params = params_of(grant)?;
    }
    Some(Subject {
        scheme: scheme::find("oauth2-client-credentials")?,
        carrier: scheme::find("oauth2-client-credentials")?.carrier(),
        owned: subject.owned,
        owned_origins: subject.owned_origins.clone(),
        authorization_server: Some(server),
        identities: clients,
        resources: Vec::new(),
        material: subject.material.clone(),
        kit: Kit { keys_at, ..Kit::default() },
        tolerances: Tolerances::default(),
        cases: Vec::new(),
        load_requests: Vec::new(),
        preferred: Default::default(),
    })
}

/// Whether a check can be asked of it: without a client of its own it shows documents alone, and it has no resources.
fn fits(server: &Subject, check: &Check) -> bool {
    let has_clients = !server.identities.is_empty();
    let has_issuer = server.authorization_server.as_ref().is_some_and(|server| server.issuer.is_some());
    let has_keys = server.kit.keys_at.is_some();
    match check.group() {
        TOKEN => has_clients,
        METADATA => check.steps.iter().all(|step| match step {
            Step::Fetch(fetch) => has_issuer || (has_keys && fetch.document == MetadataDocument::KeySet),
            Step::Form(_) => has_issuer && has_clients,
            _ => false,
        }),
        _ => false,
    }
}

/// The checks of that server.
pub fn checks_of(server: &Subject, profile: &Effective, selected: impl Fn(&str) -> bool) -> Vec<PlannedCheck> {
    let planned = super::checks(server, profile, |id| selected(id) && [TOKEN, METADATA].contains(&topic_of(id)));
    planned.into_iter().filter(|planned| fits(server, planned.check)).collect()
}

fn topic_of(id: &str) -> &str {
    id.split_once('.').map_or(id, |(topic, _)| topic)
}

/// Token endpoints of logins that are not judged, each with the reason, for a reader.
pub fn unjudged(subject: &Subject) -> Vec<String> {
    let judged = login_server(subject).and_then(|server| server.authorization_server?.token);
    let mut told: Vec<String> = Vec::new();
    for identity in &subject.identities {
        let Login::Procedure(procedure) = &identity.login else { continue };
        let CredentialSource::Requests(steps) = &procedure.source else { continue };
        let Some(step) = steps.iter().find(|step| step.grant().is_some()) else { continue };
        let why = match (client_of(identity), step.grant()) {
            (Some((address, _)), _) if judged.as_deref() == Some(&address) => continue,
            (Some(_), _) => {
                "another login has a token endpoint that is judged; write a scenario of its own for this one"
            }
            (None, Some(GRANT)) => "write it as `client`, with what the client authenticates with",
            (None, _) => "",
        };
        let endpoint = format!("the token endpoint of a login ({})", step.name());
        let topics = if procedure.uses_a_code() { "grant.* and code.*" } else { "grant.*" };
        let text = match why {
            "" => format!(
                "{endpoint} is judged by the checks {topics} alone: those of token.* use the client credentials grant, and this \
                 login another one"
            ),
            why => format!("{endpoint} is not judged: {why}"),
        };
        if !told.contains(&text) {
            told.push(text);
        }
    }
    told
}

/// The client of a login by the client credentials grant, as an identity, and the token endpoint that it asks.
fn client_of(identity: &Identity) -> Option<(String, Identity)> {
    let Login::Procedure(procedure) = &identity.login else { return None };
    let step = client_grant(procedure)?;
    let (client, method) = step.client.as_ref()?;
    let able = client.secret.is_some() || client.key.is_some();
    if identity.state != CredentialState::Valid || !able || params_of(step).is_none() {
        return None;
    }
    let scopes = match step.field("scope") {
        None => Default::default(),
        Some(scope) => scope.whole()?.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
    };
    let login = Login::Client {
        id: client.id.clone(),
        secret: client.secret.clone(),
        key: client.key.clone(),
        method: Some(client.method(*method)),
    };
    Some((step.address.whole()?.to_owned(), Identity { login, scopes, ..identity.clone() }))
}

/// The addresses that the login of an identity asks, without their queries, as far as they are written out.
fn addresses_of(identity: &Identity) -> Vec<String> {
    let Login::Procedure(procedure) = &identity.login else { return Vec::new() };
    let CredentialSource::Requests(steps) = &procedure.source else { return Vec::new() };
    let without_query = |step: &LoginStep| marked(&step.address).split('?').next().unwrap_or_default().to_owned();
    steps.iter().map(without_query).filter(|address| !address.is_empty() && !has_mark(address)).collect()
}

fn client_grant(procedure: &LoginProcedure) -> Option<&LoginStep> {
    match &procedure.source {
        CredentialSource::Requests(steps) => match steps.as_slice() {
            [step] if step.grant() == Some(GRANT) => Some(step),
            _ => None,
        },
        _ => None,
    }
}

/// The request of the login whose client this is.
fn grant_of<'a>(subject: &'a Subject, client: &Identity) -> Option<&'a LoginStep> {
    let identity = subject.identities.iter().find(|identity| identity.name == client.name)?;
    let Login::Procedure(procedure) = &identity.login else { return None };
    client_grant(procedure)
}

fn method_of(client: &Identity) -> super::subject::ClientAuthMethod {
    match &client.login {
        Login::Client { method: Some(method), .. } => *method,
        _ => super::subject::ClientAuthMethod::Basic,
    }
}

/// Parameters beside grant and scope; none where one is only known from an answer.
fn params_of(step: &LoginStep) -> Option<Vec<(String, String)>> {
    let Some(LoginBody::Form(fields)) = &step.body else { return None };
    let others = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "grant_type" | "scope"));
    others.map(|(name, text)| Some((name.clone(), text.whole()?.to_owned()))).collect()
}
