//! User-id and password (RFC 7617), kept as argon2id.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::header_values;
use crate::reference::fault::{Fault, row};
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, State, digest, principal};
use crate::seed::{self, COLON_USER, IDENTITIES, LONG_USER, SeedState, UTF8_USER};

/// Holes of this verifier.
pub(crate) const FAULTS: &[Fault] = &[
    row("basic-rejects-everything", "basic.valid-accepted", "refuses every password"),
    row("user-only-check", "basic.wrong-password-denied", "accepts any password of a known user"),
    row("challenge-without-realm", "basic.missing-challenged", "sends a challenge without realm"),
    row("charset-latin1", "basic.charset-param-value", "announces ISO-8859-1"),
    row("user-not-found-message", "basic.unknown-user-indistinct", "says that a user does not exist"),
    row("basic-case-sensitive-scheme", "basic.scheme-case-insensitive", "requires the scheme name as Basic"),
    row("splits-on-last-colon", "basic.first-colon-splits", "splits at the last colon"),
    row("crash-on-no-colon", "basic.malformed-credentials-denied", "breaks where there is no colon"),
    row("latin1-decode", "basic.utf8-credentials", "decodes credentials as ISO-8859-1"),
    row("hash-skipped-for-unknown-user", "basic.timing-user-enumeration", "hashes the passwords of known users only"),
    row("bcrypt-72", "basic.long-password-not-truncated", "ignores what follows the 72nd byte of a password"),
];

const CHALLENGE: &str = "Basic realm=\"orders\", charset=\"UTF-8\"";

/// Who has which password.
#[derive(Debug)]
pub(crate) struct Accounts {
    hashes: HashMap<&'static str, Account>,
    /// SHA-256 of credentials that were verified once.
    verified: RwLock<HashSet<[u8; 32]>>,
}

#[derive(Debug)]
struct Account {
    password: &'static str,
    /// Made when it is first needed: hashing all of them would delay the start.
    hash: LazyLock<phc::PasswordHash, Box<dyn FnOnce() -> phc::PasswordHash + Send>>,
    principal: Arc<Principal>,
    state: SeedState,
}

/// 4 MiB, two passes: a few milliseconds, enough to be felt and few enough to test with.
fn hasher() -> Argon2<'static> {
    let params = Params::new(4096, 2, 1, None).expect("the parameters are within the limits of argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> phc::PasswordHash {
    hasher().hash_password(password.as_bytes()).expect("a password of this length can be hashed")
}

fn challenge(state: &State) -> &'static str {
    if state.fault("challenge-without-realm") {
        "Basic"
    } else if state.fault("charset-latin1") {
        "Basic realm=\"orders\", charset=\"ISO-8859-1\""
    } else {
        CHALLENGE
    }
}

impl Accounts {
    fn knows(&self, user: &str) -> bool {
        self.hashes.contains_key(user)
    }

    pub(crate) fn seeded() -> Self {
        let plain = Principal {
            name: String::new(),
            scopes: vec![seed::READ.to_owned(), seed::WRITE.to_owned()],
            tenant: "a".to_owned(),
        };
        let account = |password: &'static str, principal: Principal, state| Account {
            password,
            hash: LazyLock::new(Box::new(move || hash(password))),
            principal: Arc::new(principal),
            state,
        };
        let mut hashes = HashMap::new();
        for identity in IDENTITIES {
            hashes.insert(identity.name, account(identity.password, principal(identity), identity.state));
        }
        for (name, password) in [LONG_USER, COLON_USER, UTF8_USER] {
            let principal = Principal { name: name.to_owned(), ..plain.clone() };
            hashes.insert(name, account(password, principal, SeedState::Valid));
        }
        Self { hashes, verified: RwLock::default() }
    }

    fn verify(&self, state: &State, user: &str, password: &str, cached: bool) -> Option<Arc<Principal>> {
        // an unknown user costs as much as a known one, so that time does not tell who exists
        let account = self.hashes.get(user);
        if account.is_none() && state.fault("hash-skipped-for-unknown-user") {
            return None;
        }
        let against = account.or_else(|| self.hashes.get("service"))?;
        let key = digest(&format!("{user}:{password}"));
        let known = cached && self.verified.read().unwrap_or_else(PoisonError::into_inner).contains(&key);
        let truncated = |text: &str| text.as_bytes()[..text.len().min(72)].to_vec();
        let matches = known
            || (account.is_some() && state.fault("user-only-check"))
            || (state.fault("bcrypt-72") && password.len() >= 72 && truncated(password) == truncated(against.password))
            || hasher().verify_password(password.as_bytes(), &*against.hash).is_ok();
        let account = account.filter(|account| matches && account.state == SeedState::Valid)?;
        if cached && !known {
            self.verified.write().unwrap_or_else(PoisonError::into_inner).insert(key);
        }
        Some(account.principal.clone())
    }
}

pub(crate) fn verify(state: &State, parts: &Parts, cached: bool) -> Result<Arc<Principal>, Rejection> {
    let refused = |error| Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge(challenge(state));
    let bad = || {
        if state.fault("panics-on-bad-base64") { Rejection::broken() } else { refused("invalid_credentials") }
    };
    let lines = header_values(&parts.headers, "authorization").map_err(|_| bad())?;
    let line = match lines.as_slice() {
        [] => return Err(refused("missing_credentials")),
        [line] => line,
        _ => return Err(Rejection::new(StatusCode::BAD_REQUEST, "invalid_request")),
    };
    let Some((scheme, encoded)) = line.split_once(' ') else { return Err(refused("invalid_credentials")) };
    let insensitive = !state.fault("basic-case-sensitive-scheme");
    if !(scheme == "Basic" || insensitive && scheme.eq_ignore_ascii_case("basic")) {
        return Err(refused("invalid_credentials"));
    }
    let latin1 = state.fault("latin1-decode");
    let text = |bytes: Vec<u8>| match latin1 {
        true => Some(bytes.into_iter().map(char::from).collect()),
        false => String::from_utf8(bytes).ok(),
    };
    let decoded: Option<String> = STANDARD.decode(encoded.trim()).ok().and_then(text);
    let decoded = decoded.ok_or_else(bad)?;
    // RFC 7617 §2: the user-id ends at the first colon; control characters are not allowed
    let split = if state.fault("splits-on-last-colon") { decoded.rsplit_once(':') } else { decoded.split_once(':') };
    if split.is_none() && state.fault("crash-on-no-colon") {
        return Err(Rejection::broken());
    }
    let Some((user, password)) = split.filter(|_| !decoded.chars().any(char::is_control)) else {
        return Err(refused("invalid_credentials"));
    };
    if state.fault("basic-rejects-everything") {
        return Err(refused("invalid_credentials"));
    }
    let unknown = state.fault("user-not-found-message") && !state.accounts.knows(user);
    let error = if unknown { "user_not_found" } else { "invalid_credentials" };
    state.accounts.verify(state, user, password, cached).ok_or_else(|| refused(error))
}
