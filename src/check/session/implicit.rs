//! The implicit grant (RFC 6749 §4.2), at a server whose client uses codes.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::session::authorization::{answer_parameter, each};
use crate::check::step::{AuthorizationChange, SessionAct, login};
use crate::check::{Check, Doc, PLAIN};

/// What holds where a login ends with an authorization code.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "code.no-implicit-grant",
    title: "No access token comes with the answer to an authorization request",
    remote_safe: false,
    // RFC 9700 §2.1.2 asks clients not to use it (SHOULD NOT) and says nothing to servers
    sources: &["ASVS 10.4.4", "RFC 9700 §2.1.2", "RFC 6749 §4.2"],
    doc: Doc {
        sends: "The login of the scenario with `response_type=token` in place of that of its authorization request. An answer that leads to the redirection URI with an `access_token`, in its fragment, in its query or in a form, is a failure; whatever else comes is none. The token is not used.",
        matters: "A token in an address is left in the history of browsers, in logs and in Referer, nothing binds it to the client that asked, and neither a verifier nor the secret of the client is needed to get it: whoever changes a link has the weaker grant.",
        fix: "Switch the implicit grant off, at least for clients that use codes, and answer error=unsupported_response_type or unauthorized_client (RFC 6749 §4.1.2.1).",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::AuthorizationRequest(AuthorizationChange::Implicit)),
    ],
    expect: brings_no_token,
    fault: "implicit-grant",
    ..PLAIN
}];

fn brings_no_token(case: &ObservedCheck<'_>) -> Judgement {
    each(case, |judgement, index, answer, _| {
        if answer_parameter(answer, "access_token").is_some_and(|token| !token.is_empty()) {
            let text = case.about(index, "the answer leads to the client with an access token");
            judgement.violates(index, text, "a refusal, such as error=unauthorized_client");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Request, Response, Silence};

    /// Violations, and what is left open.
    fn found(outcome: Outcome, location: Option<&str>, body: &str) -> (usize, usize) {
        let headers: Vec<_> = location.iter().map(|to| ("Location".to_owned(), to.as_bytes().to_vec())).collect();
        let status = if location.is_some() { 302 } else { 200 };
        let answer = Response { status, headers, body: body.as_bytes().to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("GET", "/authorize"), Silence::Closed);
        let mut evidence = Evidence::default();
        evidence.observe(Observation::in_test(1, Exchange { answer: Ok(answer), ..asked }, outcome));
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = brings_no_token(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
        (found.access.len(), found.open.len())
    }

    #[test]
    fn a_token_in_an_answer_is_what_fails() {
        use Outcome::{Granted, Refused, Unclear};
        let posted = "<form action='https://app.test/cb'><input name='access_token' value='t'></form>";
        for (outcome, location, body, expected) in [
            (Granted, Some("https://app.test/cb#access_token=t&token_type=Bearer"), "", (1, 0)),
            (Granted, Some("https://app.test/cb?access_token=t"), "", (1, 0)),
            (Granted, None, posted, (1, 0)),
            (Granted, Some("https://app.test/cb#access_token="), "", (0, 0)),
            (Granted, Some("https://app.test/cb#error=unauthorized_client"), "", (0, 0)),
            // the server reads no response type
            (Granted, Some("https://app.test/cb?code=1"), "", (0, 0)),
            (Refused, None, "no", (0, 0)),
            (Unclear, None, "", (0, 1)),
        ] {
            assert_eq!(found(outcome, location, body), expected, "{outcome:?} {location:?} {body}");
        }
    }
}
