//! The accounts that a hook has changed, until it has changed them back: also where the run is cut in between.

use std::sync::PoisonError;

use super::Prober;
use crate::plan::subject::{HookCall, HookCalls};
use crate::target::address::join;
use crate::target::hook;

/// What a hook does to an account by `on`, and takes back by `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccountChange {
    /// It is disabled.
    Disabled,
    /// It loses a right.
    Demoted,
}

impl AccountChange {
    fn call(self, hooks: &HookCalls) -> Option<&HookCall> {
        match self {
            AccountChange::Disabled => hooks.disable.as_ref(),
            AccountChange::Demoted => hooks.demote.as_ref(),
        }
    }

    /// What is said of an account that was not changed back.
    fn still(self, account: &str, why: &str) -> String {
        match self {
            AccountChange::Disabled => format!("the account {account} is still disabled: {why}"),
            AccountChange::Demoted => format!("the account {account} still lacks the right that it had: {why}"),
        }
    }
}

impl Prober {
    /// Notes that an account is about to be changed.
    pub(super) fn note_changed(&self, change: AccountChange, account: String) {
        self.changed_accounts.lock().unwrap_or_else(PoisonError::into_inner).push((change, account));
    }

    /// Notes that it was changed back.
    pub(super) fn note_restored(&self, change: AccountChange, account: &str) {
        let mut changed = self.changed_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|(other, of)| *other != change || of != account);
    }

    /// Changes the accounts back that a check has changed and not changed back; what hinders that.
    pub async fn restore_accounts(&self) -> Vec<String> {
        let changed = self.changed_accounts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut hindered = Vec::new();
        for (change, account) in changed {
            match self.restore(change, &account).await {
                Ok(()) => self.note_restored(change, &account),
                Err(why) => hindered.push(change.still(&account, &why.to_string())),
            }
        }
        hindered
    }

    async fn restore(
        &self,
        change: AccountChange,
        account: &str,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let hooks = &self.subject().material.hooks;
        let arguments = ["off".to_owned(), account.to_owned()];
        match change.call(hooks) {
            None | Some(HookCall::Forbidden) => {}
            Some(HookCall::Post(path)) => {
                let url = join(&self.equipment.base, &format!("{path}/{}", arguments.join("/")))?;
                self.equipment.control.post(url, String::new()).await?;
            }
            Some(HookCall::Command(argv)) => {
                hook::call(&self.equipment.spawner, (argv, &arguments), &hooks.env, "").await?;
            }
        }
        Ok(())
    }
}
