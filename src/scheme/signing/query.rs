//! The canonical form of a query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What is encoded: everything but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The pairs of a query, encoded anew and in order: first of their names, then of their values, byte by byte.
pub(in crate::scheme) fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded_anew(name), encoded_anew(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A text with each percent-encoding undone and all but unreserved characters encoded, in upper-case digits.
pub(in crate::scheme) fn encoded_anew(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    percent_encode(&bytes, RESERVED).to_string()
}

/// A text with all but unreserved characters encoded, whether it is encoded or not.
pub(in crate::scheme) fn encoded_once(text: &str) -> String {
    percent_encode(text.as_bytes(), RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_encoded_and_sorted() {
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1", "a=1&a=2"),
            ("a=%7e&b=%2b&c=a+b", "a=~&b=%2B&c=a%2Bb"),
            ("flag&a=%C3%A9", "a=%C3%A9&flag="),
            ("a=x=y&&", "a=x%3Dy"),
            ("a=1%26b=2", "a=1%26b%3D2"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
        }
    }
}
