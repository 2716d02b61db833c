//! Accounts that hooks of the scenario change, and the credentials that belong to them.

use super::subject::{CredentialState, Identity, Login, Subject};
use crate::check::step::AccountOf;
use crate::scheme::Proof;

impl Identity {
    /// The user-id of the account to which a credential belongs that is written in the scenario; none where nothing names it.
    fn owner_of_given(&self) -> Option<&str> {
        match (&self.account, &self.login) {
            (Some(account), Login::Proof(_)) => Some(account),
            (None, Login::Proof(Proof::Password { user, .. })) => Some(user),
            _ => None,
        }
    }

    /// The user-id of its account as hooks take it: the name of the credential where it has none.
    fn hook_account(&self) -> String {
        let own = self.account.clone().or_else(|| self.account_name());
        own.unwrap_or_else(|| self.name.clone())
    }
}

impl Subject {
    /// A valid credential that is written in the scenario, says whose it is, and opens something that is read: one that is not the
    /// one which most checks use, of an account that no other credential has, where there is one. An account that is disabled may
    /// lose its credentials for good.
    pub fn given_of_account(&self) -> Option<usize> {
        let opens =
            |one: &Identity| self.protected().any(|at| !self.resources[at].writes && self.resources[at].open_to(one));
        let fits = |at: &usize| {
            let one = &self.identities[*at];
            one.state == CredentialState::Valid && !one.asks_for_less && one.owner_of_given().is_some() && opens(one)
        };
        let main = self.main_resource().and_then(|resource| self.good_for(resource));
        let is_shared = |at: usize| {
            let account = self.identities[at].hook_account();
            let mut others = self.identities.iter().enumerate().filter(|(other, one)| {
                *other != at && one.state == CredentialState::Valid && one.hook_account() == account
            });
            others.next().is_some()
        };
        (0..self.identities.len()).filter(fits).min_by_key(|at| (Some(*at) == main, is_shared(*at)))
    }

    /// The resource that this credential is tried at first: the one that most checks use, where it opens that.
    pub fn read_by_given(&self, identity: usize) -> Option<usize> {
        let reads = |at: &usize| !self.resources[*at].writes && self.resources[*at].open_to(&self.identities[identity]);
        self.main_resource().filter(reads).or_else(|| self.protected().find(reads))
    }

    /// The account that a hook changes.
    pub fn account_of(&self, whose: AccountOf) -> String {
        let identity = match whose {
            AccountOf::LogsIn => self.login_identity(),
            AccountOf::IsGiven => self.given_of_account(),
        };
        identity.map(|at| self.identities[at].hook_account()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn the_account_of_another_credential_than_the_main_one_is_disabled() {
        let disabled = |scheme: &str, credentials: &str| {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\", owned: true }}\nscheme: {scheme}\n\
                 credentials: {{ {credentials} }}\nmaterial: {{ hooks: {{ disable: [a] }} }}\n\
                 resources: [{{ request: GET /orders }}, {{ request: GET /users, scopes: [admin] }}]\n"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            let found = subject.given_of_account()?;
            Some((subject.identities[found].name.clone(), subject.account_of(AccountOf::IsGiven)))
        };
        let of = |name: &str, account: &str| Some((name.to_owned(), account.to_owned()));
        for (scheme, credentials, expected) in [
            // nothing says whose it is
            ("api-key", "one: { key: k1 }, two: { key: k2 }", None),
            ("api-key", "one: { key: k1, account: alice }, two: { key: k2 }", of("one", "alice")),
            ("api-key", "one: { key: k1, account: alice }, two: { key: k2, account: bob }", of("two", "bob")),
            ("api-key", "one: { key: k1 }, two: { key: k2, account: bob, state: revoked }", None),
            ("basic", "one: { username: a, password: p }, two: { username: b, password: q }", of("two", "b")),
            ("basic", "one: { username: a, password: p }", of("one", "a")),
            ("basic", "one: { username: token, password: p, account: alice }", of("one", "alice")),
            // two credentials of an account end together
            (
                "basic",
                "one: { username: a, password: p }, two: { username: a, password: q }, three: { username: b, password: r }",
                of("three", "b"),
            ),
            ("hmac", "one: { key_id: k, secret_key: s }", None),
            ("hmac", "one: { key_id: k, secret_key: s, account: alice }", of("one", "alice")),
        ] {
            assert_eq!(disabled(scheme, credentials), expected, "{scheme} {credentials}");
        }
    }
}
