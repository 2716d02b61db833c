//! The authorization server: client credentials, opaque tokens, introspection, revocation, metadata.

mod answer;
pub(crate) mod assertion;
pub(crate) mod clients;
mod form;
pub(crate) mod introspection;
pub(crate) mod jwt;
pub(crate) mod metadata;
pub(crate) mod revocation;
pub(crate) mod sloppy;
pub(crate) mod token;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::{get, post};
use rand::RngExt as _;

use super::Faults;
use super::keys::KeyPair;
use super::state::{Principal, digest};
use crate::clock;
use crate::seed;

/// Audience of the tokens that open the orders API.
pub(crate) const AUDIENCE: &str = "orders-api";
/// How long dead tokens are remembered before they are swept away.
const SWEEP_EVERY: usize = 10_000;

/// What is known about a token.
#[derive(Debug)]
pub(crate) struct TokenRecord {
    pub(crate) client: String,
    pub(crate) principal: Arc<Principal>,
    pub(crate) audience: &'static str,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    ends: Instant,
    revoked: AtomicBool,
    pub(crate) is_access_token: bool,
    /// The grant that it belongs to, where others do as well.
    pub(crate) grant: Option<&'static str>,
}

impl TokenRecord {
    /// On the monotonic clock, so that half seconds count.
    pub(crate) fn has_expired(&self) -> bool {
        clock::now() >= self.ends
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Relaxed)
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Ordering::Relaxed);
    }
}

/// The authorization server.
pub(crate) struct Authority {
    pub(crate) issuer: String,
    pub(crate) faults: Faults,
    lifetime: Duration,
    tokens: RwLock<HashMap<[u8; 32], Arc<TokenRecord>>>,
    counter: AtomicU64,
    throttle: super::throttle::Throttle,
    /// What clients sign with (RFC 7523).
    assertions: assertion::Assertions,
    /// Keys that sign its tokens (RFC 9068); without any they are opaque.
    keys: Vec<KeyPair>,
}

impl Authority {
    /// One whose tokens are opaque.
    pub(crate) fn new(issuer: String, lifetime: Duration, faults: Faults) -> Arc<Self> {
        Self::with_keys(issuer, lifetime, faults, Vec::new())
    }

    /// One whose tokens are signed.
    pub(crate) fn signing(issuer: String, lifetime: Duration, faults: Faults) -> Arc<Self> {
        let [first, second, _] = super::keys::of_algorithm(jsonwebtoken::Algorithm::ES256);
        Self::with_keys(issuer, lifetime, faults, vec![first, second])
    }

    fn with_keys(issuer: String, lifetime: Duration, faults: Faults, keys: Vec<KeyPair>) -> Arc<Self> {
        let (tokens, counter) = (RwLock::default(), AtomicU64::new(0));
        let throttle = super::throttle::Throttle::default();
        let assertions = assertion::Assertions::seeded();
        let authority = Self { issuer, faults, lifetime, tokens, counter, throttle, assertions, keys };
        let service = Arc::new(super::state::principal(&seed::IDENTITIES[0]));
        let long = Duration::from_secs(24 * 3600);
        authority
            .keep(seed::OTHER_AUDIENCE_TOKEN, authority.record("service", service.clone(), "billing-api", long, true));
        authority.keep(seed::REFRESH_TOKEN, authority.record("service", service.clone(), AUDIENCE, long, false));
        for (token, access) in [(seed::GRANT.refresh_token, false), (seed::GRANT.access_token, true)] {
            let record = authority.record("service", service.clone(), AUDIENCE, long, access);
            authority.keep(token, TokenRecord { grant: Some("seeded"), ..record });
        }
        Arc::new(authority)
    }

    /// Its endpoints.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        let router = Router::new()
            .route("/oauth2/token", post(token::answer))
            .route("/oauth2/introspect", post(introspection::answer))
            .route("/oauth2/revoke", post(revocation::answer))
            .route("/.well-known/oauth-authorization-server", get(metadata::authorization_server))
            .route("/.well-known/oauth-protected-resource/oauth2", get(metadata::protected_resource));
        sloppy::routes(&self, router).with_state(self)
    }

    /// What is known about a token.
    pub(crate) fn look_up(&self, token: &str) -> Option<Arc<TokenRecord>> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).get(&digest(token)).cloned()
    }

    /// Revokes every access token of a grant.
    pub(crate) fn revoke_grant(&self, grant: &str) {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.values().filter(|record| record.grant == Some(grant)).for_each(|record| record.revoke());
    }

    /// The keys that sign its tokens.
    pub(crate) fn keys(&self) -> Vec<KeyPair> {
        self.keys.clone()
    }

    /// Where the resources are that its tokens open, seen from the issuer.
    pub(crate) fn resource_path(&self) -> &'static str {
        if self.keys.is_empty() { "/oauth2" } else { "" }
    }

    /// The address of one of its endpoints.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        let prefix = if self.keys.is_empty() { "/oauth2" } else { "" };
        format!("{}{prefix}/{name}", self.issuer)
    }

    pub(crate) fn fault(&self, name: &str) -> bool {
        self.faults.on(name)
    }

    /// A new access token with its life in seconds.
    fn issue(&self, client: &clients::Client, scopes: Vec<String>) -> (String, u64) {
        let token = if let Some(key) = self.keys.first() {
            jwt::access_token(self, key, client, &scopes)
        } else if self.fault("counter-token") {
            format!("abt_{:020}", self.counter.fetch_add(1, Ordering::Relaxed))
        } else {
            // RFC 6749 §10.10: 43 of 62 characters are over 256 bits
            format!("abt_{}", random_text(43))
        };
        let principal = Principal { name: client.id.clone(), scopes, tenant: client.tenant.clone() };
        let record = self.record(&client.id, Arc::new(principal), AUDIENCE, self.lifetime, true);
        self.keep(&token, record);
        (token, self.lifetime.as_secs())
    }

    /// A new access token of a registered client with all its scopes, without asking the endpoint.
    pub(crate) fn issue_to(&self, client: &str) -> Option<String> {
        let client = clients::find(client)?;
        let scopes = client.scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Some(self.issue(&client, scopes).0)
    }

    fn record(
        &self,
        client: &str,
        principal: Arc<Principal>,
        audience: &'static str,
        life: Duration,
        access: bool,
    ) -> TokenRecord {
        let issued_at = clock::unix_seconds();
        TokenRecord {
            client: client.to_owned(),
            principal,
            audience,
            issued_at,
            expires_at: issued_at + life.as_secs().cast_signed(),
            ends: clock::now() + life,
            revoked: AtomicBool::new(false),
            is_access_token: access,
            grant: None,
        }
    }

    fn keep(&self, token: &str, record: TokenRecord) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            let faulty = self.fault("introspect-ignores-exp") || self.fault("bearer-accepts-expired-token");
            tokens.retain(|_, record| faulty || !record.has_expired());
        }
        tokens.insert(digest(token), Arc::new(record));
    }
}

/// Random letters and digits.
pub(crate) fn random_text(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect()
}
