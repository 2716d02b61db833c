//! Runs the overhead study of a scenario: each scheme's credential, the pairs, and what they say.

use std::time::Duration;

use super::{Session, threshold};
use crate::drive::paired::{self, Contender, Measured, SampleFailure, Study};
use crate::drive::process::ProcessCpu;
use crate::drive::stop::Stop;
use crate::drive::wire::Limits;
use crate::event::{Event, Note, NoteKind};
use crate::exit::Exit;
use crate::plan::overhead::{OverheadStudy, Side};
use crate::stats::OverheadFigures;
use crate::stats::paired::{BaselineControl, FLOOR_SHARE, FLOOR_US, Series, baseline_row, row};

/// Tokens that are obtained to see how long that takes.
const ACQUISITIONS: usize = 10;
/// Share of a scheme's time that is spent on saturated runs beside it.
const SATURATION_SHARE: f64 = 0.15;

/// How long the study may still take once the time of the run is over: it ends with its next answer.
const LAST_ANSWER: Duration = Duration::from_millis(500);

/// How the study of a scenario ended.
pub(super) struct OverheadEnd {
    pub(super) selected: bool,
    pub(super) exit: Exit,
}

/// Runs the study, if there is one.
pub(super) async fn run(
    session: &Session<'_>,
    comparison: Option<&OverheadStudy>,
    sink: &mut dyn FnMut(Event),
) -> OverheadEnd {
    let Some(comparison) = comparison else { return OverheadEnd { selected: false, exit: Exit::Passed } };
    if !session.subject.owned {
        let text = "no overhead study: the scenario does not say `owned: true`".to_owned();
        sink(Event::Note(Note { kind: NoteKind::Warning, text }));
        return OverheadEnd { selected: false, exit: Exit::Passed };
    }
    let stop = &session.options.stop;
    let cut = || (session.options.ended(), Exit::Inconclusive);
    let studied = if stop.is_requested() { None } else { unless_over(stop, study(session, comparison)).await };
    let exit = match studied.unwrap_or_else(|| Err(cut())) {
        Ok(figures) => {
            sink(Event::OverheadFinished(Box::new(figures.clone())));
            threshold::judge_overhead(session, &figures, sink)
        }
        Err((why, exit)) => {
            let text = format!("the overhead study has no result: {why}");
            sink(Event::Note(Note { kind: NoteKind::Error, text }));
            exit
        }
    };
    OverheadEnd { selected: true, exit }
}

/// What a study comes to; none where the time of the run is over before. A study that is only asked to end, ends.
async fn unless_over<T>(stop: &Stop, study: impl Future<Output = T>) -> Option<T> {
    let Some(deadline) = stop.deadline() else { return Some(study.await) };
    tokio::time::timeout_at((deadline + LAST_ANSWER).into(), study).await.ok()
}

async fn study(session: &Session<'_>, comparison: &OverheadStudy) -> Result<OverheadFigures, (String, Exit)> {
    let broken = |why: String| (why, Exit::Broken);
    let mut sides = Vec::new();
    for side in std::iter::once(&comparison.baseline).chain(&comparison.schemes) {
        sides.push(ready(session, side).await?);
    }
    let destination = session.target.destination().map_err(|error| broken(error.to_string()))?;
    let (contenders, acquisitions): (Vec<Contender>, Vec<Vec<f64>>) = sides.into_iter().unzip();
    let mut contenders = contenders.into_iter();
    let Some(baseline) = contenders.next() else { return Err(broken("nothing is compared".to_owned())) };
    let server = session.target.process().and_then(ProcessCpu::of);
    let study = Study {
        baseline,
        schemes: contenders.collect(),
        destination,
        limits: Limits::default().within(session.options.time_limit),
        duration: comparison.duration,
        saturation: comparison.duration.mul_f64(SATURATION_SHARE),
        server,
        metric: "auth",
        seed: session.options.seed,
        activity: session.options.activity.clone(),
    };
    let stop = session.options.stop.clone();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // it spins: a thread of its own, so that nothing of this runtime waits behind it
    let spinning = std::thread::Builder::new().name("paired".to_owned());
    let spinning = spinning.spawn(move || drop(sender.send(paired::run(&study, &stop))));
    spinning.map_err(|error| broken(error.to_string()))?;
    let measured = receiver.await.map_err(|_| broken("the study broke".to_owned()))?;
    let mut measured = measured.map_err(|failure| {
        let exit = if matches!(failure, SampleFailure::Silent(_)) { Exit::Broken } else { Exit::Inconclusive };
        (failure.to_string(), exit)
    })?;
    let series = std::iter::once(&mut measured.control).chain(&mut measured.schemes);
    series.zip(acquisitions).for_each(|(series, acquisitions)| series.token_acquisitions = acquisitions);
    let ended = server.filter(|server| !server.is_there()).map(|server| {
        format!("the process {} ended during the study: what a request costs a core is not known", server.pid())
    });
    figures(session, comparison, &measured)
        .map(|mut figures| {
            figures.notes.extend(ended);
            figures
        })
        .ok_or_else(|| ("it ended before its first pair".to_owned(), Exit::Inconclusive))
}

/// A side with its credential in hand, and how long it took to obtain it.
async fn ready(session: &Session<'_>, side: &Side) -> Result<(Contender, Vec<f64>), (String, Exit)> {
    let broken = |why: String| (why, Exit::Broken);
    let equipped = super::equip(&side.subject, session.target, Ok(None), (session.options, false))
        .await
        .map_err(|error| broken(error.to_string()))?;
    let (subject, prober) = (equipped.subject, equipped.prober);
    let client = subject.identities[side.identity].client();
    let contender = prober.contender(&side.name, side.identity, side.resource).await;
    let mut contender = contender.map_err(|why| (why.to_string(), Exit::Inconclusive))?;
    contender.asks_each_time = side.asks_each_time;
    let connection = subject.identities[side.identity].connection();
    if connection.0.is_some() {
        let own = session.target.destination_of(&connection);
        contender.destination = Some(own.map_err(|error| broken(error.to_string()))?);
    }
    let mut took = Vec::new();
    if let Some(client) = client {
        for _ in 0..ACQUISITIONS {
            let token = prober.renew(&client).await.map_err(|error| broken(format!("no token: {error}")))?;
            took.push(token.took.as_secs_f64() * 1e6);
        }
    }
    Ok((contender, took))
}

/// Rows in order of cost; none where the study ended before its first pairs.
fn figures(session: &Session<'_>, comparison: &OverheadStudy, measured: &Measured) -> Option<OverheadFigures> {
    let seed = session.options.seed;
    let (complete, cut): (Vec<&Series>, Vec<&Series>) =
        measured.schemes.iter().partition(|series| !series.pairs.is_empty());
    if measured.control.pairs.is_empty() || complete.is_empty() {
        return None;
    }
    let control = BaselineControl::of(&measured.control, seed);
    let mut rows: Vec<_> = complete.iter().map(|series| row(series, &control, seed)).collect();
    rows.push(baseline_row(&measured.control, &control, seed));
    rows.sort_by(|one, other| one.difference_us.value.total_cmp(&other.difference_us.value));
    let mut notes = notes(&control, measured);
    notes.extend(cut.iter().map(|series| format!("{} was not measured: the run ended early", series.name)));
    Some(OverheadFigures {
        baseline: comparison.baseline.name.clone(),
        rows,
        control_us: control.difference,
        floor_us: control.floor,
        floor_share: FLOOR_SHARE,
        duration_s: measured.took.as_secs_f64(),
        notes,
    })
}

fn notes(control: &BaselineControl, measured: &Measured) -> Vec<String> {
    let mut notes = Vec::new();
    if control.floor > FLOOR_US {
        notes.push(format!(
            "the baseline differed from itself by {:.2} µs: that much is added to both sides of every interval",
            control.floor
        ));
    }
    if std::thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        notes.push("one processor: the client that waits and a local server take it from each other".to_owned());
    }
    if measured.discarded > 0 {
        notes.push(format!("{} turns of four do not count: the connection had to be opened again", measured.discarded));
    }
    notes
}

/// How long a study will take, for a reader who waits.
pub(super) fn length(comparison: &OverheadStudy) -> Duration {
    let sides = u32::try_from(comparison.schemes.len() + 1).unwrap_or(u32::MAX);
    comparison.duration.mul_f64(1.0 + SATURATION_SHARE) * sides
}
