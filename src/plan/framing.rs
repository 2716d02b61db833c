//! What a scenario sends as it is written: names and values that would change the framing of a request are mistakes.

use std::collections::BTreeMap;

use hyper::header::HeaderName;

use crate::scenario::model::SchemeFields;
use crate::scenario::{LoadedScenario, Position, ScenarioError, Template};

/// Names and values of header fields, of resources, of cases and of the scheme, that no request can carry.
pub(super) fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let scenario = &loaded.scenario;
    let resources = scenario.resources.iter().map(|resource| (resource.place, &resource.value.headers));
    let cases = scenario.cases.iter().map(|case| (case.place, &case.value.headers));
    let mut mistakes: Vec<ScenarioError> =
        resources.chain(cases).flat_map(|(place, headers)| of_headers(loaded, place, headers)).collect();
    let (header, cookie) = match &scenario.scheme.value.0 {
        SchemeFields::ApiKey(key) => (&key.header, &key.cookie),
        SchemeFields::Bearer(bearer) => (&bearer.header, &bearer.cookie),
        SchemeFields::Jwt(jwt) => (&jwt.header, &jwt.cookie),
        SchemeFields::Session(session) => (&None, &session.cookie),
        _ => return mistakes,
    };
    {
        let names = [("header", header), ("cookie", cookie)].into_iter();
        let wrong = names.filter_map(|(what, name)| Some((what, name.as_deref().filter(|name| !is_token(name))?)));
        mistakes.extend(wrong.map(|(what, name)| {
            let text = format!("{name:?} is not a valid {what} name");
            loaded.error(scenario.scheme.place, text).with_help(NAMES)
        }));
    }
    mistakes
}

const NAMES: &str = "use letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 section 5.6.2)";

fn of_headers(
    loaded: &LoadedScenario,
    place: Position,
    headers: &BTreeMap<String, Template>,
) -> impl Iterator<Item = ScenarioError> {
    headers.iter().filter_map(move |(name, value)| {
        if !is_token(name) {
            let text = format!("{name:?} is not a valid header name");
            return Some(loaded.error(place, text).with_help(NAMES));
        }
        // RFC 9110 section 5.5: a tab is white space
        let breaks = value.written().chars().any(|c| c.is_control() && c != '\t');
        let text = format!("the value of the header {name} contains a control character");
        breaks.then(|| loaded.error(place, text).with_help("write the value on one line, without line breaks"))
    })
}

/// Whether a text is a token (RFC 9110 §5.6.2).
fn is_token(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok()
}
