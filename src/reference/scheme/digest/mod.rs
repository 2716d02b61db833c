//! HTTP Digest (RFC 7616) with qop=auth.

pub(crate) mod faults;
mod nonces;

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::request::Parts;
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};
use subtle::ConstantTimeEq as _;

use super::is_live;
use crate::reference::rejection::Rejection;
use crate::reference::request::header_values;
use crate::reference::scheme::bearer::faults::{at_account, at_write};
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::{IDENTITIES, SeedState};
use nonces::{NonceStanding, Nonces};

const REALM: &str = "orders";

/// The algorithm that resources are guarded with (RFC 7616 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum DigestHash {
    Sha256,
    Sha512T256,
    Md5,
}

/// All algorithms with the prefixes of their resources.
pub(crate) const HASHES: [(DigestHash, &str); 3] =
    [(DigestHash::Sha256, "digest"), (DigestHash::Sha512T256, "digest-sha512-256"), (DigestHash::Md5, "digest-md5")];

impl DigestHash {
    fn name(self) -> &'static str {
        match self {
            DigestHash::Sha256 => "SHA-256",
            DigestHash::Sha512T256 => "SHA-512-256",
            DigestHash::Md5 => "MD5",
        }
    }

    fn of(self, text: &str) -> String {
        let bytes: Vec<u8> = match self {
            DigestHash::Sha256 => Sha256::digest(text).to_vec(),
            DigestHash::Sha512T256 => Sha512_256::digest(text).to_vec(),
            DigestHash::Md5 => Md5::digest(text).to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Who proves what: the keys of all users, and the nonces that were sent.
#[derive(Debug)]
pub(crate) struct DigestUsers {
    /// By algorithm and user, or the hash of the user.
    keys: HashMap<(DigestHash, String), Key>,
    nonces: Nonces,
}

#[derive(Debug)]
struct Key {
    /// `H(A1)` (RFC 7616 §3.4.2): the password itself is not kept.
    key: String,
    principal: Arc<Principal>,
    state: SeedState,
}

impl DigestUsers {
    pub(crate) fn seeded() -> Self {
        let mut keys = HashMap::new();
        for identity in IDENTITIES {
            let principal = Arc::new(principal(identity));
            for (hash, _) in HASHES {
                let key = || Key {
                    key: hash.of(&format!("{}:{REALM}:{}", identity.name, identity.password)),
                    principal: principal.clone(),
                    state: identity.state,
                };
                keys.insert((hash, identity.name.to_owned()), key());
                keys.insert((hash, hash.of(&format!("{}:{REALM}", identity.name))), key());
            }
        }
        Self { keys, nonces: Nonces::new() }
    }

    fn challenge(&self, state: &ReferenceState, hash: DigestHash, stale: bool) -> String {
        let qop = if state.fault("digest-challenge-without-qop") { "" } else { ", qop=\"auth\"" };
        let stale = if stale { ", stale=true" } else { "" };
        // clients are asked to hide the name where the algorithm is one that few old clients know
        let userhash = if hash == DigestHash::Sha512T256 { ", userhash=true" } else { "" };
        let mark = if state.fault("digest-quoted-tokens") { "\"" } else { "" };
        format!(
            "Digest realm=\"{REALM}\"{qop}, algorithm={mark}{}{mark}, nonce=\"{}\", charset=UTF-8{userhash}{stale}",
            hash.name(),
            self.nonces.issue()
        )
    }
}

/// Who sent a request.
pub(crate) fn verify(
    state: &ReferenceState,
    users: &DigestUsers,
    parts: &Parts,
    hash: DigestHash,
) -> Result<Arc<Principal>, Rejection> {
    let asked = |error, stale| {
        Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge(users.challenge(state, hash, stale))
    };
    let refused = || asked("invalid_credentials", false);
    // RFC 7616 §3.4: improper or missing parameters are answered with a 4xx
    let bad = || match state.fault("panics-on-bad-base64") {
        true => Rejection::broken(),
        false => Rejection::new(StatusCode::BAD_REQUEST, "invalid_request"),
    };
    let lines = header_values(&parts.headers, "authorization").map_err(|_| bad())?;
    let line = match lines.as_slice() {
        [] => return Err(asked("missing_credentials", false)),
        [line] => line,
        _ => return Err(bad()),
    };
    let Some((scheme, rest)) = line.split_once(' ') else { return Err(refused()) };
    let insensitive = !state.fault("digest-case-sensitive-scheme");
    let is_digest = scheme == "Digest" || insensitive && scheme.eq_ignore_ascii_case("digest");
    let has_name = state.fault("digest-in-scheme") && scheme.to_ascii_lowercase().contains("digest");
    if state.fault("digest-names-by-case") && rest.contains(" URI=") {
        return Err(refused());
    }
    if !(is_digest || has_name) || (state.fault("digest-one-space") && rest.starts_with(' ')) {
        return Err(refused());
    }
    let said = Said::read(rest).ok_or_else(bad)?;
    let missing = |name: &str| {
        let breaks = state.fault("digest-breaks-on-missing") && matches!(name, "nc" | "cnonce");
        if breaks { Rejection::broken() } else { bad() }
    };
    let need = |name: &'static str| said.get(name).ok_or_else(|| missing(name));
    let algorithm = said.get("algorithm").unwrap_or("MD5");
    let in_session = state.fault("digest-session-variant") && algorithm == format!("{}-sess", hash.name());
    if !algorithm.eq_ignore_ascii_case(hash.name()) && !in_session && !state.fault("digest-ignores-algorithm") {
        return Err(bad());
    }
    let (realm, nonce, uri, response) = (need("realm")?, need("nonce")?, need("uri")?, need("response")?);
    let user = said.user().ok_or_else(|| missing("username"))?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    if uri != target && !state.fault("digest-ignores-uri") {
        return Err(bad());
    }
    let request = hash.of(&format!("{}:{uri}", parts.method));
    let counted = match said.get("qop") {
        Some("auth-int") if state.fault("digest-breaks-on-quality") => return Err(Rejection::broken()),
        Some(qop) if qop.eq_ignore_ascii_case("auth") || state.fault("digest-any-quality") => {
            let (count, cnonce) = (need("nc")?, need("cnonce")?);
            let number = u32::from_str_radix(count, 16).ok();
            let of_eight = count.len() == 8 || state.fault("digest-any-count");
            let from = u32::from(!state.fault("digest-counts-from-zero"));
            let number = number.filter(|number| of_eight && *number >= from).ok_or_else(bad)?;
            Some((number, format!("{nonce}:{count}:{cnonce}:{qop}:{request}")))
        }
        Some(_) => return Err(bad()),
        None if state.fault("digest-without-qop") || state.fault("digest-challenge-without-qop") => None,
        None if state.fault("digest-breaks-on-missing-quality") => return Err(Rejection::broken()),
        None => return Err(bad()),
    };
    let known = users.keys.get(&(hash, user.clone()));
    if known.is_none() && state.fault("digest-user-not-found") {
        return Err(asked("user_not_found", false));
    }
    let any_realm = state.fault("digest-any-realm") && realm != REALM;
    let realm = if state.fault("digest-realm-unread") { REALM } else { realm };
    let own = || known.map(|known| known.key.clone()).unwrap_or_default();
    let mut key = if any_realm { faults::key_of(hash, &user, realm) } else { own() };
    if in_session {
        // RFC 7616 §3.4.2
        key = hash.of(&format!("{key}:{nonce}:{}", need("cnonce")?));
    }
    let after = counted.as_ref().map_or_else(|| format!("{nonce}:{request}"), |(_, after)| after.clone());
    let wanted = hash.of(&format!("{key}:{after}"));
    let proven = bool::from(wanted.as_bytes().ct_eq(response.as_bytes())) || state.fault("digest-any-response");
    let found = known.filter(|known| proven && (realm == REALM || any_realm) && is_live(state, known.state));
    let found = found.filter(|_| !state.fault("digest-rejects-everything"));
    let found = found.ok_or_else(|| match state.fault("digest-user-not-found-number") {
        true => refused().with_detail(format!("line {}", if known.is_some() { 435 } else { 428 })),
        false => refused(),
    })?;
    match users.nonces.standing(nonce) {
        NonceStanding::Good => {}
        NonceStanding::Stale => return Err(asked("stale_nonce", true)),
        NonceStanding::Foreign if state.fault("digest-any-nonce") => return Ok(found.principal.clone()),
        NonceStanding::Foreign => return Err(refused()),
    }
    let fresh = counted.is_none_or(|(number, _)| users.nonces.take(nonce, number));
    let forgets = state.fault("digest-ignores-count")
        || at_account(state, parts, "digest-account-ignores-count")
        || at_write(state, parts, "digest-writes-ignore-count");
    if !fresh && !forgets {
        return Err(asked("stale_nonce", true));
    }
    Ok(found.principal.clone())
}

/// The parameters of an `Authorization` field (RFC 9110 §11.4).
pub(super) struct Said(HashMap<String, String>);

impl Said {
    /// Reads them; none where they do not parse, or where one is said twice.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut said = HashMap::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            if name.is_empty() || name.contains([' ', ',', '"']) {
                return None;
            }
            let after = after.trim_start();
            let (value, next) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let (mut value, mut escaped, mut end) = (String::new(), false, None);
                    for (at, c) in quoted.char_indices() {
                        match c {
                            _ if escaped => {
                                value.push(c);
                                escaped = false;
                            }
                            '\\' => escaped = true,
                            '"' => {
                                end = Some(at + 1);
                                break;
                            }
                            _ => value.push(c),
                        }
                    }
                    (value, &quoted[end?..])
                }
                None => {
                    let end = after.find(',').unwrap_or(after.len());
                    (after[..end].trim().to_owned(), &after[end..])
                }
            };
            if said.insert(name, value).is_some() {
                return None;
            }
            let next = next.trim_start();
            rest = match next.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if next.is_empty() => next,
                None => return None,
            };
        }
        Some(Self(said))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The user, or the hash of the user; a name outside ASCII comes encoded (RFC 8187).
    fn user(&self) -> Option<String> {
        if let Some(user) = self.get("username") {
            return Some(user.to_owned());
        }
        let encoded = self.get("username*")?.strip_prefix("UTF-8''")?;
        percent_encoding::percent_decode_str(encoded).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_or_refused() {
        for (text, expected) in [
            ("a=b, c=\"d, \\\"e\\\"\"", Some(&[("a", "b"), ("c", "d, \"e\"")][..])),
            ("A=\"\"", Some(&[("a", "")])),
            ("a=b,", Some(&[("a", "b")])),
            ("a=b, a=c", None),
            ("a", None),
            ("a=\"b", None),
            ("a=\"b\" c=d", None),
            ("a b=c", None),
        ] {
            let said = Said::read(text);
            assert_eq!(said.is_some(), expected.is_some(), "{text}");
            for (name, value) in expected.into_iter().flatten() {
                assert_eq!(said.as_ref().and_then(|said| said.get(name)), Some(*value), "{text}");
            }
        }
    }
}
