//! What is printed: a line of progress on standard error, the result on standard output.

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::escape::line;
use super::file::failed;
use super::text::{self, Verbosity};
use super::units::{length, rate, time};
use super::{Counts, Record, ReportError, Reporter};
use crate::check::Verdict;
use crate::clock;
use crate::event::Event;
use crate::observe::Interval;

/// How often a live line is drawn, at most.
const LIVE: Duration = Duration::from_millis(100);
/// How often a line is written where nobody watches, at most.
const PLAIN: Duration = Duration::from_secs(10);

/// Prints the result on standard output when the run has ended.
#[derive(Debug)]
pub struct ResultPrinter {
    record: Record,
    verbosity: Verbosity,
    reports: Vec<PathBuf>,
}

impl ResultPrinter {
    /// A printer that names these files as the reports of the run.
    pub fn new(verbosity: Verbosity, reports: Vec<PathBuf>) -> Self {
        Self { record: Record::default(), verbosity, reports }
    }

    /// A printer of a run that is over.
    pub fn of(record: Record, verbosity: Verbosity) -> Self {
        Self { record, verbosity, reports: Vec::new() }
    }
}

impl Reporter for ResultPrinter {
    fn on_event(&mut self, event: &Event) {
        self.record.apply(event);
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let text = text::result(&self.record, self.verbosity, &self.reports);
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // whoever reads has seen enough, as with `| head`
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|source| failed("write", "standard output".as_ref(), source)),
        }
    }
}

/// Shows on standard error how far the run is: one live line on a terminal, a line now and then elsewhere.
#[derive(Debug)]
pub struct Progress {
    live: bool,
    state: State,
    shown: Option<Instant>,
}

impl Progress {
    /// Progress in the form that suits what standard error is connected to.
    pub fn new() -> Self {
        Self { live: io::stderr().is_terminal(), state: State::default(), shown: None }
    }

    fn show(&mut self, now: Instant) {
        self.shown = Some(now);
        let status = self.state.line();
        // autowrap is off while the line is drawn, so that a long one is cut and not repeated
        let text = if self.live { format!("\r\x1b[2K\x1b[?7l{status}\x1b[?7h") } else { format!("{status}\n") };
        print(&text);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Reporter for Progress {
    fn on_event(&mut self, event: &Event) {
        self.state.apply(event);
        let (now, pause) = (clock::now(), if self.live { LIVE } else { PLAIN });
        match self.shown {
            // a run that takes a moment needs no line where nobody watches
            None if !self.live => self.shown = Some(now),
            Some(last) if now.duration_since(last) < pause => {}
            _ => self.show(now),
        }
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        if self.live && self.shown.is_some() {
            print("\r\x1b[2K");
        }
        Ok(())
    }
}

/// Progress that cannot be shown is no reason to stop.
fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// What the line shows. Counts only, for a record of a long run would grow.
#[derive(Debug, Default)]
struct State {
    scenario: String,
    planned: usize,
    counts: Counts,
    executed: usize,
    phase: Option<Phase>,
}

#[derive(Debug)]
struct Phase {
    name: String,
    length_s: f64,
    interval: Option<Interval>,
}

impl State {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::ScenarioStarted(started) => {
                self.scenario.clone_from(&started.name);
                (self.planned, self.executed, self.phase) = (started.planned_checks, 0, None);
            }
            Event::CheckFinished(check) => {
                self.counts.add(check);
                self.executed += usize::from(check.verdict.executed() || check.verdict == Verdict::Inconclusive);
            }
            Event::LoadStarted(started) => {
                self.phase = Some(Phase { name: started.name.clone(), length_s: started.length_s, interval: None });
            }
            Event::LoadInterval(second) => {
                if let Some(phase) = &mut self.phase {
                    phase.interval = Some(Interval { histogram: String::new(), ..second.interval.clone() });
                }
            }
            Event::LoadFinished(_) => self.phase = None,
            _ => {}
        }
    }

    fn line(&self) -> String {
        let mut parts = vec![line(&self.scenario)];
        match &self.phase {
            Some(phase) => parts.extend(phase.parts()),
            None if self.planned > 0 => parts.push(format!("{} of {} checks", self.executed, self.planned)),
            None => {}
        }
        let told = [Verdict::Fail, Verdict::Warn, Verdict::Inconclusive, Verdict::Pass];
        let counted = told.iter().map(|verdict| (verdict, self.counts.of_verdict(*verdict)));
        let counted: Vec<_> =
            counted.filter(|(_, count)| *count > 0).map(|(verdict, count)| format!("{count} {verdict}")).collect();
        parts.extend((!counted.is_empty()).then(|| counted.join(" ")));
        parts.retain(|part| !part.is_empty());
        parts.join(" · ")
    }
}

impl Phase {
    fn parts(&self) -> Vec<String> {
        let mut parts = vec![line(&self.name)];
        match &self.interval {
            None => parts.push(format!("{} to go", length(self.length_s))),
            Some(interval) => {
                let (at, times) = (interval.start_s + interval.length_s, &interval.response_time_us);
                parts.push(format!("second {at:.0} of {:.0}", self.length_s));
                parts.push(rate(interval.outcomes.total() as f64 / interval.length_s.max(f64::EPSILON)));
                parts.push(format!("p50 {} p99 {}", time(times.p50), time(times.p99)));
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{LoadInterval, LoadStarted, ScenarioStarted};
    use crate::observe::{Latency, Outcomes};

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
        })
    }

    #[test]
    fn the_line_says_what_is_happening() {
        let mut state = State::default();
        assert_eq!(state.line(), "");
        state.apply(&scenario());
        assert_eq!(state.line(), "Orders\u{fffd}[2J · 0 of 12 checks");
        state.apply(&Event::LoadStarted(LoadStarted { name: "steady".to_owned(), offered_rate: None, length_s: 22.0 }));
        assert_eq!(state.line(), "Orders\u{fffd}[2J · steady · 22 s to go");
        let interval = Interval {
            start_s: 6.0,
            length_s: 1.0,
            outcomes: Outcomes { accepted: 1999, ..Outcomes::default() },
            unexpected: 0,
            response_time_us: Latency { p50: 412.0, p99: 1840.0, ..Latency::default() },
            histogram: String::new(),
        };
        state.apply(&Event::LoadInterval(LoadInterval { phase: "steady".to_owned(), interval }));
        assert_eq!(state.line(), "Orders\u{fffd}[2J · steady · second 7 of 22 · 1999/s · p50 412 µs p99 1.84 ms");
    }
}
