//! Forgeries about a string that fit every scheme whose credential is one. Each returns `None` where it would change nothing.

use rand::RngExt as _;
use rand::rngs::StdRng;

use base64::engine::general_purpose::STANDARD;
use base64::{Engine as _, alphabet as b64};

use crate::scheme::{Forged, ForgeryContext};

/// Characters at the end that a forgery about the end replaces.
const TAIL: usize = 4;

/// A forgery about a string.
type ForgeString = fn(&str, &mut StdRng) -> Option<String>;

/// Forgeries by name.
const FORGERIES: &[(&str, ForgeString)] = &[
    ("unknown", unknown),
    ("truncated", |good, _| changed(good, but_last(good)?)),
    ("without-first", |good, _| changed(good, skip_first(good))),
    ("last-changed", last_changed),
    ("no-common-prefix", no_common_prefix),
    ("unknown-id", unknown_id),
    ("extended", |good, _| changed(good, extended_by(good, "x"))),
    ("part-appended", |good, _| part_appended(good)),
    ("middle-changed", |good, _| middle_changed(good)),
    ("case-flipped", |good, _| in_other_case(good, case_flipped(good))),
    ("upper-cased", |good, _| in_other_case(good, good.to_uppercase())),
    ("lower-cased", |good, _| in_other_case(good, good.to_lowercase())),
    ("reversed", |good, _| changed(good, good.chars().rev().collect())),
    ("doubled", |good, _| changed(good, extended_by(good, good.trim_end_matches('=')))),
    ("percent-encoded", |good, _| changed(good, percent_encoded(good))),
    ("base64", |good, _| changed(good, STANDARD.encode(good))),
    ("quoted", |good, _| changed(good, format!("\"{good}\""))),
    ("like-pattern", |good, _| changed(good, format!("{}%", start(good)))),
    ("ldap-pattern", |good, _| changed(good, format!("{}*", start(good)))),
    ("padding-behind", |good, _| changed(good, format!("{good}="))),
    ("left-over-bits", |good, _| left_over_bits(good)),
    ("look-alike", |good, _| look_alike(good)),
    ("full-width", |good, _| changed(good, good.chars().map(full_width).collect())),
];

/// Characters of a value that is a number and no password.
const LEAST_NUMBER: usize = 16;

/// A value in another case. Hexadecimal digits of one case are the same number in the other (RFC 4648 §8): nothing is lost by it.
fn in_other_case(good: &str, other: String) -> Option<String> {
    let digits =
        |of_case: fn(&u8) -> bool| good.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-') || of_case(&byte));
    let is_number = digits(|byte| matches!(byte, b'a'..=b'f')) || digits(|byte| matches!(byte, b'A'..=b'F'));
    if is_number && good.len() >= LEAST_NUMBER { None } else { changed(good, other) }
}

/// Tells a forgery by its name.
pub(crate) fn forged(id: &str, good: &str, rng: &mut StdRng) -> Option<String> {
    let (_, forge) = FORGERIES.iter().find(|(other, _)| *other == id)?;
    // the value of a cookie may have quotation marks around it (RFC 6265 §4.1.1), and servers read what is within them
    let inner = good.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|inner| !inner.is_empty());
    match inner {
        Some(inner) => Some(format!("\"{}\"", forge(inner, rng)?)),
        None => forge(good, rng),
    }
}

/// The good credential with a byte behind it that may be no character.
pub(in crate::scheme) fn byte_behind(context: &ForgeryContext<'_>, byte: u8) -> Forged {
    let mut carried = context.carry(context.proof);
    carried.iter_mut().for_each(|one| one.value.push(byte));
    Ok(carried)
}

/// Without its last character: padding of Base64 is none, for many decoders do not need it.
fn but_last(good: &str) -> Option<String> {
    let mut forged = good.trim_end_matches('=').to_owned();
    forged.pop()?;
    Some(forged)
}

/// With another last character that decodes to the same bytes: the bits of it that belong to no byte are others (RFC 4648 §3.5).
/// Nothing where the value is no Base64 of either alphabet, or has no such bits.
pub(crate) fn left_over_bits(good: &str) -> Option<String> {
    let start = good.trim_end_matches('=');
    let unused = match start.len() % 4 {
        2 => 4,
        3 => 2,
        _ => return None,
    };
    let alphabet = [&b64::STANDARD, &b64::URL_SAFE].into_iter().map(b64::Alphabet::as_str);
    let alphabet = alphabet.into_iter().find(|alphabet| start.chars().all(|c| alphabet.contains(c)))?;
    let last = alphabet.find(start.chars().last()?)?;
    let other = last ^ (1 << (unused - 1));
    let padding = &good[start.len()..];
    Some(format!("{}{}{padding}", &start[..start.len() - 1], &alphabet[other..=other]))
}

/// With something more at its end, before the padding of Base64: many decoders read nothing behind it.
fn extended_by(good: &str, more: &str) -> String {
    let (start, padding) = good.split_at(good.trim_end_matches('=').len());
    format!("{start}{more}{padding}")
}

/// What separates the parts of a credential, the rarest in alphabets of credentials first.
const SEPARATORS: [char; 7] = ['|', ':', ';', '~', '.', '_', '-'];

/// With one part more behind the last, behind what separates its parts: whoever splits it and looks at the first ones reads
/// another credential than whoever compares it whole.
fn part_appended(good: &str) -> Option<String> {
    let separator = SEPARATORS.into_iter().find(|separator| good.contains(*separator))?;
    Some(format!("{good}{separator}authbench"))
}

/// With its last characters replaced by others of their kind, each time by new ones: what a cache of refusals has seen is not
/// sent again. One that is not the last is always another, for the last one of Base64 may have bits that belong to no byte
/// (RFC 4648 §3.5).
fn last_changed(good: &str, rng: &mut StdRng) -> Option<String> {
    let chars: Vec<char> = good.trim_end_matches('=').chars().collect();
    let start = chars.len() - TAIL.min(chars.len() / 2);
    let before_last = (start..chars.len()).rev().skip(1).chain((0..start).rev());
    let certain = before_last.into_iter().find(|at| chars[*at].is_ascii_alphanumeric())?;
    let other = (0..64).map(|_| alike(chars[certain], rng)).find(|other| *other != chars[certain])?;
    let padding = &good[good.trim_end_matches('=').len()..];
    let forged = chars.iter().enumerate().map(|(at, c)| match at {
        at if at == certain => other,
        at if at >= start => alike(*c, rng),
        _ => *c,
    });
    let forged = forged.collect::<String>();
    changed(good, format!("{forged}{padding}"))
}

/// A random value of the same length and alphabet whose first character is another. What says what it is stays, such as `user:`: without
/// that another lookup may answer.
fn no_common_prefix(good: &str, rng: &mut StdRng) -> Option<String> {
    let (kind, secret) = good.split_at(public_prefix(good));
    // a separator may be one of the secret
    let is_word = kind.chars().all(|c| c.is_ascii_lowercase() || "_-:".contains(c));
    let (kind, secret) = if is_word { (kind, secret) } else { ("", good) };
    let first = secret.chars().next()?;
    let other = (0..64).map(|_| alike(first, rng)).find(|other| *other != first)?;
    let rest: String = secret.chars().skip(1).map(|c| alike(c, rng)).collect();
    changed(good, format!("{kind}{other}{rest}"))
}

/// The length of what says what a value is, such as `abk_live_` or `user:`. Where too little is left after it, or it is too much for
/// that, the whole value may be random.
fn public_prefix(good: &str) -> usize {
    let kept = good.rfind(['_', '-', ':']).map_or(0, |at| at + 1);
    if good.len() - kept < 8 || kept > LONGEST_PREFIX { 0 } else { kept }
}

/// A random identifier before the last separator, and a random secret after it.
fn unknown_id(good: &str, rng: &mut StdRng) -> Option<String> {
    let at = good.rfind(['_', '-', '.']).filter(|at| *at > 0 && good.len() - at > 8)?;
    let id: String = good[..at].chars().map(|c| alike(c, rng)).collect();
    let secret: String = good[at..].chars().map(|c| alike(c, rng)).collect();
    changed(&good[..at], id).map(|id| format!("{id}{secret}"))
}

/// A random character of the same kind.
fn alike(c: char, rng: &mut StdRng) -> char {
    match c {
        'a'..='z' => char::from(rng.random_range(b'a'..=b'z')),
        'A'..='Z' => char::from(rng.random_range(b'A'..=b'Z')),
        '0'..='9' => char::from(rng.random_range(b'0'..=b'9')),
        other => other,
    }
}

/// Without its first character; of a value with parts, such as `alice:2:KEY`, without that of the longest: a name in front may be
/// nothing that is compared.
fn skip_first(good: &str) -> String {
    let mut from = 0;
    let mut longest = (0, 0);
    for part in good.split_inclusive([':', '|']) {
        if part.len() > longest.1 {
            longest = (from, part.len());
        }
        from += part.len();
    }
    let (before, part) = good.split_at(longest.0);
    before.chars().chain(part.chars().skip(1)).collect()
}

/// With its middle character replaced by another of its kind.
fn middle_changed(good: &str) -> Option<String> {
    let mut chars: Vec<char> = good.chars().collect();
    let middle = chars.len() / 2;
    let at = (middle..chars.len()).chain(0..middle).find(|at| chars[*at].is_ascii_alphanumeric())?;
    chars[at] = neighbour(chars[at]);
    changed(good, chars.into_iter().collect())
}

/// With the case of each ASCII letter flipped.
pub(in crate::scheme) fn case_flipped(good: &str) -> String {
    let flip = |c: char| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
    good.chars().map(flip).collect()
}

fn percent_encoded(good: &str) -> String {
    good.bytes().map(|byte| format!("%{byte:02X}")).collect()
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

/// The first half of a value.
fn start(good: &str) -> String {
    good.chars().take(good.chars().count() / 2).collect()
}

/// A random value of the same length, alphabet and prefix.
fn unknown(good: &str, rng: &mut StdRng) -> Option<String> {
    let kept = signed_part(good).unwrap_or_else(|| public_prefix(good));
    let secret = &good[kept..];
    let is_hex = secret.len() >= 16 && secret.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'));
    let other = |(at, c): (usize, char)| match c {
        // version and variant of a UUID (RFC 9562 §4)
        _ if is_uuid(secret) && (at == 14 || at == 19) => c,
        '0'..='9' | 'a'..='f' if is_hex => char::from(b"0123456789abcdef"[rng.random_range(0..16)]),
        c => alike(c, rng),
    };
    let forged: String = good[..kept].chars().chain(secret.chars().enumerate().map(other)).collect();
    changed(good, forged)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.char_indices().all(|(at, c)| (c == '-') == matches!(at, 8 | 13 | 18 | 23))
}

/// The most characters of a prefix that says what a value is, such as `abk_live_`: the alphabets of Base64 for URLs and of UUIDs
/// have its separators, too.
const LONGEST_PREFIX: usize = 16;

/// How much of a JWT is signed, with the dot behind it: another signature makes one that was never issued.
fn signed_part(good: &str) -> Option<usize> {
    let (signed, _) = good.rsplit_once('.').filter(|_| good.starts_with("eyJ") && good.matches('.').count() == 2)?;
    Some(signed.len() + 1)
}

fn neighbour(c: char) -> char {
    match c {
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        other => char::from_u32(other as u32 + 1).unwrap_or('a'),
    }
}

fn changed(good: &str, forged: String) -> Option<String> {
    (forged != good && !forged.is_empty()).then_some(forged)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn what_is_more_at_the_end_is_before_the_padding_of_base64() {
        let mut rng = StdRng::seed_from_u64(1);
        for (good, extended, doubled) in
            [("YWI=", "YWIx=", "YWIYWI="), ("YQ==", "YQx==", "YQYQ=="), ("abc", "abcx", "abcabc")]
        {
            assert_eq!(forged("extended", good, &mut rng).as_deref(), Some(extended));
            assert_eq!(forged("doubled", good, &mut rng).as_deref(), Some(doubled));
        }
    }

    #[test]
    fn the_first_character_is_that_of_the_longest_part() {
        for (good, expected) in
            [("abc", "bc"), ("alice:2:6c1f0a8e", "alice:2:c1f0a8e"), ("6c1f0a8e|x", "c1f0a8e|x"), ("", "")]
        {
            assert_eq!(skip_first(good), expected);
        }
    }

    #[test]
    fn every_forgery_differs_from_the_truth() {
        let mut rng = StdRng::seed_from_u64(1);
        for good in ["abk_live_q7Wn2Zp4XcRt9Vb3", "sk-1", "ALLCAPS", "0123456789", "pässwörd"] {
            for (id, forge) in FORGERIES {
                assert_ne!(forge(good, &mut rng).as_deref(), Some(good), "{id} of {good}");
            }
        }
    }

    #[test]
    fn what_is_changed_at_the_end_decodes_to_something_else_and_is_new_each_time() {
        use base64::engine::DecodePaddingMode;
        use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
        let lenient = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let lenient = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
        let mut rng = StdRng::seed_from_u64(1);
        // one, two and no bytes beyond a group of three
        for good in ["c2VjcmV0LWtleS0wMQ==", "c2VjcmV0LWtleS0wMTI=", "c2VjcmV0LWtleS0wMTIz", "c2VjcmV0LWtleS0wMQ"] {
            let decoded = lenient.decode(good).expect("is Base64");
            let told: std::collections::BTreeSet<String> =
                (0..300).map(|_| forged("last-changed", good, &mut rng).expect("is forged")).collect();
            assert!(told.len() > 200, "{good}: {} of 300 differ", told.len());
            for one in &told {
                assert_eq!(one.len(), good.len());
                assert_ne!(lenient.decode(one).expect("is Base64"), decoded, "{one} is {good} to a lenient decoder");
            }
            let short = forged("truncated", good, &mut rng).expect("is forged");
            assert_ne!(lenient.decode(&short).ok(), Some(decoded), "{short}");
        }
    }

    #[test]
    fn left_over_bits_decode_to_the_same_bytes() {
        let mut rng = StdRng::seed_from_u64(1);
        for (good, expected) in [
            ("YQ==", Some("YY==")),
            ("YWI=", Some("YWK=")),
            ("YWJj", None),
            ("YQ", Some("YY")),
            ("-_A", Some("-_C")),
            ("+/-", None),
            ("a.b", None),
        ] {
            assert_eq!(forged("left-over-bits", good, &mut rng).as_deref(), expected, "{good}");
        }
    }

    #[test]
    fn a_forgery_that_would_change_nothing_is_not_told() {
        let mut rng = StdRng::seed_from_u64(1);
        for (id, good) in [
            ("case-flipped", "0123"),
            ("upper-cased", "ABC"),
            ("upper-cased", "4f9c1d7e0b3a86c2"),
            ("lower-cased", "4F9C1D7E-0B3A-86C2-A1B2-C3D4E5F60718"),
            ("reversed", "abba"),
            ("truncated", ""),
        ] {
            assert_eq!(forged(id, good, &mut rng), None, "{id} of {good:?}");
        }
    }

    #[test]
    fn quotation_marks_of_a_cookie_stay_around_what_is_forged() {
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(forged("truncated", "\"gAAAAB-xyz7\"", &mut rng).as_deref(), Some("\"gAAAAB-xyz\""));
        assert_eq!(forged("extended", "\"gAAAAB-xyz7\"", &mut rng).as_deref(), Some("\"gAAAAB-xyz7x\""));
    }

    #[test]
    fn an_unknown_value_keeps_prefix_length_and_alphabet() {
        let forged = forged("unknown", "abk_live_q7Wn2Zp4XcRt9Vb3", &mut StdRng::seed_from_u64(7)).expect("a forgery");
        assert!(forged.starts_with("abk_live_") && forged.len() == 25, "{forged}");
        assert!(forged[9..10].chars().all(|c| c.is_ascii_lowercase()));
        for (good, kept) in [
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.q7Wn2Zp4_XcRt9-Vb3mK8sLd", 37),
            ("q7Wn2Zp4XcRt9Vb3mK8sLdH5_fGa7Pq2x", 0),
            ("6f1c0a8e-52d9-4b37-b07d-3e9a41f8c265", 0),
        ] {
            let forged = super::forged("unknown", good, &mut StdRng::seed_from_u64(7)).expect("a forgery");
            assert_eq!(forged[..kept], good[..kept], "{forged}");
            let alike = forged[kept..].bytes().zip(good[kept..].bytes()).filter(|(one, other)| one == other).count();
            assert!(alike * 2 < good.len() - kept && forged.len() == good.len(), "{forged} is too near to {good}");
        }
    }
}
