//! What the reference knows: principals, their credentials as hashes, issued tokens, and the orders.

pub(crate) mod objects;
pub(crate) mod tokens;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use sha2::{Digest as _, Sha256};

use super::fault::Faults;
use super::throttle::Throttle;
use crate::seed::{self, SeedIdentity, SeedState};
pub(crate) use objects::Assigned;
use objects::Objects;
use tokens::IssuedTokens;

/// Somebody who was authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) tenant: String,
}

/// Whose credential it is, and in which state.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) principal: Arc<Principal>,
    pub(crate) state: SeedState,
}

/// A store of opaque credentials by their SHA-256.
#[derive(Debug, Default)]
pub(crate) struct Store(RwLock<HashMap<[u8; 32], Holder>>);

impl Store {
    pub(crate) fn find(&self, credential: &str) -> Option<Holder> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&digest(credential)).cloned()
    }

    pub(crate) fn insert(&self, credential: &str, holder: Holder) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(digest(credential), holder);
    }

    /// Revokes every credential of a principal; its holder, if there is one.
    pub(crate) fn revoke(&self, principal: &str) -> Option<Holder> {
        let mut store = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for holder in store.values_mut().filter(|holder| holder.principal.name == principal) {
            found = Some(holder.clone());
            holder.state = SeedState::Revoked;
        }
        found
    }

    pub(crate) fn holder_of(&self, principal: &str) -> Option<Holder> {
        let store = self.0.read().unwrap_or_else(PoisonError::into_inner);
        store.values().find(|holder| holder.principal.name == principal).cloned()
    }
}

/// Keys are long and random, so a plain hash protects them: nothing can be guessed from it.
pub(crate) fn digest(credential: &str) -> [u8; 32] {
    Sha256::digest(credential.as_bytes()).into()
}

/// Where API keys are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// A header field.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A cookie.
    Cookie(String),
}

/// Everything that handlers share. It knows no scheme: what only one scheme needs is kept in the room of that scheme.
pub(crate) struct ReferenceState {
    pub(crate) faults: Faults,
    pub(crate) key_location: KeyLocation,
    /// Whoever asks where nobody is asked for a credential.
    pub(crate) anybody: Arc<Principal>,
    pub(crate) keys: Store,
    pub(crate) tokens: Store,
    /// Opaque tokens of the authorization server.
    pub(crate) issued: Arc<IssuedTokens>,
    /// JWTs of the authorization server.
    pub(crate) issued_jwts: Arc<IssuedTokens>,
    /// What the resources show.
    pub(crate) objects: Objects,
    /// How many orders there are: the state that writes change.
    pub(crate) orders: AtomicU64,
    /// What bodies said of the orders, through the faults `assigns-owner` and `assigns-verified`.
    pub(crate) assigned: Mutex<Assigned>,
    /// Whether the store of credentials cannot be reached.
    pub(crate) outage: AtomicBool,
    /// Busy-wait on protected answers.
    pub(crate) busy: Duration,
    /// Whether a wrong key is answered 401 with a challenge, as RFC 9110 §11.4 suggests, and not 403.
    pub(crate) strict: bool,
    pub(crate) throttle: Throttle,
    /// Until when nobody is answered, through the fault `stops-after-trace`.
    pub(crate) stopped_until: Mutex<Option<Instant>>,
    /// Answers by their path, kept while `cache-key-ignores-credential` or a fault about static names is open.
    pub(crate) cached_answers: Mutex<HashMap<String, Bytes>>,
}

impl ReferenceState {
    /// The seeded state.
    pub(crate) fn new(faults: Faults, key_location: KeyLocation, busy: Duration, strict: bool) -> Self {
        let (keys, tokens) = (Store::default(), Store::default());
        for identity in seed::IDENTITIES {
            keys.insert(identity.api_key, holder(identity));
            tokens.insert(identity.token, holder(identity));
        }
        let keeps_expired = ["introspect-ignores-exp", "bearer-accepts-expired-token", "bearer-ends-late"]
            .into_iter()
            .any(|fault| faults.on(fault));
        Self {
            key_location,
            anybody: Arc::new(anybody()),
            keys,
            tokens,
            issued: Arc::new(IssuedTokens::new(keeps_expired)),
            issued_jwts: Arc::new(IssuedTokens::new(keeps_expired)),
            objects: Objects::seeded(),
            orders: AtomicU64::new(3),
            assigned: Mutex::default(),
            outage: AtomicBool::new(false),
            busy,
            strict,
            throttle: Throttle::default(),
            stopped_until: Mutex::default(),
            cached_answers: Mutex::default(),
            faults,
        }
    }

    pub(crate) fn fault(&self, name: &str) -> bool {
        self.faults.on(name)
    }

    pub(crate) fn backend_is_down(&self) -> bool {
        self.outage.load(Ordering::Relaxed)
    }
}

/// The holder of a seeded credential.
pub(crate) fn holder(identity: &SeedIdentity) -> Holder {
    Holder { principal: Arc::new(principal(identity)), state: identity.state }
}

/// The principal of a seeded identity.
pub(crate) fn principal(identity: &SeedIdentity) -> Principal {
    Principal {
        name: identity.name.to_owned(),
        scopes: identity.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        tenant: identity.tenant.to_owned(),
    }
}

fn anybody() -> Principal {
    Principal {
        name: "anybody".to_owned(),
        scopes: vec![seed::READ.to_owned(), seed::WRITE.to_owned()],
        tenant: "a".to_owned(),
    }
}
