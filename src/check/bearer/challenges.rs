//! What a resource server says when it refuses a bearer token (RFC 6750 §3).

use std::collections::BTreeSet;

use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, INSUFFICIENT, INVALID, MISSING, On, Who, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Challenge, Outcome, Response, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "bearer.missing-401-no-error-code",
        title: "A request without a token gets 401 with a challenge that has no error code",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        about_authorization: true,
        about_bearer: true,
        sources: &["RFC 6750 §3", "RFC 6750 §3.1"],
        doc: Doc {
            sends: "A request without any credential.",
            matters: "The challenge tells a client that a token is wanted; an error code says that one was wrong, and sends the client to renew it.",
            fix: "Answer 401 with WWW-Authenticate: Bearer, and add error only where a token was presented.",
        },
        steps: &[send(Who::Anonymous, On::Protected).denied(&[MISSING])],
        expect: missing,
        fault: "error-on-missing",
        ..PLAIN
    },
    Check {
        id: "bearer.challenge-has-param",
        title: "A Bearer challenge has at least one parameter, none repeated, legal characters",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        about_authorization: true,
        about_bearer: true,
        sources: &["RFC 6750 §3"],
        doc: Doc {
            sends: "A request without and one with an unknown token; the Bearer challenges are read.",
            matters: "Clients look for realm, scope and error; a challenge that names them twice or in wrong characters is read in different ways.",
            fix: "Send WWW-Authenticate: Bearer realm=\"…\" at least, each parameter once.",
        },
        steps: &[
            send(Who::Anonymous, On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("unknown"), On::Protected).denied(&[Accept::Range(400, 499)]),
        ],
        expect: parameters,
        fault: "bare-bearer",
        ..PLAIN
    },
    Check {
        id: "bearer.denial-has-challenge",
        title: "Every refusal of a presented token carries a Bearer challenge, 403 included",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        about_authorization: true,
        about_bearer: true,
        sources: &["RFC 6750 §3", "RFC 6750 §3.1"],
        doc: Doc {
            sends: "An unknown token, a valid one to a resource whose scope it lacks, and a valid one with a word behind it. A refusal of the last one without a challenge is a warning.",
            matters: "Without the challenge a client cannot tell whether it needs another token or other rights.",
            fix: "Send a Bearer challenge with every 400, 401 and 403 that refuses a token, with its error code.",
        },
        steps: &[
            send(forged("unknown"), On::Protected).denied(&[INVALID]),
            send(Who::LowScope, On::Scoped).denied(&[INSUFFICIENT]),
            send(forged("word-behind"), On::Protected).id(MALFORMED_FIELD),
        ],
        expect: named,
        fault: "no-challenge-on-403",
        ..REFUSAL
    },
];

/// A good token with a word behind it.
const MALFORMED_FIELD: StepId = StepId::new("malformed-field");

fn bearer(challenges: &[Challenge]) -> Option<&Challenge> {
    challenges.iter().find(|challenge| challenge.scheme == "bearer")
}

/// What a refusal without a Bearer challenge is called.
fn without_bearer(response: &Response) -> String {
    let unread = if challenges::parses(response) { "" } else { " that parses" };
    format!("{} without a Bearer challenge{unread}", response.status)
}

/// A Bearer challenge is there; that it names no error is a recommendation.
fn missing(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.refusals() {
        let challenges = challenges::of(response);
        let Some(challenge) = bearer(&challenges) else {
            judgement.deviates_by(
                challenges::absence(response),
                index,
                if challenges::parses(response) { "no Bearer challenge" } else { "no challenge that parses" },
                "WWW-Authenticate: Bearer",
            );
            continue;
        };
        // RFC 6750 §3.1: a request that lacks any authentication information should get no error code
        for name in ["error", "error_description", "error_uri"] {
            if challenge.param(name).is_some() {
                judgement.advises(index, format!("the challenge has {name} though no token was sent"), "no error code");
            }
        }
    }
    judgement
}

fn parameters(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let answered = case.refusals().next().is_some();
    if answered && case.all_answers().all(|(_, response)| bearer(&challenges::of(response)).is_none()) {
        judgement.not_applicable = Some("no answer has a Bearer challenge to examine".to_owned());
    }
    for (index, response) in case.all_answers() {
        for challenge in challenges::of(response).iter().filter(|challenge| challenge.scheme == "bearer") {
            if challenge.params.is_empty() {
                let text = "a Bearer challenge without parameters";
                match case.profile.strict_challenges() {
                    true => judgement.deviates(index, text, "one parameter at least"),
                    false if judgement.remarks.is_empty() => judgement.remarks.push(text.to_owned()),
                    false => {}
                }
                judgement.needs_review |= !judgement.remarks.is_empty();
            }
            let names: BTreeSet<&str> = challenge.params.iter().map(|(name, _)| name.as_str()).collect();
            if names.len() < challenge.params.len() {
                judgement.deviates(index, "a parameter is named twice", "each parameter once");
            }
            for (name, value) in &challenge.params {
                if !value.chars().all(|c| allowed(name, c)) {
                    judgement.deviates(index, format!("{name} has characters that it may not have"), "RFC 6750 §3");
                }
            }
        }
    }
    judgement
}

/// RFC 6750 §3: the characters of the values that it defines.
fn allowed(name: &str, c: char) -> bool {
    let quotable = matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    match name {
        "scope" | "error" | "error_description" => quotable || c == ' ',
        "error_uri" => quotable,
        _ => true,
    }
}

fn named(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let malformed = case.observations_of(MALFORMED_FIELD).filter(|(_, seen)| seen.outcome == Outcome::Refused);
    let answers = malformed.filter_map(|(index, seen)| Some((index, seen.exchange.response()?)));
    for (index, response) in answers.filter(|(_, response)| matches!(response.status, 400 | 401 | 403)) {
        if bearer(&challenges::of(response)).is_none() {
            let text = case.about(index, without_bearer(response));
            judgement.advises_by(challenges::absence(response), index, text, "WWW-Authenticate: Bearer");
        }
    }
    for (index, response) in case.refusals() {
        let challenges = challenges::of(response);
        match bearer(&challenges) {
            None => {
                let text = case.about(index, without_bearer(response));
                judgement.deviates_by(challenges::absence(response), index, text, "WWW-Authenticate: Bearer");
            }
            Some(challenge) if challenge.param("error").is_none() => {
                let text = case.about(index, "a Bearer challenge without error");
                judgement.advises_by(Explanation::ChallengeReason, index, text, "an error code");
            }
            Some(_) => {}
        }
    }
    judgement
}
