//! The waivers of a run, each with whether it was needed.

use std::cell::Cell;

use jiff::civil::Date;

use super::{Options, Ready};
use crate::drive::stop::Stop;
use crate::event::{CheckResult, Event, Note, NoteKind, SourcePlace};
use crate::judge::waiver::{self, WaivedTarget, WaiverUse};
use crate::scenario::At;
use crate::scenario::model::Waiver;

/// The waivers of a run, each with whether it was needed.
pub(super) struct Ledger {
    entries: Vec<Entry>,
    today: Date,
    /// Whether enough runs to say that nothing needed a waiver.
    whole: bool,
    stop: Stop,
}

struct Entry {
    waiver: Waiver,
    place: SourcePlace,
    /// The scenario that it is written in; none for one in a file, which speaks of all scenarios.
    scenario: Option<usize>,
    needed: Cell<bool>,
    concerned: Cell<bool>,
}

impl Ledger {
    /// All waivers of all scenarios, and of the files that they name, each file once.
    pub(super) fn of(scenarios: &[Ready], options: &Options) -> Self {
        let (today, stop) = (options.wall.today(), options.stop.clone());
        let mut ledger = Self { entries: Vec::new(), today, whole: options.is_whole(), stop };
        let mut files: Vec<&str> = Vec::new();
        for (at, ready) in scenarios.iter().enumerate() {
            let loaded = &ready.loaded;
            ledger.add(&loaded.file, &loaded.scenario.conformance.waivers, Some(at));
            for file in &loaded.waiver_files {
                if !files.contains(&file.file.as_str()) {
                    files.push(&file.file);
                    ledger.add(&file.file, &file.waivers, None);
                }
            }
        }
        ledger
    }

    fn add(&mut self, file: &str, waivers: &[At<Waiver>], scenario: Option<usize>) {
        self.entries.extend(waivers.iter().map(|waiver| Entry {
            waiver: waiver.value.clone(),
            place: SourcePlace { file: file.to_owned(), line: waiver.place.line, column: waiver.place.column },
            scenario,
            needed: Cell::new(false),
            concerned: Cell::new(false),
        }));
    }

    /// Waives the cells of a result that a waiver names.
    pub(super) fn apply(&self, scenario: usize, target: WaivedTarget<'_>, result: &mut CheckResult) {
        let cells = result.all_cells();
        let mut waived = vec![None; cells.len()];
        for entry in self.entries.iter().filter(|entry| entry.scenario.is_none_or(|own| own == scenario)) {
            entry.concerned.set(entry.concerned.get() || waiver::concerns(&entry.waiver, target));
            if waiver::mark(&entry.waiver, result, target, self.today, (&cells, &mut waived)) {
                entry.needed.set(true);
            }
        }
        waiver::apply(result, waived);
    }

    /// Excuses the waivers of a scenario that could not be tested: nobody knows whether they are needed.
    pub(super) fn excuse(&self, scenario: usize) {
        let concerned = self.entries.iter().filter(|entry| entry.scenario.is_none_or(|own| own == scenario));
        concerned.for_each(|entry| entry.needed.set(true));
    }

    /// Tells what is wrong with the waivers of a scenario, or with those in files; how many findings there are.
    pub(super) fn tell(&self, scenario: Option<usize>, sink: &mut dyn FnMut(Event)) -> usize {
        let own = self.entries.iter().filter(|entry| entry.scenario == scenario);
        let mut findings = 0;
        for note in own.filter_map(|entry| self.trouble(entry)) {
            findings += usize::from(note.kind == NoteKind::Finding);
            sink(Event::Note(note));
        }
        findings
    }

    fn trouble(&self, entry: &Entry) -> Option<Note> {
        let used = WaiverUse {
            needed: entry.needed.get(),
            concerned: entry.concerned.get(),
            of_file: entry.scenario.is_none(),
            decided: self.whole && !self.stop.is_requested(),
        };
        waiver::trouble(&entry.waiver, &entry.place, used, self.today)
    }
}
