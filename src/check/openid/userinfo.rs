//! The UserInfo endpoint, and tokens whose login did not ask for what it has (OpenID Connect Core 1.0, sections 3.1.2.1 and 5.3).

use crate::check::judgement::oauth::claimed_scope;
use crate::check::judgement::{Judgement, ObservedCheck, unclear};
use crate::check::step::{Accept, MetadataDocument, SessionAct, Want, fetch, login};
use crate::check::{Check, Doc, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome, Place, StepId};

/// What holds where the issuer of a login has a UserInfo endpoint.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "openid.userinfo-needs-openid",
    title: "The UserInfo endpoint refuses a token whose login did not ask for openid",
    severity: Severity::Low,
    tier: Tier::Extended,
    // section 3.1.2.1 calls the behaviour without the scope value unspecified
    sources: &[
        "OpenID Connect Core 1.0 (section 5.3)",
        "OpenID Connect Core 1.0 (section 3.1.2.1)",
        "OpenID Connect Core 1.0 (section 5.4)",
        "RFC 6750 §3.1",
        "RFC 6749 §3.3",
    ],
    doc: Doc {
        sends: "The document of OpenID Connect Discovery; the login of the scenario, whose authorization request has the scope `openid`, and its access token to the `userinfo_endpoint`; then the login without `openid`, `profile`, `email`, `address` and `phone` in its scope, and that access token to the same endpoint. Claims in the answer to it are a warning. Where the answer of that login states one of these scopes, or the login is refused without them, the check does not apply.",
        matters: "A user who agrees that a client may read orders has not agreed that it learns who he is: a token for any API opens his name and his address.",
        fix: "Answer 403 with error=insufficient_scope at the UserInfo endpoint, where the scope of the token has no openid (RFC 6750 §3.1).",
    },
    steps: &[
        fetch(MetadataDocument::OpenIdConfiguration).id(DOCUMENT),
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::AskUserInfo("s")).id(WITH).called("the UserInfo endpoint with its token"),
        login(SessionAct::LogInWithoutOpenId("t")).id(ASKED),
        login(SessionAct::AskUserInfo("t"))
            .id(WITHOUT)
            .called("the UserInfo endpoint with the token of a login without openid"),
    ],
    expect: needs_openid,
    fault: "userinfo-without-openid",
    ..PLAIN
}];

/// The document that names the endpoint.
const DOCUMENT: StepId = StepId::new("document");
/// The endpoint with a token of the login as it is, ...
const WITH: StepId = StepId::new("with-openid");
/// ... the login that does not ask for `openid`, ...
const ASKED: StepId = StepId::new("asked-without-openid");
/// ... and the endpoint with its token.
const WITHOUT: StepId = StepId::new("without-openid");

fn needs_openid(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let one = |step: StepId| case.observations_of(step).last();
    if one(DOCUMENT).is_some_and(|(_, seen)| seen.outcome == Outcome::Refused) {
        judgement.not_applicable = Some("the issuer has no document of OpenID Connect Discovery".to_owned());
        return judgement;
    }
    let own_steps = [WITH, ASKED, WITHOUT];
    for (index, seen) in case.observations() {
        let is_own = case.step_of(seen).step_id().is_some_and(|id| own_steps.contains(&id));
        if !is_own && (seen.place != Place::Metadata || seen.outcome != Outcome::Granted) {
            case.judge(index, &mut judgement);
        }
    }
    if let Some(scope) = one(ASKED).and_then(|(_, seen)| claims_scope(seen)) {
        let why = format!("the token of a login that did not ask for the scope {scope} has it");
        judgement.not_applicable = Some(why);
        return judgement;
    }
    match one(ASKED) {
        Some((_, seen)) if seen.outcome == Outcome::Refused => {
            let why = "a login without openid, and without the scopes of claims, gets no token";
            judgement.not_applicable = Some(why.to_owned());
            return judgement;
        }
        Some((index, seen)) if seen.outcome != Outcome::Granted => case.judge_as(index, Want::Granted, &mut judgement),
        _ => {}
    }
    let opens_with = one(WITH).is_some_and(|(_, seen)| seen.outcome == Outcome::Granted);
    match one(WITHOUT) {
        None => judgement.leaves_open("the UserInfo endpoint was not asked".to_owned()),
        Some((index, seen)) if seen.outcome == Outcome::Granted => {
            judgement.advises(index, case.about(index, "claims of the user"), "403 with error=insufficient_scope");
        }
        Some((_, seen)) if seen.outcome == Outcome::Unclear => judgement.leaves_open(unclear(seen)),
        Some((_, seen)) if seen.outcome == Outcome::Refused && !opens_with => {
            let why = "the UserInfo endpoint does not answer for the token of the login as it is, either";
            judgement.leaves_open(why.to_owned());
        }
        Some((index, _)) => case.judge_as(index, Want::Denied(&[Accept::Range(400, 499)]), &mut judgement),
    }
    judgement
}

/// The scope that brings claims (sections 3.1.2.1 and 5.4), where the answer of a login states one (RFC 6749 §5.1), or the token itself.
fn claims_scope(seen: &Observation) -> Option<&'static str> {
    let answered = seen.exchange.response().and_then(|answer| answer.json_text("scope")).unwrap_or_default();
    let claimed = claimed_scope(seen).unwrap_or_default();
    let is_stated = |one: &&str| answered.split(' ').any(|own| own == *one) || claimed.contains(*one);
    ["openid", "profile", "email", "address", "phone"].into_iter().find(is_stated)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Request, Response, Silence};

    /// Warnings, what is left open, and whether it applies.
    fn found(answers: &[(StepId, u16, Value)]) -> (usize, usize, bool) {
        let mut evidence = Evidence::default();
        for (id, status, body) in answers {
            let step = CHECKS[0].steps.iter().position(|step| step.step_id() == Some(*id)).expect("is a step");
            let body = body.to_string().into_bytes();
            let answer = Response { status: *status, headers: Vec::new(), body, truncated: false };
            let outcome = if *status == 200 { Outcome::Granted } else { Outcome::Refused };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::Closed);
            let seen = Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome);
            let place = if *id == DOCUMENT { Place::Metadata } else { Place::Login };
            evidence.observe(Observation { place, ..seen });
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = needs_openid(&ObservedCheck { check: &CHECKS[0], evidence: &evidence, profile: &profile });
        assert!(found.access.is_empty() && found.protocol.is_empty(), "{answers:?}");
        (found.advice.len(), found.open.len(), found.not_applicable.is_none())
    }

    #[test]
    fn a_token_without_openid_opens_no_claims() {
        let (document, claims) = (json!({ "userinfo_endpoint": "https://as.test/me" }), json!({ "sub": "alice" }));
        let (token, openid) = (json!({ "access_token": "t" }), json!({ "access_token": "t", "scope": "openid" }));
        let email = json!({ "access_token": "t", "scope": "read email" });
        let named = (DOCUMENT, 200, document);
        let (opens, open_to_all) = ((WITH, 200, claims.clone()), (WITHOUT, 200, claims));
        let refused = |id| (id, 403, json!({ "error": "insufficient_scope" }));
        let logged_in = (ASKED, 200, token);
        for (answers, expected) in [
            (vec![named.clone(), opens.clone(), logged_in.clone(), refused(WITHOUT)], (0, 0, true)),
            (vec![named.clone(), opens.clone(), logged_in.clone(), open_to_all.clone()], (1, 0, true)),
            // a grant needs no control
            (vec![named.clone(), refused(WITH), logged_in.clone(), open_to_all.clone()], (1, 0, true)),
            (vec![named.clone(), refused(WITH), logged_in.clone(), refused(WITHOUT)], (0, 1, true)),
            (vec![named.clone(), opens.clone(), refused(ASKED)], (0, 0, false)),
            (vec![named.clone(), opens.clone(), (ASKED, 200, openid), open_to_all.clone()], (0, 0, false)),
            (vec![named.clone(), opens.clone(), (ASKED, 200, email), open_to_all], (0, 0, false)),
            (vec![named, opens, logged_in], (0, 1, true)),
            (vec![refused(DOCUMENT)], (0, 0, false)),
        ] {
            assert_eq!(found(&answers), expected, "{answers:?}");
        }
    }
}
