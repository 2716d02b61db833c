//! A document as it was read: text to nodes, and references inside it.

use super::Unreadable;
use super::node::Node;

/// References that lead to references, at most.
const HOPS: usize = 16;

/// A document as it was read.
pub(super) struct Root(pub(super) Node);

impl Root {
    /// Reads JSON or YAML.
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') {
            let node = serde_json::from_str(text).map_err(|error| Unreadable::Json(short(&error.to_string())))?;
            return Ok(Self(node));
        }
        let node = serde_yaml::from_str_with_options(text, options())
            .map_err(|error| Unreadable::Yaml(short(&error.without_snippet().to_string())))?;
        Ok(Self(node))
    }

    /// What a node says once its references are followed; nothing where they lead out of the document or in a circle.
    pub(super) fn follow<'a>(&'a self, node: &'a Node) -> Option<&'a Node> {
        let mut node = node;
        for _ in 0..HOPS {
            match node.text("$ref") {
                None => return Some(node),
                Some(reference) => node = self.at(reference.strip_prefix('#')?)?,
            }
        }
        None
    }

    /// What a JSON pointer (RFC 6901) in a fragment leads to.
    fn at(&self, pointer: &str) -> Option<&Node> {
        let mut node = &self.0;
        for token in pointer.strip_prefix('/')?.split('/') {
            let decoded = percent_encoding::percent_decode_str(token).decode_utf8().ok()?;
            let name = decoded.replace("~1", "/").replace("~0", "~");
            node = match node {
                Node::List(items) => items.get(name.parse::<usize>().ok()?)?,
                other => other.member(&name)?,
            };
        }
        Some(node)
    }

    /// A member with its references followed.
    pub(super) fn member<'a>(&'a self, node: &'a Node, name: &str) -> Option<&'a Node> {
        self.follow(node.member(name)?)
    }
}

/// The first line of what a parser says, without end.
fn short(message: &str) -> String {
    message.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// Limits that no honest document meets.
fn options() -> serde_yaml::Options {
    let mut budget = serde_yaml::Budget::default();
    budget.max_depth = 128;
    budget.flow_nesting_limit = 128;
    budget.max_nodes = 2_000_000;
    budget.max_events = 6_000_000;
    budget.max_total_scalar_bytes = 64 << 20;
    budget.max_aliases = 10_000;
    budget.max_anchors = 10_000;
    let mut options = serde_yaml::Options::default();
    options.budget = Some(budget);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_inside_the_document_and_no_further() {
        let root = Root::read(
            r##"{"a": {"$ref": "#/b~1c/d%20e"}, "b/c": {"d e": {"x": 1}},
                 "circle": {"$ref": "#/circle"}, "out": {"$ref": "other.yaml#/a"}, "gone": {"$ref": "#/nothing"},
                 "list": [{"x": 2}], "item": {"$ref": "#/list/0"}}"##,
        )
        .expect("reads");
        let found = |name: &str| root.member(&root.0, name).and_then(|node| node.member("x")?.scalar());
        assert_eq!(found("a").as_deref(), Some("1"));
        assert_eq!(found("item").as_deref(), Some("2"));
        for nowhere in ["circle", "out", "gone", "absent"] {
            assert_eq!(root.member(&root.0, nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn json_and_yaml_read_alike_and_in_order() {
        let json = Root::read(r#"{"b": [1, true, null, "x"], "a": {"200": 1.5}}"#).expect("reads");
        let yaml = Root::read("b: [1, true, null, x]\na: { 200: 1.5 }\n").expect("reads");
        assert_eq!(json.0, yaml.0);
        assert_eq!(json.0.members()[0].0, "b");
    }
}
