//! JSON as servers write it that store what they are sent.

use std::borrow::Cow;

use serde_json::Value;

use super::contains;

/// JSON of an answer. A surrogate without its other half is no character, but the grammar allows its escape (RFC 8259 §8.2), and
/// an API that took one returns it: it reads as U+FFFD.
pub fn parse_json(body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Ok(json) => Some(json),
        Err(_) => match without_lone_surrogates(body) {
            Cow::Owned(body) => serde_json::from_slice(&body).ok(),
            Cow::Borrowed(_) => None,
        },
    }
}

/// A text of JSON with U+FFFD in place of each escape of a surrogate without its other half.
pub(super) fn without_lone_surrogates(body: &[u8]) -> Cow<'_, [u8]> {
    if !contains(body, b"\\u") {
        return Cow::Borrowed(body);
    }
    let mut replaced: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < body.len() {
        if body[at] != b'\\' {
            at += 1;
            continue;
        }
        at += match (escaped(body, at), escaped(body, at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                // as long as what it replaces
                replaced.get_or_insert_with(|| body.to_vec())[at..at + 6].copy_from_slice(b"\\ufffd");
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
    }
    replaced.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// The unit of UTF-16 of an escape that starts here.
fn escaped(body: &[u8], at: usize) -> Option<u16> {
    let digits =
        body.get(at..at + 6)?.strip_prefix(b"\\u").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surrogate_alone_is_read_as_a_replacement() {
        for (body, expected) in [
            (r#"{"a":"\ud800"}"#, Some("\u{fffd}")),
            (r#"{"a":"x\udc00y"}"#, Some("x\u{fffd}y")),
            (r#"{"a":"\uD83D\uDE00"}"#, Some("\u{1f600}")),
            (r#"{"a":"\ud800\uD83D\uDE00"}"#, Some("\u{fffd}\u{1f600}")),
            (r#"{"a":"\ude00\ud83d"}"#, Some("\u{fffd}\u{fffd}")),
            // a backslash, and no escape
            (r#"{"a":"\\ud800"}"#, Some(r"\ud800")),
            (r#"{"a":"\\\ud800\n"}"#, Some("\\\u{fffd}\n")),
            (r#"{"a":"\ud8"}"#, None),
            (r#"{"a":"\ud800""#, None),
            (r#"{"a":"\ud800\"#, None),
        ] {
            let read = parse_json(body.as_bytes());
            let text = read.as_ref().and_then(|json| json.get("a")).and_then(Value::as_str);
            assert_eq!(text, expected, "{body}");
        }
    }
}
