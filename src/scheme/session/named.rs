//! The name of one user in a cookie, and the cookie with the name of another in its place.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

/// Characters of a name that is in a text by no chance.
const LEAST_NAME: usize = 3;
/// Numbers of users that can be guessed are below this.
const GUESSABLE: i64 = 1_000_000;
/// Encodings within each other that are read.
const DEEPEST: usize = 4;
/// Bytes of a cookie that is read: what browsers keep of one (RFC 6265 §6.1).
const LONGEST: usize = 4096;
/// Ways to write it that are kept of one value.
const MOST_FORMS: usize = 32;
/// Hexadecimal digits in front of a name: those of a digest and a time, as tickets of mod_auth_tkt have them.
const LEAST_DIGITS: usize = 40;
/// Signs between the parts of a cookie, such as what it says and its signature.
const SEPARATORS: [char; 6] = ['.', '|', ':', '!', '-', '&'];
/// Spellings of Base64.
const BASE64: [&GeneralPurpose; 4] = [&URL_SAFE_NO_PAD, &STANDARD_NO_PAD, &URL_SAFE, &STANDARD];

/// A user whose cookie is changed, and the one whose name is written into it.
pub struct Renaming<'a> {
    own: &'a str,
    other: &'a str,
}

impl<'a> Renaming<'a> {
    /// From the one user-id to the other.
    pub fn new(own: &'a str, other: &'a str) -> Self {
        Self { own, other }
    }

    /// The value of a cookie with the name, or the number, of the other user in place of the own one: plain, quoted, percent-encoded,
    /// in Base64, in JSON, and in each part of it alone. What the cookie of the other user has in the same place shows which
    /// numbers are theirs. A text that cannot be guessed is never taken from there.
    pub fn forms(&self, value: &str, of_other: Option<&str>) -> Vec<String> {
        let mut forms = Vec::new();
        if value.len() > LONGEST {
            return forms;
        }
        for form in self.read(value, of_other, DEEPEST) {
            if form != value && !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }

    fn read(&self, text: &str, of_other: Option<&str>, depth: usize) -> Vec<String> {
        let mut forms: Vec<String> = self.renamed(text, of_other).into_iter().collect();
        let Some(depth) = depth.checked_sub(1) else { return forms };
        if let Some(inner) = unquoted(text) {
            forms.extend(self.read(inner, of_other.and_then(unquoted), depth).iter().map(|form| format!("\"{form}\"")));
            return forms;
        }
        if let Some(inner) = percent_decoded(text) {
            let of_other = of_other.and_then(percent_decoded);
            let encoded = |form: &String| utf8_percent_encode(form, NON_ALPHANUMERIC).to_string();
            forms.extend(self.read(&inner, of_other.as_deref(), depth).iter().map(encoded));
            return forms;
        }
        forms.extend(self.encoded(text, of_other, depth));
        for separator in SEPARATORS.into_iter().filter(|separator| text.contains(*separator)) {
            let parts: Vec<&str> = text.split(separator).collect();
            let of_other: Vec<&str> = of_other.map(|other| other.split(separator).collect()).unwrap_or_default();
            for (at, part) in parts.iter().enumerate() {
                if forms.len() >= MOST_FORMS {
                    return forms;
                }
                for form in self.encoded(part, of_other.get(at).copied(), depth) {
                    let mut changed = parts.clone();
                    changed[at] = &form;
                    forms.push(changed.join(&separator.to_string()));
                }
            }
        }
        forms
    }

    /// What is read in Base64. Where it has no padding because it needs none, what takes its place is tried without and with it.
    fn encoded(&self, text: &str, of_other: Option<&str>, depth: usize) -> Vec<String> {
        let engines = || BASE64.into_iter().filter(|engine| decoded_by(engine, text).is_some());
        let Some(inner) = engines().find_map(|engine| decoded_by(engine, text)) else {
            let renamed = |engine: &GeneralPurpose| {
                let bytes = engine.decode(text).ok()?;
                Some(engine.encode(self.in_bytes(&bytes)?))
            };
            return BASE64.into_iter().filter_map(renamed).collect();
        };
        let of_other = of_other.and_then(|other| BASE64.into_iter().find_map(|engine| decoded_by(engine, other)));
        let inner = self.read(&inner, of_other.as_deref(), depth);
        inner.iter().flat_map(|form| engines().map(move |engine| engine.encode(form))).collect()
    }

    /// A text that is read as it is, with the other name or number.
    fn renamed(&self, text: &str, of_other: Option<&str>) -> Option<String> {
        if let (Some(_), Some(other)) = (number(text), of_other.and_then(number)) {
            return (text != other.to_string()).then(|| other.to_string());
        }
        match serde_json::from_str::<Value>(text).ok().filter(|json| json.is_object() || json.is_array()) {
            Some(mut json) => {
                let of_other = of_other.and_then(|other| serde_json::from_str(other).ok());
                self.rename_members(&mut json, of_other.as_ref()).then(|| json.to_string())
            }
            None => self.in_text(text),
        }
    }

    fn rename_members(&self, json: &mut Value, of_other: Option<&Value>) -> bool {
        match json {
            Value::Object(members) => {
                let other = |name: &str| of_other.and_then(|other| other.get(name));
                members.iter_mut().fold(false, |any, (name, member)| self.rename_members(member, other(name)) || any)
            }
            Value::Array(items) => {
                let other = |at: usize| of_other.and_then(|other| other.get(at));
                let items = items.iter_mut().enumerate();
                items.fold(false, |any, (at, item)| self.rename_members(item, other(at)) || any)
            }
            Value::Number(own) => match (own.as_i64(), of_other.and_then(Value::as_i64)) {
                (Some(own), Some(other)) if own != other && is_guessable(own) && is_guessable(other) => {
                    *json = other.into();
                    true
                }
                _ => false,
            },
            Value::String(text) => match self.renamed(text, of_other.and_then(Value::as_str)) {
                Some(renamed) => {
                    *text = renamed;
                    true
                }
                None => false,
            },
            Value::Null | Value::Bool(_) => false,
        }
    }

    /// Each place where the name is a word of its own between bytes that are no text; the byte before it may be its length.
    fn in_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (own, other) = (self.own.as_bytes(), self.other.as_bytes());
        if own.len() < LEAST_NAME || own == other {
            return None;
        }
        let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let length = |name: &[u8]| u8::try_from(name.len()).ok();
        let (mut renamed, mut at, mut is_renamed) = (Vec::new(), 0, false);
        while at < bytes.len() {
            let is_here = bytes[at..].starts_with(own);
            if !is_here || is_part(renamed.last()) || is_part(bytes.get(at + own.len())) {
                renamed.push(bytes[at]);
                at += 1;
                continue;
            }
            if let Some(last) = renamed.last_mut().filter(|last| Some(**last) == length(own)) {
                *last = length(other)?;
            }
            renamed.extend(other);
            (at, is_renamed) = (at + own.len(), true);
        }
        is_renamed.then_some(renamed)
    }

    /// Each place where the name is a word of its own; PHP writes the length of a text before it.
    fn in_text(&self, text: &str) -> Option<String> {
        // of an address, the part before its host may be the name
        let local = |name: &'a str| name.split('@').next().unwrap_or_default();
        let pairs = [(self.own, self.other), (local(self.own), local(self.other))];
        pairs
            .into_iter()
            .find_map(|(own, other)| {
                if own.len() < LEAST_NAME || other.is_empty() || own == other {
                    return None;
                }
                let with_length = |name: &str| format!("s:{}:\"{name}\"", name.len());
                let text = text.replace(&with_length(own), &with_length(other));
                let renamed = with_words_replaced(&text, own, other);
                renamed.contains(other).then_some(renamed)
            })
            .filter(|renamed| renamed != text)
    }
}

/// A text with another word in place of one, where that is no part of a longer one; many digits before it are none.
fn with_words_replaced(text: &str, own: &str, other: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (mut replaced, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(own) {
        let (before, behind) = (&rest[..at], &rest[at + own.len()..]);
        let last = before.chars().next_back().or_else(|| replaced.chars().next_back());
        replaced.push_str(before);
        let is_behind_digits = before.bytes().rev().take_while(u8::is_ascii_hexdigit).count() >= LEAST_DIGITS;
        let last = last.filter(|_| !is_behind_digits);
        replaced.push_str(if is_part(last) || is_part(behind.chars().next()) { own } else { other });
        rest = behind;
    }
    replaced + rest
}

fn number(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && is_guessable(*number))
}

fn is_guessable(number: i64) -> bool {
    (0..GUESSABLE).contains(&number)
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

fn percent_decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (decoded != text).then(|| decoded.into_owned())
}

/// What a value says in Base64, where that is a text.
fn decoded_by(engine: &GeneralPurpose, text: &str) -> Option<String> {
    let decoded = String::from_utf8(engine.decode(text).ok()?).ok()?;
    (!decoded.is_empty() && !decoded.chars().any(|c| c.is_control() && !c.is_whitespace())).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "9e107d9d372bb6826bd81d3542a419d66a1f3c55";

    fn base64(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn a_name_is_found_in_whatever_can_be_read_and_replaced_there() {
        let (json, renamed) = (r#"{"user":"alice"}"#, r#"{"user":"bob"}"#);
        for (value, expected) in [
            ("alice".to_owned(), Some("bob".to_owned())),
            ("\"alice\"".to_owned(), Some("\"bob\"".to_owned())),
            ("user=alice&t=1".to_owned(), Some("user=bob&t=1".to_owned())),
            ("alice|1795650000|6c1f0a8e".to_owned(), Some("bob|1795650000|6c1f0a8e".to_owned())),
            (base64("alice"), Some(base64("bob"))),
            (STANDARD.encode("alice"), Some(STANDARD.encode("bob"))),
            (base64(json), Some(base64(renamed))),
            (format!("{}.ZtQ1.c2ln", base64(json)), Some(format!("{}.ZtQ1.c2ln", base64(renamed)))),
            ("%7B%22user%22%3A%22alice%22%7D".to_owned(), Some("%7B%22user%22%3A%22bob%22%7D".to_owned())),
            (base64(r#"a:1:{s:4:"user";s:5:"alice";}"#), Some(base64(r#"a:1:{s:4:"user";s:3:"bob";}"#))),
            // no padding is needed for the one, and is for the other
            (base64(r#"{"user":"alice","at":12}"#), Some(base64(r#"{"at":12,"user":"bob"}"#))),
            // the ticket of mod_auth_tkt: a digest, a time, and the name
            (format!("{DIGITS}alice!"), Some(format!("{DIGITS}bob!"))),
            (STANDARD.encode(format!("{DIGITS}alice!")), Some(STANDARD.encode(format!("{DIGITS}bob!")))),
            // a signature and a length that are bytes
            (STANDARD.encode(b"\xff\x00\x9a\x05alice\xff"), Some(STANDARD.encode(b"\xff\x00\x9a\x03bob\xff"))),
            (STANDARD.encode(b"\xffmalice\xff"), None),
            (format!("{}alice!", &DIGITS[1..]), None),
            // no word of its own, and nothing that can be read
            ("malice".to_owned(), None),
            ("alice2".to_owned(), None),
            ("6c1f0a8e52d94b37".to_owned(), None),
            ("s%3AqK3vX9w2.c2lnbmF0dXJl".to_owned(), None),
        ] {
            let forms = Renaming::new("alice", "bob").forms(&value, None);
            assert_eq!(forms.first(), expected.as_ref(), "{value}: {forms:?}");
        }
        let forms = Renaming::new("alice@example.test", "bob@example.test").forms("alice%40example.test", None);
        assert_eq!(forms, ["bob%40example.test", "bob%40example%2Etest"]);
        assert_eq!(Renaming::new("alice@example.test", "bob@example.test").forms("u=alice", None), ["u=bob"]);
    }

    #[test]
    fn numbers_of_users_are_those_of_the_other_and_what_cannot_be_guessed_is_not_taken() {
        for (value, of_other, expected) in [
            ("7", "8", Some("8")),
            ("7", "7", None),
            (r#"{"id":7,"at":1795650000}"#, r#"{"id":8,"at":1795650003}"#, Some(r#"{"at":1795650000,"id":8}"#)),
            (r#"{"id":7,"key":"kQ2"}"#, r#"{"id":8,"key":"zP9"}"#, Some(r#"{"id":8,"key":"kQ2"}"#)),
            (r#"{"key":"6c1f0a8e52d9"}"#, r#"{"key":"94b37c1f0a8e"}"#, None),
            ("1795650000", "1795650003", None),
        ] {
            let forms = Renaming::new("alice", "bob").forms(value, Some(of_other));
            assert_eq!(forms.first().map(String::as_str), expected, "{value}");
        }
    }
}
