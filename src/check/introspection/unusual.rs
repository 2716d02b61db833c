//! What introspection and revocation make of tokens that are unlike others, and of what is no token.

use crate::check::judgement::introspection;
use crate::check::step::{Fill, FormAuth, Step, introspect, obtain, revoke};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::ForgeryId;

/// A parameter of a token request.
type Param = (&'static str, Fill);

const EMPTY: Param = ("token", Fill::Text(""));
const NUL_INSIDE: Param = ("token", Fill::Text("authbench-no\0such-token"));
/// Longer than any token: 64 KiB.
const OVERSIZED: Param = ("token", Fill::Bytes(64 * 1024));

/// A forgery about the JWT in the slot, correctly signed.
const fn forged(id: &'static str) -> Param {
    ("token", Fill::SlotForged("t", ForgeryId::new(id)))
}

/// Its introspection by the resource server.
const fn asked(params: &'static [Param], description: &'static str) -> Step {
    introspect(FormAuth::Good, params).called(description)
}

/// For the introspection endpoint.
pub(crate) const INTROSPECTION: &[Check] = &[
    Check {
        id: "introspect.not-yet-valid-inactive",
        title: "A token before its nbf is inactive",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        sources: &["RFC 7662 §4", "RFC 7519 §4.1.5"],
        doc: Doc {
            sends: "A correctly signed JWT that begins in an hour.",
            matters: "Resource servers believe this answer: a token that is active early is good before its issuer says so.",
            fix: "Compare nbf with the clock before active is set.",
        },
        steps: &[
            obtain("t"),
            introspect(FormAuth::Good, &[forged("nbf-future")]).granted().called("a JWT that begins in an hour"),
        ],
        expect: introspection::inactive,
        implied_by: &["introspect.unknown-token-inactive", "introspect.tampered-jwt-inactive"],
        fault: "introspect-ignores-nbf",
        ..PLAIN
    },
    Check {
        id: "introspect.unusual-jwt-answered",
        title: "Correctly signed JWTs with unusual claims are introspected without an error",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7662 §2.3", "RFC 7662 §2.2"],
        doc: Doc {
            sends: "Correctly signed JWTs with a claim that is nested 1200 deep, without sub, exp, scope or client_id, of another \
                    issuer, and of a type that does not exist.",
            matters: "An error where inactive belongs makes resource servers fail in ways of their own; a 401 makes them renew \
                      credentials that are good.",
            fix: "Answer 200 with active false to every token that cannot be used, whatever the reason (RFC 7662 §2.2).",
        },
        steps: &[
            obtain("t"),
            asked(&[forged("claims-nested")], "a JWT with a claim nested 1200 deep"),
            asked(&[forged("sub-absent")], "a JWT without sub"),
            asked(&[forged("exp-absent")], "a JWT without exp"),
            asked(&[forged("exp-absent-plain")], "a JWT without exp, which it need not have"),
            asked(&[forged("scope-absent")], "a JWT without scope"),
            asked(&[forged("client-absent")], "a JWT without client_id"),
            asked(&[forged("iss-other")], "a JWT of another issuer"),
            asked(&[forged("type-unknown")], "a JWT of a type that does not exist"),
        ],
        expect: introspection::introspected,
        implied_by: &["introspect.unknown-token-inactive"],
        fault: "introspect-401-without-sub",
        ..PLAIN
    },
    Check {
        id: "introspect.hostile-token-answered",
        title: "Empty, oversized and NUL-bearing tokens are introspected without an error of the server",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7662 §2.2", "RFC 6749 §3.2"],
        doc: Doc {
            sends: "An empty token, one with a NUL, and one of 64 KiB, with the credentials of the resource server.",
            matters: "Resource servers pass on what anybody sends them: what breaks this endpoint takes all of them down.",
            fix: "Answer 200 with active false, or 400 where the parameter is empty or no token at all.",
        },
        steps: &[
            asked(&[EMPTY], "an empty token"),
            asked(&[NUL_INSIDE], "a token with a NUL"),
            asked(&[OVERSIZED], "a token of 64 KiB"),
        ],
        expect: introspection::hostile,
        implied_by: &["introspect.unknown-token-inactive"],
        fault: "introspect-nul-crash",
        ..PLAIN
    },
];

/// For the revocation endpoint.
pub(crate) const REVOCATION: &[Check] = &[Check {
    id: "revoke.hostile-token-answered",
    title: "Empty, oversized and NUL-bearing tokens are revoked without an error of the server",
    level: Level::Must,
    severity: Severity::Low,
    tier: Tier::Extended,
    sources: &["RFC 7009 §2.2", "RFC 6749 §3.2"],
    doc: Doc {
        sends: "The revocation of an empty token, of one with a NUL, and of one of 64 KiB, by the good client.",
        matters: "A parser that breaks is a way to take the endpoint down, and with it every logout.",
        fix: "Answer 200 where the token is not alive, or 400 where the parameter is empty or no token at all.",
    },
    steps: &[
        revoke(FormAuth::Good, &[EMPTY]).called("an empty token"),
        revoke(FormAuth::Good, &[NUL_INSIDE]).called("a token with a NUL"),
        revoke(FormAuth::Good, &[OVERSIZED]).called("a token of 64 KiB"),
    ],
    expect: introspection::hostile,
    implied_by: &["revoke.unknown-token-200"],
    fault: "revoke-nul-crash",
    ..PLAIN
}];
