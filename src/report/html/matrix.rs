//! Verdicts by topic and severity: one mark for each check that did not pass.

use askama::Template;

use super::scenario::{CheckRow, TopicView};
use crate::check::{Severity, Verdict};
use crate::report::summary::SEVERITIES;

/// Marks in rows of topics and columns of severities; checks that passed are counted.
#[derive(Template)]
#[template(path = "matrix.html")]
pub(super) struct Matrix<'a> {
    columns: Vec<Severity>,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: &'a str,
    cells: Vec<(Vec<Mark>, usize)>,
}

/// A check, as a sign that leads to it.
struct Mark {
    class: &'static str,
    sign: &'static str,
    severity: &'static str,
    anchor: String,
    title: String,
}

impl<'a> Matrix<'a> {
    /// The matrix of a scenario; none where everything passed.
    pub(super) fn of(groups: &[TopicView<'a>]) -> Option<Self> {
        let checks = || groups.iter().flat_map(TopicView::rows).map(|row| &row.view.check);
        if groups.iter().all(|group| group.open.is_empty()) {
            return None;
        }
        let columns: Vec<_> =
            SEVERITIES.into_iter().filter(|severity| checks().any(|check| check.severity == *severity)).collect();
        let rows = groups.iter().map(|group| Row {
            name: group.name,
            cells: columns.iter().map(|severity| marks(group, *severity)).collect(),
        });
        let rows = rows.collect();
        Some(Self { columns, rows })
    }
}

/// The marks of a cell, in the order of the list, and how many passed.
fn marks(group: &TopicView<'_>, severity: Severity) -> (Vec<Mark>, usize) {
    let rows = group.open.iter().filter(|row| row.view.check.severity == severity);
    let marks = rows.filter_map(|row| {
        let view = &row.view;
        Some(Mark {
            class: view.verdict(),
            sign: view.sign(),
            severity: severity.name(),
            anchor: row.id.clone().or_else(|| row.card.clone())?,
            title: format!("{}: {}", view.check.id, view.verdict_words()),
        })
    });
    let passed = |row: &&CheckRow<'_>| row.view.check.severity == severity && row.view.check.verdict == Verdict::Pass;
    (marks.collect(), group.folded.iter().filter(passed).count())
}
