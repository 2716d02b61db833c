//! Authorization requests (RFC 6749 §4.1.1) and what comes of those that fail.

use crate::check::common::malformed::never_broken;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{
    AuthorizationChange, MalformedText, OWN_STATE, SessionAct, SessionStep, Step, UnusableResource, login,
};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::page::{named_value, parameter_of_redirect};
use crate::observe::{Observation, Outcome, Response, StepId};

/// An authorization request with a text that is no value of a parameter.
const fn malformed(parameter: &'static str, text: MalformedText) -> Step {
    login(SessionAct::AuthorizationRequest(AuthorizationChange::Malformed(parameter, text)))
}

/// The control that each of these has: the login as it is.
const THE_LOGIN: &str = "the login";
/// Errors of a request whose response type is absent or unknown (RFC 6749 §4.1.2.1).
const OF_THE_TYPE: &[&str] = &["invalid_request", "unsupported_response_type", "unauthorized_client"];
/// A request whose state has to come back.
const WITH_STATE: StepId = StepId::new("with-state");

/// What holds where the authorization request of a login is known.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "code.state-returned",
        title: "The answer to an authorization request repeats its state as it was",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.2", "RFC 6749 §10.12"],
        doc: Doc {
            sends: "The login of the scenario with a `state` in its authorization request that a query has to escape (a space, `+`, `=`, `&` and `%26`), of 95 characters.",
            matters: "The state is what ties an answer to the browser that asked: a client that finds another one refuses the login, or stops comparing.",
            fix: "Decode the parameter once, and encode it again in the redirect (RFC 6749 §4.1.2: \"The exact value received from the client\").",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::OwnState)).id(WITH_STATE),
        ],
        expect: state_comes_back,
        fault: "state-encoded-twice",
        ..PLAIN
    },
    Check {
        id: "code.request-errors",
        title: "An authorization request without a known response type is answered to the client with an error",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §3.1.1", "RFC 6749 §4.1.2.1"],
        doc: Doc {
            sends: "The authorization request of the login without `response_type`, and with one that does not exist; where it has a `state`, the error has to have it too.",
            matters: "A client that hears nothing leaves its user on the page of a server that knows neither of them.",
            fix: "Redirect to the redirection URI of the client, which is registered, with `error` and with the `state` of the request (RFC 6749 §4.1.2.1).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::NoResponseType)),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::UnknownResponseType)),
        ],
        expect: errors_reach_the_client,
        fault: "authorization-error-page",
        ..PLAIN
    },
    Check {
        id: "code.challenge-method-known",
        title: "An authorization request with an unknown challenge method brings no code",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7636 §4.4.1"],
        doc: Doc {
            sends: "The login of the scenario with a `code_challenge_method` that does not exist in its authorization request.",
            matters: "A server that does not know the method compares something else than the client meant, or nothing.",
            fix: "Answer error=invalid_request (RFC 7636 §4.4.1).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::UnknownChallengeMethod)),
        ],
        expect: brings_no_code,
        fault: "any-challenge-method",
        ..PLAIN
    },
    Check {
        id: "code.challenge-length",
        title: "An authorization request with a challenge that is too short brings no code",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 7636 §4.2", "RFC 6749 §4.1.2.1"],
        doc: Doc {
            sends: "The login of the scenario with a `code_challenge` of three characters in its authorization request.",
            matters: "A challenge has 43 characters at least (RFC 7636 §4.2): with S256 no verifier fits a shorter one, so that the client fails after its user has logged in, and with `plain` its verifier is guessed.",
            fix: "Answer error=invalid_request where the challenge is none of 43 to 128 characters.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::ShortChallenge)),
        ],
        expect: brings_no_code,
        fault: "short-challenges",
        ..PLAIN
    },
    Check {
        id: "code.unusable-resource-refused",
        title: "An authorization request whose resource is no absolute URI brings no code",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        // RFC 8707 §2.1 writes its "should" in lower case
        sources: &["RFC 8707 §2.1", "RFC 8707 §2"],
        doc: Doc {
            sends: "The login of the scenario, whose authorization request has a `resource`, with a path in its place, and with a fragment behind it. A server that does not know the parameter may ignore it (RFC 6749 §3.1): leave it out of the scenario then.",
            matters: "A client asks for a token that is good at one resource. Where the server cannot say which one that is and goes on, the token is good elsewhere, or everywhere.",
            fix: "Answer error=invalid_target where a resource is no absolute URI, has a fragment, or is none that the server issues tokens for (RFC 8707 §2.1).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::Resource(UnusableResource::Path))),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::Resource(UnusableResource::Fragment))),
        ],
        expect: targets_are_known,
        fault: "any-resource",
        ..PLAIN
    },
    Check {
        id: "code.repeated-parameter-refused",
        title: "An authorization request with a parameter twice brings no code",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §3.1", "RFC 6749 §4.1.2.1"],
        doc: Doc {
            sends: "The login of the scenario with a second `state` of another value in its authorization request, or a second `response_type` where it has no state.",
            matters: "Where two readers of a request take different values, one of them decides on what the other does not do.",
            fix: "Answer error=invalid_request where a parameter comes twice (RFC 6749 §4.1.2.1).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::AuthorizationRequest(AuthorizationChange::RepeatedParameter)),
        ],
        expect: brings_no_code,
        fault: "repeated-authorization-parameter",
        ..PLAIN
    },
    Check {
        id: "code.malformed-never-5xx",
        title: "An authorization request that cannot be read is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.2.1", "RFC 9110 §15.5.1", "ASVS 16.5.3", "CWE-20"],
        doc: Doc {
            sends: "The login of the scenario with one parameter of its authorization request changed: `scope`, `state`, `client_id` and `redirect_uri` with NUL and no UTF-8 (`%ff%fe`, where they are in a query), `redirect_uri` that does not parse (`http://[::`), an empty `scope`, a word as `scope`, `response_mode`, `prompt`, `max_age`, `claims`, `resource`, `request`, `ui_locales` and `id_token_hint`, and one character as `code_challenge`. Any answer but a server error will do.",
            matters: "Whoever has the address of an authorization endpoint can send such a request, without any credential: a handler that breaks on it is a way to take the login down, and its error page often shows code.",
            fix: "Check parameters before anything looks at them (RFC 6749 appendix A), and answer error=invalid_request, or with a page where the client or its redirection URI is not known (RFC 6749 §4.1.2.1).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            malformed("scope", MalformedText::Nul),
            malformed("scope", MalformedText::NotUtf8),
            malformed("scope", MalformedText::Word),
            malformed("scope", MalformedText::Empty),
            malformed("state", MalformedText::Nul),
            malformed("state", MalformedText::NotUtf8),
            malformed("client_id", MalformedText::Nul),
            malformed("client_id", MalformedText::NotUtf8),
            malformed("redirect_uri", MalformedText::Nul),
            malformed("redirect_uri", MalformedText::NotUtf8),
            malformed("redirect_uri", MalformedText::Address),
            malformed("response_mode", MalformedText::Word),
            malformed("prompt", MalformedText::Word),
            malformed("max_age", MalformedText::Word),
            malformed("claims", MalformedText::Word),
            malformed("resource", MalformedText::Word),
            malformed("request", MalformedText::Word),
            malformed("ui_locales", MalformedText::Word),
            malformed("id_token_hint", MalformedText::Word),
            malformed("code_challenge", MalformedText::Character),
        ],
        expect: never_broken,
        implied_by: &["code.redirection-uri-exact"],
        fault: "authorization-breaks-on-nul",
        ..PLAIN
    },
];

/// The answer to an authorization request, as its client reads it.
pub(super) enum AuthorizationEnd {
    /// It leads to the client with a code.
    Code,
    /// It leads to the client with an error.
    Error(String),
    /// It stays at the server.
    Page,
}

fn answered(outcome: Outcome, answer: &Response) -> AuthorizationEnd {
    match (outcome, answer_parameter(answer, "error")) {
        (Outcome::Granted, Some(error)) => AuthorizationEnd::Error(error),
        (Outcome::Granted, None) if hands_a_code_over(answer) => AuthorizationEnd::Code,
        _ => AuthorizationEnd::Page,
    }
}

/// Whether an answer hands a code over.
pub(super) fn hands_a_code_over(answer: &Response) -> bool {
    code_in(answer).is_some()
}

/// The code that an answer hands over.
pub(super) fn code_in(answer: &Response) -> Option<String> {
    answer_parameter(answer, "code")
}

/// A parameter of the answer to an authorization request, in its redirect or in a form that the browser sends.
pub(super) fn answer_parameter(answer: &Response, name: &str) -> Option<String> {
    parameter(answer, name).or_else(|| posted(answer, name))
}

/// A parameter of the redirect, or of the address that a script is to go to.
fn parameter(answer: &Response, name: &str) -> Option<String> {
    parameter_of_redirect(&answer.led_to()?, name)
}

/// A field of a form that the browser sends to the client (OAuth 2.0 Form Post Response Mode).
fn posted(answer: &Response, name: &str) -> Option<String> {
    named_value(&String::from_utf8_lossy(&answer.body), name)
}

/// What is judged here: the requests that are changed. What else is there is a control.
pub(super) fn is_changed(case: &ObservedCheck<'_>, seen: &Observation) -> bool {
    matches!(case.step_of(seen), Step::Session(SessionStep { act: SessionAct::AuthorizationRequest(_), .. }))
}

/// The observation that shows the request of a step: where it led somewhere by the answer to a later one, the first of the two.
pub(super) fn request_of(case: &ObservedCheck<'_>, index: usize) -> usize {
    let step = case.evidence.observations[index].step;
    case.observations().find(|(_, seen)| seen.step == step).map_or(index, |(first, _)| first)
}

/// Whether an observation is a request whose answer led on to what is judged.
pub(super) fn leads_on(case: &ObservedCheck<'_>, index: usize) -> bool {
    let step = case.evidence.observations[index].step;
    case.observations().any(|(other, seen)| other > index && seen.step == step)
}

/// How an answer led to the redirection URI, in words, with what it brings there; none of a page. A form that goes there may be a
/// link of the page, such as one back to the client.
pub(super) fn led_with(seen: &Observation, answered: &AuthorizationEnd) -> Option<String> {
    match answered {
        AuthorizationEnd::Code => Some(format!("{} with a code", led_to(seen))),
        AuthorizationEnd::Error(error) => Some(format!("{} with error={error}", led_to(seen))),
        AuthorizationEnd::Page => redirects(seen).then(|| led_to(seen)),
    }
}

/// Whether an answer that led to the redirection URI is a redirect.
fn redirects(seen: &Observation) -> bool {
    let is_redirect = seen.exchange.response().is_some_and(|answer| answer.led_to().is_some());
    seen.outcome == Outcome::Granted && is_redirect
}

/// Where an answer led, without what it brings there.
pub(super) fn led_to(seen: &Observation) -> String {
    let request = &seen.exchange.request;
    let target = String::from_utf8_lossy(&request.target);
    let path = target.split('?').next().unwrap_or_default();
    let location = seen.exchange.response().and_then(Response::led_to);
    match location.as_deref().and_then(|location| location.split(['?', '#']).next()) {
        Some(to) => format!("the answer to {} {path} leads to {to}", request.method),
        None => "the answer leads there".to_owned(),
    }
}

/// Judges each changed request by its answer; one that has none leaves it open.
pub(super) fn each(
    case: &ObservedCheck<'_>,
    mut judge: impl FnMut(&mut Judgement, usize, &Response, AuthorizationEnd),
) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match (is_changed(case, seen), seen.outcome, seen.exchange.response()) {
            (false, ..) => case.judge(index, &mut judgement),
            (true, ..) if leads_on(case, index) => {}
            (true, Outcome::Broke, Some(answer)) => {
                let text = case.about(index, format_args!("the answer is {}", answer.status));
                judgement.deviates(index, text, "an answer without a server error");
            }
            // such as a code that went by another way than to the redirection URI
            (true, Outcome::Unclear, Some(_)) => judgement.leaves_open(unclear(seen)),
            (true, outcome, Some(answer)) => judge(&mut judgement, index, answer, answered(outcome, answer)),
            (true, _, None) => judgement.leaves_open(format!("no answer to {}", seen.description)),
        }
    }
    judgement
}

fn state_comes_back(case: &ObservedCheck<'_>) -> Judgement {
    each(case, |judgement, index, answer, answered| match answered {
        AuthorizationEnd::Code => match answer_parameter(answer, "state") {
            Some(state) if state == OWN_STATE => {}
            Some(state) => {
                let text = format!("the answer has the state \"{state}\" in place of \"{OWN_STATE}\"");
                judgement.deviates(index, text, "the state of the request");
            }
            None => judgement.deviates(index, "the answer has no state", "the state of the request"),
        },
        AuthorizationEnd::Error(error) => {
            judgement.leaves_open(format!(
                "the authorization request with a state of its own is answered with error={error}"
            ));
        }
        AuthorizationEnd::Page => {
            judgement.leaves_open("the authorization request with a state of its own leads to no code".to_owned());
        }
    })
}

fn errors_reach_the_client(case: &ObservedCheck<'_>) -> Judgement {
    let expected = "a redirect to the client with error=invalid_request or unsupported_response_type";
    each(case, |judgement, index, answer, answered| match answered {
        AuthorizationEnd::Error(error) if OF_THE_TYPE.contains(&error.as_str()) => {
            let request = &case.evidence.observations[index].exchange.request;
            let sent = parameter_of_redirect(&String::from_utf8_lossy(&request.target), "state");
            if let Some(sent) = sent.filter(|sent| answer_parameter(answer, "state").as_ref() != Some(sent)) {
                let text = format!("the redirect with error={error} has not the state of the request");
                judgement.deviates(index, case.about(index, text), format!("state={sent}"));
            }
        }
        AuthorizationEnd::Error(error) => {
            let text = case.about(index, format_args!("the redirect has error={error}"));
            judgement.deviates(index, text, expected);
        }
        AuthorizationEnd::Code => judgement.deviates(index, case.about(index, "a code was issued"), expected),
        AuthorizationEnd::Page => {
            let text = case.about(index, format_args!("the answer ({}) does not lead to the client", answer.status));
            judgement.deviates(index, text, expected);
        }
    })
}

fn brings_no_code(case: &ObservedCheck<'_>) -> Judgement {
    each(case, |judgement, index, _, answered| {
        if let AuthorizationEnd::Code = answered {
            judgement.deviates(index, case.about(index, "a code was issued"), "error=invalid_request");
        }
    })
}

fn targets_are_known(case: &ObservedCheck<'_>) -> Judgement {
    each(case, |judgement, index, _, answered| {
        if let AuthorizationEnd::Code = answered {
            judgement.deviates(index, case.about(index, "a code was issued"), "error=invalid_target");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Silence};

    /// What a check says of one answer to its last changed request: deviations, and what it leaves open.
    fn found(id: &str, outcome: Outcome, location: Option<&str>, body: &str) -> (usize, usize) {
        let check = find(id).expect("is in the catalogue");
        let headers: Vec<_> = location.iter().map(|to| ("Location".to_owned(), to.as_bytes().to_vec())).collect();
        let status = if location.is_some() { 303 } else { 200 };
        let answer = Response { status, headers, body: body.as_bytes().to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("GET", "/authorize?state=s1"), Silence::Closed);
        let mut evidence = Evidence::default();
        let exchange = Exchange { answer: Ok(answer), ..asked };
        evidence.observe(Observation::in_test(check.steps.len() - 1, exchange, outcome));
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.open.len())
    }

    #[test]
    fn an_answer_reaches_the_client_by_a_redirect_or_by_a_form() {
        use Outcome::{Granted, Refused, Unclear};
        const METHOD: &str = "code.challenge-method-known";
        const ERRORS: &str = "code.request-errors";
        let form =
            |name: &str, value: &str| format!("<form><input type='hidden' name='{name}' value='{value}'></form>");
        for (id, outcome, location, body, expected) in [
            (METHOD, Granted, Some("https://app.test/cb?code=1"), String::new(), (1, 0)),
            (METHOD, Granted, None, form("code", "1"), (1, 0)),
            (METHOD, Granted, Some("https://app.test/cb?error=invalid_request"), String::new(), (0, 0)),
            (METHOD, Refused, None, "no".to_owned(), (0, 0)),
            (METHOD, Unclear, None, "a token".to_owned(), (0, 1)),
            (ERRORS, Granted, Some("https://app.test/cb?error=invalid_request&state=s1"), String::new(), (0, 0)),
            (ERRORS, Granted, Some("https://app.test/cb?error=invalid_request&state=s2"), String::new(), (1, 0)),
            (ERRORS, Granted, Some("https://app.test/cb?error=unsupported_response_type"), String::new(), (1, 0)),
            (ERRORS, Granted, Some("https://app.test/cb#error=server_error"), String::new(), (1, 0)),
            (ERRORS, Granted, None, form("error", "unsupported_response_type") + &form("state", "s1"), (0, 0)),
            (ERRORS, Granted, None, form("code", "1"), (1, 0)),
            (ERRORS, Refused, None, "no".to_owned(), (1, 0)),
            (ERRORS, Unclear, None, String::new(), (0, 1)),
        ] {
            assert_eq!(found(id, outcome, location, &body), expected, "{id} {outcome:?} {location:?} {body}");
        }
    }

    #[test]
    fn a_state_comes_back_as_it_was() {
        let with = |state: &str| {
            let encoded: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
            found(
                "code.state-returned",
                Outcome::Granted,
                Some(&format!("https://app.test/cb?code=1&state={encoded}")),
                "",
            )
        };
        assert_eq!(with(OWN_STATE), (0, 0));
        assert_eq!(with("authbench x y/z"), (1, 0));
        assert_eq!(found("code.state-returned", Outcome::Granted, Some("https://app.test/cb?code=1"), ""), (1, 0));
        assert_eq!(found("code.state-returned", Outcome::Refused, None, "no"), (0, 1));
        let posted = |state: &str| format!("<input name=code value=1><input name='state' value=\"{state}\">");
        let of_form = |state: &str| found("code.state-returned", Outcome::Granted, None, &posted(state));
        assert_eq!(of_form(&OWN_STATE.replace('&', "&amp;")), (0, 0));
        assert_eq!(of_form("x7"), (1, 0));
    }
}
