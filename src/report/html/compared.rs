//! What changed since a baseline.

use askama::Template;

use crate::event::comparison::{CheckChange, Comparison, FigureChange, Movement};
use crate::report::comparison::{cells, counted, notes, outcome, verdicts};

/// A comparison with a baseline.
#[derive(Template)]
#[template(path = "compared.html")]
pub(super) struct ComparedView<'a> {
    /// What changed.
    pub(super) compared: &'a Comparison,
}

impl ComparedView<'_> {
    fn outcome(&self) -> String {
        outcome(self.compared)
    }

    fn counted(&self) -> String {
        counted(self.compared)
    }

    fn notes(&self) -> Vec<String> {
        notes(self.compared)
    }
}

/// Class of a changed check.
fn check_class(check: &CheckChange) -> &'static str {
    if check.regression { "fail" } else { "info" }
}

/// Class and sign of a figure.
fn figure_grade(figure: &FigureChange) -> (&'static str, &'static str) {
    match figure.movement {
        Movement::Worse => ("fail", "✕"),
        Movement::Inconclusive => ("inconclusive", "?"),
        Movement::Same => ("info", "="),
        Movement::Better => ("pass", "✓"),
    }
}
