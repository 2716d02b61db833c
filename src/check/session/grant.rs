//! The token endpoint that a login asks by a grant of a user (RFC 6749 §4.1, §4.3), as far as a login shows it: the checks of the topic `token`
//! use the client credentials grant.

use crate::check::common::malformed::never_broken;
use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{
    Accept, GrantChange, MalformedGrant, MalformedText, RefreshChange, SessionAct, Step, Want, login,
};
use crate::check::token::answers::not_stored;
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, Request, StepId};

/// The token request of a login that cannot be read.
const fn malformed_grant(kind: MalformedGrant) -> Step {
    login(SessionAct::ChangedGrant(GrantChange::Malformed(kind)))
}

/// The same of its refresh.
const fn malformed_refresh(kind: MalformedGrant) -> Step {
    login(SessionAct::RefreshChanged("s", RefreshChange::Malformed(kind)))
}

/// What holds where a login asks a token endpoint.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "grant.response-no-store",
        title: "Token responses to the grant of a login forbid caching",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.1", "RFC 6749 §6", "RFC 9111 §5.2.2.5"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, and its refresh where it has one; the Cache-Control of both answers is read.",
            matters: "A token in a cache is a token for whoever asks the cache.",
            fix: "Send Cache-Control: no-store with every answer that holds a token.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::TryRefresh("s")).called("its refresh"),
        ],
        expect: expect::no_store,
        fault: "grant-answer-cacheable",
        ..PLAIN
    },
    Check {
        id: "grant.response-names-type",
        title: "Token responses to the grant of a login name the type of the token",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 6749 §5.1", "RFC 6749 §7.1"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, and its refresh where it has one; the members of both answers are read.",
            matters: "A client must not use a token whose type it does not know, and libraries refuse an answer without token_type.",
            fix: "Send token_type, such as Bearer, with every access token.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::TryRefresh("s")).called("its refresh"),
        ],
        expect: names_type,
        fault: "grant-answer-without-type",
        ..PLAIN
    },
    Check {
        id: "grant.error-no-store",
        title: "Errors of the token endpoint that a login asks forbid caching",
        severity: Severity::Info,
        tier: Tier::Extended,
        remote_safe: false,
        // the example of RFC 6749 §5.2 has the field; its text asks for it where an answer holds a token (§5.1)
        sources: &["RFC 6749 §5.2", "RFC 9111 §5.2.2.5"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, with a grant type that does not exist, and with a wrong code or a wrong password; the Cache-Control of the answers is read. The right login follows.",
            matters: "An error that a cache keeps is answered to a client whose next request is right.",
            fix: "Send Cache-Control: no-store with every answer of the token endpoint, errors too.",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::UnknownType)),
            login(SessionAct::ChangedGrant(GrantChange::WrongGrant)),
            login(SessionAct::LogIn("s")).granted().called("the login"),
        ],
        expect: errors_not_stored,
        implied_by: &["grant.response-no-store"],
        fault: "cacheable-grant-error",
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
        id: "grant.missing-parameter-named",
        title: "A token request of a login that lacks its grant is invalid_request",
        level: Level::Must,
        severity: Severity::Info,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2", "RFC 6749 §4.1.3", "RFC 6749 §4.3.2", "RFC 6749 §6"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, without its code or its password, and then as it is; and, where it has a refresh, that without the refresh token.",
            matters: "invalid_grant tells a client that its user has to log in again, and invalid_request that it has a mistake of its own.",
            fix: "Look whether the parameters of a grant are there before anything else, and answer 400 with error=invalid_request (RFC 6749 §5.2).",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::NoGrant)),
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::RefreshChanged("s", RefreshChange::NoToken)),
        ],
        expect: invalid_request,
        fault: "missing-grant-unnamed",
        ..PLAIN
    },
    Check {
        id: "grant.repeated-parameter-refused",
        title: "A token request of a login with a parameter twice is refused",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §3.2", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, with grant_type twice, with two grant types, and with two codes or two passwords, of which the second is wrong; and, where it has a refresh, that with grant_type twice and with two refresh tokens.",
            matters: "Where two readers of a request take different values, one of them decides on what the other does not do.",
            fix: "Answer 400 with error=invalid_request where a parameter comes twice (RFC 6749 §5.2).",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::TypeTwice)),
            login(SessionAct::ChangedGrant(GrantChange::TwoTypes)),
            login(SessionAct::ChangedGrant(GrantChange::TwoGrants)),
            login(SessionAct::LogIn("s")).granted().called("the login"),
            login(SessionAct::RefreshChanged("s", RefreshChange::TypeTwice)),
            // a refresh that was granted has used its token up
            login(SessionAct::LogIn("t")).granted().called("another login"),
            login(SessionAct::RefreshChanged("t", RefreshChange::TwoTokens)),
        ],
        expect: invalid_request,
        fault: "repeated-grant-parameter",
        ..PLAIN
    },
    Check {
        id: "grant.malformed-never-5xx",
        title: "A token request of a login that does not decode is answered without a server error",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2", "RFC 9110 §15.5.1", "ASVS 16.5.3", "CWE-20"],
        doc: Doc {
            sends: "The token request of the login, and its refresh where it has one, with another text in place of the code, of the refresh token, or of the scope of a password grant: with NUL, no UTF-8 (`%ff%fe`), no percent-encoding (`%zz`), 8,192 characters long, and a list (`code[]`); with a client_id that holds NUL, is no UTF-8, or is a list; with HTTP Basic that holds NUL or is no Base64; as JSON; in parts (multipart/form-data); and without Content-Type. Where nothing of a request comes from those before it, it is sent alone. The right login follows.",
            matters: "Whoever reaches a token endpoint can send such a request: databases refuse NUL, decoders bytes that are no UTF-8, and a handler that does not expect it breaks, often with its code in the answer.",
            fix: "Check the characters of parameters before anything looks at them (RFC 6749 appendix A), and answer 400 invalid_request, invalid_grant or 401 invalid_client.",
        },
        steps: &[
            malformed_grant(MalformedGrant::Grant(MalformedText::Nul)),
            malformed_grant(MalformedGrant::Grant(MalformedText::NotUtf8)),
            malformed_grant(MalformedGrant::Grant(MalformedText::PercentSign)),
            malformed_grant(MalformedGrant::Grant(MalformedText::Long)),
            malformed_grant(MalformedGrant::Grants),
            malformed_grant(MalformedGrant::Client(MalformedText::Nul)),
            malformed_grant(MalformedGrant::Client(MalformedText::NotUtf8)),
            malformed_grant(MalformedGrant::Clients),
            malformed_grant(MalformedGrant::BasicWithNul),
            malformed_grant(MalformedGrant::BasicUnread),
            malformed_grant(MalformedGrant::Json),
            malformed_grant(MalformedGrant::Multipart),
            malformed_grant(MalformedGrant::NoMediaType),
            login(SessionAct::LogIn("s")).granted().called("the login"),
            malformed_refresh(MalformedGrant::Grant(MalformedText::Nul)),
            malformed_refresh(MalformedGrant::Grant(MalformedText::NotUtf8)),
            malformed_refresh(MalformedGrant::Grant(MalformedText::PercentSign)),
            malformed_refresh(MalformedGrant::Grant(MalformedText::Long)),
            malformed_refresh(MalformedGrant::Grants),
            malformed_refresh(MalformedGrant::Json),
            malformed_refresh(MalformedGrant::NoMediaType),
        ],
        expect: requests_are_read,
        fault: "grant-breaks-on-nul",
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
            sends: "The login of the scenario, whose client authenticates at a token endpoint, without that authentication, with a wrong secret, and, where the scenario has another client there, with the secret of that one; and then as it is.",
            matters: "The secret of a client is what keeps others from asking for tokens in its name, and from guessing passwords there.",
            fix: "Authenticate the client wherever it was issued credentials (RFC 6749 §4.3.2, §4.1.3), before the password or the code is looked at.",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::NoClientAuthentication)).denied(&[Accept::Range(400, 499)]),
            login(SessionAct::ChangedGrant(GrantChange::WrongClientSecret)).denied(&[Accept::Range(400, 499)]),
            login(SessionAct::ChangedGrant(GrantChange::SecretOfOther)).denied(&[Accept::Range(400, 499)]).if_given(),
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
            sends: "A login and its refresh; then its refresh token by another client of the scenario, which authenticates as itself, or names itself where it is public. Where the client of the login is public, whoever has its refresh token can name it: a refresh that is granted to another one is of low severity.",
            matters: "Any client that gets hold of a refresh token acts for the user with it.",
            fix: "Keep with each refresh token to which client it was issued, and compare (RFC 6749 §6).",
        },
        steps: &[
            login(SessionAct::LogIn("s")),
            login(SessionAct::Refresh("s")).granted().called("the refresh"),
            login(SessionAct::RefreshChanged("s", RefreshChange::OtherClient)).denied(&[Accept::Range(400, 499)]),
        ],
        expect: bound_to_client,
        fault: "refresh-token-of-any-client",
        ..REFUSAL
    },
];

/// RFC 6749 §6, §10.4: the binding of a refresh token to its client holds for public ones, too, where it keeps nobody out who knows
/// the name of the client.
fn bound_to_client(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let is_refresh = |seen: &Observation| matches!(case.step_of(seen), Step::Session(step) if matches!(step.act, SessionAct::Refresh(_)));
    let own = case.observations().find(|(_, seen)| is_refresh(seen));
    if own.is_some_and(|(_, seen)| is_of_public_client(&seen.exchange.request)) {
        judgement.at_most = Some(Severity::Low);
    }
    judgement
}

/// Whether a request to a token endpoint has nothing that proves who its client is.
fn is_of_public_client(request: &Request) -> bool {
    let has_field = |name: &str| url::form_urlencoded::parse(&request.body).any(|(own, _)| own == name);
    request.value_of("authorization").is_none()
        && request.connection.0.is_none()
        && !has_field("client_secret")
        && !has_field("client_assertion")
}

/// RFC 6749 §5.1: REQUIRED in each answer with an access token.
fn names_type(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, response) in case.all_answers().filter(|(_, response)| response.status == 200) {
        if response.json_text("access_token").is_some() && response.json_text("token_type").is_none() {
            judgement.deviates(index, "the answer has an access_token and no token_type", "token_type");
        }
    }
    judgement
}

/// Whether they should be errors is for other checks to say.
fn errors_not_stored(case: &ObservedCheck<'_>) -> Judgement {
    let errors = || case.lenient().filter(|(_, seen)| seen.outcome == Outcome::Refused);
    let mut judgement = not_stored(case, errors().filter_map(|(at, seen)| Some((at, seen.exchange.response()?))));
    if errors().next().is_none() {
        judgement.leaves_open("none of the wrong requests was refused".to_owned());
    }
    judgement
}

const NO_TYPE: StepId = StepId::new("no-type");
const UNKNOWN_TYPE: StepId = StepId::new("unknown-type");

/// RFC 6749 §5.2: 400, and an error that says what is wrong with the type of the grant. One that is granted is granted to the right
/// password, so it is no access.
fn known_type(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    let wanted: [(StepId, &[&str]); 2] = [(NO_TYPE, &["invalid_request"]), (UNKNOWN_TYPE, &["unsupported_grant_type"])];
    for (step, codes) in wanted {
        for (index, _) in case.observations_of(step) {
            error_400(case, index, codes, &mut judgement);
        }
    }
    judgement
}

/// RFC 6749 §5.2: 400, and `invalid_request` for a request that repeats a parameter or lacks one. One that is granted has the right grant
/// in it, so it is no access.
fn invalid_request(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    for (index, _) in case.lenient() {
        error_400(case, index, &["invalid_request"], &mut judgement);
    }
    judgement
}

/// A request that has to be answered with 400 and one of these errors, and whose grant is no access.
pub(super) fn error_400(case: &ObservedCheck<'_>, index: usize, codes: &[&str], judgement: &mut Judgement) {
    let seen = &case.evidence.observations[index];
    let expected = format!("400 with error={}", codes.join(" or "));
    match (seen.outcome, seen.exchange.response()) {
        (Outcome::Granted, _) => judgement.deviates(index, case.about(index, "a token was issued"), expected),
        (Outcome::Refused, Some(response)) if response.status == 400 => {
            expect::error_is_one_of(judgement, index, response, codes);
        }
        (Outcome::Refused, Some(response)) => {
            let text = case.about(index, format_args!("refused with {}", response.status));
            judgement.deviates(index, text, expected);
        }
        _ => case.judge_as(index, Want::Denied(&[Accept::Status(400)]), judgement),
    }
}

/// A token endpoint that breaks on a login breaks on other requests of logins for the same reason.
fn requests_are_read(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = never_broken(case);
    judgement.protocol.iter_mut().for_each(|found| found.explanation = Explanation::ServerError);
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
