//! What forgeries about tokens need: keys of the issuer, and a listener of authbench.

use super::{Act, Asker, Caster, Control, Missing};
use crate::check::step::KeyChange;
use crate::observe::{ForgeryId, ForgeryIds};
use crate::scheme::Need;

/// A token for the audience of another API.
pub(super) const OTHER_AUDIENCE: ForgeryId = ForgeryId::new("aud-other");

impl Caster<'_> {
    /// Whether any of these forgeries can be told with what the scenario supplies.
    pub(super) fn can_forge(&self, ids: ForgeryIds) -> Result<(), Missing> {
        let (kit, scheme) = (&self.subject.kit, self.subject.scheme);
        if ids.iter().all(|id| scheme.forgery(id).is_none()) {
            return Err(Missing::of("the credentials are none that can be forged in this way"));
        }
        let lacking: Vec<&str> = ids.iter().filter_map(|id| kit.lacks(scheme.needs(id))).collect();
        match lacking.first() {
            Some(first) if lacking.len() == ids.iter().len() => {
                let of_keys = |id: ForgeryId| scheme.needs(id) == Need::PublishedKeys;
                Err(Missing { may_be_discovered: self.discovers() && ids.iter().any(of_keys), ..Missing::of(*first) })
            }
            _ => Ok(()),
        }
    }

    /// A forgery that is signed with the issuer's key proves something only where the truth, signed by the same hand, is
    /// accepted.
    pub(super) fn twin_of(&mut self, asker: &Asker, resource: usize) {
        let signed = |id: ForgeryId| !matches!(self.subject.scheme.needs(id), Need::Token | Need::PublishedKeys);
        let identity = match asker {
            Asker::EachForged(identity, ids) if ids.iter().any(signed) => *identity,
            Asker::Forged(identity, id) if signed(*id) => *identity,
            _ => return,
        };
        if self.subject.kit.issuer_key.is_some() {
            self.control(Control::Twin { identity, resource });
        }
    }

    /// Whether a token for another audience has to be made: it is not given, and can be signed.
    pub(super) fn mints_other_audience(&self) -> bool {
        let signed = self.subject.scheme.needs(OTHER_AUDIENCE) == Need::IssuerKey;
        signed && self.subject.material.other_audience_token.is_none() && self.subject.kit.issuer_key.is_some()
    }

    pub(super) fn keys(&mut self, index: usize, change: KeyChange) -> Result<(), Missing> {
        let kit = &self.subject.kit;
        if !kit.hosts_keys {
            return Err(Missing::of("no `serve_jwks` in the scheme: the target has to read its keys from authbench"));
        }
        if let Some(lacking) = kit.lacks(Need::IssuerKey) {
            return Err(Missing::of(lacking));
        }
        self.push(index, None, Act::Keys(change));
        Ok(())
    }
}
