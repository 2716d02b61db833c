//! The documentation of the format, made from its JSON Schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What a schema cannot say.
const INTRODUCTION: &str = include_str!("manual.md");

/// The format as a page of Markdown: an introduction, then one table for each mapping, in the order in which they are met.
pub fn page() -> String {
    let schema = super::schema();
    let mut manual = Manual { schema: &schema, page: INTRODUCTION.to_owned(), met: BTreeSet::new(), due: Vec::new() };
    manual.section("Top level", &schema);
    while let Some(name) = manual.due.pop() {
        let definition = &manual.schema["$defs"][&name];
        manual.section(&heading(&name), definition);
    }
    manual.page
}

struct Manual<'a> {
    schema: &'a Value,
    page: String,
    /// Definitions that have their section, or will have it.
    met: BTreeSet<String>,
    /// Definitions whose section is still to be written, the next one last.
    due: Vec<String>,
}

impl Manual<'_> {
    fn section(&mut self, title: &str, definition: &Value) {
        let says = text(definition, "description");
        self.page.push_str(&format!("\n## {title}\n\n{says}\n\n| key | value | description |\n|---|---|---|\n"));
        let first_due = self.due.len();
        match definition["oneOf"].as_array() {
            Some(variants) => {
                for variant in variants {
                    for (key, value) in members(variant, "properties") {
                        self.row(&format!("`{key}`"), value, text(variant, "description"));
                    }
                }
            }
            None => {
                let needed: Vec<&str> = strings(&definition["required"]);
                let properties = members(definition, "properties");
                let (first, then): (Vec<_>, Vec<_>) = properties.partition(|(key, _)| needed.contains(&key.as_str()));
                for (key, value) in &first {
                    self.row(&format!("**`{key}`**"), value, text(value, "description"));
                }
                for (key, value) in then {
                    self.row(&format!("`{key}`"), value, text(value, "description"));
                }
            }
        }
        // met first, written first
        self.due[first_due..].reverse();
    }

    fn row(&mut self, key: &str, value: &Value, says: &str) {
        let mut kind = self.kind(value);
        if let Some(default) =
            value.get("default").filter(|default| matches!(default, Value::Bool(_) | Value::Number(_)))
        {
            kind = format!("{kind}, `{default}` if absent");
        }
        // a row of a table ends with its line
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        self.page.push_str(&format!("| {key} | {} | {} |\n", cell(&kind), cell(says)));
    }

    /// What a value is, in words.
    fn kind(&mut self, value: &Value) -> String {
        if let Some(name) = value["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
            return self.named(name);
        }
        if let Some(options) = value["anyOf"].as_array() {
            let shown: Vec<String> =
                options.iter().filter(|option| option["type"] != "null").map(|option| self.kind(option)).collect();
            return shown.join(", or ");
        }
        if let Some(words) = value["enum"].as_array() {
            let shown = words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned));
            return shown.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" \u{b7} ");
        }
        let types = match &value["type"] {
            Value::String(name) => vec![name.as_str()],
            several => strings(several).into_iter().filter(|name| *name != "null").collect(),
        };
        match types.first().copied() {
            Some("array") => format!("list of {}", self.kind(&value["items"])),
            Some("object") if value["additionalProperties"].is_object() => {
                format!("names, each with {}", self.kind(&value["additionalProperties"]))
            }
            Some("object") => "names, each with any value".to_owned(),
            Some("boolean") => "`true` \u{b7} `false`".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            Some("string") => "text".to_owned(),
            _ => "any value".to_owned(),
        }
    }

    /// A definition: a mapping gets a section of its own, everything else is said in place.
    fn named(&mut self, name: &str) -> String {
        let definition = &self.schema["$defs"][name];
        let words: Vec<String> = alternatives(definition).iter().map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return words.join(" \u{b7} ");
        }
        if is_mapping(definition) {
            if members(definition, "properties").next().is_none() && definition["oneOf"].is_null() {
                return "`{}`".to_owned();
            }
            if self.met.insert(name.to_owned()) {
                self.due.push(name.to_owned());
            }
            let title = heading(name);
            return format!("[{title}](#{})", title.to_lowercase().replace(' ', "-"));
        }
        match name {
            "Template" => "template".to_owned(),
            _ if definition["pattern"].is_string() => text(definition, "description").to_owned(),
            _ => self.kind(definition),
        }
    }
}

fn is_mapping(definition: &Value) -> bool {
    let variants = definition["oneOf"].as_array();
    definition["type"] == "object"
        || variants.is_some_and(|variants| variants.iter().all(|one| one["type"] == "object"))
}

/// The words of a definition that is a choice of words.
fn alternatives(definition: &Value) -> Vec<&str> {
    let variants = definition["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let single = variants.iter().filter_map(|variant| variant["const"].as_str());
    let several = variants.iter().flat_map(|variant| strings(&variant["enum"]));
    single.chain(several).chain(strings(&definition["enum"])).collect()
}

/// `LoadPhase` as `Load phase`; what only a type needs in its name is left out.
fn heading(name: &str) -> String {
    let mut words = String::new();
    for (at, letter) in name.trim_end_matches("Fields").char_indices() {
        let follows_small = name[..at].ends_with(char::is_lowercase);
        match letter.is_uppercase() && follows_small {
            true => words.extend([' ', letter.to_ascii_lowercase()]),
            false => words.push(letter),
        }
    }
    words
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str).collect()
}

fn members<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[key].as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_format_is_on_the_page() {
        let (schema, page) = (super::super::schema(), page());
        let definitions = members(&schema, "$defs").map(|(_, definition)| definition).chain([&schema]);
        for definition in definitions {
            for (key, _) in members(definition, "properties") {
                assert!(page.contains(&format!("`{key}`")), "{key} is missing");
            }
        }
    }

    #[test]
    fn links_lead_to_headings() {
        let page = page();
        let headings: Vec<String> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(|title| title.to_lowercase().replace(' ', "-"))
            .collect();
        let links: Vec<&str> = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(!links.is_empty());
        for link in links {
            assert!(headings.iter().any(|heading| heading == link), "{link} leads nowhere");
        }
    }

    #[test]
    fn names_of_types_become_headings() {
        for (name, expected) in [("LoadPhase", "Load phase"), ("TargetFields", "Target"), ("OAuth2", "OAuth2")] {
            assert_eq!(heading(name), expected);
        }
    }
}
