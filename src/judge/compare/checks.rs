//! Verdicts of two runs beside each other.

use std::collections::BTreeSet;

use super::{RunSide, ScenarioSide};
use crate::check::Verdict;
use crate::event::comparison::{Change, CheckChange};
use crate::event::{CheckResult, Part};

/// Checks that changed, regressions first, and how many did not.
pub(super) fn changes(before: &RunSide<'_>, after: &RunSide<'_>) -> (Vec<CheckChange>, usize) {
    // a check that is gone because the catalogue dropped it, or because nobody asked for it, is nobody's loss
    let may_go = after.partial || before.started.catalogue != after.started.catalogue;
    let (mut changes, mut unchanged) = (Vec::new(), 0);
    let mut take =
        |scenario: &str, old: Option<&CheckResult>, new: Option<&CheckResult>| match change(scenario, old, new, may_go)
        {
            Some(change) => changes.push(change),
            None => unchanged += usize::from(old.is_some() && new.is_some()),
        };
    for old in &before.scenarios {
        let new = after.scenario(old.name);
        for check in old.checks {
            take(old.name, Some(check), new.and_then(|new| find(new, &check.id)));
        }
    }
    for new in &after.scenarios {
        let old = before.scenario(new.name);
        for check in new.checks.iter().filter(|check| old.is_none_or(|old| find(old, &check.id).is_none())) {
            take(new.name, None, Some(check));
        }
    }
    changes.sort_by_key(|change| (!change.regression, change.change, std::cmp::Reverse(change.severity)));
    (changes, unchanged)
}

fn find<'a>(scenario: &ScenarioSide<'a>, id: &str) -> Option<&'a CheckResult> {
    scenario.checks.iter().find(|check| check.id == id)
}

/// A finding that nobody answers for counts as its verdict; one that is waived is known.
fn fails(check: Option<&CheckResult>, verdict: Verdict) -> bool {
    check.is_some_and(|check| check.verdict == verdict && check.waived.is_none())
}

/// Whether a check that failed before fails at another resource or method, or in another part, now: the cause may be an old one, this is not.
fn fails_elsewhere(old: &CheckResult, new: &CheckResult) -> bool {
    let failing = |check: &CheckResult| {
        let failing = check.cells.iter().filter(|cell| cell.verdict == Verdict::Fail && cell.waived.is_none());
        failing
            .map(|cell| (cell.endpoint.clone(), cell.method.clone(), cell.part == Part::Access))
            .collect::<BTreeSet<_>>()
    };
    // an older record names no cells
    !old.cells.is_empty() && !failing(new).is_subset(&failing(old))
}

fn change(scenario: &str, old: Option<&CheckResult>, new: Option<&CheckResult>, may_go: bool) -> Option<CheckChange> {
    let executed = |check: Option<&CheckResult>| check.is_some_and(|check| check.verdict.executed());
    let found = |check| fails(check, Verdict::Fail) || fails(check, Verdict::Warn);
    let known_to_be_new = old.is_none() && may_go;
    let (change, regression) = match (old, new) {
        _ if fails(new, Verdict::Fail) && !fails(old, Verdict::Fail) => (Change::NewlyFailing, !known_to_be_new),
        (Some(old), Some(new)) if fails_elsewhere(old, new) => (Change::NewlyFailing, true),
        (Some(_), None) if executed(old) => (Change::Vanished, !may_go),
        (Some(_), None) => return None,
        (None, _) => (Change::Added, false),
        // an inconclusive one is the affair of its run, which says so
        (_, Some(check)) if executed(old) && !executed(new) => {
            (Change::Unproven, check.verdict != Verdict::Inconclusive)
        }
        _ if fails(new, Verdict::Warn) && !found(old) => (Change::NewlyDeviating, false),
        _ if found(old) && executed(new) && !found(new) => (Change::Fixed, false),
        (Some(old), Some(new)) if old.verdict != new.verdict => (Change::Other, false),
        _ => return None,
    };
    let shown = new.or(old)?;
    Some(CheckChange {
        scenario: scenario.to_owned(),
        id: shown.id.clone(),
        change,
        before: old.map(|check| check.verdict),
        after: new.map(|check| check.verdict),
        severity: shown.severity,
        regression,
        summary: if new.is_some() { shown.summary.clone() } else { "the check is not in the run".to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::{cell, failing};

    #[test]
    fn a_failure_at_another_place_or_of_another_part_is_a_new_one() {
        let status = || cell("/a", Part::Protocol, Verdict::Fail);
        let access = || cell("/a", Part::Access, Verdict::Fail);
        for (old, new, expected) in [
            (vec![status()], vec![status()], false),
            (vec![status()], vec![cell("/b", Part::Protocol, Verdict::Fail)], true),
            // what refused with another status lets everybody in now
            (vec![status()], vec![access()], true),
            (vec![status(), access()], vec![access()], false),
        ] {
            assert_eq!(fails_elsewhere(&failing(old.clone()), &failing(new.clone())), expected, "{old:?} {new:?}");
        }
    }
}
