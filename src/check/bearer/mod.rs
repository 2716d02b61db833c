//! Bearer tokens at the API (RFC 6750).

pub(crate) mod challenges;
pub(crate) mod methods;
pub(crate) mod naming;
pub(crate) mod resource_metadata;

use crate::check::common::rights::{FOREIGN_OBJECTS, foreign_objects};
use crate::check::judgement::challenges::bearer_error;
use crate::check::judgement::expect;
use crate::check::judgement::leeway;
use crate::check::judgement::self_contained::after_revocation;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{
    Accept, Artefact, ClientRole, Fill, INSUFFICIENT, INVALID, MALFORMED, MISSING, On, Send, Step, Want, Who,
    each_forged, forged, obtain, obtain_as, send,
};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity};
use crate::observe::{Observation, Outcome, StepId};

/// How a write is refused with a token that has ended: some servers look at its rights first.
const WRITE_REFUSED: &[Accept] = &[INVALID, INSUFFICIENT];

/// The token that has expired, once more.
const LATER: StepId = StepId::new("later");
/// A token of the same issuer that has just ended, and that nobody has used, ...
const UNUSED: StepId = StepId::new("unused");
/// ... and one that lives.
const ALIVE: StepId = StepId::new("unused-alive");

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "bearer.valid-accepted",
        title: "A valid token in the Authorization header is accepted (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        sources: &["RFC 6750 §2.1"],
        doc: Doc {
            sends: "A valid token in the Authorization header, to every protected resource.",
            matters: "Without this control no refusal proves anything.",
            fix: "Check token, issuer and audience in the scenario, then the target's log.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "bearer-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "bearer.garbage-token-401",
        title: "An unknown or altered opaque token is invalid_token, 401",
        level: Level::Should,
        severity: Severity::Critical,
        sources: &["RFC 6750 §3.1"],
        doc: Doc {
            sends: "A token that was never issued, and the good one shortened and altered.",
            matters: "A resource server that only looks whether there is a token lets everybody in.",
            fix: "Verify the token by introspection or signature, and answer 401 with error=\"invalid_token\".",
        },
        steps: &[
            send(forged("unknown"), On::EachUsed).denied(&[INVALID]).thoroughly(),
            send(forged("truncated"), On::Protected).denied(&[INVALID]),
            send(forged("middle-changed"), On::Protected).denied(&[INVALID]),
            send(forged("case-flipped"), On::Protected).denied(&[INVALID]),
        ],
        expect: |case| expect::wants(case).and(bearer_error(case, "invalid_token")),
        fault: "accepts-any-token",
        ..PLAIN
    },
    Check {
        id: "bearer.metacharacters-denied",
        title: "Words for nothing, query metacharacters, look-alikes and extended tokens are not accepted",
        severity: Severity::Critical,
        sources: &["CWE-89", "CWE-943", "CWE-176", "OWASP API8:2023"],
        doc: Doc {
            sends: "null and undefined, an SQL tautology, wildcards of SQL and LDAP by themselves and behind the start of the good token, and the good token with characters outside ASCII, with bytes that are white space to some, with one more character, an equals sign and one more part behind it, and with other bits behind the last byte of its Base64. To accept what has the whole good token in it is a warning: only its holder can make it. White space and Base64 are information outside strict-rfc.",
            matters: "A token that reaches a query as text, or that equals what was never set, selects somebody else's.",
            fix: "Look tokens up by their exact bytes, or by a hash of them, and refuse what is no b64token (RFC 6750 §2.1).",
        },
        steps: &[
            send(forged("null"), On::Protected).denied(NO_TOKEN),
            send(forged("undefined"), On::Protected).denied(NO_TOKEN),
            send(forged("sql-or"), On::Protected).denied(NO_TOKEN),
            send(forged("star"), On::Protected).denied(NO_TOKEN),
            send(forged("percent"), On::Protected).denied(NO_TOKEN),
            send(forged("like-pattern"), On::Protected).denied(NO_TOKEN),
            send(forged("ldap-pattern"), On::Protected).denied(NO_TOKEN),
            send(forged("extended"), On::Protected),
            send(forged("part-appended"), On::Protected),
            send(forged("look-alike"), On::Protected).denied(NO_TOKEN),
            send(forged("full-width"), On::Protected).denied(NO_TOKEN),
            send(forged("byte-ff"), On::Protected),
            send(forged("byte-a0"), On::Protected),
            send(forged("byte-85"), On::Protected),
            send(forged("byte-1f"), On::Protected),
            send(forged("padding-behind"), On::Protected),
            send(forged("left-over-bits"), On::Protected),
        ],
        expect: exact_token,
        fault: "bearer-like-query",
        ..REFUSAL
    },
    Check {
        id: "bearer.expired-token-401",
        title: "An expired token is refused",
        level: Level::Should,
        severity: Severity::Critical,
        mode: Mode::Timed,
        sources: &["RFC 6750 §3.1", "RFC 7519 §4.1.4"],
        doc: Doc {
            sends: "A token that worked, and the same token again after it expired and the tolerated leeway passed. Where it is accepted, it is sent again for `excess_leeway` (20 s): one that is refused by then is a failure of medium severity. With `material.issuer_key`, a token that ended a second ago and was never used, and one that lives: where the one is refused and the other granted, the leeway is no reason to take the expired one. The expired token to each resource that is read (at most 16), and to each that is written (at most 8) where the target may be written to. Such a token of a client and one of a login, where they can be obtained and end in time; and a credential with `state: expired`, where the scenario has one.",
            matters: "The end of its life is what limits the damage of a stolen token.",
            fix: "Compare the expiry on each request, with a leeway of seconds.",
        },
        steps: &[
            obtain("t"),
            send(Who::Slot("t"), On::Protected).lasting().called("the token while it lives"),
            Step::AwaitExpiry("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the expired token"),
            Step::AwaitLateRefusal("t"),
            send(Who::Slot("t"), On::Protected).id(LATER).called("the expired token, later"),
            send(Who::Slot("t"), On::EachRead).denied(&[INVALID]).called("the expired token").if_given(),
            send(Who::Slot("t"), On::EachWrite).denied(WRITE_REFUSED).called("the expired token").if_given(),
            send(each_forged(&["ended-1"]), On::Protected).id(UNUSED).called("never used before").if_given(),
            send(each_forged(&["exp-fraction"]), On::Protected).id(ALIVE).called("never used before").if_given(),
        ],
        expect: expired,
        shows: Explanation::Time,
        fault: "bearer-accepts-expired-token",
        ..REFUSAL
    },
    Check {
        id: "bearer.revoked-token-401",
        title: "A revoked token is refused within the stated delay",
        level: Level::Should,
        severity: Severity::High,
        mode: Mode::Timed,
        sources: &["RFC 6750 §3.1", "RFC 7009 §2.1", "ASVS 7.4.1"],
        doc: Doc {
            sends: "A token that worked, again after its client revoked it and the tolerated delay has passed, and then to each resource that is read (at most 16), and to each that is written (at most 8) where the target may be written to. A credential with `state: revoked` as well, where the scenario has one. A JWT that works on is a warning, or information where it ends by itself within `self_contained_life` (5 min).",
            matters: "A resource server that remembers a good answer for ever cannot be told that a token was stolen.",
            fix: "Bound the life of cached introspection answers by the delay that you promise.",
        },
        steps: &[
            obtain("t"),
            send(Who::Slot("t"), On::Protected).lasting().called("the token before its revocation"),
            Step::Revoke("t"),
            Step::AwaitRefusal("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the token after its revocation"),
            send(Who::Slot("t"), On::EachRead).denied(&[INVALID]).called("the token after its revocation").if_given(),
            send(Who::Slot("t"), On::EachWrite)
                .denied(WRITE_REFUSED)
                .called("the token after its revocation")
                .if_given(),
        ],
        expect: after_revocation,
        shows: Explanation::Revocation,
        fault: "introspection-cache-forever",
        ..REFUSAL
    },
    Check {
        id: "bearer.insufficient-scope-403",
        title: "Missing scope is 403 insufficient_scope",
        level: Level::Should,
        severity: Severity::Critical,
        sources: &["RFC 6750 §3.1", "OWASP API5:2023", "ASVS 10.3.2"],
        doc: Doc {
            sends: "A valid token to each resource whose scope it lacks (at most 8), after it worked on another; and another one, where the scenario has two. Of several, one whose scopes contain the needed one as a part, or in another case of letters, comes first, and the second is one that lacks it in another way.",
            matters: "Without this every client of the issuer may do everything.",
            fix: "Compare the token's scope on each operation, and answer 403 with error=\"insufficient_scope\".",
        },
        steps: &[
            send(Who::LowScope, On::EachScoped).denied(&[INSUFFICIENT]),
            send(Who::OtherLowScope, On::EachScoped).denied(&[INSUFFICIENT]).if_given(),
        ],
        expect: |case| naming::scope(case, expect::wants(case).and(bearer_error(case, "insufficient_scope"))),
        shows: Explanation::Scope,
        fault: "scope-not-enforced",
        ..PLAIN
    },
    Check {
        id: "bearer.scope-match-exact",
        title: "Scope values match whole, case-sensitively and in any order",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 6749 §3.3"],
        doc: Doc {
            sends: "A token whose scope contains the needed value as part of another word, or in another case: one that a client asks for with `material.lookalike_scopes`, and the credential of the scenario that holds such a scope.",
            matters: "A search for a substring takes write:orders-archive for write:orders.",
            fix: "Split the scope at spaces and compare whole values (RFC 6749 §3.3).",
        },
        steps: &[
            obtain_as("t", ClientRole::LowScope, Some(Fill::LookalikeScope)),
            send(Who::Slot("t"), On::EachScoped)
                .denied(&[INSUFFICIENT])
                .called("a token whose scope only looks like the needed one"),
            send(Who::LookalikeScope, On::EachScoped).denied(&[INSUFFICIENT]).if_given(),
        ],
        shows: Explanation::Scope,
        fault: "scope-substring",
        ..REFUSAL
    },
    Check {
        id: "bearer.wrong-audience-401",
        title: "A token meant for another resource server is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9700 §2.3", "RFC 9700 §4.10.2", "ASVS 10.3.1"],
        doc: Doc {
            sends: "A live token of the same issuer that was meant for another API, to each resource that is read (at most 16).",
            matters: "A token for a weak API must not open a strong one.",
            fix: "Compare the audience of the token with the API's own identifier.",
        },
        steps: &[send(Who::Artefact(Artefact::OtherAudienceToken), On::EachRead).denied(&[INVALID, INSUFFICIENT])],
        expect: |case| expect::wants(case).and(naming::audience(case)).and(naming::other_audience(case)),
        shows: Explanation::Audience,
        fault: "bearer-audience-ignored",
        ..REFUSAL
    },
    Check {
        id: "bearer.non-access-token-refused",
        title: "Refresh tokens, ID tokens and client assertions are not access tokens",
        severity: Severity::Critical,
        sources: &["ASVS 9.2.2", "RFC 8725 §3.12"],
        doc: Doc {
            sends: "A refresh token in place of an access token, to each resource that is read (at most 16).",
            matters: "Long-lived artefacts of the issuer are not meant to travel to APIs.",
            fix: "Accept access tokens only: look at the token's type.",
        },
        steps: &[send(Who::Artefact(Artefact::RefreshToken), On::EachRead).denied(&[INVALID])],
        fault: "any-issuer-artefact",
        ..REFUSAL
    },
    Check {
        id: "bearer.object-ownership",
        title: "A token cannot read another subject object",
        severity: Severity::Critical,
        sources: &["OWASP API1:2023", "ASVS 8.2.2"],
        doc: Doc {
            sends: "A valid token of one subject to each object of another (at most 8). Where a tenant has an object of its own that is read at a path of the same shape, such as /projects/1/invoices/7 beside /projects/2/invoices/8: also to the path with its own leading identifiers and the last one of the other's (at most 8). What that answers is access where it is the content of the other's object. A refusal that shows who the owner is, by a member such as `owner` or `email` or by an address of mail that is in the owner's own answer, is a violation of medium severity.",
            matters: "Broken object level authorization is the most common API flaw.",
            fix: "Compare the owner of each object with the subject of the token, and each object with those that its path names before it.",
        },
        steps: FOREIGN_OBJECTS,
        expect: foreign_objects,
        shows: Explanation::Tenant,
        fault: "bola",
        ..REFUSAL
    },
];

/// Whether a token ends, and about when it should.
fn expired(case: &ObservedCheck<'_>) -> Judgement {
    let wanted = expect::wants(case);
    let is_remembered = !wanted.access.is_empty() && ends_where_unused(case);
    let wanted = if is_remembered { wanted } else { leeway::allowed(case, wanted) };
    let mut judgement = wanted.and(bearer_error(case, "invalid_token"));
    // of a token that is still taken, a refusal elsewhere is one for want of a right
    let is_ended = |seen: &Observation| {
        matches!(case.step_of(seen), Step::Send(Send { who: Who::Slot(_), want: Want::Denied(_), .. }))
    };
    if case.observations().any(|(_, seen)| is_ended(seen) && seen.outcome == Outcome::Granted) {
        judgement.protocol.retain(|one| {
            let seen = &case.evidence.observations[one.observation];
            !(is_ended(seen) && seen.outcome == Outcome::Refused && seen.exchange.status() == Some(403))
        });
    }
    if is_remembered {
        judgement
            .remarks
            .push("a token that ended later and was never used before is refused: this one is remembered".to_owned());
    }
    // what another resource takes after that is not taken late, nor is a credential that ended long ago
    let late = |granted: usize| {
        let is_of_ended =
            matches!(case.step_of(&case.evidence.observations[granted]), Step::Send(Send { on: On::Protected, .. }));
        let (_, later) = case.observations_of(LATER).find(|(place, _)| *place > granted).filter(|_| is_of_ended)?;
        (later.outcome == Outcome::Refused).then(|| later.at - case.evidence.observations[granted].at)
    };
    let seconds: Option<Vec<i64>> = judgement.access.iter().map(|one| late(one.observation)).collect();
    if let Some(longest) = seconds.and_then(|seconds| seconds.into_iter().max()) {
        judgement.at_most = Some(Severity::Medium);
        judgement.remarks.push(format!("the token is refused {longest} s later"));
    }
    judgement
}

/// Whether a token that has just ended is refused where nobody has seen it before, and one that lives is granted.
fn ends_where_unused(case: &ObservedCheck<'_>) -> bool {
    let is = |step, outcome| case.observations_of(step).any(|(_, seen)| seen.outcome == outcome);
    is(UNUSED, Outcome::Refused) && is(ALIVE, Outcome::Granted)
}

/// What something that is no token may be answered with.
const NO_TOKEN: &[Accept] = &[INVALID, MALFORMED, MISSING];

/// A control character, and bytes outside ASCII, may end the connection before anybody looks at the token.
const NO_TOKEN_OR_CLOSED: &[Accept] = &[INVALID, MALFORMED, MISSING, Accept::Closed];

/// What may go either way is the good token with bytes that are none of a token: whoever skips them lets nobody in who has no
/// good one, and reads another token than what others read.
fn exact_token(case: &ObservedCheck<'_>) -> Judgement {
    case.judge_leniencies(NO_TOKEN_OR_CLOSED, "refused (RFC 6750 §2.1)")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// Access that is granted past the end of a token, and how severe it can be at most.
    fn found(statuses: [u16; 3]) -> (usize, Option<Severity>) {
        let check = find("bearer.expired-token-401").expect("is in the catalogue");
        let mut evidence = Evidence::default();
        let sends = check.steps.iter().enumerate().filter(|(_, step)| matches!(step, Step::Send(_)));
        for ((step, _), status) in sends.zip(statuses) {
            let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
            let challenge = ("WWW-Authenticate".to_owned(), b"Bearer error=\"invalid_token\"".to_vec());
            let headers = if status == 401 { vec![challenge] } else { Vec::new() };
            let answer = Response { status, headers, body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut);
            evidence.observe(Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome));
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = expired(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.at_most)
    }

    #[test]
    fn a_token_that_ends_late_is_less_than_one_that_never_ends() {
        assert_eq!(found([200, 401, 401]), (0, None));
        assert_eq!(found([200, 200, 401]), (1, Some(Severity::Medium)));
        assert_eq!(found([200, 200, 200]), (1, None));
    }

    /// How severe it can be at most that each of these is granted, by the place of its step among those that are sent.
    fn found_of_tokens(sent: &[(usize, u16)]) -> (usize, Option<Severity>) {
        let check = find("bearer.expired-token-401").expect("is in the catalogue");
        let sends: Vec<usize> = (0..check.steps.len()).filter(|at| matches!(check.steps[*at], Step::Send(_))).collect();
        let mut evidence = Evidence::default();
        for (place, status) in sent {
            let outcome = if *status == 200 { Outcome::Granted } else { Outcome::Refused };
            let challenge = ("WWW-Authenticate".to_owned(), b"Bearer error=\"invalid_token\"".to_vec());
            let answer = Response { status: *status, headers: vec![challenge], body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("GET", "/"), Silence::TimedOut);
            evidence.observe(Observation::in_test(sends[*place], Exchange { answer: Ok(answer), ..asked }, outcome));
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = expired(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.access.len(), found.at_most)
    }

    #[test]
    fn of_several_tokens_each_is_compared_with_what_comes_later_of_it() {
        // while it lives, after its end, later, and at another resource
        let (lives, ended, late, elsewhere) = (0, 1, 2, 3);
        for (sent, expected) in [
            (&[(lives, 200), (ended, 200), (late, 401), (elsewhere, 401)][..], (1, Some(Severity::Medium))),
            (&[(lives, 200), (ended, 200), (late, 401), (elsewhere, 200)], (2, None)),
            // the first never ends, and the second does
            (&[(lives, 200), (ended, 200), (late, 200), (lives, 200), (ended, 401), (late, 401)], (1, None)),
            (
                &[(lives, 200), (ended, 200), (late, 401), (lives, 200), (ended, 401), (late, 401)],
                (1, Some(Severity::Medium)),
            ),
            // one that is declared ended long ago
            (&[(lives, 200), (ended, 401), (late, 401), (ended, 200)], (1, None)),
            (&[(lives, 200), (ended, 200), (late, 401), (ended, 401)], (1, Some(Severity::Medium))),
            (&[(lives, 200), (ended, 200), (late, 401), (ended, 200)], (2, None)),
        ] {
            assert_eq!(found_of_tokens(sent), expected, "{sent:?}");
        }
    }

    #[test]
    fn a_leeway_is_no_reason_to_take_a_used_token_where_an_unused_one_has_ended() {
        let check = find("bearer.expired-token-401").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let of = |id| check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is there");
        let jwt = format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#),
            URL_SAFE_NO_PAD.encode(r#"{"exp":-9}"#)
        );
        let seen = |step, outcome| {
            let mut asked = Request::new("GET", "/");
            asked.push("Authorization", format!("Bearer {jwt}"), true);
            let answer = Response { status: 200, headers: Vec::new(), body: Vec::new(), truncated: false };
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(asked, Silence::TimedOut) };
            Observation::in_test(step, exchange, outcome)
        };
        let expired_token = of(LATER) - 2;
        for (unused, alive, expected) in [
            (Some(Outcome::Refused), Some(Outcome::Granted), (1, false)),
            // a leeway, a key that is not the issuer's, and no key
            (Some(Outcome::Granted), Some(Outcome::Granted), (0, true)),
            (Some(Outcome::Refused), Some(Outcome::Refused), (0, true)),
            (None, None, (0, true)),
        ] {
            let mut evidence = Evidence { mints_tokens: true, ..Evidence::default() };
            evidence.observe(seen(expired_token, Outcome::Granted));
            for (step, outcome) in [(UNUSED, unused), (ALIVE, alive)] {
                outcome.into_iter().for_each(|outcome| evidence.observe(seen(of(step), outcome)));
            }
            let found = expired(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((found.access.len(), found.needs_review), expected, "{unused:?} {alive:?}: {found:?}");
        }
    }
}
