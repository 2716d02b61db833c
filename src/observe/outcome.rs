//! What an answer means, before any verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the target answered, decided by the success fingerprint and not by the status alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The answer carries the fingerprint of access granted.
    Accepted,
    /// The answer is a refusal: it does not carry the fingerprint.
    Rejected,
    /// A server error (5xx).
    Broke,
    /// No answer at all.
    Silent,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Outcome::Accepted => "accepted",
            Outcome::Rejected => "rejected",
            Outcome::Broke => "broke",
            Outcome::Silent => "silent",
        })
    }
}
