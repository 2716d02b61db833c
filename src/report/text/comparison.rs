//! Two runs beside each other, on a terminal.

use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use super::columns::{aligned, padded};
use super::style::{bad, dim, doubtful, good, severity};
use crate::event::comparison::{Change, CheckChange, Comparison, FigureChange, Movement};
use crate::report::comparison::{cells, counted, notes, outcome, verdicts};
use crate::report::escape::line;

/// The whole comparison: regressions, other changes, figures, notes, and the result.
pub(in crate::report) fn comparison(comparison: &Comparison, columns: Option<usize>) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut text = format!("{}\n", "Comparison".bold());
    for (label, run) in [("before", before), ("after", after)] {
        let about =
            format!("{}, {}, authbench {}", line(&run.name), run.started.strftime("%F %H:%M UTC"), line(&run.version));
        let _ = writeln!(text, "  {} {about}", dim(&format!("{label:<13}")));
    }
    let _ = writeln!(text, "  {} {}\n", dim(&format!("{:<13}", "together")), counted(comparison));
    let widths = [
        comparison.checks.iter().map(|check| check.change.name().chars().count()).max(),
        comparison.checks.iter().map(|check| line(&check.id).chars().count()).max(),
        comparison.checks.iter().map(|check| verdicts(check).chars().count()).max(),
        comparison.checks.iter().map(|check| check.severity.name().chars().count()).max(),
    ];
    let widths = widths.map(Option::unwrap_or_default);
    // in a line that a terminal breaks, gaps only take room
    let room = columns.unwrap_or(usize::MAX);
    let scenario =
        comparison.checks.iter().map(|check| line(&check.scenario).chars().count()).max().unwrap_or_default();
    let fits = widths.iter().sum::<usize>() + scenario + 10 <= room;
    for check in &comparison.checks {
        let _ = writeln!(text, "  {}", changed(check, if fits { widths } else { [0; 4] }));
    }
    if !comparison.checks.is_empty() {
        text.push('\n');
    }
    let figures = figures(&comparison.figures, columns.map_or(usize::MAX, |columns| columns.saturating_sub(2)));
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

fn changed(check: &CheckChange, widths: [usize; 4]) -> String {
    let word = check.change.name();
    let styled = match check.change {
        _ if check.regression => bad(word),
        Change::Fixed => good(word),
        Change::NewlyFailing | Change::NewlyDeviating | Change::Unproven | Change::Vanished => doubtful(word),
        Change::Added | Change::Other => dim(word),
    };
    let (id, moved, grade) = (line(&check.id), verdicts(check), check.severity.name());
    // styles take no room, so what fills a column stands behind them
    let fill = |width: usize, text: &str| " ".repeat(width.saturating_sub(text.chars().count()));
    format!(
        "{styled}{}  {}{}  {}  {}{}  {}\n      {}",
        fill(widths[0], word),
        id.bold(),
        fill(widths[1], &id),
        padded(&moved, widths[2]),
        severity(check.severity),
        fill(widths[3], grade),
        dim(&line(&check.scenario)),
        line(&check.summary)
    )
}

/// Width of the word before a figure.
const MOVEMENT: usize = 14;

/// A table; where it has not enough room, two lines for each figure.
fn figures(figures: &[FigureChange], room: usize) -> Vec<String> {
    if figures.is_empty() {
        return Vec::new();
    }
    let name = |figure: &FigureChange| format!("{} · {}", line(&figure.scenario), line(&figure.figure));
    let word = |movement: Movement| {
        let word = movement.name();
        match movement {
            Movement::Worse => bad(word),
            Movement::Inconclusive => doubtful(word),
            Movement::Same => dim(word),
            Movement::Better => good(word),
        }
    };
    let head = ["", "before", "after", "change", "interval"].map(str::to_owned).to_vec();
    let rows = figures.iter().map(|figure| std::iter::once(name(figure)).chain(cells(figure)).collect::<Vec<_>>());
    let table: Vec<_> = std::iter::once(head).chain(rows).collect();
    let lines = aligned(&table, true);
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    if MOVEMENT + widest > room {
        let narrow = figures.iter().flat_map(|figure| {
            let [before, after, change, interval] = cells(figure);
            let name = format!("{}  {}", word(figure.movement), name(figure));
            let moved = if figure.change.is_some() { format!(", {change} ({interval})") } else { String::new() };
            [name, format!("    {before} → {after}{moved}")]
        });
        return narrow.collect();
    }
    let lines = lines.into_iter().enumerate();
    let lines = lines.map(|(at, text)| match at.checked_sub(1).map(|at| figures[at].movement) {
        None => format!("{:MOVEMENT$}{}", "", dim(&text)),
        Some(movement) => format!("{}{:gap$}{text}", word(movement), "", gap = MOVEMENT - movement.name().len()),
    });
    lines.collect()
}
