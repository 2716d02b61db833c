//! Rules of schemes that sign requests, of the scenario and of the sides of an overhead study.

use super::components;
use crate::scenario::model::SchemeFields;
use crate::scenario::{LoadedScenario, Position, ScenarioError};

/// Algorithms of message signatures (RFC 9421 §6.2.2).
const ALGORITHMS: [&str; 6] =
    ["hmac-sha256", "rsa-v1_5-sha256", "rsa-pss-sha512", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "ed25519"];

/// What is wrong with a scheme that signs, at its place.
pub(super) fn mistakes(
    loaded: &LoadedScenario,
    (place, scheme): (Position, &SchemeFields),
    has_credentials: bool,
    mistakes: &mut Vec<ScenarioError>,
) {
    let mut mistake = |text: String, help: String| mistakes.push(loaded.error(place, text).with_help(help));
    match scheme {
        SchemeFields::HttpSignature(own) => {
            let of_requests = own.components.iter().map(|written| (written, components::Of::Request));
            let of_answers = own.answer_components.iter().map(|written| (written, components::Of::Answer));
            for (written, of) in of_requests.chain(of_answers) {
                if let Some((text, help)) = components::mistake(written, of) {
                    mistake(text, help);
                }
            }
            for (key, all) in [("components", &own.components), ("answer_components", &own.answer_components)] {
                for (at, name) in all.iter().enumerate().filter(|(at, name)| all[..*at].contains(name)) {
                    mistake(format!("`{name}` is covered twice"), format!("remove number {} of `{key}`", at + 1));
                }
            }
            if own.alg.is_some() && (loaded.scenario.target.reference.is_none() || has_credentials) {
                let text = "`alg` of `http-signature` is for `target: reference` without `credentials` alone";
                let help = "remove it; the algorithm of a credential is `alg` of its `signing_key`";
                mistake(text.to_owned(), help.to_owned());
            }
            if own.alg.as_deref().is_some_and(|name| !ALGORITHMS.contains(&name)) {
                mistake("the algorithm is not known".to_owned(), format!("expected one of {}", ALGORITHMS.join(", ")));
            }
        }
        SchemeFields::SigV4(sigv4) if sigv4.chunked && (sigv4.presigned || sigv4.unsigned_payload) => {
            let (other, help) = match sigv4.presigned {
                true => ("presigned", "remove one of them: chunks need a signature in Authorization"),
                false => ("unsigned_payload", "remove one of them: chunks sign the body"),
            };
            mistake(format!("`chunked` and `{other}` exclude each other"), help.to_owned());
        }
        _ => {}
    }
}
