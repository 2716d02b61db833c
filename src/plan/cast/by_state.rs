//! Checks of tokens that have ended or were revoked: those that are obtained and end while the run goes on, and those that the scenario
//! declares so. A verifier that remembers tokens may take the one and refuse the other.

use super::{Act, Asker, Caster, Missing, Script};
use crate::check::Check;
use crate::check::step::{On, Step, Want};
use crate::observe::Description;
use crate::plan::subject::{CredentialState, Login};

/// The state of the credential that a check wants refused, where it brings that about by waiting or by revocation.
pub(super) fn state_of(check: &Check) -> Option<CredentialState> {
    let has = |wanted: fn(&Step) -> bool| check.steps.iter().any(wanted);
    let denies = has(|step| matches!(step, Step::Send(send) if matches!(send.want, Want::Denied(_))));
    if !denies || has(|step| matches!(step, Step::Keys(_) | Step::Session(_))) {
        None
    } else if has(|step| matches!(step, Step::AwaitExpiry(_))) {
        Some(CredentialState::Expired)
    } else if has(|step| matches!(step, Step::AwaitRefusal(_))) {
        Some(CredentialState::Revoked)
    } else {
        None
    }
}

impl Caster<'_> {
    /// The steps of the check with each token that can be obtained, and then the credential that the scenario declares in this state.
    /// Each is a part of its own: one that turns out to live too long keeps nobody from sending the others.
    pub(super) fn in_state_each_way(
        mut self,
        check: &'static Check,
        state: CredentialState,
    ) -> Result<Script, Missing> {
        // a check of an endpoint is about what that issues
        let is_of_endpoint = check.steps.iter().any(|step| matches!(step, Step::Form(_)));
        let obtained = self.obtained_ways(state, is_of_endpoint);
        let mut failure = None;
        for by in &obtained {
            self.obtained_by = *by;
            if let Err(missing) = self.apart(|caster| caster.all_steps(check)) {
                failure.get_or_insert(missing);
            }
        }
        let has_part = !self.script.actions.is_empty();
        if is_of_endpoint && !obtained.is_empty() {
            return if has_part { Ok(self.script) } else { Err(failure.unwrap_or_else(|| self.nothing_protected())) };
        }
        match self.apart(|caster| caster.by_state(check, state)) {
            Err(missing) if !has_part => return Err(failure.unwrap_or(missing)),
            _ => {}
        }
        self.script.not_tried = failure.map(|missing| format!("a token that is obtained: {}", missing.why));
        Ok(self.script)
    }

    /// Adds a part to what is done; nothing of it where it cannot be.
    fn apart(&mut self, part: impl FnOnce(&mut Self) -> Result<(), Missing>) -> Result<(), Missing> {
        let before = self.script.clone();
        if let Some(last) = self.script.actions.last() {
            let step = last.step;
            self.push(step, None, Act::Apart);
        }
        let done = part(self);
        if done.is_err() {
            self.script = before;
        }
        done
    }

    /// Who obtains tokens that can be brought into a state: the client that asks the endpoints (none named), and, where it ends by
    /// itself, what a login returns. Not at the end that the scenario declares, which may be earlier than the target's so as to renew
    /// in time.
    fn obtained_ways(&self, state: CredentialState, is_of_endpoint: bool) -> Vec<Option<usize>> {
        let subject = self.subject;
        let has_client = subject.identities.iter().any(|identity| matches!(identity.login, Login::Client { .. }));
        let ends = |at: &usize| subject.procedure_of(*at).is_some_and(|login| login.end.is_stated());
        let login = subject.login_identity().filter(ends).filter(|_| state == CredentialState::Expired);
        let is_another = login.is_some() && login != subject.endpoint_identity();
        let mut ways = Vec::new();
        if has_client || (is_of_endpoint && login.is_some()) {
            ways.push(None);
        }
        if !is_of_endpoint && (is_another || !has_client) {
            ways.extend(login.map(Some));
        }
        ways
    }

    fn by_state(&mut self, check: &'static Check, state: CredentialState) -> Result<(), Missing> {
        let word = if state == CredentialState::Expired { "expired" } else { "revoked" };
        let main = self.main_resource()?;
        let identity = self.given_in_state(state, main)?;
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
        Ok(())
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

    /// What is done, in order: who obtains a token, that its end is waited for, or its refusal after its revocation, and who is sent.
    fn planned(check: &str, credentials: &str) -> Result<(String, Option<String>), String> {
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\" }}\n\
             scheme: {{ oauth2-client-credentials: {{ token_url: /token, revocation_url: /revoke }} }}\n\
             logins: {{ app: {{ request: {{ post: /login, json: {{ u: \"{{username}}\" }} }}, expires_in: /ttl }} }}\n\
             credentials:\n{credentials}resources: [{{ request: GET /orders }}]\n"
        );
        let text = match (text.contains("login: app"), text.contains("client_id")) {
            (true, _) => text,
            _ => text.lines().filter(|line| !line.starts_with("logins:")).map(|line| format!("{line}\n")).collect(),
        };
        let text = match text.contains("client_id") {
            true => text,
            false => {
                text.replace("{ oauth2-client-credentials: { token_url: /token, revocation_url: /revoke } }", "bearer")
            }
        };
        let loaded = load_text("a.yaml".to_owned(), text.clone()).unwrap_or_else(|_| panic!("is a scenario: {text}"));
        let subject = resolve::subject(&loaded, &Values::blind(&loaded));
        let check = crate::check::find(check).expect("is in the catalogue");
        let script = script(check, &subject).map_err(|missing| missing.why)?;
        let name = |at: usize| subject.identities[at].name.clone();
        let done = |action: &crate::plan::Action| match &action.act {
            Act::Obtain { identity, .. } => Some(format!("obtain {}", name(*identity))),
            Act::AwaitExpiry(_) => Some("wait".to_owned()),
            Act::Revoke(_) => Some("revoke".to_owned()),
            Act::Apart => Some("apart".to_owned()),
            Act::Send { asker, .. } => asker.identity().map(|at| format!("send {}", name(at))),
            _ => None,
        };
        Ok((script.actions.iter().filter_map(done).collect::<Vec<_>>().join(", "), script.not_tried))
    }

    #[test]
    fn a_declared_credential_takes_nothing_from_what_is_obtained() {
        const STATIC: &str = "  svc: { token: svc-0123456789abcdef }\n";
        const USER: &str = "  user: { login: app, username: u, password: p }\n";
        const CLIENT: &str = "  shop: { client_id: shop, client_secret: first-secret }\n";
        const GONE: &str = "  gone: { client_id: gone, client_secret: other-secret, state: revoked }\n";
        const OLD: &str = "  old: { token: old-0123456789abcdef, state: expired }\n";
        const ENDED: &str = "  ended: { login: app, username: e, password: p, state: expired }\n";
        const BAD: &str = "  bad: { token: bad-0123456789abcdef, state: revoked }\n";
        const EXPIRED: &str = "bearer.expired-token-401";
        const REVOKED: &str = "bearer.revoked-token-401";
        for (check, credentials, expected) in [
            (EXPIRED, &[STATIC, OLD][..], Ok("send old, send old")),
            (EXPIRED, &[STATIC], Err("no credential with `state: expired`")),
            (EXPIRED, &[USER], Ok("obtain user, wait")),
            (EXPIRED, &[USER, OLD], Ok("obtain user, wait, apart, send old, send old")),
            // the order of credentials does not matter
            (EXPIRED, &[OLD, STATIC, USER], Ok("obtain user, wait, apart, send old, send old")),
            // whoever is refused already at the login shows nothing of the resource
            (EXPIRED, &[USER, ENDED], Ok("obtain user, wait")),
            (EXPIRED, &[USER, ENDED, OLD], Ok("obtain user, wait, apart, send old, send old")),
            (EXPIRED, &[STATIC, ENDED], Err("the credential `ended` with `state: expired` is obtained by a login")),
            (EXPIRED, &[CLIENT], Ok("obtain shop, wait")),
            (REVOKED, &[CLIENT], Ok("obtain shop, revoke")),
            (REVOKED, &[GONE, CLIENT], Ok("obtain shop, revoke")),
            (REVOKED, &[STATIC, BAD], Ok("send bad, send bad")),
            (REVOKED, &[USER, BAD], Ok("send bad, send bad")),
            (REVOKED, &[USER], Err("no credential with `state: revoked`")),
        ] {
            let found = planned(check, &credentials.concat());
            match (&found, expected) {
                (Ok((done, not_tried)), Ok(expected)) => {
                    assert_eq!((done.as_str(), not_tried.as_ref()), (expected, None), "{check} {credentials:?}");
                }
                (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{check} {credentials:?}: {why}"),
                _ => panic!("{check} {credentials:?}: {found:?}"),
            }
        }
    }
}
