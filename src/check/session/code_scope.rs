//! The scope that a login with a code is granted (RFC 6749 §3.3).

use crate::check::judgement::oauth::claimed_scope;
use crate::check::judgement::{Judgement, ObservedCheck, expect, unclear};
use crate::check::step::{INSUFFICIENT, INVALID, On, SessionAct, Who, login, send};
use crate::check::{Check, Doc, Explanation, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, StepId};

/// What holds of the scope that an authorization request asks for.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "code.scope-not-escalated",
    title: "A login that asks for a scope which its credential lacks gets nothing that opens with it",
    severity: Severity::Medium,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["RFC 9700 §2.3", "RFC 6749 §3.3", "RFC 7591 §2", "ASVS 10.4.11"],
    doc: Doc {
        sends: "The login of a credential that lacks a scope of a resource, with that scope in its authorization request behind its own ones (`scopes` of the credential where the request names none). The token that comes back is used at that resource, and that of the login as it is before it. An error at the redirection URI passes, and so does a token that does not open the resource. A user may have agreed to a scope that the scenario does not list: a token that opens the resource is a warning.",
        matters: "A server that issues whatever scope a client asks for makes each client that a user logs in with as mighty as the mightiest: a page that is registered to read asks to administer.",
        fix: "Intersect the scope that an authorization request asks for with what its client is registered for (RFC 7591 §2) and its user may do, and state the scope that was granted (RFC 6749 §3.3).",
    },
    steps: &[
        send(Who::LowScope, On::Scoped)
            .id(WITHOUT)
            .called("the credential of the login as it is, which lacks the scope"),
        login(SessionAct::LogInAskingForMore("t")).id(ASKED),
        send(Who::IfKept("t"), On::Scoped)
            .denied(&[INSUFFICIENT, INVALID])
            .id(USED)
            .called("the token of a login that asked for the scope"),
    ],
    expect: not_escalated,
    shows: Explanation::Scope,
    fault: "code-scope-as-asked",
    ..REFUSAL
}];

/// What the credential opens without the scope.
const WITHOUT: StepId = StepId::new("without");
/// The login that asks for more.
const ASKED: StepId = StepId::new("asked");
/// What its token opens.
const USED: StepId = StepId::new("used");

/// Why a token shows nothing where the scope is needed.
const OPEN_WITHOUT: &str =
    "the credential opens the resource without the scope as well: what another token has shows nothing there";
/// What is said of a page in the place of a code.
const A_PAGE: &str = "the login that asks for the scope ends at a page, and the scenario does not say what its user would do there: whether the user may agree to the scope was not tried";

fn not_escalated(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let opens = case.observations_of(USED).any(|(_, seen)| seen.outcome == Outcome::Granted);
    // that a scope is not looked at is for other checks to say
    if opens && case.observations_of(WITHOUT).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        judgement.access.clear();
        judgement.leaves_open(OPEN_WITHOUT.to_owned());
        return judgement;
    }
    let asked = case.observations_of(ASKED).next();
    // what a token opens is a fault of who issued it
    for found in std::mem::take(&mut judgement.access) {
        let request = &case.evidence.observations[found.observation].exchange.request;
        let target = String::from_utf8_lossy(&request.target);
        let path = target.split('?').next().unwrap_or_default();
        let text = format!(
            "its token opens {} {path}, which needs a scope that the credential does not have in the scenario; where its user may \
             agree to that scope for this client, add it to `scopes` of the credential",
            request.method
        );
        let by = asked.map_or(found.observation, |(by, _)| by);
        judgement.advises(by, case.about(by, text), "error=invalid_scope, or a token without the scope");
    }
    match asked {
        Some((_, seen)) if seen.outcome == Outcome::Refused && !reaches_client(seen) => {
            judgement.remarks.push(A_PAGE.to_owned());
            judgement.needs_review = true;
        }
        // such as an answer without a body
        Some((_, seen)) if seen.outcome == Outcome::Unclear => judgement.leaves_open(unclear(seen)),
        Some((_, seen)) if seen.outcome == Outcome::Granted && !opens => {
            let stated = seen.exchange.response().and_then(|answer| answer.json_text("scope"));
            let says =
                stated.or_else(|| claimed_scope(seen).map(|scope| scope.into_iter().collect::<Vec<_>>().join(" ")));
            judgement
                .remarks
                .extend(says.map(|scope| format!("the token that was asked for more has the scope {scope:?}")));
        }
        _ => {}
    }
    judgement
}

/// Whether an answer sends an error to the client, or is an error itself (RFC 6749 §4.1.2.1).
fn reaches_client(seen: &Observation) -> bool {
    seen.exchange.response().is_some_and(|answer| {
        answer.status >= 400 || answer.header("location").is_some_and(|location| location.contains("error="))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    /// Failures, warnings, what is left open, and whether a person has to look, where these answers came.
    fn judged(answers: &[(StepId, Outcome, u16, &str, &str)]) -> (usize, usize, usize, bool) {
        let check = &CHECKS[0];
        let mut evidence = Evidence::default();
        for (id, outcome, status, location, body) in answers {
            let step = check.steps.iter().position(|step| step.step_id() == Some(*id)).expect("is there");
            let headers = match location.is_empty() {
                true => Vec::new(),
                false => vec![("Location".to_owned(), location.as_bytes().to_vec())],
            };
            let answer = Response { status: *status, headers, body: body.as_bytes().to_vec(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/orders"), Silence::Closed);
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, *outcome));
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = not_escalated(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len() + found.protocol.len(), found.advice.len(), found.open.len(), found.needs_review)
    }

    #[test]
    fn a_token_that_opens_more_is_a_warning_and_an_error_or_less_passes() {
        use Outcome::{Granted, Refused, Unclear};
        const TOKEN: &str = r#"{"access_token":"x","scope":"read"}"#;
        let closed = (WITHOUT, Refused, 403, "", "");
        let issued = (ASKED, Granted, 200, "", TOKEN);
        for (answers, expected) in [
            (&[closed, (ASKED, Refused, 302, "https://app.test/cb?error=invalid_scope", "")][..], (0, 0, 0, false)),
            (&[closed, (ASKED, Refused, 400, "", "invalid_scope")], (0, 0, 0, false)),
            (&[closed, (ASKED, Refused, 200, "", "<form>Allow?</form>")], (0, 0, 0, true)),
            (&[closed, (ASKED, Unclear, 200, "", "")], (0, 0, 1, false)),
            (&[closed, issued, (USED, Refused, 403, "", "")], (0, 0, 0, false)),
            (&[closed, issued, (USED, Granted, 200, "", "")], (0, 1, 0, false)),
            (&[(WITHOUT, Granted, 200, "", ""), issued, (USED, Granted, 200, "", "")], (0, 0, 1, false)),
        ] {
            assert_eq!(judged(answers), expected, "{answers:?}");
        }
    }
}
