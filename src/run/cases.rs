//! The user's own checks, beside the catalogue.

use super::Session;
use crate::check::Verdict;
use crate::clock;
use crate::event::CheckResult;
use crate::judge::CaseVerdict;
use crate::plan::Selection;
use crate::plan::subject::CaseRequest;
use crate::scenario::model::Case;
use crate::scenario::{At, LoadedScenario};

/// Runs the cases that are selected, one after another.
pub(super) async fn run(session: &Session<'_>, take: &mut dyn FnMut(CheckResult)) {
    for (case, request) in session.loaded.scenario.cases.iter().zip(&session.subject.cases) {
        let id = id_of(&case.name);
        let stop = &session.options.stop;
        if stop.is_requested() && !stop.time_is_over() {
            return;
        }
        if session.selection.selects(&id) {
            let place = session.place(case.place);
            let judged = CaseVerdict { case, request, id: &id, place: &place };
            let ended = || format!("not executed: {}", session.options.ended());
            let executed = one(session, (case, request), id.clone());
            let result = if stop.is_requested() { None } else { stop.unless_requested(executed).await };
            take(result.unwrap_or_else(|| judged.without_an_answer(Verdict::Inconclusive, &ended())));
        }
    }
}

/// How many cases are selected.
pub(super) fn planned(loaded: &LoadedScenario, selection: &Selection) -> usize {
    loaded.scenario.cases.iter().filter(|case| selection.selects(&id_of(&case.name))).count()
}

/// `case.` and the name in lower case, its spaces as hyphens.
fn id_of(name: &str) -> String {
    let slug = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("case.{}", name.chars().map(slug).collect::<String>().trim_matches('-'))
}

async fn one(session: &Session<'_>, (case, request): (&At<Case>, &CaseRequest), id: String) -> CheckResult {
    let began = clock::now();
    let place = session.place(case.place);
    let judged = CaseVerdict { case, request, id: &id, place: &place };
    if case.writes && !session.subject.owned {
        return judged
            .without_an_answer(Verdict::NotTested, "skipped: may modify or disrupt the target; set `owned: true`");
    }
    if let Some(untestable) = &session.untestable {
        return judged.without_an_answer(Verdict::Inconclusive, untestable.cause());
    }
    let sent = session.prober.case(request, case.with.as_deref()).await;
    let (exchange, secrets) = match sent {
        Ok(sent) => sent,
        Err(why) => return judged.without_an_answer(Verdict::Inconclusive, &why.to_string()),
    };
    let reading = session.prober.case_reading(request, case.with.as_deref(), &exchange).await;
    let mut scrubber = session.scrubber.clone();
    for secret in &secrets {
        scrubber.add(secret.expose().as_bytes());
    }
    exchange.teach(&mut scrubber);
    judged.of(&exchange, &reading, &scrubber, clock::now() - began)
}
