//! All of it at once, on every core.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::future::Future;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::{JoinSet, LocalSet};

use super::matrix::{page, settled};
use super::{Hope, Kill, Trial, TrialError, TrialLogin, hope, kill, unproved};
use crate::check::{Mode, Verdict, catalogue, find};
use crate::reference::hopeless::Manner;
use crate::reference::{Fault, FaultKind, faults};

/// Trials that mostly wait and may therefore be many at once.
const WAITING: usize = 16;

/// Beside which faults the other checks of a scheme are tried as well, to show which of them see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OthersBeside {
    /// Beside none.
    Nothing,
    /// Beside the one fault that each check has to find.
    PrincipalFaults,
    /// Beside its variants, too.
    AllFaults,
}

impl OthersBeside {
    fn is(self, fault: &Fault) -> bool {
        match self {
            Self::Nothing => false,
            Self::PrincipalFaults => fault.kind == FaultKind::Principal,
            Self::AllFaults => true,
        }
    }
}

/// How much is proved.
#[derive(Clone, Debug)]
pub struct Effort {
    /// The profile under which everything is judged.
    pub profile: &'static str,
    /// Names of the faults that are tried; all if empty. With names, nothing else is tried.
    pub faults: Vec<String>,
    /// Beside which faults the other checks are tried.
    pub others: OthersBeside,
    /// Whether checks that sample are tried: what they find depends on the quiet of the machine.
    pub statistical: bool,
    /// Trials side by side.
    pub jobs: usize,
}

/// What the sound reference was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// The scheme under which it was tried.
    pub scheme: &'static str,
    /// Checks that came to a verdict.
    pub executed: usize,
    /// Checks that found something, or came to nothing, each with what it said.
    pub tripped: Vec<String>,
}

/// What was proved.
#[derive(Clone, Debug, Default)]
pub struct SelftestProof {
    /// Faults in the order of their names.
    pub kills: Vec<Kill>,
    /// The sound reference under each scheme.
    pub sound: Vec<Sound>,
    /// Servers without hope under each scheme.
    pub hopes: Vec<Hope>,
    /// Checks without a fault, and faults without a check.
    pub unproved: Vec<String>,
    /// Trials that could not be made.
    pub broken: Vec<String>,
}

/// Faults that are tried in one way, and those that are tried in another.
type Split = (Vec<&'static Fault>, Vec<&'static Fault>);

/// Tries everything.
pub async fn prove(effort: &Effort) -> SelftestProof {
    let (profile, others) = (effort.profile, effort.others);
    let (named, whole) =
        (|fault: &&'static Fault| effort.faults.iter().any(|name| name == fault.name), effort.faults.is_empty());
    let wanted = faults().into_iter().filter(|fault| whole || named(fault));
    let mode = |fault: &Fault| find(fault.check).map_or(Mode::Deterministic, |check| check.mode);
    let of = |wanted: Vec<&'static Fault>| -> Vec<Job<_>> {
        wanted.into_iter().map(|fault| job(move || kill(fault, profile, others.is(fault)))).collect()
    };
    let (sampled, rest): Split = wanted.partition(|fault| mode(fault) == Mode::Statistical);
    let (waiting, quick): Split = rest.into_iter().partition(|fault| mode(fault) == Mode::Timed);
    let schemes: Vec<&'static str> = if whole { schemes().collect() } else { Vec::new() };
    let bearer = schemes.iter().filter(|scheme| **scheme == "bearer");
    let logins = [TrialLogin::OneTime, TrialLogin::OneTimeBeside, TrialLogin::Requests, TrialLogin::Grant];
    let with_login = bearer.flat_map(|scheme| logins.map(|login| (*scheme, login)));
    // what waits for one-time codes takes longest, whenever it begins
    let tried = with_login.chain(schemes.iter().map(|scheme| (*scheme, TrialLogin::None)));
    let tried = tried.map(|(scheme, login)| (scheme, login, false));
    let with_certificates = schemes.iter().filter(|scheme| scheme.starts_with("oauth2-"));
    let tried = tried.chain(with_certificates.map(|scheme| (*scheme, TrialLogin::None, true)));
    let sounds = tried.map(|tried| job(move || sound(tried, profile, false))).collect();
    let manners = schemes
        .iter()
        .copied()
        .flat_map(|scheme| Manner::ALL.map(|manner| job(move || hope(manner, scheme))))
        .collect();
    let (first, second, sounds, hopes) = tokio::join!(
        side_by_side(effort.jobs, of(quick)),
        side_by_side(WAITING, of(waiting)),
        side_by_side(effort.jobs, sounds),
        side_by_side(effort.jobs, manners),
    );
    let mut proof = SelftestProof::default();
    let unproved = if whole { unproved() } else { Vec::new() };
    let mut take = |kills: Vec<Result<Kill, TrialError>>| proof.kills.extend(sorted(kills, &mut proof.broken));
    take(first);
    take(second);
    if effort.statistical {
        // alone: a neighbour is noise
        take(side_by_side(1, of(sampled)).await);
        let sampled = side_by_side(
            1,
            schemes
                .iter()
                .copied()
                .map(|scheme| job(move || sound((scheme, TrialLogin::None, false), profile, true)))
                .collect(),
        )
        .await;
        proof.sound.extend(sorted(sampled, &mut proof.broken));
    }
    proof.sound.extend(sorted(sounds, &mut proof.broken));
    proof.hopes.extend(sorted(hopes, &mut proof.broken));
    proof.kills.sort_by_key(|kill| kill.fault);
    proof.unproved = unproved;
    proof
}

fn schemes() -> impl Iterator<Item = &'static str> {
    let with_checks = crate::scheme::SCHEMES.iter().filter(|scheme| scheme.name() != "none");
    with_checks.map(|scheme| scheme.name())
}

/// Results without an error; the errors are collected.
fn sorted<T>(results: Vec<Result<T, TrialError>>, broken: &mut Vec<String>) -> Vec<T> {
    results.into_iter().filter_map(|result| result.map_err(|why| broken.push(why.to_string())).ok()).collect()
}

/// A trial that is begun where it is run: what it is made of may go to another thread, and it itself may not.
type Job<T> = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = T>>> + Send>;

/// A job that runs this.
fn job<T, F: Future<Output = T> + 'static>(begin: impl FnOnce() -> F + Send + 'static) -> Job<T> {
    Box::new(move || Box::pin(begin()))
}

/// Runs jobs side by side, so many at a time, on every core, and keeps their order.
async fn side_by_side<T: Send + 'static>(width: usize, jobs: Vec<Job<T>>) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).clamp(1, width.max(1));
    let waiting = Arc::new(Mutex::new(jobs.into_iter().enumerate().collect()));
    let mut running = JoinSet::new();
    for _ in 0..threads {
        let (waiting, runtime) = (waiting.clone(), Handle::current());
        running.spawn_blocking(move || runtime.block_on(on_one_thread(width.div_ceil(threads), waiting)));
    }
    let mut done: Vec<(usize, T)> = running.join_all().await.into_iter().flatten().collect();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, done)| done).collect()
}

/// Jobs that nobody has begun, each with its place.
type Waiting<T> = Arc<Mutex<VecDeque<(usize, Job<T>)>>>;

/// Takes jobs, so many at a time, until none is left.
async fn on_one_thread<T: Send + 'static>(width: usize, waiting: Waiting<T>) -> Vec<(usize, T)> {
    let local = LocalSet::new();
    let mut running = JoinSet::new();
    for _ in 0..width {
        let waiting = waiting.clone();
        let take = move || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let one_by_one = async move {
            let mut done = Vec::new();
            while let Some((at, begin)) = take() {
                done.push((at, begin().await));
            }
            done
        };
        running.spawn_local_on(one_by_one, &local);
    }
    local.run_until(running.join_all()).await.into_iter().flatten().collect()
}

/// All checks of a scheme against the sound reference: those that sample, or the others.
async fn sound(
    (scheme, login, certificates): (&'static str, TrialLogin, bool),
    profile: &'static str,
    statistical: bool,
) -> Result<Sound, TrialError> {
    let groups = crate::scheme::find(scheme).map(|scheme| scheme.groups()).unwrap_or_default();
    let tried = catalogue().filter(|check| check.is_of(groups));
    // where each login waits for its code, what is about these is tried: the rest is, at a login without them
    let waits = matches!(login, TrialLogin::OneTime | TrialLogin::OneTimeBeside);
    let tried = tried.filter(|check| !waits || check.needs_one_time_codes());
    let tried = tried.filter(|check| (check.mode == Mode::Statistical) == statistical).map(|check| check.id);
    let checks: Vec<&'static str> = tried.collect();
    if checks.is_empty() {
        return Ok(Sound { scheme, executed: 0, tripped: Vec::new() });
    }
    let tls = scheme == "session" || certificates;
    let trial = Trial { profile, checks, login, tls, certificates, exchanges: false, ..Trial::of(scheme) };
    let (_, results) = settled(&trial).await?;
    let is_well = |verdict: Verdict| {
        matches!(verdict, Verdict::Pass | Verdict::Info | Verdict::NotTested | Verdict::NotApplicable)
    };
    let tripped = results.iter().filter(|result| !is_well(result.verdict));
    Ok(Sound {
        scheme,
        executed: results.iter().filter(|result| result.verdict.executed()).count(),
        tripped: tripped.map(|result| format!("{} {}: {}", result.id, result.verdict, result.summary)).collect(),
    })
}

impl SelftestProof {
    /// Whether everything is proved.
    pub fn holds(&self) -> bool {
        self.kills.iter().all(|kill| kill.killed)
            && self.sound.iter().all(|sound| sound.tripped.is_empty())
            && !self.hopes.iter().any(Hope::is_fooled)
            && self.unproved.is_empty()
            && self.broken.is_empty()
    }

    /// The kill matrix and everything else, for a reader.
    pub fn text(&self) -> String {
        let mut text = page(&self.kills);
        for line in self.remarks() {
            let _ = writeln!(text, "{line}");
        }
        let killed = self.kills.iter().filter(|kill| kill.killed).count();
        let _ = writeln!(text, "\n{killed} of {} faults killed", self.kills.len());
        if !self.sound.is_empty() {
            let tripped: usize = self.sound.iter().map(|sound| sound.tripped.len()).sum();
            let executed: usize = self.sound.iter().map(|sound| sound.executed).sum();
            let schemes: BTreeSet<&str> = self.sound.iter().map(|sound| sound.scheme).collect();
            let fooled = self.hopes.iter().filter(|hope| hope.is_fooled()).count();
            let _ = writeln!(
                text,
                "{executed} checks under {} schemes on the correct reference, {tripped} false positives",
                schemes.len()
            );
            let _ = writeln!(text, "{} runs against servers that cannot be tested, {fooled} passed", self.hopes.len());
        }
        text
    }

    /// What stands against the proof, one line each.
    fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for sound in &self.sound {
            lines.extend(sound.tripped.iter().map(|tripped| format!("correct reference, {}: {tripped}", sound.scheme)));
        }
        for hope in self.hopes.iter().filter(|hope| hope.is_fooled()) {
            let (manner, passed) = (hope.manner.name(), hope.fooled.join(" "));
            lines.push(format!("{manner}, {}: {:?}, passed {passed}", hope.scheme, hope.exit));
        }
        lines.extend(self.unproved.iter().cloned());
        lines.extend(self.broken.iter().map(|why| format!("not tried: {why}")));
        lines
    }
}
