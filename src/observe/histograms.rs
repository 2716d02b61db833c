//! Distributions in full, as HdrHistogram logs carry them, so that those of several machines can be added.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer as Reader, Serializer as _, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest time that a histogram tells apart: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;

/// An empty histogram of nanoseconds: three significant digits up to an hour. All of one shape can be added.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds and three digits are lawful")
}

/// V2, deflated, Base64.
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    match V2DeflateSerializer::new().serialize(histogram, &mut bytes) {
        Ok(_) => STANDARD.encode(bytes),
        Err(_) => String::new(),
    }
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// Where the text is not Base64, or holds no histogram.
pub fn decode(text: &str) -> Result<Histogram<u64>, NoDistribution> {
    let bytes = STANDARD.decode(text)?;
    Ok(Reader::new().deserialize(&mut &bytes[..])?)
}

/// Why an interval has no distribution.
#[derive(Debug, thiserror::Error)]
pub enum NoDistribution {
    /// No Base64.
    #[error("its histogram is no Base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// No histogram of that format.
    #[error("its histogram cannot be read: {0}")]
    Histogram(#[from] hdrhistogram::serialization::DeserializeError),
}

/// The distributions of a load phase, each an HdrHistogram of nanoseconds: V2, deflated, Base64. Empty where nothing was
/// measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Histograms {
    /// From the due time to the last byte.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub response_time: String,
    /// From the first byte sent to the last byte read; empty in the closed model, where it is the response time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_time: String,
    /// From the due time to the first byte sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scheduling_delay: String,
    /// The part of the scheduling delay that authbench itself caused, and not a connection that was busy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub generator_delay: String,
    /// Server time spent on authentication, where the target says it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server_share: String,
    /// Time to obtain a token.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token_acquisition: String,
}

impl Histograms {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// [`encode`], and nothing for an empty histogram.
pub fn encode_unless_empty(histogram: &Histogram<u64>) -> String {
    if histogram.is_empty() { String::new() } else { encode(histogram) }
}
