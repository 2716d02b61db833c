//! Token introspection (RFC 7662).

use super::oauth_answers;
use super::step::{Accept, ClientAuth, Fill, Step, introspect, obtain};
use super::{Check, Doc, Level, Mode, PLAIN, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "introspect.active-response",
        title: "An active token returns active=true with consistent members (positive control)",
        level: Level::Must,
        control: true,
        sources: &["RFC 7662 §2.2"],
        doc: Doc {
            sends: "A live token, with the credentials of the resource server.",
            matters: "A resource server decides about access by this answer: its members have types.",
            fix: "Send active as a boolean, times as integers, scope as one string (RFC 7662 §2.2).",
        },
        steps: &[
            obtain("t"),
            introspect(ClientAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("a live token"),
        ],
        expect: oauth_answers::active_answer,
        fault: "active-string",
        ..PLAIN
    },
    Check {
        id: "introspect.unknown-token-inactive",
        title: "An unknown token is 200 active=false, not an error",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7662 §2.2"],
        doc: Doc {
            sends: "Tokens that were never issued.",
            matters: "An error where inactive belongs makes resource servers fail in ways of their own.",
            fix: "Answer 200 with active false.",
        },
        steps: &[
            introspect(ClientAuth::Good, &[("token", Fill::Random)]).granted().called("a token that was never issued"),
            introspect(ClientAuth::Good, &[("token", Fill::Text("aaaa.bbbb.cccc"))])
                .granted()
                .called("a token with dots"),
        ],
        expect: oauth_answers::inactive,
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
            sends: "A token after its end and the tolerated leeway.",
            matters: "Resource servers believe this answer: an expired token that is active never ends.",
            fix: "Check the expiry before active is set.",
        },
        steps: &[
            obtain("t"),
            Step::AwaitExpiry("t"),
            introspect(ClientAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("an expired token"),
        ],
        expect: oauth_answers::inactive,
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
            sends: "A token right after its revocation.",
            matters: "Revocation that introspection does not see stops nobody.",
            fix: "Look at the state of the token, not only at its content.",
        },
        steps: &[
            obtain("t"),
            Step::Revoke("t"),
            introspect(ClientAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("a revoked token"),
        ],
        expect: oauth_answers::inactive,
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
            introspect(ClientAuth::Good, &[("token", Fill::SlotForged("t", "sig-flipped-bit"))])
                .granted()
                .called("a JWT with one bit of its signature flipped"),
            introspect(ClientAuth::Good, &[("token", Fill::SlotForged("t", "alg-none"))])
                .granted()
                .called("a JWT of alg none"),
            introspect(ClientAuth::Good, &[("token", Fill::SlotForged("t", "sig-strangers"))])
                .granted()
                .called("a JWT that a stranger signed"),
        ],
        expect: oauth_answers::inactive,
        fault: "introspect-decodes-only",
        ..PLAIN
    },
    Check {
        id: "introspect.requires-authorization",
        title: "Anonymous introspection is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7662 §2.1", "RFC 7662 §2.3"],
        doc: Doc {
            sends: "A live token with no, with wrong client and with wrong bearer credentials.",
            matters: "An open endpoint lets anybody test stolen tokens and read what they hold (RFC 7662 §4).",
            fix: "Require the credentials of a resource server.",
        },
        steps: &[
            obtain("t"),
            introspect(ClientAuth::None, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            introspect(ClientAuth::WrongBasic, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            introspect(ClientAuth::WrongBearer, &[("token", Fill::Slot("t"))]).denied(REFUSED),
        ],
        expect: oauth_answers::introspection_refused,
        fault: "open-introspection",
        ..PLAIN
    },
];

/// What a refused introspection may answer.
const REFUSED: &[Accept] = &[Accept::Status(400), Accept::Status(401)];
