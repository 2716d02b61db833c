//! Requests that are signed with a shared secret: `docs/signatures.md`.

pub(crate) mod faults;

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::digest::Said;
use super::is_live;
use crate::clock;
use crate::reference::rejection::Rejection;
use crate::reference::request::{ReceivedBody, header_values, host_of};
use crate::reference::state::{Holder, Principal, ReferenceState, holder};
use crate::reference::used::OneTimeUses;
use crate::seed::IDENTITIES;

/// How old, or how far ahead, a signature may be, in seconds.
const WINDOW: i64 = 300;
/// Nonces that are remembered.
pub(super) const MOST_NONCES: usize = 1 << 18;
/// The name of the authentication scheme.
const ALGORITHM: &str = "HMAC-SHA256";
/// Characters of a nonce.
const NONCE: std::ops::RangeInclusive<usize> = 16..=128;
/// What is encoded in a canonical query: everything but unreserved characters (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who signs with which secret, and the nonces that were used.
#[derive(Debug)]
pub(crate) struct Signers {
    secrets: HashMap<&'static str, (&'static str, Holder)>,
    used: OneTimeUses,
}

impl Signers {
    pub(crate) fn seeded() -> Self {
        let secrets = IDENTITIES.iter().map(|one| (one.name, (one.client_secret, holder(one))));
        Self { secrets: secrets.collect(), used: OneTimeUses::new(MOST_NONCES) }
    }

    /// The secret of a key, and whose it is.
    pub(super) fn secret_of(&self, key_id: &str) -> Option<&(&'static str, Holder)> {
        self.secrets.get(key_id)
    }

    /// Whether something of a key is used for the first time.
    pub(super) fn is_fresh(&self, (key_id, used): (&str, &str), time: i64, now: i64) -> bool {
        self.used.take(&format!("{key_id}\n{used}"), time, now - WINDOW)
    }
}

/// What a request says of its signature.
struct SignedRequest<'a> {
    key_id: &'a str,
    time: &'a str,
    nonce: &'a str,
    fields: &'a str,
    body: &'a str,
}

/// Who sent a request.
pub(crate) fn verify(state: &ReferenceState, signers: &Signers, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
    let asked =
        |error| Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge(format!("{ALGORITHM} realm=\"orders\""));
    let denied = |error| match state.strict {
        true => asked(error),
        false => Rejection::new(StatusCode::FORBIDDEN, error),
    };
    let bad = || match state.fault("panics-on-bad-base64") {
        true => Rejection::broken(),
        false => Rejection::new(StatusCode::BAD_REQUEST, "invalid_request"),
    };
    let lines = header_values(&parts.headers, "authorization").map_err(|_| bad())?;
    let line = match lines.as_slice() {
        [] => return faults::unsigned(state).ok_or_else(|| asked("missing_credentials")),
        [line] => line,
        _ => return Err(bad()),
    };
    let (scheme, rest) = line.split_once(' ').ok_or_else(|| asked("invalid_credentials"))?;
    if !scheme.eq_ignore_ascii_case(ALGORITHM) {
        return Err(asked("invalid_credentials"));
    }
    let said = Said::read(rest).ok_or_else(bad)?;
    let need = |name| said.get(name).ok_or_else(bad);
    let signature = need("signature")?;
    let request = SignedRequest {
        key_id: need("keyid")?,
        time: need("time")?,
        nonce: need("nonce")?,
        fields: need("fields")?,
        body: need("body")?,
    };
    let now = clock::unix_seconds();
    let time = match request.time.parse::<i64>() {
        Ok(time) if time >= 0 => time,
        _ if state.fault("timestamp-ignored") => now,
        _ => return Err(bad()),
    };
    if !NONCE.contains(&request.nonce.len()) {
        return Err(bad());
    }
    let fields = signed_fields(state, &request, parts).ok_or_else(|| denied("invalid_signature"))?;
    let received = parts.extensions.get::<ReceivedBody>().map(|body| &body.0[..]).unwrap_or_default();
    let covers = hexadecimal(&Sha256::digest(received)) == request.body || state.fault("body-hash-not-recomputed");
    let known = signers.secrets.get(request.key_id);
    // an unknown key takes as long as a known one
    let secret = known.map_or("no-such-key", |(secret, _)| secret);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let wanted = |path: &str, query: &str| {
        let text = canonical(&request, parts.method.as_str(), (path, query), &fields);
        hexadecimal(hmac::sign(&key, text.as_bytes()).as_ref())
    };
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let expected = wanted(path, &faults::canonical_query(state, query));
    let fits = faults::compare(state, &expected, signature)
        || (state.fault("undelimited-concat") && same(&wanted(&format!("{path}{query}"), ""), signature));
    let found = known.filter(|_| covers && fits).map(|(_, holder)| holder);
    let found = found.filter(|holder| is_live(state, holder.state) && !state.fault("hmac-rejects-everything"));
    let found = found.ok_or_else(|| faults::talkative(state, &parts.method, denied("invalid_signature"), &expected))?;
    if !state.fault("timestamp-ignored") && (now - time).abs() > WINDOW {
        return Err(denied("signature_expired"));
    }
    let is_fresh = signers.is_fresh((request.key_id, request.nonce), time, now);
    if !is_fresh && !state.fault("no-nonce-store") {
        return Err(denied("replayed"));
    }
    Ok(found.principal.clone())
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The lines of the signed fields: the host among them, each there once, in the order of their names.
fn signed_fields(state: &ReferenceState, request: &SignedRequest<'_>, parts: &Parts) -> Option<Vec<String>> {
    let names: Vec<&str> = request.fields.split(';').filter(|name| !name.is_empty()).collect();
    let in_order = names.windows(2).all(|pair| pair[0] < pair[1]);
    if !in_order || !(names.contains(&"host") || state.fault("empty-signed-headers-ok")) {
        return None;
    }
    let line = |name: &&str| match *name {
        "host" => Some(format!("host:{}", host_of(parts)?)),
        name => {
            let lines = header_values(&parts.headers, name).ok()?;
            let [value] = lines.as_slice() else { return None };
            Some(format!("{name}:{}", value.trim()))
        }
    };
    names.iter().map(line).collect()
}

/// The text that is signed.
fn canonical(request: &SignedRequest<'_>, method: &str, (path, query): (&str, &str), fields: &[String]) -> String {
    let SignedRequest { key_id, time, nonce, body, .. } = request;
    let mut text = format!("{ALGORITHM}\n{key_id}\n{time}\n{nonce}\n{method}\n{path}\n{query}\n");
    for line in fields {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(request.fields);
    text.push('\n');
    text.push_str(body);
    text
}

/// The pairs of a query, encoded anew and sorted.
fn canonical_query(query: &str) -> String {
    let anew = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        percent_encode(&decoded, RESERVED).to_string()
    };
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((anew(name), anew(value)));
    }
    pairs.sort();
    let joined: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    joined.join("&")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same without encoding: only a fault asks for it.
fn decoded_query(query: &str) -> String {
    percent_decode_str(&canonical_query(query)).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What docs/signatures.md shows, as this server signs it.
    #[test]
    fn the_signature_of_the_documentation_is_the_expected_one() {
        let body = hexadecimal(&Sha256::digest(r#"{"item":"lamp"}"#));
        let request = SignedRequest {
            key_id: "service",
            time: "1764000000",
            nonce: "Zk3v9QxTb2Lm7RwY",
            fields: "host",
            body: &body,
        };
        let query = super::canonical_query("b=2&a=%7e");
        let text = canonical(&request, "POST", ("/orders", &query), &["host:api.example.test".to_owned()]);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let signature = hexadecimal(hmac::sign(&key, text.as_bytes()).as_ref());
        let page = include_str!("../../../../docs/signatures.md");
        assert!(page.contains(&format!("```text\n{text}\n```")), "{text}");
        assert!(page.contains(&format!("signature=\"{signature}\"")), "{signature}");
    }
}
