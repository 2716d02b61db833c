//! What a login says of the life of accounts: how they are made, how a password is changed, and how one is asked for that was
//! forgotten.

use std::sync::Arc;

use super::login::{LoginPart, LoginProcedure, LoginStep};
use super::near_password::spelled;
use crate::check::step::{DEFAULT_ACCOUNTS, UserSpelling};
use crate::secret::Secret;

impl LoginProcedure {
    /// Whether it says what becomes of accounts, beside how one logs in.
    pub(super) fn keeps_accounts(&self) -> bool {
        [&self.password_change, &self.password_reset, &self.registration].into_iter().any(|steps| !steps.is_empty())
    }

    /// Whether its password change sends the password that is to come, and its login the one that is.
    pub fn changes_password(&self) -> bool {
        let mut parts = self.password_change.iter().flat_map(LoginStep::parts);
        self.takes_account() && parts.any(|part| matches!(part, LoginPart::NewPassword))
    }

    /// The same login with another user-id and password.
    #[must_use]
    pub fn with_account(&self, user: &str, password: Secret) -> Arc<Self> {
        Arc::new(Self { account: (user.to_owned(), Some(password)), ..self.clone() })
    }

    /// The same login of an account that products are shipped with.
    #[must_use]
    pub fn of_shipped(&self, row: usize) -> Arc<Self> {
        let (user, password) = DEFAULT_ACCOUNTS[row];
        let user = match self.account.0.split_once('@') {
            Some((_, domain)) => format!("{user}@{domain}"),
            None => user.to_owned(),
        };
        self.with_account(&user, Secret::new(password))
    }

    /// The same login of another user, with the same password.
    #[must_use]
    pub fn with_user(&self, user: &str) -> Arc<Self> {
        Arc::new(Self { account: (user.to_owned(), self.account.1.clone()), ..self.clone() })
    }

    /// Its user-id, as it is or in another spelling; none where that is no other one.
    pub fn user_spelled(&self, spelling: Option<UserSpelling>) -> Option<String> {
        match spelling {
            Some(spelling) => spelled(&self.account.0, spelling),
            None => Some(self.account.0.clone()),
        }
    }

    /// How many requests of its password reset come before the first one that says who asks; all where none does.
    pub fn reset_requests_before_user(&self) -> usize {
        before_user(&self.password_reset)
    }

    /// The same of its registration.
    pub fn registration_requests_before_user(&self) -> usize {
        before_user(&self.registration)
    }
}

/// How many requests come before the first one that has the user-id.
fn before_user(steps: &[LoginStep]) -> usize {
    let says_who = |step: &LoginStep| step.parts().any(|part| matches!(part, LoginPart::Username));
    steps.iter().position(says_who).unwrap_or(steps.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::login::{LoginBody, LoginText};

    #[test]
    fn what_comes_before_the_user_is_named_says_nothing_about_users() {
        let part = |part: LoginPart| ("x".to_owned(), LoginText(vec![part]));
        let (page, asks) = (part(LoginPart::Input("csrf".to_owned())), part(LoginPart::Username));
        for (requests, expected) in [
            (vec![], 0),
            (vec![asks.clone()], 0),
            (vec![page.clone(), asks.clone(), page.clone()], 1),
            (vec![page.clone(), page], 2),
        ] {
            let login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", "pass"));
            let step = login.steps().next().expect("has one").clone();
            let count = requests.len();
            let of_field = |field| LoginStep { body: Some(LoginBody::Form(vec![field])), ..step.clone() };
            let login = LoginProcedure { password_reset: requests.into_iter().map(of_field).collect(), ..login };
            assert_eq!(login.reset_requests_before_user(), expected, "{count} requests");
            assert_eq!(login.keeps_accounts(), count > 0);
        }
    }

    #[test]
    fn a_user_id_is_spelled_as_it_is_and_otherwise() {
        let login = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice@app.example", "pass"));
        for (spelling, expected) in [
            (None, "alice@app.example"),
            (Some(UserSpelling::OtherCase), "ALICE@APP.EXAMPLE"),
            (Some(UserSpelling::SpaceBehind), "alice@app.example "),
        ] {
            assert_eq!(login.user_spelled(spelling).as_deref(), Some(expected));
            assert_eq!(login.with_user("bob").account.1, login.account.1, "the password stays");
        }
        let digits = login.with_user("10012");
        assert_eq!(digits.user_spelled(Some(UserSpelling::OtherCase)), None);
    }
}
