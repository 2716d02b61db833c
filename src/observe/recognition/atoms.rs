//! What an answer is made of, in pieces that can be found again in another answer.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::observe::is_a_time;
use crate::observe::lenient_json::without_lone_surrogates;

/// Shortest line, text node or scalar that is searched for in a body that is not read as JSON.
pub(super) const SEARCHABLE: usize = 8;
/// Length of the blocks of a body that is no text.
const BLOCK: usize = 32;
/// Atoms of one answer that are kept; more of a long list add nothing.
const MOST_ATOMS: usize = 512;
/// Depth to which JSON is read.
const DEPTH: usize = 64;
/// Codes of RFC 6749 §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1 and RFC 9449 §7.1, which any refusal may carry.
const ERROR_CODES: &[&str] = &[
    "access_denied",
    "insufficient_scope",
    "invalid_client",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "unsupported_token_type",
    "use_dpop_nonce",
];

/// How a body was taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// Pairs of member and scalar.
    Json,
    /// Lines, or the text between tags.
    Text,
    /// Blocks of bytes.
    Binary,
}

/// A piece of a body: a scalar of JSON with the member that holds it, a line or text node, or a block of bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// The member; empty outside of JSON objects.
    pub(super) member: String,
    /// The scalar as text, the line, or the block.
    pub(super) value: Vec<u8>,
}

impl Atom {
    fn of(member: &str, value: impl Into<Vec<u8>>) -> Self {
        Self { member: member.to_owned(), value: value.into() }
    }

    /// Whether the value alone is distinctive enough to be searched for among other bytes.
    pub(super) fn is_searchable(&self) -> bool {
        self.value.len() >= SEARCHABLE
    }

    /// The atom for a reader: never its value, which may be personal data.
    pub fn name(&self) -> String {
        if self.member.is_empty() {
            format!("a piece of {} bytes", self.value.len())
        } else {
            format!("the value of `{}`", self.member)
        }
    }
}

/// Shows where, never what.
impl std::fmt::Debug for Atom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

/// Takes a body apart.
pub(super) fn atoms_of(body: &[u8]) -> (BodyKind, BTreeSet<Atom>) {
    let body = without_bom(body);
    if let Some(pairs) = pairs_of(body) {
        return (BodyKind::Json, pairs);
    }
    match std::str::from_utf8(body) {
        // a page stays one that shows a name with NUL, which somebody was let choose
        Ok(text) if !text.contains('\0') || is_markup(text) => (BodyKind::Text, pieces_of(text)),
        _ => {
            let blocks = body.chunks_exact(BLOCK).take(MOST_ATOMS).map(|block| Atom::of("", block));
            (BodyKind::Binary, blocks.collect())
        }
    }
}

/// The pairs of a JSON body; empty where it is not JSON.
pub(super) fn json_pairs(body: &[u8]) -> BTreeSet<Atom> {
    pairs_of(without_bom(body)).unwrap_or_default()
}

/// UTF-8 allows a mark in front of a text (RFC 8259 §8.1 lets parsers ignore it).
pub(super) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The pairs of a JSON object or array, read without a tree: one of a body of small numbers has ten times its size.
fn pairs_of(body: &[u8]) -> Option<BTreeSet<Atom>> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(first, b'{' | b'[') {
        return None;
    }
    read_pairs(body).or_else(|| match without_lone_surrogates(body) {
        Cow::Owned(body) => read_pairs(&body),
        Cow::Borrowed(_) => None,
    })
}

fn read_pairs(body: &[u8]) -> Option<BTreeSet<Atom>> {
    let mut pairs = BTreeSet::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    Pairs { member: "", depth: 0, into: &mut pairs }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(pairs)
}

/// Takes the pairs of a value that a member holds.
struct Pairs<'a> {
    member: &'a str,
    depth: usize,
    into: &'a mut BTreeSet<Atom>,
}

impl Pairs<'_> {
    fn number(self, number: &serde_json::Number) {
        if self.takes() && is_distinctive(number) {
            self.into.insert(Atom::of(self.member, number.to_string()));
        }
    }

    /// Whether more is looked for; what follows is read too, for it decides whether this is JSON.
    fn takes(&self) -> bool {
        self.depth <= DEPTH && self.into.len() < MOST_ATOMS
    }

    fn inside<'b>(&'b mut self, member: &'b str) -> Pairs<'b> {
        Pairs { member, depth: self.depth + 1, into: self.into }
    }
}

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            map.next_value_seed(self.inside(&name))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let member = self.member;
        while list.next_element_seed(self.inside(member))?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.takes() && says_something(text) {
            self.into.insert(Atom::of(self.member, text.as_bytes()));
        }
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(&number.into());
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.number(&number.into());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        if let Some(number) = serde_json::Number::from_f64(number) {
            self.number(&number);
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Text that is neither a date nor a code that every refusal may carry.
fn says_something(text: &str) -> bool {
    !text.trim().is_empty() && !ERROR_CODES.contains(&text) && !is_date(text)
}

/// Small integers are counts, pages and flags; those of today's size in seconds or milliseconds are times.
fn is_distinctive(number: &serde_json::Number) -> bool {
    let Some(integer) = number.as_i64() else { return true };
    let size = integer.unsigned_abs();
    size >= 1000 && !is_a_time(size)
}

/// RFC 3339 dates and times, and the dates of RFC 9110 §5.6.7.
pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let rfc3339 =
        digits(0..4) && bytes.get(4) == Some(&b'-') && digits(5..7) && bytes.get(7) == Some(&b'-') && digits(8..10);
    rfc3339 || (text.ends_with(" GMT") && bytes.get(3) == Some(&b','))
}

fn is_markup(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// Lines, or the text between tags where there are tags.
fn pieces_of(text: &str) -> BTreeSet<Atom> {
    let separators: &[char] = if is_markup(text) { &['<', '>', '\n'] } else { &['\n'] };
    let mut inside_tag = false;
    let mut pieces = BTreeSet::new();
    let mut rest = text;
    while !rest.is_empty() && pieces.len() < MOST_ATOMS {
        let end = rest.find(separators).unwrap_or(rest.len());
        let piece = rest[..end].trim();
        if !inside_tag && piece.len() >= SEARCHABLE && !is_date(piece) {
            pieces.insert(Atom::of("", piece.as_bytes()));
        }
        inside_tag = match rest[end..].chars().next() {
            Some('<') => true,
            Some('>') => false,
            _ => inside_tag,
        };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(body: &str) -> Vec<String> {
        let (_, atoms) = atoms_of(body.as_bytes());
        atoms.iter().map(|atom| format!("{}={}", atom.member, String::from_utf8_lossy(&atom.value))).collect()
    }

    #[test]
    fn only_what_is_distinctive_is_an_atom() {
        for (body, expected) in [
            (r#"{"item":"lamp","count":3,"price":1250,"ok":true,"none":null}"#, vec!["item=lamp", "price=1250"]),
            (r#"[{"id":"a1"},{"id":"b2"}]"#, vec!["id=a1", "id=b2"]),
            ("\u{feff}{\"item\":\"lamp\"}", vec!["item=lamp"]),
            (r#"{"item":"lamp","note":"\ud800"}"#, vec!["item=lamp", "note=\u{fffd}"]),
            (r#"{"error":"invalid_token","at":"2026-11-26T01:00:00Z","iat":1795650000}"#, vec![]),
            (r#"{"ok":true}"#, vec![]),
            ("<html><b>Order of Alice</b><i>x</i></html>", vec!["=Order of Alice"]),
            ("<b>Order of Alice</b><a href=\"/u/a\0b\">Order of Bob\0</a>", vec!["=Order of Alice", "=Order of Bob\0"]),
            ("first line of text\nshort\nsecond line of text", vec!["=first line of text", "=second line of text"]),
        ] {
            assert_eq!(names(body), expected, "{body}");
        }
    }

    #[test]
    fn a_reader_is_shown_the_member_and_never_the_value() {
        let (_, atoms) = atoms_of(br#"{"iban":"DE02120300000000202051"}"#);
        let shown = format!("{atoms:?} {}", atoms.first().map(Atom::name).unwrap_or_default());
        assert!(shown.contains("iban") && !shown.contains("DE02"), "{shown}");
    }
}
