//! Whether the password grant is offered (RFC 9700 §2.4).

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::observe::{Outcome, Response, StepId};

/// The password grant, with a user that does not exist.
pub(crate) const PASSWORD: StepId = StepId::new("password-grant");
/// A grant type that nobody has defined.
pub(crate) const UNKNOWN_GRANT: StepId = StepId::new("unknown-grant");

/// What RFC 6749 §5.2 has for a grant that the server, or the client, does not have.
const NOT_OFFERED: &[&str] = &["unsupported_grant_type", "unauthorized_client", "invalid_client"];

/// A grant is not offered where it is refused by one of these codes, or as a grant type that does not exist is. `invalid_grant`
/// is otherwise an answer about the user, so that somebody has looked for one.
pub(crate) fn not_offered(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let refusal = |response: &Response| (response.status, response.json_text("error"));
    let of_unknown: Vec<_> = case
        .observations_of(UNKNOWN_GRANT)
        .filter(|(_, seen)| seen.outcome == Outcome::Refused)
        .filter_map(|(_, seen)| seen.exchange.response().map(refusal))
        .collect();
    for (index, seen) in case.observations_of(PASSWORD) {
        let refused = seen.exchange.response().filter(|_| seen.outcome == Outcome::Refused).map(refusal);
        let Some((status, error)) = refused else {
            case.judge(index, &mut judgement);
            continue;
        };
        let code = error.as_deref();
        if code.is_some_and(|code| NOT_OFFERED.contains(&code)) || of_unknown.contains(&(status, error.clone())) {
            continue;
        }
        match code {
            Some("invalid_grant") => judgement.deviates(
                index,
                "refused for its user alone: error=\"invalid_grant\"",
                format!("error={}", NOT_OFFERED.join(" or ")),
            ),
            _ => judgement.leaves_open(format!(
                "refused with {status} {}, and not as a grant type that does not exist: it may be offered",
                code.unwrap_or("and no error member")
            )),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Place, Request, Silence, meaning_of_status};

    fn answered(step: usize, (status, body): (u16, &str)) -> Observation {
        let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("POST", "/token"), Silence::Closed);
        let outcome = if status == 200 { Outcome::Granted } else { meaning_of_status(status) };
        let place = Place::Token;
        Observation { place, ..Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome) }
    }

    #[test]
    fn a_grant_that_is_refused_as_one_that_does_not_exist_is_not_offered() {
        let check = find("token.password-grant-disabled").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let unsupported = (400, r#"{"error":"unsupported_grant_type"}"#);
        let (request, grant) = ((400, r#"{"error":"invalid_request"}"#), (400, r#"{"error":"invalid_grant"}"#));
        // access, protocol, open
        for (password, unknown, expected) in [
            (unsupported, unsupported, (0, 0, 0)),
            ((400, r#"{"error":"unauthorized_client"}"#), unsupported, (0, 0, 0)),
            (request, request, (0, 0, 0)),
            ((403, "no"), (403, "no"), (0, 0, 0)),
            (grant, grant, (0, 0, 0)),
            (grant, unsupported, (0, 1, 0)),
            (request, unsupported, (0, 0, 1)),
            ((400, "{}"), request, (0, 0, 1)),
            // a server that takes what it does not know for another grant
            (request, (200, r#"{"access_token":"a"}"#), (0, 0, 1)),
            ((200, r#"{"access_token":"a"}"#), unsupported, (1, 0, 0)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(answered(0, password));
            evidence.observe(answered(1, unknown));
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.protocol.len(), found.open.len());
            assert_eq!(seen, expected, "{password:?}, beside {unknown:?}");
        }
    }
}
