//! Overhead studies.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::text::Length;

/// Compares what schemes cost.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overhead {
    /// What the others are compared with.
    pub baseline: String,
    /// Schemes of the reference: none, api-key, basic, basic-cached, bearer, oauth2.
    pub schemes: Vec<String>,
    /// Time for each.
    #[serde(default)]
    pub duration: Option<Length>,
}
