//! Addresses: of the target, of what belongs to it, and as a reader may see them.

use thiserror::Error;
use url::Url;

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAddress {
    /// It is no URL. What it is instead may be a secret, and is not shown.
    #[error("{}", unreadable(*.0))]
    Unreadable(#[from] url::ParseError),
    /// It is a URL of something else.
    #[error("expected an address that starts with http:// or https:// and names a host")]
    NotHttp,
    /// It holds a credential, which no request would carry.
    #[error("an address of a target has no user name and no password")]
    UserInformation,
    /// It holds a query, which no request would carry.
    #[error("an address of a target has no query and no fragment")]
    Query,
    /// There is none.
    #[error("the target has no address")]
    Missing,
}

/// What a parser means by a base, a reader does not know.
fn unreadable(error: url::ParseError) -> String {
    match error {
        url::ParseError::RelativeUrlWithoutBase => {
            "expected an address that starts with http:// or https://, such as https://api.example.test".to_owned()
        }
        other => format!("expected an address such as https://api.example.test: {other}"),
    }
}

/// An address by itself.
///
/// # Errors
/// When the text is not one.
pub fn parse(text: &str) -> Result<Url, BadAddress> {
    Ok(text.parse()?)
}

/// The address of a service of HTTP.
///
/// # Errors
/// When the text is not one.
pub fn of_http(text: &str) -> Result<Url, BadAddress> {
    let url = parse(text)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(BadAddress::NotHttp);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadAddress::UserInformation);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BadAddress::Query);
    }
    Ok(url)
}

/// The address of a path below the target, as requests to resources have it; an absolute address as it is.
///
/// # Errors
/// When it is not one.
pub fn below(base: &Url, at: &str) -> Result<Url, BadAddress> {
    match at.starts_with('/') && !at.starts_with("//") {
        true => Ok(base.join(&format!("{}{at}", base.path().trim_end_matches('/')))?),
        false => join(base, at),
    }
}

/// An address that may be a path on the target.
///
/// # Errors
/// When it is not one.
pub fn join(base: &Url, at: &str) -> Result<Url, BadAddress> {
    Ok(base.join(at)?)
}

/// The address of a well-known document of an issuer (RFC 8414 §3.1).
pub fn well_known(issuer: &Url, suffix: &str) -> Url {
    let mut url = issuer.clone();
    let path = issuer.path().trim_end_matches('/');
    url.set_path(&format!("/.well-known/{suffix}{path}"));
    url.set_query(None);
    url
}

/// The place that path-appending implementations use (OpenID Connect Discovery 1.0 §4).
pub fn appended(issuer: &Url, suffix: &str) -> Url {
    let mut url = issuer.clone();
    url.set_path(&format!("{}/.well-known/{suffix}", issuer.path().trim_end_matches('/')));
    url.set_query(None);
    url
}

/// An address without user information and query.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

/// The `Host` field for an address (RFC 9110 §7.2): without the default port.
pub fn host_field(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Host and port, as a reader may see them.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address is on this machine.
pub fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_stands_between_host_and_path() {
        for (issuer, expected) in [
            ("https://as.test", "https://as.test/.well-known/oauth-authorization-server"),
            ("https://as.test/", "https://as.test/.well-known/oauth-authorization-server"),
            ("https://as.test/t/1", "https://as.test/.well-known/oauth-authorization-server/t/1"),
        ] {
            let issuer = Url::parse(issuer).expect("a URL");
            assert_eq!(well_known(&issuer, "oauth-authorization-server").as_str(), expected);
        }
    }

    #[test]
    fn an_address_holds_nothing_that_no_request_carries() {
        for (text, expected) in [
            ("https://api.test/v1", Ok(())),
            ("https://user@api.test/", Err(BadAddress::UserInformation)),
            ("https://user:pw@api.test/", Err(BadAddress::UserInformation)),
            ("https://api.test/?key=k", Err(BadAddress::Query)),
            ("https://api.test/#a", Err(BadAddress::Query)),
            ("ftp://api.test/", Err(BadAddress::NotHttp)),
        ] {
            assert_eq!(of_http(text).map(drop), expected, "{text}");
        }
        let base = Url::parse("http://api.test/v1/").expect("a URL");
        for (at, expected) in
            [("/login?x=1", "http://api.test/v1/login?x=1"), ("https://as.test/t", "https://as.test/t")]
        {
            assert_eq!(below(&base, at).expect("an address").as_str(), expected);
        }
    }

    #[test]
    fn a_reader_sees_no_user_information_and_no_query() {
        let url = Url::parse("https://user:pw@api.test:8443/a?key=k").expect("a URL");
        assert_eq!((shown(&url).as_str(), authority(&url).as_str()), ("https://api.test:8443/a", "api.test:8443"));
    }
}
