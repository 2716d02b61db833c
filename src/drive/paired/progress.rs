//! How far a study is, for whoever watches it. It is worked out between visits, beside nothing that is measured.

use std::time::{Duration, Instant};

use super::{ROUNDS, Study};
use crate::clock;
use crate::observe::{StudyProgress, StudyRow};
use crate::stats::paired::Series;

/// Shows how far a study is, until it is dropped.
pub(super) struct StudyShown<'a> {
    study: &'a Study,
    progress: StudyProgress,
}

impl<'a> StudyShown<'a> {
    /// Shows a study that starts.
    pub(super) fn of(study: &'a Study, began: Instant) -> Self {
        let sides = std::iter::once(&study.baseline).chain(&study.schemes);
        let rows: Vec<_> = sides.map(|side| StudyRow { name: side.name.clone(), ..StudyRow::default() }).collect();
        let saturation = if study.server.is_some() { study.saturation } else { Duration::ZERO };
        let whole = (study.duration + saturation) * u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let until = Some(clock::after(began, whole));
        Self { study, progress: StudyProgress { round: 0, rounds: ROUNDS, measuring: 0, rows, until } }
    }

    /// A row is visited.
    pub(super) fn visits(&mut self, row: usize, round: u32) {
        (self.progress.measuring, self.progress.round) = (row, round);
        self.study.activity.studies(Some(self.progress.clone()));
    }

    /// A row was visited.
    pub(super) fn measured(&mut self, row: usize, series: &Series) {
        let mut differences: Vec<f64> = series.pairs.iter().map(|pair| pair.difference).collect();
        let middle = differences.len() / 2;
        let row = &mut self.progress.rows[row];
        row.pairs = differences.len();
        if middle < differences.len() {
            row.median_us = Some(*differences.select_nth_unstable_by(middle, f64::total_cmp).1);
        }
    }
}

impl Drop for StudyShown<'_> {
    fn drop(&mut self) {
        self.study.activity.studies(None);
    }
}
