//! Accounts with their passwords, kept as argon2id.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::reference::scheme::is_live;
use crate::reference::state::{Principal, ReferenceState, digest, principal};
use crate::seed::{self, COLON_USER, IDENTITIES, LONG_USER, SHIPPED_ACCOUNT, SeedState, UTF8_USER};

/// Who has which password.
#[derive(Debug)]
pub(crate) struct Accounts {
    hashes: HashMap<&'static str, Account>,
    /// Passwords that took the place of those of the seed.
    changed: RwLock<HashMap<String, phc::PasswordHash>>,
    /// Users whose passwords of the seed a faulty server takes beside those.
    beside: RwLock<HashSet<String>>,
    /// Users who have registered.
    registered: RwLock<HashMap<String, (phc::PasswordHash, Arc<Principal>)>>,
    /// SHA-256 of credentials that were verified once.
    verified: RwLock<HashSet<[u8; 32]>>,
    /// Users whose accounts are disabled.
    disabled: RwLock<HashSet<String>>,
    /// Users who may not read orders any more.
    demoted: RwLock<HashSet<String>>,
    /// Whether any account was ever disabled or demoted: what others do costs nothing where none was.
    were_changed: AtomicBool,
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

impl Accounts {
    pub(in crate::reference::scheme) fn knows(&self, user: &str) -> bool {
        self.hashes.contains_key(user) || self.registered_user(user).is_some()
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
        let expendable = (seed::EXPENDABLE_USER, seed::EXPENDABLE_PASSWORD);
        for (name, password) in [LONG_USER, COLON_USER, UTF8_USER, expendable] {
            let principal = Principal { name: name.to_owned(), ..plain.clone() };
            hashes.insert(name, account(password, principal, SeedState::Valid));
        }
        Self {
            hashes,
            changed: RwLock::default(),
            beside: RwLock::default(),
            registered: RwLock::default(),
            verified: RwLock::default(),
            disabled: RwLock::default(),
            demoted: RwLock::default(),
            were_changed: AtomicBool::new(false),
        }
    }

    /// Whose account it is, where it may be used.
    pub(in crate::reference::scheme) fn principal(&self, user: &str) -> Option<Arc<Principal>> {
        let Some(account) = self.hashes.get(user) else { return Some(self.registered_user(user)?.1) };
        (account.state == SeedState::Valid).then(|| self.with_rights(account.principal.clone()))
    }

    fn registered_user(&self, user: &str) -> Option<(phc::PasswordHash, Arc<Principal>)> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner).get(user).cloned()
    }

    /// Makes an account.
    pub(in crate::reference::scheme) fn register(&self, user: &str, password: &str, scopes: Vec<String>) {
        let principal = Principal { name: user.to_owned(), scopes, tenant: "a".to_owned() };
        let account = (hash(password), Arc::new(principal));
        self.registered.write().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned(), account);
    }

    /// Disables an account, or enables it again.
    pub(in crate::reference::scheme) fn disable(&self, user: &str, disables: bool) {
        self.mark(&self.disabled, user, disables);
    }

    /// Takes the right to read orders from an account, or gives it back.
    pub(in crate::reference::scheme) fn demote(&self, user: &str, demotes: bool) {
        self.mark(&self.demoted, user, demotes);
    }

    fn mark(&self, users: &RwLock<HashSet<String>>, user: &str, marks: bool) {
        let mut users = users.write().unwrap_or_else(PoisonError::into_inner);
        match marks {
            true => drop(users.insert(user.to_owned())),
            false => drop(users.remove(user)),
        }
        self.were_changed.store(true, Ordering::Release);
    }

    /// Whether any account was ever disabled or demoted.
    pub(in crate::reference::scheme) fn were_changed(&self) -> bool {
        self.were_changed.load(Ordering::Acquire)
    }

    /// Whether an account is disabled.
    pub(in crate::reference::scheme) fn is_disabled(&self, user: &str) -> bool {
        self.disabled.read().unwrap_or_else(PoisonError::into_inner).contains(user)
    }

    /// A principal without the right that its account has lost.
    pub(in crate::reference::scheme) fn with_rights(&self, principal: Arc<Principal>) -> Arc<Principal> {
        if !self.demoted.read().unwrap_or_else(PoisonError::into_inner).contains(&principal.name) {
            return principal;
        }
        let scopes = principal.scopes.iter().filter(|scope| *scope != seed::READ).cloned().collect();
        Arc::new(Principal { scopes, ..(*principal).clone() })
    }

    /// Gives a user another password.
    pub(in crate::reference::scheme) fn change(&self, user: &str, password: &str) {
        self.changed.write().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned(), hash(password));
        self.verified.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The same of a faulty server, which takes the former one as well.
    pub(in crate::reference::scheme) fn change_beside(&self, user: &str, password: &str) {
        self.beside.write().unwrap_or_else(PoisonError::into_inner).insert(user.to_owned());
        self.change(user, password);
    }

    /// Whether it is the password of any account, as a faulty server looks it up.
    fn is_anybodys(&self, password: &str) -> bool {
        self.hashes.values().any(|account| account.password == password)
    }

    /// The account that an LDAP filter of user-id and password selects: a star stands for any text.
    fn filtered(&self, user: &str, password: &str) -> Option<Arc<Principal>> {
        let fits = |pattern: &str, text: &str| match pattern.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => pattern == text,
        };
        let mut found =
            self.hashes.iter().filter(|(name, account)| fits(user, name) && fits(password, account.password));
        found.next().map(|(_, account)| account.principal.clone())
    }

    pub(in crate::reference::scheme) fn verify(
        &self,
        state: &ReferenceState,
        user: &str,
        password: &str,
        cached: bool,
    ) -> Option<Arc<Principal>> {
        if state.fault("basic-user-ignored") && self.is_anybodys(password) {
            return self.hashes.get("service").map(|account| account.principal.clone());
        }
        if state.fault("basic-default-account") && (user, password) == SHIPPED_ACCOUNT {
            return self.principal("service");
        }
        if state.fault("basic-ldap-filter") {
            return self.filtered(user, password);
        }
        if let Some((own, principal)) = self.registered_user(user) {
            return hasher().verify_password(password.as_bytes(), &own).is_ok().then_some(principal);
        }
        // an unknown user costs as much as a known one, so that time does not tell who exists
        let account = self.hashes.get(user);
        if account.is_none() && state.fault("hash-skipped-for-unknown-user") {
            return None;
        }
        let against = account.or_else(|| self.hashes.get("service"))?;
        let key = digest(&format!("{user}:{password}"));
        let known = cached && self.verified.read().unwrap_or_else(PoisonError::into_inner).contains(&key);
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner).get(user).cloned();
        let fits = |hash: &phc::PasswordHash| hasher().verify_password(password.as_bytes(), hash).is_ok();
        let truncated = |text: &str| text.as_bytes()[..text.len().min(72)].to_vec();
        let matches = known
            || (account.is_some() && state.fault("user-only-check"))
            || (account.is_some() && state.fault("password-of-anybody") && self.is_anybodys(password))
            || (state.fault("bcrypt-72") && password.len() >= 72 && truncated(password) == truncated(against.password))
            || (self.beside.read().unwrap_or_else(PoisonError::into_inner).contains(user) && fits(&against.hash))
            || fits(changed.as_ref().unwrap_or_else(|| &*against.hash));
        let lets_in = ["disabled-account-logs-in", "disabled-account-keeps-passwords"];
        let may_log_in = !self.is_disabled(user) || lets_in.into_iter().any(|fault| state.fault(fault));
        let account = account.filter(|account| matches && may_log_in && is_live(state, account.state))?;
        if cached && !known {
            self.verified.write().unwrap_or_else(PoisonError::into_inner).insert(key);
        }
        Some(self.with_rights(account.principal.clone()))
    }
}
