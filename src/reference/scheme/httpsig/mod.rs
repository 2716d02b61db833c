//! HTTP message signatures (RFC 9421) with digests of the content (RFC 9530).

pub(crate) mod faults;
mod fields;
mod pss;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use jsonwebtoken::Algorithm;
use sha2::{Digest as _, Sha256, Sha512};

use super::hmac::MOST_NONCES;
use crate::clock;
use crate::reference::jose::keys::KeyPair;
use crate::reference::rejection::Rejection;
use crate::reference::request::{ReceivedBody, header_values, host_of};
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::reference::used::OneTimeUses;
use crate::seed::{IDENTITIES, keys};
use fields::{CoveredParts, byte_sequences};

/// How old, or how far ahead, a signature may be, in seconds.
const WINDOW: i64 = 300;
/// What every signature has to cover.
const REQUIRED: [&str; 4] = ["@method", "@authority", "@path", "@query"];

/// Algorithms with the names of the registry (RFC 9421 §6.2.2), and with those of the keys of the seed.
const ALGORITHMS: [(Algorithm, &str, &str); 6] = [
    (Algorithm::HS256, "hmac-sha256", "HS256"),
    (Algorithm::RS256, "rsa-v1_5-sha256", "RS256"),
    (Algorithm::PS512, "rsa-pss-sha512", "RS256"),
    (Algorithm::ES256, "ecdsa-p256-sha256", "ES256"),
    (Algorithm::ES384, "ecdsa-p384-sha384", "ES384"),
    (Algorithm::EdDSA, "ed25519", "EdDSA"),
];

/// A key that is registered.
struct RegisteredKey {
    id: String,
    pair: KeyPair,
    /// Its algorithm, by its registered name.
    alg: &'static str,
    principal: Arc<Principal>,
}

/// Who signs with which key, and the nonces that were used.
pub(crate) struct MessageSigners {
    keys: Vec<RegisteredKey>,
    used: OneTimeUses,
    /// The scheme of the addresses of this server.
    scheme: &'static str,
}

impl MessageSigners {
    /// The keys of the clients, and one of `service` for each algorithm, of a server with or without TLS.
    pub(crate) fn seeded(over_tls: bool) -> Self {
        let clients = IDENTITIES.iter().filter_map(|identity| {
            let key = identity.client_key?;
            let pair = KeyPair::of(key, Algorithm::ES256);
            let principal = Arc::new(principal(identity));
            Some(RegisteredKey { id: key.kid.to_owned(), pair, alg: "ecdsa-p256-sha256", principal })
        });
        let others = ALGORITHMS.into_iter().filter_map(|(algorithm, alg, ring)| {
            let pair = KeyPair::of(keys::ring(ring)?.first, algorithm);
            Some(RegisteredKey {
                id: format!("service-{alg}"),
                pair,
                alg,
                principal: Arc::new(principal(&IDENTITIES[0])),
            })
        });
        Self {
            keys: clients.chain(others).collect(),
            used: OneTimeUses::new(MOST_NONCES),
            scheme: if over_tls { "https" } else { "http" },
        }
    }
}

/// Who sent a request.
pub(crate) fn verify(
    state: &ReferenceState,
    signers: &MessageSigners,
    parts: &Parts,
) -> Result<Arc<Principal>, Rejection> {
    let asked = |error| Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge("Signature realm=\"orders\"");
    let bad = || match state.fault("panics-on-bad-base64") {
        true => Rejection::broken(),
        false => Rejection::new(StatusCode::BAD_REQUEST, "invalid_request"),
    };
    let line = |name| match header_values(&parts.headers, name) {
        Ok(lines) if lines.is_empty() => Ok(None),
        Ok(lines) => Ok(Some(lines.join(", "))),
        Err(_) => Err(bad()),
    };
    let (input, signatures) = match (line("signature-input")?, line("signature")?) {
        (None, None) => return faults::unsigned(state).ok_or_else(|| asked("missing_signature")),
        (Some(input), Some(signatures)) => (input, signatures),
        _ => return Err(bad()),
    };
    let labels = faults::labels(state, &input).ok_or_else(bad)?;
    let signatures = byte_sequences(&signatures).ok_or_else(bad)?;
    let made = |label: &str| signatures.iter().find(|(name, _)| name == label).map(|(_, bytes)| &bytes[..]);
    let key_of = |label: &CoveredParts| signers.keys.iter().find(|key| Some(key.id.as_str()) == label.text("keyid"));
    // one signature counts: the first by a key that is known here
    let (label, key) =
        labels.iter().find_map(|label| Some((label, key_of(label)?))).ok_or_else(|| asked("unknown_key"))?;
    if !is_lawful(state, label, parts) {
        return Err(asked("insufficient_coverage"));
    }
    let verifies = |label: &CoveredParts| {
        let (Some(made), Some(base)) = (made(&label.label), base((state, signers.scheme), label, parts)) else {
            return false;
        };
        if state.fault("salt-of-any-length") && pss::verifies_any_salt(&key.pair, &base, made) {
            return true;
        }
        if faults::by_public_key(state, &key.pair, label.text("alg"), &base, made) {
            return true;
        }
        let named = label.text("alg").is_none_or(|alg| alg == key.alg);
        named && key.pair.verifying.verifies(base.as_bytes(), made, key.pair.algorithm)
    };
    let fits = match state.fault("any-label-verifies") {
        true => labels.iter().any(verifies),
        false => verifies(label),
    };
    if !fits || state.fault("httpsig-rejects-everything") {
        return Err(asked("invalid_signature"));
    }
    if label.components.iter().any(|component| component == "content-digest") && !digest_fits(state, parts) {
        return Err(asked("invalid_digest"));
    }
    let now = clock::unix_seconds();
    // RFC 9421 §2.3: times are integers
    let has_text = ["created", "expires"].iter().any(|name| label.text(name).is_some());
    let of_any_type = state.fault("times-of-any-type");
    if has_text && !of_any_type {
        return Err(bad());
    }
    let created = match label.number("created") {
        Some(created) => created,
        None if state.fault("expires-ignored") || (of_any_type && has_text) => now,
        None => return Err(bad()),
    };
    let is_over = (now - created).abs() > WINDOW || label.number("expires").is_some_and(|expires| expires < now);
    if is_over && !state.fault("expires-ignored") {
        return Err(asked("signature_expired"));
    }
    let nonce = label.text("nonce").filter(|nonce| nonce.len() >= 16).ok_or_else(bad)?;
    let forgets = state.fault("httpsig-no-nonce-store");
    // one that is ahead of time lives longer
    if !forgets && !signers.used.take(&format!("{}\n{nonce}", key.id), created, now - WINDOW) {
        return Err(asked("replayed"));
    }
    Ok(key.principal.clone())
}

/// Whether a signature covers what it has to, and each component once.
fn is_lawful(state: &ReferenceState, label: &CoveredParts, parts: &Parts) -> bool {
    if state.fault("any-coverage-ok") {
        return true;
    }
    let components: BTreeSet<&str> = label.components.iter().map(String::as_str).collect();
    let has_body =
        !parts.method.is_safe() || parts.extensions.get::<ReceivedBody>().is_some_and(|body| !body.0.is_empty());
    let digest = has_body.then_some("content-digest");
    // RFC 9421 §2.2.2: the whole address has them all
    let covers = |one: &str| {
        let in_address = ["@authority", "@path", "@query"].contains(&one) && components.contains("@target-uri");
        components.contains(one) || in_address
    };
    components.len() == label.components.len() && REQUIRED.into_iter().chain(digest).all(covers)
}

/// The signature base (RFC 9421 §2.5); none where a component is not there.
fn base((state, scheme): (&ReferenceState, &str), label: &CoveredParts, parts: &Parts) -> Option<String> {
    let mut base = String::new();
    if let Some(identifier) = label.taken_for_method {
        base.push_str(&format!("{identifier}: {}\n", parts.method));
    }
    for component in &label.components {
        let value = match component.as_str() {
            "@method" => parts.method.to_string(),
            "@authority" => host_of(parts)?.to_ascii_lowercase(),
            "@path" => parts.uri.path().to_owned(),
            "@query" if state.fault("query-not-in-base") => "?".to_owned(),
            "@query" if state.fault("verifies-rewritten-query") => {
                format!("?{}", parts.uri.query().unwrap_or_default().replace('\'', "%27"))
            }
            "@query" => format!("?{}", parts.uri.query().unwrap_or_default()),
            "@request-target" => parts.uri.path_and_query()?.as_str().to_owned(),
            "@scheme" => scheme.to_owned(),
            "@target-uri" => {
                let host = host_of(parts)?.to_ascii_lowercase();
                format!("{scheme}://{host}{}", parts.uri.path_and_query()?)
            }
            derived if derived.starts_with('@') => return None,
            // RFC 9421 §2.1: in lower case
            name if name.contains(|c: char| c.is_ascii_uppercase()) && !state.fault("name-case-ignored") => {
                return None;
            }
            name => {
                let lines = header_values(&parts.headers, name).ok().filter(|lines| !lines.is_empty())?;
                lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(", ")
            }
        };
        base.push_str(&format!("\"{component}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {}", label.written));
    Some(base)
}

/// Whether every digest of the content that this server knows is that of the body, and it knows one.
fn digest_fits(state: &ReferenceState, parts: &Parts) -> bool {
    if state.fault("digest-not-recomputed") {
        return true;
    }
    let received = parts.extensions.get::<ReceivedBody>().map(|body| &body.0[..]).unwrap_or_default();
    let lines = header_values(&parts.headers, "content-digest").unwrap_or_default();
    let Some(digests) = byte_sequences(&lines.join(", ")) else { return false };
    let known: Vec<bool> = digests
        .iter()
        .filter_map(|(name, bytes)| match name.as_str() {
            "sha-256" => Some(bytes[..] == Sha256::digest(received)[..]),
            "sha-512" => Some(bytes[..] == Sha512::digest(received)[..]),
            _ => None,
        })
        .collect();
    !known.is_empty() && known.iter().all(|fits| *fits)
}
