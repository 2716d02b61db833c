//! Addresses: of the target, of what belongs to it, and as a reader may see them.

use thiserror::Error;
use url::Url;

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAddress {
    /// It is no URL.
    #[error("{text:?} is not an address: {source}")]
    Unreadable {
        /// What stands in its place.
        text: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// There is none.
    #[error("the target has no address")]
    Missing,
}

/// An address by itself.
///
/// # Errors
/// Says which text is not one.
pub fn parse(text: &str) -> Result<Url, BadAddress> {
    text.parse().map_err(|source| BadAddress::Unreadable { text: text.to_owned(), source })
}

/// An address that may be a path on the target.
///
/// # Errors
/// Says which address is not one.
pub fn join(base: &Url, at: &str) -> Result<Url, BadAddress> {
    base.join(at).map_err(|source| BadAddress::Unreadable { text: at.to_owned(), source })
}

/// The address of a well-known document of an issuer (RFC 8414 §3.1).
pub fn well_known(issuer: &Url, suffix: &str) -> Url {
    let mut url = issuer.clone();
    let path = issuer.path().trim_end_matches('/');
    url.set_path(&format!("/.well-known/{suffix}{path}"));
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
    fn a_reader_sees_no_user_information_and_no_query() {
        let url = Url::parse("https://user:pw@api.test:8443/a?key=k").expect("a URL");
        assert_eq!((shown(&url).as_str(), authority(&url).as_str()), ("https://api.test:8443/a", "api.test:8443"));
    }
}
