//! The token endpoint that a login asks by a grant of a user (RFC 6749 §4.1, §4.3), as far as a login shows it: the checks of the topic `token`
//! use the client credentials grant.

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, GrantChange, RefreshChange, SessionAct, Want, login};
use crate::check::{Check, Doc, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, StepId};

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
            login(SessionAct::ChangedGrant(GrantChange::WrongPassword)).denied(&[Accept::Range(400, 499)]),
            login(SessionAct::LogIn("s")).granted().called("the login with the right password"),
        ],
        expect: invalid_grant,
        fault: "grant-error-text",
        ..REFUSAL
    },
    Check {
        id: "grant.type-required",
        title: "A token endpoint asks for a grant type that it knows",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2", "RFC 6749 §4.3.2"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, without grant_type and with one that does not exist, and then as it is.",
            matters: "A default grant is one that nobody decided on, and libraries of clients read the error code.",
            fix: "Answer 400 with error=invalid_request where grant_type is absent, and with error=unsupported_grant_type where it is unknown (RFC 6749 §5.2).",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::NoType)).id(NO_TYPE),
            login(SessionAct::ChangedGrant(GrantChange::UnknownType)).id(UNKNOWN_TYPE),
            login(SessionAct::LogIn("s")).granted().called("the login with its grant type"),
        ],
        expect: known_type,
        fault: "grant-type-ignored",
        ..PLAIN
    },
    Check {
        id: "grant.authenticates-client",
        title: "A login of a client with credentials is refused without its authentication",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §4.3.2", "RFC 6749 §4.1.3", "RFC 6749 §3.2.1"],
        doc: Doc {
            sends: "The login of the scenario, whose client authenticates at a token endpoint, without that authentication, and with a wrong secret; and then as it is.",
            matters: "The secret of a client is what keeps others from asking for tokens in its name, and from guessing passwords there.",
            fix: "Authenticate the client wherever it was issued credentials (RFC 6749 §4.3.2, §4.1.3), before the password or the code is looked at.",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::NoClientAuthentication)).denied(&[Accept::Range(400, 499)]),
            login(SessionAct::ChangedGrant(GrantChange::WrongClientSecret)).denied(&[Accept::Range(400, 499)]),
            login(SessionAct::LogIn("s")).granted().called("the login with its client"),
        ],
        fault: "grant-without-client",
        ..REFUSAL
    },
    Check {
        id: "grant.refresh-error-body",
        title: "An unknown refresh token at a token endpoint gives 400 and error=invalid_grant",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2", "RFC 6749 §6"],
        doc: Doc {
            sends: "The login of the scenario and its refresh, with a refresh token that was never issued.",
            matters: "Libraries of clients read the error code: without it they take a refresh token that has ended for a server that is broken.",
            fix: "Answer 400 with a JSON object whose error is invalid_grant (RFC 6749 §5.2).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::RefreshChanged("s", RefreshChange::Unknown)).denied(&[Accept::Range(400, 499)]),
        ],
        expect: invalid_grant,
        implied_by: &["refresh.unknown-refused", "grant.error-body"],
        fault: "refresh-error-text",
        ..REFUSAL
    },
    Check {
        id: "grant.refresh-authenticates-client",
        title: "A refresh of a client with credentials is refused without its authentication",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §6", "RFC 6749 §3.2.1", "RFC 6749 §10.4"],
        doc: Doc {
            sends: "A login and its refresh; then the same refresh without the authentication of its client, and with a wrong secret.",
            matters: "A refresh token that was stolen is good without the secret of its client, which is what protects it.",
            fix: "Authenticate the client at each refresh, wherever it was issued credentials (RFC 6749 §6).",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::NoClientAuthentication))
                .denied(&[Accept::Range(400, 499)]),
            login(SessionAct::RefreshChanged("s", RefreshChange::WrongClientSecret)).denied(&[Accept::Range(400, 499)]),
        ],
        fault: "refresh-without-client",
        ..REFUSAL
    },
    Check {
        id: "grant.refresh-token-bound-to-client",
        title: "A refresh token is refused to another client",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §6", "RFC 6749 §10.4"],
        doc: Doc {
            sends: "A login and its refresh; then its refresh token by another client of the scenario, which authenticates as itself.",
            matters: "Any client that gets hold of a refresh token acts for the user with it.",
            fix: "Keep with each refresh token to which client it was issued, and compare (RFC 6749 §6).",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::OtherClient)).denied(&[Accept::Range(400, 499)]),
        ],
        fault: "refresh-token-of-any-client",
        ..REFUSAL
    },
];

const NO_TYPE: StepId = StepId::new("no-type");
const UNKNOWN_TYPE: StepId = StepId::new("unknown-type");

/// RFC 6749 §5.2: 400, and an error that says what is wrong with the type of the grant. One that is granted is granted to the right
/// password, so it is no access.
fn known_type(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let wanted: [(StepId, &[&str]); 2] = [(NO_TYPE, &["invalid_request"]), (UNKNOWN_TYPE, &["unsupported_grant_type"])];
    for (step, codes) in wanted {
        let expected = format!("400 with error={}", codes.join(" or "));
        for (index, seen) in case.observations_of(step) {
            match (seen.outcome, seen.exchange.response()) {
                (Outcome::Granted, _) => {
                    judgement.deviates(index, case.about(index, "a token was issued"), expected.clone());
                }
                (Outcome::Refused, Some(response)) if response.status == 400 => {
                    expect::error_is_one_of(&mut judgement, index, response, codes);
                }
                (Outcome::Refused, Some(response)) => {
                    let text = case.about(index, format_args!("refused with {}", response.status));
                    judgement.deviates(index, text, expected.clone());
                }
                _ => case.judge_as(index, Want::Denied(&[Accept::Status(400)]), &mut judgement),
            }
        }
    }
    judgement
}

/// RFC 6749 §5.2: 400, and `invalid_grant` for credentials of a resource owner that are invalid.
pub(super) fn invalid_grant(case: &ObservedCheck<'_>) -> Judgement {
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
