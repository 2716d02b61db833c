//! Values that answers to `before` hand on, and the places that name them.

use crate::scenario::model::{DeclaredResource, KeptPositionFields, PreparingRequest};
use crate::scenario::text::RequestLine;
use crate::scenario::{At, LoadedScenario, Position, ScenarioError};

/// What is wrong with what a resource keeps and names.
pub(super) fn fit(loaded: &LoadedScenario, resource: &At<DeclaredResource>, mistakes: &mut Vec<ScenarioError>) {
    let mut wrong = |place: Position, message: String, help: &str| {
        mistakes.push(loaded.error(place, message).with_help(help.to_owned()));
    };
    for preparing in &resource.before {
        for (name, position) in &preparing.keep {
            if !is_name(name) {
                let message = format!("`{name}` is no name of a value to `keep`");
                wrong(
                    preparing.place,
                    message,
                    "write letters, digits, `_` and `-`, with a letter first, such as `order`",
                );
            }
            if !is_one_position(position) {
                let message = format!("`keep` needs exactly one of pointer, header and input for `{name}`");
                wrong(
                    preparing.place,
                    message,
                    "write a JSON pointer such as `/id`, `{ header: NAME }` or `{ input: NAME }`",
                );
            }
        }
    }
    if let Some(preparing) = resource.after.iter().find(|preparing| !preparing.keep.is_empty()) {
        let message = "nothing follows what `after` keeps".to_owned();
        wrong(preparing.place, message, "move `keep` to a request of `before`");
    }
    let mut known: Vec<&str> = Vec::new();
    let before = resource.before.iter().map(|preparing| (&preparing.request, Some(preparing)));
    let after = resource.after.iter().map(|preparing: &At<PreparingRequest>| (&preparing.request, None));
    let own = std::iter::once((&resource.request, None));
    for (request, preparing) in before.chain(own).chain(after) {
        if let Some(name) = names(request).find(|name| !known.contains(name)) {
            let message = format!("`{{{name}}}` would be sent as it is written: no `before` keeps `{name}`");
            let help = format!(
                "add `keep: {{ {name}: /id }}` to the request of `before` whose answer has it, or write a value in its place"
            );
            wrong(request.path.place(), message, &help);
        }
        known.extend(preparing.iter().flat_map(|preparing| preparing.keep.keys().map(String::as_str)));
    }
    let is_it = |line: &RequestLine| {
        line.method == resource.request.method && line.path.written() == resource.request.path.written()
    };
    for phase in loaded.scenario.load.iter().filter(|phase| phase.request.as_ref().is_some_and(is_it)) {
        if resource.before.iter().any(|preparing| !preparing.keep.is_empty()) {
            let message = "a load phase cannot use a resource that `before` makes for each request".to_owned();
            wrong(phase.place, message, "name another resource in its `request`");
        }
    }
}

/// What a path names in braces, as OpenAPI writes it.
fn names(request: &RequestLine) -> impl Iterator<Item = &str> {
    let written = request.path.written();
    let opened = written.match_indices('{').filter(|(at, _)| !written[..*at].ends_with('$'));
    opened.filter_map(|(at, _)| written[at + 1..].split_once('}')).map(|(name, _)| name).filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn is_one_position(position: &KeptPositionFields) -> bool {
    [&position.pointer, &position.header, &position.input].into_iter().flatten().count() == 1
}
