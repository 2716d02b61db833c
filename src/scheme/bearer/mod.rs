//! Bearer tokens (RFC 6750): given ones, and those of the client credentials grant (RFC 6749 §4.4).

use crate::observe::Phrase;
use crate::scheme::forgery::values::{self, byte_behind};
use crate::scheme::{Carried, Carrier, Forged, Forgery, ForgeryContext, Proof, Scheme, Unforgeable};
use crate::secret::Secret;

pub(crate) struct BearerScheme;
pub(crate) struct ClientCredentialsScheme;

impl Scheme for BearerScheme {
    fn name(&self) -> &'static str {
        "bearer"
    }

    fn profile_name(&self) -> &'static str {
        "bearer"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["login", "refresh", "grant", "code", "openid", "register", "bearer", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::authorization("Bearer")
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![carrier.carrying(proof.secret())]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        crate::scheme::forgery::malformed::behind_prefix(carrier)
    }
}

impl Scheme for ClientCredentialsScheme {
    fn name(&self) -> &'static str {
        "oauth2-client-credentials"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["mtls", "token", "bearer", "introspect", "revoke", "meta", "register", "common"]
    }

    fn profile_name(&self) -> &'static str {
        BearerScheme.profile_name()
    }

    fn carrier(&self) -> Carrier {
        BearerScheme.carrier()
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        BearerScheme.carry(carrier, proof)
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        BearerScheme.malformed(carrier)
    }
}

/// The table of forgeries.
const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a well-formed token that was never issued", |context| value_forgery("unknown", context)),
    Forgery::new("truncated", "the token without its last character", truncated),
    Forgery::new("without-first", "the token without its first character", |context| {
        value_forgery("without-first", context)
    }),
    Forgery::new("extended", "the token with one character appended", |context| value_forgery("extended", context)),
    Forgery::new("part-appended", "the token with one part more behind its separator", |context| {
        value_forgery("part-appended", context)
    }),
    Forgery::new("middle-changed", "the token with its middle character changed", |context| {
        value_forgery("middle-changed", context)
    }),
    Forgery::new("case-flipped", "the token with the case of its letters flipped", |context| {
        value_forgery("case-flipped", context)
    }),
    Forgery::new("upper-cased", "the token in upper case", |context| value_forgery("upper-cased", context)),
    Forgery::new("lower-cased", "the token in lower case", |context| value_forgery("lower-cased", context)),
    Forgery::new("reversed", "the token reversed", |context| value_forgery("reversed", context)),
    Forgery::new("doubled", "the token twice over", |context| value_forgery("doubled", context)),
    Forgery::new("percent-encoded", "the token with each character percent-encoded", |context| {
        value_forgery("percent-encoded", context)
    }),
    Forgery::new("base64", "the token in Base64", |context| value_forgery("base64", context)),
    Forgery::new("null", "the token null", |context| text(context, "null")),
    Forgery::new("undefined", "the token undefined", |context| text(context, "undefined")),
    Forgery::new("sql-or", "an SQL tautology for a token", |context| text(context, "' OR '1'='1")),
    Forgery::new("star", "the wildcard * for a token", |context| text(context, "*")),
    Forgery::new("percent", "the SQL wildcard % for a token", |context| text(context, "%")),
    Forgery::new("like-pattern", "the start of the token and an SQL wildcard", |context| {
        value_forgery("like-pattern", context)
    }),
    Forgery::new("ldap-pattern", "the start of the token and an LDAP wildcard", |context| {
        value_forgery("ldap-pattern", context)
    }),
    Forgery::new("look-alike", "the token with one letter replaced by a look-alike outside ASCII", |context| {
        value_forgery("look-alike", context)
    }),
    Forgery::new("full-width", "the token in full-width letters", |context| value_forgery("full-width", context)),
    Forgery::new("byte-ff", "the token with the byte 0xFF behind it", |context| byte_behind(context, 0xff)),
    // what libraries of text take for white space: no-break space and next line in Latin-1, and the unit separator
    Forgery::new("byte-a0", "the token with the byte 0xA0 behind it", |context| byte_behind(context, 0xa0)),
    Forgery::new("byte-85", "the token with the byte 0x85 behind it", |context| byte_behind(context, 0x85)),
    Forgery::new("byte-1f", "the token with the byte 0x1F behind it", |context| byte_behind(context, 0x1f)),
    Forgery::new("padding-behind", "the token with an equals sign behind it", |context| {
        spelling("padding-behind", context)
    }),
    Forgery::new("left-over-bits", "the token with other bits behind the last byte of its Base64", |context| {
        spelling("left-over-bits", context)
    }),
];

/// Another spelling of the same bytes; forms of JWTs are forged by their own table.
fn spelling(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    match context.scheme.groups().contains(&"jwt") {
        true => Err(Unforgeable("the forms of a JWT are tried by themselves".to_owned())),
        false => value_forgery(id, context),
    }
}

fn text(context: &ForgeryContext<'_>, text: &str) -> Forged {
    Ok(context.carry(&Proof::Token(Secret::new(text))))
}

/// The fewest characters of a part that is a secret by itself.
const SHORTEST_SECRET: usize = 16;

/// The identifier of a session may have the name of its server behind it (`jvmRoute`), which is no secret, and which servers
/// leave unread: what stands before it is shortened.
fn truncated(context: &mut ForgeryContext<'_>) -> Forged {
    let is_name = |(start, name): &(&str, &str)| name.len() < SHORTEST_SECRET && start.len() >= SHORTEST_SECRET;
    let named = context.proof.secret().rsplit_once('.').filter(is_name);
    match named.filter(|_| context.scheme.groups().contains(&"session")) {
        Some((start, name)) => {
            let start = values::forged("truncated", start, context.rng);
            let start = start.ok_or_else(|| Unforgeable("the identifier offers nothing to change".to_owned()))?;
            Ok(context.carry(&Proof::Token(Secret::new(format!("{start}.{name}")))))
        }
        None => value_forgery("truncated", context),
    }
}

fn value_forgery(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let forged = values::forged(id, context.proof.secret(), context.rng);
    let forged = forged.ok_or_else(|| Unforgeable("the token offers nothing to change".to_owned()))?;
    Ok(context.carry(&Proof::Token(Secret::new(forged))))
}
