//! The lanes of a mix: each but the valid one has to send what a sound target refuses, or nothing could be judged.

use crate::check::step::{Step, Want, Who};
use crate::scenario::model::LoadPhase;
use crate::scenario::{At, LoadedScenario, ScenarioError, nearest};
use crate::scheme;

/// Lanes that are no lies of a scheme.
const NAMED: [&str; 5] = ["valid", "expired", "revoked", "no-credential", "flipped-bit"];

/// Lanes that do not exist, and lanes that prove nothing.
pub(super) fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let lanes = loaded.scenario.load.iter().flat_map(|phase| phase.mix.keys().map(move |lane| (phase, lane.as_str())));
    lanes.filter(|(_, lane)| !NAMED.contains(lane)).filter_map(|(phase, lane)| mistake(loaded, phase, lane)).collect()
}

fn mistake(loaded: &LoadedScenario, phase: &At<LoadPhase>, lane: &str) -> Option<ScenarioError> {
    let name = super::resolve::registered(&loaded.scenario.scheme);
    let scheme = scheme::find(name)?;
    if scheme.forgery(lane).is_none() {
        let lies = scheme.forgeries().iter().map(|forgery| forgery.name);
        let help = nearest(lane, NAMED.into_iter().chain(lies)).map_or_else(
            || format!("expected one of {}, or a forgery of {name}", NAMED.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Some(loaded.error(phase.place, format!("there is no lane `{lane}` for {name}")).with_help(help));
    }
    (!is_refused(lane)).then(|| {
        let text = format!("a sound target may accept what the lane `{lane}` sends");
        loaded.error(phase.place, text).with_help("take a lie that has to be refused, such as `flipped-bit`")
    })
}

/// Whether a check of the catalogue wants a lie refused.
fn is_refused(lie: &str) -> bool {
    let tells = |who: Who| match who {
        Who::Forged(name) | Who::ForgedAccount(_, name) => name == lie,
        Who::EachForged(names) => names.contains(&lie),
        _ => false,
    };
    let mut steps = crate::check::catalogue().flat_map(|check| check.steps);
    steps.any(|step| match step {
        Step::Send(send) => tells(send.who) && matches!(send.want, Want::Denied(_)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_that_clients_may_tell_are_no_lanes() {
        for (lie, refused) in [
            ("truncated", true),
            ("middle-changed", true),
            ("alg-none", true),
            ("exp-yesterday", true),
            ("name-case-flipped", false),
            ("scheme-lower-case", false),
            ("two-spaces", false),
        ] {
            assert_eq!(is_refused(lie), refused, "{lie}");
        }
    }
}
