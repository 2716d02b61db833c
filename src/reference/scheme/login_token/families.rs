//! Tokens by the logins that they come from.
//!
//! A refresh token is good for one use: the answer has the next one. Nothing overlaps: of several that use one refresh token
//! at once, one is first, and the others have used a used token. A used token that comes back shows that it is in two hands,
//! and nobody can tell in which: the whole family ends (RFC 9700 §4.14.2).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::clock;
use crate::reference::fault::Faults;
use crate::reference::random::random_text;
use crate::reference::state::{Principal, digest};

/// Families that are kept; beyond, the one that was renewed longest ago ends.
const MOST: usize = 10_000;
/// Refresh tokens of a family that are remembered, and access tokens that may live at once.
const MOST_TOKENS: usize = 64;
/// Life of a refresh token.
const REFRESH_LIFE: Duration = Duration::from_secs(3600);

/// What a client is given.
pub(super) struct NewTokens {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) scopes: Vec<String>,
}

/// An access token that was issued.
#[derive(Debug)]
struct Access {
    /// Its SHA-256.
    key: [u8; 32],
    ends: Instant,
    principal: Arc<Principal>,
}

/// Tokens of one login.
#[derive(Debug)]
struct Family {
    principal: Arc<Principal>,
    /// The client to which its tokens were issued, where one named itself.
    client: Option<String>,
    /// Whether its login asked for `openid`.
    is_openid: bool,
    access: VecDeque<Access>,
    /// Refresh tokens by their SHA-256; all but the last were used.
    refresh: VecDeque<[u8; 32]>,
    /// SHA-256 of the first half of the last one.
    beginning: [u8; 32],
    ends: Instant,
    /// Whether its refresh tokens are of no use any more.
    spent: bool,
}

#[derive(Debug, Default)]
struct Known {
    families: HashMap<u64, Family>,
    /// The family of each token.
    family_of: HashMap<[u8; 32], u64>,
    next: u64,
}

/// All families.
#[derive(Debug)]
pub(crate) struct Families {
    lifetime: Duration,
    known: RwLock<Known>,
}

/// Whether a refresh token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshUse {
    /// It was not used before.
    Fresh,
    /// It was, or it is none.
    Refused,
}

impl Families {
    /// No families yet.
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, known: RwLock::default() }
    }

    /// Life of an access token.
    pub(super) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Tokens of a new family.
    pub(super) fn start(&self, principal: Arc<Principal>, client: Option<String>) -> NewTokens {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.families.len() >= MOST {
            let oldest = known.families.iter().min_by_key(|(_, family)| family.ends).map(|(id, _)| *id);
            oldest.into_iter().for_each(|id| known.forget(id));
        }
        let id = known.next;
        known.next += 1;
        let (access, refresh, beginning) = (VecDeque::new(), VecDeque::new(), [0; 32]);
        let ends = clock::now() + REFRESH_LIFE;
        known
            .families
            .insert(id, Family { principal, client, is_openid: false, access, refresh, beginning, ends, spent: false });
        known.issue(id, self.lifetime)
    }

    /// Whose access token it is, while it lives.
    pub(super) fn principal(&self, token: &str, faults: &Faults) -> Option<Arc<Principal>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let key = digest(token);
        let family = known.families.get(known.family_of.get(&key)?)?;
        let living = family.access.iter().find(|access| access.key == key && clock::now() < access.ends);
        let by_refresh = faults.on("refresh-token-opens-resources") && family.refresh.contains(&key);
        living.map(|access| access.principal.clone()).or_else(|| by_refresh.then(|| family.principal.clone()))
    }

    /// Takes note that the login of a token asked for `openid`.
    pub(super) fn mark_openid(&self, token: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let id = known.id_of(token);
        let family = id.and_then(|id| known.families.get_mut(&id));
        family.into_iter().for_each(|family| family.is_openid = true);
    }

    /// Whether the login of a token asked for `openid`.
    pub(super) fn is_openid(&self, token: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.id_of(token).and_then(|id| known.families.get(&id)).is_some_and(|family| family.is_openid)
    }

    /// Whether a refresh token may be used; one that was used before ends its family.
    pub(super) fn look_at(&self, token: &str, faults: &Faults) -> RefreshUse {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.look_at(token, None, faults).map_or(RefreshUse::Refused, |_| RefreshUse::Fresh)
    }

    /// The next tokens of the family of a refresh token that may be used by a client.
    pub(super) fn renew(&self, token: &str, client: Option<&str>, faults: &Faults) -> Option<NewTokens> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // looked at and used up in one go: of two that come at once, one is first
        let id = match faults.on("refresh-race") {
            true => known.id_of(token)?,
            false => known.look_at(token, client, faults)?,
        };
        Some(known.issue(id, self.lifetime))
    }

    /// The client to which a token was issued, where one named itself; none where nobody knows the token.
    pub(super) fn client_of(&self, token: &str) -> Option<Option<String>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(known.families.get(&known.id_of(token)?)?.client.clone())
    }

    /// Whether a token is a refresh token.
    pub(super) fn renews(&self, token: &str) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let family = known.id_of(token).and_then(|id| known.families.get(&id));
        family.is_some_and(|family| family.refresh.contains(&digest(token)))
    }

    /// The scope that the login of a refresh token was granted.
    pub(super) fn scopes_of(&self, token: &str) -> Option<Vec<String>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Some(known.families.get(&known.id_of(token)?)?.principal.scopes.clone())
    }

    /// Tokens whose access token has another scope than their login.
    pub(super) fn with_scopes(&self, tokens: NewTokens, scopes: Vec<String>) -> NewTokens {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let id = known.id_of(&tokens.access);
        if let Some(family) = id.and_then(|id| known.families.get_mut(&id)) {
            let key = digest(&tokens.access);
            let principal = Arc::new(Principal { scopes: scopes.clone(), ..Principal::clone(&family.principal) });
            let own = family.access.iter_mut().find(|access| access.key == key);
            own.into_iter().for_each(|access| access.principal = principal.clone());
        }
        NewTokens { scopes, ..tokens }
    }

    /// Gives an access token another text, which lives as long as it says.
    pub(super) fn rename(&self, access: &str, other: &str, lifetime: Duration) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = known.id_of(access) else { return };
        let (former, key) = (digest(access), digest(other));
        let access =
            known.families.get_mut(&id).and_then(|family| family.access.iter_mut().find(|own| own.key == former));
        if let Some(access) = access {
            (access.key, access.ends) = (key, clock::now() + lifetime);
            known.family_of.remove(&former);
            known.family_of.insert(key, id);
        }
    }

    /// New tokens for whoever was renewed last, as a server gives that does not verify what it is shown.
    pub(super) fn renew_any(&self) -> Option<NewTokens> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let (id, _) = known.families.iter().max_by_key(|(_, family)| family.ends)?;
        let id = *id;
        Some(known.issue(id, self.lifetime))
    }

    /// Ends all families of a user.
    pub(in crate::reference::scheme) fn end_all_of(&self, user: &str, faults: &Faults) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let families = known.families.values_mut().filter(|family| family.principal.name == user);
        if faults.on("password-change-keeps-sessions") {
            families.for_each(|family| family.spent = true);
        } else if faults.on("password-change-keeps-refresh-tokens") {
            families.for_each(|family| family.access.clear());
        } else {
            known.forget_all_of(user);
        }
    }

    /// Ends the access tokens of a user, and leaves the refresh tokens.
    pub(in crate::reference::scheme) fn end_access_of(&self, user: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let families = known.families.values_mut().filter(|family| family.principal.name == user);
        families.for_each(|family| family.access.clear());
    }

    /// Ends the access tokens of the family of a token, and leaves its refresh tokens.
    pub(super) fn end_access(&self, token: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let id = known.id_of(token);
        let family = id.and_then(|id| known.families.get_mut(&id));
        family.into_iter().for_each(|family| family.access.clear());
    }

    /// Ends the family of a token.
    pub(super) fn end(&self, token: &str, faults: &Faults) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let Some(id) = known.id_of(token) else { return };
        if faults.on("logout-keeps-session") {
            return;
        }
        match known.families.get_mut(&id) {
            Some(family) if faults.on("refresh-survives-logout") => family.access.clear(),
            Some(family) if faults.on("former-refresh-token-survives-logout") => {
                family.access.clear();
                family.refresh.pop_back();
            }
            Some(family) if faults.on("former-access-token-survives-logout") => {
                let key = digest(token);
                family.access.retain(|access| access.key != key);
                family.spent = true;
            }
            _ => known.forget(id),
        }
    }
}

impl Known {
    fn forget_all_of(&mut self, user: &str) {
        let of_user = self.families.iter().filter(|(_, family)| family.principal.name == user);
        let ids: Vec<u64> = of_user.map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.forget(id));
    }

    fn id_of(&self, token: &str) -> Option<u64> {
        self.family_of.get(&digest(token)).copied()
    }

    fn look_at(&mut self, token: &str, client: Option<&str>, faults: &Faults) -> Option<u64> {
        let key = digest(token);
        if faults.on("refresh-token-compared-in-part") {
            let beginning = digest(first_half(token));
            return self.families.iter().find(|(_, family)| family.beginning == beginning).map(|(id, _)| *id);
        }
        let id = *self.family_of.get(&key)?;
        let family = self.families.get_mut(&id)?;
        let is_newest = family.refresh.back() == Some(&key);
        let is_known = family.refresh.contains(&key);
        if faults.on("access-token-refreshes") && family.access.iter().any(|access| access.key == key) {
            return Some(id);
        }
        // RFC 6749 §6: issued to the client that sends it
        let of_any_client = faults.on("used-refresh-token-of-any-client");
        if family.client.as_deref() != client && !faults.on("refresh-token-of-any-client") && !of_any_client {
            return None;
        }
        if !is_known || family.spent || clock::now() >= family.ends {
            return None;
        }
        if is_newest || faults.on("used-refresh-token-accepted") || of_any_client {
            return Some(id);
        }
        if faults.on("access-token-survives-reuse") {
            family.spent = true;
        } else if !faults.on("family-survives-reuse") {
            self.forget(id);
        }
        None
    }

    fn issue(&mut self, id: u64, lifetime: Duration) -> NewTokens {
        let (access, refresh) = (format!("abl_{}", random_text(40)), format!("abr_{}", random_text(40)));
        let mut new = NewTokens { access, refresh, scopes: Vec::new() };
        let Some(family) = self.families.get_mut(&id) else { return new };
        let now = clock::now();
        let principal = family.principal.clone();
        new.scopes.clone_from(&principal.scopes);
        family.access.push_back(Access { key: digest(&new.access), ends: now + lifetime, principal });
        family.refresh.push_back(digest(&new.refresh));
        family.beginning = digest(first_half(&new.refresh));
        family.ends = now + REFRESH_LIFE;
        let mut gone = Vec::new();
        while family.access.len() > MOST_TOKENS || family.access.front().is_some_and(|access| access.ends <= now) {
            gone.extend(family.access.pop_front().map(|access| access.key));
        }
        while family.refresh.len() > MOST_TOKENS {
            gone.extend(family.refresh.pop_front());
        }
        for key in gone {
            self.family_of.remove(&key);
        }
        for token in [&new.access, &new.refresh] {
            self.family_of.insert(digest(token), id);
        }
        new
    }

    fn forget(&mut self, id: u64) {
        let Some(family) = self.families.remove(&id) else { return };
        for key in family.access.iter().map(|access| &access.key).chain(&family.refresh) {
            self.family_of.remove(key);
        }
    }
}

/// A text without its second half.
fn first_half(text: &str) -> &str {
    text.get(..text.len() / 2).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Arc<Principal> {
        Arc::new(Principal { name: "alice".to_owned(), scopes: Vec::new(), tenant: "a".to_owned() })
    }

    #[test]
    fn a_used_refresh_token_ends_its_family_and_no_other() {
        let (families, none) = (Families::new(Duration::from_secs(60)), Faults::default());
        let (first, other) = (families.start(alice(), None), families.start(alice(), None));
        let second = families.renew(&first.refresh, None, &none).expect("is fresh");
        assert!(families.principal(&second.access, &none).is_some());
        assert!(families.principal(&second.refresh, &none).is_none(), "a refresh token opens nothing");
        assert!(families.renew(&first.refresh, None, &none).is_none(), "it was used");
        assert!(families.renew(&second.refresh, None, &none).is_none(), "the family has ended");
        assert!(families.principal(&second.access, &none).is_none(), "and its access tokens with it");
        assert!(families.principal(&other.access, &none).is_some());
        let clients = families.start(alice(), Some("app".to_owned()));
        for stranger in [None, Some("other")] {
            assert!(families.renew(&clients.refresh, stranger, &none).is_none(), "{stranger:?} is not its client");
        }
        assert!(families.renew(&clients.refresh, Some("app"), &none).is_some());
        let narrowed = families.with_scopes(families.start(alice(), None), vec!["read".to_owned()]);
        let scopes = |token: &str| families.principal(token, &none).map(|of| of.scopes.clone());
        assert_eq!(scopes(&narrowed.access), Some(vec!["read".to_owned()]));
        let next = families.renew(&narrowed.refresh, None, &none).expect("is fresh");
        assert_eq!(scopes(&next.access), Some(Vec::new()), "the scope of the login stays");
        families.end(&other.access, &none);
        assert!(families.renew(&other.refresh, None, &none).is_none());
    }

    #[test]
    fn families_and_their_tokens_are_bounded() {
        let (families, none) = (Families::new(Duration::from_secs(60)), Faults::default());
        let mut last = families.start(alice(), None);
        for _ in 0..MOST_TOKENS * 2 {
            last = families.renew(&last.refresh, None, &none).expect("is fresh");
        }
        assert_eq!(families.known.read().expect("whole").family_of.len(), MOST_TOKENS * 2);
        for _ in 0..MOST {
            families.start(alice(), None);
        }
        let known = families.known.read().expect("whole");
        assert_eq!((known.families.len(), known.family_of.len()), (MOST, MOST * 2));
    }
}
