//! Authorization requests of somebody who has not logged in.

use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::session::authorization::{AuthorizationEnd, each};
use crate::check::step::{AuthorizationChange, SessionAct, login};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};

/// What holds before anybody has logged in.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "code.user-logs-in",
    title: "An authorization request of somebody who has not logged in brings no code",
    level: Level::Must,
    severity: Severity::High,
    tier: Tier::Extended,
    remote_safe: false,
    sources: &["RFC 6749 §3.1", "RFC 6749 §4.1", "CWE-306"],
    doc: Doc {
        sends: "The login of the scenario up to its code, without the requests that have the `{username}` or the `{password}`, and without header lines that come from an answer.",
        matters: "A code is a login: whoever gets one without a password logs in as somebody.",
        fix: "Verify who the user is before anything else is done with an authorization request (RFC 6749 §3.1), and ask whether the user agrees.",
    },
    steps: &[
        login(SessionAct::LogIn("s")).granted().called("the login"),
        login(SessionAct::AuthorizationRequest(AuthorizationChange::NobodyLoggedIn)),
    ],
    expect: nobody_gets_a_code,
    fault: "code-without-login",
    ..PLAIN
}];

/// RFC 6749 §3.1: "The authorization server MUST first verify the identity of the resource owner".
fn nobody_gets_a_code(case: &ObservedCheck<'_>) -> Judgement {
    each(case, |judgement, index, _, answered| {
        if let AuthorizationEnd::Code = answered {
            let expected = "a page to log in at, or error=login_required";
            judgement.violates(index, case.about(index, "a code was issued"), expected);
        }
    })
}
