//! Token introspection (RFC 7662).

pub(crate) mod unusual;

use crate::check::judgement::challenges;
use crate::check::judgement::expect;
use crate::check::judgement::leeway;
use crate::check::judgement::{introspection, oauth};
use crate::check::step::{Accept, Encoding, Fill, FormAuth, Step, introspect, obtain};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, Severity, Tier};
use crate::observe::ForgeryId;

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "introspect.active-response",
        title: "An active token returns active=true with consistent members (positive control)",
        level: Level::Must,
        control: true,
        sources: &["RFC 7662 §2.2"],
        doc: Doc {
            sends: "A live token, with the credentials of the resource server, without a `token_type_hint`, which is optional (RFC 7662 §2.1). Where the endpoint finds access tokens by the hint `access_token` alone, the other checks of introspection send it.",
            matters: "A resource server decides about access by this answer: its members have types.",
            fix: "Send active as a boolean, times as integers, scope as one string (RFC 7662 §2.2); look a token up whether or not a hint says what it is.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().unhinted().called("a live token"),
        ],
        expect: introspection::active_answer,
        fault: "active-string",
        ..PLAIN
    },
    Check {
        id: "introspect.unknown-token-inactive",
        title: "An unknown token is 200 active=false, not an error",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7662 §2.2", "RFC 7662 §2.3"],
        doc: Doc {
            sends: "Tokens that were never issued.",
            matters: "An error where inactive belongs makes resource servers fail in ways of their own.",
            fix: "Answer 200 with active false.",
        },
        steps: &[
            introspect(FormAuth::Good, &[("token", Fill::Random)]).granted().called("a token that was never issued"),
            introspect(FormAuth::Good, &[("token", Fill::Text("aaaa.bbbb.cccc"))])
                .granted()
                .called("a token with dots"),
            introspect(FormAuth::Good, &[("token", Fill::Text(STRANGE_JWT))])
                .granted()
                .called("a JWT of somebody else"),
        ],
        expect: introspection::inactive,
        fault: "error-on-unknown",
        ..PLAIN
    },
    Check {
        id: "introspect.expired-inactive",
        title: "Expired and not-yet-valid tokens are inactive",
        level: Level::Must,
        severity: Severity::Critical,
        mode: Mode::Timed,
        sources: &["RFC 7662 §4"],
        doc: Doc {
            sends: "A token that expired, after the tolerated leeway.",
            matters: "Resource servers believe this answer: an expired token that is active never ends.",
            fix: "Check the expiry before active is set.",
        },
        steps: &[
            obtain("t"),
            Step::AwaitExpiry("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("an expired token"),
        ],
        expect: |case| leeway::allowed(case, introspection::inactive(case)),
        shows: Explanation::Time,
        fault: "introspect-ignores-exp",
        ..PLAIN
    },
    Check {
        id: "introspect.revoked-inactive",
        title: "Revoked tokens are inactive",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7662 §4", "RFC 7009 §2.1"],
        doc: Doc {
            sends: "A live token, and the same token after its revocation and the tolerated delay: without a `token_type_hint`, and with each of RFC 7009 §2.1.",
            matters: "Revocation that introspection does not see stops nobody; an answer that was kept from before it is none.",
            fix: "Look at the state of the token, not only at its content; remove a kept answer when its token is revoked.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))])
                .granted()
                .id(introspection::NOT_YET_REVOKED)
                .called("the token before its revocation"),
            Step::Revoke("t"),
            Step::AwaitInactive("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("a revoked token"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t")), ("token_type_hint", Fill::Text("access_token"))])
                .granted()
                .called("a revoked token, with the hint access_token"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t")), ("token_type_hint", Fill::Text("refresh_token"))])
                .granted()
                .called("a revoked token, with the hint refresh_token"),
        ],
        expect: introspection::revoked_inactive,
        shows: Explanation::Revocation,
        fault: "introspect-ignores-revocation",
        ..PLAIN
    },
    Check {
        id: "introspect.tampered-jwt-inactive",
        title: "A signed token with a bad signature is inactive",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7662 §4"],
        doc: Doc {
            sends: "A live JWT with one bit of its signature flipped, as alg none, and signed by a stranger.",
            matters: "Resource servers believe this answer: whoever decodes here and does not verify opens all of them.",
            fix: "Verify the token before it is called active.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token", Fill::SlotForged("t", ForgeryId::new("sig-flipped-bit")))])
                .granted()
                .called("a JWT with one bit of its signature flipped"),
            introspect(FormAuth::Good, &[("token", Fill::SlotForged("t", ForgeryId::new("alg-none")))])
                .granted()
                .called("a JWT of alg none"),
            introspect(FormAuth::Good, &[("token", Fill::SlotForged("t", ForgeryId::new("sig-strangers")))])
                .granted()
                .called("a JWT that a stranger signed"),
        ],
        expect: introspection::inactive,
        shows: Explanation::Unverified,
        implied_by: &["introspect.unknown-token-inactive"],
        fault: "introspect-decodes-only",
        ..PLAIN
    },
    Check {
        id: "introspect.requires-authorization",
        title: "Anonymous introspection is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7662 §2.1", "RFC 7662 §4", "RFC 7662 §2.3", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "A live token with no, with wrong client and with wrong bearer credentials; with a wrong secret of the client in the body, or by HTTP Basic where the scenario sends the good one in the body; with the `client_id` of the client that introspects and nothing else, unless it is a public one; and, where `material.public_client_id` is declared, with the `client_id` of that client alone, which proves nothing; and by GET with no credentials. Each 200 is a failure.",
            matters: "An open endpoint lets anybody test stolen tokens and read what they hold (RFC 7662 §4).",
            fix: "Require the credentials of a resource server, and answer 401 with a challenge of the scheme that was used.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::None, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            introspect(FormAuth::WrongSecret, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            introspect(FormAuth::WrongSentOtherwise, &[("token", Fill::Slot("t"))])
                .denied(REFUSED_CLIENT)
                .id(introspection::OTHERWISE),
            introspect(FormAuth::WrongBearer, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            introspect(FormAuth::Public, &[("token", Fill::Slot("t"))])
                .denied(REFUSED_CLIENT)
                .id(introspection::PUBLIC)
                .if_given()
                .called("the client_id of a public client and nothing else"),
            introspect(FormAuth::IdOnly, &[("token", Fill::Slot("t"))])
                .denied(REFUSED_CLIENT)
                .id(introspection::NAMED)
                .if_given()
                .called("the client_id of the client that introspects and nothing else"),
            introspect(FormAuth::None, &[("token", Fill::Slot("t"))])
                .by("GET")
                .encoded(Encoding::Query)
                .denied(&[Accept::Range(400, 499), Accept::Status(501)])
                .id(introspection::BY_GET)
                .called("a GET without client credentials"),
        ],
        expect: introspection::introspection_refused,
        fault: "open-introspection",
        ..PLAIN
    },
    Check {
        id: "introspect.inactive-is-minimal",
        title: "Inactive answers carry nothing but active",
        level: Level::Should,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7662 §2.2"],
        doc: Doc {
            sends: "A token that was never issued, and one that was revoked; the members of the answers are compared.",
            matters: "A reason tells whoever holds a stolen token what it was, and whose.",
            fix: "Answer {\"active\": false} and nothing else, whatever the reason.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token", Fill::Random)]).granted().called("a token that was never issued"),
            Step::Revoke("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("a revoked token"),
        ],
        expect: introspection::inactive_is_minimal,
        implied_by: &["introspect.unknown-token-inactive", "introspect.revoked-inactive"],
        fault: "inactive-leaks-reason",
        ..PLAIN
    },
    Check {
        id: "introspect.foreign-rs-inactive",
        title: "A resource server not entitled to a token sees it as inactive",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 7662 §2.2", "RFC 7662 §4"],
        doc: Doc {
            sends: "A live token, with the credentials of a resource server of another audience.",
            matters: "One resource server could learn what the tokens of all others hold, and take them for its own.",
            fix: "Answer active false to a resource server that the token is not meant for.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::ForeignResourceServer, &[("token", Fill::Slot("t"))])
                .granted()
                .called("a live token, by another resource server"),
        ],
        expect: introspection::foreign_inactive,
        fault: "introspect-any-rs",
        ..PLAIN
    },
    Check {
        id: "introspect.wrong-hint-still-found",
        title: "A wrong or unknown token_type_hint does not hide the token",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7662 §2.1"],
        doc: Doc {
            sends: "A live access token with token_type_hint=refresh_token, and with a hint that does not exist.",
            matters: "A hint that hides a live token locks its holder out.",
            fix: "Search all kinds of tokens when the hinted kind does not have it (RFC 7662 §2.1).",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t")), ("token_type_hint", Fill::Text("refresh_token"))])
                .granted()
                .called("a wrong hint"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t")), ("token_type_hint", Fill::Text("authbench"))])
                .granted()
                .called("an unknown hint"),
        ],
        expect: |case| introspection::active_answer(case).and(challenges::advised_on_401(case)),
        implied_by: &["introspect.active-response"],
        fault: "hint-is-filter",
        ..PLAIN
    },
    Check {
        id: "introspect.bad-request",
        title: "Missing or repeated token parameter is a 400; GET with token in the URL is not served",
        level: Level::May,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7662 §4", "RFC 7662 §2.1", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "A request without token, one with two, and a GET with the token in the query.",
            matters: "Tokens in URLs end in logs; a request with two is read in two ways.",
            fix: "Offer POST only, and answer 400 invalid_request where there is not exactly one token.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token_type_hint", Fill::Text("access_token"))])
                .denied(BAD)
                .called("no token"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t")), ("token", Fill::Slot("t"))])
                .id(introspection::TOKEN_TWICE)
                .called("the token twice"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))])
                .by("GET")
                .encoded(Encoding::Query)
                .denied(BAD)
                .called("a GET with the token in the query"),
        ],
        expect: |case| oauth::bad_request(case).and(introspection::one_token(case)),
        fault: "introspect-get",
        ..PLAIN
    },
    Check {
        id: "introspect.no-store",
        title: "Introspection responses are not stored",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9111 §5.2.2.5", "ASVS 14.3.2"],
        doc: Doc {
            sends: "A live token; the Cache-Control of the answer is read.",
            matters: "A stored answer says active after the token was revoked.",
            fix: "Send Cache-Control: no-store with introspection answers.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("a live token"),
        ],
        expect: expect::no_store,
        fault: "cacheable-introspection",
        ..PLAIN
    },
];

/// `{"alg":"ES256"}`, `{"iss":"https://authbench.invalid"}` and a signature of zeros.
const STRANGE_JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2F1dGhiZW5jaC5pbnZhbGlkIn0.\
                           AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A request that is not served.
const BAD: &[Accept] = &[Accept::Status(400), Accept::Status(404), Accept::Status(405)];

/// What a refused introspection may answer.
const REFUSED: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

/// The same of a client that is known and proves nothing.
const REFUSED_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401), Accept::Status(403)];

#[cfg(test)]
mod tests {
    use crate::check::find;
    use crate::check::judgement::ObservedCheck;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Outcome, Place, Request, Response, Silence};

    fn introspected(step: usize, status: u16, body: &str) -> Observation {
        let answer = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec(), truncated: false };
        let asked = Exchange::unanswered(Request::new("POST", "/introspect"), Silence::Closed);
        let outcome = if status == 200 { Outcome::Granted } else { Outcome::Refused };
        let place = Place::Introspection;
        Observation { place, ..Observation::in_test(step, Exchange { answer: Ok(answer), ..asked }, outcome) }
    }

    #[test]
    fn whoever_names_a_public_client_is_refused() {
        const BARE: usize = 1;
        const OTHERWISE: usize = 3;
        const PUBLIC: usize = 5;
        const NAMED: usize = 6;
        let check = find("introspect.requires-authorization").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let (active, inactive) = (r#"{"active":true}"#, r#"{"active":false}"#);
        let invalid = r#"{"error":"invalid_client"}"#;
        // access, whether its severity is less, protocol
        for (step, (status, body), expected) in [
            (PUBLIC, (401, invalid), (0, false, 1)),
            (PUBLIC, (400, r#"{"error":"unauthorized_client"}"#), (0, false, 0)),
            (PUBLIC, (403, r#"{"error":"access_denied"}"#), (0, false, 0)),
            (PUBLIC, (200, active), (1, false, 0)),
            // it would learn of the tokens of its own client
            (PUBLIC, (200, inactive), (1, true, 0)),
            // how a way to authenticate is refused that the target may not offer is not asked
            (OTHERWISE, (401, invalid), (0, false, 0)),
            (OTHERWISE, (400, r#"{"error":"unauthorized_client"}"#), (0, false, 0)),
            (OTHERWISE, (200, inactive), (0, false, 1)),
            (OTHERWISE, (200, active), (1, false, 0)),
            // a client that has to prove who it is
            (NAMED, (200, active), (1, false, 0)),
            (NAMED, (200, inactive), (0, false, 1)),
            (NAMED, (400, r#"{"error":"unauthorized_client"}"#), (0, false, 0)),
            (BARE, (200, inactive), (0, false, 1)),
            (BARE, (200, active), (1, false, 0)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(introspected(step, status, body));
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.at_most.is_some(), found.protocol.len());
            assert_eq!(seen, expected, "{step} {status} {body}");
        }
    }

    #[test]
    fn a_revoked_token_that_was_active_has_to_be_inactive() {
        let check = find("introspect.revoked-inactive").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "bearer");
        let (active, inactive) = (r#"{"active":true}"#, r#"{"active":false}"#);
        // access, protocol, open
        for ((status_before, before), (status, after), expected) in [
            ((200, active), (200, inactive), (0, 0, 0)),
            ((200, active), (200, active), (1, 0, 0)),
            ((200, active), (400, "{}"), (0, 1, 0)),
            // it was dead before anybody revoked it
            ((200, inactive), (200, inactive), (0, 0, 1)),
            ((401, "{}"), (401, "{}"), (0, 1, 1)),
            // the spelling of an active token is judged elsewhere
            ((200, r#"{"active":"true"}"#), (200, inactive), (0, 0, 0)),
        ] {
            let mut evidence = Evidence::default();
            evidence.observe(introspected(1, status_before, before));
            evidence.observe(introspected(4, status, after));
            let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            let seen = (found.access.len(), found.protocol.len(), found.open.len());
            assert_eq!(seen, expected, "{status_before} {before}, then {status} {after}");
        }
    }
}
