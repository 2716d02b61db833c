//! Authorization server metadata (RFC 8414).

use super::metadata_members;
use super::step::{Document, fetch};
use super::{Check, Doc, Level, PLAIN, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "meta.issuer-identical",
        title: "The issuer member equals the configured issuer exactly",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 8414 §3.3", "RFC 8414 §2"],
        doc: Doc {
            sends: "The metadata document; its issuer is compared code point by code point.",
            matters: "Clients that accept another issuer can be led to an attacker's endpoints.",
            fix: "Publish the issuer exactly as it is configured, without a trailing slash that is not part of it.",
        },
        steps: &[fetch(Document::AuthorizationServer)],
        expect: metadata_members::issuer_identical,
        fault: "issuer-trailing-slash",
        ..PLAIN
    },
    Check {
        id: "meta.no-alg-none",
        title: "alg none is not offered for client authentication or DPoP",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 8414 §2", "RFC 9449 §5.1", "RFC 9449 §11.6"],
        doc: Doc {
            sends: "The metadata document; the lists of signature algorithms are read.",
            matters: "A server that offers none for client authentication accepts unsigned assertions.",
            fix: "Take none out of every list of algorithms for client authentication.",
        },
        steps: &[fetch(Document::AuthorizationServer)],
        expect: metadata_members::no_alg_none,
        fault: "advertises-none",
        ..PLAIN
    },
];
