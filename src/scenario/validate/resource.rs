//! What a resource may be asked with, and how its answers are recognised.

use std::collections::BTreeMap;

use crate::scenario::model::AnswerPattern;
use crate::scenario::{JsonTemplate, LoadedScenario, ScenarioError, Template};

/// How a login names a value of an earlier answer.
const OF_ANSWERS: [&str; 4] = ["{input:", "{cookie:", "{header:", "{location:"];

/// What is wrong with resources, and with the requests around them.
pub(super) fn fit(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    for resource in &loaded.scenario.resources {
        let lookalikes = &loaded.scenario.material.lookalike_scopes;
        if !resource.scopes.is_empty() && resource.scopes.iter().all(|scope| lookalikes.contains(scope)) {
            let message = "the `lookalike_scopes` of `material` open this resource";
            let help = "name scopes there that look like a needed one and open nothing";
            mistakes.push(loaded.error(resource.place, message).with_help(help));
        }
        let own = texts(resource.json.as_ref(), resource.form.as_ref(), &resource.headers);
        let around = resource.before.iter().chain(&resource.after);
        let around = around.flat_map(|one| texts(one.json.as_ref(), one.form.as_ref(), &one.headers));
        mistakes.extend(own.chain(around).filter_map(|text| of_an_answer(loaded, text)));
        for preparing in resource.before.iter().chain(&resource.after) {
            let bodies = [preparing.json.is_some(), preparing.form.is_some(), preparing.body.is_some()];
            if bodies.into_iter().filter(|there| *there).count() > 1 {
                let error = loaded.error(preparing.place, "a request has one body");
                mistakes.push(error.with_help("keep one of json, form and body"));
            }
        }
        super::kept::fit(loaded, resource, mistakes);
        let mut wrong = |message: &str, help: &str| {
            mistakes.push(loaded.error(resource.place, message).with_help(help.to_owned()));
        };
        let bodies = [resource.json.is_some(), resource.form.is_some(), resource.body.is_some()];
        if bodies.into_iter().filter(|there| *there).count() > 1 {
            wrong("a request has one body", "keep one of json, form and body");
        }
        if resource.public && !resource.scopes.is_empty() {
            wrong("a public resource needs no scope", "keep one of `public` and `scopes`");
        }
        let is_prepared = !resource.before.is_empty() || !resource.after.is_empty();
        if is_prepared && !resource.writes {
            wrong("`before` and `after` belong around a write", "add `writes: true`, or remove them");
        }
        for preparing in resource.before.iter().chain(&resource.after) {
            let Some(name) = &preparing.with else { continue };
            if !loaded.scenario.credentials.contains_key(name) {
                let known = loaded.scenario.credentials.keys().cloned().collect::<Vec<_>>().join(", ");
                let help = format!("expected one of {known}");
                wrong(&format!("there is no credential `{name}`"), &help);
            }
        }
        if let Some(success) = &resource.success {
            pattern_fits(success, "`success`", "granted, such as 200", &mut wrong);
        }
        let Some(refusal) = &resource.refusal else { continue };
        if refusal.0.is_empty() {
            wrong(
                "`refusal` is an empty list",
                "write a pattern such as `{ status: 302 }`, or remove `refusal`: 401, 403 and 404 refuse by themselves",
            );
        }
        for pattern in &refusal.0 {
            pattern_fits(pattern, "`refusal`", "refused, such as 302", &mut wrong);
            if names_nothing(pattern) {
                wrong(
                    "a pattern of `refusal` names nothing",
                    "write at least one of status, json, text and content_type",
                );
            }
        }
    }
}

/// What is wrong with a pattern of answers by itself.
fn pattern_fits(pattern: &AnswerPattern, key: &str, access: &str, wrong: &mut impl FnMut(&str, &str)) {
    if pattern.status.is_some_and(|status| !(200..=599).contains(&status)) {
        let help = format!("write the status of access {access}");
        wrong(&format!("`status` of {key} is a final status between 200 and 599"), &help);
    }
    if pattern.json.as_ref().is_some_and(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        wrong(&format!("`json` of {key} is a JSON pointer (RFC 6901)"), "start it with a slash, such as /orders/0");
    }
}

fn names_nothing(pattern: &AnswerPattern) -> bool {
    let AnswerPattern { status, json, text, content_type } = pattern;
    status.is_none() && json.is_none() && text.is_none() && content_type.is_none()
}

/// The texts of a request that are sent as they are written.
fn texts<'a>(
    json: Option<&'a JsonTemplate>,
    form: Option<&'a BTreeMap<String, Template>>,
    headers: &'a BTreeMap<String, Template>,
) -> impl Iterator<Item = &'a Template> {
    let json = json.into_iter().flat_map(JsonTemplate::templates);
    json.chain(form.into_iter().flat_map(BTreeMap::values)).chain(headers.values())
}

/// A text that names such a value would be sent as it is written.
fn of_an_answer(loaded: &LoadedScenario, text: &Template) -> Option<ScenarioError> {
    let begin = OF_ANSWERS.into_iter().filter_map(|begin| text.written().find(begin)).min()?;
    let named = &text.written()[begin..];
    let named = &named[..=named.find('}')?];
    let message =
        format!("`{named}` would be sent as it is written: a login names values of earlier answers like this");
    let help = "for a CSRF token that each write repeats, add `write_fields` (or `write_headers`) to the login of its user; for what a \
         `before` of this resource makes, name it in its `keep`";
    Some(loaded.error(text.place(), message).with_help(help))
}
