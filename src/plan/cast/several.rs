//! Which resources a step asks for that is about several of them.

use super::reasons::NO_MIXED_PATH;
use super::{Caster, Missing, missing};
use crate::check::step::{Alter, On, Send, Who};

/// The most resources that a step visits which reads, or asks without a credential.
pub const READS: usize = 16;
/// The most that one visits which writes, or is about rights.
pub const RIGHTS: usize = 8;
/// The most that one visits with many requests for each.
pub(super) const OBJECTS: usize = 4;
/// The most public ones.
const PUBLIC: usize = 5;

impl Caster<'_> {
    /// The resources that a check about routes visits: the main one first, no more than the budget.
    pub(super) fn routes(&mut self, send: &Send) -> Result<Vec<usize>, Missing> {
        let subject = self.subject;
        let given = subject.given_of_account();
        // what may be granted must not write
        let fits = |at: &usize| {
            let resource = &subject.resources[*at];
            let is_read_too = || {
                let is_written = matches!(resource.method.as_str(), "PUT" | "PATCH" | "DELETE");
                let mut others = subject.protected().map(|other| &subject.resources[other]);
                is_written && others.any(|other| other.method == "GET" && other.path == resource.path)
            };
            (send.who == Who::Anonymous || !resource.writes)
                && (send.on != On::EachGet || resource.method == "GET")
                && (send.on != On::EachPath || !is_read_too())
                && (send.who != Who::OfAccount
                    || given.is_some_and(|given| resource.open_to(&subject.identities[given])))
        };
        let main = subject.main_resource();
        let others = subject.protected().filter(|at| Some(*at) != main);
        let mut routes: Vec<usize> = main.into_iter().chain(others).filter(fits).collect();
        if send.on == On::EachRead {
            let is_got = |at: &usize| subject.resources[*at].method == "GET";
            let are_got = routes.iter().any(is_got);
            routes.retain(|at| if are_got { is_got(at) } else { !subject.resources[*at].writes });
        }
        if routes.is_empty() && send.on == On::EachRead {
            return missing("no protected resource that a valid credential may read");
        }
        if routes.is_empty() && send.on == On::EachGet {
            return missing("no protected resource that a valid credential may read by GET");
        }
        self.within_budget(&mut routes, READS);
        Ok(routes)
    }

    /// The resources that change state, no more than the budget.
    pub(super) fn writes(&mut self, send: &Send) -> Result<Vec<usize>, Missing> {
        let who = send.who;
        let first = self.resource(On::Writable, who)?;
        let subject = self.subject;
        // what has ended may still be let in
        if matches!(who, Who::Slot(_)) && !subject.owned {
            return missing("nothing is written to a target that is not `owned`");
        }
        let others = subject.protected().filter(|at| *at != first && subject.resources[*at].writes);
        // a forgery stands between good writes, and so does a credential on another connection than its own
        let is_elsewhere = send.alter.iter().any(|alter| matches!(alter, Alter::Connection(_)));
        let is_forged = is_elsewhere || matches!(who, Who::Forged(_) | Who::EachForged(_) | Who::Slot(_));
        let (others, left_out): (Vec<usize>, Vec<usize>) =
            others.partition(|at| !is_forged || subject.resources[*at].can_be_repeated());
        let mut writes: Vec<usize> = std::iter::once(first).chain(others).collect();
        self.within_budget(&mut writes, RIGHTS);
        self.does_not_visit(left_out);
        Ok(writes)
    }

    /// The resources for which a valid credential lacks a scope, or that belong to another tenant, no more than the budget. What can
    /// be deleted once alone, as long as nothing prepares it, is not visited: the controls beside the probe would delete it.
    pub(super) fn guarded(&mut self, on: On, who: Who) -> Result<Vec<usize>, Missing> {
        let first = self.resource(on, who)?;
        let subject = self.subject;
        let is_guarded = |at: &usize| match on {
            On::EachObject => subject.tenant_gap_at(*at).is_some(),
            On::EachScopedWrite if !subject.resources[*at].writes => false,
            _ => subject.scope_gap_at(*at).is_some(),
        };
        let others = subject.protected().filter(|at| *at != first).filter(is_guarded);
        let (others, left_out): (Vec<usize>, Vec<usize>) =
            others.partition(|at| subject.resources[*at].can_be_repeated());
        let mut guarded: Vec<usize> = std::iter::once(first).chain(others).collect();
        if guarded.len() > RIGHTS {
            // what few may use matters most: that of administrators stands last in many files
            let users =
                |at: &usize| subject.identities.iter().filter(|one| subject.resources[*at].open_to(one)).count();
            guarded[1..].sort_by_key(users);
            guarded[1..RIGHTS].sort_unstable();
        }
        self.within_budget(&mut guarded, RIGHTS);
        self.does_not_visit(left_out);
        Ok(guarded)
    }

    /// The objects that are read and beside which another tenant has one with a path of the same shape, no more than the budget.
    pub(super) fn nested(&mut self) -> Result<Vec<usize>, Missing> {
        let subject = self.subject;
        let mut nested: Vec<usize> = subject.protected().filter(|at| subject.mixed_path_at(*at).is_some()).collect();
        if nested.is_empty() {
            return missing(NO_MIXED_PATH);
        }
        self.within_budget(&mut nested, RIGHTS);
        Ok(nested)
    }

    /// The resources that change state, and those that are read with a content, no more than the budget.
    pub(super) fn contents(&mut self, who: Who) -> Result<Vec<usize>, Missing> {
        let written = self.resource(On::Writable, who);
        let subject = self.subject;
        let (first, resources) = (written.as_ref().ok().copied(), &subject.resources);
        let writes = subject.protected().filter(|at| Some(*at) != first && resources[*at].writes);
        let reads = subject.protected().filter(|at| !resources[*at].writes && resources[*at].body.is_some());
        let mut contents: Vec<usize> = first.into_iter().chain(writes).chain(reads).collect();
        if contents.is_empty() {
            written?;
        }
        self.within_budget(&mut contents, RIGHTS);
        Ok(contents)
    }

    /// The objects beside which there is a path that names nothing, no more than the budget.
    pub(super) fn beside_nothing(&mut self, who: Who) -> Result<Vec<usize>, Missing> {
        self.resource(On::EachBesideNothing, who)?;
        let mut objects = self.subject.objects_beside_nothing(who);
        self.within_budget(&mut objects, OBJECTS);
        Ok(objects)
    }

    /// The public resources that are read, no more than there is a budget for.
    pub(super) fn public_ones(&self) -> Result<Vec<usize>, Missing> {
        let first = self.resource(On::Public, Who::Anonymous)?;
        let resources = &self.subject.resources;
        let others = (0..resources.len()).filter(|at| *at != first && resources[*at].public && !resources[*at].writes);
        Ok(std::iter::once(first).chain(others).take(PUBLIC).collect())
    }

    fn within_budget(&mut self, resources: &mut Vec<usize>, most: usize) {
        let beyond = resources.split_off(resources.len().min(most));
        self.does_not_visit(beyond);
    }

    /// Notes resources that the check is about and does not ask.
    pub(super) fn does_not_visit(&mut self, resources: Vec<usize>) {
        self.script.not_visited.extend(resources);
        self.script.not_visited.sort_unstable();
        self.script.not_visited.dedup();
    }

    /// The resources that checks use, each once: what is granted there may have a cause that only a probe there shows.
    pub(super) fn used(&self) -> Result<Vec<usize>, Missing> {
        let mut used = vec![self.main_resource()?];
        for (on, who) in
            [(On::Scoped, Who::LowScope), (On::Writable, Who::LowScope), (On::EachObject, Who::OtherTenant)]
        {
            let found = self.resource(on, who).ok().filter(|at| self.subject.protected().any(|other| other == *at));
            used.extend(found.filter(|at| !used.contains(at)));
        }
        // and those that checks about routes visit
        for route in self.subject.protected().filter(|at| !self.subject.resources[*at].writes) {
            if used.len() < READS && !used.contains(&route) {
                used.push(route);
            }
        }
        Ok(used)
    }

    /// Those that checks use, and where the target may be written to, the others that write, as far as there is a budget and they can
    /// be asked for a second time; the one that most checks write to in any case.
    pub(super) fn used_or_written(&mut self) -> Result<Vec<usize>, Missing> {
        let used = self.used()?;
        let written = self.resource(On::Writable, Who::Good).ok().filter(|_| self.subject.owned);
        let first = written.filter(|at| !used.contains(at));
        let (subject, is_used) = (self.subject, |at: &usize| used.contains(at) || Some(*at) == first);
        let others = subject.protected().filter(|at| subject.owned && subject.resources[*at].writes && !is_used(at));
        let (mut others, mut beyond): (Vec<usize>, Vec<usize>) =
            others.partition(|at| subject.resources[*at].can_be_repeated());
        beyond.extend(others.split_off(others.len().min(RIGHTS - 1)));
        let visited = used.iter().copied().chain(first).chain(others).collect();
        self.does_not_visit(beyond);
        Ok(visited)
    }

    /// Those that checks use and each other that writes, as far as they can be asked for a second time.
    pub(super) fn repeatable(&mut self) -> Result<Vec<usize>, Missing> {
        let (subject, used) = (self.subject, self.used()?);
        let others = subject.protected().filter(|at| subject.resources[*at].writes && !used.contains(at));
        let all: Vec<usize> = used.iter().copied().chain(others).collect();
        let (mut repeatable, mut beyond): (Vec<usize>, Vec<usize>) =
            all.into_iter().partition(|at| subject.resources[*at].can_be_repeated());
        let mut writes = 0;
        repeatable.retain(|at| {
            writes += usize::from(subject.resources[*at].writes);
            let is_within = !subject.resources[*at].writes || writes <= RIGHTS;
            if !is_within {
                beyond.push(*at);
            }
            is_within
        });
        self.does_not_visit(beyond);
        Ok(repeatable)
    }
}

#[cfg(test)]
mod tests {
    use super::{READS, RIGHTS};
    use crate::plan::cast::script;
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn what_is_read_has_a_larger_budget_than_rights_and_writes() {
        let resources: String = (0..READS + 2)
            .map(|at| {
                format!("  - {{ request: GET /a/{at}, tenant: a }}\n  - {{ request: PUT /a/{at}, writes: true }}\n")
            })
            .collect();
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: true }}\nscheme: api-key\ncredentials:\n  \
             a: {{ key: k1, tenant: a }}\n  b: {{ key: k2, tenant: b }}\nresources:\n{resources}"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        let subject = resolve::subject(&loaded, &Values::blind(&loaded));
        for (check, most) in [
            ("common.head-same-decision-as-get", READS),
            ("common.authenticated-response-not-shared-cached", READS),
            ("apikey.cross-tenant-denied", RIGHTS),
            ("common.malformed-body-never-5xx", RIGHTS),
        ] {
            let script = script(crate::check::find(check).expect("is in the catalogue"), &subject);
            let script = script.unwrap_or_else(|missing| panic!("{check}: {}", missing.why));
            let asked: std::collections::BTreeSet<usize> = script.written().collect();
            assert_eq!(asked.len(), most, "{check}");
            assert!(script.not_visited.len() >= 2, "{check}");
        }
    }

    #[test]
    fn writes_that_can_be_sent_again_are_visited_beside_what_checks_use() {
        let writes: String =
            (0..RIGHTS + 2).map(|at| format!("  - {{ request: POST /a/{at}, writes: true }}\n")).collect();
        let resources = format!("  - {{ request: GET /me }}\n  - {{ request: DELETE /once, writes: true }}\n{writes}");
        // a target that may be written to, and one that may not
        for (owned, asked, left_out) in [(true, 1 + RIGHTS, 3), (false, 1, 0)] {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: {owned} }}\nscheme: api-key\n\
                 credentials: {{ a: {{ key: k1 }} }}\nresources:\n{resources}"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            let check = crate::check::find("common.foreign-host-not-reflected").expect("is in the catalogue");
            let script = script(check, &subject).unwrap_or_else(|missing| panic!("{}", missing.why));
            let with_host: std::collections::BTreeSet<usize> = script.written().collect();
            assert!(with_host.len() >= asked, "{owned}: {with_host:?}");
            assert_eq!(script.not_visited.len(), left_out, "{owned}: {:?}", script.not_visited);
        }
    }

    #[test]
    fn what_few_may_use_is_visited_before_what_many_may_use() {
        let resources: String = (0..RIGHTS + 2)
            .map(|at| format!("  - {{ request: PUT /a/{at}, writes: true, scopes: [write] }}\n"))
            .collect();
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: true }}\nscheme: api-key\ncredentials:\n  \
             chief: {{ key: k1, scopes: [write, admin] }}\n  a: {{ key: k2, scopes: [write] }}\n  b: {{ key: k3 }}\n\
             resources:\n  - {{ request: GET /me }}\n{resources}  - {{ request: PUT /users/1, writes: true, scopes: [admin] }}\n"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        let subject = resolve::subject(&loaded, &Values::blind(&loaded));
        let script = script(crate::check::find("apikey.scope-enforced").expect("is in the catalogue"), &subject);
        let script = script.unwrap_or_else(|missing| panic!("{}", missing.why));
        let name = |at: usize| subject.resources[at].name();
        let asked: std::collections::BTreeSet<String> = script.written().map(name).collect();
        assert!(asked.contains("PUT /users/1") && asked.len() == RIGHTS, "{asked:?}");
        assert!(!script.not_visited.iter().any(|at| name(*at) == "PUT /users/1"), "{:?}", script.not_visited);
    }
}
