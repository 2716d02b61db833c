//! One verifier for each scheme, each in a folder with its faults.

pub(crate) mod api_key;
pub(crate) mod basic;
pub(crate) mod bearer;
pub(crate) mod changed_accounts;
pub(crate) mod digest;
pub(crate) mod dpop;
mod foreign_page;
pub(crate) mod hmac;
pub(crate) mod httpsig;
pub(crate) mod introspection;
pub(crate) mod jwt;
pub(crate) mod login_token;
pub(crate) mod mtls;
mod passwords;
mod resets;
pub(crate) mod session;
pub(crate) mod sigv4;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::dpop::ProofVerifier;
use super::jose::algorithm::JwsAlgorithm;
use super::rejection::Rejection;
use super::state::{Principal, ReferenceState};
use crate::seed::SeedState;
use basic::accounts::Accounts;
use digest::{DigestHash, DigestUsers, HASHES};
use hmac::Signers;
use httpsig::MessageSigners;
use introspection::Introspector;
use jwt::JwtVerifier;
use jwt::deployment::{ALGORITHMS, Deployments};
use login_token::Families;
use session::Sessions;

/// Whether an account or a signing key in this state opens anything.
fn is_live(state: &ReferenceState, held: SeedState) -> bool {
    match held {
        SeedState::Valid => true,
        SeedState::Revoked => state.fault("revoked-live-on"),
        SeedState::Expired => state.fault("expired-live-on"),
    }
}

/// The verifiers of all schemes, over the state that they share.
pub(crate) struct Verifiers {
    pub(crate) state: Arc<ReferenceState>,
    pub(crate) jwt: JwtVerifier,
    accounts: Accounts,
    digest_users: DigestUsers,
    signers: Signers,
    message_signers: MessageSigners,
    introspector: Introspector,
    sessions: Sessions,
    families: Families,
    codes: login_token::Codes,
    one_time: login_token::OneTime,
    proofs: ProofVerifier,
    provider: login_token::Provider,
    registered: login_token::RegisteredClients,
    resets: resets::Resets,
}

/// What logins lead to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoginSettings {
    /// Life of a session and of an access token.
    pub(crate) lifetime: Duration,
    /// Whether cookies are for TLS only.
    pub(crate) secure: bool,
}

impl Verifiers {
    /// All of them.
    pub(crate) fn new(
        state: Arc<ReferenceState>,
        deployments: Deployments,
        introspector: Introspector,
        LoginSettings { lifetime, secure }: LoginSettings,
    ) -> Self {
        let (jwt, accounts, digest_users) = (JwtVerifier::new(deployments), Accounts::seeded(), DigestUsers::seeded());
        let (sessions, families) =
            (Sessions::new(lifetime, secure), Families::new(login_token::life(lifetime, &state.faults)));
        let proofs = ProofVerifier::new("http://127.0.0.1");
        let (signers, message_signers) = (Signers::seeded(), MessageSigners::seeded(secure));
        Self {
            state,
            jwt,
            accounts,
            digest_users,
            signers,
            message_signers,
            introspector,
            sessions,
            families,
            codes: login_token::Codes::default(),
            one_time: login_token::OneTime::default(),
            proofs,
            provider: login_token::Provider::at("http://127.0.0.1"),
            registered: login_token::RegisteredClients::default(),
            resets: resets::Resets::default(),
        }
    }

    /// The same, where those that name the server know its address.
    pub(crate) fn at(self, base: &str) -> Self {
        Self {
            proofs: ProofVerifier::new(base),
            provider: login_token::Provider::at(base),
            resets: resets::Resets::at(base),
            ..self
        }
    }

    /// The endpoints of logins.
    pub(crate) fn login_routes(self: &Arc<Self>) -> Router {
        session::login::routes(self.clone()).merge(login_token::routes(self.clone()))
    }

    /// What a guard has to ask others for before it can verify a request.
    pub(crate) async fn prepare(&self, guard: Guard, parts: &mut Parts) {
        match guard {
            Guard::Jwt(_) => self.jwt.prepare(&self.state, parts).await,
            Guard::Introspected => self.introspector.prepare(&self.state, parts, false).await,
            Guard::IntrospectedCached => self.introspector.prepare(&self.state, parts, true).await,
            _ => {}
        }
    }

    /// Signs an answer, where its request asks for that and the scheme does it.
    pub(crate) fn sign<B: AsRef<[u8]>>(&self, guard: Guard, request: &Parts, answer: &mut axum::http::Response<B>) {
        if guard == Guard::HttpSignature {
            httpsig::answers::sign(&self.state, &self.message_signers, request, answer);
        }
    }

    /// Who sent a request.
    pub(crate) fn verify(&self, guard: Guard, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
        let principal = self.sender(guard, parts)?;
        foreign_page::refused(&self.state, guard, parts)?;
        self.as_of_now(guard, principal)
    }

    fn sender(&self, guard: Guard, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
        let state = &*self.state;
        match guard {
            Guard::None => Ok(state.anybody.clone()),
            Guard::ApiKey => api_key::verify(state, parts),
            Guard::Session => session::verify(state, &self.sessions, parts),
            Guard::LoginToken => login_token::verify(state, self, parts),
            Guard::Basic => basic::verify(state, &self.accounts, parts, false),
            Guard::BasicCached => basic::verify(state, &self.accounts, parts, true),
            Guard::Digest(hash) => digest::verify(state, &self.digest_users, parts, hash),
            Guard::Mtls => mtls::verify(state, parts),
            Guard::Dpop => dpop::verify(state, &self.proofs, parts),
            Guard::Hmac => hmac::verify(state, &self.signers, parts),
            Guard::HttpSignature => httpsig::verify(state, &self.message_signers, parts),
            Guard::SigV4 => sigv4::verify(state, &self.signers, parts),
            Guard::Bearer => bearer::verify(state, parts, bearer::TokenSource::Static),
            Guard::OAuth2 => bearer::verify(state, parts, bearer::TokenSource::Authority),
            Guard::Jwt(algorithm) => self.jwt.verify(state, parts, algorithm),
            Guard::OAuth2Jwt => self.jwt.verify_issued(state, parts),
            Guard::Introspected | Guard::IntrospectedCached => introspection::verify(state, parts),
        }
    }
}

/// A scheme that guards resources, by the prefix of their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    None,
    ApiKey,
    Session,
    LoginToken,
    Basic,
    BasicCached,
    Digest(DigestHash),
    Mtls,
    Dpop,
    Hmac,
    SigV4,
    HttpSignature,
    Bearer,
    OAuth2,
    Jwt(JwsAlgorithm),
    OAuth2Jwt,
    Introspected,
    IntrospectedCached,
}

impl Guard {
    /// All guards with the prefixes of their resources.
    pub(crate) fn all() -> impl Iterator<Item = (Guard, &'static str)> {
        let plain = [
            (Guard::None, "none"),
            (Guard::ApiKey, "api-key"),
            (Guard::Session, "session"),
            (Guard::LoginToken, "login-token"),
            (Guard::Basic, "basic"),
            (Guard::BasicCached, "basic-cached"),
            (Guard::Mtls, "mtls"),
            (Guard::Dpop, "dpop"),
            (Guard::Hmac, "hmac"),
            (Guard::SigV4, "sigv4"),
            (Guard::HttpSignature, "http-signature"),
            (Guard::Bearer, "bearer"),
            (Guard::OAuth2, "oauth2"),
            (Guard::OAuth2Jwt, "oauth2-jwt"),
        ];
        let asking =
            [(Guard::Introspected, "opaque-introspection"), (Guard::IntrospectedCached, "opaque-introspection-cached")];
        let signed = ALGORITHMS.map(|(algorithm, prefix)| (Guard::Jwt(algorithm), prefix));
        let hashed = HASHES.map(|(hash, prefix)| (Guard::Digest(hash), prefix));
        plain.into_iter().chain(hashed).chain(signed).chain(asking)
    }

    /// Whether its credentials come from a login.
    pub(crate) fn logs_in(self) -> bool {
        matches!(self, Guard::Session | Guard::LoginToken)
    }

    /// Whether it asks the authorization server about tokens.
    pub(crate) fn asks(self) -> bool {
        matches!(self, Guard::Introspected | Guard::IntrospectedCached)
    }

    /// Whether its credentials sign the body, which is read before it decides then.
    pub(crate) fn signs_bodies(self) -> bool {
        matches!(self, Guard::Hmac | Guard::SigV4 | Guard::HttpSignature)
    }

    /// Whether its credentials are bearer tokens (RFC 6750).
    fn takes_bearer_tokens(self) -> bool {
        matches!(self, Guard::Bearer | Guard::LoginToken | Guard::OAuth2 | Guard::Jwt(_) | Guard::OAuth2Jwt)
            || self.asks()
    }

    /// The guard that stands before a path, and the path behind it.
    pub(crate) fn before(path: &str) -> Option<(Self, &str)> {
        let path = path.strip_prefix('/')?;
        let first = path.find('/')?;
        let end = if &path[..first] == "jwt" { first + 1 + path[first + 1..].find('/')? } else { first };
        let (guard, _) = Self::all().find(|(_, prefix)| *prefix == &path[..end])?;
        Some((guard, &path[end + 1..]))
    }

    /// Whether the principal holds a scope; a refusal in the words of the scheme.
    pub(crate) fn authorise(self, state: &ReferenceState, principal: &Principal, scope: &str) -> Result<(), Rejection> {
        let any_case = matches!(self, Guard::Jwt(_)) && state.fault("scope-case-ignored");
        let same = |held: &String| held == scope || (any_case && held.eq_ignore_ascii_case(scope));
        let holds = principal.scopes.iter().any(same);
        let open = match self {
            Guard::ApiKey => state.fault("scope-ignored"),
            guard if guard.takes_bearer_tokens() => {
                state.fault("scope-not-enforced")
                    || (state.fault("scope-substring") && principal.scopes.join(" ").contains(scope))
            }
            _ => false,
        };
        if holds || open {
            return Ok(());
        }
        let status = if state.fault("authz-as-401") { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        Err(match self {
            Guard::Dpop => dpop::insufficient(state, status, scope),
            // RFC 6750 §3.1: insufficient_scope, and the scope that would do
            guard if guard.takes_bearer_tokens() => Rejection::new(status, "insufficient_scope")
                .with_challenge(format!("Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"{scope}\"")),
            _ => Rejection::new(status, "insufficient_scope"),
        })
    }

    /// Whether the principal may see the objects of a tenant.
    pub(crate) fn may_see(self, state: &ReferenceState, principal: &Principal, tenant: &str) -> Result<(), Rejection> {
        let open = match self {
            Guard::None => true,
            Guard::ApiKey => state.fault("no-object-check"),
            Guard::Session
            | Guard::Basic
            | Guard::BasicCached
            | Guard::Digest(_)
            | Guard::Mtls
            | Guard::Dpop
            | Guard::Hmac
            | Guard::SigV4
            | Guard::HttpSignature => state.fault("objects-of-anybody"),
            // all others take bearer tokens
            _ => state.fault("bola"),
        };
        if open || principal.tenant == tenant {
            return Ok(());
        }
        Err(Rejection::new(StatusCode::FORBIDDEN, "not_yours"))
    }
}
