//! Who is known to the target and may not use a resource: who lacks a scope, or belongs to another tenant.

use crate::check::step::Who;

use super::object_write::ObjectWrite;
use super::subject::{CredentialState, Identity, Login, Subject};

/// Somebody who may not use a resource although the target knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeGap {
    /// The resource.
    pub resource: usize,
    /// Who may not use it.
    pub low: usize,
    /// What they may use instead; none where their credential is obtained or signed for the probe.
    pub open_to_low: Option<usize>,
    /// Who may use it.
    pub good: usize,
}

impl Subject {
    /// A resource, an identity that lacks a scope of it, and what that identity may open instead.
    pub fn scope_gap(&self, writes: Option<bool>) -> Option<ScopeGap> {
        let candidates = self.protected().filter(|at| writes.is_none_or(|writes| self.resources[*at].writes == writes));
        // a probe that reads disturbs less than one that writes
        let mut candidates: Vec<usize> = candidates.collect();
        candidates.sort_by_key(|at| self.resources[*at].writes);
        let gap = |proven: bool| candidates.iter().find_map(|at| self.sorted_gaps_at(*at, proven).into_iter().next());
        gap(true).or_else(|| gap(false))
    }

    /// An identity that lacks a scope of this resource, proven by another one where there is one: one whose own scopes look like those
    /// that it lacks, where there is one.
    pub fn scope_gap_at(&self, resource: usize) -> Option<ScopeGap> {
        let gap = |proven: bool| self.sorted_gaps_at(resource, proven).into_iter().next();
        gap(true).or_else(|| gap(false))
    }

    /// The same resource with another identity that lacks a scope of it, and is proven by what it may open instead: one that lacks it
    /// in another way, where there is one.
    pub fn other_scope_gap_at(&self, resource: usize) -> Option<ScopeGap> {
        let first = self.scope_gap_at(resource)?;
        let others: Vec<ScopeGap> = self.gaps_at(resource, true).filter(|gap| gap.low != first.low).collect();
        let differs = |gap: &&ScopeGap| self.is_lookalike(**gap) != self.is_lookalike(first);
        others.iter().find(differs).or(others.first()).copied()
    }

    /// An identity that lacks a scope of this resource and holds one that looks like it.
    pub fn lookalike_gap_at(&self, resource: usize) -> Option<ScopeGap> {
        self.scope_gap_at(resource).filter(|gap| self.is_lookalike(*gap))
    }

    /// A resource and a client that is not entitled to a scope of it.
    pub fn scope_gap_of_client(&self) -> Option<ScopeGap> {
        let is_client = |gap: &ScopeGap| {
            let low = &self.identities[gap.low];
            !low.asks_for_less && matches!(low.login, Login::Client { .. } | Login::Minted { .. })
        };
        let gap = |proven: bool| self.protected().find_map(|at| self.gaps_at(at, proven).find(is_client));
        gap(true).or_else(|| gap(false))
    }

    /// Those that lack a scope of a resource: first those whose own scopes look like the ones that they lack, which a comparison that
    /// is not exact takes for them.
    fn sorted_gaps_at(&self, resource: usize, proven: bool) -> Vec<ScopeGap> {
        let mut gaps: Vec<ScopeGap> = self.gaps_at(resource, proven).collect();
        gaps.sort_by_key(|gap| !self.is_lookalike(*gap));
        gaps
    }

    /// Whether each scope that an identity lacks is a part of one that it holds, or the same in another case of letters.
    fn is_lookalike(&self, gap: ScopeGap) -> bool {
        let held = &self.identities[gap.low].scopes;
        let held_parts: Vec<String> = held.iter().map(|scope| scope.to_lowercase()).collect();
        let mut lacking = self.resources[gap.resource].scopes.difference(held);
        lacking.all(|scope| held_parts.iter().any(|own| own.contains(&scope.to_lowercase())))
    }

    /// The resource that reads what another one writes: the same path, or the list of what is made for each write.
    pub fn reader_of(&self, written: usize) -> Option<usize> {
        let resource = &self.resources[written];
        let at_path =
            |path: &str| self.protected().find(|at| !self.resources[*at].writes && self.resources[*at].path == path);
        // what is made for each write is in the list above it
        let is_made = resource.kept().next().is_some();
        let list = resource.path.rsplit_once('/').map(|(list, _)| list).filter(|list| is_made && !list.is_empty());
        at_path(&resource.path).or_else(|| at_path(list?))
    }

    /// A write, an identity that lacks a scope of it, and what that identity may open instead: where one can be read back, that one.
    pub fn write_gap(&self) -> Option<ScopeGap> {
        let shown = || self.protected().filter(|at| self.resources[*at].writes && self.reader_of(*at).is_some());
        let gap = |proven: bool| shown().find_map(|at| self.sorted_gaps_at(at, proven).into_iter().next());
        gap(true).or_else(|| gap(false)).or_else(|| self.scope_gap(Some(true)))
    }

    /// The writes that show in what another resource reads, and that a valid identity may not do: first those for which one lacks a
    /// scope, then those for which one is of another tenant. Whoever reads what a write changes is whoever writes, if the same
    /// identity may do both.
    pub fn shown_writes(&self) -> Vec<ObjectWrite> {
        let of_gap = self.write_gap().map(|gap| gap.resource).filter(|at| self.reader_of(*at).is_some());
        let is_shown = |at: &usize| {
            let resource = &self.resources[*at];
            resource.writes && resource.can_be_repeated() && self.reader_of(*at).is_some()
        };
        let shown = || self.protected().filter(is_shown);
        let of_scope = shown().filter(|at| self.scope_gap_at(*at).is_some());
        let of_tenant = shown().filter(|at| self.tenant_gap_at(*at).is_some());
        let mut writes: Vec<usize> = Vec::new();
        for write in of_gap.into_iter().chain(of_scope).chain(of_tenant) {
            if !writes.contains(&write) {
                writes.push(write);
            }
        }
        writes.into_iter().filter_map(|write| self.shown_by(write)).collect()
    }

    /// A write, what reads what it changes, and whoever may do both; where nobody may, whoever may write.
    pub fn shown_by(&self, write: usize) -> Option<ObjectWrite> {
        let read = self.reader_of(write)?;
        let both = |one: &Identity| [write, read].iter().all(|at| self.resources[*at].open_to(one));
        let identity = self.identities.iter().position(both).or_else(|| self.good_for(write))?;
        Some(ObjectWrite { write, read, identity })
    }

    /// The objects that are read and have a path beside them that names nothing, for whoever may not know which of the two is there.
    /// For somebody without a credential, those of a tenant come first.
    pub fn objects_beside_nothing(&self, who: Who) -> Vec<usize> {
        let is_object = |at: &usize| self.resources[*at].absent.is_some() && !self.resources[*at].writes;
        let objects = || self.protected().filter(is_object);
        let (of_tenants, others): (Vec<usize>, Vec<usize>) =
            objects().partition(|at| self.tenant_gap_at(*at).is_some());
        match who {
            Who::Anonymous => of_tenants.into_iter().chain(others).collect(),
            Who::LowScope => objects().filter(|at| self.scope_gap_at(*at).is_some()).collect(),
            _ => of_tenants,
        }
    }

    /// Whoever lacks a scope is proven by what it may open instead; where there is nothing, by its credential being obtained or
    /// signed for the probe.
    fn gaps_at(&self, resource: usize, proven: bool) -> impl Iterator<Item = ScopeGap> {
        let wanted = &self.resources[resource];
        let tenant_fits = |identity: &Identity| wanted.tenant.is_none() || wanted.tenant == identity.tenant;
        let lacks = move |identity: &Identity| {
            identity.state == CredentialState::Valid
                && tenant_fits(identity)
                && !wanted.scopes.is_subset(&identity.scopes)
        };
        let positions = (0..self.identities.len()).filter(move |at| lacks(&self.identities[*at]));
        positions.filter_map(move |low| {
            let open_to_low = self.protected().find(|at| self.resources[*at].open_to(&self.identities[low]));
            let login = &self.identities[low].login;
            let fresh = matches!(login, Login::Client { .. } | Login::Minted { .. } | Login::Rescoped { .. });
            let fits = if proven { open_to_low.is_some() } else { fresh };
            fits.then_some(ScopeGap { resource, low, open_to_low, good: self.good_for(resource)? })
        })
    }

    /// An object of one tenant and a valid identity of another with all its scopes.
    pub fn tenant_gap(&self) -> Option<ScopeGap> {
        self.protected().find_map(|resource| self.tenant_gap_at(resource))
    }

    /// A valid identity of another tenant than that of this object, with all its scopes.
    pub fn tenant_gap_at(&self, resource: usize) -> Option<ScopeGap> {
        let object = &self.resources[resource];
        object.tenant.as_ref()?;
        let foreign = |identity: &Identity| {
            identity.state == CredentialState::Valid
                && identity.tenant.is_some()
                && identity.tenant != object.tenant
                && object.scopes.is_subset(&identity.scopes)
        };
        let low = self.identities.iter().position(foreign)?;
        let open_to_low = Some(self.protected().find(|at| self.resources[*at].open_to(&self.identities[low]))?);
        Some(ScopeGap { resource, low, open_to_low, good: self.good_for(resource)? })
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn a_write_that_can_be_read_back_goes_before_one_that_cannot() {
        let named = |resources: &str| {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: true }}\nscheme: api-key\ncredentials:\n  \
                 reader: {{ key: k1, scopes: [read] }}\n  owner: {{ key: k2, scopes: [read, pay, limit] }}\n\
                 resources:\n{resources}"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            subject.write_gap().map(|gap| subject.resources[gap.resource].name())
        };
        const LIMITS: &str = "  - { request: GET /limits, scopes: [read] }\n";
        const PUT: &str = "  - { request: PUT /limits, writes: true, scopes: [limit] }\n";
        const PUT_BY_ALL: &str = "  - { request: PUT /limits, writes: true, scopes: [read] }\n";
        const TRANSFERS: &str = "  - { request: POST /transfers, writes: true, scopes: [pay] }\n";
        for (resources, expected) in [
            ([LIMITS, TRANSFERS, PUT], Some("PUT /limits")),
            ([LIMITS, PUT, TRANSFERS], Some("PUT /limits")),
            // nobody lacks a scope of the one that could be read back
            ([LIMITS, TRANSFERS, PUT_BY_ALL], Some("POST /transfers")),
            ([LIMITS, TRANSFERS, ""], Some("POST /transfers")),
            ([LIMITS, PUT_BY_ALL, ""], None),
        ] {
            assert_eq!(named(&resources.concat()).as_deref(), expected, "{resources:?}");
        }
    }

    fn of_tenants(resources: &str) -> crate::plan::Subject {
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\", owned: true }}\nscheme: api-key\ncredentials:\n  \
             alice: {{ key: k1, scopes: [use], tenant: a }}\n  bob: {{ key: k2, scopes: [use], tenant: b }}\n  \
             carol: {{ key: k3, scopes: [use, admin], tenant: a }}\nresources:\n  \
             - {{ request: GET /me, scopes: [use] }}\n{resources}"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        resolve::subject(&loaded, &Values::blind(&loaded))
    }

    #[test]
    fn a_write_that_shows_is_one_that_somebody_may_not_do() {
        const ADMIN: &str = "  - { request: PATCH /users/1, writes: true, scopes: [admin] }\n";
        const USERS: &str = "  - { request: GET /users/1, scopes: [admin] }\n";
        const PROJECT: &str = "  - { request: GET /projects/1, scopes: [use], tenant: a }\n";
        const PATCH: &str = "  - { request: PATCH /projects/1, writes: true, scopes: [use], tenant: a }\n";
        const DELETE: &str = "  - { request: DELETE /projects/1, writes: true, scopes: [use], tenant: a }\n";
        const OWN: &str = "  - { request: PATCH /me, writes: true, scopes: [use] }\n";
        const NOBODY: &str = "every valid credential may use PATCH /me, which can be read back";
        for (resources, expected) in [
            (&[ADMIN, PROJECT, PATCH][..], Ok("PATCH /projects/1")),
            // whoever lacks a scope goes before whoever is of another tenant
            (&[PROJECT, PATCH, ADMIN, USERS], Ok("PATCH /users/1")),
            (&[OWN, PROJECT, PATCH], Ok("PATCH /projects/1")),
            // what nothing puts back is not deleted
            (&[PROJECT, DELETE], Err("DELETE /projects/1 can be done once")),
            (&[ADMIN, OWN], Err(NOBODY)),
            (&[ADMIN, PATCH], Err("no resource reads the path of one with `writes: true`")),
            (&[PROJECT], Err("no resource with `writes: true`")),
        ] {
            let subject = of_tenants(&resources.concat());
            let shown = subject.shown_writes().first().map(|one| subject.resources[one.write].name());
            assert_eq!(shown.as_deref(), expected.ok(), "{resources:?}");
            let check = crate::check::find("common.denied-write-has-no-effect").expect("is in the catalogue");
            let why = crate::plan::cast::script(check, &subject).map_err(|missing| missing.why).err();
            assert_eq!(why.is_some(), expected.is_err(), "{resources:?}: {why:?}");
            if let (Some(why), Err(expected)) = (why, expected) {
                assert!(why.starts_with(expected), "{resources:?}: {why}");
            }
        }
    }

    #[test]
    fn an_object_beside_nothing_is_found_behind_others_of_its_tenant() {
        const LIST: &str = "  - { request: GET /projects, headers: { X-Tenant: a }, scopes: [use], tenant: a }\n";
        const PROJECT: &str = "  - { request: GET /projects/1, scopes: [use], tenant: a, absent: /projects/9 }\n";
        const USER: &str = "  - { request: GET /users/1, scopes: [admin], tenant: a, absent: /users/9 }\n";
        const WRITE: &str =
            "  - { request: PATCH /projects/1, writes: true, scopes: [use], tenant: a, absent: /projects/9 }\n";
        let check = crate::check::find("common.existence-oracle").expect("is in the catalogue");
        for (resources, expected) in [
            (&[LIST, PROJECT][..], Ok(&["GET /projects/1"][..])),
            (&[LIST, USER, PROJECT], Ok(&["GET /projects/1", "GET /users/1"])),
            (&[WRITE, USER], Ok(&["GET /users/1"])),
            (&[LIST, WRITE], Err("no protected resource that is read has an `absent` path")),
        ] {
            let subject = of_tenants(&resources.concat());
            let script = crate::plan::cast::script(check, &subject).map_err(|missing| missing.why);
            match (script, expected) {
                (Ok(script), Ok(expected)) => {
                    let names: std::collections::BTreeSet<String> =
                        script.written().map(|at| subject.resources[at].name()).collect();
                    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{resources:?}");
                    // what is compared in pairs, each twice
                    assert_eq!(script.actions.len() % 4, 0, "{resources:?}");
                }
                (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{resources:?}: {why}"),
                (script, _) => panic!("{resources:?}: {script:?}"),
            }
        }
    }

    fn subject_of(scheme: &str, credentials: &[&str], resources: &str) -> crate::plan::Subject {
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://a.test\" }}\nscheme: {scheme}\ncredentials:\n{}resources:\n{resources}",
            credentials.concat()
        );
        let loaded = load_text("a.yaml".to_owned(), text.clone()).unwrap_or_else(|_| panic!("is a scenario: {text}"));
        resolve::subject(&loaded, &Values::blind(&loaded))
    }

    #[test]
    fn whose_scopes_look_like_the_needed_ones_goes_before_others() {
        const OWNER: &str = "  owner: { key: k0, scopes: [read, \"projects:write\"] }\n";
        const PLAIN: &str = "  plain: { key: k1, scopes: [read] }\n";
        const LONGER: &str = "  longer: { key: k2, scopes: [read, \"projects:write.comments\"] }\n";
        const BEHIND: &str = "  behind: { key: k3, scopes: [read, \"my.projects:write\"] }\n";
        const CASE: &str = "  case: { key: k4, scopes: [read, \"Projects:Write\"] }\n";
        const PART: &str = "  part: { key: k5, scopes: [read, projects] }\n";
        const RESOURCES: &str =
            "  - { request: GET /me, scopes: [read] }\n  - { request: GET /projects, scopes: [\"projects:write\"] }\n";
        for (credentials, expected) in [
            (&[OWNER, PLAIN, LONGER][..], (Some("longer"), Some("plain"))),
            (&[LONGER, OWNER, PLAIN], (Some("longer"), Some("plain"))),
            (&[PLAIN, BEHIND, OWNER], (Some("behind"), Some("plain"))),
            (&[PLAIN, CASE, OWNER], (Some("case"), Some("plain"))),
            (&[LONGER, CASE, PLAIN, OWNER], (Some("longer"), Some("plain"))),
            (&[LONGER, CASE, OWNER], (Some("longer"), Some("case"))),
            (&[PLAIN, PART, OWNER], (Some("plain"), Some("part"))),
            (&[PLAIN, OWNER], (Some("plain"), None)),
            (&[OWNER], (None, None)),
        ] {
            let subject = subject_of("api-key", credentials, RESOURCES);
            let name = |gap: Option<super::ScopeGap>| gap.map(|gap| subject.identities[gap.low].name.clone());
            let found = (name(subject.scope_gap_at(1)), name(subject.other_scope_gap_at(1)));
            assert_eq!((found.0.as_deref(), found.1.as_deref()), expected, "{credentials:?}");
            assert_eq!(name(subject.scope_gap(None)).as_deref(), expected.0, "{credentials:?}");
            // both are sent
            let check = crate::check::find("apikey.scope-enforced").expect("is in the catalogue");
            let script = crate::plan::cast::script(check, &subject).map_err(|missing| missing.why);
            let sent = script.map_or(0, |script| script.actions.len());
            assert_eq!(sent, usize::from(expected.0.is_some()) + usize::from(expected.1.is_some()), "{credentials:?}");
        }
    }

    #[test]
    fn a_credential_whose_scope_looks_like_the_needed_one_is_sent_without_a_token_endpoint() {
        const OWNER: &str = "  owner: { token: t0, scopes: [read, write] }\n";
        const PLAIN: &str = "  plain: { token: t1, scopes: [read] }\n";
        const LONGER: &str = "  longer: { token: t2, scopes: [read, write.comments] }\n";
        const RESOURCES: &str =
            "  - { request: GET /me, scopes: [read] }\n  - { request: GET /projects, scopes: [write] }\n";
        let check = crate::check::find("bearer.scope-match-exact").expect("is in the catalogue");
        for (credentials, expected) in [
            (&[OWNER, PLAIN, LONGER][..], Ok(vec!["longer"])),
            (&[LONGER, OWNER], Ok(vec!["longer"])),
            (&[OWNER, PLAIN], Err("or a credential whose scopes have one that only looks like the needed one")),
        ] {
            let subject = subject_of("bearer", credentials, RESOURCES);
            let script = crate::plan::cast::script(check, &subject).map_err(|missing| missing.why);
            match (script, expected) {
                (Ok(script), Ok(expected)) => {
                    let sent = script.actions.iter().filter_map(|action| match &action.act {
                        crate::plan::Act::Send { asker, .. } => {
                            Some(subject.identities[asker.identity()?].name.as_str())
                        }
                        _ => None,
                    });
                    assert_eq!(sent.collect::<Vec<_>>(), expected, "{credentials:?}");
                }
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{credentials:?}: {why}"),
                (script, _) => panic!("{credentials:?}: {script:?}"),
            }
        }
    }

    #[test]
    fn whoever_may_use_something_is_not_said_to_use_nothing() {
        const SESSION: &str = "  - { request: GET /session, scopes: [read] }\n";
        const OPEN: &str = "  - { request: GET /help }\n";
        const OBJECT: &str = "  - { request: GET /projects/1, scopes: [write], tenant: a }\n";
        const OTHER: &str = "  - { request: GET /projects/2, scopes: [read], tenant: a }\n";
        const ALICE: &str = "  alice: { key: k1, scopes: [read, write], tenant: a }\n";
        const BOB: &str = "  bob: { key: k2, scopes: [read], tenant: b }\n";
        const CAROL: &str = "  carol: { key: k3, scopes: [read], tenant: a }\n";
        const EVE: &str = "  eve: { key: k4, scopes: [write], tenant: a }\n";
        let of_tenant = "the credential `bob` lacks a scope of GET /projects/1 and is not of its tenant";
        let lacks = "the credential `bob` of another tenant lacks a scope of GET /projects/1";
        for (credentials, resources, scope, tenant) in [
            // bob may use GET /session
            (&[ALICE, BOB][..], &[SESSION, OPEN, OBJECT][..], Err(of_tenant), Err(lacks)),
            (&[BOB, ALICE], &[OPEN, OBJECT, SESSION], Err(of_tenant), Err(lacks)),
            (&[ALICE, BOB, CAROL], &[SESSION, OBJECT], Ok("carol"), Err(lacks)),
            (&[ALICE, BOB], &[SESSION, OBJECT, OTHER], Err(of_tenant), Ok("bob")),
            (&[ALICE, BOB], &[OBJECT, OTHER, SESSION], Err(of_tenant), Ok("bob")),
            (
                &[ALICE, BOB],
                &[OTHER],
                Err("every valid credential holds the scopes of each protected resource"),
                Err("the credential `bob` of another tenant may use no protected resource"),
            ),
            // eve may use nothing else, and bob is not of the tenant
            (
                &[ALICE, BOB, EVE],
                &[OTHER],
                Err("the credential `eve` lacks a scope of GET /projects/2"),
                Err("the credential `bob`"),
            ),
        ] {
            let subject = subject_of("api-key", credentials, &resources.concat());
            for (check, expected) in [("apikey.scope-enforced", scope), ("apikey.cross-tenant-denied", tenant)] {
                let check = crate::check::find(check).expect("is in the catalogue");
                let script = crate::plan::cast::script(check, &subject).map_err(|missing| missing.why);
                let sent = script.as_ref().map(|script| match &script.actions[0].act {
                    crate::plan::Act::Send { asker, .. } => {
                        asker.identity().map(|at| subject.identities[at].name.as_str()).unwrap_or_default()
                    }
                    _ => "",
                });
                match (sent, expected) {
                    (Ok(sent), Ok(expected)) => assert_eq!(sent, expected, "{credentials:?} {resources:?}"),
                    (Err(why), Err(expected)) => {
                        assert!(why.starts_with(expected), "{credentials:?} {resources:?}: {why}");
                    }
                    (sent, _) => panic!("{} {credentials:?} {resources:?}: {sent:?}", check.id),
                }
            }
        }
    }
}
