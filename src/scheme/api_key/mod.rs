//! A shared key in a header, a query parameter or a cookie.

use crate::scheme::forgery::values::{self, case_flipped};
use crate::scheme::{Carried, Carrier, Draft, Forged, Forgery, Proof, Scheme, Unforgeable};

pub(crate) struct ApiKey;

impl Scheme for ApiKey {
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
        Carrier::Header("X-API-Key".to_owned())
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![Carried::new(carrier, proof.secret())]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(String, Vec<Carried>)> {
        crate::scheme::forgery::malformed::VALUES
            .iter()
            .map(|(says, value)| ((*says).to_owned(), vec![Carried::new(carrier, value())]))
            .collect()
    }
}

/// The table of lies.
const FORGERIES: &[Forgery] = &[
    lie("unknown", "a well-formed key that was never issued", |draft| tell("unknown", draft)),
    lie("truncated", "the key without its last character", |draft| tell("truncated", draft)),
    lie("without-first", "the key without its first character", |draft| tell("without-first", draft)),
    lie("last-changed", "the key with its last character changed", |draft| tell("last-changed", draft)),
    lie("no-common-prefix", "a well-formed key that begins otherwise", |draft| tell("no-common-prefix", draft)),
    lie("unknown-id", "a key with an unknown identifier", |draft| tell("unknown-id", draft)),
    lie("extended", "the key with one character appended", |draft| tell("extended", draft)),
    lie("middle-changed", "the key with its middle character changed", |draft| tell("middle-changed", draft)),
    lie("case-flipped", "the key with the case of its letters flipped", |draft| tell("case-flipped", draft)),
    lie("upper-cased", "the key in upper case", |draft| tell("upper-cased", draft)),
    lie("lower-cased", "the key in lower case", |draft| tell("lower-cased", draft)),
    lie("reversed", "the key reversed", |draft| tell("reversed", draft)),
    lie("doubled", "the key twice over", |draft| tell("doubled", draft)),
    lie("percent-encoded", "the key with each character percent-encoded", |draft| tell("percent-encoded", draft)),
    lie("base64", "the key in Base64", |draft| tell("base64", draft)),
    lie("empty", "an empty key", |draft| carry(draft, Some(String::new()))),
    lie("space", "a blank key", |draft| carry(draft, Some(" ".to_owned()))),
    lie("tab", "a tab for a key", |draft| carry(draft, Some("\t".to_owned()))),
    lie("null", "the key null", |draft| carry(draft, Some("null".to_owned()))),
    lie("undefined", "the key undefined", |draft| carry(draft, Some("undefined".to_owned()))),
    lie("none-word", "the key None", |draft| carry(draft, Some("None".to_owned()))),
    lie("zero", "the key 0", |draft| carry(draft, Some("0".to_owned()))),
    lie("false-word", "the key false", |draft| carry(draft, Some("false".to_owned()))),
    lie("empty-array", "the key []", |draft| carry(draft, Some("[]".to_owned()))),
    lie("empty-object", "the key {}", |draft| carry(draft, Some("{}".to_owned()))),
    lie("nul-inside", "the key with a NUL and more after it", |draft| {
        altered(draft, |key| Some(format!("{key}\0tail")))
    }),
    lie("cr-inside", "the key with a bare CR inside", |draft| altered(draft, |key| inside(key, "\r"))),
    lie("lf-inside", "the key with a bare LF inside", |draft| altered(draft, |key| inside(key, "\n"))),
    lie("whitespace-around", "the key with spaces and tabs around it", |draft| {
        in_header(draft, |name, key| (name.to_owned(), format!("\t  {key} \t")))
    }),
    lie("name-case-flipped", "the field name with the case of its letters flipped", |draft| {
        in_header(draft, |name, key| (case_flipped(name), key.to_owned()))
    }),
    lie("name-first-flipped", "the field name with the case of its first letter flipped", |draft| {
        // RFC 9110 §5.6.2: a field name is ASCII
        in_header(draft, |name, key| {
            let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
            (format!("{}{rest}", case_flipped(first)), key.to_owned())
        })
    }),
    lie("look-alike", "the key with one letter replaced by a look-alike outside ASCII", |draft| {
        altered(draft, look_alike)
    }),
    lie("full-width", "the key in full-width letters", |draft| {
        altered(draft, |key| Some(key.chars().map(full_width).collect()))
    }),
    lie("byte-ff", "the key with the byte 0xFF behind it", |draft| {
        Ok(vec![Carried::new(draft.carrier, [draft.proof.secret().as_bytes(), &[0xff]].concat())])
    }),
    lie("long-8k", "a key of 8 KiB", |draft| carry(draft, Some("a".repeat(8 << 10)))),
    lie("long-16k", "a key of 16 KiB", |draft| carry(draft, Some("a".repeat(16 << 10)))),
    lie("long-64k", "a key of 64 KiB", |draft| carry(draft, Some("a".repeat(64 << 10)))),
    lie("in-query-api_key", "the key as ?api_key=", |draft| in_query(draft, "api_key")),
    lie("in-query-apikey", "the key as ?apikey=", |draft| in_query(draft, "apikey")),
    lie("in-query-key", "the key as ?key=", |draft| in_query(draft, "key")),
    lie("in-query-access_token", "the key as ?access_token=", |draft| in_query(draft, "access_token")),
    lie("in-cookie", "the key in a cookie", |draft| match draft.carrier {
        Carrier::Header(name) => Ok(vec![Carried::new(&Carrier::Cookie(name.clone()), draft.proof.secret())]),
        _ => Err(Unforgeable("the scenario declares another place than a header".to_owned())),
    }),
    lie("sql-or", "an SQL tautology", |draft| carry(draft, Some("' OR '1'='1".to_owned()))),
    lie("like-pattern", "the start of the key and an SQL wildcard", |draft| {
        altered(draft, |key| Some(format!("{}%", start(key))))
    }),
    lie("star", "the wildcard *", |draft| carry(draft, Some("*".to_owned()))),
    lie("regex", "the pattern .*", |draft| carry(draft, Some(".*".to_owned()))),
    lie("nosql", "a NoSQL operator", |draft| carry(draft, Some(r#"{"$ne":null}"#.to_owned()))),
    lie("array-parameter", "the text key[]=x", |draft| carry(draft, Some("key[]=x".to_owned()))),
    lie("jndi", "a JNDI lookup", |draft| carry(draft, Some("${jndi:x}".to_owned()))),
    lie("traversal", "a path traversal", |draft| carry(draft, Some("../valid".to_owned()))),
    lie("ldap", "an LDAP filter", |draft| carry(draft, Some(")(|(a=*".to_owned()))),
    lie("demo-test", "the key test", |draft| carry(draft, Some("test".to_owned()))),
    lie("demo-demo", "the key demo", |draft| carry(draft, Some("demo".to_owned()))),
    lie("demo-changeme", "the key changeme", |draft| carry(draft, Some("changeme".to_owned()))),
    lie("demo-secret", "the key secret", |draft| carry(draft, Some("secret".to_owned()))),
    lie("demo-admin", "the key admin", |draft| carry(draft, Some("admin".to_owned()))),
    lie("demo-password", "the key password", |draft| carry(draft, Some("password".to_owned()))),
    lie("demo-apikey", "the key apikey", |draft| carry(draft, Some("apikey".to_owned()))),
    lie("demo-123456", "the key 123456", |draft| carry(draft, Some("123456".to_owned()))),
    lie("demo-your-api-key", "the key your-api-key", |draft| carry(draft, Some("your-api-key".to_owned()))),
    lie("demo-xxx", "the key xxx", |draft| carry(draft, Some("xxx".to_owned()))),
];

const fn lie(name: &'static str, says: &'static str, forge: fn(&mut Draft<'_>) -> Forged) -> Forgery {
    Forgery { name, says, forge }
}

fn tell(name: &str, draft: &mut Draft<'_>) -> Forged {
    let told = values::tell(name, parts(draft.proof.secret()).1, draft.rng);
    carry(draft, told)
}

fn altered(draft: &Draft<'_>, alter: fn(&str) -> Option<String>) -> Forged {
    carry(draft, alter(parts(draft.proof.secret()).1))
}

fn carry(draft: &Draft<'_>, told: Option<String>) -> Forged {
    let told = told.ok_or_else(|| Unforgeable("the key offers nothing to change".to_owned()))?;
    Ok(vec![Carried::new(draft.carrier, format!("{}{told}", parts(draft.proof.secret()).0))])
}

/// What stands before the key, such as `Token `, and the key. A lie about the word before it would be no lie about the
/// key: the server would see none.
fn parts(value: &str) -> (&str, &str) {
    value.split_at(value.rfind(' ').map_or(0, |at| at + 1))
}

/// The key in a header line with another name or value.
fn in_header(draft: &Draft<'_>, write: fn(&str, &str) -> (String, String)) -> Forged {
    let Carrier::Header(name) = draft.carrier else {
        return Err(Unforgeable("the key does not travel in a header".to_owned()));
    };
    let (name, value) = write(name, draft.proof.secret());
    Ok(vec![Carried::header(&name, value)])
}

/// The key in the query, where the scenario does not declare that place.
fn in_query(draft: &Draft<'_>, name: &str) -> Forged {
    match draft.carrier {
        Carrier::Query(_) => Err(Unforgeable("the scenario declares the query for keys".to_owned())),
        _ => Ok(vec![Carried::new(&Carrier::Query(name.to_owned()), draft.proof.secret())]),
    }
}

/// The full-width twin of a letter, which compatibility normalisation makes plain again.
fn full_width(c: char) -> char {
    if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c) } else { c }
}

/// With the first letter that has a Cyrillic twin replaced by it.
fn look_alike(key: &str) -> Option<String> {
    let twins = [('a', 'а'), ('e', 'е'), ('o', 'о'), ('p', 'р'), ('c', 'с'), ('x', 'х'), ('y', 'у'), ('i', 'і')];
    let (at, twin) = key
        .char_indices()
        .find_map(|(at, c)| twins.iter().find(|(latin, _)| *latin == c).map(|(_, twin)| (at, *twin)))?;
    Some(format!("{}{twin}{}", &key[..at], &key[at + 1..]))
}

fn inside(key: &str, control: &str) -> Option<String> {
    let middle = key.char_indices().nth(key.chars().count() / 2).map(|(at, _)| at)?;
    (middle > 0).then(|| format!("{}{control}{}", &key[..middle], &key[middle..]))
}

/// The first half of a key.
fn start(key: &str) -> String {
    key.chars().take(key.chars().count() / 2).collect()
}
