//! Values that were sent as credentials, noted so that nothing that leaves the process shows them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::observe::{Evidence, Header, Response};
use crate::scheme::Carried;
use crate::secret::{Secret, is_words, secret_parts};

/// Values that are sent as probes and are no secret at all.
const SHORTEST: usize = 8;

/// Bytes of a value that are noted.
const LONGEST: usize = 32 * 1024;

/// Notes what is carried, as far as it proves something.
pub(super) fn note_carried(carried: &Carried, evidence: &mut Evidence) {
    if carried.is_secret() {
        note(&carried.value, evidence);
    }
}

/// Notes what stood in a carrier: the value, the credential behind the name of its scheme, and what Basic encodes.
pub(super) fn note(value: &[u8], evidence: &mut Evidence) {
    let Ok(text) = std::str::from_utf8(value) else { return };
    let (scheme, credential) = text.split_once(' ').unwrap_or(("", text));
    let member = |name: &str| credential.split_once(name).and_then(|(_, rest)| rest.split('"').next());
    let scheme = scheme.to_ascii_lowercase();
    // of a signature the digits alone prove something: names of fields and algorithms are words of a report, also where a
    // forgery leaves the digits out
    let credential = match scheme.as_str() {
        _ if scheme.starts_with("aws4-hmac-") => credential.split_once("Signature=").map_or("", |(_, rest)| rest),
        _ if scheme.starts_with("hmac-") => member("signature=\"").unwrap_or_default(),
        _ => digest_response(credential).unwrap_or(credential.trim()),
    };
    note_text(credential, evidence);
    let Ok(decoded) = STANDARD.decode(credential) else { return };
    if let Ok(pair) = String::from_utf8(decoded)
        && let Some((_, password)) = pair.split_once(':')
    {
        note_text(password, evidence);
    }
}

/// Notes what a header line carries: of cookies the values alone, whose names a report shows.
pub(super) fn note_line(header: &Header, evidence: &mut Evidence) {
    if !header.name.eq_ignore_ascii_case("cookie") {
        return note(&header.value, evidence);
    }
    let text = String::from_utf8_lossy(&header.value);
    let values = text.split(';').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    values.for_each(|value| note(value.trim().as_bytes(), evidence));
}

/// Notes what travels beside a credential, as far as it may be secret.
pub(super) fn note_companion(value: &[u8], evidence: &mut Evidence) {
    let text = String::from_utf8_lossy(value);
    secret_parts(&text).iter().for_each(|part| note(part.as_bytes(), evidence));
}

/// Of the parameters of Digest the response alone proves something; nonce and names are the server's (RFC 7616 §3.4). Forgeries
/// write them in other spellings, and behind other scheme names.
fn digest_response(parameters: &str) -> Option<&str> {
    let lower = parameters.to_ascii_lowercase();
    let value_of = |name: &str| {
        let at = lower.find(name)?;
        Some(parameters[at + name.len()..].trim_start().strip_prefix('=')?.trim_start())
    };
    value_of("username")?;
    let quoted = value_of("response").and_then(|value| value.strip_prefix('"')?.split('"').next());
    Some(quoted.unwrap_or_default())
}

/// Whether a value is a word where a machine generates values. What a person chooses may be a word, and is a secret even then.
pub(super) fn is_word_of(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_words(value) && !["key", "password", "secret"].iter().any(|own| name.ends_with(own))
}

/// Notes a value: of a very long one the start, which is more than a record shows of it.
pub(super) fn note_text(value: &str, evidence: &mut Evidence) {
    let end = (0..=LONGEST.min(value.len())).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
    let value = &value[..end];
    let known = evidence.sent_secrets.iter().any(|secret| secret.expose() == value);
    if value.len() >= SHORTEST && !known && !is_published(value) {
        evidence.sent_secrets.push(Secret::new(value));
    }
}

/// Values that are the same in every run: no secrets, and words of a report may be a part of them.
const FIXED: [&str; 2] = ["!!not-base64!!", "!!!not-base64!!!"];

/// Whether a value is one of the keys that products ship with, or the same in every run: no secret, and a reader wants to know
/// which one it was.
fn is_published(value: &str) -> bool {
    let forgeries = crate::scheme::find("api-key").map(|scheme| scheme.forgeries()).unwrap_or_default();
    FIXED.contains(&value) || forgeries.iter().any(|forgery| forgery.id.as_str().strip_prefix("demo-") == Some(value))
}

/// Notes tokens that an answer hands out, and secrets of a client that it registers (RFC 7591 §3.2.1, RFC 7592 §3).
pub(super) fn note_tokens(response: &Response, evidence: &mut Evidence) {
    let secrets = ["access_token", "refresh_token", "id_token", "client_secret", "registration_access_token"];
    for member in secrets {
        if let Some(token) = response.json_text(member) {
            note_text(&token, evidence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Request;

    #[test]
    fn of_lines_and_companions_what_may_be_secret_is_noted() {
        let request = Request::new("GET", "/")
            .credential_header("Cookie", "hid_session=U5QuThKztdAk; hid_other=a8Kq27ZxP0sL")
            .credential_header("Authorization", "Bearer ZxP0sLa8Kq27");
        let mut evidence = Evidence::default();
        request.headers.iter().for_each(|header| note_line(header, &mut evidence));
        for value in ["/account", "XY", "allow-it-all", "7Tq0uThKztdAk"] {
            note_companion(value.as_bytes(), &mut evidence);
        }
        let noted: Vec<&str> = evidence.sent_secrets.iter().map(Secret::expose).collect();
        assert_eq!(noted, ["U5QuThKztdAk", "a8Kq27ZxP0sL", "ZxP0sLa8Kq27", "7Tq0uThKztdAk"]);
    }

    #[test]
    fn of_a_signature_the_digits_alone_are_secret() {
        for (field, secret) in [
            (
                "HMAC-SHA256 keyid=\"service\", fields=\"host\", signature=\"0123456789abcdef\"",
                Some("0123456789abcdef"),
            ),
            ("HMAC-SHA256 keyid=\"service\", fields=\"host;x-amz-date\"", None),
            ("HMAC-NONE keyid=\"service\", fields=\"host;x-amz-date\", signature=\"\"", None),
            (
                "AWS4-HMAC-AUTHBENCH Credential=AKID/s, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef",
                Some("0123456789abcdef"),
            ),
            ("AWS4-HMAC-SHA256 Credential=AKID/s, SignedHeaders=host;x-amz-date", None),
            ("Bearer abcdefgh12", Some("abcdefgh12")),
            (
                "Digest username=\"a\", uri=\"/orders/of/others\", response=\"0123456789abcdef\"",
                Some("0123456789abcdef"),
            ),
            ("XDigest USERNAME = \"a\" , RESPONSE = \"0123456789abcdef\"", Some("0123456789abcdef")),
            ("Digest username=\"a\", uri=\"/orders/of/others\", response=\"\"", None),
        ] {
            let mut evidence = Evidence::default();
            note(field.as_bytes(), &mut evidence);
            let noted: Vec<&str> = evidence.sent_secrets.iter().map(Secret::expose).collect();
            assert_eq!(noted, secret.into_iter().collect::<Vec<_>>(), "{field}");
        }
    }
}
