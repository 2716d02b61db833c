//! Exceptions that somebody answers for: applied to the failure that they name, and to no other.

use std::cell::Cell;

use super::Session;
use crate::check::{Severity, Verdict};
use crate::clock;
use crate::event::{CheckResult, Part, Waived};
use crate::scenario::model::{ObservedPart, Waiver};

/// The waivers of a scenario, each with whether it was needed.
pub(super) struct Waivers<'a> {
    waivers: Vec<(&'a Waiver, Cell<bool>)>,
    target: String,
    today: jiff::civil::Date,
}

impl<'a> Waivers<'a> {
    pub(super) fn of(session: &'a Session<'a>) -> Self {
        let waivers = session.loaded.scenario.conformance.waivers.iter();
        Self {
            waivers: waivers.map(|waiver| (&waiver.value, Cell::new(false))).collect(),
            target: session.target.base.to_string(),
            // RFC 3339 days in UTC: a waiver ends everywhere at the same moment
            today: jiff::tz::Offset::UTC.to_datetime(clock::timestamp()).date(),
        }
    }

    /// Waives a finding that one of them names.
    pub(super) fn apply(&self, result: &mut CheckResult) {
        if !matches!(result.verdict, Verdict::Fail | Verdict::Warn) {
            return;
        }
        for (waiver, needed) in &self.waivers {
            if waiver.check == result.id && self.fits(waiver, result) {
                needed.set(true);
                if waiver.expires.0 >= self.today {
                    result.waived = Some(Waived {
                        reason: waiver.reason.clone(),
                        owner: waiver.owner.clone(),
                        expires: waiver.expires.0.to_string(),
                    });
                }
            }
        }
    }

    fn fits(&self, waiver: &Waiver, result: &CheckResult) -> bool {
        let part = waiver.observed.part.is_none_or(|part| match part {
            ObservedPart::Access => result.part == Some(Part::Access),
            ObservedPart::Protocol => result.part == Some(Part::Protocol),
        });
        let shown = result.shown_by.and_then(|at| result.evidence.get(at));
        let status = shown.and_then(|record| record.exchange.status);
        let risk =
            result.part != Some(Part::Access) || result.severity < Severity::Critical || waiver.accept_risk.is_some();
        let target = waiver.target.as_ref().is_none_or(|target| self.target.starts_with(target.as_str()));
        part && risk && target && waiver.observed.status.is_none_or(|wanted| status == Some(wanted))
    }

    /// What is wrong with the waivers themselves: expired ones and, after a whole run, stale ones that nothing needed.
    pub(super) fn findings(&self, whole: bool) -> Vec<String> {
        let mut findings = Vec::new();
        for (waiver, needed) in &self.waivers {
            if waiver.expires.0 < self.today {
                findings.push(format!(
                    "the waiver of {} by {} expired on {}",
                    waiver.check, waiver.owner, waiver.expires.0
                ));
            } else if whole && !needed.get() {
                findings.push(format!("the waiver of {} by {} is stale: no such finding", waiver.check, waiver.owner));
            }
        }
        findings
    }
}
