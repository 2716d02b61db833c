//! What the token endpoint makes of requests that are not as they should be (RFC 6749 §3.2, §5.2).

use super::GRANT;
use crate::check::judgement::expect;
use crate::check::judgement::sameness;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Encoding, Fill, FormAuth, Want, token};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, Severity, Tier};
use crate::observe::{Outcome, StepId};

/// A malformed request (RFC 6749 §5.2).
const BAD: &[Accept] = &[Accept::Status(400)];
/// What RFC 6749 §5.2 allows for a client that is not authenticated.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "token.unknown-client-indistinct",
        title: "Unknown client looks like a wrong secret",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["ASVS 6.3.8", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "A client that does not exist, and one that does with a wrong secret, both in the body where the scenario has the good secret there, and else by HTTP Basic; the answers are compared.",
            matters: "Answers that differ tell an attacker which clients exist.",
            fix: "Answer both with the same status, error and description.",
        },
        steps: &[
            token(FormAuth::UnknownSent, &[GRANT]).denied(BAD_CLIENT),
            token(FormAuth::WrongSent, &[GRANT]).denied(BAD_CLIENT),
        ],
        // which error is right is for other checks to say
        compares_answers: true,
        expect: sameness::all,
        fault: "client-not-found",
        ..PLAIN
    },
    Check {
        id: "token.unsupported-grant",
        title: "Unknown grant_type gives unsupported_grant_type",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.2"],
        doc: Doc {
            sends: "A grant type that does not exist, and client_credentials in upper case.",
            matters: "A server that falls back to another grant issues tokens that nobody asked for.",
            fix: "Compare grant types exactly, and answer 400 unsupported_grant_type for the rest.",
        },
        steps: &[
            token(FormAuth::Good, &[("grant_type", Fill::Text("authbench"))])
                .denied(BAD)
                .called("a grant type that does not exist"),
            token(FormAuth::Good, &[("grant_type", Fill::Text("CLIENT_CREDENTIALS"))])
                .denied(BAD)
                .called("the grant type in upper case"),
        ],
        expect: |case| expect::wants_error(case, &["unsupported_grant_type"]),
        fault: "default-grant",
        ..PLAIN
    },
    Check {
        id: "token.missing-grant-type",
        title: "Missing or empty grant_type is invalid_request",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.2", "RFC 6749 §3.2"],
        doc: Doc {
            sends: "Requests without grant_type, and with an empty one.",
            matters: "A default grant is one that nobody decided on.",
            fix: "Answer 400 invalid_request where grant_type is absent or empty.",
        },
        steps: &[
            token(FormAuth::Good, &[("scope", Fill::OwnScope)]).denied(BAD).called("no grant_type"),
            token(FormAuth::Good, &[("grant_type", Fill::Text(""))]).denied(BAD).called("an empty grant_type"),
        ],
        expect: |case| expect::wants_error(case, &["invalid_request"]),
        fault: "grant-type-optional",
        ..PLAIN
    },
    Check {
        id: "token.get-refused",
        title: "Tokens are not issued over GET",
        tier: Tier::Extended,
        sources: &["RFC 6749 §3.2"],
        doc: Doc {
            sends: "A GET with the parameters in the query, by the good client.",
            matters: "Credentials and tokens of a GET end in logs and caches.",
            fix: "Offer the token endpoint for POST only.",
        },
        steps: &[token(FormAuth::Good, &[GRANT])
            .by("GET")
            .encoded(Encoding::Query)
            .denied(&[Accept::Status(400), Accept::Status(404), Accept::Status(405)])
            .called("a GET")],
        fault: "get-token",
        ..PLAIN
    },
    Check {
        id: "token.repeated-param-refused",
        title: "A parameter sent twice is invalid_request",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 6749 §3.2", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "grant_type twice with the same value and with another, scope and client_id twice.",
            matters: "Where two readers of a request take different values, one of them decides on what the other does not do.",
            fix: "Answer 400 invalid_request where a parameter comes twice.",
        },
        steps: &[
            token(FormAuth::Good, &[GRANT, GRANT]).denied(BAD).called("grant_type twice"),
            token(FormAuth::Good, &[GRANT, ("grant_type", Fill::Text("password"))])
                .denied(BAD)
                .called("two grant types"),
            token(FormAuth::Good, &[GRANT, ("scope", Fill::Text("authbench-a")), ("scope", Fill::Text("authbench-b"))])
                .denied(BAD)
                .called("two scopes"),
            token(FormAuth::Good, &[GRANT, ("client_id", Fill::ClientId), ("client_id", Fill::ClientId)])
                .denied(BAD)
                .called("client_id twice"),
        ],
        expect: |case| expect::wants_error(case, &["invalid_request"]),
        fault: "first-value-wins",
        ..PLAIN
    },
    Check {
        id: "token.two-auth-methods-refused",
        title: "Two client authentication methods in one request are refused",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 6749 §2.3", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "HTTP Basic and body parameters at once: both right, and the body wrong; and HTTP Basic beside the client_id of another. A server that does not take the body alone reads no secret there, and is not judged for it.",
            matters: "A server that takes whichever is right lets a guess ride along with a good credential.",
            fix: "Answer 400 invalid_request where a request uses more than one method.",
        },
        steps: &[
            token(FormAuth::Post, &[GRANT]).id(BODY_ALONE).called("the good client, authenticated by the body alone"),
            token(FormAuth::Both, &[GRANT]).denied(BAD_CLIENT),
            token(FormAuth::BothBodyWrong, &[GRANT]).denied(BAD_CLIENT),
            token(FormAuth::Contradicting, &[GRANT]).id(CONTRADICTING),
        ],
        expect: one_method,
        fault: "double-auth-ok",
        ..PLAIN
    },
    Check {
        id: "token.basic-form-decoding",
        title: "Basic client credentials are form-decoded",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 6749 §2.3.1", "RFC 6749 §B"],
        doc: Doc {
            sends: "The good client with the first character of its identifier percent-encoded; and, where the scenario has one, a client whose identifier and secret need form encoding: encoded as RFC 6749 asks, and raw.",
            matters: "Libraries disagree on this encoding: a secret with a plus sign works with some and not with others.",
            fix: "Form-decode both parts after Base64 (RFC 6749 §2.3.1).",
        },
        steps: &[
            token(FormAuth::EncodedId, &[GRANT]).granted().if_given(),
            token(FormAuth::Special, &[GRANT]).granted().if_given(),
            token(FormAuth::SpecialRaw, &[GRANT]).id(RAW).called("the raw form").if_given(),
        ],
        expect: raw_is_remarked,
        fault: "no-form-decode",
        ..PLAIN
    },
    Check {
        id: "token.form-content-type-required",
        title: "Only form encoding is accepted",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §4.4.2", "RFC 6749 §B"],
        doc: Doc {
            sends: "The parameters of a correct request as JSON, as multipart, labelled as plain text, and in the query of the URL.",
            matters: "A second parser is a second set of mistakes; labels that browsers may send across origins invite forged requests.",
            fix: "Refuse every media type but application/x-www-form-urlencoded.",
        },
        steps: &[
            token(FormAuth::Good, &[GRANT]).encoded(Encoding::Json).called("JSON"),
            token(FormAuth::Good, &[GRANT]).encoded(Encoding::Multipart).called("multipart"),
            token(FormAuth::Good, &[GRANT]).encoded(Encoding::Mislabelled).called("text/plain"),
            token(FormAuth::Good, &[GRANT]).encoded(Encoding::Query).called("the query of the URL"),
        ],
        expect: form_only,
        implied_by: &["token.query-credentials-refused", "token.missing-grant-type"],
        fault: "json-token-request",
        ..PLAIN
    },
    Check {
        id: "token.error-body-shape",
        title: "Error bodies are JSON with the defined members and characters",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.2", "RFC 6749 §A.7", "RFC 6749 §A.8"],
        doc: Doc {
            sends: "Requests with a wrong secret, an unknown grant type, none, and one with control characters.",
            matters: "Clients act on the error code: an error page in HTML tells them nothing, and echoes may carry markup.",
            fix: "Answer JSON with error, and with error_description in printable ASCII where there is one.",
        },
        steps: &[
            token(FormAuth::WrongSent, &[GRANT]).denied(BAD_CLIENT),
            token(FormAuth::Good, &[("grant_type", Fill::Text("authbench"))])
                .denied(BAD_CLIENT)
                .called("a grant type that does not exist"),
            token(FormAuth::Good, &[("scope", Fill::OwnScope)]).denied(BAD_CLIENT).called("no grant_type"),
            token(FormAuth::Good, &[("grant_type", Fill::Text("auth\u{7}bench\"\\"))])
                .denied(BAD_CLIENT)
                .called("control characters in grant_type"),
        ],
        expect: error_shape,
        implied_by: &[
            "token.unsupported-grant",
            "token.missing-grant-type",
            "token.bad-secret-basic-401",
            "token.missing-client-auth",
        ],
        fault: "html-errors",
        ..PLAIN
    },
];

/// The good client, authenticated by the body alone.
pub(crate) const BODY_ALONE: StepId = StepId::new("body-alone");
const CONTRADICTING: StepId = StepId::new("contradicting");
/// Client credentials without the form encoding.
const RAW: StepId = StepId::new("raw");
/// Media types that are not offered.
const MEDIA: &[Accept] = &[Accept::Status(400), Accept::Status(401), Accept::Status(415)];

/// Beside HTTP Basic the identifier in the body proves nothing; one of another client is better refused.
pub(crate) fn one_method(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants_error(case, &["invalid_request", "invalid_client"]);
    // RFC 6749 §3.2: parameters that are not recognised are ignored
    let ignores_bodies = case.observations_of(BODY_ALONE).any(|(_, seen)| seen.outcome == Outcome::Refused);
    if ignores_bodies && !judgement.access.is_empty() {
        judgement.access.clear();
        judgement.remarks.push("client_secret in the body is not read: it alone gets no token".to_owned());
    }
    for (index, seen) in case.observations_of(CONTRADICTING) {
        match seen.outcome {
            Outcome::Granted => judgement.advises(index, case.about(index, "a token"), "400 invalid_request"),
            _ => case.judge_as(index, Want::Denied(BAD_CLIENT), &mut judgement),
        }
    }
    judgement
}

/// Another reader lets nobody in who should not be: it is one more to make mistakes in, and a deviation at most.
pub(crate) fn form_only(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, observation) in case.observations() {
        match observation.outcome {
            _ if matches!(case.step_of(observation).wanted(), Want::Granted) => case.judge(index, &mut judgement),
            Outcome::Granted => {
                let text = case.about(index, "parameters are read from there too");
                judgement.deviates(index, text, "a form in the body and nothing else");
            }
            _ => case.judge_as(index, Want::Denied(MEDIA), &mut judgement),
        }
    }
    judgement
}

/// The ecosystem is split on the raw form: worth knowing, no deviation.
fn raw_is_remarked(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, observation) in case.observations_of(RAW) {
        match observation.outcome {
            Outcome::Granted => judgement.remarks.push("the raw form is accepted too".to_owned()),
            Outcome::Refused => judgement.remarks.push("the raw form is refused".to_owned()),
            _ => case.judge_as(index, Want::Denied(BAD_CLIENT), &mut judgement),
        }
    }
    judgement
}

fn error_shape(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let printable = |text: &str| text.chars().all(|c| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'));
    for (index, response) in case.refusals() {
        expect::media_type_is(&mut judgement, index, response, "application/json");
        let json = response.json().unwrap_or_default();
        match json.get("error").and_then(|error| error.as_str()) {
            Some(error) if printable(error) && !error.is_empty() => {}
            Some(_) => judgement.deviates(index, "error has characters that it may not have", "RFC 6749 §A.7"),
            None => judgement.deviates_by(
                Explanation::ErrorAbsent,
                index,
                "the body has no error",
                "a JSON object with error",
            ),
        }
        match json.get("error_description") {
            None => {}
            Some(text) if text.as_str().is_some_and(printable) => {}
            Some(_) => judgement.deviates(index, "error_description is not printable ASCII", "RFC 6749 §A.8"),
        }
        if json.get("error_uri").is_some_and(|uri| !uri.as_str().is_some_and(is_uri_reference)) {
            judgement.deviates(index, "error_uri is no URI", "RFC 6749 §A.9");
        }
    }
    judgement
}

/// RFC 6749 §A.9: a URI-reference (RFC 3986 §4.1), which may be relative, or empty (§4.4), in characters that stand in no quotes.
fn is_uri_reference(text: &str) -> bool {
    let base = url::Url::parse("https://authbench.example/").ok();
    let has_its_characters = text.chars().all(|c| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'));
    has_its_characters && url::Url::options().base_url(base.as_ref()).parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_reference_may_be_relative_or_empty() {
        for (text, is_one) in [
            ("", true),
            ("https://op.example/errors#invalid_grant", true),
            ("/errors/1", true),
            ("errors", true),
            ("https://op.example/an error", false),
            ("https://[op", false),
            ("http://op.example/\u{e9}", false),
        ] {
            assert_eq!(is_uri_reference(text), is_one, "{text:?}");
        }
    }
}
