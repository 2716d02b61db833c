//! Hooks, and the accounts that they disable or take a right away from.

use super::several::RIGHTS;
use super::{Act, Caster, Missing, missing};
use crate::check::step::Hook;
use crate::plan::subject::HookCall;

/// What is missing where nothing says whose account a credential belongs to.
const NO_OWNER: &str = "no valid credential is written in the scenario, names its account and opens something that is read: add \
     `account` to a key or a token, and `material.hooks.disable` (login.disabled-account-loses-access is about logins)";

impl Caster<'_> {
    pub(super) fn hook(&mut self, index: usize, hook: Hook) -> Result<(), Missing> {
        let hooks = &self.subject.material.hooks;
        let (call, key) = match hook {
            Hook::OutageBegins | Hook::OutageEnds => (&hooks.outage, "outage"),
            Hook::Revoke => (&hooks.revoke, "revoke"),
            Hook::Disable(_) | Hook::Enable(_) => (&hooks.disable, "disable"),
            Hook::Demote | Hook::Promote => (&hooks.demote, "demote"),
            Hook::Rotate | Hook::AwaitRotation | Hook::RotateBack => (&hooks.rotate, "rotate"),
        };
        match call {
            None => return missing(format!("no `material.hooks.{key}`")),
            Some(HookCall::Forbidden) => {
                return missing(format!("--no-command or --untrusted forbids `material.hooks.{key}`"));
            }
            Some(HookCall::Command(_) | HookCall::Post(_)) => {}
        }
        self.push(index, None, Act::Hook(hook));
        Ok(())
    }

    /// A credential that is written in the scenario and says whose it is, and the resource that it is tried at first.
    pub(super) fn given_of_account(&self) -> Result<(usize, usize), Missing> {
        let subject = self.subject;
        let found = subject.given_of_account().and_then(|at| Some((at, subject.read_by_given(at)?)));
        found.ok_or_else(|| Missing::of(NO_OWNER))
    }

    pub(super) fn await_account(&mut self, index: usize, enabled: bool) -> Result<(), Missing> {
        let (identity, resource) = self.given_of_account()?;
        self.push(index, None, Act::AwaitAccount { identity, resource, enabled });
        Ok(())
    }

    pub(super) fn await_right(&mut self, index: usize, slot: &'static str, returned: bool) -> Result<(), Missing> {
        let resource = self.of_rights().first().copied().filter(|at| !self.subject.resources[*at].writes);
        self.push(index, None, Act::AwaitRight { slot, resource, returned });
        Ok(())
    }

    /// The resources that need a scope and are open to whoever logs in, no more than the budget.
    pub(super) fn rights(&mut self) -> Result<Vec<usize>, Missing> {
        let mut rights = self.of_rights();
        if rights.is_empty() {
            return missing(
                "no resource with `scopes` is open to whoever logs in: add one that needs a right of its account",
            );
        }
        let beyond = rights.split_off(rights.len().min(RIGHTS));
        self.does_not_visit(beyond);
        Ok(rights)
    }

    /// All of them: what is read comes first, and of that what few may use. What needs to be prepared or can be done once is not
    /// among them: each is asked for several times.
    pub(super) fn of_rights(&self) -> Vec<usize> {
        let subject = self.subject;
        let Some(identity) = subject.login_identity().map(|at| &subject.identities[at]) else { return Vec::new() };
        let fits = |at: &usize| {
            let resource = &subject.resources[*at];
            let is_plain = !resource.writes || (resource.method != "DELETE" && !resource.is_prepared());
            !resource.scopes.is_empty() && is_plain && resource.open_to(identity)
        };
        let mut rights: Vec<usize> = subject.protected().filter(fits).collect();
        rights.sort_by_key(|at| {
            let resource = &subject.resources[*at];
            (resource.writes, subject.identities.iter().filter(|one| resource.open_to(one)).count())
        });
        rights
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::cast::{Act, script};
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn each_right_of_whoever_logs_in_is_asked_for_and_what_few_may_use_is_read_first() {
        let asked = |resources: &str| {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\", owned: true }}\nscheme: bearer\n\
                 logins: {{ app: {{ request: {{ post: /login, json: {{ u: \"{{username}}\", p: \"{{password}}\" }} }} }} }}\n\
                 credentials:\n  chief: {{ login: app, username: a, password: p, scopes: [use, admin] }}\n  \
                 user: {{ login: app, username: b, password: q, scopes: [use] }}\n\
                 material: {{ hooks: {{ demote: [a] }} }}\nresources:\n  - request: GET /me\n{resources}"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            let check = crate::check::find("login.demoted-account-loses-right").expect("is in the catalogue");
            let script = script(check, &subject).map_err(|missing| missing.why)?;
            let name = |at: usize| subject.resources[at].name();
            let mut names: Vec<String> = Vec::new();
            for action in &script.actions {
                match action.act {
                    Act::Send { resource, .. } if !names.contains(&name(resource)) => names.push(name(resource)),
                    Act::AwaitRight { resource, returned: false, .. } => {
                        names.push(format!("await {:?}", resource.map(name)))
                    }
                    _ => {}
                }
            }
            Ok::<_, String>(names.join(", "))
        };
        const ORDERS: &str = "  - { request: GET /orders, scopes: [use] }\n";
        const USERS: &str = "  - { request: GET /users, scopes: [admin] }\n";
        const POST: &str = "  - { request: POST /users, scopes: [admin], writes: true, json: {} }\n";
        const DELETE: &str = "  - { request: DELETE /users/1, scopes: [admin], writes: true }\n";
        const OTHERS: &str = "  - { request: GET /secret, scopes: [root] }\n";
        for (resources, expected) in [
            (&[ORDERS, POST, DELETE, USERS][..], "GET /users, GET /orders, POST /users, await Some(\"GET /users\")"),
            (&[POST, OTHERS], "POST /users, await None"),
        ] {
            assert_eq!(asked(&resources.concat()).as_deref(), Ok(expected), "{resources:?}");
        }
        let why = asked(&[DELETE, OTHERS].concat()).expect_err("nothing is asked for");
        assert!(why.starts_with("no resource with `scopes` is open to whoever logs in"), "{why}");
    }
}
