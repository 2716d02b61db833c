//! Exceptions that somebody answers for: applied to the failure that they name, and to no other; pure.

use jiff::civil::Date;

use crate::check::{Severity, Verdict};
use crate::event::{CheckResult, Part, Waived};
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
pub fn waived(waiver: &Waiver) -> Waived {
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

/// Whether a waiver excuses a finding: this check, this target, this shape.
pub fn covers(waiver: &Waiver, result: &CheckResult, target: WaivedTarget<'_>) -> bool {
    matches!(result.verdict, Verdict::Fail | Verdict::Warn)
        && waiver.check == result.id
        && is_of(waiver, result, target)
        && has_shape(waiver, result)
        && (!is_critical(result) || (waiver.accept_risk && waiver.approved_by.is_some()))
}

fn is_of(waiver: &Waiver, result: &CheckResult, target: WaivedTarget<'_>) -> bool {
    let Some(wanted) = &waiver.target else { return true };
    if wanted == target.name || starts_address(target.base.as_str(), wanted) {
        return true;
    }
    let shown = result.shown_by.and_then(|at| result.evidence.get(at));
    let path = shown.map(|record| record.exchange.target.as_str()).unwrap_or_default();
    starts_address(&format!("{}{path}", target.base.origin().ascii_serialization()), wanted)
}

/// Whether an address begins with another: the same, or up to the end of a segment.
fn starts_address(address: &str, start: &str) -> bool {
    let Some(rest) = address.strip_prefix(start) else {
        return address.strip_suffix('/') == Some(start);
    };
    rest.is_empty() || start.ends_with('/') || rest.starts_with(['/', '?', '#'])
}

fn has_shape(waiver: &Waiver, result: &CheckResult) -> bool {
    let observed = &waiver.observed;
    let part = match observed.part {
        ObservedPart::Access => Part::Access,
        ObservedPart::Protocol => Part::Protocol,
    };
    let status = |status: &u16| observed.status.contains(status);
    let statuses = observed.status.is_empty() || (!result.statuses.is_empty() && result.statuses.iter().all(status));
    let says = |text: &String| {
        result.summary.contains(text.as_str()) && result.deviations.iter().all(|line| line.contains(text.as_str()))
    };
    result.part == Some(part) && statuses && observed.text.as_ref().is_none_or(says)
}

fn is_critical(result: &CheckResult) -> bool {
    result.part == Some(Part::Access) && result.severity == Severity::Critical
}
