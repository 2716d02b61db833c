//! Logins that are wrong on purpose: what becomes of the right one.

use std::sync::Arc;

use super::login::LoginProcedure;
use crate::check::step::SessionAct;

impl LoginProcedure {
    /// The login as an act changes it; none where it has nothing that the act changes, or the act sends it as it is.
    #[must_use]
    pub fn changed_by(&self, act: SessionAct) -> Option<Arc<Self>> {
        match act {
            SessionAct::Unusual(member, kind) => self.with_unusual(member, kind),
            SessionAct::Malformed(kind) => self.with_malformed_body(kind),
            SessionAct::InQuery(kind) => self.with_account_in_query(kind),
            SessionAct::NearPassword(kind) => self.with_near_password(kind),
            SessionAct::ChangedGrant(change) => self.with_changed_grant(change),
            SessionAct::FromForeignPage => self.from_foreign_page(),
            SessionAct::ReturningTo(site) => self.returning_to(site),
            SessionAct::DefaultAccount(row) => Some(self.of_shipped(row)),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::login::{CredentialEnd, CredentialSource, LoginBody, LoginStep, LoginText};
    use super::*;
    use crate::secret::Secret;

    /// A login of one POST request.
    pub(in crate::plan) fn login_in_test(address: &str, body: LoginBody, account: (&str, &str)) -> LoginProcedure {
        let step = LoginStep {
            method: "POST",
            address: LoginText::plain(address),
            headers: Vec::new(),
            basic: None,
            client: None,
            assertion_audience: None,
            media: None,
            body: Some(body),
            success: None,
        };
        LoginProcedure {
            source: CredentialSource::Requests(vec![step]),
            token: None,
            end: CredentialEnd::AsAnswered,
            refresh: None,
            refreshed: None,
            logout: Vec::new(),
            password_change: Vec::new(),
            cookies: None,
            write_headers: Vec::new(),
            account: (account.0.to_owned(), Some(Secret::new(account.1))),
            most_failures: 3,
        }
    }

    #[test]
    fn an_account_that_products_are_shipped_with_keeps_the_domain_of_the_users() {
        let user = |own: &str| {
            let login = login_in_test("/login", LoginBody::Form(Vec::new()), (own, "pass"));
            login.changed_by(SessionAct::DefaultAccount(0)).expect("is made").account.0.clone()
        };
        assert_eq!((user("alice"), user("alice@app.example")), ("admin".to_owned(), "admin@app.example".to_owned()));
        let login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", "pass"));
        assert!(login.changed_by(SessionAct::LogIn("s")).is_none(), "it is sent as it is");
    }

    #[test]
    fn what_a_command_is_told_of_the_target_is_no_secret() {
        let mut login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", "pass"));
        let env = [("URL", "http://127.0.0.1:8201"), ("HOOK", "http://127.0.0.1:8201/s3cret"), ("KEY", "k-71")];
        let env = env.map(|(name, value)| (name.to_owned(), Secret::new(value))).to_vec();
        login.source = CredentialSource::Command { argv: vec!["log-in".to_owned()], env };
        let secrets: Vec<&str> = login.secrets().into_iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["pass", "http://127.0.0.1:8201/s3cret", "k-71"]);
    }
}
