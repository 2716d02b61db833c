//! What is known about the reference: its fixed seed, without asking a server.

use std::sync::Arc;

use super::login::{
    BesideWrites, CredentialEnd, CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep,
    LoginText, TokenPosition,
};
use super::reset_completion::{MailSource, ResetCompletion};
use super::resolve_login::MOST_FAILURES;
use super::signing::message_key;
use super::subject::{
    AuthorizationServer, ClientAuthMethod, ClientCredential, CredentialState, DeclaredAnswer, HookCall, HookCalls,
    Identity, IdentityCertificate, Login, Material, PeculiarLogin, RefreshGrant, Resource,
};
use crate::check::step::PeculiarAccount;
use crate::scheme::Proof;
use crate::scheme::jose::SigningKey;
use crate::scheme::mtls::{CertificateProof, client_certificate};
use crate::scheme::signing::SigningCredential;
use crate::secret::Secret;
use crate::seed::{self, SeedIdentity, SeedState};

/// Prefix of the resources under a scheme.
pub(super) fn prefix(scheme: &str, algorithm: &str) -> String {
    match scheme {
        "api-key" => "/api-key".to_owned(),
        "session" => "/session".to_owned(),
        "basic" => "/basic".to_owned(),
        "digest" if algorithm.is_empty() => "/digest".to_owned(),
        "digest" => format!("/digest-{algorithm}"),
        "bearer" => "/bearer".to_owned(),
        "mtls" => "/mtls".to_owned(),
        "hmac" => "/hmac".to_owned(),
        "sigv4" => "/sigv4".to_owned(),
        "http-signature" => "/http-signature".to_owned(),
        "oauth2-client-credentials" => "/oauth2".to_owned(),
        "oauth2-client-credentials-jwt" => "/oauth2-jwt".to_owned(),
        "oauth2-client-credentials-dpop" => "/dpop".to_owned(),
        "jwt" => format!("/jwt/{}", algorithm.to_lowercase()),
        _ => "/none".to_owned(),
    }
}

/// Its identities under a scheme.
pub(super) fn identities(scheme: &str) -> Vec<Identity> {
    let known = seed::IDENTITIES.iter().filter(|identity| {
        // whoever may not log in any more cannot be told from one that never could
        let logs_in =
            matches!(scheme, "session" | "mtls" | "http-signature") || scheme.starts_with("oauth2-client-credentials");
        !logs_in || identity.state == SeedState::Valid
    });
    known.map(|identity| to_identity(scheme, identity)).collect()
}

fn to_identity(scheme: &str, identity: &SeedIdentity) -> Identity {
    let certificate = if scheme == "mtls" { certificate(identity).map(Arc::new) } else { None };
    let login = match scheme {
        "api-key" => Login::Proof(Proof::Key(Secret::new(identity.api_key))),
        "basic" | "digest" => {
            Login::Proof(Proof::Password { user: identity.name.to_owned(), password: Secret::new(identity.password) })
        }
        "mtls" => {
            let chain = certificate.as_ref().map(|own| own.chain.clone()).unwrap_or_default();
            let own = CertificateProof { connection: identity.name.to_owned(), chain };
            Login::Proof(Proof::Certificate(Arc::new(own)))
        }
        "hmac" | "sigv4" => Login::Proof(Proof::Signing(Arc::new(SigningCredential {
            region: seed::SIGV4_REGION.to_owned(),
            service: seed::SIGV4_SERVICE.to_owned(),
            ..SigningCredential::new(identity.name, Secret::new(identity.client_secret))
        }))),
        "http-signature" => {
            let key =
                identity.client_key.and_then(|key| SigningKey::read(key.key, Some(key.kid.to_owned()), None).ok());
            key.map_or(Login::Nothing, |key| Login::Proof(Proof::Message(Arc::new(message_key(Arc::new(key))))))
        }
        "session" => Login::Procedure(Arc::new(session_login(identity))),
        "bearer" => Login::Proof(Proof::Token(Secret::new(identity.token))),
        "jwt" => Login::Minted { claims: claims(identity) },
        "oauth2-client-credentials" | "oauth2-client-credentials-jwt" | "oauth2-client-credentials-dpop" => {
            let key =
                identity.client_key.and_then(|key| SigningKey::read(key.key, Some(key.kid.to_owned()), None).ok());
            let secret = Some(Secret::new(identity.client_secret));
            Login::Client { id: identity.name.to_owned(), secret, key: key.map(Arc::new), method: None }
        }
        _ => Login::Nothing,
    };
    Identity {
        name: identity.name.to_owned(),
        login,
        scopes: identity.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        tenant: Some(identity.tenant.to_owned()),
        state: match identity.state {
            SeedState::Valid => CredentialState::Valid,
            SeedState::Revoked => CredentialState::Revoked,
            SeedState::Expired => CredentialState::Expired,
        },
        certificate,
        account: Some(identity.name.to_owned()),
        asks_for_less: false,
    }
}

/// The certificate of an identity, for its key and a name of the domain of clients.
fn certificate(identity: &SeedIdentity) -> Option<IdentityCertificate> {
    let key = identity.client_key?.key;
    let dns_name = format!("{}{}", identity.name, seed::CLIENT_DOMAIN);
    let chain = client_certificate(seed::CLIENT_CA, identity.name, &dns_name, key)?;
    let (connection, key) = (identity.name.to_owned(), Secret::new(key));
    Some(IdentityCertificate { connection, chain: chain.into_bytes(), key, is_forged: false })
}

/// How an identity logs in to a session: by the form of a page, with a CSRF token that comes in the page and, after the
/// login, in a cookie of its own.
fn session_login(identity: &SeedIdentity) -> LoginProcedure {
    let text = |part: LoginPart| LoginText(vec![part]);
    let csrf = || (seed::CSRF_HEADER.to_owned(), text(LoginPart::Cookie(seed::CSRF_COOKIE.to_owned())));
    let step = |method, path: &str| LoginStep {
        method,
        address: LoginText::plain(path),
        headers: Vec::new(),
        basic: None,
        client: None,
        assertion_audience: None,
        media: None,
        body: None,
        success: None,
    };
    let form = [
        ("csrf", LoginPart::Input("csrf".to_owned())),
        ("username", LoginPart::Username),
        ("password", LoginPart::Password),
    ];
    let form = form.map(|(name, part)| (name.to_owned(), text(part))).to_vec();
    let submit = LoginStep {
        body: Some(LoginBody::Form(form)),
        success: Some(DeclaredAnswer { status: Some(302), ..DeclaredAnswer::default() }),
        ..step("POST", "/session/login")
    };
    let json = |members: &[(&str, LoginPart)]| {
        let member = |(name, part): &(&str, LoginPart)| ((*name).to_owned(), LoginJson::Text(text(part.clone())));
        Some(LoginBody::Json(LoginJson::Object(members.iter().map(member).collect())))
    };
    LoginProcedure {
        source: CredentialSource::Requests(vec![step("GET", "/session/login"), submit]),
        token: Some(TokenPosition::Cookie(seed::SESSION_COOKIE.to_owned())),
        end: CredentialEnd::AsAnswered,
        refresh: None,
        refreshed: None,
        logout: vec![LoginStep { headers: vec![csrf()], ..step("POST", "/session/logout") }],
        password_change: vec![LoginStep {
            headers: vec![csrf()],
            body: json(&[("password", LoginPart::Password), ("new_password", LoginPart::NewPassword)]),
            ..step("POST", "/session/password")
        }],
        password_reset: vec![LoginStep {
            body: json(&[("username", LoginPart::Username)]),
            ..step("POST", "/session/forgot")
        }],
        reset_completion: Some(ResetCompletion {
            mail: MailSource::Request(Box::new(LoginStep {
                address: LoginText(vec![LoginPart::Plain("/outbox/".to_owned()), LoginPart::Username]),
                ..step("GET", "")
            })),
            at: None,
            requests: vec![LoginStep {
                body: json(&[
                    ("username", LoginPart::Username),
                    ("token", LoginPart::ResetToken),
                    ("new_password", LoginPart::NewPassword),
                ]),
                ..step("POST", "/session/reset")
            }],
        }),
        registration: vec![LoginStep {
            body: json(&[("username", LoginPart::Username), ("password", LoginPart::NewPassword)]),
            ..step("POST", "/session/register")
        }],
        cookies: None,
        beside_writes: BesideWrites { headers: vec![csrf()], ..BesideWrites::default() },
        one_time: None,
        account: (identity.name.to_owned(), Some(Secret::new(identity.password))),
        most_failures: MOST_FAILURES,
    }
}

/// Leaves clients with nothing but their certificates: those that the CA of the seed signs, or the self-signed ones that are
/// registered.
pub(super) fn present_certificates(identities: &mut [Identity], method: ClientAuthMethod) {
    for identity in identities {
        let known = seed::IDENTITIES.iter().find(|known| known.name == identity.name);
        let Some(mut own) = known.and_then(certificate) else { continue };
        if method == ClientAuthMethod::SelfSignedTlsClientAuth {
            let registered = seed::keys::SELF_SIGNED.iter().find(|(name, _)| *name == identity.name);
            own.chain = registered.map(|(_, chain)| chain.as_bytes().to_vec()).unwrap_or_default();
        }
        identity.certificate = Some(Arc::new(own));
        if let Login::Client { secret, key, .. } = &mut identity.login {
            (*secret, *key) = (None, None);
        }
    }
}

/// Leaves identities with nothing but their keys, as clients that sign assertions are registered.
pub(super) fn leave_secrets_out(identities: &mut [Identity]) {
    for identity in identities {
        if let Login::Client { secret, .. } = &mut identity.login {
            *secret = None;
        }
    }
}

/// What a token says of an identity (RFC 9068 §2.2).
fn claims(identity: &SeedIdentity) -> Vec<(String, serde_json::Value)> {
    let scope = identity.scopes.join(" ");
    let members =
        [("sub", identity.name), ("client_id", identity.name), ("scope", scope.as_str()), ("tenant", identity.tenant)];
    members.map(|(name, value)| (name.to_owned(), value.into())).to_vec()
}

/// Its resources below a prefix.
pub(super) fn resources(prefix: &str) -> Vec<Resource> {
    let plain = |method: &str, path: String, scopes: &[&str]| Resource {
        method: method.to_owned(),
        path,
        headers: Vec::new(),
        body: None,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        tenant: None,
        absent: None,
        before: Vec::new(),
        after: Vec::new(),
        public: false,
        writes: false,
        success: None,
        refusals: Vec::new(),
    };
    let body = Some(("application/json".to_owned(), br#"{"item":"lamp","count":1}"#.to_vec()));
    let tenant = Some(seed::IDENTITIES[0].tenant.to_owned());
    let absent = Some(format!("{prefix}/tenants/zz/orders"));
    vec![
        plain("GET", format!("{prefix}/orders"), &[seed::READ]),
        Resource { writes: true, body, ..plain("POST", format!("{prefix}/orders"), &[seed::WRITE]) },
        plain("GET", format!("{prefix}/account"), &[]),
        Resource { tenant, absent, ..plain("GET", format!("{prefix}/tenants/a/orders"), &[seed::READ]) },
        Resource { public: true, ..plain("GET", "/public".to_owned(), &[]) },
    ]
}

/// Its authorization server.
pub(super) fn authorization_server(client_auth: ClientAuthMethod, jwt: bool) -> AuthorizationServer {
    if jwt {
        return AuthorizationServer {
            issuer: Some("/oauth2-jwt".to_owned()),
            token: Some("/oauth2-jwt/token".to_owned()),
            introspection: Some("/oauth2-jwt/introspect".to_owned()),
            revocation: Some("/oauth2-jwt/revoke".to_owned()),
            client_auth,
            assertion_audience: None,
            token_params: Vec::new(),
            proof_alg: None,
            assertions_are_for_issuer: false,
            token_alias: None,
            used_by_logins: Vec::new(),
            is_discovered: false,
        };
    }
    AuthorizationServer {
        issuer: Some("/".to_owned()),
        token: Some("/oauth2/token".to_owned()),
        introspection: Some("/oauth2/introspect".to_owned()),
        revocation: Some("/oauth2/revoke".to_owned()),
        client_auth,
        assertion_audience: None,
        token_params: Vec::new(),
        proof_alg: None,
        assertions_are_for_issuer: false,
        token_alias: None,
        used_by_logins: Vec::new(),
        is_discovered: false,
    }
}

/// What else there is.
pub(super) fn material() -> Material {
    let client = |(id, secret): (&str, &str)| Some(ClientCredential::with_secret(id, Secret::new(secret)));
    let account = |kind, (user, password): (&str, &str)| {
        let (user, password) = (user.to_owned(), Secret::new(password));
        PeculiarLogin { kind, user, password, tenant: None }
    };
    Material {
        introspection_client: client(seed::INTROSPECTION_CLIENT),
        foreign_introspection_client: client(seed::FOREIGN_INTROSPECTION_CLIENT),
        public_client_id: Some(seed::PUBLIC_CLIENT.to_owned()),
        other_redirection_uri: Some(seed::OTHER_REDIRECTION_URI.to_owned()),
        client_without_grant: client(seed::CLIENT_WITHOUT_GRANT),
        special_client: client(seed::SPECIAL_CLIENT),
        disallowed_scope: Some(seed::ADMIN.to_owned()),
        lookalike_scopes: ["write:orders-archive", "write:order", "WRITE:ORDERS"].map(str::to_owned).to_vec(),
        other_audience_token: Some(Secret::new(seed::OTHER_AUDIENCE_TOKEN)),
        refresh_token: Some(Secret::new(seed::REFRESH_TOKEN)),
        signing_secrets: Vec::new(),
        failure_budget: Some(seed::FAILURE_BUDGET),
        source_header: Some(seed::SOURCE_HEADER.to_owned()),
        trusted_origins: vec![seed::TRUSTED_ORIGIN.to_owned()],
        expendable_client_id: Some(seed::EXPENDABLE_CLIENT.0.to_owned()),
        expendable_username: Some(seed::EXPENDABLE_USER.to_owned()),
        expendable_password: Some(Secret::new(seed::EXPENDABLE_PASSWORD)),
        expendable_codes: None,
        resource_identifier: Some("/oauth2".to_owned()),
        client_ca: Some(IdentityCertificate {
            connection: seed::CLIENT_CA.0.to_owned(),
            chain: Vec::new(),
            key: Secret::new(seed::CLIENT_CA.1),
            is_forged: false,
        }),
        answer_rules: None,
        refresh_grant: Some(RefreshGrant {
            refresh_token: Secret::new(seed::GRANT.refresh_token),
            access_token: Secret::new(seed::GRANT.access_token),
        }),
        accounts: vec![
            account(PeculiarAccount::LongPassword, seed::LONG_USER),
            account(PeculiarAccount::ColonPassword, seed::COLON_USER),
            account(PeculiarAccount::Utf8Password, seed::UTF8_USER),
        ],
        hooks: HookCalls {
            outage: Some(HookCall::Post("/hooks/outage".to_owned())),
            revoke: Some(HookCall::Post("/hooks/revoke/api-key".to_owned())),
            disable: Some(HookCall::Post("/hooks/disable".to_owned())),
            demote: Some(HookCall::Post("/hooks/demote".to_owned())),
            rotate: Some(HookCall::Post("/hooks/rotate".to_owned())),
            env: Vec::new(),
        },
    }
}
