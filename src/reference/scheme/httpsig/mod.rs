//! HTTP message signatures (RFC 9421) with digests of the content (RFC 9530).

pub(crate) mod answers;
mod components;
pub(crate) mod faults;
mod fields;
mod pss;
mod structured;
#[cfg(test)]
mod vectors;

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
use crate::reference::request::{ReceivedBody, header_values};
use crate::reference::scheme::bearer::faults::{at_account, at_write};
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::reference::used::OneTimeUses;
use crate::seed::{IDENTITIES, keys};
use answers::AnswerKey;
use components::{SignedMessage, Surroundings, base};
use fields::{CoveredParts, byte_sequences, covered};

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
    answers: Option<AnswerKey>,
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
            answers: AnswerKey::seeded(),
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
    let asked = |error| {
        let refused = Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge("Signature realm=\"orders\"");
        refused.asking_for_signature(wanted(parts))
    };
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
    let labels = covered(&input).ok_or_else(bad)?;
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
        let around = Surroundings {
            scheme: signers.scheme,
            without_query: state.fault("query-not-in-base"),
            rewrites_query: state.fault("verifies-rewritten-query"),
            takes_any_parameter: state.fault("component-parameter-ignored"),
            takes_any_case: state.fault("name-case-ignored"),
        };
        let base = base(around, label, SignedMessage::Request(parts));
        let (Some(made), Some(base)) = (made(&label.label), base) else { return false };
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
    let covers_digest = label.components.iter().any(|component| component.name == "content-digest");
    if covers_digest && !digest_fits(state, parts) {
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
    let forgets = state.fault("httpsig-no-nonce-store")
        || at_account(state, parts, "httpsig-account-forgets-nonces")
        || at_write(state, parts, "httpsig-writes-forget-nonces");
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
    let components: BTreeSet<&str> = label.components.iter().map(|one| one.identifier.as_str()).collect();
    let has = |name: &str| components.contains(format!("\"{name}\"").as_str());
    let digest = has_body(parts).then_some("content-digest");
    // RFC 9421 §2.2.2: the whole address has them all
    let covers = |one: &str| has(one) || (["@authority", "@path", "@query"].contains(&one) && has("@target-uri"));
    components.len() == label.components.len() && REQUIRED.into_iter().chain(digest).all(covers)
}

fn has_body(parts: &Parts) -> bool {
    !parts.method.is_safe() || parts.extensions.get::<ReceivedBody>().is_some_and(|body| !body.0.is_empty())
}

/// What the next request has to be signed with (RFC 9421 §5.1), beside `keyid` and a `nonce`, which [`verify`] requires and the
/// client chooses.
fn wanted(parts: &Parts) -> String {
    let names = REQUIRED.into_iter().chain(has_body(parts).then_some("content-digest"));
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("sig1=({});created", names.join(" "))
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
