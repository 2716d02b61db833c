//! The form of a token request (RFC 6749 §3.2, appendix B), read strictly.

use std::collections::HashMap;

use axum::http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode;

use crate::reference::fault::Faults;
use crate::reference::rejection::Rejection;

/// Parameters that say what is granted, and to which client.
const OF_GRANT: [&str; 4] = ["code=", "refresh_token=", "scope=", "client_id="];

/// The parameters of a token request.
///
/// # Errors
/// When it is no form, or one with a parameter twice or with bytes that no parameter has (RFC 6749 §5.2, appendix A).
pub(super) fn fields(headers: &HeaderMap, body: &[u8], faults: &Faults) -> Result<HashMap<String, String>, Rejection> {
    let refused = || Rejection::new(StatusCode::BAD_REQUEST, "invalid_request");
    let media = headers.get(header::CONTENT_TYPE).and_then(|line| line.to_str().ok());
    let media = media.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media != "application/x-www-form-urlencoded" {
        if media == "application/json" && faults.on("grant-takes-json") {
            return serde_json::from_slice(body).map_err(|_| refused());
        }
        let breaks = match media.as_str() {
            "" => "grant-breaks-without-media-type",
            "multipart/form-data" => "grant-breaks-on-parts",
            _ => "grant-breaks-on-json",
        };
        return Err(if faults.on(breaks) { Rejection::broken() } else { refused() });
    }
    let mut fields = HashMap::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut sides = pair.splitn(2, |byte| *byte == b'=').map(text);
        let (name, value) = (sides.next().flatten(), sides.next().unwrap_or_else(|| Some(String::new())));
        let (Some(name), Some(value)) = (name, value) else {
            // users and passwords are read by another part of this server
            let is_of_grant = OF_GRANT.iter().any(|name| pair.starts_with(name.as_bytes()));
            let breaks = is_of_grant && faults.on("grant-breaks-on-nul");
            return Err(if breaks { Rejection::broken() } else { refused() });
        };
        if name.ends_with("[]") && faults.on("grant-breaks-on-lists") {
            return Err(Rejection::broken());
        }
        if let Some(first) = fields.insert(name.clone(), value) {
            let renews = fields.get("grant_type").is_some_and(|grant| grant == "refresh_token");
            let fault = if renews { "repeated-refresh-parameter" } else { "repeated-grant-parameter" };
            if !faults.on(fault) {
                return Err(refused());
            }
            // whoever reads the first value
            fields.insert(name, first);
        }
    }
    Ok(fields)
}

/// A name or a value, decoded; none where it is no percent-encoding of UTF-8 without control characters.
fn text(encoded: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let hexadecimal = |at: usize| spaced.get(at).is_some_and(u8::is_ascii_hexdigit);
    let signs = spaced.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    if !signs.into_iter().all(|(at, _)| hexadecimal(at + 1) && hexadecimal(at + 2)) {
        return None;
    }
    let text = percent_decode(&spaced).decode_utf8().ok()?.into_owned();
    (!text.contains(|c: char| c.is_ascii_control())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_whole_or_not_at_all() {
        let read = |body: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().expect("is a value"));
            fields(&headers, body.as_bytes(), &Faults::default()).ok()
        };
        let form = read("grant_type=password&username=a+b&password=%C3%A9%2B").expect("is a form");
        let value = |name: &str| form.get(name).map(String::as_str);
        assert_eq!((value("username"), value("password")), (Some("a b"), Some("é+")));
        for body in ["a=%zz", "a=%f", "a=%ff%fe", "a=x%00y", "a=1&a=1", "%00=1"] {
            assert!(read(body).is_none(), "{body}");
        }
        assert!(fields(&HeaderMap::new(), b"a=1", &Faults::default()).is_err(), "it does not say that it is a form");
    }
}
