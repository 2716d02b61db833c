//! One cause, one finding: which failures of which checks have the same cause; pure.

use std::collections::BTreeMap;

use crate::check::{Explanation, Severity, Verdict, catalogue, find};
use crate::event::{Cell, CellName, CheckResult, Finding, Part};

/// A check that fails or warns, as far as causes look at it.
#[derive(Clone, Debug)]
pub struct Failure {
    check: String,
    severity: Severity,
    /// Place in the catalogue; checks of the scenario come behind.
    order: usize,
    cells: Vec<Cell>,
}

impl Failure {
    /// A result, if it fails or warns.
    pub fn of(result: &CheckResult) -> Option<Self> {
        if !matches!(result.verdict, Verdict::Fail | Verdict::Warn) {
            return None;
        }
        let cells = if result.cells.is_empty() { vec![Cell::whole(result)] } else { result.cells.clone() };
        let order = catalogue().position(|check| check.id == result.id).unwrap_or(usize::MAX);
        Some(Self { check: result.id.clone(), severity: result.severity, order, cells })
    }
}

/// What makes two cells one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    waived: bool,
    protocol: bool,
    explanation: Explanation,
    /// The check, where the cause is what the check itself is about.
    check: Option<&'a str>,
    /// Endpoint and method, where the cause is a property of one route.
    route: Option<(&'a str, &'a str)>,
}

type Member<'a> = (&'a Failure, &'a Cell);

/// Failures by cause, the worst first. The order in which they came does not matter.
pub fn findings(failures: &[Failure]) -> Vec<Finding> {
    let mut all: Vec<Member<'_>> =
        failures.iter().flat_map(|one| one.cells.iter().map(move |cell| (one, cell))).collect();
    all.sort_by_key(|(failure, _)| (failure.order, failure.check.as_str()));
    let mut causes = BTreeMap::<Key<'_>, Vec<Member<'_>>>::new();
    for member in &all {
        causes.entry(cause(*member, &all, 0)).or_default().push(*member);
    }
    let mut findings: Vec<(usize, Finding)> = causes.iter().map(|(key, members)| finding(key, members)).collect();
    findings.sort_by_key(|(order, one)| (one.rank(), *order, one.check.clone()));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Chains of implication are short; this ends them where somebody declares a circle.
const DEEPEST: usize = 8;

/// The cause of a cell: its own, or that of the strongest cell at the same resource and method that implies it.
fn cause<'a>(member: Member<'a>, all: &[Member<'a>], depth: usize) -> Key<'a> {
    if depth < DEEPEST
        && let Some(stronger) = implying(member, all)
    {
        return cause(stronger, all, depth + 1);
    }
    own(member)
}

fn own<'a>((failure, cell): Member<'a>) -> Key<'a> {
    let is_own = cell.explanation == Explanation::Own;
    let of_route = cell.explanation.is_of_route() || (is_own && cell.part == Part::Access);
    Key {
        waived: cell.waived.is_some(),
        protocol: cell.part == Part::Protocol,
        explanation: cell.explanation,
        check: is_own.then_some(failure.check.as_str()),
        route: of_route.then_some((cell.endpoint.as_str(), cell.method.as_str())),
    }
}

/// The strongest cell that implies another. A waived one explains no failure that nobody answers for.
fn implying<'a>((failure, cell): Member<'a>, all: &[Member<'a>]) -> Option<Member<'a>> {
    let beside = || {
        all.iter().copied().filter(|(_, other)| {
            (&other.endpoint, &other.method) == (&cell.endpoint, &cell.method)
                && other.waived.is_some() == cell.waived.is_some()
        })
    };
    let explained = cell.implied_by.iter().find_map(|wanted| beside().find(|(_, other)| other.explanation == *wanted));
    let declared = find(&failure.check).map(|check| check.implied_by).unwrap_or_default();
    explained.or_else(|| folded(cell, beside())).or_else(|| {
        // what a check shows beside what it is about has a cause of its own
        let own = cell.explanation == Explanation::Own
            || find(&failure.check).map(|check| check.shows) == Some(cell.explanation);
        let of_part = |(other, seen): &Member<'a>, id: &str| other.check == id && seen.part == cell.part;
        let mut ids = declared.iter().filter(|_| own);
        ids.find_map(|id| beside().find(|member| of_part(member, id)))
    })
}

/// A malformed credential that is answered like an invalid one deviates for the same reason.
fn folded<'a>(cell: &Cell, mut beside: impl Iterator<Item = Member<'a>>) -> Option<Member<'a>> {
    let is_malformed = cell.explanation == Explanation::MalformedStatus;
    let alike = |other: &Cell| {
        other.explanation == Explanation::InvalidStatus && cell.statuses.iter().all(|one| other.statuses.contains(one))
    };
    beside.find(|(_, other)| is_malformed && alike(other))
}

fn finding(key: &Key<'_>, members: &[Member<'_>]) -> (usize, Finding) {
    let roots = || members.iter().filter(|member| own(**member) == *key);
    let best = |(failure, cell): &&&Member<'_>| {
        let declared = find(&failure.check).is_some_and(|check| check.shows == cell.explanation);
        (cell.verdict, !cell.explanation.is_topic_of(&failure.check) && !declared)
    };
    let first = roots().min_by_key(|member| best(&member));
    let (root, shown) = *first.or(members.first()).expect("a cause has members");
    let mut also_affected: Vec<String> = Vec::new();
    for (failure, _) in members.iter().filter(|(failure, _)| failure.check != root.check) {
        if !also_affected.contains(&failure.check) {
            also_affected.push(failure.check.clone());
        }
    }
    let name = |(failure, cell): &Member<'_>| CellName {
        check: failure.check.clone(),
        endpoint: cell.endpoint.clone(),
        method: cell.method.clone(),
    };
    let mut cells = vec![name(&(root, shown))];
    for cell in members.iter().map(name) {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    let severity = |(failure, cell): &Member<'_>| match cell.part {
        Part::Access => failure.severity,
        Part::Protocol => failure.severity.min(Severity::Low),
    };
    let finding = Finding {
        check: root.check.clone(),
        verdict: members.iter().map(|(_, cell)| cell.verdict).min().unwrap_or(shown.verdict),
        part: shown.part,
        severity: members.iter().map(severity).max().unwrap_or(root.severity),
        endpoint: shown.endpoint.clone(),
        method: shown.method.clone(),
        cause: shown.explanation,
        summary: shown.summary.clone(),
        also_affected,
        cells,
        shown_by: shown.shown_by,
        waived: shown.waived.clone(),
    };
    (root.order, finding)
}
