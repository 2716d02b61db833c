//! Lines on standard output and standard error.

use std::io::{IsTerminal as _, Write as _};

/// A line on standard output. A reader that has left early is no failure.
pub(super) fn line(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// An indented paragraph on standard output, broken between words where that is a terminal.
pub(super) fn paragraph(text: &str) {
    let text = match output_columns() {
        Some(columns) => crate::report::wrapped(text, columns.min(COLUMNS).saturating_sub(2)),
        None => text.to_owned(),
    };
    text.lines().for_each(|part| line(&format!("  {}", part.trim_start())));
}

/// A line on standard error.
pub(super) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Columns of a terminal that nobody can ask.
const COLUMNS: usize = 100;
/// Rows of it.
const ROWS: usize = 24;

/// Columns of the terminal on standard error.
pub(super) fn error_columns() -> usize {
    columns(std::io::stderr()).unwrap_or(COLUMNS)
}

/// Rows of the terminal on standard error.
pub(super) fn error_rows() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok();
    size.map(|size| usize::from(size.ws_row)).filter(|rows| *rows > 0).unwrap_or(ROWS)
}

/// Columns of the terminal on standard output; none where it is no terminal.
pub(super) fn output_columns() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| columns(std::io::stdout()).unwrap_or(COLUMNS))
}

fn columns(stream: impl rustix::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Whether standard error shows colours.
pub(super) fn error_is_coloured() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
