//! Answers that repeat the credential of their request.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Alter, Fill, LookedFor, On, Step, Who, send};
use crate::check::{Check, Doc, Explanation, PLAIN, Tier};

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "common.credential-not-repeated",
    title: "Answers do not repeat the valid credential of their request",
    tier: Tier::Extended,
    sources: &["ASVS 16.5.1", "ASVS 3.3.4", "CWE-209", "CWE-200", "WSTG-ERRH-01"],
    doc: Doc {
        sends: "The good request to each resource that checks use; with an unknown segment behind its path, a query that is no UTF-8, a method that does not exist and a media type that nothing has; and a valid credential that lacks the scope, after all other checks. Fields and bodies of every answer of the run to a valid key, token, password or cookie are searched for it: in plain, with the escapes of JSON, percent-encoded, in Base64 and in hexadecimal digits. Set-Cookie, answers to TRACE, an address with the key in its query, and answers of logins and of authorization servers do not count. In an answer that is no error it is recorded, and is no finding: a page may show its user what the user has.",
        matters: "Errors are kept in logs and shown on screens and in reports of faults, and a script that may not read the cookie or the field may read the answer: whoever sees it can use the credential.",
        fix: "Switch off pages that print the request, answer errors with a fixed text, and name a credential by an identifier, never by its value.",
    },
    steps: &[
        send(Who::Good, On::EachUsed).granted(),
        send(Who::Good, On::Protected)
            .with(&[Alter::Path(|path| format!("{}/authbench-absent", path.trim_end_matches('/')))])
            .called("a path that does not exist"),
        send(Who::Good, On::Protected)
            .with(&[Alter::Path(|path| format!("{path}?authbench=%ff"))])
            .called("a query that is no UTF-8"),
        send(Who::Good, On::Protected).with(&[Alter::Method("AUTHBENCH")]).called("a method that does not exist"),
        send(Who::Good, On::Protected)
            .with(&[Alter::Replaced("Accept", Fill::Text("application/x-authbench"))])
            .called("a media type that nothing has"),
        send(Who::LowScope, On::Scoped).called("a valid credential that lacks the scope").if_given(),
        Step::LookBack(LookedFor::Echoes),
    ],
    expect: not_repeated,
    fault: "prints-unknown-request",
    ..PLAIN
}];

fn not_repeated(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match (&seen.why, case.step_of(seen)) {
            (Some(what), Step::LookBack(_)) => {
                let text = case.about(index, format_args!("the answer repeats {what}"));
                match seen.exchange.status() {
                    Some(400..) => {
                        let expected = "an error without the credential";
                        judgement.advises_by(Explanation::Secret, index, text, expected);
                    }
                    // a page may show its user what the user has
                    _ => judgement.remarks.push(format!("{}: the answer repeats {what}", seen.description)),
                }
            }
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Request, Response, Silence};

    #[test]
    fn an_error_with_the_credential_is_worse_than_a_page_with_it() {
        let check = crate::check::find("common.credential-not-repeated").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let look_back = check.steps.len() - 1;
        for (status, what, expected) in [
            (404, Some("the credential"), 1),
            (500, Some("the password in plain"), 1),
            (200, Some("the credential"), 0),
            (302, Some("the credential"), 0),
            (200, None, 0),
        ] {
            let response = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/orders"), Silence::Closed);
            let seen = Observation::in_test(look_back, Exchange { answer: Ok(response), ..asked }, Outcome::Refused);
            let mut evidence = Evidence::default();
            evidence.observe(Observation { why: what.map(str::to_owned), ..seen });
            let judged = not_repeated(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!(judged.advice.len(), expected, "{status} {what:?}");
            assert!(judged.access.is_empty() && judged.protocol.is_empty(), "{status} {what:?}");
        }
    }
}
