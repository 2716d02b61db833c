//! Authorization requests that are wrong in two ways: nobody has registered their redirection URI, and they could not be answered
//! with a code either.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::session::authorization::{AuthorizationEnd, each, led_with, request_of};
use crate::check::step::{AuthorizationChange, RedirectionUri, RequestFault, SessionAct, Step, login};
use crate::check::{Check, Doc, Level, PLAIN, Severity};
use crate::observe::{Outcome, StepId};

/// An authorization request with a redirection URI on another host and one more fault.
const fn faulty(fault: RequestFault) -> Step {
    login(SessionAct::AuthorizationRequest(AuthorizationChange::FaultyElsewhere(fault)))
}

/// What holds of redirects with an error.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "code.errors-lead-nowhere-else",
    title: "An error of an authorization request goes to no redirection URI that its client has not registered",
    level: Level::Must,
    severity: Severity::High,
    remote_safe: false,
    sources: &["RFC 6749 §4.1.2.1", "RFC 9700 §4.11.2", "CWE-601"],
    doc: Doc {
        sends: "The login of the scenario with a redirection URI on another host in its authorization request, and there with a `response_type` that does not exist, without one, and with a `scope` that does not exist. An answer that leads to that host is a failure, of medium severity where it brings an error and no code. Where the redirection URI alone is enough, the check does not apply: `code.redirection-uri-exact` says so.",
        matters: "A link to the server that everybody trusts leads to whatever site it names: what a phishing mail needs.",
        fix: "Look up the client and compare the redirection URI before anything else of the request is looked at, and show an error page to the user where it is not registered (RFC 6749 §4.1.2.1: the server \"MUST NOT automatically redirect the user-agent to the invalid redirection URI\").",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::OtherRedirection(RedirectionUri::OtherHost)).id(WITHOUT_FAULT),
        faulty(RequestFault::UnknownResponseType),
        faulty(RequestFault::NoResponseType),
        faulty(RequestFault::UnknownScope),
    ],
    expect: leads_nowhere_else,
    fault: "error-of-type-leads-anywhere",
    ..PLAIN
}];

/// The request with nothing wrong but its redirection URI.
const WITHOUT_FAULT: StepId = StepId::new("without-fault");

fn leads_nowhere_else(case: &ObservedCheck<'_>) -> Judgement {
    if case.observations_of(WITHOUT_FAULT).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        let why = "whatever redirection URI a request names is taken: see code.redirection-uri-exact";
        return Judgement { not_applicable: Some(why.to_owned()), ..Judgement::default() };
    }
    let mut with_code = false;
    let mut judgement = each(case, |judgement, index, _, answered| {
        let seen = &case.evidence.observations[index];
        let Some(text) = led_with(seen, &answered) else { return };
        with_code |= matches!(answered, AuthorizationEnd::Code);
        judgement.violates(request_of(case, index), case.about(index, text), "an error page, and no redirect");
    });
    judgement.at_most = (!with_code).then_some(Severity::Medium);
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    fn observed(step: usize, request: (&str, &str), (status, location): (u16, &str), outcome: Outcome) -> Observation {
        let headers = vec![("Location".to_owned(), location.as_bytes().to_vec())];
        let headers = if location.is_empty() { Vec::new() } else { headers };
        let answer = Response { status, headers, body: b"no".to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new(request.0, request.1), Silence::Closed);
        Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome)
    }

    #[test]
    fn an_error_that_leads_elsewhere_is_found_at_the_request() {
        const ELSEWHERE: &str = "https://authbench.example/cb?error=unsupported_response_type&state=s1";
        const WITH_CODE: &str = "https://authbench.example/cb?code=abc";
        const ASK: (&str, &str) = ("GET", "/authorize?response_type=authbench");
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = |all: Vec<Observation>| {
            let mut evidence = Evidence::default();
            all.into_iter().for_each(|one| evidence.observe(one));
            leads_nowhere_else(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile })
        };
        let page = || observed(1, ASK, (400, ""), Outcome::Refused);
        for (observation, access, at_most) in [
            (observed(2, ASK, (303, ELSEWHERE), Outcome::Granted), 1, Some(Severity::Medium)),
            (observed(4, ASK, (303, WITH_CODE), Outcome::Granted), 1, None),
            (observed(3, ASK, (400, ""), Outcome::Refused), 0, Some(Severity::Medium)),
            (observed(3, ASK, (303, "/login"), Outcome::Refused), 0, Some(Severity::Medium)),
        ] {
            let judgement = found(vec![page(), observation]);
            let seen = (judgement.access.len(), judgement.open.len(), judgement.at_most);
            assert_eq!(seen, (access, 0, at_most), "{judgement:?}");
        }
        // shown is the request, and named is where the answer leads
        let asked = observed(2, ASK, (303, "/consent"), Outcome::Granted);
        let led = observed(2, ("POST", "/consent"), (303, ELSEWHERE), Outcome::Granted);
        let judgement = found(vec![page(), asked, led]);
        let access = &judgement.access;
        assert_eq!((access.len(), access[0].observation), (1, 1), "{judgement:?}");
        assert!(access[0].text.contains("POST /consent leads to https://authbench.example/cb with error="));
        // the redirection URI alone is enough
        let any = observed(1, ASK, (303, WITH_CODE), Outcome::Granted);
        let led = observed(2, ASK, (303, ELSEWHERE), Outcome::Granted);
        assert!(found(vec![any, led]).not_applicable.is_some());
    }
}
