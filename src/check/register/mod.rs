//! Registration of clients (RFC 7591), at the endpoint that the metadata of the issuer name.

pub(crate) mod configuration;
pub(crate) mod for_itself;
pub(crate) mod requests;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::check::judgement::expect::media_type_is;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Accept, ClientRegistration, MetadataDocument, Step, Want, fetch, register};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome, Response, StepId};

/// What holds of a good registration, and of the redirection URIs of all.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "register.answer-complete",
        title: "The answer to a registration has the members that a client needs",
        level: Level::Must,
        severity: Severity::Low,
        sources: &["RFC 7591 §3.2.1", "RFC 7591 §3.2"],
        doc: Doc {
            sends: "The metadata document, and a registration of a client of the authorization code grant without any credential. The client stays registered, unless the answer has registration_client_uri and registration_access_token (RFC 7592), with which it is removed. 201, JSON, client_id, redirect_uris and, beside client_secret, client_secret_expires_at are looked for.",
            matters: "A client that registers itself reads from the answer who it is and when its secret ends: without that it fails at once, or one day.",
            fix: "Answer 201 with a JSON object that has client_id, all metadata that are registered, and client_secret_expires_at (0 for never) wherever there is a client_secret.",
        },
        steps: &[fetch(MetadataDocument::Discovered), GOOD_REGISTRATION],
        expect: answer_complete,
        fault: "registered-secret-without-end",
        ..REGISTRATION
    },
    Check {
        id: "register.redirect-uris-validated",
        title: "A registration with a dangerous redirection URI is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7591 §5", "RFC 6749 §3.1.2"],
        doc: Doc {
            sends: "The metadata document, a good registration, and the same with one of these as the only redirection URI: javascript:alert(1), data:text/html,x, one with a fragment, a relative path, and http://client.example/callback. Clients that are accepted stay registered, unless their answer says how to remove them (RFC 7592). An answer whose redirect_uris does not have the URI counts as a refusal of it. The severity is medium where only a fragment or a relative path is accepted, and low where it is only http.",
            matters: "Anybody may register: whoever gets users to a script URI of their own runs code where the server redirects, and codes that travel by http are read on the way.",
            fix: "Register https URIs, http URIs of the loopback interface, and URIs of schemes that belong to apps; refuse every other one, relative ones and fragments by 400 invalid_redirect_uri.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            GOOD_REGISTRATION,
            register(ClientRegistration::With(r#"{"redirect_uris":["javascript:alert(1)"]}"#))
                .id(SCRIPT)
                .called("a javascript: URI"),
            register(ClientRegistration::With(r#"{"redirect_uris":["data:text/html,x"]}"#))
                .id(DATA)
                .called("a data: URI"),
            register(ClientRegistration::With(r#"{"redirect_uris":["https://client.example/callback#part"]}"#))
                .id(FRAGMENT)
                .called("a redirection URI with a fragment"),
            register(ClientRegistration::With(r#"{"redirect_uris":["/callback"]}"#))
                .id(RELATIVE)
                .called("a relative redirection URI"),
            register(ClientRegistration::With(r#"{"redirect_uris":["http://client.example/callback"]}"#))
                .id(CLEAR_TEXT)
                .called("a redirection URI by http"),
        ],
        expect: uris_validated,
        fault: "registers-script-uris",
        ..REGISTRATION
    },
    Check {
        id: "register.redirect-uris-required",
        title: "A registration for authorization codes without redirection URIs is refused",
        level: Level::Must,
        sources: &["RFC 7591 §5", "RFC 7591 §2"],
        doc: Doc {
            sends: "The metadata document, a good registration, and the same without redirect_uris and with an empty list of them. Clients that are accepted stay registered, unless their answer says how to remove them (RFC 7592). An answer with redirection URIs, or with grant types that need none, counts as a refusal. The check does not apply where the metadata have pushed_authorization_request_endpoint: RFC 9126 §2.4 lets such servers take URIs that are not registered.",
            matters: "A client without registered URIs is one whose codes go wherever a request says.",
            fix: "Refuse a registration for the grants authorization_code and implicit that names no redirection URI by 400 invalid_redirect_uri.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            GOOD_REGISTRATION,
            register(ClientRegistration::Without("redirect_uris")).called("a registration without redirect_uris"),
            register(ClientRegistration::With(r#"{"redirect_uris":[]}"#))
                .called("a registration with an empty redirect_uris"),
        ],
        expect: uris_required,
        fault: "registers-without-uris",
        ..REGISTRATION
    },
];

/// What checks of registrations have in common: they write.
const REGISTRATION: Check = Check { tier: Tier::Extended, remote_safe: false, ..PLAIN };

/// The good registration, which shows that the endpoint registers anybody.
const GOOD: StepId = StepId::new("good");
const GOOD_REGISTRATION: Step = register(ClientRegistration::Good).id(GOOD).called("a good registration");
const SCRIPT: StepId = StepId::new("script");
const DATA: StepId = StepId::new("data");
const FRAGMENT: StepId = StepId::new("fragment");
const RELATIVE: StepId = StepId::new("relative");
const CLEAR_TEXT: StepId = StepId::new("clear-text");

/// The metadata of a server that accepted the good registration of a check; where it did not, what that means for the check.
fn accepted(case: &ObservedCheck<'_>) -> Result<Value, Box<Judgement>> {
    let not_applicable =
        |why: &str| Box::new(Judgement { not_applicable: Some(why.to_owned()), ..Judgement::default() });
    let mut judgement = Box::new(Judgement::default());
    let Some((_, first)) = case.observations().next() else {
        judgement.leaves_open("there is no metadata document".to_owned());
        return Err(judgement);
    };
    let document = || first.exchange.response()?.json();
    let metadata = match (first.outcome, document()) {
        (Outcome::Granted, Some(metadata)) => metadata,
        (Outcome::Refused, _) => return Err(not_applicable("there is no metadata document: see meta.as-document")),
        _ => {
            judgement.leaves_open(format!("{}: no document came", first.description));
            return Err(judgement);
        }
    };
    let Some((_, seen)) = case.observations_of(GOOD).next() else {
        judgement.leaves_open("nobody was registered".to_owned());
        return Err(judgement);
    };
    match (seen.outcome, seen.exchange.status().unwrap_or_default()) {
        (Outcome::Granted, _) => return Ok(metadata),
        // RFC 7591 §3: who may register is for the server to say
        (Outcome::Refused, 401 | 403) => {
            return Err(not_applicable("the registration endpoint wants an initial access token"));
        }
        (Outcome::Refused, 400 | 422) => {
            let error = seen.exchange.response().and_then(|answer| answer.json_text("error"));
            let error = error.map(|error| format!(" ({error})")).unwrap_or_default();
            let why = format!("a good registration is refused{error}: the server has rules of its own for clients");
            return Err(not_applicable(&why));
        }
        (_, 0) => judgement.leaves_open(format!("{}: no answer", seen.description)),
        (_, status) => {
            judgement.leaves_open(format!("{}: answered with {status}, and registers nobody", seen.description));
        }
    }
    Err(judgement)
}

/// What a check says of a server that accepted the good registration, given its metadata.
fn of_accepting(case: &ObservedCheck<'_>, judge: impl FnOnce(&Value, &mut Judgement)) -> Judgement {
    let mut judgement = Judgement::default();
    match accepted(case) {
        Ok(metadata) => judge(&metadata, &mut judgement),
        Err(why) => return *why,
    }
    judgement
}

/// Any client error refuses a registration, but for one that says nothing of it: who sends several is throttled (429).
fn judge_refusal(case: &ObservedCheck<'_>, index: usize, judgement: &mut Judgement) {
    let seen = &case.evidence.observations[index];
    match seen.outcome {
        Outcome::Unclear => judgement.leaves_open(unclear(seen)),
        _ => case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), judgement),
    }
}

/// What was sent beside the good registration.
fn probes<'a>(case: &ObservedCheck<'a>) -> impl Iterator<Item = (usize, &'a Observation)> {
    let is_probe = move |seen: &Observation| match case.step_of(seen) {
        Step::Fetch(fetch) => matches!(fetch.document, MetadataDocument::Registration(_)) && fetch.id != Some(GOOD),
        _ => false,
    };
    case.observations().filter(move |(_, seen)| is_probe(seen))
}

/// The texts of a member that is a list.
fn texts(json: &Value, member: &str) -> Option<Vec<String>> {
    let values = json.get(member)?.as_array()?;
    Some(values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
}

/// RFC 7591 §3.2.1 requires `client_id`, `client_secret_expires_at` "if client_secret is issued" and all registered metadata; §3.2
/// has the status and the media type. It asks for no `Cache-Control`, which its example has.
fn answer_complete(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let registered = case.answers_of(GOOD).next().filter(|(_, answer)| (200..300).contains(&answer.status));
    if let Some((index, answer)) = registered {
        complete(index, answer, &mut judgement);
        return judgement;
    }
    // a server that breaks each time is at fault itself
    match case.observations_of(GOOD).find(|(_, seen)| seen.outcome == Outcome::Broke) {
        Some((index, _)) => {
            case.judge_as(index, Want::Granted, &mut judgement);
            judgement
        }
        None => accepted(case).err().map_or_else(Judgement::default, |judgement| *judgement),
    }
}

fn complete(index: usize, answer: &Response, judgement: &mut Judgement) {
    let Some(json) = answer.json().filter(Value::is_object) else {
        return judgement.deviates(index, "the answer to a good registration is no JSON object", "a JSON object");
    };
    if answer.status != 201 {
        judgement.deviates(index, format!("a good registration is answered with {}", answer.status), "201");
    }
    media_type_is(judgement, index, answer, "application/json");
    if json.get("client_id").and_then(Value::as_str).is_none_or(str::is_empty) {
        judgement.deviates(index, "the answer to a good registration has no client_id", "client_id, a text");
    }
    if texts(&json, "redirect_uris").is_none() {
        let text = "the answer to a good registration does not say which redirect_uris are registered";
        judgement.deviates(index, text, "all registered metadata");
    }
    let has_secret = json.get("client_secret").is_some_and(|secret| !secret.is_null());
    if has_secret && !json.get("client_secret_expires_at").is_some_and(Value::is_number) {
        let text = "the answer has a client_secret, and no client_secret_expires_at that is a number";
        judgement.deviates(index, text, "client_secret_expires_at, 0 for a secret that does not expire");
    }
}

/// RFC 7591 §5 says which redirection URIs may be registered, RFC 6749 §3.1.2 that they are absolute and have no fragment. §3.2.1 lets
/// the server replace what was asked for.
fn uris_validated(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        let mut worst = None;
        for (index, seen) in probes(case) {
            if seen.outcome != Outcome::Granted {
                judge_refusal(case, index, judgement);
                continue;
            }
            let asked: Value = serde_json::from_slice(&seen.exchange.request.body).unwrap_or_default();
            let asked = texts(&asked, "redirect_uris").unwrap_or_default();
            let answer = seen.exchange.response().and_then(Response::json).unwrap_or_default();
            match texts(&answer, "redirect_uris") {
                Some(registered) if registered.iter().any(|uri| asked.contains(uri)) => {
                    worst = worst.max(Some(severity(case.step_of(seen).step_id())));
                    judgement.violates(
                        index,
                        case.about(index, "the client is registered with it"),
                        "refused with 400",
                    );
                }
                Some(_) => {}
                None => judgement.leaves_open(format!(
                    "{}: a client is registered, and the answer does not say with which redirect_uris",
                    seen.description
                )),
            }
        }
        judgement.at_most = worst.or(Some(Severity::Low));
    })
}

fn severity(step: Option<StepId>) -> Severity {
    match step {
        Some(CLEAR_TEXT) => Severity::Low,
        Some(FRAGMENT | RELATIVE) => Severity::Medium,
        _ => Severity::High,
    }
}

/// RFC 7591 §5: servers must require clients of redirect-based grants to register their redirection URIs.
fn uris_required(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |metadata, judgement| {
        if metadata.get("pushed_authorization_request_endpoint").is_some() {
            let why = "the server takes pushed authorization requests, whose redirection URIs need not be registered (RFC 9126 §2.4)";
            judgement.not_applicable = Some(why.to_owned());
            return;
        }
        for (index, seen) in probes(case) {
            if seen.outcome != Outcome::Granted {
                judge_refusal(case, index, judgement);
                continue;
            }
            let answer = seen.exchange.response().and_then(Response::json).unwrap_or_default();
            let is_redirected = |grant: &String| ["authorization_code", "implicit"].contains(&grant.as_str());
            // RFC 7591 §2: without the member the grant is authorization_code
            let redirects = texts(&answer, "grant_types").is_none_or(|grants| grants.iter().any(is_redirected));
            let has_uris = texts(&answer, "redirect_uris").is_some_and(|uris| !uris.is_empty());
            if redirects && !has_uris {
                let text = case.about(index, "the client is registered without a redirection URI");
                judgement.violates(index, text, "refused with 400");
            }
        }
    })
}
