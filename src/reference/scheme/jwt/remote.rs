//! Keys that are fetched: from the address that an operator sets, and, through a fault, from one that a token names.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Mutex;

use super::deployment::Deployment;
use crate::clock;
use crate::reference::fault::Faults;
use crate::reference::jose::algorithm::JwsAlgorithm;
use crate::reference::jose::compact::{Compact, Leniency};
use crate::reference::jose::keys::{VerifyingKey, is_symmetric};
use crate::reference::jose::signature::verifies;
use crate::seed::keys::ISSUER;

/// A fetched key set is fresh for so long, and is not fetched again before, whatever tokens say.
const FRESH: Duration = Duration::from_secs(1);
/// How long a fetch may take.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Bytes of a key set.
const SIZE_LIMIT: usize = 64 * 1024;

/// What is known of the key that a token names.
pub(super) enum RemoteKey {
    /// Keys are not fetched here.
    NotUsed,
    /// No such key.
    Nothing,
    /// The key.
    Key(Arc<VerifyingKey>),
}

/// Fetched keys.
#[derive(Default)]
pub(crate) struct RemoteKeys {
    address: RwLock<Option<String>>,
    keys: RwLock<HashMap<String, Arc<VerifyingKey>>>,
    fetched: Mutex<Option<Instant>>,
    /// Keys from addresses that tokens named.
    named: RwLock<HashMap<String, Vec<Value>>>,
}

impl RemoteKeys {
    /// Takes the first issuer's keys from an address, or from the seed again.
    pub(crate) async fn follow(&self, address: Option<String>) {
        *self.fetched.lock().await = None;
        self.keys.write().unwrap_or_else(PoisonError::into_inner).clear();
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = address;
    }

    fn address(&self) -> Option<String> {
        self.address.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether anything is ever fetched.
    pub(super) fn are_used(&self, faults: &Faults) -> bool {
        faults.on("fetches-jku") || self.address().is_some()
    }

    /// Fetches what a token needs and what is not fresh.
    pub(super) async fn refresh(&self, token: &str, faults: &Faults) {
        let compact = Compact::read(token, Leniency::default());
        if faults.on("fetches-jku") {
            self.fetch_named(compact.as_ref()).await;
        }
        let Some(address) = self.address() else { return };
        let kid = compact.as_ref().and_then(|compact| compact.header_text("kid")).unwrap_or_default();
        let mut fetched = self.fetched.lock().await;
        let unknown = !self.keys.read().unwrap_or_else(PoisonError::into_inner).contains_key(kid);
        let due = match *fetched {
            None => true,
            Some(_) if faults.on("jwks-loaded-once") => false,
            Some(at) => clock::now() - at >= FRESH || (unknown && faults.on("refetch-per-kid")),
        };
        if !due {
            return;
        }
        *fetched = Some(clock::now());
        let Some(found) = fetch(&address).await else { return };
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if !faults.on("keys-never-evicted") {
            keys.clear();
        }
        for jwk in found {
            if let (Some(kid), Some(key)) = (jwk["kid"].as_str(), VerifyingKey::from_jwk(&jwk)) {
                keys.insert(kid.to_owned(), Arc::new(key));
            }
        }
    }

    /// The key that a token of the first issuer names.
    pub(super) fn key_of(&self, compact: &Compact, deployment: &Deployment, faults: &Faults) -> RemoteKey {
        let ignores_issuer = ["tries-all-keys", "pooled-keys"].iter().any(|fault| faults.on(fault));
        let symmetric = is_symmetric(deployment.algorithm);
        let seeded = compact.claim_text("iss") == Some(ISSUER) && is_seeded(deployment);
        if ignores_issuer || symmetric || !seeded || self.address().is_none() {
            return RemoteKey::NotUsed;
        }
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        compact.header_text("kid").and_then(|kid| keys.get(kid)).cloned().map_or(RemoteKey::Nothing, RemoteKey::Key)
    }

    async fn fetch_named(&self, compact: Option<&Compact>) {
        let address = compact.and_then(|compact| compact.header_text("jku")).filter(|at| at.starts_with("http://127."));
        let Some(address) = address else { return };
        if let Some(set) = fetch(address).await {
            let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
            named.insert(address.to_owned(), set);
        }
    }

    /// Whether a key at the address that a token names verifies it.
    pub(super) fn by_address(&self, compact: &Compact) -> bool {
        let Some(address) = compact.header_text("jku") else { return false };
        let algorithm = compact.header_text("alg").and_then(JwsAlgorithm::named);
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let mut keys = named.get(address).into_iter().flatten().filter_map(VerifyingKey::from_jwk);
        algorithm.is_some_and(|algorithm| keys.any(|key| verifies(compact, &key, algorithm)))
    }
}

/// The tokens of the reference's own authorization server are verified with its own keys.
fn is_seeded(deployment: &Deployment) -> bool {
    deployment.issuers.first().is_some_and(|issuer| issuer.name == ISSUER)
}

/// The keys of a set (RFC 7517 §5), whatever they are.
async fn fetch(address: &str) -> Option<Vec<Value>> {
    // refused only when a provider is installed already, which is as good
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = client.timeout(TIME_LIMIT).build().ok()?;
    let body = client.get(address).send().await.ok()?.bytes().await.ok()?;
    let set: Value = (body.len() <= SIZE_LIMIT).then(|| serde_json::from_slice(&body).ok())??;
    set["keys"].as_array().cloned()
}
