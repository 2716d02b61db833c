//! A request as HTTP/2 carries it. What only HTTP/1.1 can say has no such form, and is refused rather than changed.

use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Method, Uri};

use super::NotInHttp2;
use crate::observe::{Header, Request};

/// Fields that belong to a connection of HTTP/1.1 (RFC 9113 §8.2.2).
const OF_CONNECTIONS: [&str; 5] = ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];

/// A request in HTTP/2: pseudo-header fields, field lines and a body. It carries credentials and has no `Debug`.
#[derive(Clone)]
pub struct Form {
    method: Method,
    uri: Uri,
    fields: HeaderMap,
    body: Bytes,
}

impl Form {
    /// The form of a request, over TLS or in clear text.
    ///
    /// # Errors
    /// What of the request HTTP/2 cannot carry; no value is repeated.
    pub fn of(request: &Request, secure: bool) -> Result<Self, NotInHttp2> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| NotInHttp2::Method)?;
        let mut hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(NotInHttp2::Host);
        };
        let uri = uri(secure, &host.value, &request.target)?;
        let mut fields = HeaderMap::with_capacity(request.headers.len());
        for header in &request.headers {
            let (name, value) = field(header)?;
            // RFC 9113 §8.3.1: `:authority` replaces it
            if name != HOST {
                fields.append(name, value);
            }
        }
        Ok(Self { method, uri, fields, body: Bytes::from(request.body.clone()) })
    }

    /// Whether the same goes over the wire: the names of fields have no case here.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        (&self.method, &self.uri, &self.fields, &self.body) == (&other.method, &other.uri, &other.fields, &other.body)
    }

    /// The head, as the library takes it.
    pub(super) fn head(&self) -> hyper::Request<()> {
        let mut request = hyper::Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.fields.clone();
        request
    }

    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }
}

fn uri(secure: bool, host: &[u8], target: &[u8]) -> Result<Uri, NotInHttp2> {
    let authority = Authority::try_from(host).map_err(|_| NotInHttp2::Authority)?;
    let path = PathAndQuery::try_from(target).ok().filter(|path| path.as_str().as_bytes() == target);
    let path = path.ok_or(NotInHttp2::Target)?;
    let scheme = if secure { Scheme::HTTPS } else { Scheme::HTTP };
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build();
    uri.map_err(|_| NotInHttp2::Target)
}

fn field(header: &Header) -> Result<(HeaderName, HeaderValue), NotInHttp2> {
    let name = HeaderName::from_bytes(header.name.as_bytes());
    let name = name.map_err(|_| NotInHttp2::FieldName)?;
    if OF_CONNECTIONS.contains(&name.as_str()) || (name == "te" && header.value != b"trailers") {
        return Err(NotInHttp2::OfConnection(name.to_string()));
    }
    // RFC 9113 §8.2.1: no NUL, CR or LF, and no whitespace around a value
    if header.value.trim_ascii() != header.value {
        return Err(NotInHttp2::Whitespace(name.to_string()));
    }
    let value = HeaderValue::from_bytes(&header.value);
    let mut value = value.map_err(|_| NotInHttp2::ControlCharacter(name.to_string()))?;
    // RFC 7541 §7.1.3: what is secret stays out of the tables of both sides
    value.set_sensitive(header.sensitive);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request::new("GET", "/orders?a=b").header("Host", "api.test:8443").header("Accept", "*/*")
    }

    #[test]
    fn a_request_keeps_what_it_says() {
        let request = request().credential_header("X-API-Key", "k1").header("X-Twice", "a").header("X-Twice", "b");
        let head = Form::of(&request, true).expect("has a form").head();
        assert_eq!(head.uri().to_string(), "https://api.test:8443/orders?a=b");
        assert!(head.headers()["x-api-key"].is_sensitive() && !head.headers()["accept"].is_sensitive());
        assert_eq!(head.headers().get_all("x-twice").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert!(!head.headers().contains_key("host"));
    }

    #[test]
    fn what_only_http_1_can_say_is_refused_and_not_changed() {
        for (changed, why) in [
            (request().header("Connection", "close"), "connection"),
            (request().header("Transfer-Encoding", "chunked"), "transfer-encoding"),
            (request().header("TE", "gzip"), "te field"),
            (request().header("Host", "other.test"), "one Host"),
            (request().header("X-API-Key", " k1"), "whitespace"),
            (request().header("X-API-Key", "k\u{0}1"), "control character"),
            (request().header("X API", "k1"), "no token"),
            (Request::new("GET", "/a b").header("Host", "api.test"), "no path"),
            (Request::new("GET", "/a#b").header("Host", "api.test"), "no path"),
            (Request::new("GET", "/"), "one Host"),
        ] {
            let told = Form::of(&changed, false).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.contains(why), "{why}: {told}");
        }
        let trailers = request().header("TE", "trailers");
        assert!(Form::of(&trailers, false).is_ok());
    }

    #[test]
    fn a_lie_in_the_case_of_a_name_is_none() {
        let form = |name: &str, value: &str| Form::of(&request().header(name, value), false).expect("has a form");
        assert!(form("X-API-Key", "k1").says_the_same_as(&form("x-api-KEY", "k1")));
        assert!(!form("X-API-Key", "k1").says_the_same_as(&form("X-API-Key", "K1")));
    }
}
