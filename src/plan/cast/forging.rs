//! What lies about tokens need: keys of the issuer, and a listener of authbench.

use super::{Act, Caster, Control, Missing, Part};
use crate::check::step::KeyChange;
use crate::scheme::Need;

impl Caster<'_> {
    /// Whether any of these lies can be told with what the scenario supplies.
    pub(super) fn tellable(&self, names: &[&str]) -> Result<(), Missing> {
        let kit = &self.subject.kit;
        let lacks = |name: &&str| kit.lacks(self.subject.scheme.needs(name));
        let lacking: Vec<&str> = names.iter().filter_map(lacks).collect();
        match lacking.first() {
            Some(first) if lacking.len() == names.len() => Err(Missing((*first).to_owned())),
            _ => Ok(()),
        }
    }

    /// A lie that is signed with the issuer's key proves something only where the truth, signed by the same hand, is
    /// accepted.
    pub(super) fn twin_of(&mut self, part: &Part, resource: usize) {
        let signed = |name: &str| !matches!(self.subject.scheme.needs(name), Need::Token | Need::PublishedKeys);
        let identity = match part {
            Part::EachForged(identity, names) if names.iter().any(|name| signed(name)) => *identity,
            Part::Forged(identity, name) if signed(name) => *identity,
            _ => return,
        };
        if self.subject.kit.issuer_key.is_some() {
            self.control(Control::Twin { identity, resource });
        }
    }

    /// Whether a token for another audience has to be made: it is not given, and can be signed.
    pub(super) fn mints_other_audience(&self) -> bool {
        let signed = self.subject.scheme.needs("aud-other") == Need::IssuerKey;
        signed && self.subject.material.other_audience_token.is_none() && self.subject.kit.issuer_key.is_some()
    }

    pub(super) fn keys(&mut self, index: usize, change: KeyChange) -> Result<(), Missing> {
        let kit = &self.subject.kit;
        if !kit.hosts_keys {
            return Err(Missing(
                "no `serve_jwks` in the scheme: the target has to read its keys from authbench".into(),
            ));
        }
        if let Some(lacking) = kit.lacks(Need::IssuerKey) {
            return Err(Missing(lacking.to_owned()));
        }
        self.push(index, String::new(), Act::Keys(change));
        Ok(())
    }
}
