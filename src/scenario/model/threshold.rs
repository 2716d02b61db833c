//! What figures have to hold.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

use crate::scenario::text::Condition;

/// What a threshold looks like, for messages.
const EXPECTED: &str =
    "a threshold such as `p(99) < 20ms`, or a mapping with `threshold`, and `severity` or `abort` beside it";

/// What the results have to hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdFields {
    /// The condition.
    pub threshold: Condition,
    /// Whether it fails the run or only warns.
    #[serde(default)]
    pub severity: ThresholdSeverity,
    /// Ends a load phase early, as soon as what was measured so far breaks the condition.
    #[serde(default)]
    pub abort: bool,
}

/// A threshold, written as one condition or as a mapping.
#[derive(Clone, Debug)]
pub struct Threshold(pub ThresholdFields);

impl std::ops::Deref for Threshold {
    type Target = ThresholdFields;

    fn deref(&self) -> &ThresholdFields {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either).map(Self)
    }
}

/// Reads both forms; what is wrong with a bare condition is said in its own words.
struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = ThresholdFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ThresholdFields, E> {
        let condition = text.parse().map_err(E::custom::<crate::scenario::ValueError>)?;
        Ok(ThresholdFields { threshold: condition, severity: ThresholdSeverity::default(), abort: false })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ThresholdFields, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map))
    }
}

impl JsonSchema for Threshold {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (bare, fields) = (generator.subschema_for::<Condition>(), generator.subschema_for::<ThresholdFields>());
        json_schema!({ "anyOf": [bare, fields], "description": EXPECTED })
    }
}

/// What a broken threshold does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdSeverity {
    /// Fails the run.
    #[default]
    Fail,
    /// Is reported, and does not fail the run.
    Warn,
}
