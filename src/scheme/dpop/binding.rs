//! What a token is bound to: the key of its client, and where that client proves that it holds it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use serde_json::Value;

use crate::clock;
use crate::scheme::jose::published::thumbprint;
use crate::scheme::jose::{Alg, Members, SigningKey, UnsignedToken, encoded};
use crate::secret::Secret;

/// Bytes of a nonce that is used: it travels in each proof.
const LONGEST_NONCE: usize = 1024;

/// The nonce that a server wants to see in proofs, as it last said (RFC 9449 §8.2).
#[derive(Debug, Default)]
pub struct ServerNonce(Mutex<Option<Arc<str>>>);

impl ServerNonce {
    /// Takes note of a `DPoP-Nonce`; whether it can be used (RFC 9449 §8.1).
    pub fn learn(&self, value: &[u8]) -> bool {
        let lawful = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let Ok(text) = std::str::from_utf8(value) else { return false };
        if value.is_empty() || value.len() > LONGEST_NONCE || !value.iter().all(lawful) {
            return false;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_deref() != Some(text) {
            *known = Some(text.into());
        }
        true
    }

    /// The nonce, where the server gave one.
    pub fn current(&self) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A key that tokens are bound to, with the server that it is proven to.
pub struct ProofKey {
    key: SigningKey,
    jwk: Value,
    /// Scheme and authority of the resources.
    origin: String,
    nonce: Arc<ServerNonce>,
}

impl ProofKey {
    /// A new key for the resources of an origin, such as `https://api.example.com`.
    pub fn generated(alg: Alg, origin: &str, nonce: Arc<ServerNonce>) -> Self {
        let key = SigningKey::generated(alg, "");
        let jwk = public(&key);
        Self { key, jwk, origin: origin.to_owned(), nonce }
    }

    /// The SHA-256 thumbprint of the key (RFC 7638), which a bound token carries as `cnf.jkt` (RFC 9449 §6.1).
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.jwk).unwrap_or_default()
    }

    pub(super) fn key(&self) -> &SigningKey {
        &self.key
    }

    pub(super) fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// The nonce of the resources.
    pub fn nonce(&self) -> &ServerNonce {
        &self.nonce
    }

    /// The address of a request, without query and fragment (RFC 9449 §4.2).
    pub(super) fn address(&self, target: &[u8]) -> String {
        let target = String::from_utf8_lossy(target);
        let path = target.split(['?', '#']).next().unwrap_or_default();
        if path.starts_with('/') { format!("{}{path}", self.origin) } else { path.to_owned() }
    }

    /// A proof before it is signed (RFC 9449 §4.2).
    pub(super) fn draft(&self, of: &ProvenRequest<'_>) -> UnsignedToken {
        let (mut header, mut claims) = (Members::default(), Members::default());
        header.set("typ", "dpop+jwt");
        header.set("alg", self.key.alg.name());
        header.set("jwk", self.jwk.clone());
        claims.set("jti", of.jti);
        claims.set("htm", of.method);
        claims.set("htu", of.address);
        claims.set("iat", of.at);
        if let Some(token) = of.token {
            claims.set("ath", hash_of(token));
        }
        if let Some(nonce) = of.nonce {
            claims.set("nonce", nonce);
        }
        UnsignedToken { header, claims }
    }

    /// The proof for a request to a token endpoint, which has no token yet.
    pub fn endpoint_proof(&self, address: &str, nonce: Option<&str>) -> String {
        let jti = fresh_id();
        let of = ProvenRequest::of_endpoint(address, nonce, &jti);
        self.draft(&of).signed(|input| self.key.sign(input)).text()
    }
}

impl std::fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} key for {}", self.key.alg.name(), self.origin)
    }
}

/// What a proof is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProvenRequest<'a> {
    pub(super) method: &'a str,
    pub(super) address: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
    pub(super) jti: &'a str,
    /// When it is made, in seconds since 1970.
    pub(super) at: i64,
}

impl<'a> ProvenRequest<'a> {
    /// A request to a token endpoint.
    pub(super) fn of_endpoint(address: &'a str, nonce: Option<&'a str>, jti: &'a str) -> Self {
        Self { method: "POST", address, token: None, nonce, jti, at: clock::unix_seconds() }
    }
}

/// A token with the key that it is bound to.
#[derive(Clone, Debug)]
pub struct BoundToken {
    /// The token.
    pub token: Secret,
    /// The key.
    pub key: Arc<ProofKey>,
}

/// The public half of a key with the members of its thumbprint alone: what a proof has to say of it.
pub(super) fn public(key: &SigningKey) -> Value {
    let mut jwk = key.public_jwk().unwrap_or_default();
    if let Some(members) = jwk.as_object_mut() {
        members.retain(|name, _| !matches!(name.as_str(), "use" | "alg" | "kid"));
    }
    jwk
}

/// The `ath` of a token (RFC 9449 §4.2).
pub fn hash_of(token: &str) -> String {
    encoded(digest::digest(&digest::SHA256, token.as_bytes()))
}

/// An identifier that no other proof has.
pub(super) fn fresh_id() -> String {
    use rand::RngExt as _;
    use rand::distr::Alphanumeric;
    let mut rng = rand::rng();
    (0..32).map(|_| char::from(rng.sample(Alphanumeric))).collect()
}
