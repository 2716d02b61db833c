//! Which checks a scenario and a command line ask for.

use crate::check::catalogue;
use crate::scenario::{LoadedScenario, ScenarioError, nearest};

/// Patterns of check ids: `*` stands for any text.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    include: Vec<String>,
    exclude: Vec<String>,
    /// Patterns of the command line; they narrow what the scenario asks for.
    only: Vec<String>,
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
        let texts = |patterns: &[crate::scenario::At<String>]| patterns.iter().map(|one| one.value.clone()).collect();
        Ok(Self { include: texts(&conformance.include), exclude: texts(&conformance.exclude), only: only.to_vec() })
    }

    /// Whether a check is asked for.
    pub fn selects(&self, id: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, id));
        (self.include.is_empty() || any(&self.include))
            && !any(&self.exclude)
            && (self.only.is_empty() || any(&self.only))
    }
}

/// Whether any check, or any case of a user, can match a pattern.
pub fn matches_any(pattern: &str) -> bool {
    pattern.starts_with("case.") || catalogue().any(|check| matches(pattern, check.id))
}

/// What to write instead of a pattern that matches nothing.
pub fn way_out(pattern: &str) -> String {
    match nearest(pattern, catalogue().map(|check| check.id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`authbench list checks` shows all ids; `bearer.*` selects a topic".to_owned(),
    }
}

/// Whether a pattern with `*` matches a whole text.
pub fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            let Some(tail) = text.strip_prefix(start) else { return false };
            rest.is_empty() || (0..=tail.len()).any(|at| tail.is_char_boundary(at) && matches(rest, &tail[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("bearer.*", "bearer.valid-accepted", true),
            ("*.valid-*", "bearer.valid-accepted", true),
            ("bearer", "bearer.valid-accepted", false),
            ("*", "", true),
            ("a*c", "abd", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
