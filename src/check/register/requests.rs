//! Requests to registration endpoints that are malformed, unusual or refused (RFC 7591 §2, §3.2.2).

use super::{GOOD_REGISTRATION, REGISTRATION, judge_refusal, of_accepting, probes};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{ClientRegistration, MetadataDocument, Want, fetch, register};
use crate::check::{Check, Doc, Explanation, Level, Severity};
use crate::observe::{Observation, Outcome, Response};

/// What holds of requests that are refused, break servers, or say more than they need to.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "register.error-body",
        title: "A refused registration gives 400 and a JSON object with an error code",
        level: Level::Must,
        severity: Severity::Low,
        sources: &["RFC 7591 §3.2.2"],
        doc: Doc {
            sends: "The metadata document, a good registration, and the same with javascript:alert(1) as its redirection URI, and with a number in place of redirect_uris. Clients that are accepted stay registered, unless their answer says how to remove them (RFC 7592). The status, the media type and the `error` of refusals are read; which error code they have is left to the server.",
            matters: "Programs register themselves: without an error code, one cannot know whether to correct its request or to give up.",
            fix: "Answer 400 with a JSON object whose error is invalid_redirect_uri or invalid_client_metadata.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            GOOD_REGISTRATION,
            register(ClientRegistration::With(r#"{"redirect_uris":["javascript:alert(1)"]}"#))
                .called("a javascript: URI"),
            register(ClientRegistration::With(r#"{"redirect_uris":7}"#)).called("redirect_uris that is a number"),
        ],
        expect: errors_have_a_code,
        fault: "registration-error-text",
        ..REGISTRATION
    },
    Check {
        id: "register.malformed-never-5xx",
        title: "A malformed registration is answered without a server error",
        severity: Severity::Low,
        sources: &["RFC 7591 §3.2.2", "RFC 7591 §2", "RFC 9110 §15.5.1", "ASVS 16.5.3"],
        doc: Doc {
            sends: "The metadata document, a good registration, a body that is no JSON, a list, and null; and the good registration with redirect_uris that is a number and that has one, with a client_name that is a number, that holds NUL and that has 10,000 characters, and with jwks beside jwks_uri. Clients that are accepted stay registered, unless their answer says how to remove them (RFC 7592).",
            matters: "Anybody may send such a request: a handler that does not expect it breaks, often with its code in the answer.",
            fix: "Check the type and the length of each member before anything uses it, and answer 400 invalid_client_metadata.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            GOOD_REGISTRATION,
            register(ClientRegistration::Text("{")).called("a registration that is no JSON"),
            register(ClientRegistration::Text("[]")).called("a registration that is a list"),
            register(ClientRegistration::Text("null")).called("a registration that is null"),
            register(ClientRegistration::With(r#"{"redirect_uris":7}"#)).called("redirect_uris that is a number"),
            register(ClientRegistration::With(r#"{"redirect_uris":[7]}"#)).called("a redirection URI that is a number"),
            register(ClientRegistration::With(r#"{"client_name":7}"#)).called("a client_name that is a number"),
            register(ClientRegistration::With(r#"{"client_name":"auth\u0000bench"}"#)).called("a client_name with NUL"),
            register(ClientRegistration::LongName(10_000)).called("a client_name of 10,000 characters"),
            register(ClientRegistration::With(r#"{"jwks":{"keys":[]},"jwks_uri":"https://client.example/jwks"}"#))
                .called("jwks beside jwks_uri"),
        ],
        expect: unbroken,
        fault: "registration-breaks-on-types",
        ..REGISTRATION
    },
    Check {
        id: "register.unknown-metadata-ignored",
        title: "A registration with metadata that the server does not know is accepted",
        level: Level::Must,
        severity: Severity::Low,
        sources: &["RFC 7591 §2"],
        doc: Doc {
            sends: "The metadata document, a good registration, and the same with the members authbench_text and authbench_object. The clients stay registered, unless the answers say how to remove them (RFC 7592).",
            matters: "Clients send one registration to every server: one that refuses members of an extension shuts them out.",
            fix: "Leave members that the server does not know out of the registered metadata, and register the client.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            GOOD_REGISTRATION,
            register(ClientRegistration::With(r#"{"authbench_text":"x","authbench_object":{"a":[1]}}"#))
                .called("a registration with unknown members"),
        ],
        expect: unknown_ignored,
        fault: "registration-refuses-unknown",
        ..REGISTRATION
    },
];

/// RFC 7591 §3.2.2: 400 (unless otherwise specified), `application/json`, and a required `error`. What is accepted is another matter:
/// see register.redirect-uris-validated.
fn errors_have_a_code(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        let mut is_refused = false;
        for (index, seen) in probes(case) {
            match seen.exchange.response() {
                Some(answer) if seen.outcome == Outcome::Refused => {
                    is_refused = true;
                    has_a_code(case, (index, answer), judgement);
                }
                _ if seen.outcome == Outcome::Granted => {}
                // a server error is one of register.malformed-never-5xx
                answer => {
                    let status = answer.map_or_else(|| "no answer".to_owned(), |answer| answer.status.to_string());
                    judgement.leaves_open(format!("{}: {status} is no refusal that could be read", seen.description));
                }
            }
        }
        if !is_refused && judgement.open.is_empty() {
            let why = "no registration was refused: see register.redirect-uris-validated";
            judgement.not_applicable = Some(why.to_owned());
        }
    })
}

fn has_a_code(case: &ObservedCheck<'_>, (index, answer): (usize, &Response), judgement: &mut Judgement) {
    if answer.status != 400 {
        let text = case.about(index, format_args!("refused with {}", answer.status));
        judgement.deviates(index, text, "400");
    }
    if answer.json_text("error").is_none_or(|error| error.is_empty()) {
        let text = case.about(index, "the refusal has no error member that is a text");
        let expected = "error=invalid_redirect_uri or invalid_client_metadata";
        judgement.deviates_by(Explanation::ErrorAbsent, index, text, expected);
    } else if answer.media_type().as_deref() != Some("application/json") {
        let seen = answer.media_type().unwrap_or_default();
        let text = case.about(index, format_args!("the media type of the refusal is {seen:?}"));
        judgement.deviates(index, text, "application/json");
    }
}

/// What a server makes of such a registration is its own matter, as long as it does not break.
fn unbroken(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        let is_success = |seen: &Observation| matches!(seen.exchange.status(), Some(200..=299));
        let refused = probes(case).filter(|(_, seen)| seen.outcome != Outcome::Granted && !is_success(seen));
        refused.for_each(|(index, _)| judge_refusal(case, index, judgement));
    })
}

/// RFC 7591 §2: "The authorization server MUST ignore any client metadata sent by the client that it does not understand".
fn unknown_ignored(case: &ObservedCheck<'_>) -> Judgement {
    of_accepting(case, |_, judgement| {
        for (index, seen) in probes(case) {
            if seen.outcome != Outcome::Refused {
                case.judge_as(index, Want::Granted, judgement);
                continue;
            }
            let status = seen.exchange.status().unwrap_or_default();
            let text = case.about(index, format_args!("refused with {status}, and a good one is accepted"));
            judgement.deviates(index, text, "201");
        }
    })
}
