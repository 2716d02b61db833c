//! Values that a document gives as examples.

use std::cell::Cell;

use super::node::Node;
use super::root::Root;

/// Schemas inside schemas, at most.
pub(super) const DEPTH: usize = 8;
/// Schemas that are looked at for one operation, at most: a document can refer to itself in many places.
const SCHEMAS: usize = 2000;

/// Looks for the examples of one operation.
pub(super) struct Examples<'a> {
    root: &'a Root,
    left: Cell<usize>,
}

impl<'a> Examples<'a> {
    pub(super) fn of(root: &'a Root) -> Self {
        Self { root, left: Cell::new(SCHEMAS) }
    }

    /// The value of a parameter, if the document has one: an example, a default, the first of a list of values.
    pub(super) fn of_parameter(&self, parameter: &Node) -> Option<String> {
        let own = self.named(parameter).or_else(|| parameter.member("x-example").cloned());
        let schema = || self.root.member(parameter, "schema").and_then(|schema| self.of_schema(schema, DEPTH));
        // Swagger 2 writes the schema of a parameter into the parameter
        let value = own.or_else(schema).or_else(|| self.of_schema(parameter, DEPTH))?;
        let scalar = value.scalar().or_else(|| value.items().first().and_then(Node::scalar));
        scalar.filter(|text| !text.is_empty())
    }

    /// The example of a media type, or of its schema.
    pub(super) fn of_media(&self, media: &Node) -> Option<Node> {
        self.named(media).or_else(|| self.of_schema(self.root.member(media, "schema")?, DEPTH))
    }

    /// `example`, or the first of named `examples`.
    fn named(&self, node: &Node) -> Option<Node> {
        if let Some(example) = node.member("example") {
            return Some(example.clone());
        }
        let (_, first) = node.member("examples")?.members().first()?;
        self.root.member(first, "value").cloned()
    }

    /// An example of a schema: its own, or one put together from those of its members.
    pub(super) fn of_schema(&self, schema: &Node, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        self.left.set(self.left.get().checked_sub(1)?);
        let schema = self.root.follow(schema)?;
        if let Some(value) = literal(schema) {
            return Some(value);
        }
        if let Some(parts) = schema.member("allOf") {
            return self.merged(parts.items(), depth);
        }
        let choice = ["oneOf", "anyOf"].into_iter().find_map(|name| schema.member(name));
        if let Some(choice) = choice {
            return choice.items().iter().find_map(|option| self.of_schema(option, depth));
        }
        if schema.member("properties").is_some() {
            return self.object(schema, depth);
        }
        let item = self.of_schema(schema.member("items")?, depth)?;
        Some(Node::List(vec![item]))
    }

    fn merged(&self, parts: &[Node], depth: usize) -> Option<Node> {
        let mut members = Vec::new();
        for part in parts {
            match self.of_schema(part, depth)? {
                Node::Map(more) => members.extend(more),
                single => return (parts.len() == 1).then_some(single),
            }
        }
        Some(Node::Map(members))
    }

    /// The needed members, and those that the document shows; nothing where a needed one has no example.
    fn object(&self, schema: &Node, depth: usize) -> Option<Node> {
        let required = schema.member("required").map(Node::items).unwrap_or_default();
        let needed = |name: &str| required.iter().any(|one| matches!(one, Node::Text(text) if text == name));
        let mut members = Vec::new();
        for (name, property) in schema.member("properties")?.members() {
            let resolved = self.root.follow(property);
            if resolved.is_some_and(|property| property.says("readOnly")) {
                continue;
            }
            match resolved.and_then(|property| self.of_schema(property, depth)) {
                Some(value) => members.push((name.clone(), value)),
                None if needed(name) => return None,
                None => {}
            }
        }
        (!members.is_empty()).then_some(Node::Map(members))
    }
}

fn literal(schema: &Node) -> Option<Node> {
    let first = |name: &str| schema.member(name).and_then(|list| list.items().first());
    let named = ["example", "const", "default"].into_iter().find_map(|name| schema.member(name));
    named.or_else(|| first("examples")).or_else(|| first("enum")).filter(|value| **value != Node::Null).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_put_together_from_what_the_document_shows() {
        let root = Root::read(r#"{"item": {"properties": {"name": {"example": "lamp"}}}}"#).expect("reads");
        for (schema, expected) in [
            (r#"{"example": 3}"#, Some("3")),
            (r#"{"enum": ["a", "b"]}"#, Some(r#""a""#)),
            (r#"{"type": "string"}"#, None),
            (r##"{"$ref": "#/item"}"##, Some(r#"{"name":"lamp"}"#)),
            (r##"{"type":"array","items":{"$ref": "#/item"}}"##, Some(r#"[{"name":"lamp"}]"#)),
            (r##"{"allOf":[{"$ref":"#/item"},{"properties":{"n":{"default":1}}}]}"##, Some(r#"{"name":"lamp","n":1}"#)),
            (r#"{"required":["a"],"properties":{"a":{"type":"string"},"b":{"example":1}}}"#, None),
            (r#"{"properties":{"id":{"readOnly":true,"example":1},"b":{"example":1}}}"#, Some(r#"{"b":1}"#)),
            (r#"{"oneOf":[{"type":"string"},{"const":2}]}"#, Some("2")),
        ] {
            let schema: Node = serde_json::from_str(schema).expect("JSON");
            let found =
                Examples::of(&root).of_schema(&schema, DEPTH).map(|node| serde_json::to_string(&node).expect("JSON"));
            assert_eq!(found.as_deref(), expected, "{schema:?}");
        }
    }

    #[test]
    fn schemas_that_hold_themselves_end() {
        let many: Vec<String> = (0..100).map(|at| format!(r##""m{at}":{{"$ref":"#/a"}}"##)).collect();
        let text = format!(r#"{{"a":{{"properties":{{{},"x":{{"example":1}}}}}}}}"#, many.join(","));
        let root = Root::read(&text).expect("reads");
        let found = Examples::of(&root).of_schema(root.0.member("a").expect("a"), DEPTH);
        let length = serde_json::to_string(&found).expect("JSON").len();
        assert!(length < 100_000, "{length}");
    }
}
