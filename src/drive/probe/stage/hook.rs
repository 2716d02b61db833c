//! Hooks of the scenario.

use super::{Halt, Kept, Stage};
use crate::check::step::{AccountOf, Hook};
use crate::drive::control::Token;
use crate::drive::probe::changed_accounts::AccountChange;
use crate::drive::probe::{allowance, values};
use crate::observe::Evidence;
use crate::plan::subject::HookCall;
use crate::secret::Secret;
use crate::target::address::join;
use crate::target::hook;

impl Stage<'_> {
    pub(super) async fn call(&mut self, hook: Hook, evidence: &mut Evidence) -> Result<(), Halt> {
        let hooks = &self.prober.subject().material.hooks;
        if hook == Hook::AwaitRotation {
            return Box::pin(self.await_rotation(evidence)).await;
        }
        let mut body = String::new();
        let (call, arguments) = match hook {
            Hook::OutageBegins => (&hooks.outage, vec!["on".to_owned()]),
            Hook::OutageEnds => (&hooks.outage, vec!["off".to_owned()]),
            Hook::Revoke => (&hooks.revoke, vec![self.principal()]),
            Hook::Disable(whose) => (&hooks.disable, vec!["on".to_owned(), self.account(whose)]),
            Hook::Enable(whose) => (&hooks.disable, vec!["off".to_owned(), self.account(whose)]),
            Hook::Demote => (&hooks.demote, vec!["on".to_owned(), self.account(AccountOf::LogsIn)]),
            Hook::Promote => (&hooks.demote, vec!["off".to_owned(), self.account(AccountOf::LogsIn)]),
            Hook::Rotate | Hook::AwaitRotation => (&hooks.rotate, vec![self.principal()]),
            Hook::RotateBack => {
                body = self.good_secret().await?;
                (&hooks.rotate, vec![self.principal()])
            }
        };
        let call = call.as_ref().ok_or_else(|| Halt::Untestable("the scenario has no such hook".to_owned()))?;
        match hook {
            Hook::OutageBegins => self.outage = true,
            Hook::OutageEnds => self.outage = false,
            Hook::Rotate => self.rotated = true,
            Hook::RotateBack => self.rotated = false,
            // before it is sent: whatever ends this run meanwhile, the target may have done it
            Hook::Disable(whose) => self.prober.note_changed(AccountChange::Disabled, self.account(whose)),
            Hook::Demote => self.prober.note_changed(AccountChange::Demoted, self.account(AccountOf::LogsIn)),
            Hook::Enable(_) | Hook::Promote | Hook::Revoke | Hook::AwaitRotation => {}
        }
        let said = match call {
            HookCall::Post(path) => self.post_hook(path, &arguments, body).await?,
            HookCall::Command(argv) => {
                let spawner = &self.prober.equipment.spawner;
                let _shown = allowance::shown("a hook of the scenario", None);
                let said = allowance::apart(hook::call(spawner, (argv, &arguments), &hooks.env, &body)).await;
                said.map_err(|error| Halt::Obstacle(error.to_string()))?
            }
            HookCall::Forbidden => {
                return Err(Halt::Untestable("--no-command or --untrusted forbids the hook".to_owned()));
            }
        };
        match hook {
            Hook::Enable(whose) => self.prober.note_restored(AccountChange::Disabled, &self.account(whose)),
            Hook::Promote => self.prober.note_restored(AccountChange::Demoted, &self.account(AccountOf::LogsIn)),
            _ => {}
        }
        if hook == Hook::Rotate {
            let key = rotated_key(&said).ok_or_else(|| Halt::Obstacle("the rotate hook printed no key".to_owned()))?;
            values::note_text(&key, evidence);
            let value = Secret::new(key);
            if value.has_control_characters() {
                return Err(Halt::Obstacle(
                    "the rotate hook printed a key with a control character; authbench does not send it".to_owned(),
                ));
            }
            let token = Token::endless(value);
            self.slots.insert("rotated", Kept::of(token, None));
        }
        Ok(())
    }

    pub(super) async fn post_hook(&self, path: &str, arguments: &[String], body: String) -> Result<Vec<u8>, Halt> {
        let path = format!("{path}/{}", arguments.join("/"));
        let url = join(&self.prober.equipment.base, &path).map_err(|error| Halt::Obstacle(error.to_string()))?;
        let posted = self.prober.equipment.control.post(url, body).await;
        posted.map_err(|error| Halt::Obstacle(format!("the hook {path} failed: {error}")))
    }

    pub(super) async fn good_secret(&self) -> Result<String, Halt> {
        let (_, good) = self.used_first()?;
        Ok(self.proof(good).await?.secret().to_owned())
    }

    /// The resource that most checks use, and the identity that uses it.
    pub(super) fn used_first(&self) -> Result<(usize, usize), Halt> {
        let subject = self.prober.subject();
        let found = subject.main_resource().and_then(|resource| Some((resource, subject.good_for(resource)?)));
        found.ok_or_else(|| Halt::Obstacle("no good credential".to_owned()))
    }

    /// The user-id of an account, or the name of its credential.
    fn account(&self, whose: AccountOf) -> String {
        self.prober.subject().account_of(whose)
    }

    pub(super) fn principal(&self) -> String {
        let subject = self.prober.subject();
        let good = subject.main_resource().and_then(|resource| subject.good_for(resource));
        good.map(|good| subject.identities[good].name.clone()).unwrap_or_default()
    }
}

/// A key as JSON, or as the first line of what a command printed.
fn rotated_key(said: &[u8]) -> Option<String> {
    if let Ok(json) = serde_json::from_slice::<serde_json::Value>(said) {
        return json.get("api_key").or_else(|| json.get("key"))?.as_str().map(str::to_owned);
    }
    let text = String::from_utf8_lossy(said);
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}
