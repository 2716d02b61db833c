//! What fills the values of a step, as far as the plan can tell.

use super::{Caster, Missing, NO_RESOURCES, missing};
use crate::check::step::{ClientRole, Fill, On, Who};

impl Caster<'_> {
    pub(super) fn scope(&self, fill: Fill) -> Result<String, Missing> {
        let subject = self.subject;
        match fill {
            Fill::Text(text) => Ok(text.to_owned()),
            Fill::DisallowedScope => match &subject.material.disallowed_scope {
                Some(scope) => Ok(scope.clone()),
                None => missing("no `material.disallowed_scope`"),
            },
            Fill::OwnAndDisallowedScope => {
                let own = self.client(ClientRole::Good).ok().and_then(|good| subject.identities[good].client()?.scope);
                match own {
                    Some(own) => Ok(format!("{own} {}", self.scope(Fill::DisallowedScope)?)),
                    None => missing("the good client has no `scopes` in the scenario"),
                }
            }
            Fill::LookalikeScope => match subject.material.lookalike_scopes.first() {
                Some(_) => Ok(subject.material.lookalike_scopes.join(" ")),
                None => missing("no `material.lookalike_scopes`"),
            },
            Fill::LowAndNeededScope => {
                let needed = self.scope(Fill::NeededScope)?;
                let low = subject.scope_gap(None).map(|gap| &subject.identities[gap.low].scopes);
                match low.filter(|own| !own.is_empty()) {
                    Some(own) => Ok(own.iter().cloned().chain([needed]).collect::<Vec<_>>().join(" ")),
                    None => missing("the credential that lacks a scope has no `scopes` in the scenario"),
                }
            }
            Fill::NeededScope if subject.resources.is_empty() => missing(NO_RESOURCES),
            Fill::NeededScope => match subject.scope_gap(None) {
                Some(gap) => {
                    let needed = &subject.resources[gap.resource].scopes;
                    let lacking = needed.difference(&subject.identities[gap.low].scopes);
                    Ok(lacking.cloned().collect::<Vec<_>>().join(" "))
                }
                None => Err(self.no_scope_gap(false)),
            },
            _ => missing("no scope to ask for"),
        }
    }

    pub(super) fn check_fills(&self, fills: impl IntoIterator<Item = Fill>) -> Result<(), Missing> {
        let material = &self.subject.material;
        for fill in fills {
            match fill {
                Fill::PublicPath => drop(self.resource(On::Public, Who::Good)?),
                Fill::NeededScope | Fill::LowAndNeededScope | Fill::DisallowedScope | Fill::OwnAndDisallowedScope => {
                    drop(self.scope(fill)?)
                }
                Fill::SlotForged(_, id) => {
                    if let Some(lacking) = self.subject.kit.lacks(self.subject.scheme.needs(id)) {
                        return missing(lacking);
                    }
                }
                Fill::RefreshToken if material.refresh_token.is_none() => {
                    return missing("no `material.refresh_token`");
                }
                Fill::OtherAudienceToken if material.other_audience_token.is_none() => {
                    return missing("no `material.other_audience_token`");
                }
                Fill::AcceptSignature if material.answer_rules.is_none() => {
                    return missing("no `material.answer_key`, the key that verifies the signatures of answers");
                }
                _ => {}
            }
        }
        Ok(())
    }
}
