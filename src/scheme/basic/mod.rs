//! User-id and password (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use rand::RngExt as _;

use crate::observe::Phrase;
use crate::scheme::forgery::values;
use crate::scheme::{Carried, Carrier, CarrierPlace, Forged, Forgery, ForgeryContext, Proof, Scheme, Unforgeable};
use crate::secret::Secret;

pub(crate) struct BasicScheme;

impl Scheme for BasicScheme {
    fn name(&self) -> &'static str {
        "basic"
    }

    fn profile_name(&self) -> &'static str {
        "basic"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["basic", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::authorization("Basic")
    }

    fn held(&self, value: &Secret, user: &str) -> Proof {
        Proof::Password { user: user.to_owned(), password: value.clone() }
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![carrier.carrying(&credentials(user_of(proof), proof.secret()))]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        crate::scheme::forgery::malformed::behind_prefix(carrier)
    }
}

fn user_of(proof: &Proof) -> &str {
    match proof {
        Proof::Password { user, .. } => user,
        _ => "",
    }
}

/// RFC 7617 §2: the Base64 of user-id, colon, password, in UTF-8.
fn credentials(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

/// The table of forgeries.
const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a well-formed password that was never issued", |context| {
        value_forgery("unknown", context)
    }),
    Forgery::new("truncated", "the password without its last character", |context| value_forgery("truncated", context)),
    Forgery::new("without-first", "the password without its first character", |context| {
        value_forgery("without-first", context)
    }),
    Forgery::new("extended", "the password with one character appended", |context| value_forgery("extended", context)),
    Forgery::new("middle-changed", "the password with its middle character changed", |context| {
        value_forgery("middle-changed", context)
    }),
    Forgery::new("case-flipped", "the password with the case of its letters flipped", |context| {
        value_forgery("case-flipped", context)
    }),
    Forgery::new("upper-cased", "the password in upper case", |context| value_forgery("upper-cased", context)),
    Forgery::new("lower-cased", "the password in lower case", |context| value_forgery("lower-cased", context)),
    Forgery::new("reversed", "the password reversed", |context| value_forgery("reversed", context)),
    Forgery::new("doubled", "the password twice over", |context| value_forgery("doubled", context)),
    Forgery::new("percent-encoded", "the password with each character percent-encoded", |context| {
        value_forgery("percent-encoded", context)
    }),
    Forgery::new("base64", "the password in Base64", |context| value_forgery("base64", context)),
    Forgery::new("colon-before", "the password with a colon before it", |context| {
        let forged = format!(":{}", context.proof.secret());
        password(context, Some(forged))
    }),
    Forgery::new("colon-behind", "the password with a colon behind it", |context| {
        let forged = format!("{}:", context.proof.secret());
        password(context, Some(forged))
    }),
    Forgery::new("space-before", "the password with a space before it", |context| {
        let forged = format!(" {}", context.proof.secret());
        password(context, Some(forged))
    }),
    Forgery::new("space-behind", "the password with a space behind it", |context| {
        let forged = format!("{} ", context.proof.secret());
        password(context, Some(forged))
    }),
    Forgery::new("empty", "an empty password", |context| password(context, Some(String::new()))),
    Forgery::new("unknown-user", "a user that does not exist", |context| {
        // new ones each time: a cache of refusals would answer the second request for one of them
        let mut random = || -> String { (0..12).map(|_| char::from(context.rng.random_range(b'a'..=b'z'))).collect() };
        let (user, password) = (format!("authbench-{}", random()), random());
        value(context, &credentials(&user, &password))
    }),
    Forgery::new("star", "the wildcard * for a password", |context| password(context, Some("*".to_owned()))),
    Forgery::new("star-user", "the wildcard * for a user and for a password", |context| {
        value(context, &credentials("*", "*"))
    }),
    Forgery::new("any-user", "a user-id that nobody has, with the password", |context| {
        let user: String = (0..12).map(|_| char::from(context.rng.random_range(b'a'..=b'z'))).collect();
        value(context, &credentials(&user, context.proof.secret()))
    }),
    Forgery::new("ldap-user", "the start of the user-id and an LDAP wildcard, with the password", |context| {
        let start: String = user_of(context.proof).chars().take(2).collect();
        value(context, &credentials(&format!("{start}*"), context.proof.secret()))
    }),
    Forgery::new("ldap-pattern", "the start of the password and an LDAP wildcard", |context| {
        value_forgery("ldap-pattern", context)
    }),
    Forgery::new("like-pattern", "the start of the password and an SQL wildcard", |context| {
        value_forgery("like-pattern", context)
    }),
    Forgery::new("sql-or", "an SQL tautology for a password", |context| {
        password(context, Some("' OR '1'='1".to_owned()))
    }),
    Forgery::new("sql-user", "a user-id that ends an SQL query early", |context| {
        value(context, &credentials(&format!("{}' -- ", user_of(context.proof)), "authbench"))
    }),
    Forgery::new("until-last-colon", "the password up to its last colon", |context| {
        let forged = context.proof.secret().rsplit_once(':').map(|(start, _)| start.to_owned());
        password(context, forged)
    }),
    Forgery::new("latin-1", "the password in Latin-1", |context| {
        // what Latin-1 does not have stands as a question mark
        let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        let bytes =
            format!("{}:{}", user_of(context.proof), context.proof.secret()).chars().map(byte).collect::<Vec<_>>();
        value(context, &STANDARD.encode(bytes))
    }),
    Forgery::new("no-colon", "Base64 of a text without a colon", |context| {
        value(context, &STANDARD.encode("authbench-without-colon"))
    }),
    Forgery::new("user-without-colon", "Base64 of the user-id alone, without a colon", |context| {
        value(context, &STANDARD.encode(user_of(context.proof)))
    }),
    Forgery::new("user-in-digest", "the user-id as a parameter of Digest, and no password", |context| {
        let user = quoted(user_of(context.proof));
        Ok(vec![Carried::new(&context.carrier.place, format!("Digest username={user}, response=\"authbench\""))])
    }),
    Forgery::new("bad-base64", "a value that is no Base64", |context| value(context, "!!not-base64!!")),
    Forgery::new("base64url", "Base64 in the alphabet of URLs", |context| {
        value(context, &URL_SAFE.encode("authbench>>>???:x~~~"))
    }),
    Forgery::new("no-padding", "the good value without the padding of its Base64", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        match good.trim_end_matches('=') {
            unpadded if unpadded == good => Err(Unforgeable("the good value has no padding".to_owned())),
            unpadded => value(context, unpadded),
        }
    }),
    Forgery::new("control-characters", "control characters in the user-id", |context| {
        value(context, &STANDARD.encode("auth\u{1}bench:x"))
    }),
    Forgery::new("word-after", "a word after the good value", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        value(context, &format!("{good} extra"))
    }),
    Forgery::new("junk-after", "characters outside Base64 after the good value", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        value(context, &format!("{good}!!!!"))
    }),
    Forgery::new("junk-pair-after", "two characters outside Base64 after the good value", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        value(context, &format!("{good}!!"))
    }),
    Forgery::new("dot-inside", "a dot inside the good value, which is no character of Base64", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        let (start, rest) = good.split_at(4.min(good.len()));
        value(context, &format!("{start}.{rest}"))
    }),
    Forgery::new("junk-inside", "a character outside Base64 inside the good value", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        // between two groups of four: what follows is read as before by who skips it
        let (start, rest) = good.split_at(4.min(good.len()));
        value(context, &format!("{start}!{rest}"))
    }),
    Forgery::new("space-inside", "a space inside the good value", |context| {
        let good = credentials(user_of(context.proof), context.proof.secret());
        let (start, rest) = good.split_at(4.min(good.len()));
        value(context, &format!("{start} {rest}"))
    }),
    Forgery::new("long-password", "a password of 5000 characters", |context| {
        value(context, &credentials(user_of(context.proof), &"a".repeat(5000)))
    }),
    Forgery::new(
        "long-password-unknown-user",
        "a password of 5000 characters for a user that does not exist",
        |context| {
            let user: String = (0..12).map(|_| char::from(context.rng.random_range(b'a'..=b'z'))).collect();
            value(context, &credentials(&user, &"a".repeat(5000)))
        },
    ),
    Forgery::new("path-user", "a user-id that leads to another folder", |context| {
        value(context, &credentials(&format!("../{}/x", user_of(context.proof)), "authbench"))
    }),
    Forgery::new("named-parts", "user-id and password as parameters of a scheme that does not exist", |context| {
        named_parts(context, "Authbench")
    }),
    Forgery::new("named-parts-bearer", "user-id and password as parameters of Bearer", |context| {
        named_parts(context, "Bearer")
    }),
    Forgery::new("named-parts-digest", "user-id and password as parameters of Digest", |context| {
        named_parts(context, "Digest")
    }),
    Forgery::new("padding-behind", "the good value with an equals sign behind it", |context| {
        spelling("padding-behind", context)
    }),
    Forgery::new("left-over-bits", "the good value with other bits behind its last byte", |context| {
        spelling("left-over-bits", context)
    }),
    Forgery::new("nul-after", "the good password with a NUL behind it", |context| {
        let forged = format!("{}\0", context.proof.secret());
        password(context, Some(forged))
    }),
    Forgery::new("in-query-u-p", "user-id and password as ?u= and ?p= and nowhere else", |context| {
        in_query(context, "u", "p")
    }),
    Forgery::new(
        "in-query-user-password",
        "user-id and password as ?user= and ?password= and nowhere else",
        |context| in_query(context, "user", "password"),
    ),
    Forgery::new(
        "in-query-username-password",
        "user-id and password as ?username= and ?password= and nowhere else",
        |context| in_query(context, "username", "password"),
    ),
    Forgery::new(
        "in-query-auth",
        "the good value as ?auth=, ?authorization=, ?basic= and ?token= and nowhere else",
        |context| {
            let good = credentials(user_of(context.proof), context.proof.secret());
            let names = ["auth", "authorization", "basic", "token"];
            Ok(names.map(|name| Carried::new(&CarrierPlace::Query(name.to_owned()), &good)).into())
        },
    ),
    Forgery::new("first-72-bytes", "the first 72 bytes of the password", |context| {
        password(context, first(context, ""))
    }),
    Forgery::new("first-72-and-tail", "the first 72 bytes of the password and another tail", |context| {
        password(context, first(context, "-another"))
    }),
];

fn value_forgery(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let forged = values::forged(id, context.proof.secret(), context.rng);
    password(context, forged)
}

/// The good value as another Base64 of the same bytes.
fn spelling(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let good = credentials(user_of(context.proof), context.proof.secret());
    let forged = values::forged(id, &good, context.rng);
    let forged = forged.ok_or_else(|| Unforgeable("the good value has no such bits".to_owned()))?;
    value(context, &forged)
}

/// A quoted string (RFC 9110 §5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// User-id and password as parameters (RFC 9110 §11.4), as libraries that read every scheme into the same names take them.
fn named_parts(context: &ForgeryContext<'_>, scheme: &str) -> Forged {
    let (user, password) = (quoted(user_of(context.proof)), quoted(context.proof.secret()));
    let text = format!("{scheme} username={user}, password={password}");
    Ok(vec![Carried::new(&context.carrier.place, text)])
}

fn password(context: &ForgeryContext<'_>, forged: Option<String>) -> Forged {
    let forged = forged.ok_or_else(|| Unforgeable("the password offers nothing to change".to_owned()))?;
    value(context, &credentials(user_of(context.proof), &forged))
}

fn value(context: &ForgeryContext<'_>, value: &str) -> Forged {
    Ok(vec![context.carrier.carrying(value)])
}

/// User-id and password as two parameters of the query.
fn in_query(context: &ForgeryContext<'_>, user: &str, password: &str) -> Forged {
    let parameter = |name: &str, value: &str| Carried::new(&CarrierPlace::Query(name.to_owned()), value);
    Ok(vec![parameter(user, user_of(context.proof)), parameter(password, context.proof.secret())])
}

fn first(context: &ForgeryContext<'_>, tail: &str) -> Option<String> {
    let good = context.proof.secret();
    let start = good.get(..72)?;
    (good.len() > 72).then(|| format!("{start}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::forgery::forged_in_test;

    #[test]
    fn the_good_value_is_written_in_other_ways() {
        let proof = Proof::Password { user: "alice".to_owned(), password: Secret::new("p\"w") };
        // YWxpY2U6cCJ3 has no padding and no bits left over
        for (id, expected) in [
            ("junk-pair-after", "Basic YWxpY2U6cCJ3!!"),
            ("junk-inside", "Basic YWxp!Y2U6cCJ3"),
            ("dot-inside", "Basic YWxp.Y2U6cCJ3"),
            ("space-inside", "Basic YWxp Y2U6cCJ3"),
            ("padding-behind", "Basic YWxpY2U6cCJ3="),
            ("colon-before", "Basic YWxpY2U6OnAidw=="),
            ("space-behind", "Basic YWxpY2U6cCJ3IA=="),
            ("named-parts", "Authbench username=\"alice\", password=\"p\\\"w\""),
            ("named-parts-digest", "Digest username=\"alice\", password=\"p\\\"w\""),
            ("user-without-colon", "Basic YWxpY2U="),
            ("user-in-digest", "Digest username=\"alice\", response=\"authbench\""),
            ("path-user", "Basic Li4vYWxpY2UveDphdXRoYmVuY2g="),
        ] {
            let carried = forged_in_test(id, &BasicScheme, &proof).expect("is made");
            assert_eq!(carried, [format!("Header(\"Authorization\") {}", expected.escape_default())], "{id}");
        }
        assert_eq!(forged_in_test("left-over-bits", &BasicScheme, &proof), None);
        let in_query = forged_in_test("in-query-auth", &BasicScheme, &proof).expect("is made");
        assert_eq!(in_query[0], "Query(\"auth\") YWxpY2U6cCJ3");
        let padded = Proof::Password { user: "alice".to_owned(), password: Secret::new("p") };
        let carried = forged_in_test("left-over-bits", &BasicScheme, &padded).expect("is made");
        assert_eq!(carried, ["Header(\"Authorization\") Basic YWxpY2U6cI=="]);
    }
}
