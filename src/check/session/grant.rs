//! The token endpoint that a login asks by a grant (RFC 6749 §4.3), as far as a login shows it: the checks of the topic `token`
//! use the client credentials grant.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, SessionAct, login};
use crate::check::{Check, Doc, Level, PLAIN, REFUSAL, Severity, Tier};

/// What holds where a login asks a token endpoint.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "grant.response-no-store",
        title: "Token responses to the grant of a login forbid caching",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.1", "RFC 9111 §5.2.2.5"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint; the Cache-Control of the answer is read.",
            matters: "A token in a cache is a token for whoever asks the cache.",
            fix: "Send Cache-Control: no-store with every answer that holds a token.",
        },
        steps: &[login(SessionAct::LogIn("s")).granted().called("the login")],
        expect: expect::no_store,
        fault: "grant-answer-cacheable",
        ..PLAIN
    },
    Check {
        id: "grant.error-body",
        title: "A wrong password at a token endpoint gives 400 and error=invalid_grant",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, with a wrong password, and then with the right one.",
            matters: "Libraries of clients read the error code: without it they take a wrong password for a server that is broken.",
            fix: "Answer 400 with a JSON object whose error is invalid_grant (RFC 6749 §5.2).",
        },
        steps: &[
            login(SessionAct::WrongPassword).denied(&[Accept::Range(400, 499)]),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        expect: invalid_grant,
        fault: "grant-error-text",
        ..REFUSAL
    },
];

/// RFC 6749 §5.2: 400, and `invalid_grant` for credentials of a resource owner that are invalid.
fn invalid_grant(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.refusals() {
        if response.status != 400 {
            let text = case.about(index, format_args!("refused with {}", response.status));
            judgement.deviates(index, text, "400 with error=invalid_grant");
        }
        expect::error_is_one_of(&mut judgement, index, response, &["invalid_grant"]);
    }
    judgement
}
