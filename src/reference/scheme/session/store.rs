//! Sessions by their identifiers.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::clock;
use crate::reference::random::random_text;
use crate::reference::state::{Principal, digest};

/// Characters of identifiers and of CSRF tokens: more than 128 bits (ASVS 7.2.3).
const LENGTH: usize = 32;
/// Sessions that are kept, of those that have logged in and of those that have not; beyond, the oldest ends.
const MOST: usize = 10_000;

/// Whether a text could be an identifier of this server.
pub(super) fn is_well_formed(id: &str) -> bool {
    id.len() == LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// One session.
#[derive(Clone, Debug)]
pub(super) struct SessionRecord {
    /// Who has logged in; nobody before the login.
    pub(super) principal: Option<Arc<Principal>>,
    csrf: [u8; 32],
    ends: Instant,
    /// The session that was open when the page with the login was asked for: a login ends it.
    former: Option<String>,
}

impl SessionRecord {
    /// Whether a CSRF token is the one of this session.
    pub(super) fn has_csrf(&self, token: &str) -> bool {
        // digests are compared: the time that takes tells nothing about a token that would fit
        self.csrf == digest(token)
    }
}

/// What a browser is given of a new session.
pub(super) struct NewSession {
    pub(super) id: String,
    pub(super) csrf: String,
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    lifetime: Duration,
    /// Whether cookies are for TLS only.
    secure: bool,
    /// By the SHA-256 of their identifiers. Visitors cannot push out whoever has logged in.
    visitors: RwLock<HashMap<[u8; 32], SessionRecord>>,
    logged_in: RwLock<HashMap<[u8; 32], SessionRecord>>,
    /// Whose sessions a faulty server has not forgotten that ended.
    retired: RwLock<HashMap<[u8; 32], Arc<Principal>>>,
}

impl Sessions {
    /// No sessions yet.
    pub(crate) fn new(lifetime: Duration, secure: bool) -> Self {
        Self { lifetime, secure, visitors: RwLock::default(), logged_in: RwLock::default(), retired: RwLock::default() }
    }

    /// The session of an identifier, while it lives.
    pub(super) fn find(&self, id: &str) -> Option<SessionRecord> {
        let key = digest(id);
        let in_store = |store: &RwLock<HashMap<[u8; 32], SessionRecord>>| {
            store.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
        };
        let found = in_store(&self.logged_in).or_else(|| in_store(&self.visitors))?;
        (clock::now() < found.ends).then_some(found)
    }

    /// The session that a faulty server takes for that of an identifier without its last character.
    pub(super) fn find_by_part(&self, id: &str) -> Option<SessionRecord> {
        let last = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_".chars();
        last.into_iter().find_map(|last| self.find(&format!("{id}{last}")))
    }

    /// Whether a CSRF token is that of any session.
    pub(super) fn anybody_has_csrf(&self, token: &str) -> bool {
        let logged_in = self.logged_in.read().unwrap_or_else(PoisonError::into_inner);
        logged_in.values().any(|session| session.has_csrf(token))
    }

    /// Starts a session, under a new identifier unless one is given.
    pub(super) fn start(&self, principal: Option<Arc<Principal>>, id: Option<String>) -> NewSession {
        let started = NewSession { id: id.unwrap_or_else(|| random_text(LENGTH)), csrf: random_text(LENGTH) };
        let store = if principal.is_some() { &self.logged_in } else { &self.visitors };
        let mut store = store.write().unwrap_or_else(PoisonError::into_inner);
        if store.len() >= MOST {
            let now = clock::now();
            store.retain(|_, session| now < session.ends);
        }
        if store.len() >= MOST {
            let oldest = store.iter().min_by_key(|(_, session)| session.ends).map(|(key, _)| *key);
            oldest.and_then(|key| store.remove(&key));
        }
        let ends = clock::now() + self.lifetime;
        store.insert(digest(&started.id), SessionRecord { principal, csrf: digest(&started.csrf), ends, former: None });
        started
    }

    /// Gives the session of somebody who has logged in a CSRF token that there was before: a faulty server does.
    pub(super) fn keep_csrf(&self, id: &str, token: &str) {
        let mut logged_in = self.logged_in.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = logged_in.get_mut(&digest(id)) {
            record.csrf = digest(token);
        }
    }

    /// Starts a session of a visitor who has another one open.
    pub(super) fn start_beside(&self, former: Option<String>) -> NewSession {
        let started = self.start(None, None);
        let mut visitors = self.visitors.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = visitors.get_mut(&digest(&started.id)) {
            record.former = former;
        }
        started
    }

    /// Ends the session of a visitor who logs in, and the one that was open before.
    pub(super) fn end_at_login(&self, id: &str) {
        if let Some(former) = self.find(id).and_then(|session| session.former) {
            self.end(&former);
        }
        self.end(id);
    }

    /// The session that was open when a visitor asked for the page with the login.
    pub(super) fn former_of(&self, id: &str) -> Option<String> {
        self.find(id)?.former
    }

    /// Ends a session, and remembers whose it was: a faulty server does.
    pub(super) fn retire(&self, id: &str) {
        if let Some(principal) = self.find(id).and_then(|session| session.principal) {
            let mut retired = self.retired.write().unwrap_or_else(PoisonError::into_inner);
            if retired.len() >= MOST {
                retired.clear();
            }
            retired.insert(digest(id), principal);
        }
        self.end(id);
    }

    /// Whose session it was that a faulty server remembers.
    pub(super) fn retired(&self, id: &str) -> Option<Arc<Principal>> {
        self.retired.read().unwrap_or_else(PoisonError::into_inner).get(&digest(id)).cloned()
    }

    /// The same, for the last time.
    pub(super) fn take_retired(&self, id: &str) -> Option<Arc<Principal>> {
        self.retired.write().unwrap_or_else(PoisonError::into_inner).remove(&digest(id))
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        let key = digest(id);
        for store in [&self.visitors, &self.logged_in] {
            store.write().unwrap_or_else(PoisonError::into_inner).remove(&key);
        }
    }

    /// Ends all sessions of a user.
    pub(in crate::reference::scheme) fn end_all_of(&self, user: &str) {
        let mut logged_in = self.logged_in.write().unwrap_or_else(PoisonError::into_inner);
        logged_in.retain(|_, session| session.principal.as_ref().is_none_or(|principal| principal.name != user));
    }

    /// A `Set-Cookie` field (RFC 6265 §4.1) with further attributes; one without a value ends the cookie.
    pub(super) fn cookie(&self, name: &str, value: &str, attributes: &str) -> String {
        // in whole seconds, and never so few that the browser drops it at once
        let seconds = if value.is_empty() { 0 } else { self.lifetime.as_secs().max(1) };
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}{attributes}{secure}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_bounded_and_visitors_push_nobody_out() {
        let sessions = Sessions::new(Duration::from_secs(60), true);
        let alice = Arc::new(Principal { name: "alice".to_owned(), scopes: Vec::new(), tenant: "a".to_owned() });
        let logged_in = sessions.start(Some(alice), None);
        let first = sessions.start(None, None);
        for _ in 0..MOST {
            sessions.start(None, None);
        }
        assert_eq!(sessions.visitors.read().expect("whole").len(), MOST);
        assert!(sessions.find(&first.id).is_none(), "the oldest visitor has gone");
        assert!(sessions.find(&logged_in.id).is_some_and(|session| session.has_csrf(&logged_in.csrf)));
        sessions.end(&logged_in.id);
        assert!(sessions.find(&logged_in.id).is_none());
        let ended = Sessions::new(Duration::ZERO, false);
        let id = ended.start(None, None).id;
        assert!(ended.find(&id).is_none());
    }
}
