//! Who asks.

use super::forging::OTHER_AUDIENCE;
use super::reasons::NO_MIXED_PATH;
use super::{Asker, Caster, Missing, NO_RESOURCES, OtherLines, missing};
use crate::check::step::{Artefact, ClientRole, DEFAULT_ACCOUNTS, On, PeculiarAccount, Who};
use crate::plan::subject::{CredentialState, Login, PeculiarLogin};
use crate::scheme::Proof;
use crate::secret::Secret;

impl Caster<'_> {
    pub(super) fn asker(&self, who: Who, resource: usize) -> Result<Asker, Missing> {
        let subject = self.subject;
        let good = || match subject.good_for(resource).or_else(|| subject.good_for(subject.main_resource()?)) {
            Some(good) => Ok(good),
            None => Err(self.nothing_protected()),
        };
        let low = || {
            let gap = subject.scope_gap_at(resource).or_else(|| subject.scope_gap(None));
            gap.map(|gap| gap.low).ok_or_else(|| self.no_scope_gap(false))
        };
        Ok(match who {
            Who::Anonymous => Asker::Anonymous,
            Who::Good => Asker::Identity(good()?),
            Who::LowScope => Asker::Identity(low()?),
            Who::OtherLowScope => match subject.other_scope_gap_at(resource) {
                Some(gap) => Asker::Identity(gap.low),
                None => return missing("no second valid credential that lacks a scope"),
            },
            Who::LookalikeScope => match subject.lookalike_gap_at(resource) {
                Some(gap) => Asker::Identity(gap.low),
                None => return missing("no valid credential whose scopes look like those that it lacks"),
            },
            Who::LowWriter => match self.round.and_then(|round| subject.scope_gap_at(round.write)) {
                Some(gap) => Asker::Identity(gap.low),
                None => return Err(self.no_scope_gap(true)),
            },
            Who::OtherTenant => match subject.tenant_gap_at(resource).or_else(|| subject.tenant_gap()) {
                Some(gap) => Asker::Identity(gap.low),
                None => return Err(self.no_tenant_gap()),
            },
            Who::OtherOwner => match subject.mixed_path_at(resource) {
                Some(mixed) => Asker::Identity(mixed.low),
                None => return missing(NO_MIXED_PATH),
            },
            Who::Second => match subject.second_for(resource) {
                Some(second) => Asker::Identity(second),
                None => {
                    let name = subject.resources[resource].name();
                    return missing(format!("no second valid credential may use {name}: add one of another principal"));
                }
            },
            Who::OfAccount => Asker::Identity(self.given_of_account()?.0),
            Who::Writer => match self.writer() {
                Some(writer) if subject.resources[resource].open_to(&subject.identities[writer]) => {
                    Asker::Identity(writer)
                }
                _ => Asker::Identity(good()?),
            },
            Who::PasswordOfAnother => Asker::Given(self.password_of_another(good()?)?, None),
            Who::Revoked => Asker::Identity(self.given_in_state(CredentialState::Revoked, resource)?),
            Who::Expired => Asker::Identity(self.given_in_state(CredentialState::Expired, resource)?),
            Who::Forged(name) => Asker::Forged(good()?, name),
            Who::ForgedLow(name) => Asker::Forged(low()?, name),
            Who::EachForged(ids) => {
                self.can_forge(ids)?;
                Asker::EachForged(good()?, ids)
            }
            Who::Malformed => Asker::Malformed,
            Who::Slot(slot) => Asker::Slot(slot),
            Who::Refreshed(slot) => {
                let login = subject.login_identity().and_then(|at| subject.procedure_of(at));
                match login.is_some_and(|login| login.refresh.is_some()) {
                    true => Asker::Slot(slot),
                    false => return missing("no `refresh` in the login"),
                }
            }
            Who::SlotAlone(slot) => Asker::SlotAlone(slot),
            Who::IfKept(slot) => Asker::IfKept(slot),
            Who::AnswerCookies => Asker::AnswerCookies,
            Who::LoggedIn => Asker::Identity(self.two_logins()?.0),
            Who::OtherLoggedIn => Asker::Identity(self.two_logins()?.1),
            Who::OtherNamedAsLoggedIn => {
                let (other, own) = self.two_logins()?;
                Asker::WithNameOf { own, other }
            }
            Who::WithMalformedCookies(slot) => Asker::WithMalformedCookies(slot),
            Who::RenewedCookies(slot) => Asker::RenewedCookies(slot),
            Who::OtherCookies(slot) => Asker::OtherCookies(slot),
            Who::UnguardedCookies(slot, attribute) => Asker::UnguardedCookies(slot, attribute),
            Who::WithoutWriteHeaders => Asker::OtherWriteHeaders(self.with_write_headers(good()?)?, OtherLines::None),
            Who::WithoutWritePair => Asker::OtherWriteHeaders(self.with_write_headers(good()?)?, OtherLines::NoPair),
            Who::WithEmptyWritePair => {
                Asker::OtherWriteHeaders(self.with_write_headers(good()?)?, OtherLines::EmptyPair)
            }
            Who::OfForeignPage => match self.with_write_headers(good()?) {
                Ok(identity) => Asker::OtherWriteHeaders(identity, OtherLines::None),
                Err(_) => Asker::Identity(good()?),
            },
            Who::WithWriteHeadersOf(slot) => {
                Asker::OtherWriteHeaders(self.with_write_headers(good()?)?, OtherLines::Of(slot))
            }
            Who::WithWritePairOf(slot) => {
                Asker::OtherWriteHeaders(self.with_write_headers(good()?)?, OtherLines::PairOf(slot))
            }
            Who::WithEarlierWriteHeaders(slot) => {
                self.with_write_headers(good()?)?;
                Asker::EarlierWriteHeaders(slot)
            }
            Who::Account(account) => Asker::Given(self.account(account)?, None),
            Who::DefaultAccount(row) => {
                let (user, password) = DEFAULT_ACCOUNTS[row];
                Asker::Given(Proof::Password { user: user.to_owned(), password: Secret::new(password) }, None)
            }
            Who::ForgedAccount(account, name) => Asker::Given(self.account(account)?, Some(name)),
            // with the issuer's key, a token for another audience is a forgery like others
            Who::Artefact(Artefact::OtherAudienceToken) if self.mints_other_audience() => {
                Asker::Forged(good()?, OTHER_AUDIENCE)
            }
            Who::Artefact(artefact) => Asker::Given(self.artefact(artefact)?, None),
        })
    }

    /// Whoever may do the write of the round, or the one that checks without rounds are about, and read back what it changes.
    fn writer(&self) -> Option<usize> {
        let round = self.round.or_else(|| self.subject.shown_by(self.resource(On::Writable, Who::Good).ok()?));
        round.map(|round| round.identity)
    }

    /// The identity whose login checks use, and another one.
    fn two_logins(&self) -> Result<(usize, usize), Missing> {
        let good = match self.subject.login_identity() {
            Some(good) => good,
            None => return missing("no valid credential with a `login` of requests"),
        };
        match self.subject.lesser_login(good) {
            Some(other) => Ok((good, other)),
            None => missing("no second valid credential with a `login` of requests"),
        }
    }

    fn in_state(&self, state: CredentialState, word: &str) -> Result<usize, Missing> {
        match self.subject.in_state(state) {
            Some(identity) => Ok(identity),
            None => missing(format!("no credential with `state: {word}`")),
        }
    }

    /// A credential in a state other than valid that is sent as it is written: one that may use the resource but for its state, where
    /// there is one. Of what is obtained, whoever is refused already at the login shows nothing of the resource.
    pub(super) fn given_in_state(&self, state: CredentialState, resource: usize) -> Result<usize, Missing> {
        let (subject, word) = (self.subject, if state == CredentialState::Expired { "expired" } else { "revoked" });
        let first = self.in_state(state, word)?;
        let is_given = |at: &usize| {
            let identity = &subject.identities[*at];
            let logs_in = matches!(identity.login, Login::Client { .. }) || subject.procedure_of(*at).is_some();
            identity.state == state && !logs_in
        };
        let given: Vec<usize> = (0..subject.identities.len()).filter(is_given).collect();
        let resource = &subject.resources[resource];
        let is_entitled = |at: &&usize| resource.would_be_open_to(&subject.identities[**at]);
        match given.iter().find(is_entitled).or(given.first()) {
            Some(found) => Ok(*found),
            None => missing(format!(
                "the credential `{}` with `state: {word}` is obtained by a login, which the target refuses: write a credential \
                 that was good once in its place",
                subject.identities[first].name
            )),
        }
    }

    /// The user-id of an identity with the password of another one.
    fn password_of_another(&self, good: usize) -> Result<Proof, Missing> {
        let password = |at: usize| match &self.subject.identities[at].login {
            Login::Proof(Proof::Password { user, password }) => Some((user, password)),
            _ => None,
        };
        let Some((user, own)) = password(good) else { return missing("the good credential has no password") };
        let others = (0..self.subject.identities.len()).filter_map(password);
        let mut others = others.filter(|(other, secret)| *other != user && secret.expose() != own.expose());
        match others.next() {
            Some((_, other)) => Ok(Proof::Password { user: user.clone(), password: other.clone() }),
            None => missing("no second credential with another user-id and password"),
        }
    }

    /// Whether the scenario has an account of the name of one that products are shipped with: that it has its password is for
    /// whoever made it.
    pub(super) fn has_default_account(&self, row: usize) -> bool {
        let (user, _) = DEFAULT_ACCOUNTS[row];
        self.subject.identities.iter().any(|identity| identity.account_name().as_deref() == Some(user))
    }

    pub(super) fn account(&self, account: PeculiarAccount) -> Result<Proof, Missing> {
        let found = self.peculiar(account)?;
        Ok(Proof::Password { user: found.user.clone(), password: found.password.clone() })
    }

    fn peculiar(&self, account: PeculiarAccount) -> Result<&PeculiarLogin, Missing> {
        let found = self.subject.material.accounts.iter().find(|found| found.kind == account);
        found.ok_or_else(|| Missing::of(format!("no `material.{}`", key_of(account))))
    }

    /// What such an account may read, as far as the scenario says it: what is of no other tenant.
    pub(super) fn open_to_account(&self, account: PeculiarAccount) -> Result<usize, Missing> {
        let (own, subject) = (self.peculiar(account)?, self.subject);
        let main = self.main_resource()?;
        let of_no_other = |at: &usize| {
            let tenant = &subject.resources[*at].tenant;
            tenant.is_none() || *tenant == own.tenant
        };
        let mut readable = subject.protected().filter(|at| !subject.resources[*at].writes);
        let found = Some(main).filter(of_no_other).or_else(|| readable.find(of_no_other));
        found.ok_or_else(|| {
            let key = key_of(account);
            Missing::of(format!(
                "each protected resource that is read is of another tenant than `material.{key}`: add one that it may read, and its `tenant`"
            ))
        })
    }

    pub(super) fn artefact(&self, artefact: Artefact) -> Result<Proof, Missing> {
        let material = &self.subject.material;
        let grant = material.refresh_grant.as_ref();
        let (found, key) = match artefact {
            Artefact::OtherAudienceToken => (material.other_audience_token.as_ref(), "other_audience_token"),
            Artefact::RefreshToken => (material.refresh_token.as_ref(), "refresh_token"),
            Artefact::GrantRefreshToken => (grant.map(|grant| &grant.refresh_token), "refresh_grant"),
            Artefact::GrantAccessToken => (grant.map(|grant| &grant.access_token), "refresh_grant"),
        };
        match found {
            Some(token) => Ok(Proof::Token(token.clone())),
            None => missing(format!("no `material.{key}`")),
        }
    }

    pub(super) fn client(&self, client: ClientRole) -> Result<usize, Missing> {
        const ADD: &str = "add a credential with `client_id` and `client_secret`";
        let subject = self.subject;
        let good = match subject.endpoint_identity() {
            Some(good) => good,
            None if subject.resources.is_empty() => return missing("no valid credential with a `client_id`"),
            None => return Err(self.nothing_protected()),
        };
        let found = match client {
            ClientRole::Good => good,
            ClientRole::LowScope if subject.resources.is_empty() => return missing(NO_RESOURCES),
            ClientRole::LowScope => {
                match subject.scope_gap_of_client().or_else(|| subject.scope_gap(None)).map(|gap| gap.low) {
                    None => return Err(self.no_scope_gap(false)),
                    // it is entitled to the scope, and only asked for another one
                    Some(low) if subject.identities[low].asks_for_less => {
                        return missing(format!(
                            "no client that is not entitled to a scope of a protected resource: {ADD} and without that scope"
                        ));
                    }
                    Some(low) => low,
                }
            }
            ClientRole::Second => match subject.second_client(good) {
                Some(second) => second,
                None => return missing(format!("no second client: {ADD}")),
            },
        };
        // what a login returns has the scopes that its server chooses
        let obtained = |login: &Login| match login {
            Login::Client { .. } | Login::Minted { .. } => true,
            Login::Procedure(_) => client != ClientRole::LowScope,
            _ => false,
        };
        if obtained(&subject.identities[found].login) {
            return Ok(found);
        }
        missing(format!(
            "the credential `{}` is no client of the token endpoint: {ADD}",
            subject.identities[found].name
        ))
    }
}

/// The key of the scenario.
fn key_of(account: PeculiarAccount) -> &'static str {
    match account {
        PeculiarAccount::LongPassword => "long_password_account",
        PeculiarAccount::ColonPassword => "colon_password_account",
        PeculiarAccount::Utf8Password => "utf8_password_account",
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::cast::{Act, script};
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    /// Who is sent by a check of the state of credentials, or why nobody is.
    fn sent(check: &str, scheme: &str, good: &str, others: &str) -> Result<Vec<String>, String> {
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\" }}\nscheme: {scheme}\n\
             logins: {{ app: {{ request: {{ post: /login, json: {{ u: \"{{username}}\" }} }} }} }}\n\
             credentials:\n  good: {{ {good} }}\n{others}\
             resources:\n  - request: GET /orders\n  - {{ request: GET /users, scopes: [admin] }}\n"
        );
        let text = match text.contains("login: app") {
            true => text,
            false => text.lines().filter(|line| !line.starts_with("logins:")).map(|line| format!("{line}\n")).collect(),
        };
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        let subject = resolve::subject(&loaded, &Values::blind(&loaded));
        let check = crate::check::find(check).expect("is in the catalogue");
        let script = script(check, &subject).map_err(|missing| missing.why)?;
        let asker = |action: &crate::plan::Action| match &action.act {
            Act::Send { asker, .. } => asker.identity().map(|at| subject.identities[at].name.clone()),
            _ => None,
        };
        Ok(script.actions.iter().filter_map(asker).collect())
    }

    #[test]
    fn a_credential_in_a_state_is_sent_under_each_scheme_that_writes_it() {
        const PASSWORD: &str = "username: a, password: b";
        for (scheme, fields) in [
            ("basic", PASSWORD),
            ("digest", PASSWORD),
            ("hmac", "key_id: a, secret_key: b"),
            ("{ sigv4: { region: r, service: s } }", "access_key: a, secret_key: b"),
            ("session", "token: a"),
        ] {
            let good = format!("{fields}, scopes: [admin]");
            let revoked = format!(
                "  narrow: {{ {fields}, state: revoked }}\n  wide: {{ {fields}, state: revoked, scopes: [admin] }}\n"
            );
            // whoever lacks a scope would be refused for that
            let expected = Ok(vec!["narrow".to_owned(), "wide".to_owned()]);
            assert_eq!(sent("common.revoked-denied", scheme, &good, &revoked), expected, "{scheme}");
            let why = sent("common.expired-denied", scheme, &good, &revoked).expect_err("nobody is");
            assert_eq!(why, "no credential with `state: expired`", "{scheme}");
        }
    }

    #[test]
    fn what_is_obtained_by_a_login_is_no_credential_in_a_state() {
        let user = "login: app, username: a, password: b";
        let expired = format!("  old: {{ {user}, state: expired }}\n");
        let why = sent("common.expired-denied", "session", &format!("{user}, scopes: [admin]"), &expired);
        let why = why.expect_err("nobody is");
        assert!(why.contains("`old` with `state: expired` is obtained by a login"), "{why}");
    }
}
