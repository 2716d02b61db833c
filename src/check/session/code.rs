//! Authorization codes (RFC 6749 §4.1), as far as a login shows them that ends with the use of one.

use crate::check::judgement::{Judgement, ObservedCheck, expect};
use crate::check::session::at_once;
use crate::check::session::authorization::{hands_a_code_over, leads_on, led_to, request_of};
use crate::check::session::grant::invalid_grant;
use crate::check::session::judgements::of_self_contained;
use crate::check::step::{
    Accept, GrantChange, INVALID, On, PlainMethod, RedirectionUri, SessionAct, SessionStep, Step, Want, Who, login,
    send,
};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Observation, Outcome, StepId};

const REFUSED: &[Accept] = &[Accept::Range(400, 499)];
/// The control that each of these has: the login as it is.
const THE_LOGIN: &str = "the login";
/// The use of a code that was used before.
const AGAIN: StepId = StepId::new("code-again");

/// What holds where a login ends with an authorization code.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "code.redirection-uri-exact",
        title: "A code goes to no redirection URI that its client has not registered",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 9700 §2.1", "RFC 9700 §4.1.3", "RFC 6749 §3.1.2.4", "RFC 3986 §6.2.1", "ASVS 10.4.1"],
        doc: Doc {
            sends: "The login of the scenario, which ends with an authorization code, with another redirection URI in its authorization request: on another host, with one more segment behind its path, with more characters behind its path, on a host that begins with the registered one or that has it as a user before it; on another port (but for the loopback interface), with one more parameter, with a user before its host, and with one more slash behind its path or one less; and in other spellings: with a fragment, with its scheme and with its host in capitals, with its default port, and with dot segments in its path, percent-encoded, too. A redirect that leads there with a code is a failure; where the answer has an error, or leads to the registered host, its severity is medium at most. Of another spelling a code is a failure wherever it goes, of low severity.",
            matters: "Whoever can choose where a code goes has a link that brings him the code of anybody who is logged in and follows it.",
            fix: "Compare the redirection URI with the registered ones as a text, character by character (RFC 9700 §2.1), and show an error page where it is none of them (RFC 6749 §3.1.2.4).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::OtherRedirection(RedirectionUri::OtherHost)),
            login(SessionAct::OtherRedirection(RedirectionUri::LongerPath)),
            login(SessionAct::OtherRedirection(RedirectionUri::HostBehind)),
            login(SessionAct::OtherRedirection(RedirectionUri::OtherPort)),
            login(SessionAct::OtherRedirection(RedirectionUri::LongerQuery)),
            login(SessionAct::OtherRedirection(RedirectionUri::UserBefore)),
            login(SessionAct::OtherRedirection(RedirectionUri::HostAsUser)),
            login(SessionAct::OtherRedirection(RedirectionUri::LongerSegment)),
            login(SessionAct::OtherRedirection(RedirectionUri::OtherSlash)),
            login(SessionAct::OtherRedirection(RedirectionUri::Fragment)),
            login(SessionAct::OtherRedirection(RedirectionUri::SchemeInCapitals)),
            login(SessionAct::OtherRedirection(RedirectionUri::HostInCapitals)),
            login(SessionAct::OtherRedirection(RedirectionUri::DefaultPort)),
            login(SessionAct::OtherRedirection(RedirectionUri::DotSegments)),
            login(SessionAct::OtherRedirection(RedirectionUri::EncodedDotSegments)),
        ],
        expect: leads_nowhere_else,
        fault: "any-redirection-uri",
        ..REFUSAL
    },
    Check {
        id: "code.used-once",
        title: "An authorization code that was used is refused",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.2", "RFC 6749 §10.5", "ASVS 10.4.2"],
        doc: Doc {
            sends: "The login of the scenario, which ends with an authorization code; then the request with that code once more.",
            matters: "A code travels in addresses, which browsers and servers keep: one that stays good can be used by whoever finds it there.",
            fix: "Take note of the use of a code before tokens are issued for it, in one step with looking it up.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::RepeatCode("s")).denied(REFUSED).called("the same code once more"),
        ],
        fault: "codes-used-twice",
        ..REFUSAL
    },
    Check {
        id: "code.concurrent-use",
        title: "Of several uses of one code at the same time no more than one succeeds",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.2", "CWE-367"],
        doc: Doc {
            sends: "The login of the scenario as far as its authorization code; then the request with that code five times at once, on connections of their own.",
            matters: "A server that looks first and marks later gives two hands tokens for one code, and sees no reuse.",
            fix: "Look a code up and use it up in one step, such as one UPDATE or DELETE with a condition.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::UseCodeAtOnce).id(at_once::AT_ONCE),
        ],
        expect: used_up_in_one_step,
        implied_by: &["code.used-once"],
        fault: "code-race",
        ..PLAIN
    },
    Check {
        id: "code.reuse-ends-tokens",
        title: "A code that comes back ends the tokens of its first use",
        level: Level::Should,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.2", "RFC 6749 §10.5", "ASVS 10.4.2"],
        doc: Doc {
            sends: "The login of the scenario, which ends with an authorization code; the request with that code once more; then the access token of its first use, until the tolerated delay of a revocation has passed; and the refresh token of its first use, where the login has a `refresh`. A JWT that ends by itself within `self_contained_life` (5 min) is recorded, and is no finding.",
            matters: "A code that comes back is in two hands, and nobody knows which of them has the tokens.",
            fix: "Remember which tokens came from which code, and revoke them when it comes back (RFC 6749 §4.1.2).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            send(Who::Slot("s"), On::Protected).lasting().called("its access token"),
            login(SessionAct::RepeatCode("s")).denied(REFUSED).id(AGAIN).called("the same code once more"),
            Step::AwaitRefusal("s"),
            send(Who::Slot("s"), On::Protected)
                .denied(&[INVALID])
                .called("the access token of the first use, after its code came back"),
            login(SessionAct::RefreshIfAny("s"))
                .denied(REFUSED)
                .called("the refresh token of the first use, after its code came back"),
            login(SessionAct::LogIn("t")),
            login(SessionAct::RefreshIfAny("t")).granted().called("the refresh of another login"),
        ],
        expect: after_reuse,
        shows: Explanation::Revocation,
        implied_by: &["code.used-once"],
        fault: "tokens-survive-reuse-of-code",
        ..REFUSAL
    },
    Check {
        id: "code.verifier-checked",
        title: "A code with a challenge is refused without its verifier",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 7636 §4.3", "RFC 7636 §4.6", "RFC 9700 §2.1.1", "ASVS 10.4.6"],
        doc: Doc {
            sends: "The login of the scenario, whose authorization request has a `code_challenge`, with a wrong `code_verifier` in the request with its code, without one, and, where the method is S256, with the challenge itself, which is its own verifier with `plain`. The same with the challenge and no `code_challenge_method`, which means `plain` (RFC 7636 §4.3), and with `code_challenge_method=plain`: with a wrong verifier and without one. A server that refuses such an authorization request passes.",
            matters: "The verifier is what keeps a code that was stolen from being used.",
            fix: "Compare the verifier with the challenge that came with the authorization request, and refuse a request without one (RFC 7636 §4.6).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::ChangedGrant(GrantChange::WrongVerifier)).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::NoVerifier)).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::ChallengeAsVerifier)).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::PlainWrongVerifier(PlainMethod::Unnamed))).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::PlainNoVerifier(PlainMethod::Unnamed))).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::PlainWrongVerifier(PlainMethod::Named))).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::PlainNoVerifier(PlainMethod::Named))).denied(REFUSED),
        ],
        fault: "verifier-not-checked",
        ..REFUSAL
    },
    Check {
        id: "code.verifier-needs-challenge",
        title: "A verifier is refused where the authorization request had no challenge",
        level: Level::Must,
        severity: Severity::Medium,
        remote_safe: false,
        sources: &["RFC 9700 §4.8.2", "RFC 9700 §2.1.1", "RFC 6749 §3.1"],
        doc: Doc {
            sends: "The login of the scenario without `code_challenge` in its authorization request, and with an empty one, which is to be read as none (RFC 6749 §3.1); and with `code_verifier` in the request with its code.",
            matters: "Whoever can take the challenge out of a link has a code that needs no verifier, and a client that sends one does not notice.",
            fix: "Refuse a request with a verifier where there was no challenge, or authorization requests without one.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::ChangedGrant(GrantChange::NoChallenge)).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::EmptyChallenge)).denied(REFUSED),
        ],
        fault: "verifier-without-challenge",
        ..REFUSAL
    },
    Check {
        id: "code.public-client-proves-key",
        title: "A public client gets no tokens without a proof key",
        severity: Severity::Medium,
        remote_safe: false,
        sources: &["RFC 9700 §2.1.1", "ASVS 10.4.6", "RFC 7636 §4.4.1"],
        doc: Doc {
            sends: "The login of a credential whose code is used by a client that does not authenticate, as it is; and without `code_challenge` in its authorization request and `code_verifier` in the request with its code. Where the login has neither, it is sent as it is.",
            matters: "Nothing but the verifier tells the app that asked for a code from one that caught it: without it, whoever sees the address of a redirect has the tokens.",
            fix: "Refuse authorization requests of public clients without code_challenge (RFC 7636 §4.4.1: error=invalid_request).",
        },
        steps: &[
            login(SessionAct::LogInOfPublicClient("s")).granted(),
            login(SessionAct::ChangedGrant(GrantChange::NoProofKey)).denied(REFUSED),
        ],
        fault: "public-client-without-challenge",
        ..REFUSAL
    },
    Check {
        id: "code.redirection-uri-compared",
        title: "A code is refused with another redirection URI than it was sent to",
        level: Level::Must,
        severity: Severity::Medium,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.3", "RFC 6749 §10.6"],
        doc: Doc {
            sends: "The login of the scenario with another `redirect_uri` in the request with its code than in its authorization request, also with one that is registered for its client, too (`material.other_redirection_uri`), and without one. OAuth 2.1 drops the parameter: a request without it that is accepted is information, and a finding under strict-rfc.",
            matters: "The comparison shows that the code reached the client that asks, and nobody in between.",
            fix: "Keep the redirection URI with the code, and compare (RFC 6749 §4.1.3).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::ChangedGrant(GrantChange::OtherRedirectionUri)).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::OtherRegisteredUri)).denied(REFUSED).if_given(),
            login(SessionAct::ChangedGrant(GrantChange::NoRedirectionUri)),
        ],
        expect: compared,
        fault: "redirection-uri-not-compared",
        ..REFUSAL
    },
    Check {
        id: "code.bound-to-client",
        title: "A code is refused to another client",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.3", "RFC 6749 §10.5"],
        doc: Doc {
            sends: "The login of the scenario, whose code is used by another client of the scenario, which authenticates as itself.",
            matters: "Any client that gets hold of a code acts for the user with it.",
            fix: "Keep with each code to which client it was issued, and compare (RFC 6749 §4.1.3).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::ChangedGrant(GrantChange::OtherClient)).denied(REFUSED),
        ],
        fault: "code-of-any-client",
        ..REFUSAL
    },
    Check {
        id: "code.unknown-refused",
        title: "A code that was never issued is refused",
        level: Level::Must,
        severity: Severity::Critical,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.3", "OWASP API2:2023"],
        doc: Doc {
            sends: "The login of the scenario, which ends with an authorization code, with a random text as the code.",
            matters: "A token endpoint that does not look a code up lets everybody in.",
            fix: "Look the code up, and refuse one that is not there with error=invalid_grant.",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::ChangedGrant(GrantChange::UnknownCode)).denied(REFUSED),
        ],
        fault: "any-code-accepted",
        ..REFUSAL
    },
    Check {
        id: "code.error-body",
        title: "A refused code gives 400 and error=invalid_grant",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2", "RFC 7636 §4.6"],
        doc: Doc {
            sends: "The login of the scenario, which ends with an authorization code, with a random text as the code; with a wrong `code_verifier`, and with another `redirect_uri` than its authorization request had, where the login has these. Of the latter two the `error` of a JSON answer is read.",
            matters: "Libraries of clients read the error code: without it they take a code that has ended for a server that is broken.",
            fix: "Answer 400 with a JSON object whose error is invalid_grant (RFC 6749 §5.2).",
        },
        steps: &[
            login(SessionAct::LogIn("s")).granted().called(THE_LOGIN),
            login(SessionAct::ChangedGrant(GrantChange::UnknownCode)).denied(REFUSED),
            login(SessionAct::ChangedGrant(GrantChange::WrongVerifier)).if_given(),
            login(SessionAct::ChangedGrant(GrantChange::OtherRedirectionUri)).if_given(),
        ],
        expect: error_of_code,
        implied_by: &["code.unknown-refused"],
        fault: "code-error-text",
        ..REFUSAL
    },
];

/// RFC 6749 §4.1.2: "The client MUST NOT use the authorization code more than once", however little time is between.
fn used_up_in_one_step(case: &ObservedCheck<'_>) -> Judgement {
    at_once::used_at_once(case, "code", |judgement, second, text| {
        judgement.violates(second, text, at_once::ONE_GRANTED);
    })
}

/// RFC 6749 §4.1.3 asks for a redirection URI that the authorization request had; OAuth 2.1 (draft, §10.2) compares the verifier
/// of the code in its place.
fn compared(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        match (case.step_of(seen).wanted(), seen.outcome) {
            (Want::Either, Outcome::Granted) if case.profile.strict_challenges() => {
                judgement.deviates(index, case.about(index, "access was granted"), "refused");
            }
            (Want::Either, Outcome::Granted) => {
                judgement.remarks.push(format!("{}: access was granted", seen.description));
                judgement.needs_review = true;
            }
            (Want::Either, _) => case.judge_as(index, Want::Denied(REFUSED), &mut judgement),
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}

/// Where the endpoint breaks on the code, its error is another matter. RFC 7636 §4.6, RFC 6749 §5.2: `invalid_grant` for another
/// verifier and another redirection URI, too; whether they are refused is for other checks to say.
fn error_of_code(case: &ObservedCheck<'_>) -> Judgement {
    let is_unknown = |seen: &Observation| matches!(case.step_of(seen).wanted(), Want::Denied(_));
    if case.observations().any(|(_, seen)| is_unknown(seen) && seen.outcome == Outcome::Broke) {
        return Judgement {
            not_applicable: Some("the endpoint breaks on an unknown code: see code.unknown-refused".to_owned()),
            ..Judgement::default()
        };
    }
    let mut judgement = invalid_grant(case);
    for (index, seen) in case.lenient().filter(|(_, seen)| seen.outcome == Outcome::Refused) {
        let error = seen.exchange.response().and_then(|response| response.json_text("error"));
        if let Some(error) = error.filter(|error| error != "invalid_grant") {
            let text = case.about(index, format_args!("refused with error={error:?}"));
            judgement.deviates(index, text, "error=invalid_grant");
        }
    }
    judgement
}

/// How grave a code is that goes there, at most: on the registered host, the client is the one who gets it, or whoever listens
/// beside it; of another spelling, the client itself.
fn gravest(other: RedirectionUri) -> Option<Severity> {
    match other {
        other if other.is_another_spelling() => Some(Severity::Low),
        RedirectionUri::OtherPort
        | RedirectionUri::LongerQuery
        | RedirectionUri::UserBefore
        | RedirectionUri::OtherSlash => Some(Severity::Medium),
        _ => None,
    }
}

/// RFC 6749 §3.1.2.4: no redirect to a redirection URI that is not registered, with a code or with an error. RFC 9700 §4.1.3: the
/// two are equal as texts, so that no code is issued for another spelling either.
fn leads_nowhere_else(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let mut gravest_of: Vec<Option<Severity>> = Vec::new();
    for (index, seen) in case.observations() {
        let other = match case.step_of(seen) {
            Step::Session(SessionStep { act: SessionAct::OtherRedirection(other), .. }) => Some(*other),
            _ => None,
        };
        match (seen.outcome, other) {
            (_, Some(_)) if leads_on(case, index) => {}
            (Outcome::Granted, Some(other)) => {
                let has_code = seen.exchange.response().is_some_and(hands_a_code_over);
                let at_most = gravest(other);
                gravest_of.push(if has_code { at_most } else { at_most.or(Some(Severity::Medium)) });
                let text = match has_code {
                    true if other.is_another_spelling() => "a code was issued".to_owned(),
                    true => format!("{} with a code", led_to(seen)),
                    false => format!("{} with an error", led_to(seen)),
                };
                let shown = request_of(case, index);
                judgement.violates(shown, case.about(index, text), "an error page, and no redirect");
            }
            _ => case.judge(index, &mut judgement),
        }
    }
    // what is grave without a bound is as grave as the check
    if let Some(bounds) = gravest_of.into_iter().collect::<Option<Vec<_>>>() {
        judgement.at_most = bounds.into_iter().max();
    }
    judgement
}

/// What becomes of tokens whose code came back: nothing is said where that was used twice.
fn after_reuse(case: &ObservedCheck<'_>) -> Judgement {
    match case.observations_of(AGAIN).any(|(_, seen)| seen.outcome == Outcome::Granted) {
        true => Judgement {
            not_applicable: Some("a used code is accepted: see code.used-once".to_owned()),
            ..Judgement::default()
        },
        false => of_self_contained(case, expect::wants(case)),
    }
}
