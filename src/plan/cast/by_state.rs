//! Checks of tokens that have ended, where the scenario declares one and none can be obtained.

use super::{Act, Asker, Caster, Missing, Script};
use crate::check::Check;
use crate::check::step::{On, Step, Want};
use crate::observe::Description;
use crate::plan::subject::{CredentialState, Login};

impl Caster<'_> {
    /// Where tokens cannot be obtained, a credential that the scenario declares as expired or revoked takes the place
    /// of one that is made so.
    pub(super) fn declared_state(&self, check: &Check) -> Option<CredentialState> {
        let obtainable = self.subject.identities.iter().any(|identity| matches!(identity.login, Login::Client { .. }));
        let waits = |wanted: fn(&Step) -> bool| check.steps.iter().any(wanted);
        let denies = waits(|step| matches!(step, Step::Send(send) if matches!(send.want, Want::Denied(_))));
        // what a login returns may end by itself, and is waited for where no credential is declared as expired: not at the end
        // that the scenario declares, which may be earlier than the target's so as to renew in time
        let procedure = self.subject.login_identity().and_then(|at| self.subject.procedure_of(at));
        let ends = procedure.is_some_and(|login| login.end.is_stated())
            && self.subject.in_state(CredentialState::Expired).is_none();
        if obtainable || !denies || waits(|step| matches!(step, Step::Keys(_) | Step::Session(_))) {
            None
        } else if waits(|step| matches!(step, Step::AwaitExpiry(_))) {
            if ends {
                return None;
            }
            Some(CredentialState::Expired)
        } else if waits(|step| matches!(step, Step::AwaitRefusal(_))) {
            Some(CredentialState::Revoked)
        } else {
            None
        }
    }

    pub(super) fn by_state(mut self, check: &'static Check, state: CredentialState) -> Result<Script, Missing> {
        let word = if state == CredentialState::Expired { "expired" } else { "revoked" };
        let identity = self.in_state(state, word)?;
        let main = self.main_resource()?;
        for (index, step) in check.steps.iter().enumerate() {
            let Step::Send(send) = step else { continue };
            if !matches!(send.want, Want::Denied(_)) {
                continue;
            }
            let visited = match send.on {
                On::EachRoute | On::EachRead | On::EachGet => self.routes(send)?,
                On::EachWrite => self.writes(send).unwrap_or_default(),
                _ => vec![main],
            };
            for resource in visited {
                self.controls_of(send, resource, resource);
                let act = Act::Send { asker: Asker::Identity(identity), resource, counts: resource, send: *send };
                let name = self.subject.resources[resource].name();
                let description = match resource == main {
                    true => format!("a credential that is {word}"),
                    false => format!("{name} a credential that is {word}"),
                };
                self.push(index, Some(Description::new(description)), act);
            }
        }
        Ok(self.script)
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::cast::{Act, script};
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn a_declared_token_goes_to_each_route_and_to_writes_of_what_is_owned() {
        let visited = |check: &str, owned: bool| {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\", owned: {owned} }}\nscheme: bearer\n\
                 credentials:\n  good: {{ token: good-0123456789abcdef }}\n  \
                 old: {{ token: old-0123456789abcdef, state: expired }}\n  \
                 bad: {{ token: bad-0123456789abcdef, state: revoked }}\n\
                 resources:\n  - request: GET /orders\n  - request: GET /users\n  \
                 - {{ request: POST /orders, writes: true, json: {{}} }}\n"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            let check = crate::check::find(check).expect("is in the catalogue");
            let script = script(check, &subject).map_err(|missing| missing.why).expect("is tested");
            let mut visited: Vec<(String, String)> = Vec::new();
            for action in &script.actions {
                let Act::Send { asker, resource, .. } = &action.act else { continue };
                let who = &subject.identities[asker.identity().expect("is declared")].name;
                visited.push((who.clone(), subject.resources[*resource].name()));
            }
            visited.sort();
            visited.dedup();
            visited
        };
        let of = |who: &str, names: &[&str]| -> Vec<(String, String)> {
            names.iter().map(|name| (who.to_owned(), (*name).to_owned())).collect()
        };
        for (check, who) in [("bearer.expired-token-401", "old"), ("bearer.revoked-token-401", "bad")] {
            assert_eq!(visited(check, true), of(who, &["GET /orders", "GET /users", "POST /orders"]), "{check}");
            assert_eq!(visited(check, false), of(who, &["GET /orders", "GET /users"]), "{check}");
        }
    }
}
