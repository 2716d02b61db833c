//! Where a credential travels in a request.

use crate::observe::{MULTIPART, Request, multipart};

/// A place for a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A header field of its own, or `Authorization`.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A cookie.
    Cookie(String),
    /// A parameter of a form body (RFC 6750 §2.2).
    Form(String),
    /// A member of a JSON body.
    Json(String),
    /// A part of a multipart body (RFC 7578).
    Multipart(String),
    /// A header line whose field name and colon are written exactly as given, such as `X-Key :`.
    RawHeaderName(String),
}

/// One value in one place, byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// Where.
    pub carrier: Carrier,
    /// What.
    pub value: Vec<u8>,
}

impl Carried {
    /// A value in a place.
    pub fn new(carrier: &Carrier, value: impl AsRef<[u8]>) -> Self {
        Self { carrier: carrier.clone(), value: value.as_ref().to_vec() }
    }

    /// A header line.
    pub fn header(name: &str, value: impl AsRef<[u8]>) -> Self {
        Self::new(&Carrier::Header(name.to_owned()), value)
    }

    /// Writes it into a request, marked as a credential.
    pub fn apply(&self, request: &mut Request) {
        match &self.carrier {
            Carrier::Header(name) | Carrier::RawHeaderName(name) => request.push(name, &self.value, true),
            Carrier::Query(name) => request.push_query(name, &String::from_utf8_lossy(&self.value)),
            Carrier::Cookie(name) => {
                let mut pair = format!("{name}=").into_bytes();
                pair.extend_from_slice(&self.value);
                request.push("Cookie", pair, true);
            }
            Carrier::Form(name) => {
                let value = String::from_utf8_lossy(&self.value);
                let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, &value).finish();
                let body = std::mem::take(&mut request.body);
                *request = request.clone().with_body("application/x-www-form-urlencoded", join(body, pair));
            }
            Carrier::Json(name) => {
                let body = serde_json::json!({ name: String::from_utf8_lossy(&self.value) });
                *request = request.clone().with_body("application/json", body.to_string());
            }
            Carrier::Multipart(name) => {
                let value = String::from_utf8_lossy(&self.value);
                *request = request.clone().with_body(MULTIPART, multipart([(name.as_str(), &*value)]));
            }
        }
    }
}

fn join(mut body: Vec<u8>, pair: String) -> Vec<u8> {
    if !body.is_empty() {
        body.push(b'&');
    }
    body.extend_from_slice(pair.as_bytes());
    body
}

/// Shows where, never what.
impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} ({} bytes)", self.carrier, self.value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_carrier_finds_its_place() {
        let mut request = Request::new("GET", "/a?x=1");
        Carried::header("X-Key", "k1").apply(&mut request);
        Carried::new(&Carrier::Query("key".into()), "k&2").apply(&mut request);
        Carried::new(&Carrier::Cookie("sid".into()), "k3").apply(&mut request);
        assert_eq!(request.target, b"/a?x=1&key=k%262");
        assert_eq!(request.value_of("x-key"), Some(&b"k1"[..]));
        assert_eq!(request.value_of("cookie"), Some(&b"sid=k3"[..]));
        Carried::new(&Carrier::Form("access_token".into()), "k 4").apply(&mut request);
        assert_eq!(request.body, b"access_token=k+4");
    }
}
