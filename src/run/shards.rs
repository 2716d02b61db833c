//! What a run does differently where it is one of several shards: it takes its part, and judges nothing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Only, Options, Session};
use crate::check::Severity;
use crate::clock;
use crate::drive::barrier::{Barrier, BarrierError};
use crate::drive::load::Gate;
use crate::event::SourcePlace;
use crate::event::shards::{ShardPart, Terms, WrittenPhase, WrittenThreshold, WrittenWaiver};
use crate::observe::{ClockOffset, Response};
use crate::plan::PlannedCheck;
use crate::plan::subject::CaseRequest;
use crate::plan::subject::{Resource, Subject};
use crate::scenario::model::{LoadPhase, ThresholdSeverity, Waiver};
use crate::scenario::{At, LoadedScenario, Position, ScenarioError};
use crate::shard::Shard;

/// Between the end of a phase and the planned start of the next, beside the time that an answer may take.
const BETWEEN: Duration = Duration::from_secs(5);
/// How often the target is asked for its `Date`, and in what distance: the distances cover a second evenly.
const DATES: u32 = 6;
const DATES_APART: Duration = Duration::from_millis(170);

/// When the shards of a run start their load phases.
#[derive(Clone, Debug, Default)]
pub enum Start {
    /// Each by itself, at once.
    #[default]
    Now,
    /// At a time: the next phase's.
    At(Arc<Mutex<Timestamp>>),
    /// When all have arrived.
    Barrier(Arc<Barrier>),
}

impl Start {
    /// A start at a time.
    pub fn at(time: Timestamp) -> Self {
        Start::At(Arc::new(Mutex::new(time)))
    }

    /// A start when all shards have arrived in a folder.
    pub fn barrier(folder: PathBuf, shard: Shard, timeout: Duration) -> Self {
        Start::Barrier(Arc::new(Barrier::new(folder, shard, timeout)))
    }

    /// The gate of the next phase, which takes so long.
    pub(super) fn gate(&self, round: String, takes: Duration) -> Gate {
        match self {
            Start::Now => Gate::Open,
            Start::At(next) => {
                let Ok(mut next) = next.lock() else { return Gate::Open };
                let at = *next;
                *next = at.saturating_add(takes + BETWEEN).unwrap_or(at);
                Gate::At(at)
            }
            Start::Barrier(barrier) => Gate::Barrier(barrier.clone(), round),
        }
    }

    pub(super) fn as_barrier(&self) -> Option<Arc<Barrier>> {
        match self {
            Start::Barrier(barrier) => Some(barrier.clone()),
            _ => None,
        }
    }
}

/// What the record says about the part that is done here; nothing where the run is not split.
pub(super) fn part(options: &Options) -> Option<ShardPart> {
    let only = options.only.map(|only| format!("{only:?} ").to_lowercase()).unwrap_or_default();
    options.shard.splits().then(|| ShardPart {
        shard: options.shard,
        barrier: options.start.as_barrier().is_some(),
        host: std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned(),
        options: format!("{only}{}", options.checks.join(",")).trim().to_owned(),
    })
}

/// What is wrong with a scenario that several shards run.
pub(super) fn mistakes(loaded: &LoadedScenario, options: &Options) -> Vec<ScenarioError> {
    let mut mistakes = Vec::new();
    if !options.shard.splits() {
        return mistakes;
    }
    let target = &loaded.scenario.target;
    if target.value.0.reference.is_some() || target.value.0.command.is_some() {
        let help = "start the target once, and name its address with `url`";
        let text = "every shard would start a target of its own";
        mistakes.push(loaded.error(target.place, text.to_owned()).with_help(help));
    }
    let searches = loaded.scenario.load.iter().filter(|phase| phase.capacity.is_some());
    for phase in searches.filter(|_| options.wants(Only::Load) && options.start.as_barrier().is_none()) {
        let text = "the shards have to agree on each step of a capacity search";
        mistakes.push(
            loaded.error(phase.place, text.to_owned()).with_help("name a folder that all shards see: --barrier DIR"),
        );
    }
    mistakes
}

/// What a scenario asks to be judged.
pub(super) fn terms(loaded: &LoadedScenario, subject: &Subject, options: &Options) -> Terms {
    let place = |place: Position| SourcePlace { file: loaded.file.clone(), line: place.line, column: place.column };
    let thresholds = loaded.scenario.thresholds.iter().filter(|_| options.thresholds);
    let own = loaded.scenario.conformance.waivers.iter().map(|waiver| written(waiver, &loaded.file, false));
    let files = loaded.waiver_files.iter();
    let of_files = files.flat_map(|file| file.waivers.iter().map(|waiver| written(waiver, &file.file, true)));
    let main = subject.main_resource().map(|main| &subject.resources[main]);
    let phases = loaded.scenario.load.iter().zip(&subject.load_requests);
    Terms {
        digest: Sha256::digest(&loaded.source).iter().map(|byte| format!("{byte:02x}")).collect(),
        thresholds: thresholds
            .map(|threshold| WrittenThreshold {
                threshold: threshold.threshold.text.clone(),
                only_warns: threshold.severity == ThresholdSeverity::Warn,
                place: place(threshold.place),
            })
            .collect(),
        waivers: own.chain(of_files).collect(),
        min_coverage: loaded.scenario.conformance.min_coverage.map(|share| share.0),
        phases: phases.map(|(phase, request)| phase_of(phase, request.as_ref(), main, place(phase.place))).collect(),
        whole: options.is_whole(),
        load: options.wants(Only::Load) && options.checks.is_empty(),
        inconclusive: options.inconclusive.code(),
        fail_on: Some(options.fail_on).filter(|severity| *severity != Severity::Low),
        success_declared: main.is_none_or(|main| main.success.is_some()),
    }
}

fn phase_of(
    phase: &LoadPhase,
    request: Option<&(String, String)>,
    main: Option<&Resource>,
    place: SourcePlace,
) -> WrittenPhase {
    let main = main.map(|main| (main.method.clone(), main.path.clone()));
    let endpoint = request.cloned().or(main);
    let (method, path) = endpoint.unwrap_or_default();
    WrittenPhase { name: phase.name.clone(), method, path, place }
}

fn written(waiver: &At<Waiver>, file: &str, of_file: bool) -> WrittenWaiver {
    WrittenWaiver {
        waiver: serde_json::to_value(&waiver.value).unwrap_or_default(),
        place: SourcePlace { file: file.to_owned(), line: waiver.place.line, column: waiver.place.column },
        of_file,
    }
}

/// Which checks a shard runs. The last shard runs those that write, lock out or disturb, and the cases; the others share
/// the rest. Positive controls that other checks lean on run in every shard.
pub(super) struct Dealer {
    shard: Shard,
    dealt: u64,
}

impl Dealer {
    pub(super) fn new(shard: Shard) -> Self {
        Self { shard, dealt: 0 }
    }

    /// Whether the next check is run here.
    pub(super) fn takes(&mut self, check: &PlannedCheck, subject: &Subject) -> bool {
        if !self.shard.splits() {
            return true;
        }
        if check.runs_alone(subject) || check.runs_last() {
            return self.shard.is_last();
        }
        let to = self.dealt % u64::from(self.shard.count - 1);
        self.dealt += 1;
        to == self.shard.offset()
    }
}

/// Waits at a round for all shards, where there is a barrier.
pub(super) async fn meet(session: &Session<'_>, round: &str) -> Result<(), BarrierError> {
    let Some(barrier) = session.options.start.as_barrier() else { return Ok(()) };
    let (round, stop) = (format!("scenario-{}.{round}", session.turn.at + 1), session.options.stop.clone());
    blocking(move || barrier.meet(&round, &stop)).await.map(drop)
}

/// Does what blocks on the barrier's folder.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BarrierError> + Send + 'static,
) -> Result<T, BarrierError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| BarrierError::Crashed)?
}

/// How far the target's clock is ahead of this machine's, by the `Date` of a few answers.
pub(super) async fn clock_offset(session: &Session<'_>) -> ClockOffset {
    let date = CaseRequest { method: "GET".to_owned(), path: "/".to_owned(), ..CaseRequest::default() };
    let (mut low, mut high) = (f64::MIN, f64::MAX);
    for _ in 0..DATES {
        let before = clock::timestamp();
        let sent = session.prober.case(&date, None).await;
        let after = clock::timestamp();
        if let Some(date) = sent.ok().and_then(|(exchange, _)| date_of(exchange.response()?)) {
            // the clock was between the second that it told and the next one
            low = low.max(date.duration_since(after).as_secs_f64() * 1000.0);
            high = high.min(date.duration_since(before).as_secs_f64() * 1000.0 + 1000.0);
        }
        tokio::time::sleep(DATES_APART).await;
    }
    let known = low > f64::MIN && high < f64::MAX;
    ClockOffset { target_low_ms: known.then_some(low), target_high_ms: known.then_some(high), folder_ms: None }
}

fn date_of(response: &Response) -> Option<Timestamp> {
    let text = response.header_values("date").next()?.into_owned();
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|date| date.timestamp())
}
