//! Token revocation (RFC 7009).

use super::oauth_answers;
use super::step::{Accept, ClientAuth, Fill, INVALID, On, Step, Who, obtain, revoke, send};
use super::{Check, Doc, Level, PLAIN, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "revoke.valid-token",
        title: "Revoking a token answers 200 and ends it (positive control)",
        level: Level::Must,
        severity: Severity::High,
        control: true,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2"],
        doc: Doc {
            sends: "A token that worked is revoked by its client and used again.",
            matters: "Revocation that answers 200 and does nothing is worse than none.",
            fix: "Mark the token as revoked where resource servers look.",
        },
        steps: &[
            obtain("t"),
            send(Who::Slot("t"), On::Protected).granted().called("the token before its revocation"),
            revoke(ClientAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("its revocation"),
            Step::AwaitRefusal("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the token after its revocation"),
        ],
        fault: "revoke-noop",
        ..PLAIN
    },
    Check {
        id: "revoke.client-auth-required",
        title: "Revocation needs client authentication",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2.1", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The token of a confidential client with no and with wrong client credentials; then the token is used.",
            matters: "Whoever may revoke without proof can log everybody out.",
            fix: "Authenticate the client before the token is looked at.",
        },
        steps: &[
            obtain("t"),
            revoke(ClientAuth::None, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            revoke(ClientAuth::WrongBasic, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            send(Who::Slot("t"), On::Protected).granted().called("the token afterwards"),
        ],
        expect: oauth_answers::revocation_refused,
        fault: "open-revocation",
        ..PLAIN
    },
    Check {
        id: "revoke.foreign-token-refused",
        title: "A client cannot revoke another client token",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 7009 §2.1"],
        doc: Doc {
            sends: "Another client tries to revoke the token; then the token is used.",
            matters: "Clients that can revoke each other's tokens can shut each other out.",
            fix: "Compare the owner of the token with the client (RFC 7009 §2.1).",
        },
        steps: &[
            obtain("t"),
            revoke(ClientAuth::Second, &[("token", Fill::Slot("t"))]).called("another client revokes it"),
            send(Who::Slot("t"), On::Protected).granted().called("the token afterwards"),
        ],
        expect: oauth_answers::foreign_revocation,
        fault: "cross-client-revocation",
        ..PLAIN
    },
];

/// What a refused revocation may answer.
const REFUSED: &[Accept] = &[Accept::Status(400), Accept::Status(401)];
