//! What fills the values of a step.

use std::collections::BTreeSet;

use super::Stage;
use crate::check::step::Fill;
use crate::drive::probe::error::FillError;
use crate::plan::subject::Subject;
use crate::secret::Secret;

/// What a role that opens everything is called at most targets.
const ADMIN: &str = "admin";

impl Stage<'_> {
    pub(super) fn fill(&self, fill: Fill, resource: usize) -> Result<String, FillError> {
        let subject = self.prober.subject();
        let path = |at: Option<usize>| at.map(|at| self.prober.path(at)).unwrap_or_default();
        let slot = |slot: &str| {
            let kept = self.slots.get(slot).map(|kept| kept.token.value.expose().to_owned());
            kept.ok_or(FillError::NoToken)
        };
        let client = || self.prober.good_client().ok_or(FillError::NoClient);
        let material = &subject.material;
        let given =
            |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default();
        let principal = || {
            let good = subject.good_for(resource).or_else(|| subject.good_for(subject.main_resource()?));
            let identity = good.map(|good| &subject.identities[good]);
            identity.map(|good| good.account_name().unwrap_or_else(|| good.name.clone())).unwrap_or_default()
        };
        Ok(match fill {
            Fill::Text(text) => text.to_owned(),
            Fill::ProtectedPath => path(subject.main_resource()),
            Fill::AbsentPath => {
                subject.resources.get(resource).and_then(|resource| resource.absent.clone()).unwrap_or_default()
            }
            Fill::MixedPath => subject.mixed_path_at(resource).map(|mixed| mixed.path).unwrap_or_default(),
            Fill::PublicPath => path(subject.resources.iter().position(|resource| resource.public)),
            Fill::Principal => principal(),
            Fill::PrincipalIn(before, after) => format!("{before}{}{after}", principal()),
            Fill::OwnMethod => {
                subject.resources.get(resource).map(|resource| resource.method.clone()).unwrap_or_default()
            }
            Fill::LackingRoles(between) => roles(&lacking(subject, resource)).join(between),
            Fill::Tenant => {
                subject.resources.get(resource).and_then(|resource| resource.tenant.clone()).unwrap_or_default()
            }
            Fill::Bytes(count) => "a".repeat(count),
            Fill::OriginAround(before, behind) => {
                let base = &self.prober.equipment.base;
                let port = base.port().filter(|_| behind.is_empty()).map(|port| format!(":{port}"));
                let host = base.host_str().unwrap_or_default();
                format!("{}://{before}{host}{behind}{}", base.scheme(), port.unwrap_or_default())
            }
            Fill::OriginBeside(_) => self.learned.origin.clone().unwrap_or_default(),
            Fill::NeededScope => match subject.scope_gap(None) {
                Some(gap) => {
                    let lacking =
                        subject.resources[gap.resource].scopes.difference(&subject.identities[gap.low].scopes);
                    lacking.cloned().collect::<Vec<_>>().join(" ")
                }
                None => String::new(),
            },
            Fill::LowAndNeededScope => {
                let low = subject.scope_gap(None).map(|gap| &subject.identities[gap.low].scopes);
                let own = low.into_iter().flatten().cloned();
                own.chain([self.fill(Fill::NeededScope, resource)?]).collect::<Vec<_>>().join(" ")
            }
            Fill::LookalikeScope => material.lookalike_scopes.join(" "),
            Fill::DisallowedScope => material.disallowed_scope.clone().unwrap_or_default(),
            Fill::LeftOut => String::new(),
            Fill::OwnScope => client()?.scope.unwrap_or_default(),
            Fill::OwnAndDisallowedScope => {
                let own = client()?.scope.unwrap_or_default();
                format!("{own} {}", material.disallowed_scope.clone().unwrap_or_default())
            }
            Fill::ScopeOfBothClients => self.scopes_beside_assertion().0,
            Fill::ScopeOfOtherClient => self.scopes_beside_assertion().1,
            Fill::Repeated(text, times) => text.repeat(times).trim_end().to_owned(),
            Fill::Slot(name) => slot(name)?,
            Fill::SlotForged(name, id) => self.slot_forged(name, id)?,
            Fill::SlotAltered(name) => altered(&slot(name)?),
            Fill::Random => self.random.clone(),
            Fill::ClientId => client()?.id,
            Fill::RefreshToken => given(&material.refresh_token),
            Fill::OtherAudienceToken => given(&material.other_audience_token),
            Fill::AcceptSignature => material.answer_rules.as_ref().map(|rules| rules.asked()).unwrap_or_default(),
        })
    }
}

impl Stage<'_> {
    /// Scopes that the client whose assertions are sent and another one have in common, or those of the other; and those that only
    /// the other has.
    fn scopes_beside_assertion(&self) -> (String, String) {
        let subject = self.prober.subject();
        let first = subject.assertion_identity();
        let Some((first, second)) = first.and_then(|first| Some((first, subject.second_client(first)?))) else {
            return Default::default();
        };
        scopes_of_two(&subject.identities[first].scopes, &subject.identities[second].scopes)
    }
}

/// The scopes that two clients have in common, or else those of the second; and those that only the second has.
fn scopes_of_two(first: &BTreeSet<String>, second: &BTreeSet<String>) -> (String, String) {
    let joined = |scopes: Vec<&String>| scopes.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let common: Vec<_> = first.intersection(second).collect();
    let common = if common.is_empty() { second.iter().collect() } else { common };
    // what a client has that declares no scope is not known
    let alone = second.difference(first).filter(|_| !first.is_empty()).collect();
    (joined(common), joined(alone))
}

/// The scopes of a resource that whoever lacks one does not have.
fn lacking(subject: &Subject, resource: usize) -> Vec<String> {
    let Some(gap) = subject.scope_gap_at(resource) else { return Vec::new() };
    let lacking = subject.resources[gap.resource].scopes.difference(&subject.identities[gap.low].scopes);
    lacking.cloned().collect()
}

/// What a role that opens everything is called, and one for each of these scopes.
fn roles(lacking: &[String]) -> Vec<&str> {
    let scopes = lacking.iter().map(String::as_str).filter(|scope| *scope != ADMIN);
    std::iter::once(ADMIN).chain(scopes).collect()
}

/// The same value with its middle character changed.
fn altered(value: &str) -> String {
    let middle = value.chars().count() / 2;
    let change = |(at, c): (usize, char)| match (at == middle, c) {
        (true, 'A') => 'B',
        (true, _) => 'A',
        (false, c) => c,
    };
    value.chars().enumerate().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_client_is_asked_for_by_a_scope_that_both_have_and_by_one_that_it_has_alone() {
        for (first, second, both, alone) in [
            (&["read", "write"][..], &["read"][..], "read", ""),
            (&["read"], &["read", "write"], "read", "write"),
            (&["read"], &["admin", "write"], "admin write", "admin write"),
            (&["read"], &[], "", ""),
            (&[], &["read"], "read", ""),
        ] {
            let set = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
            assert_eq!(scopes_of_two(&set(first), &set(second)), (both.to_owned(), alone.to_owned()));
        }
    }
}
