//! Thresholds against what a load phase or an overhead study measured.

use super::Session;
use crate::event::{Event, ThresholdResult};
use crate::exit::Exit;
use crate::judge::threshold;
use crate::observe::LoadFigures;
use crate::scenario::model::ThresholdSeverity;
use crate::scenario::text::Metric;
use crate::stats::OverheadFigures;

/// Judges every threshold that speaks of load against one phase.
pub(super) fn judge(session: &Session<'_>, figures: &LoadFigures, sink: &mut dyn FnMut(Event)) -> Exit {
    let mut exit = Exit::Passed;
    for written in &session.loaded.scenario.thresholds {
        let condition = &written.threshold;
        let Some(measured) = threshold::measured(condition.metric, figures) else { continue };
        let holds = figures.inconclusive.is_none().then(|| threshold::holds(condition, measured));
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

/// Judges every threshold that speaks of overhead against each scheme of a study.
pub(super) fn judge_overhead(session: &Session<'_>, figures: &OverheadFigures, sink: &mut dyn FnMut(Event)) -> Exit {
    let mut exit = Exit::Passed;
    let written = session.loaded.scenario.thresholds.iter();
    for written in written.filter(|written| matches!(written.threshold.metric, Metric::Overhead(_))) {
        let condition = &written.threshold;
        for row in figures.rows.iter().filter(|row| row.name != figures.baseline) {
            let holds = threshold::holds_throughout(condition, &row.difference_us);
            if written.severity == ThresholdSeverity::Error {
                exit = exit.worst(match holds {
                    Some(true) => Exit::Passed,
                    Some(false) => Exit::Findings,
                    None => Exit::Inconclusive,
                });
            }
            sink(Event::ThresholdJudged(ThresholdResult {
                threshold: condition.text.clone(),
                applied_to: row.name.clone(),
                measured: threshold::shown(condition.metric, row.difference_us.value),
                holds,
                place: session.place(written.place),
            }));
        }
    }
    exit
}
