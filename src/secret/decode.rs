//! Undoes the encodings of single characters in which a text may carry a secret, and remembers where each byte came from.

use std::borrow::Cow;
use std::ops::Range;

/// How often a text is decoded: an encoding may be applied twice, as in a query inside a query.
const LEVELS: usize = 3;

/// Bytes, with their places in the text that they were made of.
pub(super) struct View<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// The part of the text that each byte was made of; none where nothing was changed.
    places: Option<Vec<(u32, u32)>>,
}

impl<'a> View<'a> {
    /// A text and what it says when its escapes are undone.
    pub(super) fn all_of(text: &'a [u8]) -> Vec<View<'a>> {
        let mut views = vec![View { bytes: Cow::Borrowed(text), places: None }];
        while let Some(decoded) = views.last().filter(|_| views.len() <= LEVELS).and_then(View::decoded) {
            views.push(decoded);
        }
        views
    }

    /// The part of the text that some bytes were made of, one at least.
    pub(super) fn source(&self, part: Range<usize>) -> Range<usize> {
        self.place(part.start).0 as usize..self.place(part.end - 1).1 as usize
    }

    fn place(&self, at: usize) -> (u32, u32) {
        match &self.places {
            None => (u32::try_from(at).unwrap_or(u32::MAX), u32::try_from(at + 1).unwrap_or(u32::MAX)),
            Some(places) => places[at],
        }
    }

    /// The same with its escapes undone; none where there are none.
    fn decoded(&self) -> Option<View<'static>> {
        let first = self.bytes.iter().position(|byte| matches!(byte, b'%' | b'\\' | b'&'))?;
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut places = Vec::with_capacity(self.bytes.len());
        bytes.extend_from_slice(&self.bytes[..first]);
        places.extend((0..first).map(|at| self.place(at)));
        let (mut at, mut changed) = (first, false);
        while at < self.bytes.len() {
            let length = match escape(&self.bytes[at..]) {
                Some((Escaped::Byte(byte), length)) => {
                    bytes.push(byte);
                    length
                }
                Some((Escaped::Character(c), length)) => {
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    length
                }
                None => {
                    bytes.push(self.bytes[at]);
                    1
                }
            };
            changed |= length > 1;
            places.resize(bytes.len(), (self.place(at).0, self.place(at + length - 1).1));
            at += length;
        }
        changed.then_some(View { bytes: Cow::Owned(bytes), places: Some(places) })
    }

    /// The letters and digits alone: a secret may be written in groups, or with a space after each character.
    pub(super) fn compact(&self) -> View<'static> {
        let kept = || self.bytes.iter().enumerate().filter(|(_, byte)| !is_separator(**byte));
        let bytes = kept().map(|(_, byte)| *byte).collect();
        View { bytes: Cow::Owned(bytes), places: Some(kept().map(|(at, _)| self.place(at)).collect()) }
    }
}

/// Whether a byte may stand between the characters of a secret without being a part of it.
pub(super) fn is_separator(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric()
}

enum Escaped {
    Byte(u8),
    Character(char),
}

/// The escape that bytes start with, and its length.
fn escape(bytes: &[u8]) -> Option<(Escaped, usize)> {
    match bytes {
        [b'%', b'u' | b'U', rest @ ..] => Some((Escaped::Character(hex_character(rest.get(..4)?)?), 6)),
        // RFC 3986 §2.1
        [b'%', high, low, ..] => Some((Escaped::Byte(hex_byte(*high, *low)?), 3)),
        // JSON, JavaScript, Rust
        [b'\\', b'u', b'{', rest @ ..] => {
            let length = rest.iter().take(7).position(|byte| *byte == b'}')?;
            Some((Escaped::Character(hex_character(&rest[..length])?), length + 4))
        }
        [b'\\', b'u' | b'U', rest @ ..] => Some((Escaped::Character(hex_character(rest.get(..4)?)?), 6)),
        [b'\\', b'x', high, low, ..] => Some((Escaped::Byte(hex_byte(*high, *low)?), 4)),
        [b'\\', quoted @ (b'"' | b'\\' | b'/' | b'\''), ..] => Some((Escaped::Byte(*quoted), 2)),
        [b'&', rest @ ..] => entity(rest),
        // a space of a form; alone it is no sign of an escape
        [b'+', ..] => Some((Escaped::Byte(b' '), 1)),
        _ => None,
    }
}

/// A character reference of HTML, behind its `&`.
fn entity(rest: &[u8]) -> Option<(Escaped, usize)> {
    const NAMED: [(&[u8], u8); 5] =
        [(b"amp;", b'&'), (b"lt;", b'<'), (b"gt;", b'>'), (b"quot;", b'"'), (b"apos;", b'\'')];
    if let Some((name, byte)) =
        NAMED.iter().find(|(name, _)| rest.len() >= name.len() && rest[..name.len()].eq_ignore_ascii_case(name))
    {
        return Some((Escaped::Byte(*byte), name.len() + 1));
    }
    let number = rest.strip_prefix(b"#")?;
    let (digits, radix, before) = match number {
        [b'x' | b'X', digits @ ..] => (digits, 16, 3),
        digits => (digits, 10, 2),
    };
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let length = digits.iter().take(9).take_while(|byte| is_digit(byte)).count();
    let number = u32::from_str_radix(std::str::from_utf8(&digits[..length]).ok()?, radix).ok()?;
    let closed = usize::from(digits.get(length) == Some(&b';'));
    Some((Escaped::Character(char::from_u32(number)?), before + length + closed))
}

fn hex_character(digits: &[u8]) -> Option<char> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| all)?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    Some(nibble(high)? << 4 | nibble(low)?)
}

/// The value of a hexadecimal digit.
pub(super) fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The value of a character of Base64, in both alphabets (RFC 4648 §4, §5).
pub(super) fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deepest(text: &str) -> String {
        let views = View::all_of(text.as_bytes());
        String::from_utf8_lossy(&views.last().expect("the text itself").bytes).into_owned()
    }

    #[test]
    fn escapes_are_undone_in_every_notation() {
        for (text, decoded) in [
            ("%61%2Fb%2fc", "a/b/c"),
            ("%2561", "a"),
            (r#"a\u0062\x63\"\/\u{64}"#, "abc\"/d"),
            ("%u0061", "a"),
            ("&#97;&#x62;&#X63&amp;&LT;&quot;&apos;&gt;", "abc&<\"'>"),
            ("100 % of \\ and & stay", "100 % of \\ and & stay"),
            ("%zz \\uzzzz &#; &#x; &nbsp;", "%zz \\uzzzz &#; &#x; &nbsp;"),
        ] {
            assert_eq!(deepest(text), decoded, "{text}");
        }
    }

    #[test]
    fn a_byte_remembers_where_it_came_from() {
        let text = b"x %61&#98;\\u0063 y";
        let views = View::all_of(text);
        let decoded = views.last().expect("is decoded");
        assert_eq!(&decoded.bytes[..], b"x abc y");
        assert_eq!(&text[decoded.source(2..5)], b"%61&#98;\\u0063");
        let compact = decoded.compact();
        assert_eq!(&compact.bytes[..], b"xabcy");
        assert_eq!(&text[compact.source(1..3)], b"%61&#98;");
    }
}
