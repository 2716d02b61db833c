//! Requirements that are known and have no check, each with the reason: data for the coverage table.

/// One line for each: id, title, sources and reason.
const LINES: &str = include_str!("untested.txt");

/// A requirement without a check.
#[derive(Clone, Debug)]
pub(crate) struct Untested {
    /// Id that its check would have.
    pub(crate) id: &'static str,
    /// What must hold, in one line.
    pub(crate) title: &'static str,
    /// Documents and sections.
    pub(crate) sources: Vec<&'static str>,
    /// Why there is no check.
    pub(crate) why: &'static str,
}

/// What is known and has no check.
pub(crate) fn untested() -> impl Iterator<Item = Untested> {
    LINES.lines().filter_map(parse)
}

fn parse(line: &'static str) -> Option<Untested> {
    let mut columns = line.split(" | ").map(str::trim);
    let (id, title, sources, why) = (columns.next()?, columns.next()?, columns.next()?, columns.next()?);
    let comment = id.starts_with('#');
    (!comment).then(|| Untested { id, title, sources: sources.split("; ").collect(), why })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::check::GROUPS;

    #[test]
    fn every_line_is_whole() {
        let mut ids = BTreeSet::new();
        for line in LINES.lines().filter(|line| !line.starts_with('#')) {
            let requirement = parse(line).unwrap_or_else(|| panic!("{line:?} has not four columns"));
            assert!(ids.insert(requirement.id), "{} occurs twice", requirement.id);
            let whole = [requirement.title, requirement.why].into_iter().chain(requirement.sources);
            whole.for_each(|text| assert!(!text.is_empty() && !text.ends_with('.'), "{line:?}: {text:?}"));
        }
    }

    #[test]
    fn what_is_tested_is_not_among_the_untested() {
        for group in GROUPS {
            for check in group.checks() {
                let listed = untested().any(|requirement| requirement.id == check.id);
                assert!(!listed, "{} has a check: take its line out", check.id);
            }
        }
    }
}
