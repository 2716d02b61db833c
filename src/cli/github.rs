//! What GitHub Actions shows of a run: annotations of the scenario's lines, and a summary of the step.

use std::ffi::OsStr;
use std::path::Path;

use super::print;
use crate::event::Event;
use crate::report::{Record, ReportError, Reporter, append_to_file, format};

/// Whether the run is to be shown there: because it was asked for, or because it runs there.
pub(super) fn is_wanted(asked: bool) -> bool {
    asked || std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Annotations on standard output, behind the result; and the summary, where the step has a file for it.
pub(super) fn reporters() -> Vec<Box<dyn Reporter>> {
    let mut reporters: Vec<Box<dyn Reporter>> = vec![Box::new(Annotations::default())];
    let file = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    let summary = file.as_deref().map(|path: &OsStr| append_to_file(summary_format(), Path::new(path)));
    reporters.extend(summary.map(|reporter| Box::new(reporter) as Box<dyn Reporter>));
    reporters
}

fn summary_format() -> &'static crate::report::Format {
    format("md").expect("is among the formats")
}

/// Prints workflow commands when the run is over.
#[derive(Default)]
struct Annotations {
    record: Record,
}

impl Reporter for Annotations {
    fn on_event(&mut self, event: &Event) {
        self.record.apply(event);
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let commands = (format("github").expect("is among the formats").render)(&self.record)?;
        String::from_utf8_lossy(&commands).lines().for_each(print::line);
        Ok(())
    }
}
