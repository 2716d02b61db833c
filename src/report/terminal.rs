//! What is printed: a line of progress on standard error, the result on standard output.

use std::io::{self, Write};
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
    /// A printer of a run.
    pub fn new(verbosity: Verbosity) -> Self {
        Self { record: Record::default(), verbosity, reports: Vec::new() }
    }

    /// Names these files as the reports that were written.
    pub fn wrote(&mut self, reports: Vec<PathBuf>) {
        self.reports = reports;
    }

    /// A printer of a run that is over.
    pub fn of(record: Record, verbosity: Verbosity) -> Self {
        Self { record, verbosity, reports: Vec::new() }
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
    began: Instant,
    /// When a line was shown last, and which.
    shown: Option<(Instant, String)>,
}

impl Progress {
    /// How often [`Progress::tick`] wants to be called.
    pub const TICK: Duration = Duration::from_millis(250);

    /// Progress as one live line, or as a line now and then.
    pub fn new(live: bool) -> Self {
        Self { live, state: State::default(), began: clock::now(), shown: None }
    }

    /// Shows the line anew where it is due, so that a reader sees that the run lives even while nothing ends.
    pub fn tick(&mut self) {
        let now = clock::now();
        let (pause, last) = if self.live { (LIVE, self.began) } else { (PLAIN, self.began) };
        let last = self.shown.as_ref().map_or(last, |(at, _)| *at);
        // a run that takes a moment needs no line where nobody watches
        if now.duration_since(last) < pause && (self.shown.is_some() || !self.live) {
            return;
        }
        let status = self.state.line(now.duration_since(self.began));
        if self.live {
            // what stands there already is not drawn again: nothing flickers, and a reader may select it
            if self.shown.as_ref().is_none_or(|(_, text)| *text != status) {
                print(&live(&status));
            }
        } else {
            print(&format!("{status}\n"));
        }
        self.shown = Some((now, status));
    }
}

impl Reporter for Progress {
    fn on_event(&mut self, event: &Event) {
        self.state.apply(event);
        self.tick();
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        if self.live && self.shown.is_some() {
            print(CLEAR);
        }
        Ok(())
    }
}

/// Back to the start of the line, and nothing on it.
const CLEAR: &str = "\r\x1b[2K";

/// A line over the one that stands there. Wrapping is off while it is drawn, so that one which is too long for the terminal
/// is cut and not carried on to a next line, where it would stay; what is left of a longer one is cleared last.
fn live(status: &str) -> String {
    format!("\r\x1b[?7l{status}\x1b[K\x1b[?7h")
}

/// A message between lines of progress, on a line of its own.
pub fn interject(text: &str, live: bool) {
    print(&format!("{}{text}\n", if live { CLEAR } else { "" }));
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

    /// What is happening, and how long the run takes already.
    fn line(&self, since: Duration) -> String {
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
        if parts.is_empty() {
            parts.push("starting".to_owned());
        }
        parts.push(format!("{} s", since.as_secs()));
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
            response_time_us: Latency { p50: 412.0, p99: 1840.0, ..Latency::default() },
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

    #[test]
    fn the_line_says_what_is_happening() {
        let mut state = State::default();
        let line = |state: &State| state.line(Duration::from_millis(7900));
        assert_eq!(line(&state), "starting · 7 s");
        state.apply(&scenario());
        assert_eq!(line(&state), "Orders\u{fffd}[2J · 0 of 12 checks · 7 s");
        state.apply(&load());
        assert_eq!(line(&state), "Orders\u{fffd}[2J · steady · 22 s to go · 7 s");
        state.apply(&second());
        assert_eq!(line(&state), "Orders\u{fffd}[2J · steady · second 7 of 22 · 1999/s · p50 412 µs p99 1.84 ms · 7 s");
    }

    #[test]
    fn a_live_line_is_drawn_over_the_last_and_never_wraps() {
        let text = live("abc");
        assert!(text.starts_with("\r\x1b[?7l") && text.ends_with("abc\x1b[K\x1b[?7h"), "{text:?}");
        assert!(!text.contains('\n'));
    }
}
