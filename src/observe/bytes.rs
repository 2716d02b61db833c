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
