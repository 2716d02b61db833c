//! Lies about where and how often a credential appears; they fit every scheme.

use crate::scheme::{Carried, Carrier, Draft, Forged, Forgery, Unforgeable, find};

pub(crate) const FORGERIES: &[Forgery] = &[
    lie("twice", "the good credential in two header lines", |draft| {
        let good = in_header(draft)?;
        Ok([good.clone(), good].concat())
    }),
    lie("good-then-unknown", "the good credential and then an unknown one, in two header lines", |draft| {
        let mut both = in_header(draft)?;
        both.push(unknown(draft)?);
        Ok(both)
    }),
    lie("unknown-then-good", "an unknown credential and then the good one, in two header lines", |draft| {
        let mut both = vec![unknown(draft)?];
        both.extend(in_header(draft)?);
        Ok(both)
    }),
    lie("comma-joined", "the good credential and an unknown one in one header line, with a comma", |draft| {
        let good = in_header(draft)?.pop().ok_or_else(nothing)?;
        let value = [&good.value[..], b", ", &unknown(draft)?.value].concat();
        Ok(vec![Carried { value, ..good }])
    }),
    lie("in-query", "the good token in the query and nowhere else", |draft| {
        moved(draft, Carrier::Query("access_token".to_owned()))
    }),
    lie("in-form", "the good token in a form body and nowhere else", |draft| {
        moved(draft, Carrier::Form("access_token".to_owned()))
    }),
    lie("in-json", "the good token in a JSON body and nowhere else", |draft| {
        moved(draft, Carrier::Json("access_token".to_owned()))
    }),
    lie("in-multipart", "the good token in a multipart body and nowhere else", |draft| {
        moved(draft, Carrier::Multipart("access_token".to_owned()))
    }),
    lie("unknown-in-query-too", "the good credential in its place and an unknown one in the query", |draft| {
        let mut both = in_header(draft)?;
        let told =
            crate::scheme::forgery::values::tell("unknown", draft.proof.secret(), draft.rng).ok_or_else(nothing)?;
        both.push(Carried::new(&Carrier::Query("access_token".to_owned()), told));
        Ok(both)
    }),
    lie("good-in-query-too", "an unknown credential in its place and the good one in the query", |draft| {
        let mut both = vec![unknown(draft)?];
        both.extend(moved(draft, Carrier::Query("access_token".to_owned()))?);
        Ok(both)
    }),
];

const fn lie(name: &'static str, says: &'static str, forge: fn(&mut Draft<'_>) -> Forged) -> Forgery {
    Forgery { name, says, forge }
}

fn in_header(draft: &Draft<'_>) -> Forged {
    match draft.carrier {
        Carrier::Header(_) => carried(draft),
        _ => Err(Unforgeable("the credential does not travel in a header".to_owned())),
    }
}

/// The good credential as the scheme carries it. Lies about placement know the scheme by what it is proved with.
pub(crate) fn carried(draft: &Draft<'_>) -> Forged {
    Ok(scheme_of(draft)?.carry(draft.carrier, draft.proof))
}

fn unknown(draft: &mut Draft<'_>) -> Result<Carried, Unforgeable> {
    let mut carried = scheme_of(draft)?.forge("unknown", draft)?;
    carried.pop().ok_or_else(nothing)
}

/// The secret itself in another place.
fn moved(draft: &Draft<'_>, carrier: Carrier) -> Forged {
    Ok(vec![Carried::new(&carrier, draft.proof.secret())])
}

fn scheme_of(draft: &Draft<'_>) -> Result<&'static dyn crate::scheme::Scheme, Unforgeable> {
    let scheme = match draft.proof {
        crate::scheme::Proof::Key(_) => "api-key",
        crate::scheme::Proof::Password { .. } => "basic",
        crate::scheme::Proof::Token(_) => "bearer",
    };
    find(scheme).ok_or_else(|| Unforgeable("no such scheme".to_owned()))
}

fn nothing() -> Unforgeable {
    Unforgeable("nothing to carry".to_owned())
}
