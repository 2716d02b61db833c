//! Which checks a scenario and a command line ask for.

use globset::{Glob, GlobMatcher};

use crate::check::catalogue;
use crate::scenario::{At, LoadedScenario, ScenarioError, nearest};

/// Patterns of check ids.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Patterns of the command line; they narrow what the scenario asks for.
    only: Vec<Pattern>,
}

impl Selection {
    /// What a scenario asks for, narrowed by patterns of the command line.
    ///
    /// # Errors
    /// Names the patterns of the scenario that no check matches.
    pub fn of(loaded: &LoadedScenario, only: &[String]) -> Result<Self, Vec<ScenarioError>> {
        let conformance = &loaded.scenario.conformance;
        let mut errors = Vec::new();
        for pattern in conformance.include.iter().chain(&conformance.exclude) {
            if !matches_any(pattern) {
                let error = loaded.error(pattern.place, format!("no check is called {}", pattern.value));
                errors.push(error.with_help(way_out(pattern)));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let patterns = |written: &[At<String>]| written.iter().map(|one| Pattern::new(&one.value)).collect();
        Ok(Self {
            include: patterns(&conformance.include),
            exclude: patterns(&conformance.exclude),
            only: only.iter().map(|one| Pattern::new(one)).collect(),
        })
    }

    /// Whether a check is asked for.
    pub fn selects(&self, id: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(id));
        (self.include.is_empty() || any(&self.include))
            && !any(&self.exclude)
            && (self.only.is_empty() || any(&self.only))
    }
}

/// Whether any check, or any case of a user, can match a pattern.
pub fn matches_any(pattern: &str) -> bool {
    let ids = Pattern::new(pattern);
    pattern.starts_with("case.") || catalogue().any(|check| ids.matches(check.id))
}

/// What to write instead of a pattern that matches nothing.
pub fn way_out(pattern: &str) -> String {
    match nearest(pattern, catalogue().map(|check| check.id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`authbench list checks` shows all ids; `bearer.*` selects a topic".to_owned(),
    }
}

/// A glob over a whole text: `*` stands for any text, `?` for one character, `[ab]` and `{a,b}` for one of several.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    /// None where the text is no glob: then it stands for itself only.
    glob: Option<GlobMatcher>,
}

impl Pattern {
    /// Reads a pattern; a text that is no glob, such as one with an open bracket, matches itself only.
    pub fn new(text: &str) -> Self {
        // an id is asked for far more often than a glob, which takes thousands of times as long to build
        let is_glob = text.contains(['*', '?', '[', '{', '\\']);
        let glob = is_glob.then(|| Glob::new(text).ok()).flatten();
        Self { text: text.to_owned(), glob: glob.map(|glob| glob.compile_matcher()) }
    }

    /// Whether it matches a whole text. Every pattern also matches the text that it is written as: names of scenarios
    /// may have brackets.
    pub fn matches(&self, text: &str) -> bool {
        self.text == text || self.glob.as_ref().is_some_and(|glob| glob.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("bearer.*", "bearer.valid-accepted", true),
            ("*.valid-*", "bearer.valid-accepted", true),
            ("bearer", "bearer.valid-accepted", false),
            ("*", "", true),
            ("a*c", "abd", false),
            ("a*", "a/b", true),
            ("a**d", "abcd", true),
            ("bearer.{valid,invalid}-*", "bearer.valid-accepted", true),
            ("orders [staging]", "orders [staging]", true),
            ("orders [staging", "orders [staging", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }
}
