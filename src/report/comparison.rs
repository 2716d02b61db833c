//! Two runs beside each other, in words and as Markdown.

use std::fmt::Write as _;

use super::escape::{line, markdown};
use super::units::{difference, rate, time};
use crate::check::Verdict;
use crate::event::comparison::{CheckChange, Comparison, FigureChange, Movement, Scale, Unit};

/// What a comparison came to, in one line.
pub fn outcome(comparison: &Comparison) -> String {
    match comparison.regressions() {
        0 if comparison.is_empty() => "nothing could be decided".to_owned(),
        0 => "no regression".to_owned(),
        1 => "1 regression".to_owned(),
        many => format!("{many} regressions"),
    }
}

/// The comparison as it is shown on a terminal of so many columns, with styles; none where it is printed elsewhere.
pub fn text(comparison: &Comparison, columns: Option<usize>) -> String {
    let text = super::text::comparison(comparison, columns);
    match columns {
        Some(columns) => super::text::wrapped(&text, columns),
        None => text,
    }
}

/// The comparison for a pull request or a CI step.
pub fn as_markdown(comparison: &Comparison) -> String {
    let sign = if comparison.regressions() > 0 { "❌" } else { "✅" };
    let mut text = format!("## {sign} {}\n\n", markdown(&outcome(comparison)));
    let (before, after) = (&comparison.before, &comparison.after);
    let _ = writeln!(text, "{} against {} · {}\n", markdown(&after.name), markdown(&before.name), counted(comparison));
    if !comparison.checks.is_empty() {
        text.push_str(
            "| check | scenario | change | before | after | severity |\n| --- | --- | --- | --- | --- | --- |\n",
        );
    }
    for check in &comparison.checks {
        let emphasis = if check.regression { "**" } else { "" };
        let _ = writeln!(
            text,
            "| {} | {} | {emphasis}{}{emphasis} | {} | {} | {} |",
            markdown(&check.id),
            markdown(&check.scenario),
            check.change.name(),
            verdict(check.before),
            verdict(check.after),
            check.severity.name()
        );
    }
    if !comparison.figures.is_empty() {
        text.push_str("\n| measurement | scenario | before | after | change | interval | verdict |\n");
        text.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    }
    for figure in &comparison.figures {
        let emphasis = if figure.movement == Movement::Worse { "**" } else { "" };
        let [before, after, change, interval] = cells(figure);
        let _ = writeln!(
            text,
            "| {} | {} | {before} | {after} | {change} | {interval} | {emphasis}{}{emphasis} |",
            markdown(&figure.figure),
            markdown(&figure.scenario),
            figure.movement.name()
        );
    }
    for note in notes(comparison) {
        let _ = writeln!(text, "\n{}", markdown(&note));
    }
    text
}

/// Notes, and why figures came to nothing, each once.
pub(super) fn notes(comparison: &Comparison) -> Vec<String> {
    let mut notes = comparison.notes.clone();
    for figure in comparison.figures.iter().filter(|figure| !figure.why.is_empty()) {
        let of = figure.figure.split(" of ").last().unwrap_or_default();
        let note = match figure.scale {
            Scale::Difference => figure.why.clone(),
            Scale::Ratio if figure.change.is_none() => format!("{of}: {}", figure.why),
            Scale::Ratio => continue,
        };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// `2 checks changed, 51 as before, 4 measurements`
pub(super) fn counted(comparison: &Comparison) -> String {
    let changed = super::units::counted(comparison.checks.len(), "check");
    let figures = super::units::counted(comparison.figures.len(), "measurement");
    format!("{changed} changed, {} as before, {figures}", comparison.unchanged)
}

/// A verdict, or that there is none.
pub(super) fn verdict(verdict: Option<Verdict>) -> &'static str {
    verdict.map_or("–", Verdict::name)
}

/// `pass → fail`
pub(super) fn verdicts(check: &CheckChange) -> String {
    format!("{} → {}", verdict(check.before), verdict(check.after))
}

/// Before, after, the change and its interval.
pub(super) fn cells(figure: &FigureChange) -> [String; 4] {
    let value = |value: f64| match figure.unit {
        Unit::Microseconds => time(value),
        Unit::PerSecond => rate(value),
    };
    let change = |value: f64| match (figure.scale, figure.unit) {
        (Scale::Ratio, _) => format!("×{value:.2}"),
        (Scale::Difference, Unit::Microseconds) => difference(value),
        (Scale::Difference, Unit::PerSecond) => rate(value),
    };
    let (moved, interval) = match &figure.change {
        Some(moved) => (change(moved.value), format!("{} … {}", change(moved.low), change(moved.high))),
        None => ("–".to_owned(), "–".to_owned()),
    };
    [line(&value(figure.before)), line(&value(figure.after)), moved, interval]
}
