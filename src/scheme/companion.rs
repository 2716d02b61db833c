//! What travels beside a credential and is none itself.

use super::{Carried, CarrierPlace};
use crate::secret::Secret;

/// A further cookie of a login, or a header line of requests that change state.
#[derive(Clone, Debug)]
pub struct Companion {
    /// Where it travels.
    pub place: CarrierPlace,
    /// Its value.
    pub value: Secret,
    /// The path below which it travels (RFC 6265 §5.1.4); everywhere if absent.
    pub path: Option<String>,
    /// Whether only requests that change state have it.
    pub writes_only: bool,
}

impl Companion {
    /// What a request with this method and path carries of it.
    pub fn carried(&self, method: &str, path: &str) -> Option<Carried> {
        let writes = !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE");
        let here = self.path.as_deref().is_none_or(|own| is_below(own, path));
        ((writes || !self.writes_only) && here).then(|| Carried::new(&self.place, self.value.expose()))
    }
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
        let companion = |path: Option<&str>, writes_only| Companion {
            place: CarrierPlace::Header("X-CSRF".to_owned()),
            value: Secret::new("v"),
            path: path.map(str::to_owned),
            writes_only,
        };
        for (path, writes_only, method, target, goes) in [
            (None, true, "POST", "/a", true),
            (None, true, "GET", "/a", false),
            (Some("/api"), false, "GET", "/api/orders?x=1", true),
            (Some("/api"), false, "GET", "/apis", false),
            (Some("/"), false, "DELETE", "/a", true),
            (Some("/api"), true, "PATCH", "/api", true),
        ] {
            assert_eq!(companion(path, writes_only).carried(method, target).is_some(), goes, "{method} {target}");
        }
    }
}
