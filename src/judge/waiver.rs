//! Exceptions that somebody answers for: applied to the failure that they name, and to no other; pure.

use jiff::civil::Date;

use crate::check::{Severity, Verdict};
use crate::event::{Cell, CheckResult, Note, NoteKind, Part, SourcePlace, Waived};
use crate::scenario::model::{ObservedPart, Waiver};

/// Where a scenario runs, as waivers speak of it.
#[derive(Clone, Copy, Debug)]
pub struct WaivedTarget<'a> {
    /// What the report calls the target: `reference`, or its address.
    pub name: &'a str,
    /// Its address.
    pub base: &'a url::Url,
}

/// A waiver on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Holds,
    /// Its first day has not come.
    TooEarly,
    /// Its last day is over.
    Expired,
}

/// How a waiver stands on a day in UTC: it holds from `created` through the whole day `expires`.
pub fn standing(waiver: &Waiver, today: Date) -> Standing {
    match today {
        today if today < waiver.created.0 => Standing::TooEarly,
        today if today > waiver.expires.0 => Standing::Expired,
        _ => Standing::Holds,
    }
}

/// What a report says about a waiver.
fn waived_by(waiver: &Waiver) -> Waived {
    Waived {
        reason: waiver.reason.clone(),
        owner: waiver.owner.clone(),
        expires: waiver.expires.0.to_string(),
        ticket: waiver.ticket.clone(),
        approved_by: waiver.approved_by.clone(),
    }
}

/// Whether a waiver speaks of a target at all, whatever was found there.
pub fn concerns(waiver: &Waiver, target: WaivedTarget<'_>) -> bool {
    let Some(wanted) = &waiver.target else { return true };
    let base = target.base.as_str();
    wanted == target.name || starts_address(base, wanted) || starts_address(wanted, base)
}

/// Whether a waiver excuses one cell of a finding: this check, this target, this shape.
fn covers(waiver: &Waiver, result: &CheckResult, cell: &Cell, target: WaivedTarget<'_>) -> bool {
    result.has_finding()
        && waiver.check == result.id
        && is_of(waiver, cell, target)
        && has_shape(waiver, cell)
        && (!is_critical(result, cell) || (waiver.accept_risk && waiver.approved_by.is_some()))
}

/// Notes at each cell of a result whether a waiver excuses it today; whether the waiver was needed.
pub fn mark(
    waiver: &Waiver,
    result: &CheckResult,
    target: WaivedTarget<'_>,
    today: Date,
    (cells, waived): (&[Cell], &mut [Option<Waived>]),
) -> bool {
    let mut needed = false;
    for (cell, waived_here) in cells.iter().zip(waived) {
        if covers(waiver, result, cell, target) {
            needed = true;
            if standing(waiver, today) == Standing::Holds {
                *waived_here = Some(waived_by(waiver));
            }
        }
    }
    needed
}

/// What a run says about a waiver.
#[derive(Clone, Copy, Debug)]
pub struct WaiverUse {
    /// Whether a result needed it.
    pub needed: bool,
    /// Whether it speaks of a target of the run.
    pub concerned: bool,
    /// Whether it is of a file, which other scenarios may name as well.
    pub of_file: bool,
    /// Whether enough ran to say that nothing needed it.
    pub decided: bool,
}

/// What is wrong with a waiver on a day; none where nothing is.
pub fn trouble(waiver: &Waiver, place: &SourcePlace, used: WaiverUse, today: Date) -> Option<Note> {
    let Waiver { check, owner, created, expires, .. } = waiver;
    let name = format!("the waiver of {check} by {owner} ({}:{})", place.file, place.line);
    let finding = |what: String| Some(Note { kind: NoteKind::Finding, text: format!("{name} {what}") });
    match standing(waiver, today) {
        Standing::Expired => finding(format!("expired on {}", expires.0)),
        Standing::TooEarly => finding(format!("starts on {}: it has no effect before that day", created.0)),
        Standing::Holds if used.needed || !used.decided => None,
        Standing::Holds if used.of_file && !used.concerned => {
            Some(Note { kind: NoteKind::Warning, text: format!("{name} matches no target of this run") })
        }
        Standing::Holds => finding("is stale: no such finding".to_owned()),
    }
}

/// Marks cells as waived. The result is waived where every cell of its verdict is: a warning beside a failure that
/// somebody answers for remains a warning.
pub fn apply(result: &mut CheckResult, waived: Vec<Option<Waived>>) {
    let verdict = result.verdict;
    let decides = |at: usize| result.cells.get(at).is_none_or(|cell| cell.verdict == verdict);
    // nobody answers for what is not known
    let is_open = verdict == Verdict::Inconclusive;
    if !is_open && waived.iter().enumerate().all(|(at, waived)| waived.is_some() || !decides(at)) {
        result.waived = waived.iter().flatten().next().cloned();
    }
    for (cell, waived) in result.cells.iter_mut().zip(waived) {
        cell.waived = waived;
    }
}

fn is_of(waiver: &Waiver, cell: &Cell, target: WaivedTarget<'_>) -> bool {
    let Some(wanted) = &waiver.target else { return true };
    if wanted == target.name || starts_address(target.base.as_str(), wanted) {
        return true;
    }
    // resources stand below the base; an endpoint is named by its whole path
    let base = target.base.as_str().trim_end_matches('/');
    let origin = target.base.origin().ascii_serialization();
    [base, &origin].iter().any(|start| starts_address(&format!("{start}{}", cell.endpoint), wanted))
}

/// Whether an address begins with another: the same, or up to the end of a segment.
fn starts_address(address: &str, start: &str) -> bool {
    let Some(rest) = address.strip_prefix(start) else {
        return address.strip_suffix('/') == Some(start);
    };
    rest.is_empty() || start.ends_with('/') || rest.starts_with(['/', '?', '#'])
}

fn has_shape(waiver: &Waiver, cell: &Cell) -> bool {
    let observed = &waiver.observed;
    let part = match observed.part {
        ObservedPart::Access => Part::Access,
        ObservedPart::Protocol => Part::Protocol,
    };
    let status = |status: &u16| observed.status.contains(status);
    let statuses = observed.status.is_empty() || (!cell.statuses.is_empty() && cell.statuses.iter().all(status));
    let says =
        |text: &String| std::iter::once(&cell.summary).chain(&cell.further).all(|line| line.contains(text.as_str()));
    cell.part == part && statuses && observed.text.as_ref().is_none_or(says)
}

fn is_critical(result: &CheckResult, cell: &Cell) -> bool {
    cell.part == Part::Access && result.severity == Severity::Critical
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::{cell, failing};

    fn somebody() -> Option<Waived> {
        let text = || "x".to_owned();
        Some(Waived { reason: text(), owner: text(), expires: text(), ticket: None, approved_by: None })
    }

    #[test]
    fn a_result_is_waived_where_every_cell_of_its_verdict_is() {
        let cells = || vec![cell("/a", Part::Access, Verdict::Fail), cell("/b", Part::Protocol, Verdict::Warn)];
        for (waived, expected) in [
            (vec![somebody(), somebody()], true),
            // the warning remains one, and fails nothing
            (vec![somebody(), None], true),
            (vec![None, somebody()], false),
            (vec![None, None], false),
        ] {
            let mut result = failing(cells());
            apply(&mut result, waived.clone());
            assert_eq!(result.waived.is_some(), expected, "{waived:?}");
            assert_eq!(
                result.cells.iter().map(|cell| cell.waived.is_some()).collect::<Vec<_>>(),
                waived.iter().map(Option::is_some).collect::<Vec<_>>()
            );
        }
    }
}
