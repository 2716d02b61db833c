//! Who is known to the target and may not use a resource: who lacks a scope, or belongs to another tenant.

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
        let gap = |proven: bool| candidates.iter().find_map(|at| self.gaps_at(*at, proven).next());
        gap(true).or_else(|| gap(false))
    }

    /// An identity that lacks a scope of this resource, proven by another one where there is one.
    pub fn scope_gap_at(&self, resource: usize) -> Option<ScopeGap> {
        self.gaps_at(resource, true).next().or_else(|| self.gaps_at(resource, false).next())
    }

    /// The same resource with another identity that lacks a scope of it, and is proven by what it may open instead.
    pub fn other_scope_gap(&self) -> Option<ScopeGap> {
        let first = self.scope_gap(None)?;
        self.gaps_at(first.resource, true).find(|gap| gap.low != first.low)
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
