//! One verifier for each scheme, each with its table of faults.

pub(crate) mod api_key;
pub(crate) mod basic;
pub(crate) mod bearer;
pub(crate) mod introspected;
pub(crate) mod jwt;
pub(crate) mod lenient;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::rejection::Rejection;
use super::state::{Principal, State};

/// A scheme that guards resources, by the prefix of their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    None,
    ApiKey,
    Basic,
    BasicCached,
    Bearer,
    OAuth2,
    Jwt(jsonwebtoken::Algorithm),
    OAuth2Jwt,
    Introspected,
    IntrospectedCached,
}

impl Guard {
    /// All guards with the prefixes of their resources.
    pub(crate) fn all() -> impl Iterator<Item = (Guard, &'static str)> {
        let plain = [
            (Guard::None, "none"),
            (Guard::ApiKey, "api-key"),
            (Guard::Basic, "basic"),
            (Guard::BasicCached, "basic-cached"),
            (Guard::Bearer, "bearer"),
            (Guard::OAuth2, "oauth2"),
            (Guard::OAuth2Jwt, "oauth2-jwt"),
        ];
        let asking =
            [(Guard::Introspected, "opaque-introspection"), (Guard::IntrospectedCached, "opaque-introspection-cached")];
        let signed = jwt::ALGORITHMS.map(|(algorithm, prefix)| (Guard::Jwt(algorithm), prefix));
        plain.into_iter().chain(signed).chain(asking)
    }

    /// Whether it asks the authorization server about tokens.
    pub(crate) fn asks(self) -> bool {
        matches!(self, Guard::Introspected | Guard::IntrospectedCached)
    }

    /// Whether its credentials are bearer tokens (RFC 6750).
    fn takes_bearer_tokens(self) -> bool {
        matches!(self, Guard::Bearer | Guard::OAuth2 | Guard::Jwt(_) | Guard::OAuth2Jwt) || self.asks()
    }

    /// The guard that stands before a path, and the path behind it.
    pub(crate) fn before(path: &str) -> Option<(Self, &str)> {
        let path = path.strip_prefix('/')?;
        let first = path.find('/')?;
        let end = if &path[..first] == "jwt" { first + 1 + path[first + 1..].find('/')? } else { first };
        let (guard, _) = Self::all().find(|(_, prefix)| *prefix == &path[..end])?;
        Some((guard, &path[end + 1..]))
    }

    /// Who sent a request.
    pub(crate) fn verify(self, state: &State, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
        match self {
            Guard::None => Ok(state.anybody.clone()),
            Guard::ApiKey => api_key::verify(state, parts),
            Guard::Basic => basic::verify(state, parts, false),
            Guard::BasicCached => basic::verify(state, parts, true),
            Guard::Bearer => bearer::verify(state, parts, bearer::Source::Static),
            Guard::OAuth2 => bearer::verify(state, parts, bearer::Source::Authority),
            Guard::Jwt(algorithm) => jwt::verify(state, parts, state.deployments.of(algorithm)),
            Guard::OAuth2Jwt => jwt::verify_issued(state, parts),
            Guard::Introspected | Guard::IntrospectedCached => introspected::verify(state, parts),
        }
    }

    /// Whether the principal holds a scope; a refusal in the words of the scheme.
    pub(crate) fn authorise(self, state: &State, principal: &Principal, scope: &str) -> Result<(), Rejection> {
        let holds = principal.scopes.iter().any(|held| held == scope);
        let open = match self {
            Guard::ApiKey => state.fault("scope-ignored"),
            guard if guard.takes_bearer_tokens() => {
                state.fault("scope-not-enforced")
                    || (state.fault("scope-substring") && principal.scopes.join(" ").contains(scope))
            }
            _ => false,
        };
        if holds || open {
            return Ok(());
        }
        let status = if state.fault("authz-as-401") { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        Err(match self {
            // RFC 6750 §3.1: insufficient_scope, and the scope that would do
            guard if guard.takes_bearer_tokens() => Rejection::new(status, "insufficient_scope")
                .with_challenge(format!("Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"{scope}\"")),
            _ => Rejection::new(status, "insufficient_scope"),
        })
    }

    /// Whether the principal may see the objects of a tenant.
    pub(crate) fn may_see(self, state: &State, principal: &Principal, tenant: &str) -> Result<(), Rejection> {
        let open = match self {
            Guard::None => true,
            Guard::ApiKey => state.fault("no-object-check"),
            Guard::Basic | Guard::BasicCached => false,
            // all others take bearer tokens
            _ => state.fault("bola"),
        };
        if open || principal.tenant == tenant {
            return Ok(());
        }
        Err(Rejection::new(StatusCode::FORBIDDEN, "not_yours"))
    }
}

/// All values of a header; a value that is no text counts as malformed.
pub(crate) fn header_values<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a str>, NotText> {
    headers.get_all(name).iter().map(|value| value.to_str().map_err(|_| NotText)).collect()
}

/// A header value with bytes outside visible ASCII.
pub(crate) struct NotText;

/// The value of a query parameter, decoded.
pub(crate) fn query_value(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query()?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}

/// The value of a cookie (RFC 6265 §5.4).
pub(crate) fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(other, _)| *other == name).map(|(_, value)| value)
}
