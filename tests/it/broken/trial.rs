//! Runs one scenario in this process, and keeps what the tests ask about.

use std::sync::atomic::{AtomicUsize, Ordering};

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event, Finding, Note};
use authbench::exit::Exit;
use authbench::run::{Launch, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};

/// Scenarios that run at a time; nearly all of a run is waiting.
const AT_A_TIME: usize = 8;

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) results: Vec<CheckResult>,
    pub(crate) notes: Vec<Note>,
    /// Failures by their cause.
    pub(crate) findings: Vec<Finding>,
    /// Why the figures of a load phase prove nothing: mostly that this machine is busy.
    pub(crate) doubt: Option<String>,
}

impl Ended {
    /// The exit code, without what only says that this machine was too busy to measure the load.
    pub(crate) fn code(&self) -> u8 {
        let open = self.results.iter().any(|result| result.verdict == Verdict::Inconclusive);
        if self.exit == Exit::Inconclusive && self.doubt.is_some() && !open { 0 } else { self.exit.code() }
    }

    /// The verdict of a check or of a lane (`load.…`).
    pub(crate) fn verdict(&self, id: &str) -> Option<Verdict> {
        self.results.iter().find(|result| result.id == id).map(|result| result.verdict)
    }

    /// Everything that was found, for the message of an assertion.
    pub(crate) fn told(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("    {:?}: {}\n", note.kind, note.text));
        let results = self.results.iter().map(|result| {
            let rest: String = result.deviations.iter().map(|line| format!("        {line}\n")).collect();
            format!("    {} {}: {}\n{rest}", result.verdict, result.id, result.summary)
        });
        let doubt = self.doubt.iter().map(|doubt| format!("    load: {doubt}\n"));
        let findings = self.findings.iter().map(|one| {
            let (check, cause, also) = (&one.check, one.cause.name(), one.also_affected.join(" "));
            format!("    finding {check} at {} {}: {cause}, also {also}\n", one.method, one.endpoint)
        });
        let lines: String = doubt.chain(notes).chain(findings).chain(results).collect();
        format!("  exit {}\n{lines}", self.exit.code())
    }
}

/// Runs it again where the machine was too busy to measure the load; what came of the last try.
pub(crate) fn unless_busy<R>(one: impl Fn() -> R, ended: impl Fn(&R) -> &Ended) -> R {
    let mut tries = std::iter::repeat_with(&one).take(2);
    tries.find(|run| ended(run).doubt.is_none()).unwrap_or_else(&one)
}

/// Runs a scenario; `watch` sees each event as it happens.
pub(crate) fn of(scenario: &str, watch: &mut dyn FnMut(&Event)) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    std::fs::write(&file, scenario).expect("writes");
    let mut options = Options::new(Launch::InProcess);
    // one after another, so that what a server counts is the same each time
    options.jobs = 1;
    options.threads = Some(1);
    let loaded = load_paths(&[file]).unwrap_or_else(|errors| panic!("{}\n{scenario}", errors[0].render(false)));
    let ready = prepare(loaded, Some(&NoVariables), &options).unwrap_or_else(|_| panic!("is not ready:\n{scenario}"));
    let (mut results, mut notes, mut findings, mut doubt) = (Vec::new(), Vec::new(), Vec::new(), None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let exit = runtime.block_on(run(ready, &options, &mut |event| {
        watch(&event);
        match event {
            Event::CheckFinished(result) => results.push(*result),
            Event::Note(note) => notes.push(note),
            Event::ScenarioFinished(finished) => findings = finished.findings.unwrap_or_default(),
            Event::LoadFinished(figures) => doubt = figures.inconclusive,
            _ => {}
        }
    }));
    Ended { exit, results, notes, findings, doubt }
}

/// Does all of these, several at a time; what came of them, in their order.
pub(crate) fn all<T: Sync, R: Send>(items: &[T], one: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, one(item)));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(take)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect::<Vec<_>>()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
