//! Ids of the page: the same from run to run, and each used once.

use std::collections::HashSet;

use crate::event::ScenarioStarted;

/// Ids that the page itself uses.
const OWN: [&str; 8] = ["main", "broken", "costs", "findings", "beside", "compared", "shards", "scenarios"];

/// Ids that are taken.
pub(super) struct Anchors(HashSet<String>);

impl Anchors {
    pub(super) fn new() -> Self {
        Self(OWN.map(str::to_owned).into())
    }

    /// `orders` for `scenarios/orders.yaml`; the name where no file is known.
    pub(super) fn scenario(&mut self, started: &ScenarioStarted) -> String {
        let stem = std::path::Path::new(&started.file).file_stem().and_then(std::ffi::OsStr::to_str);
        let stem = stem.map(fragment).filter(|stem| !stem.trim_matches('-').is_empty());
        self.free(stem.unwrap_or_else(|| fragment(&started.name)))
    }

    /// `orders/jwt.alg-none-refused`
    pub(super) fn below(&mut self, scenario: &str, name: &str) -> String {
        self.free(format!("{scenario}/{}", fragment(name)))
    }

    fn free(&mut self, wanted: String) -> String {
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let mut free = std::iter::once(wanted.clone()).chain(numbered);
        let id = free.find(|id| !self.0.contains(id)).unwrap_or(wanted);
        self.0.insert(id.clone());
        id
    }
}

/// What a fragment of an address holds without escapes (RFC 3986 §3.5), and what no script or style can mistake.
fn fragment(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let id: String = text.chars().map(|c| if kept(c) { c } else { '-' }).collect();
    if id.is_empty() { "-".to_owned() } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_used_once_and_hold_nothing_odd() {
        let mut anchors = Anchors::new();
        assert_eq!(anchors.below("orders", "case.a \"b\" <c>"), "orders/case.a--b---c-");
        assert_eq!(anchors.below("orders", "jwt.alg"), "orders/jwt.alg");
        assert_eq!(anchors.below("orders", "jwt.alg"), "orders/jwt.alg-2");
        assert_eq!(anchors.free("findings".to_owned()), "findings-2");
        assert_eq!(anchors.free(fragment("")), "-");
    }
}
