//! Overhead studies.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Credential, Scheme};
use crate::scenario::At;
use crate::scenario::either::bare_or_map;
use crate::scenario::text::{Length, RequestLine};

/// Compares what schemes cost: pairs of requests, one of the baseline and one of a scheme, on the same server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overhead {
    /// What the others are compared with: the name of one of them. `none` if it is not named.
    #[serde(default)]
    pub baseline: Option<At<String>>,
    /// What is compared: schemes of the reference by name, or schemes of your own.
    pub schemes: Vec<At<OverheadScheme>>,
    /// Time for the pairs of each, 2 s if it is not named.
    #[serde(default)]
    pub duration: Option<Length>,
}

/// Schemes of the reference that can be compared by name.
pub const PRESETS: &[&str] = &[
    "none",
    "api-key",
    "basic",
    "basic-cached",
    "digest",
    "digest-asked-each-time",
    "hmac",
    "sigv4",
    "httpsig-hmac-sha256",
    "httpsig-rsa-v1_5-sha256",
    "httpsig-rsa-pss-sha512",
    "httpsig-ecdsa-p256-sha256",
    "httpsig-ecdsa-p384-sha384",
    "httpsig-ed25519",
    "bearer",
    "oauth2",
    "oauth2-jwt",
    "dpop-es256",
    "dpop-eddsa",
    "opaque-introspection",
    "opaque-introspection-cached",
    "jwt-hs256",
    "jwt-rs256",
    "jwt-es256",
    "jwt-eddsa",
    "jwt-ml-dsa-44",
    "jwt-ml-dsa-65",
    "jwt-ml-dsa-87",
    "mtls",
];

/// A scheme of your own that is compared.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverheadSchemeFields {
    /// Name, for reports.
    pub name: String,
    /// How clients prove who they are.
    #[serde(default)]
    pub scheme: Option<Scheme>,
    /// Who asks: the first that is valid and may.
    #[serde(default)]
    pub credentials: BTreeMap<String, At<Credential>>,
    /// Method and path of what is asked for. The path is a template; reports show it with its values.
    #[serde(default)]
    pub request: Option<RequestLine>,
}

bare_or_map!(
    /// A scheme that is compared.
    OverheadScheme, OverheadSchemeFields, "a scheme of the reference such as `basic`, or a mapping with `name`, `scheme`, `credentials` and `request`",
    |word: &str| PRESETS.contains(&word).then(|| OverheadSchemeFields {
        name: word.to_owned(),
        scheme: None,
        credentials: BTreeMap::new(),
        request: None,
    }),
    ["none", "api-key", "basic", "basic-cached", "digest", "digest-asked-each-time", "mtls", "hmac", "sigv4", "httpsig-hmac-sha256", "httpsig-rsa-v1_5-sha256", "httpsig-rsa-pss-sha512", "httpsig-ecdsa-p256-sha256", "httpsig-ecdsa-p384-sha384", "httpsig-ed25519", "bearer", "oauth2", "oauth2-jwt", "dpop-es256", "dpop-eddsa", "opaque-introspection", "opaque-introspection-cached", "jwt-hs256", "jwt-rs256", "jwt-es256", "jwt-eddsa", "jwt-ml-dsa-44", "jwt-ml-dsa-65", "jwt-ml-dsa-87"]
);
