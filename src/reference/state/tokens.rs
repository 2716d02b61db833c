//! Tokens that the authorization server has issued: it writes them, and APIs that share its store look them up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{Principal, digest};
use crate::clock;

/// Audience of the tokens that open the orders API.
pub(crate) const AUDIENCE: &str = "orders-api";
/// How many tokens are added before those that have expired are removed.
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
    /// Whether an introspection has called it active.
    called_active: AtomicBool,
    pub(crate) is_access_token: bool,
    /// The grant that it belongs to, where others do as well.
    pub(crate) grant: Option<&'static str>,
    /// What whoever presents it has to prove (RFC 7800 §3.1).
    pub(crate) confirmation: Confirmation,
}

/// What a token is bound to (RFC 7800 §3.1).
#[derive(Clone, Debug, Default)]
pub(crate) struct Confirmation {
    /// The thumbprint of a key (RFC 9449 §6.1).
    pub(crate) jkt: Option<String>,
    /// The thumbprint of a certificate (RFC 8705 §3.1).
    pub(crate) certificate: Option<String>,
}

impl Confirmation {
    /// The member `cnf`, where there is one to show.
    pub(crate) fn shown(&self, without_key: bool) -> Option<Value> {
        let key = self.jkt.iter().filter(|_| !without_key).map(|jkt| ("jkt", jkt));
        let members = key.chain(self.certificate.iter().map(|thumbprint| ("x5t#S256", thumbprint)));
        let members: Map<String, Value> = members.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        (!members.is_empty()).then_some(Value::Object(members))
    }
}

impl TokenRecord {
    /// A token that is issued now.
    pub(crate) fn new(
        client: &str,
        principal: Arc<Principal>,
        audience: &'static str,
        lifetime: Duration,
        is_access_token: bool,
    ) -> Self {
        let issued_at = clock::unix_seconds();
        Self {
            client: client.to_owned(),
            principal,
            audience,
            issued_at,
            expires_at: issued_at + lifetime.as_secs().cast_signed(),
            ends: clock::now() + lifetime,
            revoked: AtomicBool::new(false),
            called_active: AtomicBool::new(false),
            is_access_token,
            grant: None,
            confirmation: Confirmation::default(),
        }
    }

    /// The same token as one of a grant.
    pub(crate) fn of_grant(self, grant: &'static str) -> Self {
        Self { grant: Some(grant), ..self }
    }

    /// The same token, bound to what its client proved.
    pub(crate) fn confirmed_by(self, confirmation: Confirmation) -> Self {
        Self { confirmation, ..self }
    }

    /// On the monotonic clock, so that half seconds count.
    pub(crate) fn has_expired(&self) -> bool {
        clock::now() >= self.ends
    }

    /// Whether it has expired, and not just now.
    pub(crate) fn has_expired_since(&self, length: Duration) -> bool {
        clock::now() >= self.ends + length
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked.load(Ordering::Relaxed)
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn was_called_active(&self) -> bool {
        self.called_active.load(Ordering::Relaxed)
    }

    pub(crate) fn call_active(&self) {
        self.called_active.store(true, Ordering::Relaxed);
    }
}

/// All tokens of one authorization server, by their SHA-256.
#[derive(Debug, Default)]
pub(crate) struct IssuedTokens {
    records: RwLock<HashMap<[u8; 32], Arc<TokenRecord>>>,
    /// Whether expired tokens are kept: two faults need them.
    keeps_expired: bool,
}

impl IssuedTokens {
    /// An empty store.
    pub(crate) fn new(keeps_expired: bool) -> Self {
        Self { records: RwLock::default(), keeps_expired }
    }

    /// What is known about a token.
    pub(crate) fn look_up(&self, token: &str) -> Option<Arc<TokenRecord>> {
        self.records.read().unwrap_or_else(PoisonError::into_inner).get(&digest(token)).cloned()
    }

    /// Adds a token.
    pub(crate) fn keep(&self, token: &str, record: TokenRecord) {
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        if records.len() % SWEEP_EVERY == SWEEP_EVERY - 1 {
            records.retain(|_, record| self.keeps_expired || !record.has_expired());
        }
        records.insert(digest(token), Arc::new(record));
    }

    /// Revokes every access token of a grant.
    pub(crate) fn revoke_grant(&self, grant: &str) {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        records.values().filter(|record| record.grant == Some(grant)).for_each(|record| record.revoke());
    }
}
