//! What a login says of the life of accounts: how a password is changed, and how one is asked for that was forgotten.

use std::sync::Arc;

use super::login::{LoginPart, LoginProcedure, LoginStep};

impl LoginProcedure {
    /// Whether it says what becomes of accounts, beside how one logs in.
    pub(super) fn keeps_accounts(&self) -> bool {
        !self.password_change.is_empty() || !self.password_reset.is_empty()
    }

    /// The same login of another user, with the same password.
    #[must_use]
    pub fn with_user(&self, user: &str) -> Arc<Self> {
        Arc::new(Self { account: (user.to_owned(), self.account.1.clone()), ..self.clone() })
    }

    /// How many requests of its password reset come before the first one that says who asks; all where none does.
    pub fn reset_requests_before_user(&self) -> usize {
        let says_who = |step: &LoginStep| step.parts().any(|part| matches!(part, LoginPart::Username));
        self.password_reset.iter().position(says_who).unwrap_or(self.password_reset.len())
    }
}
