//! Verdicts by topic and severity: one mark for each check.

use askama::Template;

use super::scenario::GroupView;
use crate::check::Severity;
use crate::report::summary::SEVERITIES;

/// Marks in rows of topics and columns of severities.
#[derive(Template)]
#[template(path = "matrix.html")]
pub(super) struct Matrix<'a> {
    columns: Vec<Severity>,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    name: &'a str,
    cells: Vec<Vec<Mark>>,
}

/// A check, as a sign that leads to it.
struct Mark {
    class: &'static str,
    sign: &'static str,
    severity: &'static str,
    anchor: String,
    title: String,
    text: String,
}

impl<'a> Matrix<'a> {
    /// The matrix of a scenario.
    pub(super) fn of(groups: &[GroupView<'a>]) -> Self {
        let checks = || groups.iter().flat_map(|group| &group.checks);
        let columns: Vec<_> =
            SEVERITIES.into_iter().filter(|severity| checks().any(|view| view.check.severity == *severity)).collect();
        let rows = groups.iter().map(|group| Row {
            name: group.name,
            cells: columns.iter().map(|severity| marks(group, *severity)).collect(),
        });
        let rows = rows.collect();
        Self { columns, rows }
    }
}

/// The marks of a cell, in the order of the list.
fn marks(group: &GroupView<'_>, severity: Severity) -> Vec<Mark> {
    let views = group.checks.iter().filter(|view| view.check.severity == severity);
    let marks = views.map(|view| Mark {
        class: view.verdict(),
        sign: view.sign(),
        severity: severity.name(),
        anchor: view.id.clone(),
        title: format!("{}: {}", view.check.id, view.verdict_words()),
        text: view.text(),
    });
    marks.collect()
}
