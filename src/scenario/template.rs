//! Values that may name a variable or a file: `${VAR}`, `${VAR:-default}`, `${file:path}`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use crate::file::{FileError, Folder, SECRET_LIMIT};

/// Why a template has no value.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// `${` and no `}`.
    #[error("a ${{ without its }}")]
    Unclosed,
    /// Something else than a name or a file.
    #[error("expected a variable name or `file:PATH` inside `${{…}}`")]
    Name,
    /// A value in a value.
    #[error("a `${{…}}` cannot contain another one")]
    Nested,
    /// A variable without a value.
    #[error("the variable {0} is unset or empty")]
    Unset(String),
    /// A variable that whoever runs the scenario keeps from it.
    #[error("the variable {0} may not be read: no --allow-env allows it")]
    Withheld(String),
    /// A file that is not there, no regular file, too long or not text.
    #[error("the file {path} cannot be read: {source}")]
    File {
        /// As it is written.
        path: String,
        /// Why not.
        source: FileError,
    },
    /// Nothing where a value is needed.
    #[error("the value is empty")]
    Empty,
}

impl TemplateError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            TemplateError::Withheld(_) => {
                "add --allow-env NAME if the scenario may know its value and send it to its hosts"
            }
            TemplateError::Nested => "put the whole value into one variable, or the file beside the scenario",
            TemplateError::Unset(_) => "set it in the environment, or write a default: ${VAR:-default}",
            TemplateError::Empty => "write a value, or leave the key out",
            _ => "see `${file:path}` in the documentation of scenarios",
        }
    }
}

/// Reads the environment; only the command line has a real one.
pub trait Environment {
    /// The value of a variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// Whether a scenario may know the value of a variable.
    fn allows(&self, _name: &str) -> bool {
        true
    }
}

/// An environment without variables.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoVariables;

impl Environment for NoVariables {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// Text with places for variables and files.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Template {
    text: String,
    /// Its place in the scenario.
    pub(super) place: super::Position,
}

impl Template {
    /// Text that names no variable and no file, whatever it looks like.
    pub(super) fn literal(text: &str, place: super::Position) -> Self {
        Self { text: text.replace("${", "$${"), place }
    }

    /// A text that may name variables and files.
    ///
    /// # Errors
    /// When a `${` has no end or names nothing.
    pub(super) fn at(text: String, place: super::Position) -> Result<Self, TemplateError> {
        parts(&text)?;
        Ok(Self { text, place })
    }

    /// Another text at the same place; that of a part of this one.
    pub fn part(&self, text: &str) -> Self {
        Self { text: text.to_owned(), place: self.place }
    }

    /// The text as it is written.
    pub fn written(&self) -> &str {
        &self.text
    }

    /// Its place in the scenario.
    pub fn place(&self) -> super::Position {
        self.place
    }

    /// Names of the variables that it needs and that have no default.
    pub fn variables(&self) -> Vec<String> {
        let parts = parts(&self.text).unwrap_or_default();
        let named = parts.into_iter().filter_map(|part| match part {
            Part::Variable(name, None) => Some(name.to_owned()),
            _ => None,
        });
        named.collect()
    }

    /// Each reference that it makes, to a variable or a file, as a template of its own.
    pub fn references(&self) -> Vec<Self> {
        let parts = parts(&self.text).unwrap_or_default();
        let written = parts.into_iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Variable(name, None) => Some(format!("${{{name}}}")),
            Part::Variable(name, Some(default)) => Some(format!("${{{name}:-{default}}}")),
            Part::File(path) => Some(format!("${{file:{path}}}")),
        });
        written.map(|written| self.part(&written)).collect()
    }

    /// The text with the same in the place of each reference.
    pub(super) fn with_references_as(&self, stand_in: &str) -> String {
        let parts = parts(&self.text).unwrap_or_default().into_iter();
        parts.map(|part| if let Part::Text(text) = part { text } else { stand_in }).collect()
    }

    /// The value.
    ///
    /// # Errors
    /// When a variable is unset or empty, or a file cannot be read.
    pub fn resolve(&self, environment: &dyn Environment, folder: &Folder) -> Result<String, TemplateError> {
        let mut value = String::new();
        for part in parts(&self.text)? {
            match part {
                Part::Text(text) => value.push_str(text),
                Part::Variable(name, default) => {
                    let allowed = environment.allows(name);
                    let found = environment.variable(name).filter(|found| allowed && !found.is_empty());
                    let found = found.or_else(|| default.map(str::to_owned));
                    value.push_str(&found.ok_or_else(|| match allowed {
                        true => TemplateError::Unset(name.to_owned()),
                        false => TemplateError::Withheld(name.to_owned()),
                    })?);
                }
                Part::File(path) => value.push_str(&read(folder, path)?),
            }
        }
        if value.is_empty() { Err(TemplateError::Empty) } else { Ok(value) }
    }
}

fn read(folder: &Folder, written: &str) -> Result<String, TemplateError> {
    let text = folder.text(written, SECRET_LIMIT);
    let text = text.map_err(|source| TemplateError::File { path: written.to_owned(), source })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

enum Part<'a> {
    Text(&'a str),
    Variable(&'a str, Option<&'a str>),
    File(&'a str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = rest.split_at(start);
        if let Some(escaped) = before.strip_suffix('$') {
            // `$${` stands for `${`
            parts.push(Part::Text(escaped));
            parts.push(Part::Text(&after[..2]));
            rest = &after[2..];
            continue;
        }
        parts.push(Part::Text(before));
        let end = after.find('}').ok_or(TemplateError::Unclosed)?;
        let name = &after[2..end];
        if name.contains("${") {
            return Err(TemplateError::Nested);
        }
        parts.push(match (name.strip_prefix("file:"), name.split_once(":-")) {
            (Some(path), _) => Part::File(path),
            (None, Some((name, default))) => Part::Variable(variable(name)?, Some(default)),
            (None, None) => Part::Variable(variable(name)?, None),
        });
        rest = &after[end + 1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

fn variable(name: &str) -> Result<&str, TemplateError> {
    let lawful = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if lawful { Ok(name) } else { Err(TemplateError::Name) }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = String;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text; `${VAR}` needs quotes inside braces")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
                parts(text).map_err(E::custom)?;
                Ok(text.to_owned())
            }
        }
        struct Read(String);
        impl<'de> Deserialize<'de> for Read {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text).map(Read)
            }
        }
        let spanned = serde_yaml::Spanned::<Read>::deserialize(deserializer)?;
        let place = super::Position::of(&spanned.referenced);
        Ok(Self { text: spanned.value.0, place })
    }
}

/// A secret may stand here: only variables and files are shown.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.text.starts_with("${") && self.text.ends_with('}') && !self.text.contains(":-");
        f.write_str(if plain { &self.text } else { crate::secret::MASK })
    }
}

impl JsonSchema for Template {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "text; ${VAR}, ${VAR:-default} and ${file:path} stand for a variable or a file"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Environment for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            match name {
                "SET" => Some("value".to_owned()),
                "EMPTY" => Some(String::new()),
                _ => None,
            }
        }
    }

    fn resolve(text: &str) -> Option<String> {
        let template = Template { text: text.to_owned(), place: super::super::Position::default() };
        template.resolve(&Fixed, &Folder::of(std::path::Path::new("a.yaml"), false)).ok()
    }

    #[test]
    fn references_are_variables_and_files_and_no_text() {
        let text = "${BASE_URL}/login?k=${KEY:-x}&f=${file:key.pem}&e=$${NONE}".to_owned();
        let template = Template { text, place: super::super::Position::default() };
        let references = template.references();
        let written: Vec<&str> = references.iter().map(Template::written).collect();
        assert_eq!(written, ["${BASE_URL}", "${KEY:-x}", "${file:key.pem}"]);
    }

    #[test]
    fn variables_resolve_or_say_why_not() {
        assert_eq!(resolve("${SET}").as_deref(), Some("value"));
        assert_eq!(resolve("a-${SET}-${NONE:-b}").as_deref(), Some("a-value-b"));
        assert_eq!(resolve("$${SET}").as_deref(), Some("${SET}"));
        assert_eq!(resolve("${EMPTY:-x}").as_deref(), Some("x"));
        for bad in ["${NONE}", "${EMPTY}", "${SET", "${a b}", "${file:/dev/null}", "${file:no-such-file}"] {
            assert!(resolve(bad).is_none(), "{bad}");
        }
        // what stands before the first } would be taken for the whole
        for nested in ["${file:${SET}/key}", "${NONE:-${SET}}"] {
            assert!(matches!(parts(nested), Err(TemplateError::Nested)), "{nested}");
        }
    }
}
