//! Lies about where and how often a credential appears; they fit every scheme.

use super::{Carried, Carrier, Forgery, Unforgeable, find};

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "twice",
        says: "the good credential in two header lines",
        forge: |draft| {
            let Carrier::Header(_) = draft.carrier else {
                return Err(Unforgeable("the credential does not travel in a header".to_owned()));
            };
            let good = carried(draft)?;
            Ok([good.clone(), good].concat())
        },
    },
    Forgery {
        name: "good-then-unknown",
        says: "the good credential and then an unknown one, in two header lines",
        forge: |draft| {
            let Carrier::Header(_) = draft.carrier else {
                return Err(Unforgeable("the credential does not travel in a header".to_owned()));
            };
            let mut both = carried(draft)?;
            both.push(unknown(draft)?);
            Ok(both)
        },
    },
];

/// The good credential as the scheme carries it. Lies about placement know the scheme by what it is proved with.
fn carried(draft: &super::Draft<'_>) -> Result<Vec<Carried>, Unforgeable> {
    let scheme = match draft.proof {
        super::Proof::Key(_) => "api-key",
        super::Proof::Password { .. } => "basic",
        super::Proof::Token(_) => "bearer",
    };
    let scheme = find(scheme).ok_or_else(|| Unforgeable("no such scheme".to_owned()))?;
    Ok(scheme.carry(draft.carrier, draft.proof))
}

fn unknown(draft: &mut super::Draft<'_>) -> Result<Carried, Unforgeable> {
    let scheme = match draft.proof {
        super::Proof::Key(_) => "api-key",
        super::Proof::Password { .. } => "basic",
        super::Proof::Token(_) => "bearer",
    };
    let scheme = find(scheme).ok_or_else(|| Unforgeable("no such scheme".to_owned()))?;
    let mut carried = scheme.forge("unknown", draft)?;
    carried.pop().ok_or_else(|| Unforgeable("nothing to carry".to_owned()))
}
