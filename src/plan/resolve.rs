//! From a scenario to what is known about its target.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::narrowed;
use super::one_time::OneTimeSecret;
use super::seeded;
use super::subject::{
    AuthorizationServer, CaseRequest, ClientAuthMethod, ClientCredential, DeclaredAnswer, ExpendableCodes, HookCall,
    HookCalls, Identity, IdentityCertificate, KeptValue, Login, Material, PeculiarLogin, Preparation, RefreshGrant,
    Resource, Subject, Tolerances, ValuePosition,
};
use super::values::Values;
use crate::check::step::PeculiarAccount;
use crate::observe::ConnectionOf;
use crate::scenario::model::{self, SchemeFields};
use crate::scenario::text::Length;
use crate::scenario::{At, JsonTemplate, LoadedScenario, Template};
use crate::scheme::jose::Alg;
use crate::scheme::jwt::Kit;
use crate::scheme::mtls::CertificateProof;
use crate::scheme::signing::SigningCredential;
use crate::scheme::{self, Carrier, CarrierPlace, Proof};
use crate::secret::Secret;

/// What a scenario says about its target.
pub fn subject(loaded: &LoadedScenario, values: &Values<'_>) -> Subject {
    let scenario = &loaded.scenario;
    let name = registered(&scenario.scheme);
    let scheme = scheme::find(name).expect("every scheme of the format is registered");
    let on_reference = scenario.target.reference.is_some();
    let mut identities = identities(&scenario.credentials, values);
    let authorization_server = authorization_server(&scenario.scheme.value.0, values, on_reference);
    if identities.is_empty() && on_reference {
        identities = seeded::identities(name);
        super::signing::use_seeded_key(&scenario.scheme.value.0, &mut identities);
        match authorization_server.as_ref().map(|server| server.client_auth) {
            Some(ClientAuthMethod::PrivateKeyJwt) => seeded::leave_secrets_out(&mut identities),
            Some(method) if method.is_by_certificate() => seeded::present_certificates(&mut identities, method),
            _ => {}
        }
    }
    if name == "none" {
        identities = vec![Identity {
            name: "anybody".to_owned(),
            login: Login::Nothing,
            scopes: scenario.resources.iter().flat_map(|resource| resource.scopes.iter().cloned()).collect(),
            tenant: None,
            state: model::CredentialState::Valid,
            certificate: None,
            account: None,
            asks_for_less: false,
        }];
    }
    super::signing::complete(&scenario.scheme.value.0, super::signing::over_tls(loaded, values), &mut identities);
    let mut resources: Vec<Resource> =
        scenario.resources.iter().map(|resource| self::resource(resource, values)).collect();
    if resources.is_empty() && on_reference {
        resources = seeded::resources(&seeded::prefix(name, super::keys::algorithm(loaded)));
    }
    let mut material = material(&scenario.material, values, on_reference);
    let mut kit = super::keys::kit(loaded, values);
    kit.signs_certificates = material.client_ca.is_some();
    material.answer_rules = super::signing::answer_rules(loaded, values);
    material.signing_secrets.extend(values.take_noted());
    if name.ends_with("-dpop") {
        // the tokens of that grant are bound to no key
        material.refresh_grant = self::material(&scenario.material, values, false).refresh_grant;
    }
    if on_reference && name.ends_with("jwt") {
        // the opaque token of the seed would be refused for being none
        material.other_audience_token = scenario.material.other_audience_token.as_ref().map(|own| values.secret(own));
        material.refresh_grant = self::material(&scenario.material, values, false).refresh_grant;
        let own = scenario.material.resource_identifier.as_ref().map(|own| values.text(own));
        let seeded = (name != "jwt").then(|| "/oauth2-jwt".to_owned());
        material.resource_identifier = own.or(seeded);
        material.hooks.revoke = scenario.material.hooks.revoke.clone().map(HookCall::Command);
        material.hooks.rotate = scenario.material.hooks.rotate.clone().map(HookCall::Command);
    }
    let subject = Subject {
        scheme,
        carrier: carrier(&scenario.scheme.value.0, scheme),
        owned: on_reference || scenario.target.owned || scenario.target.command.is_some(),
        owned_origins: owned_origins(loaded, values),
        identities,
        resources,
        authorization_server,
        material,
        kit,
        tolerances: tolerances(&scenario.conformance.tolerances),
        cases: scenario.cases.iter().map(|case| case_request(case, values)).collect(),
        load_requests: scenario.load.iter().map(|phase| load_request(phase, values)).collect(),
        preferred: Default::default(),
    };
    narrowed::complete(subject)
}

/// Credentials in the order of the file: the first that may use a resource is the one that checks use there.
fn identities(
    written: &std::collections::BTreeMap<String, At<model::Credential>>,
    values: &Values<'_>,
) -> Vec<Identity> {
    let mut written: Vec<(&String, &At<model::Credential>)> = written.iter().collect();
    written.sort_by_key(|(_, credential)| (credential.place.line, credential.place.column));
    written.into_iter().map(|(name, credential)| identity(name, credential, values)).collect()
}

/// The servers beside the target that are owned as well.
fn owned_origins(loaded: &LoadedScenario, values: &Values<'_>) -> Vec<url::Origin> {
    let written = loaded.scenario.target.value.0.owned_origins.iter();
    written.filter_map(|address| Some(url::Url::parse(&values.text(address)).ok()?.origin())).collect()
}

/// What a case of the scenario sends.
fn case_request(case: &model::Case, values: &Values<'_>) -> CaseRequest {
    CaseRequest {
        method: case.request.method.clone(),
        path: values.request_path(&case.request.path),
        headers: case.headers.iter().map(|(name, value)| (name.clone(), values.line(value))).collect(),
        json: case.json.as_ref().map(|json| json.filled(&mut |template| values.text(template)).to_string()),
    }
}

/// Method and path of the resource that a load phase names.
fn load_request(phase: &model::LoadPhase, values: &Values<'_>) -> Option<(String, String)> {
    let line = phase.request.as_ref()?;
    Some((line.method.clone(), values.request_path(&line.path)))
}

/// The scheme of the registry: one whose tokens are JWTs, or bound to keys, is another than one whose tokens are opaque.
pub(super) fn registered(scheme: &model::Scheme) -> &'static str {
    match &scheme.0 {
        SchemeFields::OAuth2ClientCredentials(oauth2) if oauth2.dpop.is_some() => "oauth2-client-credentials-dpop",
        SchemeFields::OAuth2ClientCredentials(oauth2) if oauth2.access_token != model::AccessToken::Opaque => {
            "oauth2-client-credentials-jwt"
        }
        _ => scheme.name(),
    }
}

/// The same target under another scheme with credentials of its own; it has no resources yet.
pub(super) fn subject_under(
    loaded: &LoadedScenario,
    values: &Values<'_>,
    scheme: &model::Scheme,
    credentials: &std::collections::BTreeMap<String, At<model::Credential>>,
) -> Subject {
    let on_reference = loaded.scenario.target.reference.is_some();
    let found = scheme::find(registered(scheme)).expect("every scheme of the format is registered");
    let mut identities = identities(credentials, values);
    if identities.is_empty() && (on_reference || scheme.name() == "none") {
        identities = seeded::identities(scheme.name());
        super::signing::use_seeded_key(&scheme.0, &mut identities);
    }
    super::signing::complete(&scheme.0, super::signing::over_tls(loaded, values), &mut identities);
    // a side publishes no keys and listens nowhere: it signs what it sends, and no more
    let kit = match scheme.0 {
        SchemeFields::Jwt(_) => {
            let kit = super::keys::kit_of(&scheme.0, loaded, values);
            Kit { hosts_keys: false, listens_at: None, listener: None, keys_at: None, ..kit }
        }
        _ => Kit::default(),
    };
    Subject {
        scheme: found,
        carrier: carrier(&scheme.0, found),
        owned: on_reference || loaded.scenario.target.owned || loaded.scenario.target.command.is_some(),
        owned_origins: Vec::new(),
        identities,
        resources: Vec::new(),
        authorization_server: authorization_server(&scheme.0, values, on_reference),
        material: Material { signing_secrets: values.take_noted(), ..Material::default() },
        kit,
        tolerances: Tolerances::default(),
        cases: Vec::new(),
        load_requests: Vec::new(),
        preferred: Default::default(),
    }
}

/// A resource of which no more is known than how it is asked for.
pub(super) fn plain_resource(method: &str, path: &str) -> Resource {
    Resource {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body: None,
        scopes: Default::default(),
        tenant: None,
        public: false,
        writes: false,
        success: None,
        refusals: Vec::new(),
        absent: None,
        before: Vec::new(),
        after: Vec::new(),
    }
}

pub(super) fn carrier(fields: &SchemeFields, scheme: &'static dyn scheme::Scheme) -> Carrier {
    let usual = scheme.carrier();
    let (header, query, cookie, prefix) = match fields {
        SchemeFields::ApiKey(key) => (&key.header, &key.query, &key.cookie, &key.prefix),
        SchemeFields::Bearer(bearer) => (&bearer.header, &None, &bearer.cookie, &bearer.prefix),
        SchemeFields::Jwt(jwt) => (&jwt.header, &None, &jwt.cookie, &jwt.prefix),
        SchemeFields::SigV4(sigv4) if sigv4.presigned => return scheme::sigv4::SigV4Scheme::in_query(),
        SchemeFields::Session(session) => (&None, &None, &session.cookie, &None),
        _ => return usual,
    };
    let place = (query.as_ref().map(|name| CarrierPlace::Query(name.clone())))
        .or_else(|| cookie.as_ref().map(|name| CarrierPlace::Cookie(name.clone())))
        .or_else(|| header.as_ref().map(|name| CarrierPlace::Header(name.clone())));
    let own = place.map_or_else(|| usual.clone(), |place| Carrier { place, prefix: String::new() });
    match prefix {
        Some(prefix) => Carrier { prefix: spaced(prefix), ..own },
        None if own.is_authorization() => Carrier { prefix: usual.prefix, ..own },
        None => own,
    }
}

/// A word with the space that divides it from what follows (RFC 9110 §11.4).
fn spaced(prefix: &str) -> String {
    if prefix.is_empty() || prefix.ends_with(|c: char| !c.is_alphanumeric()) {
        prefix.to_owned()
    } else {
        format!("{prefix} ")
    }
}

fn identity(name: &str, credential: &model::Credential, values: &Values<'_>) -> Identity {
    let login = if let Some(procedure) = super::resolve_login::procedure(credential, values) {
        Login::Procedure(procedure)
    } else if let Some(key) = &credential.key {
        Login::Proof(Proof::Key(values.credential(key)))
    } else if let Some(token) = &credential.token {
        Login::Proof(Proof::Token(values.credential(token)))
    } else if let Some(claims) = &credential.claims {
        let filled = |value: &JsonTemplate| value.filled(&mut |template| values.text(template));
        Login::Minted { claims: claims.iter().map(|(name, value)| (name.clone(), filled(value))).collect() }
    } else if let (Some(user), Some(password)) = (&credential.username, &credential.password) {
        Login::Proof(Proof::Password { user: values.text(user), password: values.credential(password) })
    } else if let Some(key) = credential.signing_key.as_ref().and_then(|key| super::keys::key(key, values)) {
        Login::Proof(Proof::Message(Arc::new(super::signing::message_key(key))))
    } else if let (Some(key_id), Some(secret)) =
        (credential.key_id.as_ref().or(credential.access_key.as_ref()), &credential.secret_key)
    {
        Login::Proof(Proof::Signing(Arc::new(SigningCredential {
            session_token: credential.session_token.as_ref().map(|token| values.secret(token)),
            ..SigningCredential::new(&values.text(key_id), values.secret(secret))
        })))
    } else if let Some(id) = &credential.client_id {
        let (secret, key) = (credential.client_secret.as_ref(), credential.client_key.as_ref());
        let key = key.and_then(|key| super::keys::key(key, values));
        let method = credential.client_auth.map(super::resolve_login::method);
        Login::Client { id: values.text(id), secret: secret.map(|secret| values.secret(secret)), key, method }
    } else {
        Login::Nothing
    };
    let certificate = credential.tls.as_ref().and_then(|tls| certificate(name, tls, values));
    let login = match (&login, &certificate) {
        (Login::Nothing, Some(own)) => {
            let own = CertificateProof { connection: name.to_owned(), chain: own.chain.clone() };
            Login::Proof(Proof::Certificate(Arc::new(own)))
        }
        _ => login,
    };
    Identity {
        name: name.to_owned(),
        login,
        scopes: credential.scopes.iter().cloned().collect(),
        tenant: credential.tenant.clone(),
        state: credential.state,
        certificate,
        account: credential.account.as_ref().map(|account| values.text(account)),
        asks_for_less: false,
    }
}

/// The certificate that a credential presents; a stand-in where nothing is read.
fn certificate(
    name: &str,
    tls: &At<model::PresentedCertificate>,
    values: &Values<'_>,
) -> Option<Arc<IdentityCertificate>> {
    let connection = name.to_owned();
    if !values.reads() {
        let key = Secret::new("");
        return Some(Arc::new(IdentityCertificate { connection, chain: Vec::new(), key, is_forged: false }));
    }
    let chain = values.pem(&tls.certificate)?;
    let key = values.pem(&tls.key)?;
    let key = Secret::new(String::from_utf8_lossy(&key));
    Some(Arc::new(IdentityCertificate { connection, chain, key, is_forged: false }))
}

/// A body with its media type: the one of its kind, unless the header lines have another.
fn body(
    (json, form, text): (&Option<JsonTemplate>, &Option<BTreeMap<String, Template>>, &Option<Template>),
    headers: &BTreeMap<String, Template>,
    values: &Values<'_>,
) -> Option<(String, Vec<u8>)> {
    let (media, body) = match (json, form, text) {
        (Some(json), _, _) => {
            ("application/json", json.filled(&mut |template| values.text(template)).to_string().into_bytes())
        }
        (None, Some(form), _) => {
            let form = form.iter().map(|(name, value)| (name, values.text(value)));
            let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            ("application/x-www-form-urlencoded", pairs.into_bytes())
        }
        (None, None, Some(text)) => ("text/plain; charset=utf-8", values.text(text).into_bytes()),
        (None, None, None) => return None,
    };
    let named = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    Some((named.map_or_else(|| media.to_owned(), |(_, value)| values.line(value)), body))
}

pub(super) fn resource(resource: &model::DeclaredResource, values: &Values<'_>) -> Resource {
    let prepared = |written: &At<model::PreparingRequest>| Preparation {
        method: written.request.method.clone(),
        path: values.request_path(&written.request.path),
        headers: written.headers.iter().map(|(name, value)| (name.clone(), values.line(value))).collect(),
        body: body((&written.json, &written.form, &written.body), &written.headers, values),
        with: written.with.clone(),
        keep: written.keep.iter().filter_map(|(name, place)| kept(name, place)).collect(),
    };
    let body = body((&resource.json, &resource.form, &resource.body), &resource.headers, values);
    Resource {
        method: resource.request.method.clone(),
        path: values.request_path(&resource.request.path),
        headers: resource.headers.iter().map(|(name, value)| (name.clone(), values.line(value))).collect(),
        body,
        scopes: resource.scopes.iter().cloned().collect(),
        tenant: resource.tenant.clone(),
        absent: resource.absent.as_ref().map(|absent| values.request_path(absent)),
        public: resource.public,
        writes: resource.writes,
        success: resource.success.as_ref().map(declared),
        refusals: resource.refusal.iter().flat_map(|refusal| refusal.0.iter().map(declared)).collect(),
        before: resource.before.iter().map(prepared).collect(),
        after: resource.after.iter().map(prepared).collect(),
    }
}

fn kept(name: &str, place: &model::KeptPositionFields) -> Option<KeptValue> {
    let pointer = place.pointer.clone().map(ValuePosition::Pointer);
    let header = || place.header.clone().map(ValuePosition::Header);
    let position = pointer.or_else(header).or_else(|| place.input.clone().map(ValuePosition::Input))?;
    Some(KeptValue { name: name.to_owned(), position })
}

fn authorization_server(fields: &SchemeFields, values: &Values<'_>, on_reference: bool) -> Option<AuthorizationServer> {
    let oauth2 = match fields {
        SchemeFields::OAuth2ClientCredentials(oauth2) => oauth2,
        SchemeFields::Bearer(bearer) => {
            let issuer = Some(values.text(bearer.issuer.as_ref()?));
            return Some(AuthorizationServer { issuer, ..AuthorizationServer::default() });
        }
        _ => return None,
    };
    let client_auth = super::resolve_login::method(oauth2.client_auth);
    let named = |template: &Option<Template>| template.as_ref().map(|template| values.text(template));
    let assertions_are_for_issuer = oauth2.assertion_rules == model::AssertionRules::Rfc7523bis;
    if on_reference && oauth2.token_url.is_none() && oauth2.issuer.is_none() {
        let jwt = oauth2.access_token != model::AccessToken::Opaque;
        let seeded = seeded::authorization_server(client_auth, jwt);
        let assertion_audience = named(&oauth2.assertion_audience);
        return Some(AuthorizationServer {
            assertion_audience,
            assertions_are_for_issuer,
            proof_alg: proof_alg(oauth2),
            ..seeded
        });
    }
    Some(AuthorizationServer {
        issuer: named(&oauth2.issuer),
        token: named(&oauth2.token_url),
        introspection: named(&oauth2.introspection_url),
        revocation: named(&oauth2.revocation_url),
        client_auth,
        assertion_audience: named(&oauth2.assertion_audience),
        token_params: oauth2.token_params.iter().map(|(name, value)| (name.clone(), values.text(value))).collect(),
        proof_alg: proof_alg(oauth2),
        assertions_are_for_issuer,
        token_alias: None,
        used_by_logins: Vec::new(),
        is_discovered: false,
    })
}

/// The algorithm of the keys that tokens are bound to, where the scenario wants them bound.
fn proof_alg(oauth2: &model::OAuth2) -> Option<Alg> {
    oauth2.dpop.as_ref().map(|dpop| match dpop.alg {
        model::ProofAlgorithm::ES256 => Alg::ES256,
        model::ProofAlgorithm::EdDSA => Alg::EdDSA,
        model::ProofAlgorithm::Ed25519 => Alg::Ed25519,
    })
}

fn material(written: &model::DeclaredMaterial, values: &Values<'_>, on_reference: bool) -> Material {
    let client = |client: &Option<model::Client>| {
        let client = client.as_ref()?;
        if client.client_secret.is_none() && client.client_key.is_none() {
            let error = values.loaded().error(client.client_id.place(), "the client has nothing to authenticate with");
            values.mistake(
                error.with_help("add `client_secret`, or `client_key` with the key that signs its assertions"),
            );
        }
        Some(ClientCredential {
            id: values.text(&client.client_id),
            secret: client.client_secret.as_ref().map(|secret| values.secret(secret)),
            key: client.client_key.as_ref().and_then(|key| super::keys::key(key, values)),
            scope: None,
            own_method: client.client_auth.map(super::resolve_login::method),
            connection: ConnectionOf::default(),
        })
    };
    let secret = |template: &Option<Template>| template.as_ref().map(|template| values.secret(template));
    let hook = |argv: &Option<Vec<String>>| argv.clone().map(HookCall::Command);
    let accounts = [
        (PeculiarAccount::LongPassword, &written.long_password_account),
        (PeculiarAccount::ColonPassword, &written.colon_password_account),
        (PeculiarAccount::Utf8Password, &written.utf8_password_account),
    ];
    let accounts = accounts.into_iter().filter_map(|(kind, account)| {
        let account = account.as_ref()?;
        let (user, password) = (values.text(&account.username), values.secret(&account.password));
        Some(PeculiarLogin { kind, user, password, tenant: account.tenant.clone() })
    });
    let own = Material {
        introspection_client: client(&written.introspection_client),
        foreign_introspection_client: client(&written.foreign_introspection_client),
        public_client_id: written.public_client_id.as_ref().map(|id| values.text(id)),
        other_redirection_uri: written.other_redirection_uri.as_ref().map(|uri| values.text(uri)),
        client_without_grant: client(&written.client_without_grant),
        special_client: client(&written.special_client),
        disallowed_scope: written.disallowed_scope.clone(),
        lookalike_scopes: written.lookalike_scopes.clone(),
        other_audience_token: secret(&written.other_audience_token),
        refresh_token: secret(&written.refresh_token),
        signing_secrets: Vec::new(),
        failure_budget: written.failure_budget,
        source_header: written.source_header.clone(),
        trusted_origins: written.trusted_origins.iter().map(|origin| self::origin(origin, values)).collect(),
        expendable_client_id: written.expendable_client_id.as_ref().map(|id| values.text(id)),
        expendable_username: written.expendable_username.as_ref().map(|name| values.text(name)),
        expendable_password: secret(&written.expendable_password),
        expendable_codes: written.expendable_code_account.as_ref().and_then(|account| {
            Some(ExpendableCodes {
                user: values.text(&account.username),
                password: values.secret(&account.password),
                one_time: Arc::new(OneTimeSecret::of(&account.totp.0, values)?),
            })
        }),
        resource_identifier: written.resource_identifier.as_ref().map(|identifier| values.text(identifier)),
        client_ca: written
            .client_ca
            .as_ref()
            .and_then(|tls| Some((*certificate("the CA of clients", tls, values)?).clone())),
        answer_rules: None,
        refresh_grant: written.refresh_grant.as_ref().map(|grant| RefreshGrant {
            refresh_token: values.secret(&grant.refresh_token),
            access_token: values.secret(&grant.access_token),
        }),
        accounts: accounts.collect(),
        hooks: HookCalls {
            outage: hook(&written.hooks.outage),
            revoke: hook(&written.hooks.revoke),
            disable: hook(&written.hooks.disable),
            demote: hook(&written.hooks.demote),
            rotate: hook(&written.hooks.rotate),
            env: written.hooks.env.iter().map(|(name, value)| (name.clone(), values.secret(value))).collect(),
        },
    };
    if on_reference { completed(own, seeded::material()) } else { own }
}

/// An origin as browsers name it (RFC 6454 §6.2); what is none is a mistake.
fn origin(written: &Template, values: &Values<'_>) -> String {
    let text = values.text(written);
    let read = url::Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let named = read.map(|url| url.origin().ascii_serialization());
    if named.as_ref() != Some(&text) && (values.reads() || !written.written().contains("${")) {
        let error =
            values.loaded().error(written.place(), "an origin is a scheme, a host and a port, and nothing else");
        values.mistake(error.with_help(match named {
            Some(named) => format!("write `{named}`"),
            None => "write the scheme and the host, as in `https://app.example.com`".to_owned(),
        }));
    }
    text
}

/// What the scenario leaves out, the reference's seed supplies.
fn completed(own: Material, seed: Material) -> Material {
    // that of another account is none
    let seeded = if own.expendable_username.is_none() { seed.expendable_password } else { None };
    let expendable_password = own.expendable_password.or(seeded);
    Material {
        introspection_client: own.introspection_client.or(seed.introspection_client),
        foreign_introspection_client: own.foreign_introspection_client.or(seed.foreign_introspection_client),
        public_client_id: own.public_client_id.or(seed.public_client_id),
        other_redirection_uri: own.other_redirection_uri.or(seed.other_redirection_uri),
        client_without_grant: own.client_without_grant.or(seed.client_without_grant),
        special_client: own.special_client.or(seed.special_client),
        disallowed_scope: own.disallowed_scope.or(seed.disallowed_scope),
        lookalike_scopes: if own.lookalike_scopes.is_empty() { seed.lookalike_scopes } else { own.lookalike_scopes },
        other_audience_token: own.other_audience_token.or(seed.other_audience_token),
        refresh_token: own.refresh_token.or(seed.refresh_token),
        signing_secrets: own.signing_secrets,
        failure_budget: own.failure_budget.or(seed.failure_budget),
        source_header: own.source_header.or(seed.source_header),
        trusted_origins: if own.trusted_origins.is_empty() { seed.trusted_origins } else { own.trusted_origins },
        expendable_client_id: own.expendable_client_id.or(seed.expendable_client_id),
        expendable_username: own.expendable_username.or(seed.expendable_username),
        expendable_password,
        expendable_codes: own.expendable_codes.or(seed.expendable_codes),
        resource_identifier: own.resource_identifier.or(seed.resource_identifier),
        client_ca: own.client_ca.or(seed.client_ca),
        answer_rules: None,
        refresh_grant: own.refresh_grant.or(seed.refresh_grant),
        accounts: if own.accounts.is_empty() { seed.accounts } else { own.accounts },
        hooks: HookCalls {
            outage: own.hooks.outage.or(seed.hooks.outage),
            revoke: own.hooks.revoke.or(seed.hooks.revoke),
            disable: own.hooks.disable.or(seed.hooks.disable),
            demote: own.hooks.demote.or(seed.hooks.demote),
            rotate: own.hooks.rotate.or(seed.hooks.rotate),
            env: own.hooks.env,
        },
    }
}

fn tolerances(written: &model::DeclaredTolerances) -> Tolerances {
    let default = Tolerances::default();
    let or = |length: Option<Length>, other| length.map_or(other, |length| length.0);
    Tolerances {
        max_leeway: or(written.max_leeway, default.max_leeway),
        leeway_is_declared: written.max_leeway.is_some(),
        excess_leeway: or(written.excess_leeway, default.excess_leeway),
        revocation_delay: or(written.revocation_delay, default.revocation_delay),
        rotation_delay: or(written.rotation_delay, default.rotation_delay),
        self_contained_life: or(written.self_contained_life, default.self_contained_life),
        max_clock_skew: or(written.max_clock_skew, default.max_clock_skew),
    }
}

pub(super) fn declared(pattern: &crate::scenario::model::AnswerPattern) -> DeclaredAnswer {
    DeclaredAnswer {
        status: pattern.status,
        content_type: pattern.content_type.as_ref().map(|media| media.to_ascii_lowercase()),
        pointer: pattern.json.clone(),
        text: pattern.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoVariables, load_text};

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port_and_what_is_none_has_a_way_out() {
        for (origin, way_out) in [
            ("https://app.example.com", None),
            ("http://localhost:3000", None),
            ("https://app.example.com/", Some("write `https://app.example.com`")),
            ("https://app.example.com/login", Some("write `https://app.example.com`")),
            ("https://App.Example.com:443", Some("write `https://app.example.com`")),
            ("app.example.com", Some("write the scheme and the host, as in `https://app.example.com`")),
            ("null", Some("write the scheme and the host, as in `https://app.example.com`")),
            ("*", Some("write the scheme and the host, as in `https://app.example.com`")),
        ] {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\" }}\nscheme: api-key\n\
                 credentials: {{ a: {{ key: \"0123456789abcdef\" }} }}\nmaterial:\n  trusted_origins: [\"{origin}\"]\n\
                 resources: [{{ request: GET /orders }}]\n"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let values = Values::reading(&loaded, &NoVariables);
            assert_eq!(subject(&loaded, &values).material.trusted_origins, [origin]);
            let found = values.finish().err().unwrap_or_default();
            let ways_out: Vec<_> = found.iter().map(|error| error.help.as_deref()).collect();
            assert_eq!(ways_out, Vec::from_iter(way_out.map(Some)), "{origin}");
            let lines: Vec<_> = found.iter().filter_map(|error| Some(error.place?.line)).collect();
            assert!(lines.iter().all(|line| *line == 7) && lines.len() == found.len(), "{origin}: {lines:?}");
        }
    }
}
