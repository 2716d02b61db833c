//! Judges the authorization server that logins obtain their tokens from, and says which token endpoints are not judged.

use std::time::Duration;

use super::conformance::alone_now;
use super::tally::ScenarioTally;
use super::{Session, equip};
use crate::check::profile::Effective;
use crate::judge::not_tested;
use crate::plan::Selection;
use crate::plan::login_server::{checks_of, login_server, unjudged};
use crate::plan::subject::Subject;
use crate::target::address::join;

/// How many checks it has that are selected.
pub(super) fn planned(subject: &Subject, profile: &Effective, selection: &Selection) -> usize {
    let server = login_server(subject);
    let checks = server.map(|server| checks_of(&server, profile, |id| selection.selects(id))).unwrap_or_default();
    checks.len()
}

/// Why a probe is not sent to a server beside the target, which nobody says is owned.
fn skipped_at(origin: &str) -> String {
    format!("skipped: may modify or disrupt {origin}; add it to `owned_origins` of the target, if it is yours")
}

/// Runs the checks of the token endpoint of logins, one after another: in the last shard, where there are several.
pub(super) async fn run(session: &Session<'_>, tally: &mut ScenarioTally<'_>) {
    let selects = |id: &str| session.selection.selects(id);
    let asked = crate::check::catalogue().any(|check| matches!(check.group(), "token" | "meta") && selects(check.id));
    if !asked || !session.options.shard.is_last() {
        return;
    }
    unjudged(&session.subject).into_iter().for_each(|text| tally.info(text));
    let Some(mut server) = login_server(&session.subject) else { return };
    let base = &session.target.base;
    let of_server = server.authorization_server.as_ref();
    let address = of_server.and_then(|server| server.token.as_deref().or(server.issuer.as_deref()));
    let address = address.or(server.kit.keys_at.as_deref());
    // who owns the target need not own what issues its tokens elsewhere
    let origin = address.and_then(|at| join(base, at).ok()).map(|url| url.origin());
    let elsewhere = origin.as_ref().filter(|origin| **origin != base.origin());
    server.owned = match (&origin, elsewhere) {
        (Some(_), None) => server.owned,
        (Some(origin), _) => server.owned_origins.contains(origin),
        (None, _) => false,
    };
    let may_be_foreign = elsewhere.filter(|_| session.subject.owned && !server.owned);
    let may_be_foreign = may_be_foreign.map(|origin| skipped_at(&origin.ascii_serialization()));
    if let Some(untestable) = &session.untestable {
        for check in &checks_of(&server, &session.profile, selects) {
            tally.judged_without_answers(check, untestable.cause().to_owned(), Duration::ZERO);
        }
        return;
    }
    let stop = &session.options.stop;
    let equipped = equip(&server, session.target, Ok(None), (session.options, false));
    let (subject, prober) = match stop.unless_requested(equipped).await {
        None => return,
        Some(Ok(equipped)) => (equipped.subject, equipped.prober),
        Some(Err(why)) => return tally.error(why.to_string()),
    };
    // with what the metadata of its issuer add
    let checks = checks_of(&subject, &session.profile, selects);
    let session = &session.of_another(subject, prober);
    for check in &checks {
        match &check.script {
            Err(missing) => {
                let of_owner = may_be_foreign.as_ref().filter(|_| !check.check.remote_safe);
                let result = not_tested(check, of_owner.unwrap_or(&missing.why), &tally.context(Duration::ZERO));
                tally.take(result);
            }
            Ok(_) if stop.time_is_over() => {
                let why = format!("not executed: {}", session.options.ended());
                tally.judged_without_answers(check, why, Duration::ZERO);
            }
            Ok(_) => {
                tally.disturbing += 1;
                if alone_now(session, check, tally).await.is_none() && !stop.time_is_over() {
                    return;
                }
            }
        }
    }
}
