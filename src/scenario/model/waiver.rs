//! Exceptions that somebody answers for, in a scenario or in a file of their own.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::scenario::At;
use crate::scenario::text::Day;

/// A file of waivers.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverList {
    /// The waivers.
    pub waivers: Vec<At<Waiver>>,
}

/// An exception that somebody answers for.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Id of the check, exactly.
    pub check: String,
    /// Target that it holds for: an address, or the start of one up to a `/`; or `reference`. Needed in a file.
    #[serde(default)]
    pub target: Option<String>,
    /// The failure that is excused; another failure of the same check is not.
    #[serde(default)]
    pub observed: Observed,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is followed up.
    #[serde(default)]
    pub ticket: Option<String>,
    /// Day on which it was written, UTC.
    pub created: Day,
    /// Last day on which it holds, UTC; at most 180 days after `created`.
    pub expires: Day,
    /// Needed to excuse access of critical severity, together with `approved_by`.
    #[serde(default)]
    pub accept_risk: bool,
    /// Somebody other than the owner who accepts the risk as well.
    #[serde(default)]
    pub approved_by: Option<String>,
}

/// The shape of a failure. All that is said here has to be so.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// `protocol` if absent: access granted against the rules is excused only where it is named.
    #[serde(default)]
    pub part: ObservedPart,
    /// Statuses of the answers that show it: one, or a list. Any if absent.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(schema_with = "one_or_many_schema")]
    pub status: Vec<u16>,
    /// Text that every line of the finding contains.
    #[serde(default)]
    pub text: Option<String>,
}

/// Part of a requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObservedPart {
    /// Access granted, or refused.
    Access,
    /// Status, headers, body.
    #[default]
    Protocol,
}

/// One status, or a list.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    struct Either;
    impl<'de> serde::de::Visitor<'de> for Either {
        type Value = Vec<u16>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a status such as 401, or a list of statuses")
        }

        fn visit_u64<E: serde::de::Error>(self, status: u64) -> Result<Vec<u16>, E> {
            let status = u16::try_from(status).ok().filter(|status| (100..1000).contains(status));
            status.map(|status| vec![status]).ok_or_else(|| E::custom("a status has three digits"))
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, statuses: A) -> Result<Vec<u16>, A::Error> {
            Deserialize::deserialize(serde::de::value::SeqAccessDeserializer::new(statuses))
        }
    }
    deserializer.deserialize_any(Either)
}

fn one_or_many_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let status = serde_json::json!({ "type": "integer", "minimum": 100, "maximum": 999 });
    schemars::json_schema!({ "anyOf": [status, { "type": "array", "items": status }] })
}
