//! What a search of the capacity has to hold.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::text::{Condition, Metric};
use super::value_error::ValueError;

/// Figures with the largest values that they may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective(pub Vec<Condition>);

impl Objective {
    /// All conditions in one line.
    pub fn text(&self) -> String {
        self.0.iter().map(|condition| condition.text.as_str()).collect::<Vec<_>>().join(" and ")
    }
}

impl<'de> Deserialize<'de> for Objective {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = BTreeMap::<String, String>::deserialize(deserializer)?;
        let conditions = written.iter().map(|(figure, most)| of(figure, most));
        let conditions = conditions.collect::<Result<Vec<_>, _>>().map_err(D::Error::custom)?;
        if conditions.is_empty() {
            return Err(D::Error::custom("an objective needs a figure, such as { p(99): 20ms }"));
        }
        Ok(Self(conditions))
    }
}

fn of(figure: &str, most: &str) -> Result<Condition, ValueError> {
    let condition: Condition = format!("{figure} <= {most}").parse()?;
    match condition.metric {
        Metric::Percentile(_) | Metric::Mean | Metric::Max | Metric::ErrorRate => Ok(condition),
        _ => Err(ValueError::Objective(figure.to_owned())),
    }
}

impl JsonSchema for Objective {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Objective".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "figures with the largest values that they may have, such as { p(99): 20ms, error_rate: 0.1% }",
            "propertyNames": { "pattern": r"^(p\([0-9.]+\)|mean|max|error_rate)$" },
            "additionalProperties": { "type": "string" },
            "minProperties": 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_bounded_from_above() {
        let read = |text: &str| serde_json::from_str::<Objective>(text).map(|objective| objective.text());
        assert_eq!(read(r#"{ "p(99)": "20ms" }"#).ok().as_deref(), Some("p(99) <= 20ms"));
        assert_eq!(
            read(r#"{ "p(99)": "20ms", "error_rate": "1%" }"#).ok().as_deref(),
            Some("error_rate <= 1% and p(99) <= 20ms")
        );
        for wrong in [r#"{ "achieved_rate": "5/s" }"#, r#"{ "p(99)": "20" }"#, "{}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
