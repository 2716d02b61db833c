//! Redirection URIs that are not the registered one.

use url::Url;

use crate::check::step::{FOREIGN_ORIGIN, RedirectionUri};

/// A redirection URI that is not the registered one; none where it has no host that could have another one behind it.
pub(super) fn changed(uri: &str, other: RedirectionUri) -> Option<String> {
    let foreign = FOREIGN_ORIGIN.split_once("//").map_or(FOREIGN_ORIGIN, |(_, host)| host);
    match other {
        RedirectionUri::LongerPath => Some(longer(uri)),
        RedirectionUri::OtherHost => {
            let path = Url::parse(uri).map(|uri| uri.path().to_owned()).unwrap_or_default();
            Some(format!("{FOREIGN_ORIGIN}/{}", path.trim_start_matches('/')))
        }
        RedirectionUri::HostBehind => {
            let mut parsed = Url::parse(uri).ok()?;
            let host = format!("{}.{foreign}", parsed.host_str().filter(|host| !host.contains(':'))?);
            parsed.set_host(Some(&host)).ok()?;
            Some(parsed.into())
        }
        RedirectionUri::OtherPort => {
            let mut parsed = Url::parse(uri).ok()?;
            let port = if parsed.port() == Some(8443) { 9443 } else { 8443 };
            (!is_loopback(&parsed) && parsed.set_port(Some(port)).is_ok()).then(|| parsed.into())
        }
        RedirectionUri::LongerQuery => Some(format!("{uri}{}authbench=1", if uri.contains('?') { '&' } else { '?' })),
        RedirectionUri::UserBefore => {
            let mut parsed = Url::parse(uri).ok()?;
            parsed.set_username("authbench").ok()?;
            Some(parsed.into())
        }
        RedirectionUri::HostAsUser => {
            let parts = UriParts::of(uri)?;
            let host = parts.authority.rsplit_once('@').map_or(parts.authority, |(_, host)| host);
            let user = host.replace([':', '[', ']'], "");
            Some(format!("{}://{user}@{foreign}{}{}", parts.scheme, parts.path, parts.behind))
        }
        RedirectionUri::LongerSegment => {
            let (path, behind) = uri.split_at(uri.find(['?', '#']).unwrap_or(uri.len()));
            Some(format!("{path}authbench{behind}")).filter(|_| !path.ends_with('/'))
        }
        RedirectionUri::OtherSlash => {
            let UriParts { scheme, authority, path, behind } = UriParts::of(uri)?;
            let path = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
            Some(format!("{scheme}://{authority}{path}{behind}"))
        }
        RedirectionUri::Fragment => Some(format!("{uri}#authbench")).filter(|_| !uri.contains('#')),
        RedirectionUri::SchemeInCapitals => {
            let (scheme, rest) = uri.split_once(':')?;
            Some(format!("{}:{rest}", scheme.to_ascii_uppercase())).filter(|other| other != uri)
        }
        RedirectionUri::HostInCapitals => {
            let UriParts { scheme, authority, path, behind } = UriParts::of(uri)?;
            // what stands before the host tells capitals apart
            let has_letters = authority.bytes().any(|byte| byte.is_ascii_lowercase()) && !authority.contains('@');
            has_letters.then(|| format!("{scheme}://{}{path}{behind}", authority.to_ascii_uppercase()))
        }
        RedirectionUri::DefaultPort => {
            let parsed = Url::parse(uri).ok().filter(|parsed| !is_loopback(parsed))?;
            let UriParts { scheme, authority, path, behind } = UriParts::of(uri)?;
            let has_none = !authority.rsplit(['@', ']']).next().unwrap_or_default().contains(':');
            let port = parsed.port_or_known_default().filter(|_| has_none)?;
            Some(format!("{scheme}://{authority}:{port}{path}{behind}"))
        }
        RedirectionUri::DotSegments => with_segments(uri, "/authbench/.."),
        RedirectionUri::EncodedDotSegments => with_segments(uri, "/authbench/%2e%2e"),
    }
}

/// The parts of a URI with an authority (RFC 3986 §3), as they are written.
struct UriParts<'a> {
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
    /// Query and fragment.
    behind: &'a str,
}

impl<'a> UriParts<'a> {
    fn of(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (before, behind) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let (authority, path) = before.split_at(before.find('/').unwrap_or(before.len()));
        (!authority.is_empty()).then_some(Self { scheme, authority, path, behind })
    }
}

/// Apps listen on whatever port is free (RFC 8252 §7.3).
fn is_loopback(uri: &Url) -> bool {
    uri.host_str().is_none_or(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host))
}

/// The same with segments before its path.
fn with_segments(uri: &str, segments: &str) -> Option<String> {
    let UriParts { scheme, authority, path, behind } = UriParts::of(uri)?;
    Some(format!("{scheme}://{authority}{segments}{path}{behind}"))
}

/// The same with one more segment behind its path.
pub(super) fn longer(uri: &str) -> String {
    let (path, query) = uri.split_once('?').map_or((uri, None), |(path, query)| (path, Some(query)));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/authbench{query}", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_such_part_is_not_changed() {
        // a scheme of an app has no host
        assert_eq!(changed("com.example.app:/cb", RedirectionUri::HostBehind), None);
        assert_eq!(changed("http://127.0.0.1/cb", RedirectionUri::OtherPort), None, "any port is right there");
        for (uri, other, expected) in [
            ("http://127.0.0.1/cb", RedirectionUri::DefaultPort, None),
            ("http://127.0.0.1/cb", RedirectionUri::HostInCapitals, None),
            ("https://app.test:8443/cb", RedirectionUri::DefaultPort, None),
            ("http://app.test/cb?a=1", RedirectionUri::DefaultPort, Some("http://app.test:80/cb?a=1")),
            (
                "https://app.test:8443/cb/",
                RedirectionUri::HostAsUser,
                Some("https://app.test8443@authbench.example/cb/"),
            ),
            ("https://app.test/cb/?a=1", RedirectionUri::OtherSlash, Some("https://app.test/cb?a=1")),
            ("https://app.test", RedirectionUri::OtherSlash, Some("https://app.test/")),
            ("com.example.app:/cb", RedirectionUri::DotSegments, None),
            ("com.example.app:/cb", RedirectionUri::SchemeInCapitals, Some("COM.EXAMPLE.APP:/cb")),
        ] {
            assert_eq!(changed(uri, other).as_deref(), expected, "{uri} {other:?}");
        }
        assert_eq!(longer("com.example.app:/cb"), "com.example.app:/cb/authbench");
    }
}
