//! A shared key in a header, a query parameter or a cookie.

use crate::observe::Phrase;
use crate::scheme::forgery::values::{self, byte_behind, case_flipped};
use crate::scheme::{Carried, Carrier, CarrierPlace, Forged, Forgery, ForgeryContext, Proof, Scheme, Unforgeable};
use crate::secret::Secret;

pub(crate) struct ApiKeyScheme;

impl Scheme for ApiKeyScheme {
    fn name(&self) -> &'static str {
        "api-key"
    }

    fn profile_name(&self) -> &'static str {
        "api-key"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["apikey", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::header("X-API-Key")
    }

    fn held(&self, value: &Secret, _: &str) -> Proof {
        Proof::Key(value.clone())
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![carrier.carrying(proof.secret())]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        let values = crate::scheme::forgery::malformed::VALUES.iter().map(|(description, value)| {
            (
                Phrase::new(description),
                vec![Carried::new(&carrier.place, [carrier.prefix.as_bytes(), &value()].concat())],
            )
        });
        values.chain(crate::scheme::forgery::malformed::in_brackets(carrier)).collect()
    }
}

/// Names of parameters in which a key is tried, whatever its field is called.
const IN_QUERY: [&str; 7] = ["api_key", "apikey", "api-key", "apiKey", "key", "token", "access_token"];

/// The table of forgeries.
const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a well-formed key that was never issued", |context| value_forgery("unknown", context)),
    Forgery::new("truncated", "the key without its last character", |context| value_forgery("truncated", context)),
    Forgery::new("without-first", "the key without its first character", |context| {
        value_forgery("without-first", context)
    }),
    Forgery::new("last-changed", "the key with its last characters changed", |context| {
        value_forgery("last-changed", context)
    }),
    Forgery::new("no-common-prefix", "a well-formed key that begins otherwise", |context| {
        value_forgery("no-common-prefix", context)
    }),
    Forgery::new("unknown-id", "a key with an unknown identifier", |context| value_forgery("unknown-id", context)),
    Forgery::new("extended", "the key with one character appended", |context| value_forgery("extended", context)),
    Forgery::new("part-appended", "the key with one part more behind its separator", |context| {
        value_forgery("part-appended", context)
    }),
    Forgery::new("middle-changed", "the key with its middle character changed", |context| {
        value_forgery("middle-changed", context)
    }),
    Forgery::new("case-flipped", "the key with the case of its letters flipped", |context| {
        value_forgery("case-flipped", context)
    }),
    Forgery::new("upper-cased", "the key in upper case", |context| value_forgery("upper-cased", context)),
    Forgery::new("lower-cased", "the key in lower case", |context| value_forgery("lower-cased", context)),
    Forgery::new("reversed", "the key reversed", |context| value_forgery("reversed", context)),
    Forgery::new("doubled", "the key twice over", |context| value_forgery("doubled", context)),
    Forgery::new("percent-encoded", "the key with each character percent-encoded", |context| {
        value_forgery("percent-encoded", context)
    }),
    Forgery::new("base64", "the key in Base64", |context| value_forgery("base64", context)),
    Forgery::new("quoted", "the key in quotation marks", |context| match &context.carrier.place {
        // RFC 6265 §4.1.1: they may be part of the notation
        CarrierPlace::Cookie(_) => Err(Unforgeable("cookies may have quotation marks around their value".to_owned())),
        _ => value_forgery("quoted", context),
    }),
    Forgery::new("empty", "an empty key", |context| carry(context, Some(String::new()))),
    Forgery::new("space", "a blank key", |context| carry(context, Some(" ".to_owned()))),
    Forgery::new("tab", "a tab for a key", |context| carry(context, Some("\t".to_owned()))),
    Forgery::new("null", "the key null", |context| carry(context, Some("null".to_owned()))),
    Forgery::new("undefined", "the key undefined", |context| carry(context, Some("undefined".to_owned()))),
    Forgery::new("none-word", "the key None", |context| carry(context, Some("None".to_owned()))),
    Forgery::new("zero", "the key 0", |context| carry(context, Some("0".to_owned()))),
    Forgery::new("false-word", "the key false", |context| carry(context, Some("false".to_owned()))),
    Forgery::new("empty-array", "the key []", |context| carry(context, Some("[]".to_owned()))),
    Forgery::new("empty-object", "the key {}", |context| carry(context, Some("{}".to_owned()))),
    Forgery::new("nul-inside", "the key with a NUL and more after it", |context| {
        altered(context, |key| Some(format!("{key}\0tail")))
    }),
    Forgery::new("cr-inside", "the key with a bare CR inside", |context| altered(context, |key| inside(key, "\r"))),
    Forgery::new("cr-behind", "the key with a bare CR and more behind it", |context| {
        altered(context, |key| Some(format!("{key}\rtail")))
    }),
    Forgery::new("nul-behind", "the key with a NUL behind it", |context| {
        altered(context, |key| Some(format!("{key}\0")))
    }),
    Forgery::new("vt-behind", "the key with a vertical tab behind it", |context| {
        altered(context, |key| Some(format!("{key}\u{b}")))
    }),
    Forgery::new("ff-behind", "the key with a form feed behind it", |context| {
        altered(context, |key| Some(format!("{key}\u{c}")))
    }),
    Forgery::new("nul-before", "the key with a NUL before it", |context| {
        altered(context, |key| Some(format!("\0{key}")))
    }),
    Forgery::new("vt-before", "the key with a vertical tab before it", |context| {
        altered(context, |key| Some(format!("\u{b}{key}")))
    }),
    Forgery::new("ff-before", "the key with a form feed before it", |context| {
        altered(context, |key| Some(format!("\u{c}{key}")))
    }),
    Forgery::new("lf-inside", "the key with a bare LF inside", |context| altered(context, |key| inside(key, "\n"))),
    Forgery::new("whitespace-around", "the key with spaces and tabs around it", |context| {
        in_header(context, |name, key| (name.to_owned(), format!("\t  {key} \t")))
    }),
    Forgery::new("name-case-flipped", "the field name with the case of its letters flipped", |context| {
        in_header(context, |name, key| (case_flipped(name), key.to_owned()))
    }),
    Forgery::new("name-first-flipped", "the field name with the case of its first letter flipped", |context| {
        // RFC 9110 §5.6.2: a field name is ASCII
        in_header(context, |name, key| {
            let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
            (format!("{}{rest}", case_flipped(first)), key.to_owned())
        })
    }),
    Forgery::new("look-alike", "the key with one letter replaced by a look-alike outside ASCII", |context| {
        value_forgery("look-alike", context)
    }),
    Forgery::new("full-width", "the key in full-width letters", |context| value_forgery("full-width", context)),
    Forgery::new("byte-ff", "the key with the byte 0xFF behind it", |context| byte_behind(context, 0xff)),
    // what libraries of text take for white space: no-break space and next line in Latin-1, and the unit separator
    Forgery::new("byte-a0", "the key with the byte 0xA0 behind it", |context| byte_behind(context, 0xa0)),
    Forgery::new("byte-85", "the key with the byte 0x85 behind it", |context| byte_behind(context, 0x85)),
    Forgery::new("byte-1f", "the key with the byte 0x1F behind it", |context| byte_behind(context, 0x1f)),
    Forgery::new("padding-behind", "the key with an equals sign behind it", |context| {
        value_forgery("padding-behind", context)
    }),
    Forgery::new("nul-encoded-behind", "the key with a percent-encoded NUL behind it", |context| {
        altered(context, |key| Some(format!("{key}%00")))
    }),
    Forgery::new("left-over-bits", "the key with other bits behind the last byte of its Base64", |context| {
        value_forgery("left-over-bits", context)
    }),
    Forgery::new("long-8k", "a key of 8 KiB", |context| carry(context, Some("a".repeat(8 << 10)))),
    Forgery::new("long-16k", "a key of 16 KiB", |context| carry(context, Some("a".repeat(16 << 10)))),
    Forgery::new("long-64k", "a key of 64 KiB", |context| carry(context, Some("a".repeat(64 << 10)))),
    Forgery::new("in-query-api_key", "the key as ?api_key=", |context| in_query(context, "api_key")),
    Forgery::new("in-query-apikey", "the key as ?apikey=", |context| in_query(context, "apikey")),
    Forgery::new("in-query-api-key", "the key as ?api-key=", |context| in_query(context, "api-key")),
    Forgery::new("in-query-apiKey", "the key as ?apiKey=", |context| in_query(context, "apiKey")),
    Forgery::new("in-query-key", "the key as ?key=", |context| in_query(context, "key")),
    Forgery::new("in-query-token", "the key as ?token=", |context| in_query(context, "token")),
    Forgery::new("in-query-access_token", "the key as ?access_token=", |context| in_query(context, "access_token")),
    Forgery::new("in-query-own-name", "the key in a parameter with the name of its field", |context| {
        match &context.carrier.place {
            CarrierPlace::Header(name) if !IN_QUERY.iter().any(|known| known.eq_ignore_ascii_case(name)) => {
                in_query(context, name)
            }
            CarrierPlace::Header(_) => Err(Unforgeable("that name is tried anyway".to_owned())),
            _ => Err(Unforgeable("the key does not travel in a header".to_owned())),
        }
    }),
    Forgery::new(
        "in-query-two-parts",
        "what stands before the colon of the key as ?username=, and the rest as ?api_key=",
        |context| {
            let place = |name: &str| CarrierPlace::Query(name.to_owned());
            match (&context.carrier.place, parts(context.proof.secret()).1.split_once(':')) {
                (CarrierPlace::Query(_), _) => Err(Unforgeable("the scenario declares the query for keys".to_owned())),
                (_, None) => Err(Unforgeable("the key has no colon".to_owned())),
                (_, Some((name, key))) => {
                    Ok(vec![Carried::new(&place("username"), name), Carried::new(&place("api_key"), key)])
                }
            }
        },
    ),
    Forgery::new("in-cookie", "the key in a cookie", |context| match &context.carrier.place {
        CarrierPlace::Header(name) => {
            Ok(vec![Carried::new(&CarrierPlace::Cookie(name.clone()), context.proof.secret())])
        }
        _ => Err(Unforgeable("the scenario declares another place than a header".to_owned())),
    }),
    Forgery::new("sql-or", "an SQL tautology", |context| carry(context, Some("' OR '1'='1".to_owned()))),
    Forgery::new("like-pattern", "the start of the key and an SQL wildcard", |context| {
        value_forgery("like-pattern", context)
    }),
    Forgery::new("ldap-pattern", "the start of the key and an LDAP wildcard", |context| {
        value_forgery("ldap-pattern", context)
    }),
    Forgery::new("star", "the wildcard *", |context| carry(context, Some("*".to_owned()))),
    Forgery::new("regex", "the pattern .*", |context| carry(context, Some(".*".to_owned()))),
    Forgery::new("nosql", "a NoSQL operator", |context| carry(context, Some(r#"{"$ne":null}"#.to_owned()))),
    Forgery::new("array-parameter", "the text key[]=x", |context| carry(context, Some("key[]=x".to_owned()))),
    Forgery::new("jndi", "a JNDI lookup", |context| carry(context, Some("${jndi:x}".to_owned()))),
    Forgery::new("traversal", "a path traversal", |context| carry(context, Some("../valid".to_owned()))),
    Forgery::new("ldap", "an LDAP filter", |context| carry(context, Some(")(|(a=*".to_owned()))),
    Forgery::new("demo-test", "the key test", |context| carry(context, Some("test".to_owned()))),
    Forgery::new("demo-demo", "the key demo", |context| carry(context, Some("demo".to_owned()))),
    Forgery::new("demo-changeme", "the key changeme", |context| carry(context, Some("changeme".to_owned()))),
    Forgery::new("demo-secret", "the key secret", |context| carry(context, Some("secret".to_owned()))),
    Forgery::new("demo-admin", "the key admin", |context| carry(context, Some("admin".to_owned()))),
    Forgery::new("demo-password", "the key password", |context| carry(context, Some("password".to_owned()))),
    Forgery::new("demo-apikey", "the key apikey", |context| carry(context, Some("apikey".to_owned()))),
    Forgery::new("demo-123456", "the key 123456", |context| carry(context, Some("123456".to_owned()))),
    Forgery::new("demo-your-api-key", "the key your-api-key", |context| {
        carry(context, Some("your-api-key".to_owned()))
    }),
    Forgery::new("demo-xxx", "the key xxx", |context| carry(context, Some("xxx".to_owned()))),
];

fn value_forgery(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let forged = values::forged(id, parts(context.proof.secret()).1, context.rng);
    carry(context, forged)
}

fn altered(context: &ForgeryContext<'_>, alter: fn(&str) -> Option<String>) -> Forged {
    carry(context, alter(parts(context.proof.secret()).1))
}

fn carry(context: &ForgeryContext<'_>, forged: Option<String>) -> Forged {
    let forged = forged.ok_or_else(|| Unforgeable("the key offers nothing to change".to_owned()))?;
    Ok(vec![context.carrier.carrying(&format!("{}{forged}", parts(context.proof.secret()).0))])
}

/// What stands before the key, such as `Token `, and the key. A forgery about the word before it would be no forgery about the
/// key: the server would see none.
fn parts(value: &str) -> (&str, &str) {
    value.split_at(value.rfind(' ').map_or(0, |at| at + 1))
}

/// The key in a header line with another name or value.
fn in_header(context: &ForgeryContext<'_>, write: fn(&str, &str) -> (String, String)) -> Forged {
    let CarrierPlace::Header(name) = &context.carrier.place else {
        return Err(Unforgeable("the key does not travel in a header".to_owned()));
    };
    let (name, value) = write(name, &format!("{}{}", context.carrier.prefix, context.proof.secret()));
    Ok(vec![Carried::header(&name, value)])
}

/// The key in the query, where the scenario does not declare that place.
fn in_query(context: &ForgeryContext<'_>, name: &str) -> Forged {
    match &context.carrier.place {
        CarrierPlace::Query(_) => Err(Unforgeable("the scenario declares the query for keys".to_owned())),
        _ => Ok(vec![Carried::new(&CarrierPlace::Query(name.to_owned()), context.proof.secret())]),
    }
}

fn inside(key: &str, control: &str) -> Option<String> {
    let middle = key.char_indices().nth(key.chars().count() / 2).map(|(at, _)| at)?;
    (middle > 0).then(|| format!("{}{control}{}", &key[..middle], &key[middle..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::forgery::forged_in_test;

    #[test]
    fn a_key_is_spelled_in_other_ways_and_moved_to_other_places() {
        let forged = |id: &str, key: &str| forged_in_test(id, &ApiKeyScheme, &Proof::Key(Secret::new(key)));
        let one = |text: &str| Some(vec![text.to_owned()]);
        for (id, key, expected) in [
            ("byte-a0", "k1", one("Header(\"X-API-Key\") k1\\xa0")),
            ("byte-1f", "k1", one("Header(\"X-API-Key\") k1\\x1f")),
            ("vt-behind", "k1", one("Header(\"X-API-Key\") k1\\x0b")),
            ("nul-before", "k1", one("Header(\"X-API-Key\") \\x00k1")),
            ("nul-encoded-behind", "k1", one("Header(\"X-API-Key\") k1%00")),
            ("padding-behind", "k1", one("Header(\"X-API-Key\") k1=")),
            ("in-query-api-key", "k1", one("Query(\"api-key\") k1")),
            ("in-query-own-name", "k1", one("Query(\"X-API-Key\") k1")),
            ("in-query-two-parts", "k1", None),
            (
                "in-query-two-parts",
                "alice:k1",
                Some(vec!["Query(\"username\") alice".to_owned(), "Query(\"api_key\") k1".to_owned()]),
            ),
        ] {
            assert_eq!(forged(id, key), expected, "{id} of {key}");
        }
    }
}
