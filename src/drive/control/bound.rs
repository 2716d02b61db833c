//! Tokens that are bound to keys (RFC 9449): a key for each token, and the nonces of both servers.

use std::sync::{Arc, OnceLock};

use url::Url;

use crate::scheme::dpop::{ProofKey, ServerNonce};
use crate::scheme::jose::Alg;

/// Makes the keys that tokens are bound to, and knows what nonces were asked for.
pub struct Bindings {
    alg: Alg,
    /// Scheme and authority of the resources.
    origin: String,
    /// The nonce of the resources, which is another one than that of the authorization server (RFC 9449 §9).
    of_resources: Arc<ServerNonce>,
    of_server: ServerNonce,
    /// The key of the requests that checks send to the token endpoint.
    shared: OnceLock<Arc<ProofKey>>,
}

impl Bindings {
    pub(super) fn new(alg: Alg, base: &Url) -> Self {
        let origin = base.origin().ascii_serialization();
        Self { alg, origin, of_resources: Arc::default(), of_server: ServerNonce::default(), shared: OnceLock::new() }
    }

    /// A new key.
    pub(super) fn key(&self) -> Arc<ProofKey> {
        Arc::new(ProofKey::generated(self.alg, &self.origin, self.of_resources.clone()))
    }

    /// The key of the requests that checks send to the token endpoint.
    pub fn shared(&self) -> Arc<ProofKey> {
        self.shared.get_or_init(|| self.key()).clone()
    }

    /// The nonce of the resources.
    pub fn of_resources(&self) -> &ServerNonce {
        &self.of_resources
    }

    /// The nonce of the authorization server.
    pub fn of_server(&self) -> &ServerNonce {
        &self.of_server
    }
}
