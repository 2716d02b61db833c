//! Where a credential travels in a request.

use crate::observe::{ConnectionOf, MULTIPART, Request, multipart};

/// Where a scheme puts its credential, and the text in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The place.
    pub place: CarrierPlace,
    /// What comes in front of the credential, such as `Bearer ` or `Token `; no part of the secret, and in no forgery
    /// altered with it.
    pub prefix: String,
}

impl Carrier {
    /// A header field without a prefix.
    pub fn header(name: &str) -> Self {
        Self { place: CarrierPlace::Header(name.to_owned()), prefix: String::new() }
    }

    /// `Authorization` with an authentication scheme (RFC 9110 §11.4).
    pub fn authorization(scheme: &str) -> Self {
        Self { prefix: format!("{scheme} "), ..Self::header("Authorization") }
    }

    /// Whether it is `Authorization`, for which challenges are (RFC 9110 §11.6.1).
    pub fn is_authorization(&self) -> bool {
        matches!(&self.place, CarrierPlace::Header(name) if name.eq_ignore_ascii_case("authorization"))
    }

    /// Whether it is the scheme Bearer of `Authorization`, whose challenges RFC 6750 §3 describes.
    pub fn is_bearer(&self) -> bool {
        self.is_authorization() && self.prefix.trim_end().eq_ignore_ascii_case("bearer")
    }

    /// A credential in this place, behind its prefix.
    pub fn carrying(&self, credential: &str) -> Carried {
        Carried::new(&self.place, format!("{}{credential}", self.prefix))
    }
}

/// A place for a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarrierPlace {
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
    /// The certificate that the client presents in the TLS handshake: the connections that present it, by their name.
    Certificate(String),
    /// What goes along with a credential and is none: a field, or something in place of a part of the request.
    Beside(RequestPart),
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestPart {
    /// The request target.
    Target,
    /// The body; its length is renewed.
    Body,
    /// A header field.
    Field(String),
}

/// One value in one place, byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// Where.
    pub place: CarrierPlace,
    /// What.
    pub value: Vec<u8>,
}

impl Carried {
    /// A value in a place.
    pub fn new(place: &CarrierPlace, value: impl AsRef<[u8]>) -> Self {
        Self { place: place.clone(), value: value.as_ref().to_vec() }
    }

    /// A header line.
    pub fn header(name: &str, value: impl AsRef<[u8]>) -> Self {
        Self::new(&CarrierPlace::Header(name.to_owned()), value)
    }

    /// The certificate that connections of this name present.
    pub fn certificate(name: impl Into<String>) -> Self {
        Self::new(&CarrierPlace::Certificate(name.into()), "")
    }

    /// A header line that goes along with a credential and is none.
    pub fn beside(name: &str, value: impl AsRef<[u8]>) -> Self {
        Self::new(&CarrierPlace::Beside(RequestPart::Field(name.to_owned())), value)
    }

    /// Whether it proves something: it is masked then.
    pub fn is_secret(&self) -> bool {
        !matches!(self.place, CarrierPlace::Beside(_))
    }

    /// Writes it into a request, marked as a credential.
    pub fn apply(&self, request: &mut Request) {
        match &self.place {
            CarrierPlace::Header(name) | CarrierPlace::RawHeaderName(name) => request.push(name, &self.value, true),
            CarrierPlace::Query(name) => request.push_query(name, &String::from_utf8_lossy(&self.value)),
            CarrierPlace::Cookie(name) => {
                let pair = [name.as_bytes(), b"=", &self.value].concat();
                // RFC 6265 §5.4: a client sends one Cookie field
                let mut held = request.headers.iter_mut().filter(|header| header.name.eq_ignore_ascii_case("cookie"));
                match held.next() {
                    Some(header) => {
                        header.value.extend([b"; ", &pair[..]].concat());
                        header.sensitive = true;
                    }
                    None => request.push("Cookie", pair, true),
                }
            }
            CarrierPlace::Form(name) => {
                let value = String::from_utf8_lossy(&self.value);
                let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, &value).finish();
                let body = std::mem::take(&mut request.body);
                *request = request.clone().with_body("application/x-www-form-urlencoded", join(body, pair));
            }
            CarrierPlace::Json(name) => {
                // beside what the body holds already
                let held = serde_json::from_slice::<serde_json::Map<_, _>>(&request.body);
                let mut body = held.unwrap_or_default();
                body.insert(name.clone(), String::from_utf8_lossy(&self.value).into());
                let body = serde_json::Value::Object(body).to_string();
                *request = request.clone().with_body("application/json", body);
            }
            CarrierPlace::Multipart(name) => {
                let value = String::from_utf8_lossy(&self.value);
                *request = request.clone().with_body(MULTIPART, multipart([(name.as_str(), &*value)]));
            }
            CarrierPlace::Beside(RequestPart::Target) => request.target.clone_from(&self.value),
            CarrierPlace::Beside(RequestPart::Field(name)) => request.push(name, &self.value, false),
            CarrierPlace::Beside(RequestPart::Body) => {
                let length = self.value.len().to_string();
                let mut headers = request.headers.iter_mut();
                match headers.find(|header| header.name.eq_ignore_ascii_case("content-length")) {
                    Some(header) => header.value = length.into_bytes(),
                    None => request.push("Content-Length", length, false),
                }
                request.body.clone_from(&self.value);
            }
            CarrierPlace::Certificate(name) => request.connection = ConnectionOf(Some(name.as_str().into())),
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
        write!(f, "{:?} ({} bytes)", self.place, self.value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_carrier_finds_its_place() {
        let mut request = Request::new("GET", "/a?x=1");
        Carried::header("X-Key", "k1").apply(&mut request);
        Carried::new(&CarrierPlace::Query("key".into()), "k&2").apply(&mut request);
        Carried::new(&CarrierPlace::Cookie("sid".into()), "k3").apply(&mut request);
        assert_eq!(request.target, b"/a?x=1&key=k%262");
        assert_eq!(request.value_of("x-key"), Some(&b"k1"[..]));
        assert_eq!(request.value_of("cookie"), Some(&b"sid=k3"[..]));
        Carried::new(&CarrierPlace::Form("access_token".into()), "k 4").apply(&mut request);
        assert_eq!(request.body, b"access_token=k+4");
    }

    #[test]
    fn a_json_body_keeps_what_it_holds() {
        let mut request = Request::new("POST", "/a").with_body("application/json", r#"{"item":"lamp"}"#);
        for name in ["token", "jwt"] {
            Carried::new(&CarrierPlace::Json(name.into()), "k5").apply(&mut request);
        }
        assert_eq!(request.body, br#"{"item":"lamp","jwt":"k5","token":"k5"}"#);
    }
}
