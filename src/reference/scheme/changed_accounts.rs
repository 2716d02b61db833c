//! What an operator does to accounts, by hooks: who is disabled opens nothing, and who has lost a right has lost it everywhere.

use std::sync::Arc;

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;

use super::{Guard, Verifiers};
use crate::reference::rejection::Rejection;
use crate::reference::state::Principal;

impl Verifiers {
    /// A principal with the rights that its account has now; nobody of an account that is disabled (ASVS 8.3.2).
    pub(super) fn as_of_now(&self, guard: Guard, principal: Arc<Principal>) -> Result<Arc<Principal>, Rejection> {
        if !self.accounts.were_changed() {
            return Ok(principal);
        }
        let faulty = match guard {
            // the sessions and tokens of a login end with its account
            Guard::Session | Guard::LoginToken => {
                let keeps = ["demoted-account-keeps-rights", "demoted-account-refreshes-rights"];
                return Ok(match keeps.into_iter().any(|fault| self.state.fault(fault)) {
                    true => principal,
                    false => self.accounts.with_rights(principal),
                });
            }
            Guard::Basic | Guard::BasicCached | Guard::Digest(_) => "disabled-account-keeps-passwords",
            Guard::Bearer => "disabled-account-keeps-tokens",
            _ => "disabled-account-keeps-keys",
        };
        match self.accounts.is_disabled(&principal.name) && !self.state.fault(faulty) {
            true => Err(Rejection::new(StatusCode::FORBIDDEN, "account_disabled")),
            false => Ok(self.accounts.with_rights(principal)),
        }
    }
}

/// Disables an account, which ends its sessions and tokens (ASVS 7.4.2), or enables it again.
pub(in crate::reference) async fn disable(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Path((switch, user)): Path<(String, String)>,
) -> StatusCode {
    let (state, disables) = (&verifiers.state, switch == "on");
    verifiers.accounts.disable(&user, disables);
    if disables && !state.fault("disabled-account-keeps-sessions") {
        verifiers.sessions.end_all_of(&user);
        match state.fault("disabled-account-refreshes") {
            true => verifiers.families.end_access_of(&user),
            false => verifiers.families.end_all_of(&user, &state.faults),
        }
    }
    StatusCode::NO_CONTENT
}

/// Takes the right to read orders from an account, or gives it back.
pub(in crate::reference) async fn demote(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Path((switch, user)): Path<(String, String)>,
) -> StatusCode {
    let demotes = switch == "on";
    verifiers.accounts.demote(&user, demotes);
    if demotes && verifiers.state.fault("demoted-account-refreshes-rights") {
        verifiers.families.end_access_of(&user);
    }
    StatusCode::NO_CONTENT
}
