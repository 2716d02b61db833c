//! The scope of what a refresh at a token endpoint brings (RFC 6749 §6).

use std::collections::BTreeSet;

use super::grant::error_400;
use crate::check::judgement::oauth::claimed_scope;
use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::step::{ExtraScope, RefreshChange, SessionAct, Want, login};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome};

/// What holds where a login has a refresh at a token endpoint.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "grant.refresh-scope-not-widened",
        title: "A refresh gets no scope that its login was not granted",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §6", "RFC 6749 §5.1", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "A login and its refresh; then its refresh with the scope of the login, as far as an answer or the login itself says it, and one more value: one that does not exist, and, of another login, one that another credential of the scenario has and this one lacks. The second needs a credential with a refresh that lacks a scope which another one has, wherever it is in the scenario; without one, the result says that it was not tried.",
            matters: "A user has agreed to a scope: a client that adds to it at a refresh, or whoever has stolen its refresh token, gets what nobody has agreed to.",
            fix: "Keep the scope that was granted with each refresh token, and answer 400 with error=invalid_scope where a refresh asks for more (RFC 6749 §6); or leave the rest out, and say so in `scope` (§5.1).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::MoreScope(ExtraScope::Invented))),
            // a refresh that was granted has used its token up
            login(SessionAct::LogInForMoreScope("t")).granted().called("the login of a credential that lacks a scope"),
            login(SessionAct::RefreshChanged("t", RefreshChange::MoreScope(ExtraScope::OfAnother))),
        ],
        expect: not_widened,
        fault: "refresh-widens-scope",
        ..PLAIN
    },
    Check {
        id: "grant.refresh-scope-narrowed",
        title: "A refresh for a part of the scope gets that part and no more",
        severity: Severity::Info,
        tier: Tier::Extended,
        remote_safe: false,
        // RFC 6749 §3.3 allows to ignore what a client asks for
        sources: &["RFC 9700 §2.3", "RFC 6749 §6", "RFC 6749 §3.3"],
        doc: Doc {
            sends: "A login and its refresh; then its refresh with one value of the scope of the login, where an answer or the login itself says two at least. The `scope` of the answer is read, and that of a token that is a JWT.",
            matters: "A client that needs less for what it does next can ask for less: what is stolen then opens less.",
            fix: "Intersect the scope that was granted with the one that the refresh asks for, and state the result.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::LessScope)),
        ],
        expect: narrowed,
        fault: "refresh-ignores-scope",
        ..PLAIN
    },
];

/// The scope that a refresh asked for, in its order.
fn asked_scope(seen: &Observation) -> Vec<String> {
    let mut pairs = url::form_urlencoded::parse(&seen.exchange.request.body);
    let scope = pairs.find(|(name, _)| name == "scope").map(|(_, scope)| scope.into_owned()).unwrap_or_default();
    scope.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

/// The scope that a token was issued for, as far as the answer or the token says it.
fn issued_scope(seen: &Observation) -> Option<BTreeSet<String>> {
    let stated = seen.exchange.response().and_then(|answer| answer.json_text("scope"));
    let stated = stated.map(|scope| scope.split(' ').map(str::to_owned).collect::<BTreeSet<_>>());
    match (stated, claimed_scope(seen).filter(|claimed| !claimed.is_empty())) {
        (Some(stated), Some(claimed)) => Some(stated.into_iter().chain(claimed).collect()),
        (stated, claimed) => stated.or(claimed),
    }
}

/// RFC 6749 §6: the scope "MUST NOT include any scope not originally granted by the resource owner". The last value that was asked
/// for is the one that was not.
fn not_widened(case: &ObservedCheck<'_>) -> Judgement {
    const EXPECTED: &str = "400 with error=invalid_scope, or a token whose scope leaves it out";
    let mut judgement = expect::wants(case);
    for (index, seen) in case.lenient() {
        let extra = asked_scope(seen).pop().unwrap_or_default();
        match (seen.outcome, issued_scope(seen)) {
            (Outcome::Granted, Some(issued)) if issued.contains(&extra) => {
                let text = case.about(index, "the token has the scope that was not granted before");
                judgement.violates(index, text, EXPECTED);
            }
            (Outcome::Granted, Some(_)) => {}
            // RFC 6749 §5.1: without the member the scope is the one that was asked for
            (Outcome::Granted, None) => {
                let text = "a token without a scope member: it says that it has what was asked for";
                judgement.deviates(index, case.about(index, text), EXPECTED);
            }
            _ => error_400(case, index, &["invalid_scope"], &mut judgement),
        }
    }
    judgement
}

fn narrowed(case: &ObservedCheck<'_>) -> Judgement {
    const EXPECTED: &str = "a token with the part of the scope that was asked for";
    let mut judgement = expect::wants(case);
    for (index, seen) in case.lenient() {
        let asked = asked_scope(seen);
        match (seen.outcome, issued_scope(seen)) {
            (Outcome::Granted, Some(issued)) if issued.iter().any(|one| !asked.contains(one)) => {
                judgement.deviates(index, case.about(index, "the token has more than that"), EXPECTED);
            }
            (Outcome::Granted, Some(_)) => {}
            (Outcome::Granted, None) => {
                let why = "the answer does not say which scope the new token has";
                judgement.not_applicable = Some(why.to_owned());
            }
            (Outcome::Refused, _) => judgement.deviates(index, case.about(index, "refused"), EXPECTED),
            _ => case.judge_as(index, Want::Granted, &mut judgement),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    /// What a check says of the answer to a refresh for a scope: violations, deviations, and whether it applies.
    fn found(id: &str, outcome: Outcome, asked: &str, (status, body): (u16, &str)) -> (usize, usize, bool) {
        let check = find(id).expect("is in the catalogue");
        let step = check.steps.iter().position(|step| matches!(step.wanted(), Want::Either)).expect("has one");
        let body = body.as_bytes().to_vec();
        let answer = Response { status, headers: Vec::new(), body, truncated: false };
        let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("scope", asked).finish();
        let request = Request::new("POST", "/token").with_body("application/x-www-form-urlencoded", form);
        let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::Closed) };
        let mut evidence = Evidence::default();
        evidence.observe(Observation::in_test(step, exchange, outcome));
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.protocol.len(), found.not_applicable.is_none())
    }

    #[test]
    fn a_scope_grows_where_the_answer_or_the_token_says_so() {
        use Outcome::{Granted, Refused};
        const MORE: &str = "grant.refresh-scope-not-widened";
        const LESS: &str = "grant.refresh-scope-narrowed";
        // the claims {"scope":"read admin"} behind {"alg":"none"}
        const JWT: &str = r#"{"access_token":"eyJhbGciOiJub25lIn0.eyJzY29wZSI6InJlYWQgYWRtaW4ifQ.x"}"#;
        for (id, outcome, asked, answer, expected) in [
            (MORE, Granted, "read admin", (200, r#"{"scope":"read admin"}"#), (1, 0, true)),
            (MORE, Granted, "read admin", (200, r#"{"scope":"read"}"#), (0, 0, true)),
            (MORE, Granted, "read admin", (200, JWT), (1, 0, true)),
            (MORE, Granted, "read admin", (200, r#"{"access_token":"x"}"#), (0, 1, true)),
            (MORE, Refused, "read admin", (400, r#"{"error":"invalid_scope"}"#), (0, 0, true)),
            (MORE, Refused, "read admin", (400, r#"{"error":"invalid_grant"}"#), (0, 1, true)),
            (LESS, Granted, "read", (200, r#"{"scope":"read"}"#), (0, 0, true)),
            (LESS, Granted, "read", (200, r#"{"scope":"read admin"}"#), (0, 1, true)),
            (LESS, Granted, "read", (200, JWT), (0, 1, true)),
            (LESS, Granted, "read", (200, r#"{"access_token":"x"}"#), (0, 0, false)),
            (LESS, Refused, "read", (400, r#"{"error":"invalid_scope"}"#), (0, 1, true)),
        ] {
            assert_eq!(found(id, outcome, asked, answer), expected, "{id} {outcome:?} {answer:?}");
        }
    }
}
