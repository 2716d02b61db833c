//! JSON whose texts may name variables and files.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::{Position, Template};

/// JSON as it is written, with a template for each text that is no key.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// Null, a boolean, a number or a text without a character.
    Plain(serde_json::Value),
    /// A text.
    Text(Template),
    /// A list.
    List(Vec<JsonTemplate>),
    /// An object.
    Object(BTreeMap<String, JsonTemplate>),
}

impl JsonTemplate {
    /// All its templates.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(template) => vec![template],
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Object(members) => members.values().flat_map(Self::templates).collect(),
        }
    }

    /// The JSON with each template replaced by what a function makes of it.
    pub fn filled(&self, fill: &mut dyn FnMut(&Template) -> String) -> serde_json::Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Text(template) => fill(template).into(),
            Self::List(items) => items.iter().map(|item| item.filled(fill)).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), member.filled(fill)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    fn of<E: de::Error>(value: serde_json::Value, place: Position) -> Result<Self, E> {
        Ok(match value {
            // a value of the API, where nothing is missing
            serde_json::Value::String(text) if text.is_empty() => Self::Plain(text.into()),
            serde_json::Value::String(text) => Self::Text(Template::at(text, place).map_err(E::custom)?),
            serde_json::Value::Array(items) => {
                Self::List(items.into_iter().map(|item| Self::of(item, place)).collect::<Result<_, E>>()?)
            }
            serde_json::Value::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(name, member)| Ok((name, Self::of(member, place)?)))
                    .collect::<Result<_, E>>()?,
            ),
            plain => Self::Plain(plain),
        })
    }
}

impl<'de> Deserialize<'de> for JsonTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_yaml::Spanned::<serde_json::Value>::deserialize(deserializer)?;
        Self::of(spanned.value, Position::of(&spanned.referenced))
    }
}

impl JsonSchema for JsonTemplate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "JSON; in its texts ${VAR}, ${VAR:-default} and ${file:path} stand for a variable or a file" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_character_is_a_value() {
        let json: JsonTemplate = serde_yaml::from_str(r#"{ a: "", b: ["", "${B}"], c: 1 }"#).expect("is JSON");
        assert_eq!(json.templates().iter().map(|template| template.written()).collect::<Vec<_>>(), ["${B}"]);
        let filled = json.filled(&mut |_| "filled".to_owned());
        assert_eq!(filled, serde_json::json!({ "a": "", "b": ["", "filled"], "c": 1 }));
    }
}
