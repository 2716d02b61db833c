//! What the endpoints of one authorization server share: its keys, the tokens that it has issued, and its faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::assertions::AssertionStore;
use super::registration::{self, RegisteredClient};
use crate::clock;
use crate::reference::dpop::ProofVerifier;
use crate::reference::fault::Faults;
use crate::reference::jose::keys::{self, KeyPair};
use crate::reference::random::random_text;
use crate::reference::state::tokens::{AUDIENCE, Confirmation, IssuedTokens, TokenRecord};
use crate::reference::state::{Principal, principal};
use crate::reference::throttle::Throttle;
use crate::seed;

/// What no access token should live.
const WEEKS: Duration = Duration::from_secs(30 * 24 * 3600);

/// The authorization server.
pub(crate) struct Authority {
    pub(crate) issuer: String,
    pub(crate) faults: Faults,
    pub(super) lifetime: Duration,
    pub(super) tokens: Arc<IssuedTokens>,
    counter: AtomicU64,
    pub(super) throttle: Throttle,
    /// What clients sign with (RFC 7523).
    pub(super) assertions: AssertionStore,
    /// What tokens are bound by (RFC 9449).
    pub(super) proofs: ProofVerifier,
    /// Keys that sign its tokens (RFC 9068); without any they are opaque.
    pub(super) keys: Vec<KeyPair>,
}

impl Authority {
    /// One whose tokens are opaque.
    pub(crate) fn new(issuer: String, lifetime: Duration, faults: Faults, tokens: Arc<IssuedTokens>) -> Arc<Self> {
        Self::with_keys(issuer, lifetime, faults, tokens, Vec::new())
    }

    /// One whose tokens are signed.
    pub(crate) fn signing(issuer: String, lifetime: Duration, faults: Faults, tokens: Arc<IssuedTokens>) -> Arc<Self> {
        let [first, second, _] = keys::of_algorithm(Algorithm::ES256);
        Self::with_keys(issuer, lifetime, faults, tokens, vec![first, second])
    }

    fn with_keys(
        issuer: String,
        lifetime: Duration,
        faults: Faults,
        tokens: Arc<IssuedTokens>,
        keys: Vec<KeyPair>,
    ) -> Arc<Self> {
        let lifetime = if faults.on("tokens-live-for-weeks") { WEEKS } else { lifetime };
        let service = Arc::new(principal(&seed::IDENTITIES[0]));
        let long = Duration::from_secs(24 * 3600);
        let record = |audience, access| TokenRecord::new("service", service.clone(), audience, long, access);
        tokens.keep(seed::OTHER_AUDIENCE_TOKEN, record("billing-api", true));
        tokens.keep(seed::REFRESH_TOKEN, record(AUDIENCE, false));
        for (token, access) in [(seed::GRANT.refresh_token, false), (seed::GRANT.access_token, true)] {
            tokens.keep(token, record(AUDIENCE, access).of_grant("seeded"));
        }
        let (counter, throttle, assertions) = (AtomicU64::new(0), Throttle::default(), AssertionStore::seeded());
        let proofs = ProofVerifier::new(&issuer);
        Arc::new(Self { issuer, faults, lifetime, tokens, counter, throttle, assertions, proofs, keys })
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
    pub(super) fn issue(
        &self,
        client: &RegisteredClient,
        scopes: Vec<String>,
        confirmation: Confirmation,
    ) -> (String, u64) {
        let token = if let Some(key) = self.keys.first() {
            self.signed(key, client, &scopes, &confirmation)
        } else if self.fault("counter-token") {
            format!("abt_{:020}", self.counter.fetch_add(1, Ordering::Relaxed))
        } else {
            // RFC 6749 §10.10: 43 of 62 characters are over 256 bits
            format!("abt_{}", random_text(43))
        };
        let principal = Principal { name: client.id.clone(), scopes, tenant: client.tenant.clone() };
        let record = TokenRecord::new(&client.id, Arc::new(principal), AUDIENCE, self.lifetime, true);
        self.tokens.keep(&token, record.confirmed_by(confirmation));
        (token, self.lifetime.as_secs())
    }

    /// A new access token of a registered client with all its scopes, without asking the endpoint.
    pub(crate) fn issue_to(&self, client: &str) -> Option<String> {
        let client = registration::find(client)?;
        let scopes = client.scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Some(self.issue(&client, scopes, Confirmation::default()).0)
    }

    /// The same, bound to a key (RFC 9449 §6).
    pub(crate) fn issue_bound(&self, client: &str, jkt: &str) -> Option<String> {
        let client = registration::find(client)?;
        let scopes = client.scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let confirmation = Confirmation { jkt: Some(jkt.to_owned()), ..Confirmation::default() };
        Some(self.issue(&client, scopes, confirmation).0)
    }

    /// RFC 9068 §2: type, and the claims that are required.
    fn signed(&self, key: &KeyPair, client: &RegisteredClient, scopes: &[String], bound_to: &Confirmation) -> String {
        let now = clock::unix_seconds();
        let mut claims = json!({
            "iss": self.issuer,
            "sub": client.id,
            "client_id": client.id,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + self.lifetime.as_secs().cast_signed(),
            "jti": random_text(22),
            "scope": scopes.join(" "),
            "tenant": client.tenant,
        });
        // RFC 8705 §3.1, RFC 9449 §6.1
        if let Some(confirmation) = bound_to.shown(false) {
            claims["cnf"] = confirmation;
        }
        let plain = self.fault("issues-without-jti");
        if plain && let Some(members) = claims.as_object_mut() {
            members.remove("jti");
        }
        // signing with a key of the seed cannot fail; an empty token would be refused everywhere
        key.token(if plain { "JWT" } else { "at+jwt" }, &claims).unwrap_or_default()
    }
}
