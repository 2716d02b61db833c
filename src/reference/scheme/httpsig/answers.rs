//! Signatures of answers, for clients that ask for them (RFC 9421 §5).

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::components::{SignedMessage, Surroundings, base};
use super::fields::{CoveredComponent, CoveredParts, labels};
use super::structured::{BareValue, Member, Parameters, written_member};
use super::{ALGORITHMS, MessageSigners};
use crate::clock;
use crate::reference::jose::keys::KeyPair;
use crate::reference::request::header_values;
use crate::reference::state::ReferenceState;
use crate::seed::{self, keys};

/// How long ago a faulty server made its signatures, in seconds.
const STALE: i64 = 3600;

/// The key that signs answers.
pub(super) struct AnswerKey {
    pair: KeyPair,
    id: &'static str,
    /// Its algorithm, by its registered name.
    alg: &'static str,
}

impl AnswerKey {
    pub(super) fn seeded() -> Option<Self> {
        let (id, name) = seed::ANSWER_KEY;
        let (algorithm, alg, _) = ALGORITHMS.into_iter().find(|(_, _, ring)| *ring == name)?;
        Some(Self { pair: KeyPair::of(keys::ring(name)?.second, algorithm), id, alg })
    }
}

/// Signs an answer as its request asks; what cannot be signed so is sent without a signature (RFC 9421 §5.2).
pub(crate) fn sign<B: AsRef<[u8]>>(
    state: &ReferenceState,
    signers: &MessageSigners,
    request: &Parts,
    answer: &mut axum::http::Response<B>,
) {
    let lines = header_values(&request.headers, "accept-signature").unwrap_or_default();
    if lines.is_empty() || state.fault("answer-unsigned") {
        return;
    }
    let Some(asked) = labels(&lines.join(", ")).and_then(|labels| labels.into_iter().next()) else { return };
    // RFC 9530 §B.2: an answer to HEAD has no content
    let is_empty = request.method == axum::http::Method::HEAD || state.fault("answer-digest-of-nothing");
    let content = if is_empty { Sha256::digest(b"") } else { Sha256::digest(answer.body()) };
    let digest = format!("sha-256=:{}:", STANDARD.encode(content));
    let status = answer.status().as_u16();
    let headers = answer.headers_mut();
    if let Ok(digest) = HeaderValue::from_str(&digest) {
        headers.insert("content-digest", digest);
    }
    let Some((input, made)) = made(state, signers, &asked, (status, &*headers, request)) else { return };
    for (name, value) in [("signature-input", input), ("signature", made)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// The fields of a signature; none where what is asked for is not there, or asks for another key.
fn made(
    state: &ReferenceState,
    signers: &MessageSigners,
    asked: &CoveredParts,
    (status, headers, request): (u16, &HeaderMap, &Parts),
) -> Option<(String, String)> {
    let key = signers.answers.as_ref()?;
    let differs = |name: &str, own: &str| asked.text(name).is_some_and(|wanted| wanted != own);
    if differs("keyid", key.id) || differs("alg", key.alg) {
        return None;
    }
    let mut components = asked.components.clone();
    if state.fault("answer-covers-status-alone") {
        components.retain(|component| component.name == "@status");
    }
    let label = covered(state, asked, (components, key));
    let around = Surroundings { scheme: signers.scheme, ..Surroundings::default() };
    let mut base = base(around, &label, SignedMessage::Answer(status, headers, request))?;
    if state.fault("answer-signature-of-another") {
        base.insert(0, ' ');
    }
    let signature = STANDARD.encode(URL_SAFE_NO_PAD.decode(key.pair.signature(base.as_bytes())?).ok()?);
    Some((format!("{}={}", label.label, label.written), format!("{}=:{signature}:", label.label)))
}

/// What the signature says it covers, with the parameters that are asked for (RFC 9421 §5.1).
fn covered(
    state: &ReferenceState,
    asked: &CoveredParts,
    (components, key): (Vec<CoveredComponent>, &AnswerKey),
) -> CoveredParts {
    let now = clock::unix_seconds() - if state.fault("answer-signature-stale") { STALE } else { 0 };
    let mut parameters: Parameters = Vec::new();
    if asked.has("created") {
        parameters.push(("created".to_owned(), BareValue::Integer(now)));
    }
    if asked.has("expires") {
        parameters.push(("expires".to_owned(), BareValue::Integer(now + super::WINDOW)));
    }
    parameters.push(("keyid".to_owned(), BareValue::Text(key.id.to_owned())));
    for name in ["alg", "nonce", "tag"] {
        if let Some(wanted) = asked.text(name) {
            parameters.push((name.to_owned(), BareValue::Text(wanted.to_owned())));
        }
    }
    let items = components.iter().map(|one| (BareValue::Text(one.name.clone()), one.parameters.clone())).collect();
    let written = written_member(&Member::List(items, parameters.clone()));
    CoveredParts { label: asked.label.clone(), components, written, parameters }
}
