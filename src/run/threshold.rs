//! Thresholds against what load phases measured.

use super::Session;
use crate::event::{Event, ThresholdResult};
use crate::exit::Exit;
use crate::judge::abort::{Aborted, Watch};
use crate::judge::threshold::{self, Figure};
use crate::observe::LoadFigures;
use crate::scenario::At;
use crate::scenario::model::{Threshold, ThresholdSeverity};

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
