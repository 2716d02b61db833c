//! What an answer means, before any verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an answer means. A refusal is recognised as positively as a grant: whatever is neither is unclear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Access was granted: the answer has the success fingerprint, or carries what only a credential opens.
    #[serde(alias = "accepted")]
    Granted,
    /// Access was refused: a complete answer whose status refuses, with nothing protected in it.
    #[serde(alias = "rejected")]
    Refused,
    /// A complete answer that is neither a grant nor a refusal.
    Unclear,
    /// A server error (5xx) that says nothing about the credential.
    Broke,
    /// No complete answer.
    Silent,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Outcome::Granted => "granted",
            Outcome::Refused => "refused",
            Outcome::Unclear => "unclear",
            Outcome::Broke => "broke",
            Outcome::Silent => "silent",
        })
    }
}
