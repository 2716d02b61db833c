//! Hostile values that no parser of credentials may choke on.

use crate::observe::Phrase;
use crate::scheme::{Carried, Carrier, CarrierPlace};

/// What a value is, and how it is made.
type Value = (&'static str, fn() -> Vec<u8>);

/// Values that fit every scheme.
pub(crate) const VALUES: &[Value] = &[
    ("one character", || b"x".to_vec()),
    ("only spaces between letters", || b"a b c".to_vec()),
    ("bad Base64", || b"!!!not-base64!!!".to_vec()),
    ("Base64 with a wrong length", || b"abcde".to_vec()),
    ("Base64 with too much padding", || b"YWJj====".to_vec()),
    ("Base64 of bytes that are no UTF-8", || b"//79/A==".to_vec()),
    // a user-id and a password for HTTP Basic, whose comparison may take ASCII alone
    ("Base64 of UTF-8 outside ASCII behind a colon", || b"YXV0aGJlbmNoOnNjaGzDvHNzZWw=".to_vec()),
    ("Base64 of a NUL", || b"AAAA".to_vec()),
    // where a database is asked for the user-id, and takes no NUL
    ("Base64 of a NUL inside a text before a colon", || b"YQBiOng=".to_vec()),
    ("8-bit bytes", || vec![0xff, 0xfe, 0xe9, 0x80]),
    ("UTF-8 outside ASCII", || "schlüssel-測試".as_bytes().to_vec()),
    ("an unbalanced quote", || b"\"abc".to_vec()),
    ("a lone backslash", || b"abc\\".to_vec()),
    ("a comma list", || b"a, b, c".to_vec()),
    ("an equals sign", || b"=".to_vec()),
    ("an equals sign inside", || b"a=b".to_vec()),
    ("three segments with an equals sign inside the first", || b"a=b.c.d".to_vec()),
    ("a colon", || b":".to_vec()),
    ("two dots", || b"..".to_vec()),
    ("three empty segments", || b"...".to_vec()),
    ("JSON", || br#"{"a":[1,2,{"b":null}]}"#.to_vec()),
    ("deeply nested JSON", || [b"[".repeat(2000), b"]".repeat(2000)].concat()),
    ("XML with an entity", || b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>".to_vec()),
    ("a format string", || b"%s%s%n%x".to_vec()),
    ("a template", || b"{{7*7}}${7*7}".to_vec()),
    ("a bad percent encoding", || b"%zz%".to_vec()),
    ("an encoded line break", || b"a%0d%0aSet-Cookie:x".to_vec()),
    ("a negative number", || b"-1".to_vec()),
    ("a huge number", || b"99999999999999999999999999999999999999".to_vec()),
    ("an exponent", || b"1e309".to_vec()),
    ("a null byte escape", || b"\\u0000".to_vec()),
    ("a byte order mark", || vec![0xef, 0xbb, 0xbf, b'a']),
    ("a right-to-left mark", || "a\u{202e}b".as_bytes().to_vec()),
    ("a long repeated letter", || vec![b'a'; 4000]),
    ("a value of 16,000 bytes", || vec![b'A'; 16_000]),
    ("many equals signs", || vec![b'='; 500]),
    ("many dots", || vec![b'.'; 500]),
    ("a tab inside", || b"ab\tcd".to_vec()),
    ("a delete character", || vec![b'a', 0x7f, b'b']),
    ("a NUL inside", || b"ab\0cd".to_vec()),
];

/// Names of schemes that libraries know, each with a value that is none of the scheme.
const OTHER_SCHEMES: [(&str, &str, &[u8]); 5] = [
    ("Digest", "the scheme Digest with a user-id and no password", b"username=\"authbench\", response=\"x\""),
    ("Basic", "the scheme Basic with 8-bit bytes", b"\xff\xfe\xe9\x80"),
    ("Basic", "the scheme Basic with bad Base64", b"!!!not-base64!!!"),
    ("Bearer", "the scheme Bearer with 8-bit bytes", b"\xff\xfe\xe9\x80"),
    ("Digest", "the scheme Digest with a parameter that does not end", b"username=\"abc"),
];

/// A value under names that frameworks read as those of an array or an object (PHP, Rack, `qs`).
pub(crate) fn in_brackets(carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
    let named = |behind: &str| match &carrier.place {
        CarrierPlace::Cookie(name) => Some(CarrierPlace::Cookie(format!("{name}{behind}"))),
        CarrierPlace::Query(name) => Some(CarrierPlace::Query(format!("{name}{behind}"))),
        _ => None,
    };
    let values = [("an array, by its name", "[]"), ("an object, by its name", "[a]")];
    let values = values.into_iter().filter_map(|(description, behind)| Some((description, named(behind)?)));
    values.map(|(description, place)| (Phrase::new(description), vec![Carried::new(&place, "1")])).collect()
}

/// The values behind the prefix of a carrier, such as the name of an authentication scheme, and some without one.
pub(crate) fn behind_prefix(carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
    let scheme = carrier.prefix.trim_end();
    let mut values: Vec<(Phrase, Vec<Carried>)> = VALUES
        .iter()
        .map(|(description, value)| {
            let bytes = [carrier.prefix.as_bytes(), &value()].concat();
            (Phrase::new(description), vec![Carried::new(&carrier.place, bytes)])
        })
        .collect();
    values.extend(in_brackets(carrier));
    if scheme.is_empty() {
        return values;
    }
    let mut bare: Vec<(&'static str, Vec<u8>)> = vec![
        ("the scheme alone", scheme.into()),
        ("the scheme and a space", format!("{scheme} ").into_bytes()),
        ("no space after the scheme", format!("{scheme}abc").into_bytes()),
        ("parameters instead of a value", format!("{scheme} a=\"b, c=d").into_bytes()),
        ("another scheme", b"Negotiate YWJj".to_vec()),
    ];
    // parsers that know several schemes read what comes by the name in front of it
    let others = OTHER_SCHEMES.iter().filter(|(name, ..)| !name.eq_ignore_ascii_case(scheme));
    bare.extend(others.map(|(name, description, value)| (*description, [name.as_bytes(), b" ", value].concat())));
    values.extend(
        bare.into_iter()
            .map(|(description, value)| (Phrase::new(description), vec![Carried::new(&carrier.place, value)])),
    );
    values
}
