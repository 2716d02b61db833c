//! Multipart bodies (RFC 7578), for credentials and forms that belong elsewhere.

/// The media type, with the boundary of [`multipart`].
pub const MULTIPART: &str = "multipart/form-data; boundary=authbench-boundary";

/// A body of one part for each field (RFC 7578 §4.1).
pub fn multipart<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let part = |(name, value)| {
        format!("--authbench-boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.into_iter().map(part).chain(["--authbench-boundary--\r\n".to_owned()]).collect()
}
