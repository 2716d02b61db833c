//! The whole pipeline on one page: scenario, plan, drive, observe, judge, event. The only module that knows every stage.

mod capacity;
mod cases;
mod conformance;
mod descriptors;
mod equip;
mod failures;
mod http2;
mod isolate;
mod keys;
mod load;
mod login_server;
mod options;
mod overhead;
mod phase;
mod phase_error;
mod pool;
mod ready;
mod receivers;
mod renewal;
pub mod selftest;
mod shards;
mod start;
mod tally;
mod testable;
mod threshold;
mod waiver;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::CATALOGUE_VERSION;
use crate::check::profile::Effective;
use crate::clock;
use crate::drive::probe::Prober;
use crate::drive::stop::Stop;
use crate::event::{
    CheckResult, Event, FORMAT, Machine, Note, NoteKind, RunFinished, RunStarted, ScenarioFinished, ScenarioStarted,
    SourcePlace,
};
use crate::exit::Exit;
use crate::judge::cause::{self, FailedCheck};
use crate::judge::waiver::WaivedTarget;
use crate::judge::{Conclusion, Ending};
use crate::observe::Doing;
use crate::plan::overhead::OverheadStudy;
use crate::plan::subject::{Login, Subject};
use crate::plan::{PlannedCheck, Selection};
use crate::scenario::{LoadedScenario, Position};
use crate::secret::Scrubber;
use crate::target::proxy::Proxy;
use crate::target::{Running, StartError};

use equip::{EquipError, Equipped, equip, scrubber_of};
use failures::Failures;
use isolate::Isolated;
use ready::profile_of;
use testable::Untestable;
use waiver::Ledger;

pub use options::{Only, Options};
pub use ready::{Ready, plan_of, prepare};
pub use shards::Start;
pub use start::Launch;

/// Runs scenarios one after another; every result goes to the sink.
pub async fn run(scenarios: Vec<Ready>, options: &Options, sink: &mut dyn FnMut(Event)) -> Exit {
    sink(Event::RunStarted(RunStarted {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        catalogue: CATALOGUE_VERSION,
        started: clock::timestamp(),
        seed: options.seed,
        machine: machine(),
        shard: shards::part(options),
    }));
    // a limit of failures ends the parts; only a signal ends the whole as interrupted
    let mut stop = options.stop.below();
    let timer = options.max_time.map(|time| {
        stop = stop.clone().until(clock::after(clock::now(), time));
        let stop = stop.clone();
        Isolated::start(async move {
            tokio::time::sleep(time).await;
            stop.request_for_time();
        })
    });
    let part = Options { stop, ..options.clone() };
    // one shard sees a part of the failures: none ends by their number
    let most_failures = options.max_failures.filter(|_| !options.shard.splits());
    let mut failures = Failures::new(most_failures, options.fail_on, part.stop.clone());
    let mut ending = Ending::new(options.fail_on);
    let mut counted = |event: Event| {
        let note = failures.count(&event);
        ending.count(&event);
        sink(event);
        note.into_iter().for_each(&mut *sink);
    };
    let mut exit = None;
    let ledger = Ledger::of(&scenarios, &part);
    for (at, scenario) in scenarios.into_iter().enumerate() {
        if part.stop.is_requested() && !part.stop.time_is_over() {
            break;
        }
        // on the heap: a thread of tests has 2 MiB for all of it
        let ended = Box::pin(one(scenario, &part, Turn { at, ledger: &ledger }, &mut counted)).await;
        exit = Some(exit.map_or(ended, |exit: Exit| exit.worst(ended)));
    }
    if !options.shard.splits() && ledger.tell(None, &mut counted) > 0 {
        exit = exit.map(|exit| exit.worst(Exit::Findings));
    }
    let exit = exit.unwrap_or(Exit::NothingSelected);
    let exit = if options.shard.splits() { exit.of_shard() } else { exit };
    // whatever inconclusive ends are to count as, and whichever shard this is: not all was done
    let exit = if part.stop.time_is_over() { exit.worst(Exit::Inconclusive) } else { exit };
    drop(timer);
    let exit = if options.stop.is_requested() { exit.worst(Exit::of_signal(options.stop.signal())) } else { exit };
    sink(Event::RunFinished(RunFinished {
        finished: clock::timestamp(),
        exit_code: exit.code(),
        reason: ending.reason(conclusion_of(exit, options), reason(exit, options)),
    }));
    exit
}

/// What an exit means; a shard that did its part has no verdict.
pub fn reason(exit: Exit, options: &Options) -> &'static str {
    match exit {
        Exit::Passed if options.shard.splits() => "this shard is recorded; `authbench merge` gives the verdict",
        exit => exit.reason(),
    }
}

/// What an exit concludes about the target; a shard concludes nothing.
fn conclusion_of(exit: Exit, options: &Options) -> Option<Conclusion> {
    match exit {
        Exit::Passed if !options.shard.splits() => Some(Conclusion::Passed),
        Exit::Findings => Some(Conclusion::Findings),
        Exit::Inconclusive => Some(Conclusion::Inconclusive),
        _ => None,
    }
}

fn machine() -> Machine {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu: model.map(|(_, name)| name.trim().to_owned()).unwrap_or_default(),
        cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

/// What the parts of a scenario share while it runs.
struct Session<'a> {
    loaded: &'a LoadedScenario,
    subject: Arc<Subject>,
    prober: Arc<Prober>,
    profile: Effective,
    selection: &'a Selection,
    options: &'a Options,
    scrubber: Scrubber,
    target: &'a Running,
    /// Why nothing can be proven; none where a good credential opens something.
    untestable: Option<Untestable>,
    turn: Turn<'a>,
}

/// A scenario's place in the run.
#[derive(Clone, Copy)]
struct Turn<'a> {
    at: usize,
    ledger: &'a Ledger,
}

impl Session<'_> {
    fn place(&self, place: Position) -> SourcePlace {
        SourcePlace { file: self.loaded.file.clone(), line: place.line, column: place.column }
    }

    /// Whether something asks for less than everything: then that nothing ran is no surprise.
    fn is_filtered(&self) -> bool {
        let conformance = &self.loaded.scenario.conformance;
        let options = self.options;
        !options.checks.is_empty()
            || options.only.is_some()
            || options.narrowed
            || !conformance.include.is_empty()
            || !conformance.exclude.is_empty()
    }

    /// The same for another subject at the same target, with what talks to it.
    fn of_another(&self, subject: Arc<Subject>, prober: Arc<Prober>) -> Session<'_> {
        Session {
            subject,
            prober,
            loaded: self.loaded,
            profile: self.profile.clone(),
            selection: self.selection,
            options: self.options,
            scrubber: self.scrubber.clone(),
            target: self.target,
            untestable: None,
            turn: self.turn,
        }
    }

    /// Waives a result, if somebody answers for it.
    fn waive(&self, result: &mut CheckResult) {
        let target = WaivedTarget { name: &self.target.name, base: &self.target.base };
        self.turn.ledger.apply(self.turn.at, target, result);
    }
}

async fn one(ready: Ready, options: &Options, turn: Turn<'_>, sink: &mut dyn FnMut(Event)) -> Exit {
    let Ready { loaded, mut subject, selection, comparison, launch, .. } = ready;
    let profile = profile_of(&loaded, &subject);
    // what a target says in an error may repeat what it was sent
    let mut scrubber = scrubber_of(&subject);
    scrubber.spare(&loaded.scenario.name);
    let proxy = launch.proxy(options);
    if let Some(proxy) = &proxy {
        proxy.secrets().iter().for_each(|secret| scrubber.add(secret.expose().as_bytes()));
    }
    let sides = comparison.iter().flat_map(|study| std::iter::once(&study.baseline).chain(&study.schemes));
    for secret in sides.flat_map(|side| side.subject.secrets()) {
        scrubber.add(secret.expose().as_bytes());
    }
    let sink = &mut |event: Event| sink(scrubbed(event, &scrubber));
    let listener = match options.wants(Only::Conformance) {
        true => keys::listen(&mut subject, &launch).await,
        false => Ok(None),
    };
    let started = |target: String, planned: usize| {
        Event::ScenarioStarted(ScenarioStarted {
            name: loaded.scenario.name.clone(),
            file: loaded.file.clone(),
            description: loaded.scenario.description.clone(),
            tags: loaded.scenario.tags.clone(),
            target,
            scheme: subject.scheme.name().to_owned(),
            profile: profile.name().to_owned(),
            planned_checks: planned,
            terms: options.shard.splits().then(|| Box::new(shards::terms(&loaded, &subject, options))),
        })
    };
    let stop = &options.stop;
    let starting = options.activity.shows(Doing::Step("starting the target".to_owned()));
    let began = stop.unless_requested(start::start(&launch, options)).await;
    drop(starting);
    let running = match began {
        None => {
            sink(started(launch.name(), 0));
            return cannot_be_tested(&Untestable::ended(options), turn, sink);
        }
        Some(Ok(running)) => running,
        Some(Err(failure)) => {
            sink(started(launch.name(), 0));
            return match &failure {
                StartError::Obstacle(obstacle) => cannot_be_tested(&Untestable::of(&loaded, obstacle), turn, sink),
                _ => broken(&failure.to_string(), turn, sink),
            };
        }
    };
    let ready = stop.unless_requested(Box::pin(async {
        let is_reference = matches!(launch, start::Wanted::Reference(..));
        let equipped = equip(&subject, &running, listener, (options, is_reference)).await?;
        let looked = Box::pin(testable::look(&loaded, &equipped.subject, &equipped.prober, &running)).await;
        let untestable = looked.err();
        if untestable.is_none() && options.wants(Only::Conformance) {
            equipped.prober.learn_one_time_codes().await;
        }
        Ok::<_, EquipError>((equipped, untestable))
    }));
    let exit = match ready.await {
        None => {
            sink(started(running.name.clone(), 0));
            cannot_be_tested(&Untestable::ended(options), turn, sink)
        }
        Some(Ok((Equipped { subject, prober, doubts }, untestable))) => {
            // against a server that nothing can be proved about, each check has to notice by itself
            let insists = matches!(options.launch, Launch::Hopeless(_));
            if let Some(untestable) = untestable.as_ref().filter(|found| !found.reached && !insists) {
                sink(started(running.name.clone(), 0));
                let exit = cannot_be_tested(untestable, turn, sink);
                running.stop().await;
                return exit;
            }
            let serial = Options { jobs: 1, ..options.clone() };
            let options = if prober.is_one_at_a_time() { &serial } else { options };
            let planned = crate::plan::checks(&subject, &profile, |id| selection.selects(id));
            let selected = planned.len()
                + cases::planned(&loaded, &selection)
                + login_server::planned(&subject, &profile, &selection);
            let planned_checks = if options.wants(Only::Conformance) { selected } else { 0 };
            sink(started(running.name.clone(), planned_checks));
            if let Some(proxy) = &proxy {
                for (kind, text) in through(proxy, options, &loaded) {
                    sink(Event::Note(Note { kind, text }));
                }
            }
            doubts.into_iter().for_each(|text| sink(Event::Note(Note { kind: NoteKind::Warning, text })));
            if let Some(Some(text)) = stop.unless_requested(key_exchange(&loaded, &running, options)).await {
                sink(Event::Note(Note { kind: NoteKind::Info, text }));
            }
            if prober.is_one_at_a_time() {
                let text = "a new credential ends the one before it: checks run one at a time".to_owned();
                sink(Event::Note(Note { kind: NoteKind::Info, text }));
            }
            if let Some(text) = other_credentials(&prober) {
                sink(Event::Note(Note { kind: NoteKind::Warning, text }));
            }
            let session = Session {
                loaded: &loaded,
                subject,
                prober,
                profile,
                selection: &selection,
                options,
                scrubber: scrubber.clone(),
                target: &running,
                untestable,
                turn,
            };
            let exit = parts(&session, planned, comparison.as_ref(), sink).await;
            for text in session.prober.restore_accounts().await {
                error(&text, sink);
            }
            session.prober.remove_clients().await;
            for failure in session.prober.logins().put_passwords_back().await {
                error(&failure.to_string(), sink);
            }
            for text in not_ended(&session.prober.logins().finish().await) {
                sink(Event::Note(Note { kind: NoteKind::Warning, text }));
            }
            exit
        }
        Some(Err(failure)) => {
            sink(started(running.name.clone(), 0));
            match &failure {
                EquipError::Obstacle(obstacle) => cannot_be_tested(&Untestable::of(&loaded, obstacle), turn, sink),
                _ => broken(&failure.to_string(), turn, sink),
            }
        }
    };
    running.stop().await;
    exit
}

/// Cookies of a login that are left out, for a reader.
fn other_credentials(prober: &Prober) -> Option<String> {
    let names = prober.other_credentials();
    let first = names.first()?;
    Some(format!(
        "a cookie of the login that opens a resource without the credential of the scenario is a credential of its own, and is not \
         sent beside that one: {}; `token: {{ cookie: {first} }}` in another scenario tests it",
        names.join(", ")
    ))
}

/// Which key exchange the target chooses of those that the scenario offers it.
async fn key_exchange(loaded: &LoadedScenario, running: &Running, options: &Options) -> Option<String> {
    let named = loaded.scenario.target.value.0.tls.as_ref().is_some_and(|tls| !tls.key_exchange.is_empty());
    if !named {
        return None;
    }
    let chosen = crate::drive::reach::key_exchange(running, options.time_limit).await?;
    Some(format!("TLS key exchange: {}", chosen.name()))
}

/// What a reader has to know of a run through a proxy.
fn through(proxy: &Proxy, options: &Options, loaded: &LoadedScenario) -> Vec<(NoteKind, String)> {
    let proxy = proxy.named();
    let mut said =
        vec![(NoteKind::Info, format!("all requests went through {proxy}: it may have answered or changed some"))];
    let scenario = &loaded.scenario;
    let measures = options.checks.is_empty()
        && ((options.wants(Only::Load) && !scenario.load.is_empty())
            || (options.wants(Only::Overhead) && scenario.overhead.is_some()));
    if measures {
        let text = format!("measured through {proxy}: response times, throughput and errors include the proxy");
        said.push((NoteKind::Warning, text));
    }
    said
}

/// An event without secrets in the texts that are not those of checks, which have scrubbers of their own.
fn scrubbed(event: Event, scrubber: &Scrubber) -> Event {
    match event {
        Event::Note(note) => Event::Note(Note { text: scrubber.scrub(&note.text), ..note }),
        Event::ScenarioFinished(end) => Event::ScenarioFinished(ScenarioFinished {
            untestable: end.untestable.map(|cause| scrubber.scrub(&cause)),
            ..end
        }),
        other => other,
    }
}

fn error(text: &str, sink: &mut dyn FnMut(Event)) {
    sink(Event::Note(Note { kind: NoteKind::Error, text: text.to_owned() }));
}

fn broken(why: &str, turn: Turn<'_>, sink: &mut dyn FnMut(Event)) -> Exit {
    // nothing ran that a waiver could have been needed for
    turn.ledger.excuse(turn.at);
    error(why, sink);
    let exit_code = Exit::Broken.code();
    sink(Event::ScenarioFinished(ScenarioFinished {
        applicable: 0,
        executed: 0,
        exit_code,
        findings: Some(Vec::new()),
        untestable: None,
        answers: None,
    }));
    Exit::Broken
}

/// Ends a scenario that cannot be tested as it is written, before anything runs.
fn cannot_be_tested(untestable: &Untestable, turn: Turn<'_>, sink: &mut dyn FnMut(Event)) -> Exit {
    untestable.causes.iter().for_each(|cause| error(cause, sink));
    turn.ledger.excuse(turn.at);
    let exit = if untestable.reached { Exit::Inconclusive } else { Exit::Broken };
    sink(Event::ScenarioFinished(ScenarioFinished {
        applicable: 0,
        executed: 0,
        exit_code: exit.code(),
        findings: Some(Vec::new()),
        untestable: Some(untestable.cause().to_owned()),
        answers: None,
    }));
    exit
}

/// Which of several credentials most checks use, and for which resource.
fn main_credential(subject: &Subject) -> Option<String> {
    let resource = subject.main_resource()?;
    let good = &subject.identities[subject.good_for(resource)?].name;
    subject.second_for(resource)?;
    let name = subject.resources[resource].name();
    Some(format!("most checks use the credential `{good}`, the first in the file that may use {name}"))
}

/// What is not planned where a command logs in: nothing of the login is seen.
fn unseen_login(subject: &Subject) -> Option<String> {
    let good = &subject.identities[subject.good_for(subject.main_resource()?)?];
    let is_command = matches!(good.login, Login::Procedure(_)) && subject.login_identity().is_none();
    is_command.then(|| {
        format!(
            "`{}` is obtained by a `command`, of which no answer is seen: checks of logins, sessions and refreshes are not planned; a login \
             by `request` has them",
            good.name
        )
    })
}

async fn parts(
    session: &Session<'_>,
    planned: Vec<PlannedCheck>,
    comparison: Option<&OverheadStudy>,
    sink: &mut dyn FnMut(Event),
) -> Exit {
    let options = session.options;
    let (mut exit, mut selected, mut loaded) = (Exit::Passed, false, false);
    let (mut applicable, mut executed, mut answers) = (0, 0, None);
    let mut firm = session.untestable.is_some();
    let splits = options.shard.splits();
    let judged = RefCell::new(BTreeSet::new());
    let failures = RefCell::new(Vec::new());
    let sink = &mut |event: Event| {
        if let Event::ThresholdJudged(result) = &event {
            judged.borrow_mut().insert(threshold::key(&result.place));
        }
        if let Event::CheckFinished(result) = &event {
            failures.borrow_mut().extend(FailedCheck::of(result));
        }
        sink(event);
    };
    if let Some(untestable) = &session.untestable {
        untestable.causes.iter().for_each(|cause| error(cause, sink));
        exit = exit.worst(Exit::Inconclusive);
    }
    if options.wants(Only::Conformance) {
        if let Some(departure) = session.profile.departure() {
            sink(Event::Note(Note { kind: NoteKind::Info, text: departure }));
        }
        let said = [main_credential(&session.subject), unseen_login(&session.subject)];
        said.into_iter().flatten().for_each(|text| sink(Event::Note(Note { kind: NoteKind::Info, text })));
        let end = conformance::run(session, planned, sink).await;
        selected |= end.applicable > 0;
        (applicable, executed) = (end.applicable, end.executed);
        firm |= end.firm;
        answers = splits.then_some(end.answers);
        exit = exit.worst(end.exit);
    }
    // what is measured of a target that lets nobody in is not what was asked for
    let testable = session.untestable.is_none();
    let goes_on = |stop: &Stop| !stop.is_requested() || stop.time_is_over();
    if options.wants(Only::Load) && testable && goes_on(&options.stop) && options.checks.is_empty() {
        let end = Box::pin(load::run(session, sink)).await;
        loaded = end.selected;
        selected |= end.selected;
        exit = exit.worst(end.exit);
    }
    if splits && comparison.is_some() && options.wants(Only::Overhead) {
        let text = "no overhead study: it is paired on one machine; run it alone with --only overhead".to_owned();
        sink(Event::Note(Note { kind: NoteKind::Info, text }));
    } else if options.wants(Only::Overhead) && testable && goes_on(&options.stop) && options.checks.is_empty() {
        let end = overhead::run(session, comparison, sink).await;
        selected |= end.selected;
        exit = exit.worst(end.exit);
    }
    if !splits && !options.stop.is_requested() && options.checks.is_empty() {
        let judged = judged.take();
        exit = exit.worst(threshold::unmeasured(session, &judged, sink));
    }
    if !selected && exit == Exit::Passed {
        exit = if session.is_filtered() { Exit::NothingSelected } else { Exit::Inconclusive };
        firm = true;
    }
    // what is inconclusive because nothing ran, or because authbench failed, stays so, whatever it is to count as
    if exit == Exit::Inconclusive && !firm && (executed > 0 || loaded) {
        exit = options.inconclusive;
    }
    let exit = if splits { exit.of_shard() } else { exit };
    // what a cause is can be said only of what all shards saw
    let findings = (!splits).then(|| cause::findings(&failures.take()));
    let untestable = session.untestable.as_ref().map(|untestable| untestable.cause().to_owned());
    let exit_code = exit.code();
    sink(Event::ScenarioFinished(ScenarioFinished { applicable, executed, exit_code, findings, untestable, answers }));
    exit
}
/// Logins that were not ended, each cause once, with how many there were of it.
fn not_ended(failures: &[impl std::fmt::Display]) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for failure in failures.iter().map(ToString::to_string) {
        match counted.iter_mut().find(|(known, _)| *known == failure) {
            Some((_, count)) => *count += 1,
            None => counted.push((failure, 1)),
        }
    }
    let told = counted.into_iter().map(|(failure, count)| match count {
        1 => format!("a login was not ended: {failure}"),
        _ => format!("{count} logins were not ended: {failure}"),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::not_ended;

    #[test]
    fn logins_that_were_not_ended_for_one_reason_are_one_note() {
        let told = not_ended(&["the logout failed: 400", "the logout failed: 503", "the logout failed: 400"]);
        let expected =
            ["2 logins were not ended: the logout failed: 400", "a login was not ended: the logout failed: 503"];
        assert_eq!(told, expected);
        assert!(not_ended(&[""; 0]).is_empty());
    }
}
