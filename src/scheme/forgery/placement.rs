//! Forgeries about where and how often a credential appears; they fit every scheme.

use crate::observe::ForgeryId;
use crate::scheme::bearer::BearerScheme;
use crate::scheme::forgery::values;
use crate::scheme::{Carried, CarrierPlace, Forged, Forgery, ForgeryContext, Scheme as _, Unforgeable};

pub(crate) const FORGERIES: &[Forgery] = &[
    Forgery::new("twice", "the good credential in two header lines", |context| {
        let good = in_header(context)?;
        Ok([good.clone(), good].concat())
    }),
    Forgery::new("good-then-unknown", "the good credential and then an unknown one, in two header lines", |context| {
        let mut both = in_header(context)?;
        both.push(unknown(context)?);
        Ok(both)
    }),
    Forgery::new("unknown-then-good", "an unknown credential and then the good one, in two header lines", |context| {
        let mut both = vec![unknown(context)?];
        both.extend(in_header(context)?);
        Ok(both)
    }),
    Forgery::new(
        "comma-joined",
        "the good credential and an unknown one in one header line, with a comma",
        |context| {
            let good = in_header(context)?.pop().ok_or_else(nothing)?;
            let value = [&good.value[..], b", ", &unknown(context)?.value].concat();
            Ok(vec![Carried { value, ..good }])
        },
    ),
    Forgery::new(
        "comma-joined-last",
        "an unknown credential and the good one in one header line, with a comma",
        |context| {
            let good = in_header(context)?.pop().ok_or_else(nothing)?;
            let value = [&unknown(context)?.value[..], b", ", &good.value].concat();
            Ok(vec![Carried { value, ..good }])
        },
    ),
    Forgery::new("in-query", "the good token in the query as access_token and nowhere else", |context| {
        moved(context, CarrierPlace::Query("access_token".to_owned()))
    }),
    Forgery::new("in-query-as-token", "the good token in the query as token and nowhere else", |context| {
        moved(context, CarrierPlace::Query("token".to_owned()))
    }),
    Forgery::new("in-query-as-jwt", "the good token in the query as jwt and nowhere else", |context| {
        moved(context, CarrierPlace::Query("jwt".to_owned()))
    }),
    Forgery::new("in-query-as-auth_token", "the good token in the query as auth_token and nowhere else", |context| {
        moved(context, CarrierPlace::Query("auth_token".to_owned()))
    }),
    Forgery::new("in-query-anyhow", "the good token in the query under each usual name and nowhere else", |context| {
        good_in_query(context)
    }),
    Forgery::new(
        "in-query-twice",
        "the good token and then an unknown one in the query, under each usual name",
        |context| {
            let mut both = good_in_query(context)?;
            both.extend(unknown_in_query(context)?);
            Ok(both)
        },
    ),
    Forgery::new(
        "in-query-twice-last",
        "an unknown token and then the good one in the query, under each usual name",
        |context| {
            let mut both = unknown_in_query(context)?;
            both.extend(good_in_query(context)?);
            Ok(both)
        },
    ),
    // one at a time: several tokens together may be longer than the fields that a server takes
    Forgery::new(
        "in-cookie-access-token",
        "the good token in a cookie named access_token and nowhere else",
        |context| in_cookie(context, USUAL_NAMES[0]),
    ),
    Forgery::new("in-cookie-token", "the good token in a cookie named token and nowhere else", |context| {
        in_cookie(context, USUAL_NAMES[1])
    }),
    Forgery::new("in-cookie-jwt", "the good token in a cookie named jwt and nowhere else", |context| {
        in_cookie(context, USUAL_NAMES[2])
    }),
    Forgery::new("in-cookie-auth-token", "the good token in a cookie named auth_token and nowhere else", |context| {
        in_cookie(context, USUAL_NAMES[3])
    }),
    Forgery::new("in-form", "the good token in a form body under each usual name and nowhere else", |context| {
        Ok(usually_named(CarrierPlace::Form, context.proof.secret()))
    }),
    Forgery::new("in-json", "the good token in a JSON body under each usual name and nowhere else", |context| {
        Ok(usually_named(CarrierPlace::Json, context.proof.secret()))
    }),
    Forgery::new("in-multipart", "the good token in a multipart body and nowhere else", |context| {
        moved(context, CarrierPlace::Multipart("access_token".to_owned()))
    }),
    Forgery::new(
        "unknown-in-query-too",
        "the good credential in its place and an unknown one in the query",
        |context| {
            let mut both = in_header(context)?;
            both.extend(unknown_in_query(context)?);
            Ok(both)
        },
    ),
    Forgery::new("good-in-query-too", "an unknown credential in its place and the good one in the query", |context| {
        let mut both = vec![unknown(context)?];
        both.extend(good_in_query(context)?);
        Ok(both)
    }),
];

/// Names under which servers read tokens from the query, bodies and cookies: that of RFC 6750 §2.3, and those of widespread libraries.
const USUAL_NAMES: [&str; 4] = ["access_token", "token", "jwt", "auth_token"];

fn in_cookie(context: &ForgeryContext<'_>, name: &str) -> Forged {
    match &context.carrier.place {
        CarrierPlace::Cookie(_) => Err(Unforgeable("the scenario declares a cookie for tokens".to_owned())),
        _ => Ok(vec![Carried::new(&CarrierPlace::Cookie(name.to_owned()), context.proof.secret())]),
    }
}

fn good_in_query(context: &ForgeryContext<'_>) -> Forged {
    Ok(usually_named(CarrierPlace::Query, context.proof.secret()))
}

fn unknown_in_query(context: &mut ForgeryContext<'_>) -> Forged {
    let forged =
        values::forged(ForgeryId::UNKNOWN.as_str(), context.proof.secret(), context.rng).ok_or_else(nothing)?;
    Ok(usually_named(CarrierPlace::Query, &forged))
}

/// One token under each name.
fn usually_named(place: fn(String) -> CarrierPlace, token: &str) -> Vec<Carried> {
    USUAL_NAMES.iter().map(|name| Carried::new(&place((*name).to_owned()), token)).collect()
}

fn in_header(context: &ForgeryContext<'_>) -> Forged {
    match &context.carrier.place {
        CarrierPlace::Header(_) => Ok(context.carry(context.proof)),
        _ => Err(Unforgeable("the credential does not travel in a header".to_owned())),
    }
}

fn unknown(context: &mut ForgeryContext<'_>) -> Result<Carried, Unforgeable> {
    let scheme = context.scheme;
    // a token of a form that the scheme does not know has one that nobody issued as well
    let mut carried = match scheme.forge(ForgeryId::UNKNOWN, context) {
        Ok(carried) => carried,
        Err(_) => BearerScheme.forge(ForgeryId::UNKNOWN, context)?,
    };
    carried.pop().ok_or_else(nothing)
}

/// The secret itself in another place.
fn moved(context: &ForgeryContext<'_>, place: CarrierPlace) -> Forged {
    Ok(vec![Carried::new(&place, context.proof.secret())])
}

fn nothing() -> Unforgeable {
    Unforgeable("nothing to carry".to_owned())
}
