//! The user's own checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::text::RequestLine;
use crate::scenario::{JsonTemplate, Template};

/// A check of your own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What must hold.
    pub name: String,
    /// Name of the credential that is sent; none for an anonymous request.
    #[serde(default)]
    pub with: Option<String>,
    /// Method and path. The path is a template; reports show it with its values.
    pub request: RequestLine,
    /// JSON body.
    #[serde(default)]
    pub json: Option<JsonTemplate>,
    /// Added header lines.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// Whether it changes state.
    #[serde(default)]
    pub writes: bool,
    /// What must come back.
    pub expect: Expected,
}

/// What must come back.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Status.
    #[serde(default)]
    pub status: Option<u16>,
    /// Text that a header contains, by its name.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Value at a JSON pointer.
    #[serde(default)]
    pub json: BTreeMap<String, serde_json::Value>,
    /// Text that the body contains.
    #[serde(default)]
    pub body: Option<String>,
}
