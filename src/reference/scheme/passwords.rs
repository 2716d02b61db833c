//! What logins by password have in common, whatever they lead to.

use std::sync::Arc;

use super::Verifiers;
use crate::reference::state::Principal;

/// Who has this password; else the error that says why not.
pub(super) fn verify(verifiers: &Verifiers, user: &str, password: &str) -> Result<Arc<Principal>, &'static str> {
    let (state, accounts) = (&*verifiers.state, &verifiers.accounts);
    if state.fault("login-without-password")
        && let Some(principal) = accounts.principal(user)
    {
        return Ok(principal);
    }
    if state.fault("login-names-unknown-user") && !accounts.knows(user) {
        return Err("user_not_found");
    }
    accounts.verify(state, user, password, false).ok_or("invalid_credentials")
}
