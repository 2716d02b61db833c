//! What is wrong with a scenario: where, what, and the way out.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::Position;
use super::mask::masked;

/// A mistake in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", .place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default())]
pub struct ScenarioError {
    /// File, as given.
    pub file: String,
    /// Where in it; none where the file as a whole is meant.
    pub place: Option<Position>,
    /// What is wrong, in one line.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// The file's text with credentials masked, for the snippet.
    text: String,
}

impl ScenarioError {
    /// A mistake at a place; the source is masked before it is kept.
    pub fn new(file: &str, source: &str, place: Option<Position>, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place: place.filter(|place| place.line > 0),
            message: message.into(),
            help: None,
            text: masked(source),
        }
    }

    /// Adds a way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The mistake with its line, for people.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let title = match self.place {
            Some(_) => self.message.clone(),
            None => format!("{}: {}", self.file, self.message),
        };
        let mut group = annotate_snippets::Group::with_title(Level::ERROR.primary_title(title.as_str()));
        if let Some(place) = self.place {
            let start = offset(&self.text, place);
            let end = token_end(&self.text, start);
            let annotation = AnnotationKind::Primary.span(start..end);
            group = group.element(Snippet::source(&self.text).path(&self.file).annotation(annotation));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
}

/// From an error of the YAML library: its place, what it says in plain words, and a way out.
pub(super) fn from_yaml(file: &str, source: &str, error: &serde_yaml::Error) -> ScenarioError {
    use serde_yaml::Error;
    let place = error.location().map(|location| Position::of(&location));
    let at = |message: String| ScenarioError::new(file, source, place, message);
    match error.without_snippet() {
        Error::SerdeUnknownField { field, .. } if field.contains(':') => {
            let name = field.split(':').next().unwrap_or_default();
            at(format!("a space is missing after `{name}:`")).with_help(format!("write `{name}: …`"))
        }
        Error::SerdeUnknownField { field, expected, .. } => {
            unknown(at(format!("unknown key `{field}`")), field, expected)
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            unknown(at(format!("unknown value `{variant}`")), variant, expected)
        }
        Error::SerdeMissingField { field, .. } => {
            at(format!("the key `{field}` is missing")).with_help(format!("add `{field}: …` here"))
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map(|key| format!(" `{key}`")).unwrap_or_default();
            at(format!("duplicate key{key}")).with_help("keep one of them")
        }
        Error::MultipleDocuments { .. } => at("a second document starts here".to_owned())
            .with_help("one file holds one scenario: put the second into a file of its own"),
        Error::NullIntoString { .. } => {
            at("a value is missing here".to_owned()).with_help("write the value after the colon, or leave the key out")
        }
        Error::UnsupportedTag { tag, .. } => at(format!("the tag `{tag}` means nothing in a scenario"))
            .with_help("leave the tag out; a value of the environment is written `${NAME}`"),
        Error::Budget { .. } => at("the file is too large or too deeply nested for a scenario".to_owned()),
        Error::Eof { .. } => at("the file is empty".to_owned()).with_help("start with `authbench: 1`"),
        other => plain(&at, &other.to_string()),
    }
}

/// Messages of the parser, in plain words where they are known.
fn plain(at: &dyn Fn(String) -> ScenarioError, message: &str) -> ScenarioError {
    let first = message.lines().next().unwrap_or_default();
    let cut = first.find(" at line ").map_or(first, |end| &first[..end]);
    if cut.contains("null") || cut.contains("unit value") {
        return at("a value is missing here".to_owned())
            .with_help("write the value after the colon, or leave the key out");
    }
    let belongs = |what: &str, help: &str| at(format!("{what} belongs here")).with_help(help.to_owned());
    match cut {
        "expected mapping start" => return belongs("a mapping", "write `{ name: value }`, or the keys indented below"),
        "expected sequence start" => return belongs("a list", "write `[one, two]`, or each behind a dash below"),
        "expected mapping end" => return at("duplicate or unexpected key".to_owned()).with_help("keep one of them"),
        "expected string scalar" => return belongs("a text", "write one value"),
        _ => {}
    }
    if cut.contains("flow mapping") {
        return at("a brace is not closed, or a value inside braces is not read as one value".to_owned())
            .with_help("close it with `}`; `${VAR}` needs quotes inside braces: \"${VAR}\"");
    }
    if cut == "unclosed quote" {
        return at("a quote is not closed".to_owned()).with_help("end the value with the quote that it starts with");
    }
    if cut.contains("map") && cut.contains("expected") && (cut.contains("text") || cut.contains("string")) {
        return at(cut.to_owned()).with_help("`${VAR}` needs quotes inside braces: \"${VAR}\"");
    }
    at(cut.chars().take(300).collect())
}

fn unknown(error: ScenarioError, word: &str, expected: &[&'static str]) -> ScenarioError {
    if expected.contains(&"request") && ["path", "url", "endpoint", "method", "get"].contains(&word) {
        return error.with_help("write method and path as `request: GET /path`");
    }
    match nearest(word, expected.iter().copied()) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None if expected.is_empty() => error,
        None => match elsewhere(word, expected) {
            Some(help) => error.with_help(help),
            None => error.with_help(format!("expected one of {}", expected.join(", "))),
        },
    }
}

/// Where a key belongs that is right, and in the wrong place: a key of a section at the top, or a section within another.
fn elsewhere(word: &str, expected: &[&'static str]) -> Option<String> {
    let schema = super::schema();
    let at_top = ["authbench", "target", "scheme"].iter().all(|key| expected.contains(key));
    let sections = schema["properties"].as_object()?;
    if !at_top {
        let is_section = sections.get(word).is_some_and(|section| keys_of(&schema, section).is_some());
        return is_section.then(|| format!("`{word}` belongs to the scenario itself: write it at the start of a line"));
    }
    let holds = |section: &serde_json::Value| keys_of(&schema, section).is_some_and(|keys| keys.contains_key(word));
    let holders: Vec<_> =
        sections.iter().filter(|(_, section)| holds(section)).map(|(name, _)| format!("`{name}`")).collect();
    (!holders.is_empty()).then(|| format!("write `{word}` under {}", holders.join(" or ")))
}

/// The keys of a section, or of each item of a list.
fn keys_of<'a>(
    schema: &'a serde_json::Value,
    section: &'a serde_json::Value,
) -> Option<&'a serde_json::Map<String, serde_json::Value>> {
    let followed = |node: &'a serde_json::Value| match node["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer),
        None => Some(node),
    };
    let node = followed(section)?;
    let several = ["anyOf", "allOf", "oneOf"].iter().find_map(|name| node[*name].as_array());
    if let Some(several) = several {
        return several.iter().find_map(|one| keys_of(schema, one));
    }
    if let Some(keys) = node["properties"].as_object() {
        return Some(keys);
    }
    let items = node.get("items").or_else(|| node.get("additionalProperties").filter(|named| named.is_object()));
    keys_of(schema, items?)
}

/// An error for a bare word that is none of the known ones.
pub(super) fn unreadable_word<E: serde::de::Error>(word: &str, words: &[&str], expecting: &str) -> E {
    let longer = || words.iter().copied().find(|other| word.len() > 2 && other.starts_with(word));
    match nearest(word, words.iter().copied()).or_else(longer) {
        Some(near) => E::custom(format!("unknown value `{word}`; did you mean `{near}`?")),
        None if words.len() < 2 => E::custom(format!("`{word}` is not {expecting}")),
        None => E::custom(format!("`{word}` is not {expecting}; expected one of {}", words.join(", "))),
    }
}

/// The nearest of some words, if one is near.
pub(crate) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = words.map(|other| (strsim::damerau_levenshtein(other, word), other));
    near.min().filter(|(distance, _)| *distance <= word.chars().count().div_ceil(3)).map(|(_, other)| other)
}

fn offset(source: &str, place: Position) -> usize {
    let mut start = 0;
    for line in source.split_inclusive('\n').take(place.line - 1) {
        start += line.len();
    }
    let line = source[start..].lines().next().unwrap_or_default();
    let column = line.char_indices().nth(place.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    start + column
}

fn token_end(source: &str, start: usize) -> usize {
    let rest = &source[start..];
    let end = rest.find(['\n', ':', ',', '}', ']', ' ']).unwrap_or(rest.len());
    let end = start + end.max(1).min(rest.len());
    (end..=source.len()).find(|at| source.is_char_boundary(*at)).unwrap_or(source.len())
}
