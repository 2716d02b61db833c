//! Origins beside one that a target trusts (RFC 6454 §6.2): what careless comparisons take for it.

/// A host that nobody has (RFC 6761 §6.4).
const NOWHERE: &str = "authbench.invalid";
/// What stands before a host, or in its place.
const OTHER: &str = "authbench";

/// An origin, by how it differs from one that the target trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginBeside {
    /// Not at all.
    Trusted,
    /// Another host of the same domain: where it is allowed, the target may trust the whole domain on purpose.
    SameDomain,
    /// A host of another domain that begins like the trusted one.
    LongerHost,
    /// A host that ends like the trusted one: of the same domain, where that has one above it.
    GluedHost,
    /// A host of another domain that ends like the domain of the trusted one.
    GluedDomain,
    /// A host of another domain with a letter where the trusted one has its first dot.
    OtherDot,
    /// The same host without TLS.
    WithoutTls,
    /// The same host at another port.
    OtherPort,
}

impl OriginBeside {
    /// This origin; none where the trusted one is no origin of HTTP, or where its host has no such neighbour.
    pub fn of(self, trusted: &str) -> Option<String> {
        let (scheme, host, port) = parts(trusted)?;
        let at =
            |host: &str| Some(format!("{scheme}://{host}{}", port.map(|port| format!(":{port}")).unwrap_or_default()));
        let is_name = !host.starts_with('[') && !host.split('.').all(|label| label.parse::<u8>().is_ok());
        // one label alone, such as localhost, is below no domain
        let rest = host.split_once('.').map(|(_, rest)| rest).filter(|_| is_name);
        let domain = rest.filter(|rest| rest.contains('.'));
        match self {
            Self::Trusted => Some(trusted.to_owned()),
            Self::SameDomain => at(&format!("{OTHER}.{}", domain?)),
            // comparisons that leave a port out, or that there is none
            Self::LongerHost if host.starts_with('[') => None,
            Self::LongerHost => Some(format!("{scheme}://{host}.{NOWHERE}")),
            Self::GluedHost => rest.and_then(|_| at(&format!("{OTHER}{host}"))),
            Self::GluedDomain => at(&format!("{OTHER}{}", domain?)),
            Self::OtherDot => domain.and_then(|_| at(&host.replacen('.', "x", 1))),
            Self::WithoutTls if scheme == "https" => Some(format!("http{}", trusted.strip_prefix("https")?)),
            Self::WithoutTls => None,
            // what begins like the port as well
            Self::OtherPort => match port {
                None => Some(format!("{trusted}:8443")),
                Some(port) => {
                    let longer = u32::from(port) * 10 + 1;
                    let other = u16::try_from(longer).unwrap_or(if port == 8443 { 8444 } else { 8443 });
                    Some(format!("{scheme}://{host}:{other}"))
                }
            },
        }
    }
}

/// Scheme, host and port of an origin of HTTP.
fn parts(origin: &str) -> Option<(&str, &str, Option<u16>)> {
    let (scheme, rest) = origin.split_once("://")?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (rest, None),
    };
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
    (is_host && matches!(scheme, "http" | "https")).then_some((scheme, host, port))
}

#[cfg(test)]
mod tests {
    use super::OriginBeside::{
        GluedDomain, GluedHost, LongerHost, OtherDot, OtherPort, SameDomain, Trusted, WithoutTls,
    };

    #[test]
    fn each_host_has_the_neighbours_that_its_form_allows() {
        let all = [SameDomain, LongerHost, GluedHost, GluedDomain, OtherDot, WithoutTls, OtherPort];
        for (trusted, expected) in [
            (
                "https://app.example.com",
                [
                    "https://authbench.example.com",
                    "https://app.example.com.authbench.invalid",
                    "https://authbenchapp.example.com",
                    "https://authbenchexample.com",
                    "https://appxexample.com",
                    "http://app.example.com",
                    "https://app.example.com:8443",
                ],
            ),
            (
                "https://example.com:8443",
                [
                    "",
                    "https://example.com.authbench.invalid",
                    "https://authbenchexample.com:8443",
                    "",
                    "",
                    "http://example.com:8443",
                    "https://example.com:8444",
                ],
            ),
            (
                "http://localhost:3000",
                ["", "http://localhost.authbench.invalid", "", "", "", "", "http://localhost:30001"],
            ),
            ("http://127.0.0.1", ["", "http://127.0.0.1.authbench.invalid", "", "", "", "", "http://127.0.0.1:8443"]),
            ("https://[::1]:80", ["", "", "", "", "", "http://[::1]:80", "https://[::1]:801"]),
        ] {
            for (beside, expected) in all.into_iter().zip(expected) {
                assert_eq!(beside.of(trusted).unwrap_or_default(), expected, "{beside:?} of {trusted}");
            }
            assert_eq!(Trusted.of(trusted).as_deref(), Some(trusted));
        }
        for none in [
            "*",
            "null",
            "",
            "ftp://app.example.com",
            "https://app.example.com/",
            "https://",
            "https://a b",
            "https://a:b",
        ] {
            assert_eq!(Trusted.of(none), None, "{none}");
        }
    }
}
