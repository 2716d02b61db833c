//! The result of a run, as it is printed on standard output.

use std::io::{self, Write};
use std::path::PathBuf;

use super::file::failed;
use super::text::{self, Verbosity};
use super::{Record, ReportError, Reporter};
use crate::event::Event;

/// Prints the result on standard output when the run has ended.
#[derive(Debug)]
pub struct ResultPrinter {
    record: Record,
    verbosity: Verbosity,
    reports: Vec<PathBuf>,
    /// Columns of the terminal; none where it is printed elsewhere.
    columns: Option<usize>,
}

impl ResultPrinter {
    /// A printer of a run.
    pub fn new(verbosity: Verbosity) -> Self {
        Self { record: Record::default(), verbosity, reports: Vec::new(), columns: None }
    }

    /// Breaks lines for a terminal of so many columns.
    #[must_use]
    pub fn within(self, columns: Option<usize>) -> Self {
        Self { columns, ..self }
    }

    /// Names these files as the reports that were written.
    pub fn wrote(&mut self, reports: Vec<PathBuf>) {
        self.reports = reports;
    }

    /// A printer of a run that is over.
    pub fn of(record: Record, verbosity: Verbosity) -> Self {
        Self { record, verbosity, reports: Vec::new(), columns: None }
    }
}

impl Reporter for ResultPrinter {
    fn on_event(&mut self, event: &Event) {
        // the result shows no single second, and a run of hours has many
        if !matches!(event, Event::LoadInterval(_)) {
            self.record.apply(event);
        }
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let text = text::result(&self.record, self.verbosity, &self.reports, self.columns);
        let text = match self.columns {
            Some(columns) => text::wrapped(&text, columns),
            None => text,
        };
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // whoever reads has seen enough, as with `| head`
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|source| failed("write", "standard output".as_ref(), source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{LoadInterval, LoadStarted, ScenarioStarted};
    use crate::observe::{Interval, Latency, Outcomes};

    fn scenario() -> Event {
        Event::ScenarioStarted(ScenarioStarted {
            name: "Orders\u{1b}[2J".to_owned(),
            file: "a.yaml".to_owned(),
            description: String::new(),
            tags: Vec::new(),
            target: "reference".to_owned(),
            scheme: "basic".to_owned(),
            profile: "api-key-403".to_owned(),
            planned_checks: 12,
            terms: None,
        })
    }

    fn load() -> Event {
        Event::LoadStarted(LoadStarted { name: "steady".to_owned(), offered_rate: None, length_s: 22.0 })
    }

    fn second() -> Event {
        let interval = Interval {
            start_s: 6.0,
            length_s: 1.0,
            outcomes: Outcomes { granted: 1999, ..Outcomes::default() },
            unexpected: 0,
            response_time_us: Latency::default(),
            histogram: String::new(),
        };
        Event::LoadInterval(LoadInterval { phase: "steady".to_owned(), interval })
    }

    #[test]
    fn the_result_keeps_no_single_second() {
        let mut printer = ResultPrinter::new(Verbosity::default());
        [scenario(), load(), second(), second()].iter().for_each(|event| printer.on_event(event));
        let [scenario] = printer.record.scenarios.as_slice() else { panic!("one scenario") };
        assert_eq!(scenario.load.len(), 1);
        assert!(scenario.load[0].intervals.is_empty());
    }
}
