//! Two runs beside each other, on a terminal.

use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use super::columns::aligned;
use super::style::{bad, dim, doubtful, good, severity};
use crate::event::comparison::{Change, CheckChange, Comparison, FigureChange, Movement};
use crate::report::comparison::{cells, counted, notes, outcome, verdicts};
use crate::report::escape::line;

/// The whole comparison: regressions, other changes, figures, notes, what it comes to.
pub(in crate::report) fn comparison(comparison: &Comparison) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut text = format!("{}\n", "Comparison".bold());
    for (label, run) in [("before", before), ("after", after)] {
        let about =
            format!("{}, {}, authbench {}", line(&run.name), run.started.strftime("%F %H:%M UTC"), line(&run.version));
        let _ = writeln!(text, "  {} {about}", dim(&format!("{label:<13}")));
    }
    let _ = writeln!(text, "  {} {}\n", dim(&format!("{:<13}", "together")), counted(comparison));
    for check in &comparison.checks {
        let _ = writeln!(text, "  {}", changed(check));
    }
    if !comparison.checks.is_empty() {
        text.push('\n');
    }
    let figures = figures(&comparison.figures);
    for figure in &figures {
        let _ = writeln!(text, "  {figure}");
    }
    if !figures.is_empty() {
        text.push('\n');
    }
    for note in notes(comparison) {
        let _ = writeln!(text, "  {} {}", dim(&format!("{:<13}", "note")), line(&note));
    }
    let outcome = outcome(comparison);
    let styled = if comparison.regressions() > 0 { bad(&outcome) } else { good(&outcome) };
    let _ = writeln!(text, "{styled}");
    text
}

fn changed(check: &CheckChange) -> String {
    let word = check.change.name();
    let styled = match check.change {
        _ if check.regression => bad(word),
        Change::Fixed => good(word),
        Change::NewlyFailing | Change::NewlyDeviating | Change::Unproven | Change::Vanished => doubtful(word),
        Change::Added | Change::Other => dim(word),
    };
    format!(
        "{styled}  {}  {}  {}  {}\n      {}",
        line(&check.id).bold(),
        verdicts(check),
        severity(check.severity),
        dim(&line(&check.scenario)),
        line(&check.summary)
    )
}

fn figures(figures: &[FigureChange]) -> Vec<String> {
    if figures.is_empty() {
        return Vec::new();
    }
    let head = ["", "before", "after", "change", "interval"].map(str::to_owned).to_vec();
    let rows = figures.iter().map(|figure| {
        let name = format!("{} · {}", line(&figure.scenario), line(&figure.figure));
        std::iter::once(name).chain(cells(figure)).collect::<Vec<_>>()
    });
    let table: Vec<_> = std::iter::once(head).chain(rows).collect();
    let lines = aligned(&table, true).into_iter().enumerate();
    let lines = lines.map(|(at, text)| match at.checked_sub(1).map(|at| figures[at].movement) {
        None => format!("{:14}{}", "", dim(&text)),
        Some(movement) => {
            let word = movement.name();
            let gap = " ".repeat(14 - word.len());
            format!(
                "{}{gap}{text}",
                match movement {
                    Movement::Worse => bad(word),
                    Movement::Inconclusive => doubtful(word),
                    Movement::Same => dim(word),
                    Movement::Better => good(word),
                }
            )
        }
    });
    lines.collect()
}
