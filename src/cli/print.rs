//! Lines on standard output and standard error.

use std::io::Write as _;

/// A line on standard output. A reader that has left early is no failure.
pub(super) fn line(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// A line on standard error.
pub(super) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Whether standard error shows colours.
pub(super) fn error_is_coloured() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
