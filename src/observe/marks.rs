//! When the parts of an exchange happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Times within an exchange, in microseconds; what is not known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Marks {
    /// Time to connect before the exchange, TLS included; none where the connection was already open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_us: Option<u64>,
    /// From the first byte sent to the last byte that the connection took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_us: Option<u64>,
    /// From the first byte sent to the first byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<u64>,
    /// Whether the target reset the connection, and did not close it: an answer may have been lost with it.
    #[serde(skip)]
    pub was_reset: bool,
}

impl Marks {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
