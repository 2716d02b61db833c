//! Small questions about the bytes of an answer, asked in several places.

/// Whether the bytes contain a part.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

/// The media type of a `Content-Type` without its parameters (RFC 9110 §8.3.1).
pub fn media_type_of(content_type: Option<&[u8]>) -> &[u8] {
    content_type.unwrap_or_default().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Whether a number is a time of today in seconds or in milliseconds since 1970.
pub fn is_a_time(number: u64) -> bool {
    (1_000_000_000..4_000_000_000).contains(&number) || (1_000_000_000_000..4_000_000_000_000).contains(&number)
}

/// What bytes hold beside addresses that repeat a parameter of the query: links to the next page, and redirects, keep the query of
/// their request.
pub fn without_pair(bytes: &[u8], name: &str, value: &str) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    for sign in ["=", "%3D", "%3d"] {
        for value in [value, &encoded] {
            text = text.replace(&format!("{name}{sign}{value}"), "");
        }
    }
    text.into_bytes()
}
