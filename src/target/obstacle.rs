//! Why a scenario cannot be tested as it is written: what is in the way, which line of it is meant, and what to write there.

use thiserror::Error;

use super::trust::Distrust;
use crate::observe::{Exchange, Outcome, Response, Silence, components_asked};

/// A value of the scenario that has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// The address of the target.
    Address,
    /// Its certificate authorities.
    Authorities,
    /// A resource, by its index.
    Resource(usize),
    /// A credential, by its index among the identities.
    Credential(usize),
    /// The scheme, with its endpoints.
    Scheme,
}

/// What is in the way of a test.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Obstacle {
    /// The name of the host stands for no address.
    #[error("the host name of {0} is not known")]
    UnknownHost(String),
    /// Nothing listens.
    #[error("{0} refused the connection")]
    ConnectionRefused(String),
    /// No way there.
    #[error("{authority} cannot be reached: {why}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// What the system says.
        why: String,
    },
    /// Packets go, and nothing comes back.
    #[error("{authority} accepted no connection within {limit}")]
    NoConnection {
        /// Host and port.
        authority: String,
        /// How long it was waited for.
        limit: String,
    },
    /// A proxy on the way does not let the request pass.
    #[error("{why}")]
    ProxyRefused {
        /// Host and port.
        proxy: String,
        /// What it answered.
        why: String,
    },
    /// `http` to a port of `https`.
    #[error("{0} expects TLS, and the address starts with `http:`")]
    ExpectsTls(String),
    /// `https` to a port of `http`.
    #[error("{0} does not speak TLS, and the address starts with `https:`")]
    SpeaksNoTls(String),
    /// HTTP/2 alone, which checks do not speak.
    #[error("{0} speaks HTTP/2 and not HTTP/1.1, which checks and overhead studies speak")]
    OnlyHttp2(String),
    /// The certificate is not trusted.
    #[error("{distrust}")]
    Distrusted {
        /// Why.
        distrust: Distrust,
        /// Whether the scenario names certificates under `tls.ca`.
        authorities_named: bool,
    },
    /// TLS cannot be agreed on.
    #[error("{authority} does not complete the TLS handshake: {why}")]
    Handshake {
        /// Host and port.
        authority: String,
        /// What was in the way.
        why: String,
    },
    /// A connection without an HTTP answer.
    #[error("{resource} is not answered: {why}")]
    Unanswered {
        /// Method and path.
        resource: String,
        /// What happened instead.
        why: String,
    },
    /// 404 or 410.
    #[error("{resource} is answered with {status}: there is no such path{}", under(.below.as_deref()))]
    NotFound {
        /// Method and path.
        resource: String,
        /// The status.
        status: u16,
        /// What was asked for, where the address of the target has a path of its own.
        below: Option<String>,
    },
    /// 405.
    #[error("{resource} is answered with 405: the method is not allowed there")]
    MethodNotAllowed {
        /// Method and path.
        resource: String,
    },
    /// A redirection, which authbench does not follow: a credential goes nowhere that the scenario does not name.
    #[error("{resource} is redirected with {status}{}", to(.location.as_deref()))]
    Redirected {
        /// Method and path.
        resource: String,
        /// The status.
        status: u16,
        /// `Location` (RFC 9110 §10.2.2), if the answer has one.
        location: Option<String>,
    },
    /// 421 (RFC 9110 §15.5.20).
    #[error("{resource} is answered with 421: the server does not serve the host {host}")]
    OtherHost {
        /// Method and path.
        resource: String,
        /// `Host` as it was sent.
        host: String,
    },
    /// 400, or another answer that refuses the request and not the credential.
    #[error("{resource} is answered with {status}: the request itself is refused (its `Host` is {host})")]
    BadRequest {
        /// Method and path.
        resource: String,
        /// The status.
        status: u16,
        /// `Host` as it was sent.
        host: String,
    },
    /// The credential is refused.
    #[error("{resource} refuses the credential `{credential}` with {status}{}{}", if *.ended { ": its token has expired" } else { "" }, asking(.wanted.as_deref()))]
    CredentialRefused {
        /// Method and path.
        resource: String,
        /// Name of the credential.
        credential: String,
        /// The status.
        status: u16,
        /// Whether it is a token whose `exp` is in the past.
        ended: bool,
        /// Its index among the identities.
        at: usize,
        /// What signatures have to cover, where the answer asks for them (RFC 9421 §5.1).
        wanted: Option<String>,
    },
    /// The certificate that is the credential is refused in the TLS handshake.
    #[error("{resource} refuses the client certificate of `{credential}` in the TLS handshake (alert {alert})")]
    CertificateRefused {
        /// Method and path.
        resource: String,
        /// Name of the credential.
        credential: String,
        /// The alert (RFC 8446 §6.2).
        alert: String,
        /// Its index among the identities.
        at: usize,
    },
    /// A status that says nothing about the credential: the target has no time, or has had enough of this client.
    #[error("{resource} is answered with {status}, which says nothing about the credential")]
    Busy {
        /// Method and path.
        resource: String,
        /// The status.
        status: u16,
    },
    /// The target breaks.
    #[error("{resource} breaks with {status}")]
    Broke {
        /// Method and path.
        resource: String,
        /// The status.
        status: u16,
    },
    /// 2xx that is not how the scenario, or the answer before, describes success.
    #[error("{resource} is answered with {status}, which is not recognised as success")]
    Unrecognised {
        /// Method and path.
        resource: String,
        /// The status.
        status: u16,
    },
    /// The token endpoint refuses the client.
    #[error("the token endpoint refuses the client of `{credential}` with {status}{}", named(.error.as_deref()))]
    ClientRefused {
        /// Name of the credential.
        credential: String,
        /// The status.
        status: u16,
        /// `error` (RFC 6749 §5.2).
        error: Option<String>,
        /// Its index among the identities.
        at: usize,
    },
    /// The token endpoint is not there, or is no token endpoint.
    #[error("no token is obtained for `{credential}`: {why}")]
    NoToken {
        /// Name of the credential.
        credential: String,
        /// What came instead.
        why: String,
        /// Whether there was an answer at all.
        answered: bool,
        /// Whether it was an error of the server: what is asked may be right.
        broke: bool,
    },
    /// A login gave no credential.
    #[error("no credential is obtained for `{credential}`: {why}")]
    NoLogin {
        /// Name of the credential.
        credential: String,
        /// What happened.
        why: String,
        /// Whether there was an answer at all.
        answered: bool,
        /// Whether the target takes no more logins for now (RFC 6585 §4).
        throttled: bool,
        /// Its index among the identities.
        at: usize,
    },
    /// A cookie of the login opens what the one that the scenario names does not.
    #[error(
        "{resource} is not opened by the cookie `{named}`, which the login of `{credential}` names, but by `{opens}`"
    )]
    OtherCookie {
        /// Method and path.
        resource: String,
        /// Name of the credential.
        credential: String,
        /// Name of the cookie that the scenario names.
        named: String,
        /// Name of the cookie that opens the resource by itself.
        opens: String,
        /// Its index among the identities.
        at: usize,
    },
    /// A request without a credential is not answered with a challenge that the scheme can answer.
    #[error("the target sends no {0} challenge that authbench can answer")]
    NoChallenge(&'static str),
    /// The issuer's metadata (RFC 8414).
    #[error("the metadata of the issuer cannot be used: {why}")]
    NoMetadata {
        /// What is wrong.
        why: String,
        /// Whether there was an answer at all.
        answered: bool,
    },
}

/// What signatures have to cover, for a reader.
fn asking(components: Option<&str>) -> String {
    components.map(|components| format!(" and asks for signatures that cover {components}")).unwrap_or_default()
}

/// The path that was asked for, where it is that of the resource behind another one. A query may hold a credential.
fn below(asked: &[u8], path: &str) -> Option<String> {
    let without_query = |text: &str| text.split('?').next().unwrap_or_default().to_owned();
    let (asked, path) = (without_query(std::str::from_utf8(asked).ok()?), without_query(path));
    (!path.is_empty() && asked != path && asked.ends_with(&path)).then_some(asked)
}

fn under(path: Option<&str>) -> String {
    path.map(|path| format!(" ({path} was asked for, with the path of `target.url`)")).unwrap_or_default()
}

fn to(location: Option<&str>) -> String {
    location.map_or_else(|| " and names no Location".to_owned(), |location| format!(" to {location}"))
}

fn named(error: Option<&str>) -> String {
    error.map_or_else(String::new, |error| format!(" {error}"))
}

/// What was asked for in vain.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Index of the resource.
    pub at: usize,
    /// Method and path.
    pub resource: &'a str,
    /// `Host` as it was sent.
    pub host: &'a str,
    /// Index of the identity.
    pub identity: usize,
    /// Its name.
    pub credential: &'a str,
    /// Whether its credential is a token whose `exp` is in the past.
    pub ended: bool,
}

impl Obstacle {
    /// What kept a good credential from a resource; none where it was let in.
    pub fn of(asked: &Attempt<'_>, exchange: &Exchange, outcome: Outcome) -> Option<Self> {
        let resource = asked.resource.to_owned();
        let host = || asked.host.to_owned();
        if outcome == Outcome::Granted {
            return None;
        }
        let response = match &exchange.answer {
            Err(Silence::CertificateRefused(alert)) if outcome == Outcome::Refused => {
                return Some(Obstacle::CertificateRefused {
                    resource,
                    credential: asked.credential.to_owned(),
                    alert: alert.clone(),
                    at: asked.identity,
                });
            }
            Err(silence) => return Some(Obstacle::Unanswered { resource, why: silence.to_string() }),
            Ok(response) => response,
        };
        let status = response.status;
        Some(match status {
            404 | 410 => {
                let path = resource.split_once(' ').map_or("", |(_, path)| path);
                Obstacle::NotFound { below: below(&exchange.request.target, path), resource, status }
            }
            405 => Obstacle::MethodNotAllowed { resource },
            421 => Obstacle::OtherHost { resource, host: host() },
            401 | 403 => Obstacle::CredentialRefused {
                resource,
                credential: asked.credential.to_owned(),
                status,
                ended: asked.ended,
                at: asked.identity,
                wanted: components_asked(response),
            },
            300..400 => Obstacle::Redirected { resource, status, location: location(response) },
            408 | 425 | 429 => Obstacle::Busy { resource, status },
            400..500 => Obstacle::BadRequest { resource, status, host: host() },
            500.. => Obstacle::Broke { resource, status },
            _ => Obstacle::Unrecognised { resource, status },
        })
    }

    /// Whether the target answered at all: where it did not, nothing was reached.
    pub fn is_answered(&self) -> bool {
        match self {
            Obstacle::UnknownHost(_)
            | Obstacle::ConnectionRefused(_)
            | Obstacle::Unreachable { .. }
            | Obstacle::NoConnection { .. }
            | Obstacle::ProxyRefused { .. }
            | Obstacle::ExpectsTls(_)
            | Obstacle::SpeaksNoTls(_)
            | Obstacle::OnlyHttp2(_)
            | Obstacle::Distrusted { .. }
            | Obstacle::Handshake { .. }
            | Obstacle::Unanswered { .. } => false,
            Obstacle::NoToken { answered, .. }
            | Obstacle::NoLogin { answered, .. }
            | Obstacle::NoMetadata { answered, .. } => *answered,
            _ => true,
        }
    }

    /// Whether it says something about the target where another credential, or another resource, was proven: it refuses a
    /// credential that it should let in.
    pub fn is_finding(&self) -> bool {
        matches!(
            self,
            Obstacle::CredentialRefused { .. } | Obstacle::CertificateRefused { .. } | Obstacle::ClientRefused { .. }
        )
    }

    /// The value of the scenario that has to change, where a resource was asked for by its index.
    pub fn setting(&self, resource: usize) -> Setting {
        match self {
            Obstacle::UnknownHost(_)
            | Obstacle::ConnectionRefused(_)
            | Obstacle::Unreachable { .. }
            | Obstacle::NoConnection { .. }
            | Obstacle::ProxyRefused { .. }
            | Obstacle::ExpectsTls(_)
            | Obstacle::SpeaksNoTls(_)
            | Obstacle::OnlyHttp2(_)
            | Obstacle::Handshake { .. }
            | Obstacle::Unanswered { .. }
            | Obstacle::NoChallenge(_)
            | Obstacle::OtherHost { .. } => Setting::Address,
            Obstacle::Distrusted { distrust: Distrust::OtherName(_), .. } => Setting::Address,
            Obstacle::Distrusted { .. } => Setting::Authorities,
            Obstacle::CredentialRefused { at, .. }
            | Obstacle::CertificateRefused { at, .. }
            | Obstacle::ClientRefused { at, .. }
            | Obstacle::OtherCookie { at, .. }
            | Obstacle::NoLogin { at, .. } => Setting::Credential(*at),
            Obstacle::NoToken { .. } | Obstacle::NoMetadata { .. } => Setting::Scheme,
            Obstacle::NotFound { .. }
            | Obstacle::MethodNotAllowed { .. }
            | Obstacle::Redirected { .. }
            | Obstacle::BadRequest { .. }
            | Obstacle::Broke { .. }
            | Obstacle::Busy { .. }
            | Obstacle::Unrecognised { .. } => Setting::Resource(resource),
        }
    }

    /// What to write there.
    pub fn way_out(&self) -> String {
        match self {
            Obstacle::UnknownHost(_) => "write a host name that can be resolved in `target.url`".to_owned(),
            Obstacle::ConnectionRefused(_) => {
                "start the service, or write the port that it listens on in `target.url`".to_owned()
            }
            Obstacle::Unreachable { .. } | Obstacle::NoConnection { .. } => {
                "write an address in `target.url` that can be reached from here".to_owned()
            }
            Obstacle::ProxyRefused { proxy, .. } => format!(
                "write the user name and the password that {proxy} wants in AUTHBENCH_PROXY_AUTH or under `target.proxy`, or have it let \
                 requests to the target pass"
            ),
            Obstacle::ExpectsTls(_) => "write `https:` in `target.url`".to_owned(),
            Obstacle::SpeaksNoTls(_) => "write `http:` in `target.url`, or the port that speaks TLS".to_owned(),
            Obstacle::OnlyHttp2(_) => {
                "write an address that also speaks HTTP/1.1 in `target.url`; `http: 2` is for load phases".to_owned()
            }
            Obstacle::Distrusted { distrust, authorities_named } => of_distrust(distrust, *authorities_named),
            Obstacle::Handshake { .. } => {
                "write the address of a server with TLS 1.2 or 1.3 in `target.url`".to_owned()
            }
            Obstacle::Unanswered { .. } => "write the address of an HTTP server in `target.url`".to_owned(),
            Obstacle::NotFound { below: None, .. } => "write a path that exists in `request`".to_owned(),
            Obstacle::NotFound { .. } => {
                "write a path that exists in `request`, or leave the path out of `target.url`".to_owned()
            }
            Obstacle::MethodNotAllowed { .. } => "write a method that the path has in `request`".to_owned(),
            Obstacle::Redirected { resource, status, .. }
                if !["GET ", "HEAD "].iter().any(|reads| resource.starts_with(reads)) =>
            {
                format!(
                    "if this is a login page, the credential was not accepted; if it is how the write succeeds, add \
                     `success: {{ status: {status} }}`"
                )
            }
            Obstacle::Redirected { location: Some(location), .. } if location.contains("://") => {
                format!("authbench follows no redirect: write {location} in `target.url` and `request`")
            }
            Obstacle::Redirected { .. } => {
                "if this is a login page, the credential was not accepted; else write the final path in `request`"
                    .to_owned()
            }
            Obstacle::OtherHost { .. } => "write the host that the server serves in `target.url`".to_owned(),
            Obstacle::BadRequest { .. } => {
                "write the request as the target expects it in `request`, `headers` and the body, and its host in \
                 `target.url`"
                    .to_owned()
            }
            Obstacle::CredentialRefused { ended: true, .. } => "write a fresh token, or `state: expired`".to_owned(),
            Obstacle::CredentialRefused { wanted: Some(_), .. } => {
                "with the scheme `http-signature`, write these components in `components`; else write a credential that is valid"
                    .to_owned()
            }
            Obstacle::CredentialRefused { .. } => {
                "write a credential that is valid, with the `scopes` that it has".to_owned()
            }
            Obstacle::CertificateRefused { .. } => {
                "write a certificate that is valid, and that a CA which the target trusts has signed".to_owned()
            }
            Obstacle::Busy { .. } => "wait, or allow this client more requests; `--rate-limit` sends fewer".to_owned(),
            Obstacle::Broke { .. } => "see the log of the target; authbench sent the request in `request`".to_owned(),
            Obstacle::Unrecognised { .. } => "write in `success` how a granted answer looks".to_owned(),
            Obstacle::ClientRefused { .. } => {
                "write the `client_id`, the `client_secret` and the `scopes` of a registered client".to_owned()
            }
            Obstacle::NoToken { broke: true, .. } => {
                "see the log of the authorization server, and whether it was ready to answer".to_owned()
            }
            Obstacle::NoToken { .. } => "write the address of the token endpoint in `token_url`".to_owned(),
            Obstacle::NoChallenge(_) => "write the scheme that the target asks for in `scheme`".to_owned(),
            Obstacle::NoLogin { throttled: true, .. } => {
                "the target throttles logins: wait, or raise its limit; `--rate-limit` sends fewer requests".to_owned()
            }
            Obstacle::NoLogin { .. } => "correct the `login` of the credential, or the values that it sends".to_owned(),
            Obstacle::OtherCookie { opens, .. } => format!("write the cookie `{opens}` in `scheme`, and in `token` of its login"),
            Obstacle::NoMetadata { .. } => {
                "write the issuer in `issuer`, or its endpoints in `token_url` and `introspection_url`".to_owned()
            }
        }
    }
}

fn of_distrust(distrust: &Distrust, authorities_named: bool) -> String {
    match (distrust, authorities_named) {
        (Distrust::SelfSigned, false) => "save it as a PEM file and name it under `tls.ca`".to_owned(),
        (Distrust::SelfSigned, true) => {
            "the file in `tls.ca` contains a different certificate: add this one".to_owned()
        }
        (Distrust::UnknownAuthority, false) => "name the certificate of the CA under `tls.ca`".to_owned(),
        (Distrust::UnknownAuthority, true) => {
            "the file in `tls.ca` contains a different CA: add the one that signed this certificate".to_owned()
        }
        (Distrust::Expired, _) => "renew the certificate, or name this certificate under `tls.ca`".to_owned(),
        (Distrust::NotYetValid, _) => {
            "correct the clock of this machine, or name this certificate under `tls.ca`".to_owned()
        }
        (Distrust::OtherName(_), _) => {
            "write a host of the certificate in `target.url`, or name this certificate under `tls.ca`".to_owned()
        }
        (Distrust::Authority | Distrust::Revoked | Distrust::Unusable(_), _) => {
            "give the target another certificate, or name this one under `tls.ca`".to_owned()
        }
    }
}

/// `Location` as a reader may see it: one line, cut, without a query, which may carry a token.
fn location(response: &Response) -> Option<String> {
    let text = response.header("location")?;
    let text: String =
        text.chars().take_while(|c| !matches!(c, '?' | '#')).filter(|c| !c.is_control()).take(200).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_address_is_named_and_no_query() {
        assert_eq!(below(b"/v1/orders?key=secret", "/orders").as_deref(), Some("/v1/orders"));
        assert_eq!(below(b"/v1/orders?page=1", "/orders?page=1").as_deref(), Some("/v1/orders"));
        assert_eq!(below(b"/orders?key=secret", "/orders"), None);
        assert_eq!(below(b"/other", "/orders"), None);
        let missing = Obstacle::NotFound {
            resource: "GET /orders".to_owned(),
            status: 404,
            below: Some("/v1/orders".to_owned()),
        };
        assert!(missing.to_string().contains("/v1/orders was asked for"), "{missing}");
    }

    #[test]
    fn a_throttled_login_is_not_said_to_be_wrong() {
        let failed = |throttled| {
            let (credential, why) = ("a".to_owned(), "the answer is 429".to_owned());
            Obstacle::NoLogin { credential, why, answered: true, throttled, at: 0 }.way_out()
        };
        assert!(failed(true).contains("throttles logins") && failed(true).contains("--rate-limit"), "{}", failed(true));
        assert!(failed(false).starts_with("correct the `login`"), "{}", failed(false));
    }
}
