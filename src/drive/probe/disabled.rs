//! The account that a hook has disabled, until it is enabled again: also where the run is cut in between.

use std::sync::PoisonError;

use super::Prober;
use crate::plan::subject::HookCall;
use crate::target::address::join;
use crate::target::hook;

impl Prober {
    /// Notes which account is about to be disabled, or that none is any more.
    pub(super) fn note_disabled(&self, account: Option<String>) {
        *self.disabled.lock().unwrap_or_else(PoisonError::into_inner) = account;
    }

    /// Enables the account again that a check has disabled and not enabled; what hinders that.
    pub async fn enable_account(&self) -> Option<String> {
        let account = self.disabled.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let hooks = &self.subject().material.hooks;
        let arguments = ["off".to_owned(), account.clone()];
        let still = |why: String| Some(format!("the account {account} is still disabled: {why}"));
        match hooks.disable.as_ref()? {
            HookCall::Forbidden => return None,
            HookCall::Post(path) => {
                let url = join(&self.equipment.base, &format!("{path}/{}", arguments.join("/"))).ok()?;
                if let Err(error) = self.equipment.control.post(url, String::new()).await {
                    return still(error.to_string());
                }
            }
            HookCall::Command(argv) => {
                if let Err(error) = hook::call(&self.equipment.spawner, (argv, &arguments), &hooks.env, "").await {
                    return still(error.to_string());
                }
            }
        }
        self.note_disabled(None);
        None
    }
}
