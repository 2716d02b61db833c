//! How far a run is, on standard error: a few live lines on a terminal, a plain line now and then elsewhere. Findings are
//! printed as they occur.

mod fit;
mod region;
mod state;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::clock;
use crate::event::Event;
use crate::observe::Activity;

use super::text::wrapped;
use super::{ReportError, Reporter};
use region::Region;
use state::{Moment, State};

/// How often live lines are drawn, at most.
const LIVE: Duration = Duration::from_millis(100);
/// How often a line is written where nobody watches, at most.
const PLAIN: Duration = Duration::from_secs(10);

/// Who watches a run, and how.
pub struct Watching {
    /// Whether lines can be drawn over.
    pub live: bool,
    /// Whether colours are shown.
    pub coloured: bool,
    /// Columns of the terminal at this moment.
    pub columns: fn() -> usize,
    /// Rows of it.
    pub rows: fn() -> usize,
    /// What the run does at this moment.
    pub activity: Activity,
    /// How long the load phases and the overhead study of each scenario take, in seconds.
    pub measured_s: Vec<f64>,
}

/// Shows on standard error how far the run is.
pub struct Progress {
    watching: Watching,
    state: State,
    began: Instant,
    /// When lines were shown last.
    shown: Option<Instant>,
    region: Region,
}

impl Progress {
    /// How often [`Progress::tick`] wants to be called.
    pub const TICK: Duration = Duration::from_millis(250);

    /// Progress for whoever watches.
    pub fn new(watching: Watching) -> Self {
        let state = State::new(watching.measured_s.clone());
        Self { watching, state, began: clock::now(), shown: None, region: Region::default() }
    }

    /// Shows the lines anew where they are due, so that a reader sees that the run lives even while nothing ends.
    pub fn tick(&mut self) {
        let now = clock::now();
        let pause = if self.watching.live { LIVE } else { PLAIN };
        let last = self.shown.unwrap_or(self.began);
        // a run that takes a moment needs no line where nobody watches
        if now.duration_since(last) < pause && (self.shown.is_some() || !self.watching.live) {
            return;
        }
        self.show(now);
    }

    fn show(&mut self, now: Instant) {
        let lines = self.state.lines(&self.moment(now));
        if self.watching.live {
            // what erases the rest of a line also erases a character in the last column
            let width = (self.watching.columns)().saturating_sub(1);
            // nothing that scrolled away can be drawn over
            let lines = lines.iter().take((self.watching.rows)().saturating_sub(1).max(1));
            let lines: Vec<_> = lines.map(|line| line.fitted(width, self.watching.coloured)).collect();
            print(&self.region.drawn(&lines));
        } else {
            let parts: Vec<_> = lines.iter().map(fit::StatusLine::plain).collect();
            print(&format!("{}\n", parts.join(" · ")));
        }
        self.shown = Some(now);
    }

    fn moment(&self, now: Instant) -> Moment {
        let activity = &self.watching.activity;
        Moment { now, since: now.duration_since(self.began), doing: activity.ongoing(), study: activity.study() }
    }
}

impl Reporter for Progress {
    fn on_event(&mut self, event: &Event) {
        let occurred = self.state.apply(event, clock::now());
        for line in &occurred {
            let text = match self.watching.live {
                true => wrapped(&line.styled(self.watching.coloured), (self.watching.columns)()),
                false => line.styled(self.watching.coloured),
            };
            print(&format!("{}{text}\n", self.region.cleared()));
        }
        if self.watching.live && !occurred.is_empty() {
            self.show(clock::now());
        }
        self.tick();
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        print(&self.region.cleared());
        Ok(())
    }
}

/// A message between lines of progress, on a line of its own.
pub fn interject(text: &str, live: bool) {
    print(&format!("{}{text}\n", if live { region::cleared() } else { String::new() }));
}

/// Progress that cannot be shown is no reason to stop.
fn print(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
