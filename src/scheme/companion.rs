//! What travels beside a credential and is none itself.

use super::{Carried, CarrierPlace};
use crate::observe::{Request, media_type_of};
use crate::secret::Secret;

/// A further cookie of a login, or a header line or a field of requests that change state.
#[derive(Clone, Debug)]
pub struct Companion {
    /// Where it travels.
    pub place: CarrierPlace,
    /// Its value.
    pub value: Secret,
    /// The path below which it travels (RFC 6265 §5.1.4); everywhere if absent.
    pub path: Option<String>,
    /// Whether it goes along with requests that change state.
    pub writes_only: bool,
    /// Whether it goes along with those that read as well, where it does with those.
    pub with_reads: bool,
}

impl Companion {
    /// A line or field of requests that change state.
    pub fn of_writes(place: CarrierPlace, value: Secret) -> Self {
        Self { place, value, path: None, writes_only: true, with_reads: false }
    }

    /// What a request carries of it.
    pub fn carried(&self, request: &Request) -> Option<Carried> {
        let writes = !matches!(&*request.method, "GET" | "HEAD" | "OPTIONS" | "TRACE");
        let path = String::from_utf8_lossy(&request.target);
        let here = self.path.as_deref().is_none_or(|own| is_below(own, &path));
        if !here || (self.writes_only && !self.with_reads && !writes) {
            return None;
        }
        let place = match &self.place {
            CarrierPlace::Form(name) => &place_in_body(name, request)?,
            place => place,
        };
        Some(Carried::new(place, self.value.expose()))
    }
}

/// Where a field goes in a body: a form, or a JSON object, that does not have it yet; a POST without a body gets a form.
fn place_in_body(name: &str, request: &Request) -> Option<CarrierPlace> {
    let media = media_type_of(request.value_of("content-type"));
    if media.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        let is_there = url::form_urlencoded::parse(&request.body).any(|(own, _)| own == name);
        return (!is_there).then(|| CarrierPlace::Form(name.to_owned()));
    }
    if request.body.is_empty() && media.is_empty() {
        return (request.method == "POST").then(|| CarrierPlace::Form(name.to_owned()));
    }
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&request.body).ok()?;
    (!object.contains_key(name)).then(|| CarrierPlace::Json(name.to_owned()))
}

/// Whether a cookie with this path goes to a request path (RFC 6265 §5.1.4).
pub fn is_below(own: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path == own || (path.starts_with(own) && (own.ends_with('/') || path[own.len()..].starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companions_go_where_they_belong() {
        let companion = |path: Option<&str>, writes_only, with_reads| Companion {
            path: path.map(str::to_owned),
            writes_only,
            with_reads,
            ..Companion::of_writes(CarrierPlace::Header("X-CSRF".to_owned()), Secret::new("v"))
        };
        for (path, (writes_only, with_reads), method, target, goes) in [
            (None, (true, false), "POST", "/a", true),
            (None, (true, false), "GET", "/a", false),
            (None, (true, true), "GET", "/a", true),
            (None, (true, true), "POST", "/a", true),
            (Some("/api"), (false, false), "GET", "/api/orders?x=1", true),
            (Some("/api"), (false, false), "GET", "/apis", false),
            (Some("/"), (false, false), "DELETE", "/a", true),
            (Some("/api"), (true, false), "PATCH", "/api", true),
        ] {
            let request = Request::new(method, target);
            let carried = companion(path, writes_only, with_reads).carried(&request);
            assert_eq!(carried.is_some(), goes, "{method} {target}");
        }
    }

    #[test]
    fn a_field_goes_into_the_body_of_a_write() {
        let field = Companion::of_writes(CarrierPlace::Form("csrf".to_owned()), Secret::new("v"));
        let (form, json) = ("application/x-www-form-urlencoded", "application/json");
        for (method, media, body, expected) in [
            ("POST", form, "a=1", "a=1&csrf=v"),
            ("POST", form, "a=1&csrf=own", "a=1&csrf=own"),
            ("PUT", json, r#"{"a":1}"#, r#"{"a":1,"csrf":"v"}"#),
            ("PUT", json, r#"{"csrf":"own"}"#, r#"{"csrf":"own"}"#),
            ("PUT", json, "[1]", "[1]"),
            ("POST", "text/plain", "a", "a"),
            ("POST", "", "", "csrf=v"),
            ("DELETE", "", "", ""),
            ("GET", "", "", ""),
        ] {
            let request = Request::new(method, "/a");
            let mut request = if media.is_empty() { request } else { request.with_body(media, body) };
            field.carried(&request).iter().for_each(|carried| carried.apply(&mut request));
            assert_eq!(String::from_utf8_lossy(&request.body), expected, "{method} {media} {body}");
        }
    }
}
