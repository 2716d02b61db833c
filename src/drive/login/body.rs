//! How the fields of a login are written.

use crate::plan::login::MalformedBody;

/// `application/x-www-form-urlencoded`.
pub(super) fn urlencoded(fields: &[(String, String)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

/// A body that is malformed on purpose, with its fields filled.
pub(super) fn malformed(body: &MalformedBody, fields: &[(String, String)]) -> Vec<u8> {
    if let Some(boundary) = body.boundary() {
        return in_parts(boundary, fields);
    }
    // whatever its client would be named by, a body without fields stays as it is
    let mut bytes = if body.fields.is_empty() { Vec::new() } else { urlencoded(fields) };
    if !body.fields.is_empty() && !body.tail.is_empty() {
        bytes.push(b'&');
    }
    bytes.extend_from_slice(&body.tail);
    bytes
}

/// RFC 7578 §4.
fn in_parts(boundary: &str, fields: &[(String, String)]) -> Vec<u8> {
    let part = |(name, value): &(String, String)| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts: String = fields.iter().map(part).collect();
    format!("{parts}--{boundary}--\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::login::LoginText;

    #[test]
    fn fields_are_written_as_the_media_type_says() {
        let filled = [("a".to_owned(), "1 &".to_owned()), ("b".to_owned(), "2".to_owned())];
        let body = |media, tail: &[u8]| {
            let fields = filled.iter().map(|(name, text)| (name.clone(), LoginText::plain(text))).collect();
            let written = malformed(&MalformedBody { media, fields, tail: tail.to_vec() }, &filled);
            String::from_utf8(written).expect("is text")
        };
        assert_eq!(body("", b""), "a=1+%26&b=2");
        assert_eq!(body("", b"c=%zz"), "a=1+%26&b=2&c=%zz");
        assert_eq!(
            body("multipart/form-data; boundary=x", b""),
            "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1 &\r\n--x\r\nContent-Disposition: form-data; \
             name=\"b\"\r\n\r\n2\r\n--x--\r\n"
        );
        let alone = MalformedBody { media: "", fields: Vec::new(), tail: b"%".to_vec() };
        assert_eq!(malformed(&alone, &filled), b"%");
    }
}
