//! Authorization requests whose client is not known: nobody has registered a redirection URI for it.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::session::authorization::{AuthorizationEnd, each, led_with, request_of};
use crate::check::step::{AuthorizationChange, SessionAct, SessionStep, Step, login};
use crate::check::{Check, Doc, Level, PLAIN, Severity};
use crate::observe::Observation;

/// What holds of the client that an authorization request names.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "code.unknown-client-refused",
    title: "An authorization request of an unknown client, or of none, leads to no redirection URI",
    level: Level::Must,
    remote_safe: false,
    sources: &["RFC 6749 §4.1.2.1", "RFC 9700 §4.11.2", "CWE-601"],
    doc: Doc {
        sends: "The login of the scenario with a `client_id` in its authorization request that nobody was given (a number or a UUID where its own is one), with the same and a redirection URI on another host, and without `client_id`. An answer that leads to the redirection URI of the request is a failure, with a code or with an error; an error that leads to the registered one is of low severity.",
        matters: "Nobody has registered a redirection URI for a client that does not exist: a server that redirects nevertheless sends its users, and their codes, to whatever address a link names.",
        fix: "Look the client up before anything else, and show an error page to the user where it is missing or unknown, without a redirect (RFC 6749 §4.1.2.1).",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::AuthorizationRequest(AuthorizationChange::UnknownClient)),
        login(SessionAct::AuthorizationRequest(AuthorizationChange::UnknownClientElsewhere)),
        login(SessionAct::AuthorizationRequest(AuthorizationChange::NoClient)),
    ],
    expect: leads_nowhere,
    fault: "any-client-asks",
    ..PLAIN
}];

/// RFC 6749 §4.1.2.1: where the client identifier is missing or invalid, the server "MUST NOT automatically redirect the user-agent
/// to the invalid redirection URI".
fn leads_nowhere(case: &ObservedCheck<'_>) -> Judgement {
    let mut is_grave = false;
    let mut judgement = each(case, |judgement, index, _, answered| {
        let seen = &case.evidence.observations[index];
        let Some(text) = led_with(seen, &answered) else { return };
        is_grave |= matches!(answered, AuthorizationEnd::Code) || is_elsewhere(case, seen);
        judgement.violates(request_of(case, index), case.about(index, text), "an error page, and no redirect");
    });
    judgement.at_most = (!is_grave).then_some(Severity::Low);
    judgement
}

fn is_elsewhere(case: &ObservedCheck<'_>, seen: &Observation) -> bool {
    let elsewhere = SessionAct::AuthorizationRequest(AuthorizationChange::UnknownClientElsewhere);
    matches!(case.step_of(seen), Step::Session(SessionStep { act, .. }) if *act == elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Outcome, Request, Response, Silence};

    /// What is said of one answer to the step: violations, what is left open, and the bound of the severity.
    fn found(step: usize, (status, location): (u16, Option<&str>), body: &str) -> (usize, usize, Option<Severity>) {
        let outcome = match (location, status) {
            (Some(to), _) if to.starts_with("https://") => Outcome::Granted,
            (_, 200) if body.contains("action") => Outcome::Granted,
            (_, 500..) => Outcome::Broke,
            _ => Outcome::Refused,
        };
        let headers: Vec<_> = location.iter().map(|to| ("Location".to_owned(), to.as_bytes().to_vec())).collect();
        let answer = Response { status, headers, body: body.as_bytes().to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("GET", "/authorize"), Silence::Closed);
        let mut evidence = Evidence::default();
        evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = leads_nowhere(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
        (found.access.len(), found.open.len(), found.at_most)
    }

    #[test]
    fn an_unknown_client_gets_a_page_of_the_server() {
        const CODE: &str = "https://app.test/cb?code=1";
        const ERROR: &str = "https://app.test/cb?error=invalid_client";
        let link_back = "<form action=\"https://app.test/cb\"><button>Back</button></form>";
        let posted = "<form action=\"https://app.test/cb\"><input name=code value=1></form>";
        for (step, answer, body, expected) in [
            (1, (302, Some(CODE)), "", (1, 0, None)),
            (1, (302, Some(ERROR)), "", (1, 0, Some(Severity::Low))),
            (1, (302, Some("https://app.test/cb")), "", (1, 0, Some(Severity::Low))),
            (2, (302, Some(ERROR)), "", (1, 0, None)),
            (3, (302, Some(CODE)), "", (1, 0, None)),
            (3, (200, None), posted, (1, 0, None)),
            (3, (200, None), link_back, (0, 0, Some(Severity::Low))),
            (1, (400, None), "unknown client", (0, 0, Some(Severity::Low))),
            (1, (302, Some("/error")), "", (0, 0, Some(Severity::Low))),
        ] {
            assert_eq!(found(step, answer, body), expected, "{step} {answer:?} {body}");
        }
        // to break is another matter than to redirect, and of low severity
        assert_eq!(found(1, (500, None), "no"), (0, 0, Some(Severity::Low)));
    }
}
