//! Values by type and format, for what a document gives no example of: each is named, for somebody has to fill it in.

use super::example::{DEPTH, Examples};
use super::node::Node;
use super::root::Root;

/// Values that are made up for one request, at most.
const VALUES: usize = 200;
/// Characters of a text that has a least length, at most.
const TEXT_LIMIT: usize = 200;

/// Makes up values and keeps what they are of.
pub(super) struct Inventor<'a> {
    root: &'a Root,
    examples: &'a Examples<'a>,
    /// What was made up: `name (string, email)`.
    pub(super) made_up: Vec<String>,
}

impl<'a> Inventor<'a> {
    pub(super) fn of(root: &'a Root, examples: &'a Examples<'a>) -> Self {
        Self { root, examples, made_up: Vec::new() }
    }

    /// A value of a schema: with its examples where it has some, and the least that it asks for.
    pub(super) fn value(&mut self, schema: &Node, name: &str, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        if let Some(shown) = self.examples.of_schema(schema, depth) {
            return Some(shown);
        }
        let schema = self.root.follow(schema)?;
        if let Some(parts) = schema.member("allOf") {
            return self.merged(parts.items(), name, depth);
        }
        let choice = ["oneOf", "anyOf"].into_iter().find_map(|word| schema.member(word));
        if let Some(choice) = choice {
            let options = choice.items().iter();
            let mut options = options.filter(|option| kind(option) != Some("null"));
            return options.find_map(|option| self.value(option, name, depth));
        }
        match kind(schema) {
            Some("object") => self.object(schema, name, depth),
            Some("array") => {
                let least = schema.member("minItems").and_then(Node::scalar).is_some_and(|least| least != "0");
                let item = schema.member("items").filter(|_| least);
                let items = item.and_then(|item| self.value(item, name, depth));
                Some(Node::List(items.into_iter().collect()))
            }
            None if schema.member("properties").is_some() => self.object(schema, name, depth),
            _ => self.scalar(schema, name),
        }
    }

    fn merged(&mut self, parts: &[Node], name: &str, depth: usize) -> Option<Node> {
        let mut members = Vec::new();
        for part in parts {
            match self.value(part, name, depth)? {
                Node::Map(more) => members.extend(more),
                single => return (parts.len() == 1).then_some(single),
            }
        }
        Some(Node::Map(members))
    }

    /// The members that are needed, and those that the document shows.
    fn object(&mut self, schema: &Node, name: &str, depth: usize) -> Option<Node> {
        let required = schema.member("required").map(Node::items).unwrap_or_default();
        let needed = |name: &str| required.iter().any(|one| matches!(one, Node::Text(text) if text == name));
        let mut members = Vec::new();
        for (member, property) in schema.member("properties").map(Node::members).unwrap_or_default() {
            if self.root.follow(property).is_some_and(|property| property.says("readOnly")) {
                continue;
            }
            let path = if name.is_empty() { member.clone() } else { format!("{name}.{member}") };
            let value = match needed(member) {
                true => Some(self.value(property, &path, depth)?),
                false => self.examples.of_schema(property, depth),
            };
            members.extend(value.map(|value| (member.clone(), value)));
        }
        Some(Node::Map(members))
    }

    /// A text, a number or a truth value.
    fn scalar(&mut self, schema: &Node, name: &str) -> Option<Node> {
        if self.made_up.len() >= VALUES {
            return None;
        }
        let format = schema.text("format");
        let (kind, value) = match kind(schema) {
            Some("boolean") => ("boolean", Node::Bool(true)),
            Some("integer") => ("integer", Node::Number(least(schema).unwrap_or_else(|| 1.into()))),
            Some("number") => ("number", Node::Number(least(schema).unwrap_or_else(|| 1.into()))),
            Some("null") => return Some(Node::Null),
            Some("string") | None => ("string", Node::Text(text(schema, format)?)),
            Some(_) => return None,
        };
        let format = format.map(|format| format!(", {format}")).unwrap_or_default();
        let name = if name.is_empty() { "the body" } else { name };
        self.made_up.push(format!("{name} ({kind}{format})"));
        Some(value)
    }
}

/// The type of a schema; the first that is not null where there are several (OpenAPI 3.1).
fn kind(schema: &Node) -> Option<&str> {
    match schema.member("type")? {
        Node::Text(kind) => Some(kind),
        several => several.items().iter().find_map(|one| match one {
            Node::Text(kind) if kind != "null" => Some(&kind[..]),
            _ => None,
        }),
    }
}

/// The least number that a schema takes, where it is whole.
fn least(schema: &Node) -> Option<serde_json::Number> {
    match (schema.member("minimum"), schema.member("exclusiveMinimum")) {
        (Some(Node::Number(least)), Some(Node::Bool(true))) => Some((least.as_i64()?.checked_add(1)?).into()),
        (Some(Node::Number(least)), _) => Some(least.clone()),
        (_, Some(Node::Number(below))) => Some((below.as_i64()?.checked_add(1)?).into()),
        _ => None,
    }
}

/// A text of a format, as long as it has to be.
fn text(schema: &Node, format: Option<&str>) -> Option<String> {
    let text = match format {
        Some("uuid" | "guid") => "00000000-0000-0000-0000-000000000001",
        Some("date") => "2026-01-01",
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("time") => "00:00:00Z",
        Some("email") => "somebody@example.test",
        Some("uri" | "url" | "iri") => "https://example.test/",
        Some("hostname") => "example.test",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("byte") => "YWJj",
        Some("binary") => return None,
        _ => "text",
    };
    let bound = |name: &str| schema.member(name).and_then(Node::scalar)?.parse::<usize>().ok();
    let mut text = text.to_owned();
    if format.is_none() {
        let least = bound("minLength").unwrap_or(0).min(TEXT_LIMIT);
        text.extend(std::iter::repeat_n('x', least.saturating_sub(text.len())));
        text.truncate(bound("maxLength").unwrap_or(usize::MAX).max(1));
    }
    Some(text)
}

/// A value of a parameter or of a field of a form, and what it is of.
pub(super) fn parameter(root: &Root, examples: &Examples<'_>, parameter: &Node, place: &str) -> (String, String) {
    let schema = root.member(parameter, "schema").unwrap_or(parameter);
    let name = super::yaml::one_line(parameter.text("name").unwrap_or_default());
    let mut inventor = Inventor::of(root, examples);
    let value = match (kind(schema), schema.text("format")) {
        // names of objects are numbers more often than words
        (Some("string") | None, None) => None,
        _ => inventor.value(schema, &name, DEPTH),
    };
    let value = value.and_then(|value| value.scalar().or_else(|| value.items().first()?.scalar()));
    let kind = match (kind(schema).unwrap_or("string"), schema.text("format")) {
        (kind, Some(format)) => format!("{}, {}", super::yaml::one_line(kind), super::yaml::one_line(format)),
        (kind, None) => super::yaml::one_line(kind),
    };
    (value.unwrap_or_else(|| "1".to_owned()), format!("{place} `{name}` ({kind})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_made_of_what_a_schema_asks_for() {
        let root = Root::read(
            r##"{"self": {"required": ["me"], "properties": {"me": {"$ref": "#/self"}}},
                 "item": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 5}}}}"##,
        )
        .expect("reads");
        for (schema, expected, made_up) in [
            (r#"{"type":"string","format":"email"}"#, Some(r#""somebody@example.test""#), "the body (string, email)"),
            (r#"{"type":"string","minLength":6}"#, Some(r#""textxx""#), "the body (string)"),
            (r#"{"type":["null","integer"]}"#, Some("1"), "the body (integer)"),
            (
                r#"{"type":"object","required":["a","b"],"properties":{"a":{"type":"boolean"},"b":{"example":2},"c":{"type":"string"}}}"#,
                Some(r#"{"a":true,"b":2}"#),
                "a (boolean)",
            ),
            (r##"{"type":"array","minItems":1,"items":{"$ref":"#/item"}}"##, Some(r#"[{"id":5}]"#), "id (integer)"),
            (r##"{"type":"array","items":{"$ref":"#/item"}}"##, Some("[]"), ""),
            (
                r##"{"allOf":[{"$ref":"#/item"},{"properties":{"n":{"default":1}}}]}"##,
                Some(r#"{"id":5,"n":1}"#),
                "id (integer)",
            ),
            (r#"{"anyOf":[{"type":"null"},{"type":"string"}]}"#, Some(r#""text""#), "the body (string)"),
            (r##"{"$ref":"#/self"}"##, None, ""),
            (r#"{"type":"string","format":"binary"}"#, None, ""),
        ] {
            let schema: Node = serde_json::from_str(schema).expect("JSON");
            let examples = Examples::of(&root);
            let mut inventor = Inventor::of(&root, &examples);
            let found = inventor.value(&schema, "", DEPTH).map(|node| serde_json::to_string(&node).expect("JSON"));
            assert_eq!(found.as_deref(), expected, "{schema:?}");
            if found.is_some() {
                assert_eq!(inventor.made_up.join("; "), made_up, "{schema:?}");
            }
        }
    }
}
