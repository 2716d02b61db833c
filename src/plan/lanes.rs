//! The lanes of a mix: each but the valid one has to send what a correct target refuses, or nothing could be judged.

use crate::check::step::{Step, Want, Who};
use crate::observe::ForgeryId;
use crate::scenario::model::LoadPhase;
use crate::scenario::{At, LoadedScenario, ScenarioError, nearest};
use crate::scheme;

/// Lanes that are no forgeries of a scheme.
const NAMED: [&str; 5] = ["valid", "expired", "revoked", "no-credential", "flipped-bit"];

/// Lanes that do not exist, and lanes that prove nothing.
pub(super) fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let lanes = loaded.scenario.load.iter().flat_map(|phase| phase.mix.keys().map(move |lane| (phase, lane.as_str())));
    lanes.filter(|(_, lane)| !NAMED.contains(lane)).filter_map(|(phase, lane)| mistake(loaded, phase, lane)).collect()
}

fn mistake(loaded: &LoadedScenario, phase: &At<LoadPhase>, lane: &str) -> Option<ScenarioError> {
    let name = super::resolve::registered(&loaded.scenario.scheme);
    let scheme = scheme::find(name)?;
    let Some(forgery) = scheme.forgery_named(lane) else {
        let forgeries = scheme.forgeries().iter().map(|forgery| forgery.id.as_str());
        let help = nearest(lane, NAMED.into_iter().chain(forgeries)).map_or_else(
            || format!("expected one of {}, or a forgery of {name}", NAMED.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Some(loaded.error(phase.place, format!("there is no lane `{lane}` for {name}")).with_help(help));
    };
    (!is_refused(forgery.id)).then(|| {
        let text = format!("a correct target may accept what the lane `{lane}` sends");
        loaded.error(phase.place, text).with_help("choose a forgery that has to be refused, such as `flipped-bit`")
    })
}

/// Whether a check of the catalogue wants a forgery refused.
fn is_refused(forgery: ForgeryId) -> bool {
    let sends = |who: Who| match who {
        Who::Forged(id) | Who::ForgedAccount(_, id) => id == forgery,
        Who::EachForged(ids) => ids.iter().any(|id| id == forgery),
        _ => false,
    };
    let mut steps = crate::check::catalogue().flat_map(|check| check.steps);
    steps.any(|step| match step {
        Step::Send(send) => sends(send.who) && matches!(send.want, Want::Denied(_)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgeries_that_clients_may_send_are_no_lanes() {
        for (id, refused) in [
            ("truncated", true),
            ("middle-changed", true),
            ("alg-none", true),
            ("exp-yesterday", true),
            ("name-case-flipped", false),
            ("scheme-lower-case", false),
            ("two-spaces", false),
            ("spaces-behind", false),
        ] {
            assert_eq!(is_refused(ForgeryId::new(id)), refused, "{id}");
        }
    }
}
