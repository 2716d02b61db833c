//! Thresholds against what load phases and overhead studies measured.

use std::collections::BTreeSet;

use super::{Only, Session};
use crate::event::{Event, SourcePlace, ThresholdResult};
use crate::exit::Exit;
use crate::judge::abort::{Aborted, Watch};
use crate::judge::threshold::{self, Figure};
use crate::observe::LoadFigures;
use crate::scenario::At;
use crate::scenario::model::{Threshold, ThresholdSeverity};
use crate::scenario::text::Metric;
use crate::stats::OverheadFigures;

/// What may end a load phase early.
pub(super) fn watch<'a>(session: &'a Session<'_>) -> Watch<'a> {
    Watch::of(written(session).filter(|written| written.abort).map(|written| &written.threshold))
}

/// Judges every threshold that speaks of load against one phase.
pub(super) fn judge(
    session: &Session<'_>,
    figures: &LoadFigures,
    aborted: Option<&Aborted>,
    sink: &mut dyn FnMut(Event),
) -> Exit {
    let judged = written(session).filter_map(|written| {
        let condition = &written.threshold;
        if let Some(aborted) = aborted.filter(|aborted| aborted.condition == condition.text) {
            let figure = Figure { text: threshold::shown(condition.metric, aborted.measured), holds: Some(false) };
            return Some(result(session, written, &figures.name, figure, Some(aborted.after_s)));
        }
        let figure = threshold::of_load(condition, figures)?;
        Some(result(session, written, &figures.name, figure, None))
    });
    tell(judged, sink)
}

/// Judges every threshold that speaks of overhead against each scheme of a study.
pub(super) fn judge_overhead(session: &Session<'_>, figures: &OverheadFigures, sink: &mut dyn FnMut(Event)) -> Exit {
    let rows = || figures.rows.iter().filter(|row| row.name != figures.baseline);
    let judged = written(session).flat_map(|written| {
        rows().filter_map(|row| {
            let figure = threshold::of_overhead(&written.threshold, row)?;
            Some(result(session, written, &row.name, figure, None))
        })
    });
    tell(judged, sink)
}

/// Tells the thresholds that nothing was measured for, though their part was asked for: they prove nothing.
pub(super) fn unmeasured(
    session: &Session<'_>,
    judged: &BTreeSet<(usize, usize)>,
    sink: &mut dyn FnMut(Event),
) -> Exit {
    let wanted = |written: &&At<Threshold>| {
        let part = if written.threshold.metric == Metric::Overhead { Only::Overhead } else { Only::Load };
        session.options.wants(part) && !judged.contains(&key(&session.place(written.place)))
    };
    let left = written(session).filter(wanted).map(|written| {
        let figure = Figure { text: "not measured".to_owned(), holds: None };
        result(session, written, "nothing", figure, None)
    });
    tell(left, sink)
}

/// What tells the thresholds of a scenario apart: line and column.
pub(super) fn key(place: &SourcePlace) -> (usize, usize) {
    (place.line, place.column)
}

fn written<'a>(session: &'a Session<'_>) -> impl Iterator<Item = &'a At<Threshold>> {
    session.loaded.scenario.thresholds.iter().filter(|_| session.options.thresholds)
}

fn result(
    session: &Session<'_>,
    written: &At<Threshold>,
    applied_to: &str,
    figure: Figure,
    aborted_after_s: Option<f64>,
) -> ThresholdResult {
    ThresholdResult {
        threshold: written.threshold.text.clone(),
        applied_to: applied_to.to_owned(),
        measured: figure.text,
        holds: figure.holds,
        only_warns: written.severity == ThresholdSeverity::Warn,
        aborted_after_s,
        place: session.place(written.place),
    }
}

/// Passes the results on. One that is broken is a finding; one that could not be judged proves nothing.
fn tell(judged: impl Iterator<Item = ThresholdResult>, sink: &mut dyn FnMut(Event)) -> Exit {
    judged.fold(Exit::Passed, |exit, result| {
        let ended = match result.holds {
            Some(false) if result.fails() => Exit::Findings,
            None if !result.only_warns => Exit::Inconclusive,
            _ => Exit::Passed,
        };
        sink(Event::ThresholdJudged(result));
        exit.worst(ended)
    })
}
