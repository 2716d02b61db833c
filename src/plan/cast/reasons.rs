//! Why a check is not tested: what is missing, and what to add to the scenario.

use super::{Caster, Missing};
use crate::plan::subject::{CredentialState, Resource};

/// What a check needs that may write, against a target that nobody says is owned.
pub(super) const NOT_OWNED: &str = "skipped: may modify or disrupt the target; set `owned: true`";

/// What is missing where no write shows in anything that is read.
pub(super) const NO_READER: &str =
    "no resource reads the path of one with `writes: true`, which would show what a write changed";
/// What is missing where there is nothing that could be looked for in vain.
pub(super) const NO_OBJECT: &str =
    "no protected resource that is read has an `absent` path: add one of the same shape that names nothing";
/// What is missing where all requests come from one source, which a limit may count together.
pub(super) const SAME_SOURCE: &str =
    "no `material.source_header`: a second principal would come from the source that was throttled";
/// What is missing where no path can be made of those of two objects.
pub(super) const NO_MIXED_PATH: &str = "no objects of two tenants that are read at paths of the same shape";

impl Caster<'_> {
    /// Why no credential lacks a scope of a resource, of those that write where that is asked for.
    pub(super) fn no_scope_gap(&self, writes: bool) -> Missing {
        let subject = self.subject;
        let kind = if writes { "resource with `writes: true`" } else { "protected resource" };
        let of_kind = |at: &usize| !writes || subject.resources[*at].writes;
        let scoped: Vec<&Resource> = subject
            .protected()
            .filter(of_kind)
            .map(|at| &subject.resources[at])
            .filter(|one| !one.scopes.is_empty())
            .collect();
        if scoped.is_empty() {
            return match self.nothing_written().filter(|_| writes) {
                Some(why) => why,
                None => Missing::of(format!("no {kind} has `scopes`: add the scopes that it needs")),
            };
        }
        let valid = || subject.identities.iter().filter(|one| one.state == CredentialState::Valid);
        let lacks = |resource: &Resource, of_its_tenant: bool| {
            valid().find(|one| {
                !resource.scopes.is_subset(&one.scopes)
                    && (resource.tenant.is_none() || (resource.tenant == one.tenant) == of_its_tenant)
            })
        };
        let found =
            |of_its_tenant: bool| scoped.iter().find_map(|resource| Some((*resource, lacks(resource, of_its_tenant)?)));
        match (found(true), found(false)) {
            (None, None) => Missing::of(format!(
                "every valid credential holds the scopes of each {kind}: add a credential that lacks one of them"
            )),
            (Some((resource, low)), _) => Missing::of(format!(
                "the credential `{}` lacks a scope of {}, and may use no other protected resource, which would prove that it \
                 is valid: add a resource that it may use",
                low.name,
                resource.name()
            )),
            (None, Some((resource, low))) => Missing::of(format!(
                "the credential `{}` lacks a scope of {} and is not of its tenant: its refusal would say nothing of scopes; add a \
                 credential of the tenant `{}` that lacks one of its scopes",
                low.name,
                resource.name(),
                resource.tenant.as_deref().unwrap_or_default()
            )),
        }
    }

    /// Why no write shows in what is read while somebody may not do it.
    pub(super) fn no_shown_write(&self) -> Missing {
        let subject = self.subject;
        if let Some(why) = self.nothing_written() {
            return why;
        }
        let shown = subject.protected().filter(|at| subject.resources[*at].writes && subject.reader_of(*at).is_some());
        let (shown, gone): (Vec<&Resource>, Vec<&Resource>) =
            shown.map(|at| &subject.resources[at]).partition(|one| one.can_be_repeated());
        match (shown.first(), gone.first()) {
            (None, None) => return Missing::of(NO_READER),
            (None, Some(gone)) => {
                let name = gone.name();
                return Missing::of(format!("{name} can be done once: add a `before` that makes what it deletes"));
            }
            _ => {}
        }
        if shown.iter().all(|one| one.scopes.is_empty() && one.tenant.is_none()) {
            let why = "no resource with `writes: true` whose path another one reads has `scopes`: add the scopes that it needs";
            return Missing::of(why);
        }
        let valid = || subject.identities.iter().filter(|one| one.state == CredentialState::Valid);
        match shown.iter().find_map(|one| Some((one, valid().find(|identity| !one.open_to(identity))?))) {
            None => Missing::of(format!(
                "every valid credential may use {}, which can be read back: add one that lacks a scope, or of another `tenant`",
                shown[0].name()
            )),
            Some((one, low)) => Missing::of(format!(
                "the credential `{}` may not use {}, and no refusal proves why: it needs another protected resource that it may \
                 use, and, as one of another tenant, a `tenant` and the same scopes",
                low.name,
                one.name()
            )),
        }
    }

    /// Why no resource can be written to, where none can.
    pub(super) fn nothing_written(&self) -> Option<Missing> {
        let subject = self.subject;
        let mut writes = subject.resources.iter().filter(|one| one.writes);
        let Some(first) = writes.clone().find(|one| !one.public).or(writes.next()) else {
            return Some(Missing::of("no resource with `writes: true`"));
        };
        if subject.protected().any(|at| subject.resources[at].writes) {
            return None;
        }
        Some(match (subject.owned, first.public) {
            (false, _) => Missing::of(NOT_OWNED),
            (true, true) => Missing::of(format!("{} writes and is public: add a protected one", first.name())),
            (true, false) => Missing::of(format!("no valid credential may use {}{}", first.name(), needs(first))),
        })
    }

    /// Why nothing protected can be used.
    pub(super) fn nothing_protected(&self) -> Missing {
        let subject = self.subject;
        let protected: Vec<&Resource> = subject.resources.iter().filter(|one| !one.public).collect();
        match protected.iter().find(|one| !one.writes).or(protected.first()) {
            None if subject.resources.is_empty() => Missing::of(super::NO_RESOURCES),
            None => Missing::of("every resource is `public: true`: add a protected one"),
            Some(first) if first.writes => Missing::of("every protected resource writes: add one that is read"),
            Some(first) => Missing::of(format!("no valid credential may use {}{}", first.name(), needs(first))),
        }
    }

    /// Why no credential is one of another tenant.
    pub(super) fn no_tenant_gap(&self) -> Missing {
        let subject = self.subject;
        let objects: Vec<&Resource> =
            subject.protected().map(|at| &subject.resources[at]).filter(|one| one.tenant.is_some()).collect();
        let Some(first) = objects.first() else {
            return Missing::of("no protected resource with a `tenant`, whose owner alone may use it");
        };
        let foreign = |object: &Resource, with_scopes: bool| {
            subject.identities.iter().find(|one| {
                let is_foreign = one.tenant.is_some() && one.tenant != object.tenant;
                one.state == CredentialState::Valid
                    && is_foreign
                    && (!with_scopes || object.scopes.is_subset(&one.scopes))
            })
        };
        let found = |with_scopes: bool| objects.iter().find_map(|one| Some((*one, foreign(one, with_scopes)?)));
        match (found(true), found(false)) {
            (None, None) => Missing::of(format!(
                "no valid credential of another `tenant` than that of {}: add one with the same scopes",
                first.name()
            )),
            (None, Some((object, foreign))) => Missing::of(format!(
                "the credential `{}` of another tenant lacks a scope of {}: its refusal would say nothing of tenants",
                foreign.name,
                object.name()
            )),
            (Some((_, foreign)), _) => Missing::of(format!(
                "the credential `{}` of another tenant may use no protected resource, which would prove that it is valid: \
                 add one of its own",
                foreign.name
            )),
        }
    }
}

/// What a credential would have to have.
fn needs(resource: &Resource) -> String {
    let scopes = (!resource.scopes.is_empty()).then(|| {
        let scopes: Vec<&str> = resource.scopes.iter().map(String::as_str).collect();
        format!("the scopes {}", scopes.join(" "))
    });
    let tenant = resource.tenant.as_ref().map(|tenant| format!("the tenant {tenant}"));
    let needs: Vec<String> = [scopes, tenant].into_iter().flatten().collect();
    if needs.is_empty() { String::new() } else { format!(": add one with {}", needs.join(" and ")) }
}
