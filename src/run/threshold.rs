//! Thresholds against what a load phase measured.

use super::Session;
use crate::event::{Event, ThresholdResult};
use crate::exit::Exit;
use crate::judge::threshold;
use crate::observe::{Limit, LoadFigures};
use crate::scenario::model::ThresholdSeverity;

/// Judges every threshold that speaks of load against one phase.
pub(super) fn judge(session: &Session<'_>, figures: &LoadFigures, sink: &mut dyn FnMut(Event)) -> Exit {
    let mut exit = Exit::Passed;
    for written in &session.loaded.scenario.thresholds {
        let condition = &written.threshold;
        let Some(measured) = threshold::measured(condition.metric, figures) else { continue };
        let holds = verdict(threshold::holds(condition, measured), figures);
        if holds == Some(false) && written.severity == ThresholdSeverity::Error {
            exit = exit.worst(Exit::Findings);
        }
        sink(Event::ThresholdJudged(ThresholdResult {
            threshold: condition.text.clone(),
            applied_to: figures.name.clone(),
            measured: threshold::shown(condition.metric, measured),
            holds,
            place: session.place(written.place),
        }));
    }
    exit
}

/// Figures that cannot be trusted prove nothing; but what the target did not keep up with, it did break.
fn verdict(holds: bool, figures: &LoadFigures) -> Option<bool> {
    match (&figures.inconclusive, figures.limited_by) {
        (None, _) => Some(holds),
        (Some(_), Some(Limit::Target)) if !holds => Some(false),
        _ => None,
    }
}
